import Dynamics
import Numerics

/// How far the edge of a set's basin is: between what is proven to stay and what was seen to leave.
public struct BasinEdge: Sendable, Hashable {
  /// The radius of balls around the set's points that belong to the basin, as is proven; NaN without a proof. The
  /// boundary is not nearer.
  public var provenDistance: Double
  /// The distance from the set's nearest point of the nearest start that goes elsewhere; NaN without such a start. The
  /// boundary is not farther.
  public var leavingDistance: Double
  /// The place of that start among the members; -1 without one.
  public var leavingStart: Int
}

extension AttractorSearch {
  /// The edges of all sets of the catalogue.
  ///
  /// - Parameters:
  ///   - members: Starts, which are prepared again.
  ///   - decisions: Where they went, in their order. Undecided starts count for nothing.
  ///   - visit: Receives each member's number and its z(0), shape `[N]`.
  /// - Complexity: O(starts x (encoding + sets x N)).
  public func edges(
    of members: [Member], _ decisions: [Decision], visit: (Int, UnsafePointer<Double>) -> Void = { _, _ in }
  ) -> [BasinEdge] {
    var result = sets.map { _ in
      BasinEdge(provenDistance: .nan, leavingDistance: .nan, leavingStart: -1)
    }
    for (set, ball) in balls { result[Int(set)].provenDistance = ball.innerRadius }
    let pool = OrbitPool(
      dimension: map.dimension, capacity: min(Self.poolCapacity, max(members.count, 1)))
    for first in stride(from: 0, to: members.count, by: pool.capacity) {
      pool.keep { _ in false }
      for start in first..<min(first + pool.capacity, members.count) {
        pool.append(
          OrbitPool.Orbit(
            start: Int32(truncatingIfNeeded: start), nextAttempt: 0, nextCycleAttempt: 0,
            tolerance: 0,
            nextLook: 0))
      }
      begin(pool, from: 0, members)
      for index in 0..<pool.count {
        visit(first + index, pool.state(index))
        let decision = decisions[first + index]
        guard decision.set >= 0 || decision.outcome == .diverged else { continue }
        for (k, set) in sets.enumerated() where set.isStable && Int32(k) != decision.set {
          let away = set.points.reduce(Double.infinity) { least, point in
            min(least, distance(pool.state(index), point, point.count))
          }
          // A comparison with NaN is false.
          guard !(away >= result[k].leavingDistance), away < .infinity else { continue }
          result[k].leavingDistance = away
          result[k].leavingStart = first + index
        }
      }
    }
    return result
  }
}
