import Numerics

/// One run of an ensemble or of a shard. It hands units to workers, and their results to the merging.
///
/// A worker takes the next unit, sleeps until the merging is close enough, carries the unit through all times, and
/// hands it to the merging, which one worker at a time does. Workers use `EnsembleProgress` without a lock and
/// `UnitMerging` with one.
final class EnsembleRun<Map: DiscreteMap, Start: InitialCondition>: Sendable {
  private let plan: EnsemblePlan
  /// N, the dimension of the latent states.
  private let dimension: Int
  private let partition: UnitPartition
  private let checkpointInterval: Duration?
  private let clock = ContinuousClock()
  /// The units that remain to be done.
  private let units: Range<Int>
  /// The most members that a worker carries together.
  private let blockSize: Int
  /// The workers. Each is made once and used by one thread at a time.
  private let workers: WorkerScratch<Worker<Map, Start>>
  /// How many units a worker may be ahead of the merging. There is a limit because waiting units take memory.
  private let mostUnitsAhead: Int
  private let progress: EnsembleProgress
  private let merging: Monitor<UnitMerging>

  /// How many finished units per worker may wait for the merging.
  private static var waitingUnitsPerWorker: Int { 8 }
  /// The time after which each worker again tells the observer how far the run is.
  private static var reportInterval: Duration { .milliseconds(100) }
  /// Before a worker makes the next checkpoint, it works at least this many times as long as its last one took.
  private static var workPerCheckpoint: Int { 20 }

  init(
    _ ensemble: Ensemble<Map, Start>, segments: Range<Int>?, state: consuming EnsembleState,
    checkpointInterval: Duration?, observer: (any EnsembleObserver)?
  ) {
    let plan = ensemble.plan
    self.plan = plan
    dimension = ensemble.map.dimension
    partition = UnitPartition(plan)
    self.checkpointInterval = checkpointInterval
    let all = segments.map(partition.units(ofSegments:)) ?? 0..<partition.unitCount
    units = state.unitsDone..<all.upperBound
    let blockSize = min(ensemble.blockSize, plan.membersPerLevel)
    self.blockSize = blockSize
    let layout = Accumulator.Layout(plan)
    workers = WorkerScratch(
      (0..<max(1, min(ensemble.threads, units.count))).map { _ in
        Worker(
          map: ensemble.map, start: ensemble.start, plan: plan, layout: layout, blockSize: blockSize,
          isObserved: observer != nil)
      })
    mostUnitsAhead = Self.waitingUnitsPerWorker * workers.count
    progress = EnsembleProgress(
      measured: state.measured, of: partition.memberCount(ofUnits: all) * plan.times, observer: observer)
    merging = Monitor(UnitMerging(into: state, observer: observer))
  }

  /// Runs all units.
  ///
  /// - Throws: `CancellationError` when cancelled, or what the observer throws.
  func results() throws -> [LevelStatistics] {
    Parallel.forEach(pieces: units.count, threads: workers.count) { worker, number in
      runUnit(units.lowerBound + number, by: workers[worker])
    }
    return try merging.withLock { try $0.results(isCancelled: progress.isCancelled) }
  }

  // MARK: One unit

  /// What there is to do in a unit.
  private enum Work {
    /// Nothing: an earlier process finished it, or the run is cancelled.
    case none
    /// All of it.
    case whole
    /// What an earlier process left to do.
    case rest(UnitProgress)
  }

  /// When a worker last told the observer how far the run is, and when it next hands over its unit for a checkpoint.
  private struct Schedule {
    var lastReport: ContinuousClock.Instant
    var nextCheckpoint: ContinuousClock.Instant
  }

  /// Carries a unit through all times and hands it to the merging.
  private func runUnit(_ index: Int, by worker: Worker<Map, Start>) {
    var former: UnitProgress?
    switch work(onUnit: index) {
    case .none: return
    case .whole: break
    case .rest(let progress): former = progress
    }
    let now = clock.now
    var schedule = Schedule(lastReport: now, nextCheckpoint: now + (checkpointInterval ?? .zero))
    let unit = worker.run(partition.unit(index), from: former.take()) { count, unit in
      continues(index, afterMeasuring: count, unit, &schedule)
    }
    guard let unit else { return }
    merging.withLock { merging in
      if !merging.add(unit, index: index) { progress.cancel() }
      progress.tellObserver()
    }
  }

  /// Sleeps until the merging is close to the unit, and finds out what there is to do in it.
  private func work(onUnit index: Int) -> Work {
    let work = merging.withLock(when: { index - $0.nextUnit <= mostUnitsAhead || progress.isCancelled }) {
      merging -> Work in
      if progress.isCancelled || merging.nextUnit > index { return .none }
      return merging.progress(ofUnit: index).map { .rest($0) } ?? .whole
    }
    guard case .rest(let former) = work, let block = former.block,
      block.size != blockSize || block.states.count != block.isDiverged.count * dimension
    else { return work }
    // No worker can continue a block of another size, so the unit begins again.
    progress.add(-former.measured(times: plan.times))
    return .whole
  }

  /// Does what is due after each time of a block: counts it, tells the observer, and ends the unit or hands it over.
  ///
  /// - Parameters:
  ///   - count: The members that were measured at this time for the first time.
  ///   - unit: Copies the unit in its present state.
  /// - Returns: Whether the unit goes on.
  private func continues(
    _ index: Int, afterMeasuring count: Int, _ unit: () -> UnitProgress, _ schedule: inout Schedule
  ) -> Bool {
    progress.add(count)
    progress.askObserver()
    if progress.isCancelled {
      merging.withLock { $0.keep(unit(), index: index) }
      return false
    }
    let now = clock.now
    if now - schedule.lastReport > Self.reportInterval {
      schedule.lastReport = now
      merging.withLockIfAvailable { _ in progress.tellObserver() }
    }
    if let checkpointInterval, now >= schedule.nextCheckpoint {
      // If another worker has the lock, this is tried again after the next time.
      merging.withLockIfAvailable { merging in
        if progress.isCancelled { return }
        merging.keep(unit(), index: index)
        if !merging.saveCheckpoint() { progress.cancel() }
        let end = clock.now
        schedule.nextCheckpoint = end + max(checkpointInterval, (end - now) * Self.workPerCheckpoint)
      }
    }
    return true
  }
}
