import Numerics
import Synchronization

/// The engine: runs all members of a plan through a map and averages observables over them.
///
/// Members are cut into *units* of whole items, the grain of parallel work and of merging, and a unit
/// into *blocks* that a worker carries through all times while they stay in its cache. Units are fixed
/// by the plan alone, and merged in its order: results are the same bits for any number of threads and
/// any block size.
///
/// Memory: per worker one block, one unit's accumulators (averages x times), and where members are
/// recorded one unit's series (a unit holds whole items, so all realizations of one at the least); nothing
/// grows with the number of items beyond the plan.
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

  /// Runs the ensemble.
  ///
  /// - Parameters:
  ///   - progress: Called now and then with the fraction done; returning false cancels the run.
  ///   - shouldStop: Asked by every worker before each step of a block; true cancels the run. A unit may
  ///     take minutes, a step does not.
  ///   - sink: Receives the units' records in the plan's order, from one thread at a time. An error
  ///     that it throws ends the run and is rethrown.
  /// - Returns: One entry per level.
  /// - Throws: `CancellationError` when cancelled, or what `sink` throws.
  /// - Complexity: O(members x steps x (parameters of the map + cost of the observables)).
  public func run(
    progress: (@Sendable (Double) -> Bool)? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false },
    sink: (@Sendable (borrowing MemberRecords) throws -> Void)? = nil
  ) throws -> [LevelStatistics] {
    let itemsPerUnit = max(1, Self.defaultBlockSize / plan.realizations)
    let unitsPerLevel = (plan.items.count + itemsPerUnit - 1) / itemsPerUnit
    let pieces = plan.levels.count * unitsPerLevel
    let layout = Accumulator.Layout(
      observables: plan.observables.count, times: plan.times, groupCounts: plan.groupings.map(\.count),
      isSplit: plan.splitting != nil)
    let merging = Mutex(
      Merging(plan: plan, layout: layout, unitsPerLevel: unitsPerLevel))
    let isCancelled = Atomic<Bool>(false)
    let workers = min(threads, pieces)
    let blocks = min(blockSize, plan.membersPerLevel)
    // Each worker's scratch memory is made once, here, and touched by that worker alone.
    let scratch = WorkerScratch(
      (0..<workers).map { _ in
        Worker(map: map, start: start, plan: plan, layout: layout, blockSize: blocks, sinks: sink != nil)
      })

    Parallel.forEach(pieces: pieces, threads: workers) { workerIndex, piece in
      if isCancelled.load(ordering: .relaxed) { return }
      let worker = scratch.workers[workerIndex]
      let level = piece / unitsPerLevel
      let first = (piece % unitsPerLevel) * itemsPerUnit
      let positions = first..<min(first + itemsPerUnit, plan.items.count)
      let result = worker.run(
        level: level, positions: positions, isCancelled: isCancelled, shouldStop: shouldStop)
      merging.withLock { state in
        // A unit that saw the cancellation is half done, and nothing follows a refusal or a failure.
        if isCancelled.load(ordering: .relaxed) { return }
        state.take(result, piece: piece, sink: sink)
        let goesOn = state.failure == nil && progress?(Double(state.next) / Double(pieces)) ?? true
        if !goesOn { isCancelled.store(true, ordering: .relaxed) }
      }
    }

    return try merging.withLock { state in
      if let failure = state.failure { throw failure }
      if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
      return state.results
    }
  }
}

/// Scratch memory handed to workers by index.
private final class WorkerScratch<Map: DiscreteMap, Start: InitialCondition>: @unchecked Sendable {
  let workers: [Worker<Map, Start>]
  init(_ workers: [Worker<Map, Start>]) { self.workers = workers }
}

/// What one unit leaves.
struct UnitResult: Sendable {
  var accumulator: Accumulator
  var positions: Range<Int>
  /// Sums of distances over an item's realizations `[items, approaches * times]`, or of the items' means
  /// `[approaches * times]` where there is no bootstrap.
  var distanceSums: [Double]
  /// How many numbers each of those sums holds.
  var distanceCounts: [Double]
  var records: MemberRecords?
}

/// Merges units in the plan's order, whichever order they arrive in.
private struct Merging: Sendable {
  let plan: EnsemblePlan
  let unitsPerLevel: Int
  var pending: [Int: UnitResult] = [:]
  var next = 0
  var level: Accumulator
  var bootstrap: ApproachBootstrap
  var results: [LevelStatistics] = []
  var failure: (any Error)?

  init(plan: EnsemblePlan, layout: Accumulator.Layout, unitsPerLevel: Int) {
    self.plan = plan
    self.unitsPerLevel = unitsPerLevel
    level = Accumulator(layout: layout, hasRealizations: plan.realizations > 1)
    bootstrap = ApproachBootstrap(
      seriesCount: plan.approaches.count, times: plan.times, replicates: plan.bootstrapReplicates,
      seed: plan.seed)
  }

  mutating func take(
    _ result: UnitResult, piece: Int, sink: (@Sendable (borrowing MemberRecords) throws -> Void)?
  ) {
    pending[piece] = result
    while failure == nil, let unit = pending.removeValue(forKey: next) {
      level.merge(unit.accumulator)
      if bootstrap.replicates > 0 {
        let means = zip(unit.distanceSums, unit.distanceCounts).map { $0 / $1 }  // 0 / 0: missing
        bootstrap.add(means, items: plan.items[unit.positions])
      } else {
        bootstrap.add(sums: unit.distanceSums, counts: unit.distanceCounts)
      }
      if let sink, let records = unit.records {
        do { try sink(records) } catch { failure = error }
      }
      next += 1
      if next % unitsPerLevel == 0 {
        results.append(
          level.levelStatistics(
            level: plan.levels[next / unitsPerLevel - 1], memberCount: plan.membersPerLevel,
            approaches: bootstrap.approaches()))
        level.reset()
        bootstrap.reset()
      }
    }
  }
}
