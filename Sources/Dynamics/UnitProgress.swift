import Numerics

/// How far a worker is in one unit. A finished one is merged; an unfinished one has all that is needed to go on.
struct UnitProgress: Sendable {
  let members: UnitPartition.Unit
  var accumulator: Accumulator
  /// The item whose realizations are being measured. A finished unit has one only if it is a part of an item.
  var unfinishedItem: UnfinishedItem
  /// The items' mean distances for the bootstrap, see `ItemDistanceLayout`; NaN if missing. Empty without a bootstrap,
  /// and if the unit is a part of an item.
  var itemDistances: [Double]
  /// The records that the members leave for the file; nil if nobody receives them.
  var records: MemberRecords?
  /// The members that have a distance to a centre at some times but not at others, such as members that diverge. They
  /// are given by their number in the unit, ascending.
  var unsteadyMembers: [Int32] = []
  /// Whether the members go through the times once more, to sum distances without the unsteady members.
  var isRepeated = false
  /// The number in the unit of the first member that has not gone through all times.
  var firstMember = 0
  /// The members from there on that are under way; nil if they have not begun.
  var block: Block?

  /// The members that a worker carries through the times together.
  struct Block: Sendable {
    /// The worker's block size. A worker with another size cuts the unit differently and cannot continue the block.
    var size: Int
    /// The last time that was measured.
    var time: Int
    /// z(time), `[members, N]`.
    var states: [Double]
    // What `MemberTracks` follows, `[members]`.
    var isDiverged: [Bool]
    var initialSplit: [Double]
    var settledSince: [Int32]
    var concept: [ClosestApproach]
    var memory: [ClosestApproach]
    var presence: [DistancePresence]
  }

  /// A unit that has not begun. `recordedDimension` is N if members leave records; nil if nobody receives them.
  init(
    _ members: UnitPartition.Unit, _ plan: EnsemblePlan, _ layout: Accumulator.Layout, recordedDimension: Int?
  ) {
    self.members = members
    accumulator = Accumulator(layout: layout, hasRealizations: plan.realizations > 1)
    unfinishedItem = UnfinishedItem(plan, layout)
    itemDistances = Array(repeating: .nan, count: Self.itemDistanceCount(members, plan))
    records = recordedDimension.map { MemberRecords(of: members, plan, dimension: $0) }
  }

  private static func itemDistanceCount(_ members: UnitPartition.Unit, _ plan: EnsemblePlan) -> Int {
    members.isPart ? 0 : members.positions.count * ItemDistanceLayout(plan).width
  }

  /// Whether all members went through all times, and once more if some are unsteady.
  var isFinished: Bool { firstMember == members.memberCount && (isRepeated || unsteadyMembers.isEmpty) }

  /// Members times the times at which they were measured. Going through the times once more does not count.
  func measured(times: Int) -> Int {
    isRepeated
      ? members.memberCount * times
      : firstMember * times + (block.map { $0.isDiverged.count * ($0.time + 1) } ?? 0)
  }

  /// Goes back to the first member, and empties the sums of distances.
  mutating func repeatDistances() {
    isRepeated = true
    firstMember = 0
    accumulator.resetDistances()
    for k in unfinishedItem.distances.indices { unfinishedItem.distances[k] = CountedSum() }
    for k in itemDistances.indices { itemDistances[k] = .nan }
  }

  // MARK: Bytes

  /// Writes the progress.
  func encode(to encoder: inout ByteEncoder) throws {
    try accumulator.encode(to: &encoder)
    try unfinishedItem.encode(to: &encoder)
    try encoder.encode(itemDistances)
    try encoder.encode(records != nil)
    try records?.encode(to: &encoder)
    try encoder.encode(unsteadyMembers)
    try encoder.encode(isRepeated)
    try encoder.encode(firstMember)
    try encoder.encode(block != nil)
    try block?.encode(to: &encoder)
  }

  /// Reads what `encode` wrote for a unit of the same plan.
  ///
  /// - Throws: `ByteDecodingError`.
  init(from decoder: inout ByteDecoder, members: UnitPartition.Unit, plan: EnsemblePlan) throws {
    let layout = Accumulator.Layout(plan)
    self.init(members, plan, layout, recordedDimension: nil)
    try accumulator.decode(from: &decoder)
    unfinishedItem = try UnfinishedItem(from: &decoder, plan, layout)
    itemDistances = try decoder.decode()
    if try decoder.decode(Bool.self) { records = try MemberRecords(from: &decoder) }
    unsteadyMembers = try decoder.decode()
    isRepeated = try decoder.decode()
    firstMember = try decoder.decode()
    try checkShapes(plan)
    if members.isPart || !isFinished { try unfinishedItem.checkShape(plan, layout) }
    guard try decoder.decode(Bool.self) else { return }
    let block = try Block(from: &decoder, mostMembers: members.memberCount - firstMember)
    guard (0..<plan.times).contains(block.time), !isFinished else {
      throw ByteDecodingError("a block of \(block.size) at time \(block.time)")
    }
    self.block = block
  }

  /// Checks that what was read belongs to a unit of the plan.
  ///
  /// - Throws: `ByteDecodingError`.
  private func checkShapes(_ plan: EnsemblePlan) throws {
    guard unsteadyMembers.allSatisfy({ (0..<members.memberCount).contains(Int($0)) }) else {
      throw ByteDecodingError("unsteady members that the unit does not have")
    }
    guard (0...members.memberCount).contains(firstMember) else {
      throw ByteDecodingError("member \(firstMember) of \(members.memberCount)")
    }
    guard itemDistances.count == Self.itemDistanceCount(members, plan) else {
      throw ByteDecodingError("\(itemDistances.count) distances of items")
    }
    guard let records else { return }
    let recorded = plan.recordsMembers ? plan.recordedCount : 0
    guard records.members.count == (isRepeated ? members.memberCount : firstMember),
      records.series.count == recorded,
      records.series.allSatisfy({ $0.count == members.memberCount * plan.times }),
      records.latentStates.count % (members.memberCount * plan.times) == 0,
      records.labels.count == (plan.recordsLabels ? members.memberCount * plan.times : 0)
    else { throw ByteDecodingError("records of another shape") }
  }
}

extension UnitProgress.Block {
  /// Writes the block.
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(size)
    try encoder.encode(time)
    try encoder.encode(states)
    try encoder.encode(isDiverged.map { $0 ? Int32(1) : 0 })
    try encoder.encode(initialSplit)
    try encoder.encode(settledSince)
    try encoder.encode(concept)
    try encoder.encode(memory)
    try encoder.encode(presence)
  }

  /// Reads what `encode` wrote.
  ///
  /// - Parameter mostMembers: The number of the unit's members that have not gone through all times.
  /// - Throws: `ByteDecodingError`.
  init(from decoder: inout ByteDecoder, mostMembers: Int) throws {
    size = try decoder.decode()
    time = try decoder.decode()
    let count = min(size, mostMembers)
    guard count >= 1 else { throw ByteDecodingError("a block of \(size) for \(mostMembers) members") }
    states = try decoder.decode()
    guard states.count % count == 0 else { throw ByteDecodingError("\(states.count) numbers of states") }
    let flags: [Int32] = try decoder.decode(count: count)
    isDiverged = flags.map { $0 != 0 }
    initialSplit = try decoder.decode(count: count)
    settledSince = try decoder.decode(count: count)
    concept = try decoder.decode(count: count)
    memory = try decoder.decode(count: count)
    presence = try decoder.decode(count: count)
  }
}
