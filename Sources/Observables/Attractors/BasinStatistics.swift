import Numerics

internal import CGSL

/// An interval for a fraction.
public struct FractionInterval: Sendable, Hashable {
  /// Its lower end.
  public var lower: Double
  /// Its upper end.
  public var upper: Double

  /// Half its width.
  public var halfWidth: Double { 0.5 * (upper - lower) }

  /// The Clopper-Pearson interval for `successes` of `trials` independent trials.
  ///
  ///     lower = B^-1(alpha/2; k, n - k + 1),   upper = B^-1(1 - alpha/2; k + u + 1, n - k - u)
  ///
  /// with the quantile function of the beta distribution. The `undecided` trials u could have been successes:
  /// they widen the upper end.
  ///
  /// - Parameter error: alpha, the probability of missing the true fraction at most.
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

  /// GSL's quantile function; where its Newton iteration gives up (GSL 2.7 does so at some ordinary
  /// arguments), the root of its distribution function by bisection.
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

  /// Intervals for every attractor by a bootstrap over items, for several starts of each item.
  ///
  /// Items are drawn with replacement; an interval holds the central 1 - `error` of the fractions so found. As in
  /// `clopperPearson`, undecided starts count as successes at the upper end. Where no start, or every start,
  /// reaches an attractor there is no spread: then the Clopper-Pearson interval for one trial per item is given.
  ///
  /// - Parameters:
  ///   - labels: The attractor of each start, -1 for undecided ones, others below 0 for those decided otherwise.
  ///     Shape `[items, startsPerItem]`.
  ///   - attractors: Their number.
  ///   - replicates: Draws; some ten times 1 / `error` are needed.
  /// - Complexity: O(replicates x starts).
  public static func bootstrap(
    labels: [Int32], startsPerItem: Int, attractors: Int, error: Double = 0.05, replicates: Int = 2000,
    seed: UInt64
  ) -> [FractionInterval] {
    let items = labels.count / startsPerItem
    precondition(items > 0 && items * startsPerItem == labels.count)
    let field = RandomField(seed: seed, purpose: .bootstrap, context: 1)
    // `[attractors + 1, replicates]`: starts that reach each, and undecided ones.
    var sums = [Int32](repeating: 0, count: (attractors + 1) * replicates)
    for replicate in 0..<replicates {
      var random = field.stream(UInt32(truncatingIfNeeded: replicate))
      for _ in 0..<items {
        let item = random.below(items)
        for start in item * startsPerItem..<(item + 1) * startsPerItem where labels[start] >= -1 {
          let row = labels[start] < 0 ? attractors : Int(labels[start])
          sums[row * replicates + replicate] += 1
        }
      }
    }
    let low = Int((error / 2 * Double(replicates - 1)).rounded(.down))
    let high = Int(((1 - error / 2) * Double(replicates - 1)).rounded(.up))
    return (0..<attractors).map { attractor in
      var sure = 0
      var possible = 0
      var total = 0
      var open = 0
      for item in 0..<items {
        let own = labels[item * startsPerItem..<(item + 1) * startsPerItem]
        let reached = own.count { $0 == Int32(attractor) }
        let undecided = own.count { $0 == -1 }
        total += reached
        open += undecided
        if reached == startsPerItem { sure += 1 }
        if reached + undecided > 0 { possible += 1 }
      }
      if total == 0 || total + open == labels.count {
        return clopperPearson(successes: sure, trials: items, undecided: possible - sure, error: error)
      }
      let row = attractor * replicates
      let lower = sums[row..<row + replicates].sorted()[low]
      let upper = (0..<replicates).map { sums[row + $0] + sums[attractors * replicates + $0] }.sorted()[high]
      return FractionInterval(
        lower: Double(lower) / Double(labels.count), upper: Double(upper) / Double(labels.count))
    }
  }
}

/// A lower bound on the number of attractors that no start has reached, from how many were reached rarely.
///
///     unseen = A f1 (f1 - 1) / (2 (f2 + 1)),   A = (n - 1) / n
///
/// f1 and f2 are the numbers of attractors that exactly one and exactly two of n independent starts
/// reached. The bias-corrected form of Chao1.
///
/// Sources: Chao 1984, Scand. J. Statist. 11, 265; variance as in Chao 1987, doi:10.2307/2531532, and Colwell's
/// EstimateS (appendix B, equations 5 to 8).
public struct UnseenAttractors: Sendable, Hashable {
  /// The number of attractors not yet seen, at least so many are expected.
  public var estimate: Double
  /// Its standard error.
  public var standardError: Double

  /// - Parameter basins: How many independent starts reached each attractor; zeros are ignored.
  public init(basins: [Int]) {
    let seen = basins.filter { $0 > 0 }
    let n = Double(seen.reduce(0, +))
    guard n > 0 else {
      estimate = .nan
      standardError = .nan
      return
    }
    let observed = Double(seen.count)
    let a = (n - 1) / n
    let f1 = Double(seen.count { $0 == 1 })
    let f2 = Double(seen.count { $0 == 2 })
    estimate = f1 > 1 ? a * f1 * (f1 - 1) / (2 * (f2 + 1)) : 0
    var variance = 0.0
    if f1 == 0 {
      // Only chance decides whether all are seen: each seen one might have been missed.
      let missed = exponential(-n / observed)
      variance = observed * missed * (1 - missed)
    } else if f2 == 0 {
      let total = observed + estimate
      variance =
        a * f1 * (f1 - 1) / 2 + a * a * f1 * power(2 * f1 - 1, 2) / 4 - a * a * power(f1, 4) / (4 * total)
    } else {
      variance =
        a * f1 * (f1 - 1) / (2 * (f2 + 1)) + a * a * f1 * power(2 * f1 - 1, 2) / (4 * power(f2 + 1, 2))
        + a * a * f1 * f1 * f2 * power(f1 - 1, 2) / (4 * power(f2 + 1, 4))
    }
    standardError = max(variance, 0).squareRoot()
  }
}

/// The basin entropy -sum f ln f of the fractions of decided starts, nats.
///
/// The plug-in estimate: too small by about (attractors - 1) / (2 starts).
public func basinEntropy(_ basins: [Int]) -> Double {
  let total = Double(basins.reduce(0, +))
  guard total > 0 else { return .nan }
  return basins.reduce(0) { sum, k in
    guard k > 0 else { return sum }
    let f = Double(k) / total
    return sum - f * logarithm(f)
  }
}
