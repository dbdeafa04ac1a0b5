import Numerics
import Synchronization

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
  /// `[observables + approaches + splitting + closest + closestMemory, blockSize]`.
  private let values: AlignedBuffer<Double>
  private let positions: AlignedBuffer<Int32>
  private let isDiverged: AlignedBuffer<Bool>
  private let closest: Minimum
  private let closestMemory: Minimum
  private let settledSince: AlignedBuffer<Int32>

  /// The smallest value of a distance so far, member by member, and the first and the last value.
  private struct Minimum {
    let time: AlignedBuffer<Int32>
    let distance: AlignedBuffer<Double>
    let first: AlignedBuffer<Double>
    let last: AlignedBuffer<Double>

    init(capacity: Int) {
      time = AlignedBuffer(count: capacity)
      distance = AlignedBuffer(count: capacity)
      first = AlignedBuffer(count: capacity)
      last = AlignedBuffer(count: capacity)
    }

    func begin(_ m: Int) {
      time.pointer[m] = -1
      distance.pointer[m] = .infinity
      first.pointer[m] = .nan
      last.pointer[m] = .nan
    }

    func follow(_ values: UnsafePointer<Double>, count: Int, time t: Int) {
      for m in 0..<count {
        if t == 0 { first.pointer[m] = values[m] }
        last.pointer[m] = values[m]
        guard values[m] < distance.pointer[m] else { continue }
        distance.pointer[m] = values[m]
        time.pointer[m] = Int32(truncatingIfNeeded: t)
      }
    }

    /// NaN where there is none.
    func value(_ m: Int) -> Double { distance.pointer[m].isFinite ? distance.pointer[m] : .nan }
    /// NaN where there is none.
    func timeValue(_ m: Int) -> Double { time.pointer[m] < 0 ? .nan : Double(time.pointer[m]) }

    func captured(_ count: Int) -> UnitProgress.Minimum {
      UnitProgress.Minimum(
        time: time.prefix(count), distance: distance.prefix(count), first: first.prefix(count),
        last: last.prefix(count))
    }

    func restore(_ former: UnitProgress.Minimum) {
      time.pointer.update(from: former.time, count: former.time.count)
      for (buffer, values) in [
        (distance, former.distance), (first, former.first), (last, former.last),
      ] {
        buffer.pointer.update(from: values, count: values.count)
      }
    }
  }

  init(map: Map, start: Start, plan: EnsemblePlan, layout: Accumulator.Layout, blockSize: Int, sinks: Bool) {
    self.map = map
    self.start = start
    self.plan = plan
    self.layout = layout
    self.blockSize = blockSize
    noise = NoiseSource(seed: plan.seed)
    records = sinks && (plan.recordsMembers || plan.recordsLatentStates)
    let searched = plan.hasBootstrap ? ApproachBootstrap.searchedTimes(plan.times) : []
    var place = [Int](repeating: -1, count: plan.times)
    for (k, time) in searched.enumerated() { place[time] = k }
    searchedPlace = place
    searchedWidth = plan.approaches.count * searched.count
    var needed: StateFields = plan.tolerance != nil ? .previousState : []
    if plan.closest != nil { needed.insert(.initialState) }
    let measured =
      plan.observables + plan.approaches
      + [plan.splitting, plan.closest, plan.closestMemory].compactMap { $0 }
    for observable in measured { needed.formUnion(observable.requiredFields) }
    precondition(map.availableFields.union(.kept).isSuperset(of: needed))
    fields = needed
    workspace = map.makeWorkspace(capacity: blockSize)
    block = StateBlock(
      dimension: map.dimension, dataDimension: map.dataDimension, capacity: blockSize,
      start: start.space, hasRegion: start.hasRegion)
    store = FieldStore(
      fields: needed, capacity: blockSize, dimension: map.dimension, dataDimension: map.dataDimension)
    snapshot = Snapshot(block: block, store: store)
    values = AlignedBuffer(count: (plan.observables.count + plan.approaches.count + 3) * blockSize)
    positions = AlignedBuffer(count: blockSize)
    isDiverged = AlignedBuffer(count: blockSize)
    closest = Minimum(capacity: blockSize)
    closestMemory = Minimum(capacity: blockSize)
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
    let memberCount = members.memberCount
    var unit = progress ?? empty(members)
    while unit.firstMember < memberCount {
      fillBlock(members, firstMember: unit.firstMember, count: min(blockSize, memberCount - unit.firstMember))
      guard runBlock(&unit, follow) else { return nil }
      unit.firstMember += block.count
    }
    // Only parts of items are merged.
    if !members.isPart { unit.open = OpenItem() }
    return unit
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
      firstMember: level * plan.membersPerLevel + range.lowerBound * plan.realizations
        + members.realizations.lowerBound, members: [],
      positions: [],
      series: plan.recordsMembers
        ? Array(
          repeating: Array(repeating: .nan, count: memberCount * plan.times),
          count: plan.recordedCount)
        : [],
      latentStates: plan.recordsLatentStates
        ? Array(repeating: .nan, count: memberCount * plan.times * map.dimension) : [],
      closestTime: [], closestDistance: [], closestMemoryTime: [], closestMemoryDistance: [],
      chordDistance: [], chordExcess: [], convergenceTime: [], outcomes: [])
    return unit
  }

  private func fillBlock(_ unit: UnitPartition.Unit, firstMember: Int, count: Int) {
    block.count = count
    let level = plan.levels[unit.level]
    let realizations = unit.realizations.count
    for m in 0..<count {
      let position = unit.positions.lowerBound + (firstMember + m) / realizations
      let member = Member(
        level: level, item: plan.items[position],
        realization: Int32(
          truncatingIfNeeded: unit.realizations.lowerBound + (firstMember + m) % realizations))
      block.members.pointer[m] = member
      positions.pointer[m] = Int32(position)
      isDiverged.pointer[m] = false
      closest.begin(m)
      closestMemory.begin(m)
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
      measure(&unit, time: time)
      guard follow(block.count, { capture(unit, time: time) }) else { return false }
    }
    finish(&unit)
    return true
  }

  /// The unit with the block at hand. The first states and the region are not in it: they come from the addresses.
  private func capture(_ unit: UnitProgress, time: Int) -> UnitProgress {
    var result = unit
    result.block = UnitProgress.Block(
      size: blockSize, time: time, states: block.states.prefix(block.count * block.dimension),
      isDiverged: isDiverged.prefix(block.count), settledSince: settledSince.prefix(block.count),
      closest: closest.captured(block.count), closestMemory: closestMemory.captured(block.count))
    return result
  }

  private func restore(_ former: UnitProgress.Block) {
    block.states.pointer.update(from: former.states, count: block.count * block.dimension)
    isDiverged.pointer.update(from: former.isDiverged, count: block.count)
    settledSince.pointer.update(from: former.settledSince, count: block.count)
    closest.restore(former.closest)
    closestMemory.restore(former.closestMemory)
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
    guard let tolerance = plan.tolerance, time > 0, let previous = store.values(.previousState) else {
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
  private func measured(_ observable: any Observable, _ index: Int) -> UnsafeMutablePointer<Double> {
    let out = values.pointer + index * blockSize
    observable.measure(snapshot, into: out)
    for m in 0..<block.count where isDiverged.pointer[m] || !out[m].isFinite { out[m] = .nan }
    return out
  }

  private func measure(_ unit: inout UnitProgress, time: Int) {
    let count = block.count
    let observables = plan.observables.count
    let splitting = plan.splitting.map { measured($0, observables + plan.approaches.count) }
    for o in 0..<observables {
      let out = measured(plan.observables[o], o)
      average(out, observable: o, splitting: splitting, time: time, into: &unit)
      if unit.records != nil, plan.recordsMembers, o < plan.recordedCount {
        for m in 0..<count { unit.records?.series[o][(unit.firstMember + m) * plan.times + time] = out[m] }
      }
    }
    if plan.recordsLatentStates, unit.records != nil {
      let n = block.dimension
      for m in 0..<count {
        let base = ((unit.firstMember + m) * plan.times + time) * n
        for i in 0..<n { unit.records?.latentStates[base + i] = block.states.pointer[m * n + i] }
      }
    }
    for (a, observable) in plan.approaches.enumerated() {
      let out = measured(observable, observables + a)
      let slot = a * plan.times + time
      for m in 0..<count {
        if out[m].isFinite { unit.open.distances[slot].add(out[m]) }
        guard unit.isFinished(with: block.members.pointer[m].realization) else { continue }
        let mean = unit.open.distances[slot].mean
        unit.open.distances[slot] = CountedSum()
        guard let mean else { continue }
        unit.accumulator.distances[slot].add(mean)
        guard searchedPlace[time] >= 0 else { continue }
        let item = Int(positions.pointer[m]) - unit.members.positions.lowerBound
        let place = a * (searchedWidth / plan.approaches.count) + searchedPlace[time]
        unit.itemDistances[item * searchedWidth + place] = mean
      }
    }
    if let observable = plan.closest {
      closest.follow(measured(observable, observables + plan.approaches.count + 1), count: count, time: time)
    }
    if let observable = plan.closestMemory {
      closestMemory.follow(
        measured(observable, observables + plan.approaches.count + 2), count: count, time: time)
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
      let part = splitting.map { $0[m] } ?? .nan  // 1, 0 or missing
      unit.accumulator.members[layout.slot(observable: o, series: 0, time: time)].add(x)
      for g in plan.groupings.indices {
        let series = layout.groupOffsets[g] + Int(plan.groupings[g].groupOfPosition[position])
        unit.accumulator.members[layout.slot(observable: o, series: series, time: time)].add(x)
      }
      if part.isFinite {
        let series = layout.splitOffset + (part == 1 ? 0 : 1)
        unit.accumulator.members[layout.slot(observable: o, series: series, time: time)].add(x)
      }
      guard repeated else { continue }
      let base = o * layout.parts * plan.times + time
      if x.isFinite {
        unit.open.observables[base].add(x)
        if part.isFinite { unit.open.observables[base + (part == 1 ? 1 : 2) * plan.times].add(x) }
      }
      if unit.isFinished(with: block.members.pointer[m].realization) {
        for part in 0..<layout.parts {
          let k = base + part * plan.times
          unit.accumulator.addItem(
            unit.open.observables[k], observable: o, part: part, time: time, position: position, plan: plan)
          unit.open.observables[k] = CountedSum()
        }
      }
    }
  }

  private func finish(_ unit: inout UnitProgress) {
    for m in 0..<block.count {
      if isDiverged.pointer[m] { unit.accumulator.diverged += 1 }
      let chord = chordDistance(m)
      averageScalars(m, chord: chord, into: &unit)
      guard unit.records != nil else { continue }
      let isConverged = settledSince.pointer[m] >= 0 && !isDiverged.pointer[m]
      unit.records?.members.append(block.members.pointer[m])
      unit.records?.positions.append(positions.pointer[m])
      unit.records?.closestTime.append(closest.time.pointer[m])
      unit.records?.closestDistance.append(closest.value(m))
      unit.records?.closestMemoryTime.append(closestMemory.time.pointer[m])
      unit.records?.closestMemoryDistance.append(closestMemory.value(m))
      unit.records?.chordDistance.append(chord)
      unit.records?.chordExcess.append(chord - closest.value(m))
      unit.records?.convergenceTime.append(isConverged ? settledSince.pointer[m] : -1)
      let state = UnsafePointer(block.states.pointer + m * block.dimension)
      unit.records?.outcomes.append(
        isDiverged.pointer[m]
          ? .diverged
          : !isConverged ? .undecided : plan.classifier?.outcome(ofSettled: state) ?? .converged)
    }
  }

  /// The distance of the own concept to the segment from z(0) to z(T); NaN where there is none.
  private func chordDistance(_ m: Int) -> Double {
    guard let first = store.values(.initialState), plan.closest != nil else { return .nan }
    let n = block.dimension
    var square = 0.0
    for i in m * n..<(m + 1) * n {
      let delta = block.states.pointer[i] - first[i]
      square += delta * delta
    }
    return Chord.distance(
      fromStart: closest.first.pointer[m], fromEnd: closest.last.pointer[m], length: square.squareRoot())
  }

  private func averageScalars(_ m: Int, chord: Double, into unit: inout UnitProgress) {
    let (conceptTime, memoryTime) = (closest.timeValue(m), closestMemory.timeValue(m))
    let later = (memoryTime - conceptTime).isNaN ? .nan : memoryTime > conceptTime ? 1.0 : 0
    // In the order of `MemberScalar`.
    let scalars = (
      conceptTime, closest.value(m), memoryTime, closestMemory.value(m), chord, chord - closest.value(m),
      later
    )
    withUnsafeBytes(of: scalars) { bytes in
      let values = bytes.assumingMemoryBound(to: Double.self)
      for k in values.indices {
        unit.accumulator.scalars[k].add(values[k])
        guard plan.realizations > 1, values[k].isFinite else { continue }
        unit.open.scalars[k].add(values[k])
      }
    }
    guard plan.realizations > 1, unit.isFinished(with: block.members.pointer[m].realization) else { return }
    unit.accumulator.addItem(scalars: unit.open.scalars)
    for k in unit.open.scalars.indices { unit.open.scalars[k] = CountedSum() }
  }
}
