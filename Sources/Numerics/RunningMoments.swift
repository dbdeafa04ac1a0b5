/// The count, mean and sum of squared deviations of a sequence of numbers. Two of them can be merged.
///
///     mean_n = mean_(n-1) + (x_n - mean_(n-1)) / n
///     S_n = S_(n-1) + (x_n - mean_(n-1)) (x_n - mean_n)
///
/// Adding and merging in the same order gives the same bits.
///
/// Sources: Welford 1962, doi:10.1080/00401706.1962.10490022; for merging Chan, Golub, LeVeque 1983,
/// doi:10.1080/00031305.1983.10483115.
public struct RunningMoments: Sendable, Hashable, BitwiseCopyable {
  /// How many numbers were added.
  public private(set) var count: Int = 0
  private var runningMean: Double = 0
  /// The sum of squared deviations from the mean; not finite where it exceeds the range of double precision.
  public private(set) var sumOfSquares: Double = 0

  /// No numbers.
  public init() {}

  /// Adds one number; a number that is not finite is left out.
  public mutating func add(_ x: Double) {
    guard x.isFinite else { return }
    count += 1
    let delta = x - runningMean
    runningMean += delta / Double(count)
    sumOfSquares += delta * (x - runningMean)
  }

  /// Adds all of `other`'s numbers.
  public mutating func merge(_ other: RunningMoments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let n = Double(count)
    let m = Double(other.count)
    let delta = other.runningMean - runningMean
    runningMean += delta * (m / (n + m))
    sumOfSquares += other.sumOfSquares + delta * delta * (n * m / (n + m))
    count += other.count
  }

  /// The mean; nil where there are no numbers.
  public var mean: Double? { count > 0 ? runningMean : nil }

  /// The sample standard deviation (divisor n - 1). It is nil for fewer than two numbers, and where the sum of
  /// squares exceeds the range of double precision.
  public var standardDeviation: Double? {
    count > 1 && sumOfSquares.isFinite ? (sumOfSquares / Double(count - 1)).squareRoot() : nil
  }

  /// The standard error of the mean of independent numbers; nil where there is no standard deviation.
  public var standardError: Double? {
    count > 1 && sumOfSquares.isFinite ? (sumOfSquares / Double(count - 1) / Double(count)).squareRoot() : nil
  }
}
