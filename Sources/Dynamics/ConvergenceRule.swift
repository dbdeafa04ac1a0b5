/// When a member has converged.
public enum ConvergenceRule: Sendable {
  /// It is not asked: every member that does not diverge is undecided.
  case notAsked
  /// Its step lengths stay below a tolerance to the end.
  case steps(below: Double)
  /// Its step lengths stay below a tolerance to the end, and a classifier confirms it of each recorded member.
  case confirmed(stepsBelow: Double, by: any SettledStateClassifier)

  /// The step length below which a member has settled; nil where it is not asked.
  public var tolerance: Double? {
    switch self {
    case .notAsked: nil
    case .steps(let tolerance), .confirmed(let tolerance, _): tolerance
    }
  }

  /// What a member is whose steps have stayed below the tolerance to the end, by its last state, shape `[N]`.
  ///
  /// - Parameter hasMoved: Whether it has come from elsewhere.
  func outcome(ofSettled state: UnsafePointer<Double>, hasMoved: Bool) -> Outcome {
    switch self {
    case .notAsked: .undecided
    case .steps: .converged
    case .confirmed(_, let classifier): classifier.outcome(ofSettled: state, hasMoved: hasMoved)
    }
  }
}

/// Decides what a member is whose steps have stayed small to the end: a small step may be a slow passage.
public protocol SettledStateClassifier: Sendable {
  /// `converged` or `slow`, by the last state, shape `[N]`. Any thread may ask.
  ///
  /// - Parameter hasMoved: Whether the member has come from elsewhere, so that it has arrived where it rests.
  func outcome(ofSettled state: UnsafePointer<Double>, hasMoved: Bool) -> Outcome
}

/// How a member ended.
public enum Outcome: Int32, Sendable, CaseIterable {
  /// The step length fell below the tolerance for good.
  case converged = 0
  /// The orbit repeats with a period of at least 2.
  case cycle = 1
  /// Small steps without a fixed point near by.
  case slow = 2
  /// A state was not finite.
  case diverged = 3
  /// None of these could be shown.
  case undecided = 4
}
