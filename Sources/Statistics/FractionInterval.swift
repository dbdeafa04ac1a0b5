import Dynamics
import Numerics

internal import CGSL

/// An interval for a fraction. Both ends are NaN if the interval is missing.
public struct FractionInterval: Sendable, Hashable {
  /// The interval's lower end.
  public var lower: Double
  /// The interval's upper end.
  public var upper: Double

  /// An interval whose ends are missing.
  public static let missing = FractionInterval(lower: .nan, upper: .nan)

  /// Half the interval's width; NaN if the interval is missing.
  public var halfWidth: Double { 0.5 * (upper - lower) }

  /// The Clopper-Pearson interval for `successes` out of `trials` independent trials.
  ///
  ///     lower = B^-1(alpha/2; k, n - k + 1),   upper = B^-1(1 - alpha/2; k + u + 1, n - k - u)
  ///
  /// B^-1 is the quantile function of the beta distribution. The `undecided` trials u could have been successes, so
  /// they raise the upper end.
  ///
  /// - Parameters:
  ///   - k: The number of successes.
  ///   - n: The number of all trials.
  ///   - u: The number of trials whose result is not known.
  ///   - error: alpha, an upper bound on the probability of missing the true fraction.
  ///
  /// Source: Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404.
  public static func clopperPearson(
    successes k: Int, trials n: Int, undecided u: Int = 0, error: Double = 0.05
  )
    -> FractionInterval
  {
    precondition(k >= 0 && u >= 0 && k + u <= n && error > 0 && error < 1)
    _ = GSLErrors.areReturned
    guard n > 0 else { return FractionInterval(lower: 0, upper: 1) }
    let most = k + u
    return FractionInterval(
      lower: k == 0 ? 0 : betaQuantile(error / 2, Double(k), Double(n - k + 1)),
      upper: most == n ? 1 : betaQuantile(1 - error / 2, Double(most + 1), Double(n - most)))
  }

  /// GSL's quantile function. Its Newton iteration fails for some ordinary arguments (in GSL 2.7); then the root of
  /// the distribution function is found by bisection.
  private static func betaQuantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
    let direct = gsl_cdf_beta_Pinv(p, a, b)
    if direct.isFinite, abs(gsl_cdf_beta_P(direct, a, b) - p) < 1e-9 { return direct }
    var low = 0.0
    var high = 1.0
    for _ in 0..<60 {
      let middle = 0.5 * (low + high)
      if gsl_cdf_beta_P(middle, a, b) < p { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }

  /// Intervals for the shares of the starts that reach each attractor.
  ///
  /// With one start per item this is the Clopper-Pearson interval, because the trials are independent. With several
  /// it is Korn and Graubard's interval. That is the Clopper-Pearson interval for n* trials, of which the share f
  /// were successes:
  ///
  ///     n* = f (1 - f) / v (t(1 - alpha/2; n R - 1) / t(1 - alpha/2; n - 1))^2,   at most n R
  ///     v = sum (f_i - f)^2 / (n (n - 1))
  ///
  /// There are n items of R starts each, and f_i is the share of an item's starts. If v is 0, n* is n, because
  /// items that happen to be alike do not prove that others are. As in `clopperPearson`, undecided starts count as
  /// successes at the upper end, which has an n* of its own. Several starts of a single item tell nothing about
  /// other items, so both ends are missing (NaN).
  ///
  /// - Parameters:
  ///   - labels: The attractor of each start, shape `[items, startsPerItem]`: -1 for undecided starts, other
  ///     numbers below 0 for starts that were decided otherwise.
  ///   - startsPerItem: R.
  ///   - attractors: The number of attractors.
  ///   - error: alpha, the probability of missing the true share.
  /// - Returns: One interval per attractor.
  /// - Complexity: O(starts + attractors).
  ///
  /// Source: Korn and Graubard 1998, Survey Methodology 24, 193.
  public static func ofBasins(
    labels: [Int32], startsPerItem: Int, attractors: Int, error: Double = 0.05
  ) -> [FractionInterval] {
    let items = labels.count / startsPerItem
    precondition(items * startsPerItem == labels.count && error > 0 && error < 1)
    let counts = BasinCounts(labels: labels, startsPerItem: startsPerItem, attractors: attractors)
    return counts.reached.map { reached in
      guard startsPerItem > 1 else {
        return clopperPearson(
          successes: reached.sum, trials: items, undecided: counts.undecided.sum, error: error)
      }
      guard items > 1 else { return FractionInterval(lower: .nan, upper: .nan) }
      // Undecided starts must not lower the upper end, whether they are successes or not.
      let least = kornGraubard(reached, items: items, startsPerItem: startsPerItem, error: error)
      let most = kornGraubard(
        reached.with(counts.undecided), items: items, startsPerItem: startsPerItem, error: error)
      return FractionInterval(lower: least.lower, upper: max(least.upper, most.upper))
    }
  }

  /// Korn and Graubard's interval, computed from whole numbers, so that v is 0 exactly if all items are alike.
  private static func kornGraubard(
    _ counts: BasinCounts.Moments, items: Int, startsPerItem: Int, error: Double
  ) -> FractionInterval {
    let starts = items * startsPerItem
    let scatter = items * counts.sumOfSquares - counts.sum * counts.sum
    let share = Double(counts.sum) / Double(starts)
    guard scatter > 0 else { return clopperPearson(share: share, trials: Double(items), error: error) }
    let independent = Double(counts.sum) * Double(starts - counts.sum) * Double(items - 1) / Double(scatter)
    return clopperPearson(
      share: share, trials: effective(independent, of: starts, items: items, error: error), error: error)
  }

  /// n*, computed from f (1 - f) / v.
  private static func effective(_ independent: Double, of members: Int, items: Int, error: Double) -> Double {
    let ratio =
      StudentInterval.quantile(1 - error / 2, degreesOfFreedom: members - 1)
      / StudentInterval.quantile(1 - error / 2, degreesOfFreedom: items - 1)
    return min(independent * ratio * ratio, Double(members))
  }

  /// The interval for a share of a number of trials that need not be a whole number.
  private static func clopperPearson(share: Double, trials: Double, error: Double) -> FractionInterval {
    _ = GSLErrors.areReturned
    let (k, rest) = (trials * share, trials * (1 - share))
    return FractionInterval(
      lower: share <= 0 ? 0 : betaQuantile(error / 2, k, rest + 1),
      upper: share >= 1 ? 1 : betaQuantile(1 - error / 2, k + 1, rest))
  }

  /// The interval of a mean over members of numbers that are 0 or 1, as in `ofBasins`. If there is one member per
  /// item, the members are independent trials. Otherwise items are clusters, and v is the squared standard error
  /// over items. The interval is missing for fewer than two items.
  ///
  /// - Parameters:
  ///   - mean: The fraction f of the members.
  ///   - standardError: The standard error of f over items.
  ///   - members: The number of members with a value.
  ///   - items: The number of items of these members.
  ///   - error: alpha, the probability of missing the true fraction.
  static func ofMean(
    _ mean: Double, standardError: Double, members: Int, items: Int, error: Double = 0.05
  ) -> FractionInterval {
    guard items > 1, mean.isFinite, standardError.isFinite else {
      return FractionInterval(lower: .nan, upper: .nan)
    }
    let share = min(max(mean, 0), 1)
    guard members > items else {
      return clopperPearson(
        successes: Int((share * Double(members)).rounded()), trials: members, error: error)
    }
    // If items are alike, rounding errors of their shares may remain.
    guard standardError > 1e-12 else {
      return clopperPearson(share: share, trials: Double(items), error: error)
    }
    let independent = share * (1 - share) / (standardError * standardError)
    return clopperPearson(
      share: share, trials: effective(independent, of: members, items: items, error: error), error: error)
  }
}

extension SeriesStatistics {
  /// The 95 % interval over items at each time, for an observable whose values are 0 or 1. It is Korn and
  /// Graubard's; NaN for fewer than two items with a value.
  ///
  /// - Complexity: O(times).
  public var fractionIntervals: [FractionInterval] {
    var result: [FractionInterval] = []
    for t in mean.indices {
      // If members rest, one time is like the one before.
      if t > 0, mean[t] == mean[t - 1], standardError[t] == standardError[t - 1], count[t] == count[t - 1],
        itemCount[t] == itemCount[t - 1]
      {
        result.append(result[t - 1])
      } else {
        result.append(
          .ofMean(mean[t], standardError: standardError[t], members: count[t], items: itemCount[t]))
      }
    }
    return result
  }
}

extension ScalarStatistics {
  /// The 95 % interval over items of a scalar whose values are 0 or 1. It is Korn and Graubard's; NaN for fewer
  /// than two items that have the scalar.
  public var fractionInterval: FractionInterval {
    .ofMean(mean, standardError: standardError, members: count, items: itemCount)
  }
}

extension [FractionInterval] {
  /// Half the width of the widest interval. It is infinite if one is missing, and nil if there are no intervals.
  public var widest: Double? {
    map { $0.halfWidth.isNaN ? .infinity : $0.halfWidth }.max()
  }
}

/// How many of its starts each item sends to each attractor, summed over the items.
private struct BasinCounts {
  /// The sums over items of k_i, of k_i^2, and of k_i u_i, where u_i is the number of the item's undecided starts.
  struct Moments {
    var sum = 0
    var sumOfSquares = 0
    var productWithUndecided = 0

    /// The moments of k_i + u_i.
    func with(_ undecided: Moments) -> Moments {
      Moments(
        sum: sum + undecided.sum,
        sumOfSquares: sumOfSquares + 2 * productWithUndecided + undecided.sumOfSquares)
    }
  }

  /// One entry per attractor.
  private(set) var reached: [Moments]
  private(set) var undecided = Moments()

  init(labels: [Int32], startsPerItem: Int, attractors: Int) {
    reached = Array(repeating: Moments(), count: attractors)
    var own = [Int](repeating: 0, count: attractors)
    for first in stride(from: 0, to: labels.count, by: startsPerItem) {
      let starts = labels[first..<first + startsPerItem]
      let undecidedStarts = starts.count { $0 == -1 }
      undecided.sum += undecidedStarts
      undecided.sumOfSquares += undecidedStarts * undecidedStarts
      for label in starts where label >= 0 { own[Int(label)] += 1 }
      for label in starts where label >= 0 && own[Int(label)] > 0 {
        let count = own[Int(label)]
        own[Int(label)] = 0
        reached[Int(label)].sum += count
        reached[Int(label)].sumOfSquares += count * count
        reached[Int(label)].productWithUndecided += count * undecidedStarts
      }
    }
  }
}
