import Dynamics
import Numerics

extension Snapshot {
  /// Writes the Euclidean distance of each member's z(t) from another of the member's latent states.
  ///
  /// - Parameters:
  ///   - field: The other state. If it is absent at this time, values are missing.
  ///   - values: Shape `[count]`.
  /// - Complexity: O(members x N).
  func distances(to field: StateFields, into values: UnsafeMutablePointer<Double>) {
    let n = dimension
    let others = self.values(field)
    for m in 0..<count {
      values[m] = others.map { distance(states + m * n, $0 + m * n, n) } ?? .nan
    }
  }
}
