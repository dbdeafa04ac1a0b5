/// A claim about all models of a kind, with the estimate that tests it, fixed before the run.
public struct ClaimSpecification: Sendable, Hashable {
  /// How the corruption levels enter.
  public enum LevelRule: String, Sendable, CaseIterable {
    /// The estimate's mean over the levels.
    case mean
    /// One estimate, and one verdict, per level.
    case each
  }

  /// How the estimates of the models are judged.
  public enum Rule: Sendable, Hashable {
    /// Their mean's interval has to lie above the threshold, and that of no control may.
    case threshold(Double)
    /// Their sign and their size against the smallest effect of interest, a positive number, are tested in all levels
    /// and points together.
    case smallestEffect(Double)

    /// The number that the rule compares with.
    public var number: Double {
      switch self {
      case .threshold(let number), .smallestEffect(let number): number
      }
    }

    /// Whether sign and size are its answers, and controls are only shown.
    public var answersSignAndSize: Bool {
      switch self {
      case .threshold: false
      case .smallestEffect: true
      }
    }

    /// The key that gives the number.
    public var key: String {
      switch self {
      case .threshold: "threshold"
      case .smallestEffect: "smallest-effect"
      }
    }
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
  /// How it is judged.
  public var rule: Rule
  /// The controls that must not show the effect.
  public var controls: [Control]
  /// Controls that are shown, and have no weight in the verdict.
  public var compare: [Control]

  /// Makes a claim.
  package init(
    name: String, statement: String, estimate: ClaimExpression, against: ClaimExpression?, levels: [Double]?,
    over: LevelRule, rule: Rule, controls: [Control], compare: [Control]
  ) {
    self.name = name
    self.statement = statement
    self.estimate = estimate
    self.against = against
    self.levels = levels
    self.over = over
    self.rule = rule
    self.controls = controls
    self.compare = compare
  }

  /// With fewer models than this, a claim stays undecided.
  public static let leastModels = 5
}
