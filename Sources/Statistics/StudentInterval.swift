import Dynamics
import Numerics

internal import CGSL

/// The mean of a few independent numbers, with Student's t-interval. The numbers are, for example, one per model or
/// the means of items.
///
///     mean +- t(1 - alpha/2; n - 1) s / sqrt(n)
///
/// s is the sample standard deviation (divisor n - 1). Numbers that are not finite are left out. The interval is
/// exact for normally distributed numbers. Source: Student 1908, doi:10.1093/biomet/6.1.1.
public struct StudentInterval: Sendable, Hashable {
  /// The number of finite numbers, or of items with a value.
  public var count: Int
  /// The mean; NaN if there are no numbers.
  public var mean: Double
  /// s / sqrt(n); NaN for fewer than two numbers.
  public var standardError: Double
  /// The lower end; NaN for fewer than two numbers.
  public var lower: Double
  /// The upper end; NaN for fewer than two numbers.
  public var upper: Double

  /// The interval of given numbers.
  ///
  /// - Parameters:
  ///   - numbers: The numbers. Those that are not finite are left out.
  ///   - error: alpha, the probability of missing the true mean.
  /// - Complexity: O(numbers).
  public init(of numbers: [Double], error: Double = 0.05) {
    var moments = RunningMoments()
    for number in numbers where number.isFinite { moments.add(number) }
    self.init(moments, error: error)
  }

  /// The interval of numbers whose moments are known.
  public init(_ moments: RunningMoments, error: Double = 0.05) {
    precondition(error > 0 && error < 1)
    let quantile =
      moments.count > 1 ? Self.quantile(1 - error / 2, degreesOfFreedom: moments.count - 1) : .nan
    self.init(
      mean: moments.mean ?? .nan, standardError: moments.standardError ?? .nan, count: moments.count,
      quantile: quantile)
  }

  /// The interval of a mean whose standard error has count - 1 degrees of freedom.
  private init(mean: Double, standardError: Double, count: Int, quantile: Double) {
    self.count = count
    self.mean = mean
    let half = quantile * standardError
    guard half.isFinite else {
      (self.standardError, lower, upper) = (standardError, .nan, .nan)
      return
    }
    self.standardError = standardError
    lower = mean - half
    upper = mean + half
  }

  /// The intervals of means over members, from their errors over items; NaN for fewer than two items with a value.
  ///
  /// It is exact if the items' means are normally distributed and complete, and approximate if members are missing.
  ///
  /// - Parameters:
  ///   - means: The means over members.
  ///   - errors: Their standard errors over items.
  ///   - items: The number of items with a value, for each mean.
  /// - Complexity: O(means).
  static func intervals(
    means: [Double], errors: [Double], items: [Int], error: Double = 0.05
  ) -> [StudentInterval] {
    // The number of items hardly changes from one time to the next, so the last quantile can mostly be used again.
    var last = (items: 0, quantile: Double.nan)
    return means.indices.map { k in
      if items[k] != last.items {
        let quantile = items[k] > 1 ? quantile(1 - error / 2, degreesOfFreedom: items[k] - 1) : .nan
        last = (items[k], quantile)
      }
      return StudentInterval(
        mean: means[k], standardError: errors[k], count: items[k], quantile: last.quantile)
    }
  }

  /// A quantile of Student's distribution, with at least one degree of freedom.
  public static func quantile(_ probability: Double, degreesOfFreedom: Int) -> Double {
    precondition(probability > 0 && probability < 1 && degreesOfFreedom >= 1)
    _ = GSLErrors.areReturned
    return gsl_cdf_tdist_Pinv(probability, Double(degreesOfFreedom))
  }
}

extension SeriesStatistics {
  /// Student's 95 % interval over items of the mean at each time; NaN for fewer than two items with a value.
  ///
  /// - Complexity: O(times).
  public var intervals: [StudentInterval] {
    StudentInterval.intervals(means: mean, errors: standardError, items: itemCount)
  }
}

extension ScalarStatistics {
  /// Student's 95 % interval over items of the mean; NaN for fewer than two items that have the scalar.
  public var interval: StudentInterval {
    StudentInterval.intervals(means: [mean], errors: [standardError], items: [itemCount])[0]
  }
}
