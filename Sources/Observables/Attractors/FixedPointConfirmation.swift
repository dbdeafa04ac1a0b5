import Dynamics
import Synchronization

/// Tells whether states whose steps have become small lie at a stable fixed point.
///
/// Newton's method starts from the state; what it finds is remembered, so that further members at the same
/// point cost a comparison. Safe to share between threads.
public final class FixedPointConfirmation<Map: DifferentiableMap>: SettledStateClassifier {
  private let map: Map
  private let known = Mutex<[InvariantSet]>([])

  /// - Parameter map: The autonomous map, in double precision.
  public init(_ map: Map) {
    precondition(map.isAutonomous)
    self.map = map
  }

  public func outcome(ofSettled state: UnsafePointer<Double>) -> Outcome {
    let z = (0..<map.dimension).map { state[$0] }
    let orbit = LinearizedOrbit(map)
    let displacement = difference(orbit.image(of: z), z)
    func holds(_ set: InvariantSet) -> Bool {
      set.isStable && set.explains(displacement: displacement, at: z)
    }
    if known.withLock({ sets in sets.contains(where: holds) }) { return .converged }
    guard let root = NewtonSolver().root(from: z, period: 1, orbit),
      let set = InvariantSet(root: root.state, period: 1, orbit), holds(set)
    else { return .slow }
    known.withLock { $0.append(set) }
    return .converged
  }
}
