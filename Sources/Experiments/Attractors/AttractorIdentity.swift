import Attractors
import Datasets
import Dynamics
import Numerics
import Observables
import Preparation
import Scenarios

/// What attractors are near to, and look like.
extension Experiment {
  func identify(
    _ study: inout AttractorStudy, _ search: AttractorSearch<some DifferentiableMap, PreparedStart>,
    geometry: LatentGeometry, own: OwnItems?
  ) throws {
    let items = nearestItems(study.pictures)
    for set in study.sets {
      let z = set.points[0]
      let concept = nearest(z, geometry.concepts)
      let memory = nearest(z, geometry.memories)
      study.identities.append(
        .init(
          concept: concept.row, conceptDistance: concept.distance, memory: memory.row,
          memoryDistance: memory.distance, recoveredItem: -1))
    }
    // An attractor is a recovered memory if its picture is nearest to one training item, among the items of both
    // splits, and the memory of that item goes there.
    let candidates = study.sets.indices.filter {
      study.sets[$0].mayAttract && items[$0] < dataset.train.count
    }
    let memories = geometry.memories
    let decisions = try search.decide(
      from: candidates.map { k in
        Array(memories.storage.slice(from: items[k] * memories.columns, count: memories.columns))
      }, shouldStop: events.shouldStop)
    for (k, decision) in zip(candidates, decisions) where decision.set >= 0 {
      if search.sets[Int(decision.set)].points == study.sets[k].points {
        study.identities[k].recoveredItem = items[k]
      }
    }
    guard let own else { return }
    let classes = dataset.hierarchy.numberOfClasses
    for level in study.levels.indices {
      var confusion = [[Int]](repeating: Array(repeating: 0, count: classes), count: classes)
      for (k, label) in study.labels[level].enumerated() where label >= 0 {
        let item = Int(study.items[k / study.realizations])
        confusion[Int(own.classes[item])][study.identities[Int(label)].concept] += 1
      }
      study.basins[level].confusion = confusion
    }
  }

  private func nearest(_ z: [Double], _ table: RowTable) -> (row: Int, distance: Double) {
    var best = (row: -1, square: Double.infinity)
    for row in 0..<table.rows {
      var square = 0.0
      let other = table.row(row)
      for i in z.indices { square += (z[i] - other[i]) * (z[i] - other[i]) }
      if square < best.square { best = (row, square) }
    }
    return (best.row, best.square.squareRoot())
  }

  /// For each picture the index of the nearest item in the data space. Test items are numbered after the
  /// training items.
  private func nearestItems(_ pictures: RowTable) -> [Int] {
    let d = pictures.columns
    let n = pictures.rows
    guard n > 0 else { return [] }
    var best = [(item: Int, score: Double)](repeating: (0, .infinity), count: n)
    var offset = 0
    let chunk = 512
    let rows = AlignedBuffer<Double>(count: chunk * d)
    let products = AlignedBuffer<Double>(count: chunk * n)
    for split in [dataset.train, dataset.test] {
      for first in stride(from: 0, to: split.count, by: chunk) {
        let count = min(chunk, split.count - first)
        split.copy(items: first..<first + count, into: rows.buffer)
        Double.multiply(
          .none, .transposed, m: count, n: n, k: d, alpha: 1, rows.pointer, d, pictures.storage.pointer, d,
          beta: 0, products.pointer, n)
        for i in 0..<count {
          var square = 0.0
          for j in i * d..<(i + 1) * d { square += rows.pointer[j] * rows.pointer[j] }
          for k in 0..<n {
            let score = square - 2 * products.pointer[i * n + k]
            if score < best[k].score { best[k] = (offset + first + i, score) }
          }
        }
      }
      offset += split.count
    }
    return best.map(\.item)
  }
}
