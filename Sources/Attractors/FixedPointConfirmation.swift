import Dynamics
import Numerics
import Synchronization

/// Confirms that states whose steps have become small lie at a stable fixed point.
///
/// Newton's method starts from the state. The sets that it finds are remembered, so that further members at the
/// same point cost no more than a comparison. Several threads may share one object.
public final class FixedPointConfirmation<Map: DifferentiableMap>: SettledStateClassifier {
  /// The largest number of places in `known.refused`. There must be a limit, because a line of fixed points has any
  /// number of places.
  private static var mostRefused: Int { 256 }

  private let map: Map
  /// The sets that were found, and the places on kinks that are no isolated sets.
  private let known = Mutex<(sets: [InvariantSet], refused: [InvariantSet])>(([], []))

  /// - Parameter map: The autonomous map, in double precision.
  public init(_ map: Map) {
    precondition(map.isAutonomous)
    self.map = map
  }

  /// Tells whether a member has converged to a stable fixed point.
  ///
  /// - Parameters:
  ///   - state: The last state z, shape `[N]`.
  ///   - hasMoved: Whether the member came from elsewhere, so that it has arrived at the place where it rests.
  /// - Returns: `converged` if a stable fixed point attracts the state, otherwise `slow`.
  /// - Complexity: One evaluation of the map if the fixed point is known, otherwise O(Newton steps x (N x
  ///   parameters + N^3)).
  public func outcome(ofSettled state: UnsafePointer<Double>, hasMoved: Bool) -> Outcome {
    let z = (0..<map.dimension).map { state[$0] }
    let orbit = LinearizedOrbit(map)
    let displacement = difference(orbit.image(of: z), z)
    func holds(_ set: InvariantSet) -> Bool {
      set.attracts(z, displacement: displacement, hasMoved: hasMoved, under: map)
    }
    let (sets, refused) = known.withLock { $0 }
    if sets.contains(where: holds) { return .converged }
    guard let root = NewtonSolver().root(from: z, period: 1, orbit),
      let candidate = InvariantSet(root: root, period: 1, orbit)
    else { return .slow }
    func isCandidate(_ set: InvariantSet) -> Bool {
      candidate.distance(to: set) <= candidate.certainDistance(to: set)
    }
    // A known set on kinks has been classified before, and it does not attract this state.
    if candidate.liesOnKink, sets.contains(where: isCandidate) || refused.contains(where: isCandidate) {
      return .slow
    }
    guard let set = candidate.classified(by: map) else {
      known.withLock { if $0.refused.count < Self.mostRefused { $0.refused.append(candidate) } }
      return .slow
    }
    if holds(set) || set.liesOnKink { known.withLock { $0.sets.append(set) } }
    return holds(set) ? .converged : .slow
  }
}
