import Numerics
import Synchronization

/// One run of an ensemble, or of a shard of it: what its workers share.
///
/// A worker takes the next unit, waits until the merging is near enough, carries the unit through all times, and
/// hands it to the merging, which is done by one worker at a time.
final class EnsembleRun<Map: DiscreteMap, Start: InitialCondition>: Sendable {
  private let plan: EnsemblePlan
  private let dimension: Int
  private let partition: UnitPartition
  private let observer: (any EnsembleObserver)?
  private let checkpointInterval: Duration?
  private let clock = ContinuousClock()
  /// The units that are to do.
  private let units: Range<Int>
  /// Members times times of the ensemble or shard.
  private let whole: Double
  /// Of these, those that were measured.
  private let measured: Atomic<Int>
  /// Members that a worker carries together.
  private let blockSize: Int
  /// Each worker's scratch memory is made once, and touched by that worker alone.
  private let workers: WorkerScratch<Worker<Map, Start>>
  /// By how many units a worker may be ahead of the merging: results that wait take memory.
  private let lead: Int
  private let merging: Monitor<Merging>
  /// Set with the lock of `merging`, or before it is taken.
  private let isCancelled = Atomic<Bool>(false)

  /// Units per worker that may wait for the merging.
  private static var waitingUnitsPerWorker: Int { 8 }
  /// How often progress is told.
  private static var timeBetweenTellings: Duration { .milliseconds(100) }
  /// How many times as long as a checkpoint took a worker works until the next.
  private static var workPerCheckpoint: Int { 20 }

  init(
    _ ensemble: Ensemble<Map, Start>, segments: Range<Int>?, state: consuming EnsembleState,
    checkpointInterval: Duration?, observer: (any EnsembleObserver)?
  ) {
    let plan = ensemble.plan
    self.plan = plan
    dimension = ensemble.map.dimension
    partition = UnitPartition(plan)
    self.observer = observer
    self.checkpointInterval = checkpointInterval
    let all = segments.map(partition.units(ofSegments:)) ?? 0..<partition.unitCount
    units = state.unitsDone..<all.upperBound
    whole = Double(partition.memberCount(ofUnits: all) * plan.times)
    measured = Atomic(state.measured)
    let blockSize = min(ensemble.blockSize, plan.membersPerLevel)
    self.blockSize = blockSize
    let layout = Accumulator.Layout(plan)
    workers = WorkerScratch(
      (0..<max(1, min(ensemble.threads, units.count))).map { _ in
        Worker(
          map: ensemble.map, start: ensemble.start, plan: plan, layout: layout, blockSize: blockSize,
          isObserved: observer != nil)
      })
    lead = Self.waitingUnitsPerWorker * workers.count
    merging = Monitor(Merging(state: state))
  }

  /// Runs all units.
  ///
  /// - Throws: `CancellationError` when cancelled, or what the observer throws.
  func results() throws -> [LevelStatistics] {
    Parallel.forEach(pieces: units.count, threads: workers.count) { worker, number in
      carry(units.lowerBound + number, by: workers[worker])
    }
    return try merging.withLock { merging in
      if let failure = merging.failure { throw failure }
      if isCancelled.load(ordering: .relaxed) {
        try observer?.checkpoint(merging.state, isLast: true)
        throw CancellationError()
      }
      return merging.state.results
    }
  }

  // MARK: One unit

  /// When a worker last told of its unit, and when it is to hand it over.
  private struct Watch {
    var told: ContinuousClock.Instant
    var handover: ContinuousClock.Instant
  }

  /// What there is to do of a unit.
  private enum Work {
    /// Nothing: an earlier process finished it, or the run is cancelled.
    case none
    /// All of it.
    case whole
    /// What an earlier process left of it.
    case rest(UnitProgress)
  }

  /// Carries a unit through all times, and has it merged.
  private func carry(_ index: Int, by worker: Worker<Map, Start>) {
    var former: UnitProgress?
    switch work(on: index) {
    case .none: return
    case .whole: break
    case .rest(let progress): former = progress
    }
    let now = clock.now
    var watch = Watch(told: now, handover: now + (checkpointInterval ?? .zero))
    let result = worker.run(partition.unit(index), from: former.take()) { count, unit in
      goOn(index, afterMeasuring: count, unit, &watch)
    }
    guard let result else { return }
    merging.withLock { merging in
      // Nothing follows a refusal or a failure.
      if merging.failure != nil { return }
      merging.attempt(isCancelled) { try $0.take(result, index: index, observer) }
      tell()
    }
  }

  /// Waits until the merging is near the unit, and looks what is to do of it.
  private func work(on index: Int) -> Work {
    let work = merging.withLock(when: {
      index - $0.state.unitsDone <= lead || isCancelled.load(ordering: .relaxed)
    }) { merging -> Work in
      if isCancelled.load(ordering: .relaxed) || merging.state.unitsDone > index { return .none }
      return merging.state.following[index].map { .rest($0) } ?? .whole
    }
    if case .rest(let progress) = work, let block = progress.block,
      block.size != blockSize || block.states.count != block.isDiverged.count * dimension
    {
      // Blocks of another size cannot be gone on with.
      measured.wrappingSubtract(progress.measured(times: plan.times), ordering: .relaxed)
      return .whole
    }
    return work
  }

  /// What is done after each time of a block: ends the work, tells of it, or hands it over.
  ///
  /// - Parameter unit: Copies the unit's sums.
  /// - Returns: Whether the unit goes on.
  private func goOn(
    _ index: Int, afterMeasuring count: Int, _ unit: () -> UnitProgress, _ watch: inout Watch
  ) -> Bool {
    measured.wrappingAdd(count, ordering: .relaxed)
    if let observer, observer.shouldStop() { isCancelled.store(true, ordering: .relaxed) }
    if isCancelled.load(ordering: .relaxed) {
      merging.withLock { $0.state.following[index] = unit() }
      return false
    }
    let now = clock.now
    if now - watch.told > Self.timeBetweenTellings {
      watch.told = now
      merging.withLockIfAvailable { _ in tell() }
    }
    if let checkpointInterval, now >= watch.handover {
      // Where another worker merges or saves: after the next step.
      merging.withLockIfAvailable { merging in
        if isCancelled.load(ordering: .relaxed) { return }
        merging.state.following[index] = unit()
        merging.attempt(isCancelled) { try observer?.checkpoint($0.state, isLast: false) }
        let end = clock.now
        watch.handover = end + max(checkpointInterval, (end - now) * Self.workPerCheckpoint)
      }
    }
    return true
  }

  /// Tells the observer how far the run is, unless it is cancelled. Called with the lock of `merging`.
  private func tell() {
    if isCancelled.load(ordering: .relaxed) { return }
    let done = Double(measured.load(ordering: .relaxed)) / whole
    if let observer, !observer.progressed(to: done) { isCancelled.store(true, ordering: .relaxed) }
  }
}

/// Merges units in the plan's order, whichever order they arrive in.
private struct Merging: Sendable {
  var state: EnsembleState
  var failure: (any Error)?

  init(state: consuming EnsembleState) { self.state = state }

  /// Keeps the first error, which cancels the run.
  mutating func attempt(_ isCancelled: borrowing Atomic<Bool>, _ body: (inout Merging) throws -> Void) {
    do {
      try body(&self)
    } catch {
      failure = error
      isCancelled.store(true, ordering: .relaxed)
    }
  }

  mutating func take(_ result: UnitProgress, index: Int, _ observer: (any EnsembleObserver)?) throws {
    // Finished by an earlier process, and merged with the one before it after this worker asked.
    guard index >= state.unitsDone else { return }
    state.following[index] = result
    while let unit = state.following[state.unitsDone], unit.isFinished {
      state.following[state.unitsDone] = nil
      if let observer, let records = unit.records { try observer.receive(records) }
      try state.merge(unit) { try observer?.receive($0) }
      try observer?.checkpoint(state, isLast: false)
    }
  }
}
