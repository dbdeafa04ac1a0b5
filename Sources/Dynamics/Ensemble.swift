import Numerics
import Synchronization

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The engine: runs all members of a plan through a map and averages observables over them.
///
/// Members are cut into *units*, the grain of parallel work (see `UnitPartition`), and a unit
/// into *blocks* that a worker carries through all times while they stay in its cache. Units are fixed
/// by the plan alone, and merged in its order: results are the same bits for any number of threads, any
/// block size, for shards that are merged, and for a run that was interrupted and continued.
///
/// Memory: per worker one block, and a few units' accumulators (averages x times) and, where members are
/// recorded, series; nothing grows with the number of items beyond the plan.
public struct Ensemble<Map: DiscreteMap, Start: InitialCondition>: Sendable {
  private let map: Map
  private let start: Start
  private let plan: EnsemblePlan
  private let blockSize: Int
  private let threads: Int

  /// The members of a block by default; a multiple of every kernel's tile height.
  public static var defaultBlockSize: Int { 126 }

  /// - Parameters:
  ///   - map: The dynamical system.
  ///   - start: Where members start.
  ///   - plan: Which members, for how long, and what is measured.
  ///   - threads: Workers; all processors by default.
  ///   - blockSize: Members that a worker advances together.
  /// - Precondition: the map can supply the fields that the observables need.
  public init(
    map: Map, start: Start, plan: EnsemblePlan, threads: Int = Parallel.processorCount,
    blockSize: Int = Self.defaultBlockSize
  ) {
    precondition(threads >= 1 && blockSize >= 1)
    precondition(start.space == .latent || map.dataDimension > 0)
    self.map = map
    self.start = start
    self.plan = plan
    self.threads = threads
    self.blockSize = blockSize
  }

  /// Runs the ensemble, or a shard of it.
  ///
  /// - Parameters:
  ///   - segments: The consecutive segments of a shard; nil for the whole ensemble.
  ///   - state: Where to go on; nil starts anew.
  ///   - progress: Called now and then with the fraction done; returning false cancels the run.
  ///   - shouldStop: Asked by every worker after each step of a block; true cancels the run. A unit may
  ///     take minutes, a step does not.
  ///   - sink: Receives the units' records in the plan's order, from one thread at a time. An error
  ///     that it throws ends the run and is rethrown.
  ///   - segmentSink: Receives a shard's segments, in order, after their units' records.
  ///   - checkpointInterval: For how long a worker is in a unit before it hands over how far it came; then
  ///     again after that time, or twenty times what `checkpoint` took, if that is longer. The unit's sums and records
  ///     are copied each time. Nil: only when the run is cancelled.
  ///   - checkpoint: Called after each unit, after such a handing over, and at the end of a run that was cancelled, with
  ///     the state so far; every record of its finished units was handed to `sink` before. Errors end the run.
  /// - Returns: One entry per level; none for a shard.
  /// - Throws: `CancellationError` when cancelled, or what `sink`, `segmentSink` or `checkpoint` throw.
  /// - Complexity: O(members x steps x (parameters of the map + cost of the observables)).
  public func run(
    segments: Range<Int>? = nil, resuming state: consuming EnsembleState? = nil,
    progress: (@Sendable (Double) -> Bool)? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false },
    sink: (@Sendable (borrowing MemberRecords) throws -> Void)? = nil,
    segmentSink: (@Sendable (borrowing SegmentSums) throws -> Void)? = nil,
    checkpointInterval: Duration? = nil,
    checkpoint: (@Sendable (borrowing EnsembleState, _ isLast: Bool) throws -> Void)? = nil
  ) throws -> [LevelStatistics] {
    precondition((segments != nil) == (segmentSink != nil))
    let partition = UnitPartition(plan)
    let all = segments.map { partition.units(ofSegments: $0) } ?? 0..<partition.unitCount
    let firstPiece = state?.unitsDone ?? all.lowerBound
    let measured = Atomic<Int>(state?.measured ?? 0)
    let whole = Double(partition.memberCount(ofUnits: all) * plan.times)
    // No other copy where the run is new: its sums would be held twice.
    let merging = Mutex(Merging(state: state ?? EnsembleState(plan, segments: segments)))
    let merged = Atomic<Int>(firstPiece)
    let isCancelled = Atomic<Bool>(false)
    let pieces = all.upperBound - firstPiece
    let workers = max(1, min(threads, pieces))
    // A worker does not run ahead of the merging by more: results that wait take memory.
    let lead = 8 * workers
    let blocks = min(blockSize, plan.membersPerLevel)
    // Each worker's scratch memory is made once, here, and touched by that worker alone.
    let scratch = WorkerScratch(
      (0..<workers).map { _ in
        Worker(
          map: map, start: start, plan: plan, layout: Accumulator.Layout(plan), blockSize: blocks,
          sinks: sink != nil)
      })

    Parallel.forEach(pieces: pieces, threads: workers) { workerIndex, number in
      let piece = firstPiece + number
      while piece - merged.load(ordering: .relaxed) > lead, !isCancelled.load(ordering: .relaxed) {
        usleep(1000)
      }
      if isCancelled.load(ordering: .relaxed) { return }
      @Sendable func tell() {
        if isCancelled.load(ordering: .relaxed) { return }
        let done = Double(measured.load(ordering: .relaxed)) / whole
        if !(progress?(done) ?? true) { isCancelled.store(true, ordering: .relaxed) }
      }
      let clock = ContinuousClock()
      var told = clock.now
      var handover = told + (checkpointInterval ?? .zero)
      var (isMerged, former) = merging.withLock { ($0.state.unitsDone > piece, $0.state.following[piece]) }
      // Finished by an earlier process, and its turn has come already.
      if isMerged { return }
      if let progress = former, let block = progress.block,
        block.size != blocks || block.states.count != block.isDiverged.count * map.dimension
      {
        // Blocks of another size cannot be gone on with.
        measured.wrappingSubtract(progress.measured(times: plan.times), ordering: .relaxed)
        former = nil
      }
      let result = scratch.workers[workerIndex].run(partition.unit(piece), from: former.take()) {
        count, unit in
        measured.wrappingAdd(count, ordering: .relaxed)
        if shouldStop() { isCancelled.store(true, ordering: .relaxed) }
        if isCancelled.load(ordering: .relaxed) {
          merging.withLock { $0.state.following[piece] = unit() }
          return false
        }
        let now = clock.now
        if now - told > .milliseconds(100) {
          told = now
          merging.withLockIfAvailable { _ in tell() }
        }
        if let checkpointInterval, now >= handover {
          // Where another worker merges or saves: after the next step.
          merging.withLockIfAvailable { merging in
            if isCancelled.load(ordering: .relaxed) { return }
            merging.state.following[piece] = unit()
            merging.attempt(isCancelled) { try checkpoint?($0.state, false) }
            let end = clock.now
            handover = end + max(checkpointInterval, (end - now) * 20)
          }
        }
        return true
      }
      guard let result else { return }
      merging.withLock { merging in
        // Nothing follows a refusal or a failure.
        if merging.failure != nil { return }
        merging.attempt(isCancelled) {
          try $0.take(result, piece: piece, sink: sink, segmentSink: segmentSink, checkpoint: checkpoint)
        }
        merged.store(merging.state.unitsDone, ordering: .relaxed)
        tell()
      }
    }

    return try merging.withLock { merging in
      if let failure = merging.failure { throw failure }
      if isCancelled.load(ordering: .relaxed) {
        try checkpoint?(merging.state, true)
        throw CancellationError()
      }
      return merging.state.results
    }
  }
}

/// Scratch memory handed to workers by index.
private final class WorkerScratch<Map: DiscreteMap, Start: InitialCondition>: @unchecked Sendable {
  let workers: [Worker<Map, Start>]
  init(_ workers: [Worker<Map, Start>]) { self.workers = workers }
}

/// Merges units in the plan's order, whichever order they arrive in.
private struct Merging: Sendable {
  var state: EnsembleState
  var failure: (any Error)?

  init(state: EnsembleState) { self.state = state }

  /// Keeps the first error, which cancels the run.
  mutating func attempt(_ isCancelled: borrowing Atomic<Bool>, _ body: (inout Merging) throws -> Void) {
    do {
      try body(&self)
    } catch {
      failure = error
      isCancelled.store(true, ordering: .relaxed)
    }
  }

  mutating func take(
    _ result: UnitProgress, piece: Int, sink: (@Sendable (borrowing MemberRecords) throws -> Void)?,
    segmentSink: (@Sendable (borrowing SegmentSums) throws -> Void)?,
    checkpoint: (@Sendable (borrowing EnsembleState, _ isLast: Bool) throws -> Void)?
  ) throws {
    // Finished by an earlier process, and merged with the one before it after this worker asked.
    guard piece >= state.unitsDone else { return }
    state.following[piece] = result
    while let unit = state.following[state.unitsDone], unit.isFinished {
      state.following[state.unitsDone] = nil
      if let sink, let records = unit.records { try sink(records) }
      try state.merge(unit) { try segmentSink?($0) }
      try checkpoint?(state, false)
    }
  }
}
