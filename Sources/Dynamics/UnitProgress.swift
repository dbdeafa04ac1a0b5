import Numerics

/// What a worker has of one unit: at its end what is merged, before it all that is needed to go on.
struct UnitProgress: Sendable {
  let members: UnitPartition.Unit
  var accumulator: Accumulator
  /// The item at hand; of a finished unit only where that is a part of an item.
  var open: OpenItem
  /// The items' mean distances for the bootstrap, `[items, approaches * searched times]`, NaN where missing;
  /// empty without a bootstrap, and of a part of an item.
  var itemDistances: [Double]
  var records: MemberRecords?
  /// Members that have a distance to a centre at some times and not at others, as those that diverge: by their number
  /// in the unit, ascending.
  var unsteadyMembers: [Int32] = []
  /// Whether the members go through the times once more, for sums of distances without the unsteady ones.
  var isRepeated = false
  /// The members that went through all times.
  var firstMember = 0
  /// The block of those that follow; nil where it is at its beginning.
  var block: Block?

  /// The members that a worker carries through the times together.
  struct Block: Sendable {
    /// The worker's block size: another cuts the unit otherwise.
    var size: Int
    /// The last time that was measured.
    var time: Int
    /// z(time), `[members, N]`.
    var states: [Double]
    var isDiverged: [Bool]
    /// The splitting observable at t = 0; NaN where it was missing, or is not asked for.
    var initialSplit: [Double]
    var settledSince: [Int32]
    /// How near each member came to its own concept.
    var concept: [ClosestApproach]
    /// How near each member came to its own memory.
    var memory: [ClosestApproach]
    /// Which distances to centres each member has.
    var presence: [DistancePresence]
  }

  init(
    members: UnitPartition.Unit, accumulator: Accumulator, open: OpenItem, itemDistances: [Double]
  ) {
    self.members = members
    self.accumulator = accumulator
    self.open = open
    self.itemDistances = itemDistances
  }

  /// Whether all members went through all times, and once more where some are unsteady.
  var isFinished: Bool { firstMember == members.memberCount && (isRepeated || unsteadyMembers.isEmpty) }

  /// Members times the times that were measured of them; the second time does not count.
  func measured(times: Int) -> Int {
    isRepeated
      ? members.memberCount * times
      : firstMember * times + (block.map { $0.isDiverged.count * ($0.time + 1) } ?? 0)
  }

  /// Forgets the sums of distances, which are made once more.
  mutating func repeatDistances() {
    isRepeated = true
    firstMember = 0
    accumulator.forgetDistances()
    for k in open.distances.indices { open.distances[k] = CountedSum() }
    for k in itemDistances.indices { itemDistances[k] = .nan }
  }

  // MARK: Bytes

  func encode(to encoder: inout ByteEncoder) throws {
    try accumulator.encode(to: &encoder)
    try open.encode(to: &encoder)
    try encoder.encode(itemDistances)
    try encoder.encode(records != nil)
    try records?.encode(to: &encoder)
    try encoder.encode(unsteadyMembers)
    try encoder.encode(isRepeated)
    try encoder.encode(firstMember)
    try encoder.encode(block != nil)
    guard let block else { return }
    try encoder.encode(block.size)
    try encoder.encode(block.time)
    try encoder.encode(block.states)
    try encoder.encode(block.isDiverged.map { $0 ? Int32(1) : 0 })
    try encoder.encode(block.initialSplit)
    try encoder.encode(block.settledSince)
    try encoder.encode(block.concept)
    try encoder.encode(block.memory)
    try encoder.encode(block.presence)
  }

  /// Reads what `encode` wrote for a unit of the same plan.
  ///
  /// - Throws: `ByteDecodingError`.
  init(from decoder: inout ByteDecoder, members: UnitPartition.Unit, plan: EnsemblePlan) throws {
    let layout = Accumulator.Layout(plan)
    self.init(
      members: members, accumulator: Accumulator(layout: layout, hasRealizations: plan.realizations > 1),
      open: OpenItem(), itemDistances: [])
    try accumulator.decode(from: &decoder)
    open = try OpenItem(from: &decoder, plan, layout)
    itemDistances = try decoder.decode()
    if try decoder.decode(Bool.self) { records = try MemberRecords(from: &decoder) }
    unsteadyMembers = try decoder.decode()
    isRepeated = try decoder.decode()
    firstMember = try decoder.decode()
    guard unsteadyMembers.allSatisfy({ (0..<members.memberCount).contains(Int($0)) }) else {
      throw ByteDecodingError("unsteady members that the unit does not have")
    }
    guard (0...members.memberCount).contains(firstMember) else {
      throw ByteDecodingError("member \(firstMember) of \(members.memberCount)")
    }
    let searched = plan.hasBootstrap ? ApproachBootstrap.searchedTimes(plan.times).count : 0
    let distances = members.isPart ? 0 : members.positions.count * plan.approaches.elements.count * searched
    guard itemDistances.count == distances else {
      throw ByteDecodingError("\(itemDistances.count) distances of items")
    }
    if members.isPart || !isFinished { try open.checkWhole(plan, layout) }
    if let records {
      let recorded = plan.recordsMembers ? plan.recordedCount : 0
      guard records.members.count == (isRepeated ? members.memberCount : firstMember),
        records.series.count == recorded,
        records.series.allSatisfy({ $0.count == members.memberCount * plan.times }),
        records.latentStates.count % (members.memberCount * plan.times) == 0,
        records.labels.count == (plan.recordsLabels ? members.memberCount * plan.times : 0)
      else { throw ByteDecodingError("records of another shape") }
    }
    guard try decoder.decode(Bool.self) else { return }
    let size: Int = try decoder.decode()
    let time: Int = try decoder.decode()
    guard size >= 1, (0..<plan.times).contains(time), !isFinished else {
      throw ByteDecodingError("a block of \(size) at time \(time)")
    }
    let count = min(size, members.memberCount - firstMember)
    let states: [Double] = try decoder.decode()
    guard states.count % count == 0 else { throw ByteDecodingError("\(states.count) numbers of states") }
    let isDiverged: [Int32] = try decoder.decode(count: count)
    let initialSplit: [Double] = try decoder.decode(count: count)
    let settledSince: [Int32] = try decoder.decode(count: count)
    block = Block(
      size: size, time: time, states: states, isDiverged: isDiverged.map { $0 != 0 },
      initialSplit: initialSplit, settledSince: settledSince, concept: try decoder.decode(count: count),
      memory: try decoder.decode(count: count), presence: try decoder.decode(count: count))
  }
}

extension OpenItem {
  func encode(to encoder: inout ByteEncoder) throws {
    for sums in [observables, scalars, distances] { try encoder.encode(sums) }
  }

  /// Reads what `encode` wrote: nothing, or sums of the plan's shape.
  init(from decoder: inout ByteDecoder, _ plan: EnsemblePlan, _ layout: Accumulator.Layout) throws {
    observables = try decoder.decode()
    scalars = try decoder.decode()
    distances = try decoder.decode()
    if !observables.isEmpty || !scalars.isEmpty || !distances.isEmpty { try checkWhole(plan, layout) }
  }

  /// Makes sure that the sums have the plan's shape.
  func checkWhole(_ plan: EnsemblePlan, _ layout: Accumulator.Layout) throws {
    let whole = OpenItem(plan, layout)
    guard
      observables.count == whole.observables.count && scalars.count == whole.scalars.count
        && distances.count == whole.distances.count
    else { throw ByteDecodingError("an unfinished item of another shape") }
  }
}
