import Numerics

/// The engine: runs all members of a plan through a map and averages observables over them.
///
/// Members are cut into *units*, the grain of parallel work (see `UnitPartition`), and each unit into *blocks*. A
/// worker carries a block through all times while it stays in the worker's cache. Units are fixed by the plan alone and
/// merged in its order. So the results have the same bits for any number of threads, for any block size, for shards
/// that are merged, and for a run that was interrupted and continued.
///
/// Memory: per worker one block and a few units' accumulators (averages x times), and the units' series if members are
/// recorded. Nothing else grows with the number of items.
public struct Ensemble<Map: DiscreteMap, Start: InitialCondition>: Sendable {
  let map: Map
  let start: Start
  let plan: EnsemblePlan
  let blockSize: Int
  let threads: Int

  /// - Parameters:
  ///   - map: The dynamical system.
  ///   - start: Where members start.
  ///   - plan: The members, how long they run, and what is measured.
  ///   - threads: The number of workers; by default, that of all processors.
  ///   - blockSize: The number of members that a worker advances together.
  /// - Precondition: The map can supply the fields that the observables need.
  public init(
    map: Map, start: Start, plan: EnsemblePlan, threads: Int = Parallel.processorCount,
    blockSize: Int = BlockSize.standard
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
  ///   - state: The state to continue from; nil for a new run.
  ///   - checkpointInterval: How long a worker works on a unit before it hands over its progress. It does so again
  ///     after that time or, if that is longer, after twenty times what the observer's `checkpoint` took. The unit's
  ///     sums and records are copied each time. nil: only a run that is cancelled hands over progress.
  ///   - observer: Accompanies the run. If it is nil, no records of members are made.
  /// - Returns: One entry per level; none for a shard.
  /// - Precondition: A shard has an observer, which receives its segments.
  /// - Throws: `CancellationError` when cancelled, or what the observer throws.
  /// - Complexity: O(members x steps x (parameters of the map + cost of the observables)).
  public func run(
    segments: Range<Int>? = nil, resuming state: consuming EnsembleState? = nil,
    checkpointInterval: Duration? = nil, observer: (any EnsembleObserver)? = nil
  ) throws -> [LevelStatistics] {
    precondition(segments == nil || observer != nil)
    // A new state must not be held here, or its sums would be held twice.
    let run = EnsembleRun(
      self, segments: segments, state: state ?? EnsembleState(plan, segments: segments),
      checkpointInterval: checkpointInterval, observer: observer)
    return try run.results()
  }
}
