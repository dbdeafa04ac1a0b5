import Numerics

/// One thread's share of an ensemble: carries blocks of members through all times.
final class Worker<Map: DiscreteMap, Start: InitialCondition> {
  private let map: Map
  private let start: Start
  private let plan: EnsemblePlan
  private let layout: Accumulator.Layout
  private let blockSize: Int
  private let noise: NoiseSource
  private let fields: StateFields
  private let records: Bool
  /// Per time its place among those that the bootstrap searches; -1 for the others.
  private let searchedPlace: [Int]
  /// Distances that the bootstrap needs of an item.
  private let searchedWidth: Int

  private var workspace: Map.Workspace
  private let block: StateBlock
  private let store: FieldStore
  private let snapshot: Snapshot
  private let rows: Rows
  /// `[rows, blockSize]`.
  private let values: AlignedBuffer<Double>
  private let positions: AlignedBuffer<Int32>
  private let isDiverged: AlignedBuffer<Bool>
  /// The splitting observable at t = 0; NaN where it was missing, or is not asked for.
  private let initialSplit: AlignedBuffer<Double>
  /// How near each member came to its own concept.
  private let concept: AlignedBuffer<ClosestApproach>
  /// How near each member came to its own memory.
  private let memory: AlignedBuffer<ClosestApproach>
  /// Which distances to centres each member has.
  private let presence: AlignedBuffer<DistancePresence>
  /// Whether a member's distances to centres are left out of their sums.
  private let isLeftOut: AlignedBuffer<Bool>
  /// Whether a member is the last of its item's, so that the item is complete with it. One that is cut into several
  /// units is finished where they are merged.
  private let isLastOfItem: AlignedBuffer<Bool>
  /// First time from which every step of a member was below the tolerance; -1 where the last one was not.
  private let settledSince: AlignedBuffer<Int32>

  /// Which row of `values` each measurement is written to; those of observables come first.
  private struct Rows {
    let approaches: Int
    let splitting: Int
    let label: Int
    let conceptDistance: Int
    let memoryDistance: Int
    let count: Int

    init(_ plan: EnsemblePlan) {
      approaches = plan.observables.count
      splitting = approaches + plan.approaches.elements.count
      label = splitting + 1
      conceptDistance = label + 1
      memoryDistance = conceptDistance + 1
      count = memoryDistance + 1
    }
  }

  init(
    map: Map, start: Start, plan: EnsemblePlan, layout: Accumulator.Layout, blockSize: Int, isObserved: Bool
  ) {
    self.map = map
    self.start = start
    self.plan = plan
    self.layout = layout
    self.blockSize = blockSize
    noise = NoiseSource(seed: plan.seed)
    records = isObserved && (plan.recordsMembers || plan.recordsLatentStates)
    let searched = plan.hasBootstrap ? ApproachBootstrap.searchedTimes(plan.times) : []
    var place = [Int](repeating: -1, count: plan.times)
    for (k, time) in searched.enumerated() { place[time] = k }
    searchedPlace = place
    searchedWidth = plan.approaches.elements.count * searched.count
    var needed: StateFields = plan.convergence.tolerance != nil ? .previousState : []
    if plan.conceptDistance != nil { needed.insert(.initialState) }
    let measured =
      plan.observables + plan.approaches.elements
      + [plan.splitting, plan.labelling?.observable, plan.conceptDistance, plan.memoryDistance]
      .compactMap { $0 }
    for observable in measured { needed.formUnion(observable.requiredFields) }
    precondition(plan.approaches.elements.count <= DistancePresence.mostApproaches)
    precondition(map.availableFields.union(.kept).isSuperset(of: needed))
    fields = needed
    workspace = map.makeWorkspace(capacity: blockSize)
    block = StateBlock(
      dimension: map.dimension, dataDimension: map.dataDimension, capacity: blockSize,
      start: start.space, hasRegion: start.hasRegion)
    store = FieldStore(
      fields: needed, capacity: blockSize, dimension: map.dimension, dataDimension: map.dataDimension)
    snapshot = Snapshot(block: block, store: store)
    rows = Rows(plan)
    values = AlignedBuffer(count: rows.count * blockSize)
    positions = AlignedBuffer(count: blockSize)
    isDiverged = AlignedBuffer(count: blockSize)
    initialSplit = AlignedBuffer(count: blockSize)
    concept = AlignedBuffer(count: blockSize)
    memory = AlignedBuffer(count: blockSize)
    presence = AlignedBuffer(count: blockSize)
    isLeftOut = AlignedBuffer(count: blockSize)
    isLastOfItem = AlignedBuffer(count: blockSize)
    settledSince = AlignedBuffer(count: blockSize)
  }

  /// Runs the members of one unit.
  ///
  /// - Parameters:
  ///   - progress: How far an earlier process came, with the same block size.
  ///   - follow: Called after each time of a block with the members whose states are new, and how far the unit is;
  ///     false ends the work. The second argument copies the unit's sums.
  /// - Returns: The unit; nil where `follow` ended the work.
  func run(
    _ members: UnitPartition.Unit, from progress: consuming UnitProgress?,
    follow: (Int, () -> UnitProgress) -> Bool
  ) -> UnitProgress? {
    var unit = progress ?? empty(members)
    guard carry(&unit, follow) else { return nil }
    if !unit.isFinished {
      // Who diverges is known at the end only, and distances of all members at all times take memory.
      unit.repeatDistances()
      guard carry(&unit, follow) else { return nil }
    }
    // Only parts of items are merged.
    if !members.isPart { unit.open = OpenItem() }
    return unit
  }

  /// Carries the members that remain through all times; false where `follow` ended that.
  private func carry(_ unit: inout UnitProgress, _ follow: (Int, () -> UnitProgress) -> Bool) -> Bool {
    let memberCount = unit.members.memberCount
    while unit.firstMember < memberCount {
      fillBlock(unit, count: min(blockSize, memberCount - unit.firstMember))
      guard runBlock(&unit, follow) else { return false }
      unit.firstMember += block.count
    }
    return true
  }

  private func empty(_ members: UnitPartition.Unit) -> UnitProgress {
    let (level, range) = (members.level, members.positions)
    let memberCount = members.memberCount
    var unit = UnitProgress(
      members: members, accumulator: Accumulator(layout: layout, hasRealizations: plan.realizations > 1),
      open: OpenItem(plan, layout),
      itemDistances: members.isPart ? [] : Array(repeating: .nan, count: range.count * searchedWidth))
    guard records else { return unit }
    unit.records = MemberRecords(
      firstMember: level * plan.membersPerLevel + members.firstMember,
      series: plan.recordsMembers
        ? Array(
          repeating: Array(repeating: .nan, count: memberCount * plan.times),
          count: plan.recordedCount)
        : [],
      latentStates: plan.recordsLatentStates
        ? Array(repeating: .nan, count: memberCount * plan.times * map.dimension) : [],
      labels: plan.recordsLabels ? Array(repeating: -1, count: memberCount * plan.times) : [])
    return unit
  }

  /// The realizations of an item that are in a unit.
  private func realizations(ofPosition position: Int, in unit: UnitPartition.Unit) -> Int {
    unit.isPart ? unit.realizations.count : plan.realizations(ofPosition: position)
  }

  private func fillBlock(_ progress: borrowing UnitProgress, count: Int) {
    let (unit, firstMember) = (progress.members, progress.firstMember)
    block.count = count
    for m in 0..<count { isLeftOut.pointer[m] = false }
    if progress.isRepeated {
      for number in progress.unsteadyMembers {
        let m = Int(number) - firstMember
        if (0..<count).contains(m) { isLeftOut.pointer[m] = true }
      }
    }
    let level = plan.levels[unit.level]
    var (position, number) = (unit.positions.lowerBound, firstMember)
    var realizations = realizations(ofPosition: position, in: unit)
    while number >= realizations {
      number -= realizations
      position += 1
      realizations = self.realizations(ofPosition: position, in: unit)
    }
    for m in 0..<count {
      if number == realizations {
        number = 0
        position += 1
        realizations = self.realizations(ofPosition: position, in: unit)
      }
      let member = Member(
        level: level, item: plan.items[position],
        realization: Int32(truncatingIfNeeded: unit.realizations.lowerBound + number))
      number += 1
      block.members.pointer[m] = member
      positions.pointer[m] = Int32(position)
      isLastOfItem.pointer[m] = !unit.isPart && number == realizations
      isDiverged.pointer[m] = false
      initialSplit.pointer[m] = .nan
      concept.pointer[m] = ClosestApproach()
      memory.pointer[m] = ClosestApproach()
      presence.pointer[m] = DistancePresence()
      settledSince.pointer[m] = -1
      var region: UnsafeMutableBufferPointer<UInt8>?
      if start.hasRegion {
        region = block.region.slice(from: m * block.dataDimension, count: block.dataDimension)
        region?.update(repeating: 0)
      }
      let row =
        start.space == .data
        ? block.input.slice(from: m * block.dataDimension, count: block.dataDimension)
        : block.states.slice(from: m * block.dimension, count: block.dimension)
      start.prepare(member, into: row, region: region, noise: noise)
    }
  }

  /// Carries the block through all times; false where `follow` ended that.
  private func runBlock(_ unit: inout UnitProgress, _ follow: (Int, () -> UnitProgress) -> Bool) -> Bool {
    let n = block.dimension
    let former = unit.block
    unit.block = nil
    snapshot.forgetShared()
    store.clear()
    map.begin(block, noise: noise, workspace: &workspace)
    if let first = store.fill(.initialState) {
      first.update(from: block.states.pointer, count: block.count * n)
    }
    if let former { restore(former) }
    for time in (former?.time ?? -1) + 1..<plan.times {
      store.clear()
      if time > 0 {
        store.fill(.previousState)?.update(from: block.states.pointer, count: block.count * n)
        map.step(block, at: time - 1, noise: noise, workspace: &workspace)
      }
      map.supply(store, of: block, at: time, noise: noise, workspace: &workspace)
      _ = store.fill(.initialState)
      snapshot.time = time
      findDiverged()
      followConvergence(time)
      if unit.isRepeated { sumDistances(&unit, time: time) } else { measure(&unit, time: time) }
      guard follow(unit.isRepeated ? 0 : block.count, { capture(unit, time: time) }) else { return false }
    }
    if !unit.isRepeated { finish(&unit) }
    return true
  }

  /// The unit with the block at hand. The first states and the region are not in it: they come from the addresses.
  private func capture(_ unit: UnitProgress, time: Int) -> UnitProgress {
    var result = unit
    result.block = UnitProgress.Block(
      size: blockSize, time: time, states: block.states.prefix(block.count * block.dimension),
      isDiverged: isDiverged.prefix(block.count), initialSplit: initialSplit.prefix(block.count),
      settledSince: settledSince.prefix(block.count), concept: concept.prefix(block.count),
      memory: memory.prefix(block.count), presence: presence.prefix(block.count))
    return result
  }

  private func restore(_ former: UnitProgress.Block) {
    block.states.pointer.update(from: former.states, count: block.count * block.dimension)
    isDiverged.pointer.update(from: former.isDiverged, count: block.count)
    initialSplit.pointer.update(from: former.initialSplit, count: block.count)
    settledSince.pointer.update(from: former.settledSince, count: block.count)
    concept.pointer.update(from: former.concept, count: block.count)
    memory.pointer.update(from: former.memory, count: block.count)
    presence.pointer.update(from: former.presence, count: block.count)
  }

  private func findDiverged() {
    let n = block.dimension
    for m in 0..<block.count where !isDiverged.pointer[m] {
      let state = block.states.pointer + m * n
      var sum = 0.0
      for i in 0..<n { sum += state[i] * 0 }  // NaN where any component is not finite
      if sum != 0 { isDiverged.pointer[m] = true }
    }
  }

  private func followConvergence(_ time: Int) {
    guard let tolerance = plan.convergence.tolerance, time > 0, let previous = store.values(.previousState)
    else {
      return
    }
    let n = block.dimension
    for m in 0..<block.count {
      var square = 0.0
      for i in m * n..<(m + 1) * n {
        let delta = block.states.pointer[i] - previous[i]
        square += delta * delta
      }
      if square.squareRoot() < tolerance {
        if settledSince.pointer[m] < 0 { settledSince.pointer[m] = Int32(truncatingIfNeeded: time) }
      } else {
        settledSince.pointer[m] = -1
      }
    }
  }

  /// The values of an observable, missing for diverged members, and where they are not finite.
  private func measured(_ observable: any Observable, row: Int) -> UnsafeMutablePointer<Double> {
    let out = values.pointer + row * blockSize
    observable.measure(snapshot, into: out)
    for m in 0..<block.count where isDiverged.pointer[m] || !out[m].isFinite { out[m] = .nan }
    return out
  }

  private func measure(_ unit: inout UnitProgress, time: Int) {
    let splitting = plan.splitting.map { measured($0, row: rows.splitting) }
    if let splitting, time == 0 { initialSplit.pointer.update(from: splitting, count: block.count) }
    for o in 0..<plan.observables.count {
      let out = measured(plan.observables[o], row: o)
      average(out, observable: o, splitting: splitting, time: time, into: &unit)
      if unit.records != nil, plan.recordsMembers, o < plan.recordedCount {
        for m in 0..<block.count {
          unit.records?.series[o][(unit.firstMember + m) * plan.times + time] = out[m]
        }
      }
    }
    if let labelling = plan.labelling {
      let labels = measured(labelling.observable, row: rows.label)
      self.count(labels, of: labelling, time: time, into: &unit)
    }
    if plan.recordsLatentStates, unit.records != nil { recordLatentStates(&unit, time: time) }
    sumDistances(&unit, time: time)
    if let distance = plan.conceptDistance {
      follow(measured(distance, row: rows.conceptDistance), concept, time: time)
    }
    if let distance = plan.memoryDistance {
      follow(measured(distance, row: rows.memoryDistance), memory, time: time)
    }
  }

  /// Counts the members that have each label, and records labels; members without a value are not counted.
  private func count(
    _ labels: UnsafePointer<Double>, of labelling: Labelling, time: Int, into unit: inout UnitProgress
  ) {
    let isRecorded = plan.recordsLabels && unit.records != nil
    for m in 0..<block.count where !labels[m].isNaN {
      let label = Int32(labels[m])
      let group = labelling.groupOfPosition[Int(positions.pointer[m])]
      unit.accumulator.labelCounts[layout.labelSlot(time: time, group: group, label: label)] += 1
      if isRecorded { unit.records?.labels[(unit.firstMember + m) * plan.times + time] = label }
    }
  }

  private func follow(
    _ distances: UnsafePointer<Double>, _ approaches: AlignedBuffer<ClosestApproach>, time: Int
  ) {
    for m in 0..<block.count { approaches.pointer[m].follow(distances[m], time: time) }
  }

  private func recordLatentStates(_ unit: inout UnitProgress, time: Int) {
    let n = block.dimension
    for m in 0..<block.count {
      let base = ((unit.firstMember + m) * plan.times + time) * n
      for i in 0..<n { unit.records?.latentStates[base + i] = block.states.pointer[m * n + i] }
    }
  }

  private func sumDistances(_ unit: inout UnitProgress, time: Int) {
    for (a, observable) in plan.approaches.elements.enumerated() {
      sum(measured(observable, row: rows.approaches + a), approach: a, time: time, into: &unit)
    }
  }

  /// Adds the distances to the sums of the items at hand, and the means of those that are complete to the unit's.
  private func sum(
    _ distances: UnsafePointer<Double>, approach a: Int, time: Int, into unit: inout UnitProgress
  ) {
    let slot = a * plan.times + time
    for m in 0..<block.count {
      let isPresent = distances[m].isFinite
      presence.pointer[m].follow(isPresent, approach: a, time: time)
      if isPresent && !isLeftOut.pointer[m] {
        unit.open.distances[slot].add(distances[m])
        if time == 0 { unit.accumulator.approachMembers[a] += 1 }
      }
      guard isLastOfItem.pointer[m] else { continue }
      let mean = unit.open.distances[slot].mean
      unit.open.distances[slot] = CountedSum()
      guard let mean else { continue }
      unit.accumulator.distances[slot].add(mean)
      guard searchedPlace[time] >= 0 else { continue }
      let item = Int(positions.pointer[m]) - unit.members.positions.lowerBound
      let place = a * (searchedWidth / layout.approaches) + searchedPlace[time]
      unit.itemDistances[item * searchedWidth + place] = mean
    }
  }

  private func average(
    _ out: UnsafePointer<Double>, observable o: Int, splitting: UnsafeMutablePointer<Double>?, time: Int,
    into unit: inout UnitProgress
  ) {
    let repeated = plan.realizations > 1
    for m in 0..<block.count {
      let position = Int(positions.pointer[m])
      let x = out[m]
      let part = splitting.flatMap { SeriesPart(splitBy: $0[m]) }
      let initialPart = SeriesPart(initiallySplitBy: initialSplit.pointer[m])
      unit.accumulator.members[layout.slot(observable: o, series: 0, time: time)].add(x)
      for g in plan.groupings.indices {
        let series = layout.series(ofGroup: plan.groupings[g].groupOfPosition[position], of: g)
        unit.accumulator.members[layout.slot(observable: o, series: series, time: time)].add(x)
      }
      if let part { add(x, to: part, observable: o, time: time, of: &unit) }
      if let initialPart { add(x, to: initialPart, observable: o, time: time, of: &unit) }
      guard repeated else { continue }
      if x.isFinite {
        unit.open.observables[layout.openSlot(observable: o, part: .all, time: time)].add(x)
        if let part { unit.open.observables[layout.openSlot(observable: o, part: part, time: time)].add(x) }
        if let initialPart {
          unit.open.observables[layout.openSlot(observable: o, part: initialPart, time: time)].add(x)
        }
      }
      if isLastOfItem.pointer[m] {
        for part in layout.parts {
          let k = layout.openSlot(observable: o, part: part, time: time)
          unit.accumulator.addItem(
            unit.open.observables[k], observable: o, part: part, time: time, position: position, plan: plan)
          unit.open.observables[k] = CountedSum()
        }
      }
    }
  }

  /// Adds a member's value to a part's average.
  @inline(__always)
  private func add(
    _ x: Double, to part: SeriesPart, observable: Int, time: Int, of unit: inout UnitProgress
  ) {
    let slot = layout.slot(observable: observable, series: layout.series(of: part), time: time)
    unit.accumulator.members[slot].add(x)
  }

  private func finish(_ unit: inout UnitProgress) {
    for m in 0..<block.count {
      if isDiverged.pointer[m] { unit.accumulator.diverged += 1 }
      if presence.pointer[m].isUnsteady {
        unit.unsteadyMembers.append(Int32(truncatingIfNeeded: unit.firstMember + m))
      }
      let isConverged = settledSince.pointer[m] >= 0 && !isDiverged.pointer[m]
      let trajectory = TrajectorySummary(
        concept: concept.pointer[m], memory: memory.pointer[m], chordDistance: chordDistance(m),
        convergenceTime: isConverged ? Double(settledSince.pointer[m]) : .nan)
      averageScalars(of: trajectory, m, into: &unit)
      guard unit.records != nil else { continue }
      let state = UnsafePointer(block.states.pointer + m * block.dimension)
      unit.records?.append(
        block.members.pointer[m], position: positions.pointer[m], trajectory,
        outcome: isDiverged.pointer[m]
          ? .diverged
          : isConverged
            ? plan.convergence.outcome(ofSettled: state, hasMoved: settledSince.pointer[m] > 1) : .undecided)
    }
  }

  /// The distance of the own concept to the segment from z(0) to z(T); NaN where there is none.
  private func chordDistance(_ m: Int) -> Double {
    guard let first = store.values(.initialState), plan.conceptDistance != nil else { return .nan }
    let n = block.dimension
    var square = 0.0
    for i in m * n..<(m + 1) * n {
      let delta = block.states.pointer[i] - first[i]
      square += delta * delta
    }
    return Chord.distance(
      fromStart: concept.pointer[m].first, fromEnd: concept.pointer[m].last, length: square.squareRoot())
  }

  private func averageScalars(of trajectory: TrajectorySummary, _ m: Int, into unit: inout UnitProgress) {
    for (k, scalar) in MemberScalar.averaged.enumerated() {
      let value = scalar.value(of: trajectory)
      unit.accumulator.scalars[k].add(value)
      guard plan.realizations > 1, value.isFinite else { continue }
      unit.open.scalars[k].add(value)
    }
    guard plan.realizations > 1, isLastOfItem.pointer[m] else { return }
    unit.accumulator.addItem(scalars: unit.open.scalars)
    for k in unit.open.scalars.indices { unit.open.scalars[k] = CountedSum() }
  }
}
