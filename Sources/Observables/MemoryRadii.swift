import Dynamics
import Numerics

/// How far each training memory reaches: half the distance to its nearest other one, so that no two of the balls meet.
///
/// Memories at the same place are one.
struct MemoryRadii: Sendable {
  /// The radius of each memory; 0 where there is no other one.
  let radii: [Double]

  /// - Complexity: O(memories^2 x N) at the speed of matrix products.
  init(_ geometry: LatentGeometry, threads: Int) {
    let memories = geometry.memories
    let grain = BlockSize.standard
    let found = AlignedBuffer<Double>(count: 2 * memories.rows)
    Parallel.forEach(pieces: (memories.rows + grain - 1) / grain, threads: threads) { _, piece in
      let first = piece * grain
      let count = min(grain, memories.rows - first)
      geometry.search.search(
        memories.row(first), count: count, geometry.search.makeWorkspace(capacity: grain),
        excluding: { first + $0 }, into: found.pointer + 2 * first)
    }
    radii = (0..<memories.rows).map { row in
      let nearest = found.pointer[2 * row]
      if nearest > 0 { return 0.5 * nearest }
      return nearest.isNaN ? 0 : 0.5 * Self.distanceToOtherPlace(row, memories)
    }
  }

  private static func distanceToOtherPlace(_ row: Int, _ memories: RowTable) -> Double {
    var least = Double.infinity
    for other in 0..<memories.rows {
      let distance = distance(memories.row(row), memories.row(other), memories.columns)
      if distance > 0 { least = min(least, distance) }
    }
    return least.isFinite ? least : 0
  }
}
