import Expressions

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
  /// What the estimate is regressed against by least squares, so that the slope is the estimate; nil: nothing.
  public var against: ClaimExpression?
  /// The corruption levels that count; nil: all.
  public var levels: [Double]?
  /// How they enter.
  public var over: LevelRule
  /// What the estimate must exceed.
  public var threshold: Double
  /// The controls that must not show the effect.
  public var controls: [Control]
  /// Controls that are shown, and have no weight in the verdict.
  public var compare: [Control]

  /// Its keys with their values as YAML text.
  package var assignments: [(String, String)] { ScenarioYAML.claim(self) }

  /// With fewer models than this, a claim stays undecided.
  public static let leastModels = 5
}
