import Attractors
import Datasets
import Dynamics
import Numerics
import Observables
import Preparation
import RunFiles
import Scenarios

/// What attractors are compared with: memories of training and of held-out items, concepts, and how near is near.
struct IdentityLandmarks {
  let geometry: LatentGeometry
  /// Memories of held-out items, evenly chosen, `mostHeldOut` at most.
  private let heldOut: RowTable
  /// As many memories of training items, evenly chosen.
  private let matched: RowTable
  /// The distance from each concept within which a set is near to it, and within which it has the concept's class.
  private let conceptRadii: [(near: Double, ofClass: Double)]
  /// The distance from the root within which a set is near to it.
  private let rootRadius: Double
  /// The quantile of the distances of held-out items from their nearest training memory; NaN without such items.
  private let generalizingRadius: Double

  /// The distance within which an item is at a set.
  let itemRadius: Double

  /// The largest number of held-out items, and of training items that are compared with sets.
  static let mostHeldOut = 1000
  /// Items of a split at most at which Newton's method is tried. It takes N steps of the map for each of its own.
  private static let mostExamined = 100

  /// Measures the quantiles.
  ///
  /// - Complexity: O(`mostHeldOut` x items x N).
  init(_ geometry: LatentGeometry, heldOut: RowTable, _ specification: AttractorSpecification) {
    let quantiles = specification.quantiles
    itemRadius = specification.itemRadius * geometry.spread
    self.geometry = geometry
    self.heldOut = heldOut
    let memories = geometry.memories
    matched = Self.spread(memories, over: min(heldOut.rows, memories.rows))
    var distances = [[Double]](repeating: [], count: geometry.concepts.rows)
    var fromRoot: [Double] = []
    for row in 0..<memories.rows {
      let (memory, own) = (Self.row(memories, row), Int(geometry.classes[row]))
      distances[own].append(Self.distance(memory, geometry.concepts, own))
      fromRoot.append(Self.distance(memory, geometry.root, 0))
    }
    conceptRadii = distances.map {
      let sorted = $0.sorted()
      return (quantile(ofSorted: sorted, quantiles.near), quantile(ofSorted: sorted, quantiles.ofClass))
    }
    rootRadius = quantile(ofSorted: fromRoot.sorted(), quantiles.near)
    let found = (0..<heldOut.rows).map { Self.nearest(Self.row(heldOut, $0), memories).distance }
    generalizingRadius = found.isEmpty ? .nan : quantile(ofSorted: found.sorted(), quantiles.heldOut)
  }

  /// Rows of a table, evenly chosen.
  private static func spread(_ table: RowTable, over count: Int) -> RowTable {
    guard count < table.rows else { return table }
    return RowTable(
      rows: count, columns: table.columns,
      elements: (0..<count).flatMap { row(table, SpreadItems.place($0, of: count, in: table.rows)) })
  }

  /// The shares of training and of held-out items that are themselves at stable sets, of at most `mostExamined` each, evenly
  /// chosen; NaN without such items. What
  /// Newton's method finds at them joins the search's catalogue.
  ///
  /// - Throws: `CancellationError` if `shouldStop` returns true.
  func itemsAtSets(
    of search: AttractorSearch<some DifferentiableMap, some InitialCondition>,
    shouldStop: @escaping @Sendable () -> Bool
  ) throws -> (training: Double, heldOut: Double) {
    let training = Self.spread(geometry.memories, over: Self.mostExamined)
    let others = Self.spread(heldOut, over: Self.mostExamined)
    let places = [training, others].flatMap { table in (0..<table.rows).map { Self.row(table, $0) } }
    let isAtSet = try search.haveAttractors(near: places, within: itemRadius, shouldStop: shouldStop)
    func share(_ range: Range<Int>) -> Double {
      range.isEmpty ? .nan : Double(isAtSet[range].count { $0 }) / Double(range.count)
    }
    return (share(0..<training.rows), share(training.rows..<isAtSet.count))
  }

  /// What a set is near to.
  ///
  /// A set that moves is near to a place only if all of its points are. Distances are those of a cycle's first point,
  /// and of a recurrent set's average.
  func identity(of set: InvariantSet) -> AttractorStudy.Identity {
    let place = set.period == 0 ? set.meanPosition : set.points[0]
    let concept = Self.nearest(place, geometry.concepts)
    let memory = Self.nearest(place, geometry.memories)
    func reaches(_ table: RowTable, _ row: Int) -> Double {
      set.farthestDistance(from: Self.row(table, row))
    }
    let fromMemory = reaches(geometry.memories, memory.row)
    let isRecovered = fromMemory <= 0.5 * distanceToOther(memory.row)
    let fromConcept = geometry.hasConcepts ? reaches(geometry.concepts, concept.row) : .infinity
    let isPrototype =
      fromConcept <= (geometry.hasConcepts ? conceptRadii[concept.row].near : 0)
      || reaches(geometry.root, 0) <= rootRadius
    let regime: AttractorStudy.Regime =
      if isRecovered { .memorized } else if isPrototype { .prototype } else if generalizingRadius.isNaN {
        .unclassified
      } else if fromMemory <= generalizingRadius { .generalizing } else { .spurious }
    return AttractorStudy.Identity(
      concept: concept.row, conceptDistance: concept.distance, memory: memory.row,
      memoryDistance: memory.distance, recoveredItem: isRecovered ? memory.row : -1, regime: regime,
      isOfConcept: geometry.hasConcepts && fromConcept <= conceptRadii[concept.row].ofClass,
      excessOverHeldOut: heldOut.rows == 0
        ? .nan : Self.nearest(place, matched).distance - Self.nearest(place, heldOut).distance)
  }

  /// The ball around a training memory, whose radius is half the distance to the nearest other one, measured as far as was asked.
  struct Ball {
    fileprivate let centre: [Double]
    /// The training memories that were looked at.
    fileprivate var measured = 0
    /// The least distance to another one of these.
    fileprivate var least = Double.infinity
  }

  /// The ball that belongs to an item's memory: for a training item its own, and for a held-out item that of the nearest training
  /// memory.
  ///
  /// - Complexity: O(training items x N) for a held-out item.
  func ball(ofMemory memory: UnsafePointer<Double>, isTraining: Bool) -> Ball {
    let place = Array(UnsafeBufferPointer(start: memory, count: geometry.dimension))
    return Ball(
      centre: isTraining ? place : Self.row(geometry.memories, Self.nearest(place, geometry.memories).row))
  }

  /// Whether a ball's radius is at least a distance.
  ///
  /// - Complexity: O(training items x N) in all calls with the same ball together, less where another memory is near.
  func contains(_ ball: inout Ball, distance: Double) -> Bool {
    while ball.measured < geometry.memories.rows, 2 * distance <= ball.least {
      let other = Self.distance(ball.centre, geometry.memories, ball.measured)
      // Memories at the same place are one.
      if other > 0 { ball.least = min(ball.least, other) }
      ball.measured += 1
    }
    return distance == 0 || ball.least.isFinite && 2 * distance <= ball.least
  }

  /// The distance of a memory from its nearest other one. Memories at the same place are one.
  private func distanceToOther(_ memory: Int) -> Double {
    let place = Self.row(geometry.memories, memory)
    return (0..<geometry.memories.rows).lazy.map { Self.distance(place, geometry.memories, $0) }
      .filter { $0 > 0 }.min() ?? 0
  }

  static func row(_ table: RowTable, _ row: Int) -> [Double] {
    Array(table.storage.slice(from: row * table.columns, count: table.columns))
  }

  private static func distance(_ z: [Double], _ table: RowTable, _ row: Int) -> Double {
    Numerics.distance(z, table.row(row), z.count)
  }

  private static func nearest(_ z: [Double], _ table: RowTable) -> (row: Int, distance: Double) {
    var best = (row: -1, distance: Double.infinity)
    for row in 0..<table.rows {
      let distance = distance(z, table, row)
      if distance < best.distance { best = (row, distance) }
    }
    return best
  }
}

/// Items of a split, evenly chosen.
struct SpreadItems: ItemSource {
  let split: ItemSplit
  /// How many are chosen, at most those of the split.
  let count: Int

  /// The place of the `index`-th of `count` chosen ones among `total`.
  static func place(_ index: Int, of count: Int, in total: Int) -> Int { index * total / count }

  func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>) {
    split.copy(item: Self.place(item, of: count, in: split.count), into: row)
  }

  func copy(item: Int, into row: UnsafeMutableBufferPointer<Float>) {
    split.copy(item: Self.place(item, of: count, in: split.count), into: row)
  }
}
