import Dynamics
import Numerics

/// Distances of each member to the centres of its own branch of the concept tree.
struct TreeDistances: Sendable {
  let geometry: LatentGeometry
  let own: OwnItems

  init?(_ context: ObservableContext) {
    guard let own = context.own else { return nil }
    geometry = context.geometry
    self.own = own
  }

  /// The centre at a tree level on the branch of an item, `[N]`. Level 0 is the memory, 1 the class, and the last
  /// one the root.
  func centre(level: Int, item: Int) -> UnsafePointer<Double> {
    let concept = Int(own.classes[item])
    switch (level, geometry.superconcepts) {
    case (0, _): return UnsafePointer(own.memories.row(item))
    case (1, _) where geometry.hasConcepts: return UnsafePointer(geometry.concepts.row(concept))
    case (2, .some(let superconcepts)):
      return UnsafePointer(superconcepts.row(geometry.superclassOfClass[concept]))
    default: return UnsafePointer(geometry.root.row(0))
    }
  }

  /// The distance of each member from the centre at each level, `[count, levels]`. It is computed once per time for
  /// all observables.
  func distances(_ snapshot: Snapshot) -> UnsafePointer<Double> {
    let levels = geometry.treeLevelCount
    let n = geometry.dimension
    return snapshot.shared(TreeDistances.self, width: levels) { out in
      for m in 0..<snapshot.count {
        let item = Int(snapshot.members[m].item)
        for level in 0..<levels {
          out[m * levels + level] = distance(snapshot.states + m * n, centre(level: level, item: item), n)
        }
      }
    }
  }

  /// Writes the distances from the centres at one level, shape `[count]`.
  func copy(level: Int, _ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let all = distances(snapshot)
    let levels = geometry.treeLevelCount
    for m in 0..<snapshot.count { values[m] = all[m * levels + level] }
  }
}

/// Finds the nearest concept of each member.
struct NearestConcept: Sendable {
  let geometry: LatentGeometry

  /// The distance and class index of the nearest concept, `[count, 2]`. Of equally near concepts the one with the
  /// lower index wins. States that are not finite give NaN.
  func nearest(_ snapshot: Snapshot) -> UnsafePointer<Double> {
    let n = geometry.dimension
    return snapshot.shared(NearestConcept.self, width: 2) { out in
      for m in 0..<snapshot.count {
        var best = Double.infinity
        var index = Double.nan
        for k in 0..<geometry.concepts.rows {
          let d = distance(snapshot.states + m * n, geometry.concepts.row(k), n)
          if d < best {
            best = d
            index = Double(k)
          }
        }
        out[2 * m] = index.isNaN ? .nan : best
        out[2 * m + 1] = index
      }
    }
  }
}
