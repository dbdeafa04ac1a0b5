import Numerics
import Statistics

/// One-sided tests of whether independent numbers, one per model, lie above a value.
///
/// Student's test asks for the mean of normally distributed numbers, the sign test for the median of any. Both have
/// to agree, so that neither one outlier nor a skewed distribution decides: the p-value is the larger of the two.
struct LocationTest {
  /// The numbers, all finite.
  let numbers: [Double]
  private let mean: Double
  private let standardError: Double

  init(_ numbers: [Double]) {
    self.numbers = numbers
    var moments = RunningMoments()
    for number in numbers { moments.add(number) }
    mean = moments.mean ?? .nan
    standardError = moments.standardError ?? .nan
  }

  /// Whether the mean lies above zero.
  var isMeanPositive: Bool { mean > 0 }

  /// The p-value of "not above `value`"; 1 for fewer than two numbers.
  func above(_ value: Double) -> Double {
    max(student(mean - value), signs(numbers.map { $0 - value }))
  }

  /// The p-value of "not below `value`"; 1 for fewer than two numbers.
  func below(_ value: Double) -> Double {
    max(student(value - mean), signs(numbers.map { value - $0 }))
  }

  private func student(_ difference: Double) -> Double {
    guard numbers.count > 1, difference.isFinite, standardError.isFinite else { return 1 }
    guard standardError > 0 else { return difference > 0 ? 0 : 1 }
    return TailProbability.student(
      reaching: difference / standardError, degreesOfFreedom: numbers.count - 1)
  }

  /// Numbers that equal the value say nothing.
  private func signs(_ differences: [Double]) -> Double {
    guard numbers.count > 1 else { return 1 }
    let positive = differences.count { $0 > 0 }
    return TailProbability.heads(reaching: positive, of: positive + differences.count { $0 < 0 })
  }
}
