/// The rule by which a member counts as converged.
public enum ConvergenceRule: Sendable {
  /// None: every member that does not diverge is undecided.
  case notAsked
  /// Its step lengths stay below a tolerance to the end.
  case steps(below: Double)
  /// Its step lengths stay below a tolerance to the end, and a classifier confirms it of each recorded member.
  case confirmed(stepsBelow: Double, by: any SettledStateClassifier)

  /// The step length below which a member has settled; nil without a rule.
  public var tolerance: Double? {
    switch self {
    case .notAsked: nil
    case .steps(let tolerance), .confirmed(let tolerance, _): tolerance
    }
  }

  /// The outcome of a member whose steps have stayed below the tolerance to the end.
  ///
  /// - Parameters:
  ///   - state: The last state, shape `[N]`.
  ///   - hasMoved: Whether the member has come from elsewhere.
  func outcome(ofSettled state: UnsafePointer<Double>, hasMoved: Bool) -> Outcome {
    switch self {
    case .notAsked: .undecided
    case .steps: .converged
    case .confirmed(_, let classifier): classifier.outcome(ofSettled: state, hasMoved: hasMoved)
    }
  }
}

/// Tells members that have converged from slow ones, among those whose steps have stayed small to the end: a small step
/// may be a slow passage.
public protocol SettledStateClassifier: Sendable {
  /// Either `converged` or `slow`. Any thread may ask.
  ///
  /// - Parameters:
  ///   - state: The last state, shape `[N]`.
  ///   - hasMoved: Whether the member has come from elsewhere, so that it has arrived where it rests.
  func outcome(ofSettled state: UnsafePointer<Double>, hasMoved: Bool) -> Outcome
}

/// How a member ended.
public enum Outcome: Int32, Sendable, CaseIterable {
  /// The step length fell below the tolerance for good.
  case converged = 0
  /// The orbit repeats with a period of at least 2.
  case cycle = 1
  /// Steps are small, but there is no fixed point near by.
  case slow = 2
  /// A state was not finite.
  case diverged = 3
  /// None of these could be shown.
  case undecided = 4
}
