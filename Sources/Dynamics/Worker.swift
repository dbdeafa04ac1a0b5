import Numerics

/// One thread's share of an ensemble. It carries the members of units through all times, block by block.
///
/// Scratch memory, made once: one block of states, the map's workspace, and the fields that observables read.
final class Worker<Map: DiscreteMap, Start: InitialCondition> {
  /// Called after each time of a block. Returning false ends the work.
  ///
  /// - Parameters:
  ///   - count: The members that were measured at this time for the first time.
  ///   - progress: Returns how far the unit is. Each call copies the unit's sums and records.
  typealias Continuation = (_ count: Int, _ progress: () -> UnitProgress) -> Bool

  private let map: Map
  private let start: Start
  private let plan: EnsemblePlan
  private let layout: Accumulator.Layout
  private let noise: NoiseSource
  /// Whether units leave records of their members.
  private let makesRecords: Bool

  private let block: StateBlock
  private let store: FieldStore
  private let tracks: MemberTracks
  private let measurement: BlockMeasurement
  private var workspace: Map.Workspace

  /// - Parameters:
  ///   - blockSize: The most members of a block.
  ///   - isObserved: Whether there is an observer, which receives records.
  /// - Precondition: The map can supply the fields that the plan's observables need.
  init(
    map: Map, start: Start, plan: EnsemblePlan, layout: Accumulator.Layout, blockSize: Int, isObserved: Bool
  ) {
    let fields = plan.requiredFields
    precondition(map.availableFields.union(.kept).isSuperset(of: fields))
    self.map = map
    self.start = start
    self.plan = plan
    self.layout = layout
    noise = NoiseSource(seed: plan.seed)
    makesRecords = isObserved && (plan.recordsMembers || plan.recordsLatentStates)
    workspace = map.makeWorkspace(capacity: blockSize)
    block = StateBlock(
      dimension: map.dimension, dataDimension: map.dataDimension, capacity: blockSize,
      start: start.space, hasRegion: start.hasRegion)
    store = FieldStore(
      fields: fields, capacity: blockSize, dimension: map.dimension, dataDimension: map.dataDimension)
    tracks = MemberTracks(capacity: blockSize)
    measurement = BlockMeasurement(plan, layout: layout, block: block, store: store, tracks: tracks)
  }

  /// Runs the members of one unit.
  ///
  /// - Parameters:
  ///   - progress: How far an earlier process came, with the same block size; nil if none began the unit.
  ///   - goOn: Called after each time of a block.
  /// - Returns: The finished unit; nil if `goOn` ended the work.
  /// - Complexity: O(members x steps x (parameters of the map + cost of the observables)); twice as many steps where a
  ///   member diverges.
  func run(
    _ members: UnitPartition.Unit, from progress: consuming UnitProgress?, goOn: Continuation
  ) -> UnitProgress? {
    var unit =
      progress
      ?? UnitProgress(members, plan, layout, recordedDimension: makesRecords ? map.dimension : nil)
    guard carryMembers(of: &unit, goOn) else { return nil }
    if !unit.isFinished {
      // Which members diverge is known only at the end, and the distances of all members at all times would take too
      // much memory.
      unit.repeatDistances()
      guard carryMembers(of: &unit, goOn) else { return nil }
    }
    // Only parts of items are merged from their unfinished sums.
    if !members.isPart { unit.unfinishedItem = UnfinishedItem() }
    return unit
  }

  /// Carries the remaining members through all times; false if `goOn` ended that.
  private func carryMembers(of unit: inout UnitProgress, _ goOn: Continuation) -> Bool {
    while unit.firstMember < unit.members.memberCount {
      fillBlock(with: unit)
      guard carryBlock(of: &unit, goOn) else { return false }
      unit.firstMember += block.count
    }
    return true
  }

  /// Carries the block through all times; false if `goOn` ended that.
  private func carryBlock(of unit: inout UnitProgress, _ goOn: Continuation) -> Bool {
    let former = unit.block.take()
    beginBlock()
    if let former { tracks.restore(former, to: block) }
    for time in (former?.time ?? -1) + 1..<plan.times {
      advance(to: time)
      measurement.measure(&unit, at: time)
      let newMembers = unit.isRepeated ? 0 : block.count
      guard goOn(newMembers, { captured(unit, time: time) }) else { return false }
    }
    if !unit.isRepeated { measurement.finishBlock(&unit) }
    return true
  }

  /// The unit with the block that is under way.
  private func captured(_ unit: UnitProgress, time: Int) -> UnitProgress {
    var result = unit
    result.block = tracks.captured(with: block, time: time)
    return result
  }

  // MARK: States

  /// Puts the unit's next members into the block, with their initial states.
  private func fillBlock(with unit: borrowing UnitProgress) {
    let (members, first) = (unit.members, unit.firstMember)
    block.count = min(block.capacity, members.memberCount - first)
    var place = UnitPlace(ofMember: first, in: members, plan)
    for m in 0..<block.count {
      let member = Member(
        level: plan.levels[members.level], item: plan.items[place.position], realization: place.realization)
      block.members.pointer[m] = member
      tracks.begin(m, at: place)
      place.advance()
      start.prepare(member, into: block.initialState(of: m), region: block.clearedRegion(of: m), noise: noise)
    }
    guard unit.isRepeated else { return }
    for number in unit.unsteadyMembers {
      let m = Int(number) - first
      if (0..<block.count).contains(m) { tracks.isLeftOut.pointer[m] = true }
    }
  }

  /// Turns the initial states into z(0).
  private func beginBlock() {
    measurement.beginBlock()
    store.clear()
    map.begin(block, noise: noise, workspace: &workspace)
    store.fill(.initialState)?.update(from: block.states.pointer, count: block.count * block.dimension)
  }

  /// Advances the block's states from the time before to `time`, and supplies the fields of `time`.
  private func advance(to time: Int) {
    store.clear()
    if time > 0 {
      store.fill(.previousState)?.update(from: block.states.pointer, count: block.count * block.dimension)
      map.step(block, at: time - 1, noise: noise, workspace: &workspace)
    }
    map.supply(store, of: block, at: time, noise: noise, workspace: &workspace)
    // Its values were written when the block began.
    _ = store.fill(.initialState)
  }
}
