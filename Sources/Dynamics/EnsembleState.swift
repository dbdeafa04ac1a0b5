import Numerics

/// What one segment leaves: all that its level's averages need of it.
public struct SegmentSums: Sendable {
  /// Which segment it is.
  public private(set) var index: Int
  var accumulator: Accumulator
  /// Used where the items' means are not kept.
  var bootstrap: ApproachBootstrap
  /// The items' mean distances, unit by unit `[items, approaches * searched times]`, where they are kept.
  var means: [[Double]] = []

  init(_ plan: EnsemblePlan, _ partition: UnitPartition, index: Int) {
    self.index = index
    accumulator = Accumulator(layout: Accumulator.Layout(plan), hasRealizations: plan.realizations > 1)
    bootstrap = ApproachBootstrap(plan, isUsed: !partition.keepsMeans)
  }

  /// Empties the sums for another segment.
  mutating func begin(_ index: Int) {
    self.index = index
    accumulator.reset()
    bootstrap.reset()
    means.removeAll()
  }

  /// Writes the sums.
  public func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(index)
    try accumulator.encode(to: &encoder)
    try bootstrap.encode(to: &encoder)
    try encoder.encode(means.count)
    for unit in means { try encoder.encode(unit) }
  }

  /// Reads what `encode` wrote for the same plan.
  ///
  /// - Throws: `ByteDecodingError`.
  public init(from decoder: inout ByteDecoder, plan: EnsemblePlan) throws {
    let partition = UnitPartition(plan)
    self.init(plan, partition, index: try decoder.decode())
    guard (0..<partition.segmentCount).contains(index) else {
      throw ByteDecodingError("there is no segment \(index)")
    }
    try accumulator.decode(from: &decoder)
    try bootstrap.decode(from: &decoder)
    let units = partition.units(ofSegment: index)
    let count = try decoder.decode(Int.self)
    guard count >= 0, count <= units.count else { throw ByteDecodingError("\(count) units of means") }
    let width = bootstrap.width
    for _ in 0..<count {
      let unit: [Double] = try decoder.decode()
      guard width > 0, unit.count % width == 0 else { throw ByteDecodingError("means of another width") }
      means.append(unit)
    }
  }
}

/// Averages of an ensemble that is not finished: all that is needed to go on.
///
/// It stands between two units, in the order of the plan, and has what workers left of those that follow.
public struct EnsembleState: Sendable {
  let plan: EnsemblePlan
  let partition: UnitPartition
  /// The units that were merged already, of all.
  public private(set) var unitsDone: Int
  /// The level at hand.
  private var level: Accumulator
  private var bootstrap: ApproachBootstrap
  private var segment: SegmentSums
  /// Units that are finished before their turn, and others as far as workers handed them over.
  var following: [Int: UnitProgress] = [:]
  /// The item at hand, where items are cut.
  private var open = OpenItem()
  /// The finished levels.
  public private(set) var results: [LevelStatistics] = []
  /// Whether segments are handed out instead of being merged into their level.
  let isShard: Bool
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

  /// Merges the next unit.
  ///
  /// - Parameter emit: Gets the segments that were finished, in a shard.
  mutating func merge(_ unit: borrowing UnitProgress, emit: (borrowing SegmentSums) throws -> Void) throws {
    segment.accumulator.merge(unit.accumulator)
    if unit.members.isPart {
      mergePart(unit)
    } else {
      addDistances(unit.itemDistances, unit.members)
    }
    unitsDone += 1
    if unitsDone == partition.units(ofSegment: segment.index).upperBound {
      if isShard { try emit(segment) } else { finishSegment() }
      segment.begin(min(segment.index + 1, partition.segmentCount - 1))
    }
  }

  /// Members times the times that were measured of them, of the ensemble or shard.
  public var measured: Int {
    following.values.reduce(partition.memberCount(ofUnits: firstUnit..<unitsDone) * plan.times) {
      $0 + $1.measured(times: plan.times)
    }
  }

  /// Adds one part of an item, and the item itself with its last part.
  private mutating func mergePart(_ unit: borrowing UnitProgress) {
    if open.isEmpty { open = unit.open } else { open.merge(unit.open) }
    guard unit.members.isLastPart else { return }
    let position = unit.members.positions.lowerBound
    for observable in plan.observables.indices {
      for part in level.layout.parts {
        for time in 0..<plan.times {
          segment.accumulator.addItem(
            open.observables[level.layout.openSlot(observable: observable, part: part, time: time)],
            observable: observable, part: part, time: time, position: position, plan: plan)
        }
      }
    }
    segment.accumulator.addItem(scalars: open.scalars)
    for slot in open.distances.indices {
      if let mean = open.distances[slot].mean { segment.accumulator.distances[slot].add(mean) }
    }
    if plan.hasBootstrap {
      let searched = ApproachBootstrap.searchedTimes(plan.times)
      let means = plan.approaches.elements.indices.flatMap { approach in
        searched.map { open.distances[approach * plan.times + $0].mean ?? .nan }
      }
      addDistances(means, unit.members)
    }
    open = OpenItem()
  }

  /// Adds items' mean distances to the moments of their changes.
  private mutating func addChanges(_ means: [Double]) {
    let approaches = plan.approaches.elements.count
    let (width, length) = (bootstrap.width, bootstrap.searched.count)
    for item in stride(from: 0, to: means.count, by: width) {
      for a in 0..<approaches {
        let first = item + a * length
        for (c, place) in changePlaces.enumerated()
        where means[first].isFinite && means[first + place].isFinite {
          segment.accumulator.changes[a * changePlaces.count + c].add(means[first], means[first + place])
        }
      }
    }
  }

  /// Adds items' mean distances to the bootstrap.
  private mutating func addDistances(_ means: [Double], _ members: UnitPartition.Unit) {
    guard plan.hasBootstrap else { return }
    addChanges(means)
    let items = plan.items[members.positions]
    if !partition.keepsMeans {
      segment.bootstrap.add(means, items: items)
    } else if isShard {
      segment.means.append(means)
    } else {
      bootstrap.add(means, items: items)
    }
  }

  /// Merges a finished segment into its level, and closes the level with its last.
  private mutating func finishSegment() {
    level.merge(segment.accumulator)
    if !partition.keepsMeans {
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

  /// Merges a shard's segment: the next one, in order.
  ///
  /// - Throws: `ByteDecodingError` where it is another segment, or incomplete.
  public mutating func add(_ other: SegmentSums) throws {
    guard !isShard, other.index == segment.index else {
      throw ByteDecodingError("segment \(other.index) where \(segment.index) was expected")
    }
    let units = partition.units(ofSegment: other.index)
    if partition.keepsMeans {
      // As in a single run, where each item's means are added with its last part.
      let whole = units.map { partition.unit($0) }.filter { !$0.isPart || $0.isLastPart }
      guard whole.count == other.means.count else { throw ByteDecodingError("items are missing") }
      let width = bootstrap.width
      for (unit, means) in zip(whole, other.means) {
        guard means.count == unit.positions.count * width else {
          throw ByteDecodingError("\(means.count) means for \(unit.positions.count) items")
        }
        bootstrap.add(means, items: plan.items[unit.positions])
      }
    }
    segment = other
    finishSegment()
    unitsDone = units.upperBound
    segment.begin(min(segment.index + 1, partition.segmentCount - 1))
  }

  // MARK: Bytes

  /// Writes the state.
  ///
  /// - Throws: what the encoder's receiver throws.
  public func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(unitsDone)
    try encoder.encode(isShard)
    try level.encode(to: &encoder)
    try bootstrap.encode(to: &encoder)
    try segment.encode(to: &encoder)
    try open.encode(to: &encoder)
    try encoder.encode(following.count)
    for (index, unit) in following.sorted(by: { $0.key < $1.key }) {
      try encoder.encode(index)
      try unit.encode(to: &encoder)
    }
    try encoder.encode(results.count)
    for result in results { try result.encode(to: &encoder) }
  }

  /// Reads what `encode` wrote for the same plan.
  ///
  /// - Parameter segments: Those of a shard; nil for the whole ensemble.
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
    open = try OpenItem(from: &decoder, plan, level.layout)
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

extension Accumulator {
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(members)
    try encoder.encode(items)
    try encoder.encode(scalars)
    try encoder.encode(itemScalars)
    try encoder.encode(distances)
    try encoder.encode(approachMembers)
    try encoder.encode(changes)
    try encoder.encode(labelCounts)
    try encoder.encode(diverged)
  }

  mutating func decode(from decoder: inout ByteDecoder) throws {
    members = try decoder.decode(count: members.count)
    items = try decoder.decode(count: items.count)
    scalars = try decoder.decode(count: scalars.count)
    itemScalars = try decoder.decode(count: itemScalars.count)
    distances = try decoder.decode(count: distances.count)
    approachMembers = try decoder.decode(count: approachMembers.count)
    changes = try decoder.decode(count: changes.count)
    labelCounts = try decoder.decode(count: labelCounts.count)
    diverged = try decoder.decode()
  }
}

extension SeriesStatistics {
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(count)
    for values in [mean, standardDeviation, standardError] { try encoder.encode(values) }
    try encoder.encode(itemCount)
  }

  init(from decoder: inout ByteDecoder) throws {
    count = try decoder.decode()
    mean = try decoder.decode(count: count.count)
    standardDeviation = try decoder.decode(count: count.count)
    standardError = try decoder.decode(count: count.count)
    itemCount = try decoder.decode(count: count.count)
  }
}

extension Approach {
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(memberCount)
    try encoder.encode(itemCount)
    try encoder.encode(meanDistance)
    for number in [value, lower, upper] { try encoder.encode(number) }
    try encoder.encode(time ?? -1)
    try encoder.encode(isCensored)
    try encoder.encode(changes.map(\.value))
    try encoder.encode(changes.map(\.standardError))
  }

  init(from decoder: inout ByteDecoder) throws {
    memberCount = try decoder.decode()
    itemCount = try decoder.decode()
    meanDistance = try decoder.decode()
    value = try decoder.decode()
    lower = try decoder.decode()
    upper = try decoder.decode()
    let time: Int = try decoder.decode()
    self.time = time < 0 ? nil : time
    isCensored = try decoder.decode()
    let values: [Double] = try decoder.decode()
    changes = zip(values, try decoder.decode(count: values.count)).map {
      DistanceChange(value: $0, standardError: $1)
    }
    guard self.time.map({ $0 < meanDistance.count }) ?? true else { throw ByteDecodingError("time \(time)") }
  }
}

extension LevelStatistics {
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(level)
    try encoder.encode(memberCount)
    try encoder.encode(divergedCount)
    func series(_ all: [SeriesStatistics]) throws {
      try encoder.encode(all.count)
      for one in all { try one.encode(to: &encoder) }
    }
    for part in parts { try series(part) }
    try encoder.encode(grouped.count)
    for grouping in grouped {
      try encoder.encode(grouping.count)
      for observable in grouping { try series(observable) }
    }
    for approach in approaches.elements { try approach.encode(to: &encoder) }
    for scalar in scalars.entries {
      try encoder.encode(scalar.count)
      try encoder.encode(scalar.mean)
      try encoder.encode(scalar.standardError)
      try encoder.encode(scalar.itemCount)
    }
    try encoder.encode(labelCounts)
  }

  /// Reads what `encode` wrote for a level of the same plan.
  init(from decoder: inout ByteDecoder, plan: EnsemblePlan) throws {
    func list<Element>(_ element: () throws -> Element) throws -> [Element] {
      let count = try decoder.decode(Int.self)
      guard count >= 0, count <= decoder.remaining else { throw ByteDecodingError("a list of \(count)") }
      return try (0..<count).map { _ in try element() }
    }
    func series() throws -> [SeriesStatistics] { try list { try SeriesStatistics(from: &decoder) } }
    level = try decoder.decode()
    memberCount = try decoder.decode()
    divergedCount = try decoder.decode()
    parts = try SeriesPart.parts(isSplit: plan.splitting != nil).map { _ in try series() }
    grouped = try list { try list { try series() } }
    approaches = plan.approaches.filled(
      with: try plan.approaches.elements.map { _ in try Approach(from: &decoder) })
    scalars = ScalarColumns(
      MemberScalar.averaged,
      entries: try MemberScalar.averaged.map { _ in
        ScalarStatistics(
          count: try decoder.decode(), mean: try decoder.decode(), standardError: try decoder.decode(),
          itemCount: try decoder.decode())
      })
    labelCounts = try decoder.decode(count: Accumulator.Layout(plan).labelSlots)
  }
}
