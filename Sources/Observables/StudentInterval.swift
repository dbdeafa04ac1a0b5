import Numerics

internal import CGSL

/// The mean of a few independent numbers, with Student's t-interval: for numbers of which each model gives one.
///
///     mean +- t(1 - alpha/2; n - 1) s / sqrt(n)
///
/// with the sample standard deviation s (n - 1). Numbers that are not finite are left out. Exact for normally
/// distributed numbers; source: Student 1908, doi:10.1093/biomet/6.1.1.
public struct StudentInterval: Sendable, Hashable {
  /// How many finite numbers there are.
  public var count: Int
  /// Their mean; NaN where there are none.
  public var mean: Double
  /// s / sqrt(n); NaN below two.
  public var standardError: Double
  /// The lower end; NaN below two numbers.
  public var lower: Double
  /// The upper end; NaN below two numbers.
  public var upper: Double

  /// The interval of some numbers.
  ///
  /// - Parameter error: alpha, the probability of missing the true mean.
  /// - Complexity: O(numbers).
  public init(of numbers: [Double], error: Double = 0.05) {
    var moments = RunningMoments()
    for number in numbers where number.isFinite { moments.add(number) }
    self.init(moments, error: error)
  }

  /// The interval of numbers whose moments are known.
  public init(_ moments: RunningMoments, error: Double = 0.05) {
    precondition(error > 0 && error < 1)
    count = moments.count
    let mean = moments.mean ?? .nan
    self.mean = mean
    guard let standardError = moments.standardError else {
      (self.standardError, lower, upper) = (.nan, .nan, .nan)
      return
    }
    self.standardError = standardError
    let half = Self.quantile(1 - error / 2, degreesOfFreedom: count - 1) * standardError
    lower = mean - half
    upper = mean + half
  }

  /// The quantile of Student's distribution, at least one degree of freedom.
  public static func quantile(_ probability: Double, degreesOfFreedom: Int) -> Double {
    precondition(probability > 0 && probability < 1 && degreesOfFreedom >= 1)
    _ = GSLErrors.areReturned
    return gsl_cdf_tdist_Pinv(probability, Double(degreesOfFreedom))
  }
}
