import Numerics

/// Measures the members of a block at each time, and adds what it measures to the sums and records of their unit.
///
/// Scratch memory: one row of values per observable, made once per worker. Not synchronized: one worker uses it.
final class BlockMeasurement {
  private let plan: EnsemblePlan
  private let layout: Accumulator.Layout
  private let itemDistances: ItemDistanceLayout
  private let block: StateBlock
  private let store: FieldStore
  private let tracks: MemberTracks
  private let snapshot: Snapshot
  private let rows: RowOrder
  /// `[rows.count, block.capacity]`.
  private let values: AlignedBuffer<Double>

  /// The row of `values` to which each measurement is written. The rows of the observables come first.
  private struct RowOrder {
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

  /// - Parameters:
  ///   - block: The members' states.
  ///   - store: The fields that the plan's observables read.
  ///   - tracks: What is followed of each member.
  init(
    _ plan: EnsemblePlan, layout: Accumulator.Layout, block: StateBlock, store: FieldStore,
    tracks: MemberTracks
  ) {
    precondition(plan.approaches.elements.count <= DistancePresence.mostApproaches)
    self.plan = plan
    self.layout = layout
    self.block = block
    self.store = store
    self.tracks = tracks
    itemDistances = ItemDistanceLayout(plan)
    snapshot = Snapshot(block: block, store: store)
    rows = RowOrder(plan)
    values = AlignedBuffer(count: rows.count * block.capacity)
  }

  /// Forgets the values that observables share. Must be called before a block is measured for the first time.
  func beginBlock() { snapshot.forgetShared() }

  // MARK: At each time

  /// Measures the block's members at one time. In a unit that is repeated, only distances to centres are measured.
  func measure(_ unit: inout UnitProgress, at time: Int) {
    snapshot.time = time
    tracks.findDiverged(in: block)
    if let tolerance = plan.convergence.tolerance, time > 0, let previous = store.values(.previousState) {
      tracks.followSteps(of: block, from: previous, below: tolerance, time: time)
    }
    if !unit.isRepeated { measureObservables(&unit, at: time) }
    sumDistances(&unit, at: time)
    if !unit.isRepeated { followClosestApproaches(at: time) }
  }

  /// The values of an observable. They are NaN for diverged members, and where the observable's value is not finite.
  private func values(of observable: any Observable, row: Int) -> UnsafeMutablePointer<Double> {
    let values = values.pointer + row * block.capacity
    observable.measure(snapshot, into: values)
    for m in 0..<block.count where tracks.isDiverged.pointer[m] || !values[m].isFinite { values[m] = .nan }
    return values
  }

  /// Averages the observables, and records them and the states if the plan asks for it.
  private func measureObservables(_ unit: inout UnitProgress, at time: Int) {
    let splitting = plan.splitting.map { values(of: $0, row: rows.splitting) }
    if let splitting, time == 0 { tracks.initialSplit.pointer.update(from: splitting, count: block.count) }
    for o in 0..<plan.observables.count {
      let values = values(of: plan.observables[o], row: o)
      average(values, ofObservable: o, splitBy: splitting, at: time, into: &unit)
      if plan.recordsMembers, o < plan.recordedCount {
        unit.records?.record(
          values, count: block.count, from: unit.firstMember, observable: o, time: time, times: plan.times)
      }
    }
    if let labelling = plan.labelling { countLabels(labelling, at: time, into: &unit) }
    if plan.recordsLatentStates {
      unit.records?.record(states: block, from: unit.firstMember, time: time, times: plan.times)
    }
  }

  /// Counts the members that have each label, and records the labels. Members without a value are not counted.
  private func countLabels(_ labelling: Labelling, at time: Int, into unit: inout UnitProgress) {
    let labels = values(of: labelling.observable, row: rows.label)
    for m in 0..<block.count where !labels[m].isNaN {
      let group = labelling.groupOfPosition[Int(tracks.positions.pointer[m])]
      unit.accumulator.labelCounts[layout.labelSlot(time: time, group: group, label: Int32(labels[m]))] += 1
    }
    if plan.recordsLabels {
      unit.records?.record(
        labels: labels, count: block.count, from: unit.firstMember, time: time, times: plan.times)
    }
  }

  private func followClosestApproaches(at time: Int) {
    if let distance = plan.conceptDistance {
      follow(values(of: distance, row: rows.conceptDistance), tracks.concept, at: time)
    }
    if let distance = plan.memoryDistance {
      follow(values(of: distance, row: rows.memoryDistance), tracks.memory, at: time)
    }
  }

  private func follow(
    _ distances: UnsafePointer<Double>, _ approaches: AlignedBuffer<ClosestApproach>, at time: Int
  ) {
    for m in 0..<block.count { approaches.pointer[m].follow(distances[m], time: time) }
  }

  /// Adds an observable's values to the averages over the members, and over the items that they complete.
  ///
  /// - Parameter splitting: The splitting observable at this time; nil where the plan has none.
  private func average(
    _ values: UnsafePointer<Double>, ofObservable o: Int, splitBy splitting: UnsafePointer<Double>?,
    at time: Int, into unit: inout UnitProgress
  ) {
    let hasRealizations = plan.realizations > 1
    for m in 0..<block.count {
      let x = values[m]
      let position = Int(tracks.positions.pointer[m])
      let part = splitting.flatMap { SeriesPart(splitBy: $0[m]) }
      let initialPart = SeriesPart(initiallySplitBy: tracks.initialSplit.pointer[m])
      unit.accumulator.members[layout.slot(observable: o, series: 0, time: time)].add(x)
      for g in plan.groupings.indices {
        let series = layout.series(ofGroup: plan.groupings[g].groupOfPosition[position], of: g)
        unit.accumulator.members[layout.slot(observable: o, series: series, time: time)].add(x)
      }
      if let part { add(x, to: part, observable: o, at: time, of: &unit) }
      if let initialPart { add(x, to: initialPart, observable: o, at: time, of: &unit) }
      guard hasRealizations else { continue }
      if x.isFinite {
        addToItem(x, in: .all, observable: o, at: time, of: &unit)
        if let part { addToItem(x, in: part, observable: o, at: time, of: &unit) }
        if let initialPart { addToItem(x, in: initialPart, observable: o, at: time, of: &unit) }
      }
      if tracks.completesItem.pointer[m] {
        finishItem(at: position, observable: o, at: time, of: &unit)
      }
    }
  }

  /// Adds a member's value to the average of one part of the members.
  @inline(__always)
  private func add(
    _ x: Double, to part: SeriesPart, observable: Int, at time: Int, of unit: inout UnitProgress
  ) {
    let slot = layout.slot(observable: observable, series: layout.series(of: part), time: time)
    unit.accumulator.members[slot].add(x)
  }

  /// Adds a member's value to the sum over its item's realizations in one part of the members.
  @inline(__always)
  private func addToItem(
    _ x: Double, in part: SeriesPart, observable: Int, at time: Int, of unit: inout UnitProgress
  ) {
    unit.unfinishedItem.observables[layout.itemSlot(observable: observable, part: part, time: time)].add(x)
  }

  /// Averages an observable over the realizations of an item that is now complete.
  private func finishItem(at position: Int, observable: Int, at time: Int, of unit: inout UnitProgress) {
    for part in layout.parts {
      let slot = layout.itemSlot(observable: observable, part: part, time: time)
      unit.accumulator.addItem(
        unit.unfinishedItem.observables[slot], observable: observable, part: part, time: time,
        position: position, plan: plan)
      unit.unfinishedItem.observables[slot] = CountedSum()
    }
  }

  // MARK: Distances to centres

  private func sumDistances(_ unit: inout UnitProgress, at time: Int) {
    for (a, observable) in plan.approaches.elements.enumerated() {
      sum(values(of: observable, row: rows.approaches + a), approach: a, at: time, into: &unit)
    }
  }

  /// Adds distances to the sums over items' realizations. The mean of an item now complete enters the unit's sums.
  private func sum(
    _ distances: UnsafePointer<Double>, approach a: Int, at time: Int, into unit: inout UnitProgress
  ) {
    let slot = layout.distanceSlot(approach: a, time: time)
    for m in 0..<block.count {
      let isPresent = distances[m].isFinite
      tracks.presence.pointer[m].follow(isPresent, approach: a, time: time)
      if isPresent && !tracks.isLeftOut.pointer[m] {
        unit.unfinishedItem.distances[slot].add(distances[m])
        if time == 0 { unit.accumulator.approachMembers[a] += 1 }
      }
      guard tracks.completesItem.pointer[m] else { continue }
      let mean = unit.unfinishedItem.distances[slot].mean
      unit.unfinishedItem.distances[slot] = CountedSum()
      guard let mean else { continue }
      unit.accumulator.distances[slot].add(mean)
      let item = Int(tracks.positions.pointer[m]) - unit.members.positions.lowerBound
      if let index = itemDistances.index(item: item, approach: a, time: time) {
        unit.itemDistances[index] = mean
      }
    }
  }

  // MARK: At the end

  /// Averages and records what is known of the block's members only after the last time.
  func finishBlock(_ unit: inout UnitProgress) {
    for m in 0..<block.count {
      if tracks.isDiverged.pointer[m] { unit.accumulator.diverged += 1 }
      if tracks.presence.pointer[m].isUnsteady {
        unit.unsteadyMembers.append(Int32(truncatingIfNeeded: unit.firstMember + m))
      }
      let trajectory = trajectory(of: m)
      averageScalars(of: trajectory, m, into: &unit)
      if unit.records != nil {
        unit.records?.append(
          block.members.pointer[m], position: tracks.positions.pointer[m], trajectory, outcome: outcome(of: m)
        )
      }
    }
  }

  private func trajectory(of m: Int) -> TrajectorySummary {
    TrajectorySummary(
      concept: tracks.concept.pointer[m], memory: tracks.memory.pointer[m],
      chordDistance: chordDistance(of: m),
      convergenceTime: tracks.isConverged(m) ? Double(tracks.settledSince.pointer[m]) : .nan)
  }

  /// The distance of the own concept from the segment from z(0) to z(T); NaN where there is none.
  private func chordDistance(of m: Int) -> Double {
    guard let first = store.values(.initialState), plan.conceptDistance != nil else { return .nan }
    let n = block.dimension
    var square = 0.0
    for i in m * n..<(m + 1) * n {
      let delta = block.states.pointer[i] - first[i]
      square += delta * delta
    }
    let concept = tracks.concept.pointer[m]
    return Chord.distance(fromStart: concept.first, fromEnd: concept.last, length: square.squareRoot())
  }

  private func outcome(of m: Int) -> Outcome {
    if tracks.isDiverged.pointer[m] { return .diverged }
    guard tracks.isConverged(m) else { return .undecided }
    return plan.convergence.outcome(
      ofSettled: UnsafePointer(block.states.pointer + m * block.dimension),
      hasMoved: tracks.settledSince.pointer[m] > 1)
  }

  private func averageScalars(of trajectory: TrajectorySummary, _ m: Int, into unit: inout UnitProgress) {
    for (k, scalar) in MemberScalar.averaged.enumerated() {
      let value = scalar.value(of: trajectory)
      unit.accumulator.scalars[k].add(value)
      guard plan.realizations > 1, value.isFinite else { continue }
      unit.unfinishedItem.scalars[k].add(value)
    }
    guard plan.realizations > 1, tracks.completesItem.pointer[m] else { return }
    unit.accumulator.addItem(scalars: unit.unfinishedItem.scalars)
    for k in unit.unfinishedItem.scalars.indices { unit.unfinishedItem.scalars[k] = CountedSum() }
  }
}
