/// A claim about all models of a kind, with the estimate that tests it, fixed before the run.
public struct ClaimSpecification: Sendable, Hashable {
  /// How the corruption levels enter.
  public enum LevelRule: String, Sendable, CaseIterable {
    /// The estimate's mean over the levels.
    case mean
    /// One estimate, and one verdict, per level.
    case each
  }

  /// Its name: `[a-z0-9-]+`.
  public var name: String
  /// What is claimed, in a sentence.
  public var statement: String
  /// The estimate at each corruption level of each model.
  public var estimate: ClaimExpression
  /// What the estimate is regressed against (least squares; the slope is the estimate then); nil: nothing.
  public var against: ClaimExpression?
  /// The corruption levels that count; nil: all.
  public var levels: [Double]?
  /// How they enter.
  public var over: LevelRule
  /// What the estimate must exceed.
  public var threshold: Double
  /// The controls that must not show the effect.
  public var controls: [Control]
  /// Controls that are shown beside, without weight in the verdict.
  public var compare: [Control]

  /// Models below which a claim stays undecided.
  public static let leastModels = 5
}

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
