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
    let scale = max(1, norm(z))
    let orbit = LinearizedOrbit(map)
    let step = norm(difference(orbit.image(of: z), z))
    func holds(_ set: InvariantSet, reach: Double) -> Bool {
      set.isStable && norm(difference(z, set.points[0])) <= min(reach, 0.01 * scale)
    }
    if known.withLock({ sets in
      sets.contains { holds($0, reach: 10 * step / (1 - $0.spectralRadius) + 1e-11 * scale) }
    }) {
      return .converged
    }
    guard let root = NewtonSolver().root(from: z, period: 1, orbit),
      let set = InvariantSet(root: root.state, period: 1, orbit),
      holds(set, reach: max(10 * root.firstCorrection, 1e-8 * scale))
    else { return .slow }
    known.withLock { $0.append(set) }
    return .converged
  }
}
