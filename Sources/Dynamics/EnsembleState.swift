import Numerics

/// Averages of an ensemble that is not finished: all that is needed to go on.
///
/// The state is that between two units, in the order of the plan, and has what workers left of the units that follow.
public struct EnsembleState: Sendable {
  let plan: EnsemblePlan
  let partition: UnitPartition
  /// The first unit that has not been merged, counted among all of the plan.
  public private(set) var unitsDone: Int
  /// The sums over the finished segments of the level that is being computed.
  private var level: Accumulator
  private var bootstrap: ApproachBootstrap
  /// The sums over the merged units of the segment that is being computed.
  private var segment: SegmentSums
  /// Units that are finished before their turn, and others as far as workers handed them over.
  var following: [Int: UnitProgress] = [:]
  /// The sums over the merged parts of an item that is cut into several units.
  private var unfinishedItem = UnfinishedItem()
  /// The finished levels.
  public private(set) var results: [LevelStatistics] = []
  /// Whether segments are handed out instead of being merged into their level.
  let isShard: Bool
  /// The first unit of the ensemble or shard.
  private let firstUnit: Int
  /// The places of the plan's `changeTimes` among the times that the bootstrap searches.
  private let changePlaces: [Int]

  /// - Parameter segments: Those of a shard; nil for the whole ensemble.
  init(_ plan: EnsemblePlan, segments: Range<Int>?) {
    let partition = UnitPartition(plan)
    self.plan = plan
    self.partition = partition
    isShard = segments != nil
    firstUnit = segments.map { partition.units(ofSegments: $0).lowerBound } ?? 0
    unitsDone = firstUnit
    level = Accumulator(layout: Accumulator.Layout(plan), hasRealizations: plan.realizations > 1)
    bootstrap = ApproachBootstrap(plan, isUsed: segments == nil)
    segment = SegmentSums(plan, partition, index: segments?.lowerBound ?? 0)
    let searched = bootstrap.searched
    changePlaces = level.layout.changeTimes.map { time in
      guard let place = searched.firstIndex(of: time) else {
        preconditionFailure("the first times and the last are searched")
      }
      return place
    }
  }

  /// An empty state of a whole ensemble, into which segments are merged by `add`.
  public init(merging plan: EnsemblePlan) { self.init(plan, segments: nil) }

  /// Members times the times at which they were measured, in the ensemble or shard.
  public var measured: Int {
    following.values.reduce(partition.memberCount(ofUnits: firstUnit..<unitsDone) * plan.times) {
      $0 + $1.measured(times: plan.times)
    }
  }

  // MARK: Units

  /// Merges the next unit.
  ///
  /// - Parameter emit: Gets the segment that it completes, in a shard.
  mutating func merge(_ unit: borrowing UnitProgress, emit: (borrowing SegmentSums) throws -> Void) throws {
    segment.accumulator.merge(unit.accumulator)
    if unit.members.isPart {
      mergePart(unit)
    } else {
      addItemDistances(unit.itemDistances, of: unit.members)
    }
    unitsDone += 1
    if unitsDone == partition.units(ofSegment: segment.index).upperBound {
      if isShard { try emit(segment) } else { finishSegment() }
      beginNextSegment()
    }
  }

  /// Adds one part of an item, and the item itself with its last part.
  private mutating func mergePart(_ unit: borrowing UnitProgress) {
    if unfinishedItem.isEmpty {
      unfinishedItem = unit.unfinishedItem
    } else {
      unfinishedItem.merge(unit.unfinishedItem)
    }
    guard unit.members.isLastPart else { return }
    finishItem(of: unit.members)
    unfinishedItem = UnfinishedItem()
  }

  /// Adds the item all of whose parts were merged.
  private mutating func finishItem(of members: UnitPartition.Unit) {
    let layout = level.layout
    for observable in plan.observables.indices {
      for part in layout.parts {
        for time in 0..<plan.times {
          segment.accumulator.addItem(
            unfinishedItem.observables[layout.itemSlot(observable: observable, part: part, time: time)],
            observable: observable, part: part, time: time, position: members.positions.lowerBound, plan: plan
          )
        }
      }
    }
    segment.accumulator.addItem(scalars: unfinishedItem.scalars)
    for slot in unfinishedItem.distances.indices {
      if let mean = unfinishedItem.distances[slot].mean { segment.accumulator.distances[slot].add(mean) }
    }
    guard plan.hasBootstrap else { return }
    let distances = plan.approaches.elements.indices.flatMap { approach in
      bootstrap.searched.map { time in
        unfinishedItem.distances[layout.distanceSlot(approach: approach, time: time)].mean ?? .nan
      }
    }
    addItemDistances(distances, of: members)
  }

  /// Adds items' mean distances, `[items, approaches * searched times]`, to the bootstrap and to the moments of changes.
  private mutating func addItemDistances(_ distances: [Double], of members: UnitPartition.Unit) {
    guard plan.hasBootstrap else { return }
    addChanges(distances)
    let items = plan.items[members.positions]
    if !partition.keepsItemDistances {
      segment.bootstrap.add(distances, items: items)
    } else if isShard {
      segment.itemDistances.append(distances)
    } else {
      bootstrap.add(distances, items: items)
    }
  }

  /// Adds items' mean distances to the moments of their changes.
  private mutating func addChanges(_ distances: [Double]) {
    let (width, length) = (bootstrap.width, bootstrap.searched.count)
    for item in stride(from: 0, to: distances.count, by: width) {
      for approach in plan.approaches.elements.indices {
        let first = item + approach * length
        for (c, place) in changePlaces.enumerated()
        where distances[first].isFinite && distances[first + place].isFinite {
          segment.accumulator.changes[approach * changePlaces.count + c].add(
            distances[first], distances[first + place])
        }
      }
    }
  }

  // MARK: Segments

  /// Merges a finished segment into its level, and closes the level with its last.
  private mutating func finishSegment() {
    level.merge(segment.accumulator)
    if !partition.keepsItemDistances {
      segment.bootstrap.flush()
      bootstrap.merge(segment.bootstrap)
    }
    guard (segment.index + 1) % partition.segmentsPerLevel == 0 else { return }
    results.append(
      level.levelStatistics(
        level: plan.levels[results.count], memberCount: plan.membersPerLevel,
        approaches: plan.approaches.filled(with: bootstrap.approaches(of: level))))
    level.reset()
    bootstrap.reset()
  }

  /// Empties the segment's sums for the next one; after the last they are never used.
  private mutating func beginNextSegment() {
    segment.begin(min(segment.index + 1, partition.segmentCount - 1))
  }

  /// Merges a shard's segment: the next one, in order.
  ///
  /// - Throws: `ByteDecodingError` where it is another segment, or incomplete.
  public mutating func add(_ other: SegmentSums) throws {
    guard !isShard, other.index == segment.index else {
      throw ByteDecodingError("segment \(other.index) where \(segment.index) was expected")
    }
    if partition.keepsItemDistances { try addItemDistances(of: other) }
    segment = other
    finishSegment()
    unitsDone = partition.units(ofSegment: other.index).upperBound
    beginNextSegment()
  }

  /// Adds the items' mean distances that a shard kept to the level's bootstrap, in the order of a single run: there an
  /// item that is cut is added with its last part.
  private mutating func addItemDistances(of other: SegmentSums) throws {
    let units = partition.units(ofSegment: other.index)
    let completing = units.map { partition.unit($0) }.filter { !$0.isPart || $0.isLastPart }
    guard completing.count == other.itemDistances.count else { throw ByteDecodingError("items are missing") }
    for (unit, distances) in zip(completing, other.itemDistances) {
      guard distances.count == unit.positions.count * bootstrap.width else {
        throw ByteDecodingError("\(distances.count) mean distances for \(unit.positions.count) items")
      }
      bootstrap.add(distances, items: plan.items[unit.positions])
    }
  }

  // MARK: Bytes

  /// Writes the state.
  ///
  /// - Throws: What the encoder's receiver throws.
  public func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(unitsDone)
    try encoder.encode(isShard)
    try level.encode(to: &encoder)
    try bootstrap.encode(to: &encoder)
    try segment.encode(to: &encoder)
    try unfinishedItem.encode(to: &encoder)
    try encoder.encode(following.count)
    for (index, unit) in following.sorted(by: { $0.key < $1.key }) {
      try encoder.encode(index)
      try unit.encode(to: &encoder)
    }
    try encoder.encode(results.count)
    for result in results { try result.encode(to: &encoder) }
  }

  /// Reads what `encode` wrote for the same plan and segments: those of a shard, or nil for the whole ensemble.
  ///
  /// - Throws: `ByteDecodingError`.
  public init(from decoder: inout ByteDecoder, plan: EnsemblePlan, segments: Range<Int>?) throws {
    self.init(plan, segments: segments)
    let first = unitsDone
    let end = segments.map { partition.units(ofSegments: $0).upperBound } ?? partition.unitCount
    unitsDone = try decoder.decode()
    guard try decoder.decode(Bool.self) == isShard, (first...end).contains(unitsDone) else {
      throw ByteDecodingError("unit \(unitsDone) of \(first) to \(end)")
    }
    try level.decode(from: &decoder)
    try bootstrap.decode(from: &decoder)
    segment = try SegmentSums(from: &decoder, plan: plan)
    unfinishedItem = try UnfinishedItem(from: &decoder, plan, level.layout)
    let units = try decoder.decode(Int.self)
    guard (0...end - unitsDone).contains(units) else { throw ByteDecodingError("\(units) units in work") }
    for _ in 0..<units {
      let index: Int = try decoder.decode()
      guard (unitsDone..<end).contains(index) else { throw ByteDecodingError("unit \(index) in work") }
      following[index] = try UnitProgress(from: &decoder, members: partition.unit(index), plan: plan)
    }
    let count = try decoder.decode(Int.self)
    guard count >= 0, count <= plan.levels.count else { throw ByteDecodingError("\(count) levels") }
    for _ in 0..<count { results.append(try LevelStatistics(from: &decoder, plan: plan)) }
  }
}
