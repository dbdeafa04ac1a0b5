/// The rule by which a member counts as converged.
public enum ConvergenceRule: Sendable {
  /// There is no rule: every member that does not diverge is undecided.
  case notAsked
  /// A member has converged if its step lengths stay below a tolerance to the end.
  case steps(below: Double)
  /// A member has converged if its step lengths stay below a tolerance to the end, and a classifier confirms it. The
  /// classifier is asked only about members that are recorded.
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
  ///   - hasMoved: Whether the member came from elsewhere.
  func outcome(ofSettled state: UnsafePointer<Double>, hasMoved: Bool) -> Outcome {
    switch self {
    case .notAsked: .undecided
    case .steps: .converged
    case .confirmed(_, let classifier): classifier.outcome(ofSettled: state, hasMoved: hasMoved)
    }
  }
}

/// Distinguishes converged members from slow ones, among members whose steps stayed small to the end. A small step
/// alone does not show convergence, because the member may be passing slowly.
public protocol SettledStateClassifier: Sendable {
  /// Returns either `converged` or `slow`. Several threads may call this at once.
  ///
  /// - Parameters:
  ///   - state: The last state, shape `[N]`.
  ///   - hasMoved: Whether the member came from elsewhere, so that it has arrived at the place where it rests.
  func outcome(ofSettled state: UnsafePointer<Double>, hasMoved: Bool) -> Outcome
}

/// How a member ended.
public enum Outcome: Int32, Sendable, CaseIterable {
  /// The step length fell below the tolerance for good and, where a classifier is asked, it confirmed a fixed point.
  case converged = 0
  /// The orbit repeats with a period of at least 2.
  case cycle = 1
  /// Steps are small, but there is no fixed point nearby.
  case slow = 2
  /// A state was not finite.
  case diverged = 3
  /// None of the other outcomes could be shown.
  case undecided = 4
  /// The orbit moves for ever on a closed curve, a quasi-periodic or a chaotic set.
  case recurrent = 5
  /// The orbit moves recurrently, but which of several known sets it moves on is not shown.
  case ambiguous = 6
}
