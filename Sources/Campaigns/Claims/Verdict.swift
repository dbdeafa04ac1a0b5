import Scenarios

/// What a claim's numbers say.
public enum Verdict: Int, Sendable, CaseIterable {
  /// The interval of the mean over models lies above the threshold, and that of no control does.
  case supported
  /// The interval lies below the threshold.
  case refuted
  /// Anything else.
  case undecided

  /// The rule.
  ///
  /// - Parameters:
  ///   - models: Models in all.
  ///   - count: Models that gave the estimate.
  ///   - lower: Lower end of Student's 95 % interval over them.
  ///   - upper: Its upper end.
  ///   - threshold: What it must exceed.
  ///   - controls: The controls' intervals.
  /// - Returns: The verdict, and why it is not another.
  public static func of(
    models: Int, count: Int, lower: Double, upper: Double, threshold: Double,
    controls: [(name: String, count: Int, lower: Double)]
  ) -> (Verdict, reason: String) {
    let least = ClaimSpecification.leastModels
    guard count >= least else {
      return count < models
        ? (
          .undecided,
          "the estimate is missing, or no finite number, in \(models - count) of \(models) models"
        )
        : (.undecided, "\(count) of at least \(least) models")
    }
    guard lower.isFinite, upper.isFinite else {
      return (.undecided, "the interval over models has no finite ends")
    }
    if upper < threshold { return (.refuted, "the interval lies below the threshold") }
    guard lower > threshold else { return (.undecided, "the interval does not clear the threshold") }
    // Few models give wide intervals, which would hide any effect.
    let unknown = controls.filter { !$0.lower.isFinite || $0.count < ClaimSpecification.leastModels }.map(
      \.name)
    guard unknown.isEmpty else {
      return (.undecided, "too few models for the control \(unknown.joined(separator: ", "))")
    }
    let alike = controls.filter { $0.lower > threshold }.map(\.name)
    guard alike.isEmpty else {
      return (.undecided, "shown by the control \(alike.joined(separator: ", ")) too")
    }
    return (.supported, "above the threshold, and no control's interval is")
  }
}
