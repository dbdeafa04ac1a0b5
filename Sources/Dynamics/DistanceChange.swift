import Numerics

/// How much the mean distance of an ensemble has changed since the start, with a sign.
///
///     c(t) = ln(<d(t)> / <d(0)>)
///
/// It is negative if the ensemble came nearer. Unlike the approach, which the search for the minimum cuts off at 0, it
/// is a smooth function of two means, and so it has an interval that covers it. That is Student's interval, with one
/// degree of freedom less than there are items, about the error of the linearization
///
///     s^2 = sum_i (d_i(t) / <d(t)> - d_i(0) / <d(0)>)^2 / (n (n - 1))        over items i
///
/// Source: the delta method for ratios of means, as in Cochran, *Sampling Techniques*, 3rd edition (1977), chapter 6.
public struct DistanceChange: Sendable {
  /// c(t); NaN where a mean distance is 0 or missing.
  public var value: Double
  /// s; NaN for fewer than two items, and without a bootstrap, because items' distances are kept only for one.
  public var standardError: Double
}

extension EnsemblePlan {
  /// The times at which the change of distances is computed: 1, 2 and the last, as far as the run has them.
  public static func changeTimes(steps: Int) -> [Int] {
    ([1, 2].filter { $0 < steps } + [steps]).filter { $0 > 0 }
  }
}

/// Means, squared deviations and products of deviations of pairs (distance at t = 0, distance later). Can be merged.
///
/// The recurrences and their sources are those of `RunningMoments`.
struct ChangeMoments: BitwiseCopyable, Sendable {
  private(set) var count = 0
  private var mean = SIMD2<Double>.zero
  private var squares = SIMD2<Double>.zero
  private var products = 0.0

  /// Adds one pair.
  mutating func add(_ first: Double, _ later: Double) {
    count += 1
    let pair = SIMD2(first, later)
    let delta = pair - mean
    mean += delta / Double(count)
    let rest = pair - mean
    squares += delta * rest
    products += delta.x * rest.y
  }

  /// Adds all of `other`'s pairs.
  mutating func merge(_ other: ChangeMoments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let (n, m) = (Double(count), Double(other.count))
    let delta = other.mean - mean
    mean += delta * (m / (n + m))
    squares += other.squares + delta * delta * (n * m / (n + m))
    products += other.products + delta.x * delta.y * (n * m / (n + m))
    count += other.count
  }

  /// The linearized standard error of ln(mean of the later distances / mean of the first); nil if there is none.
  var standardError: Double? {
    guard count > 1, mean.x > 0, mean.y > 0 else { return nil }
    let sum =
      squares.x / mean.x / mean.x + squares.y / mean.y / mean.y - 2 * (products / mean.x / mean.y)
    let variance = max(sum, 0) / Double(count - 1) / Double(count)
    return variance.isFinite ? variance.squareRoot() : nil
  }
}
