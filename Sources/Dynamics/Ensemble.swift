import Numerics

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
  let map: Map
  let start: Start
  let plan: EnsemblePlan
  let blockSize: Int
  let threads: Int

  /// - Parameters:
  ///   - map: The dynamical system.
  ///   - start: Where members start.
  ///   - plan: Which members, for how long, and what is measured.
  ///   - threads: Workers; all processors by default.
  ///   - blockSize: Members that a worker advances together.
  /// - Precondition: the map can supply the fields that the observables need.
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
  ///   - state: Where to go on; nil starts anew.
  ///   - checkpointInterval: For how long a worker is in a unit before it hands over how far it came; then
  ///     again after that time, or twenty times what the observer's `checkpoint` took, if that is longer. The unit's
  ///     sums and records are copied each time. Nil: only when the run is cancelled.
  ///   - observer: Who accompanies the run; nil: nobody, and members' records are not made.
  /// - Returns: One entry per level; none for a shard.
  /// - Precondition: A shard has an observer, which receives its segments.
  /// - Throws: `CancellationError` when cancelled, or what the observer throws.
  /// - Complexity: O(members x steps x (parameters of the map + cost of the observables)).
  public func run(
    segments: Range<Int>? = nil, resuming state: consuming EnsembleState? = nil,
    checkpointInterval: Duration? = nil, observer: (any EnsembleObserver)? = nil
  ) throws -> [LevelStatistics] {
    precondition(segments == nil || observer != nil)
    // No other copy where the run is new: its sums would be held twice.
    let run = EnsembleRun(
      self, segments: segments, state: state ?? EnsembleState(plan, segments: segments),
      checkpointInterval: checkpointInterval, observer: observer)
    return try run.results()
  }
}
