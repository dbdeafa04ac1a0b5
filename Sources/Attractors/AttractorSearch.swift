import Dynamics
import Numerics
import Synchronization

/// How one start of a search for attractors ended.
public struct AttractorDecision: Sendable, Hashable {
  /// The outcome: converged, a cycle, slow, diverged or undecided.
  public var outcome = Outcome.undecided
  /// The catalogue's index of the set reached; -1 for none.
  public var set: Int32 = -1
  /// The first t with |z(t) - z(t-1)| below the tolerance (for a cycle |z(t) - z(t-p)|), or the time at which the
  /// orbit diverged; -1 for none. From the time when it enters a trapping ball, the orbit is continued with the
  /// linearized map. A cycle without a ball is recognized only at the end of a round, up to 256 steps late.
  public var time: Int32 = -1

  /// Undecided.
  public init() {}

  /// Creates a decision.
  public init(outcome: Outcome, set: Int32, time: Int32) {
    self.outcome = outcome
    self.set = set
    self.time = time
  }
}

/// Finds the attractors of an autonomous map, and which of them each initial state reaches.
///
/// 1. Orbits are iterated plainly, in rounds. Only plain iteration determines where they go.
/// 2. Between rounds Newton's method is tried where steps have become small or an orbit has come back to itself.
/// The sets that it finds join the catalogue. Stable ones get a `TrappingBall` if the map can bound its remainder.
/// 3. Orbits that have not settled after some thousand steps are looked at: two windows of their motion show whether
/// they move on a closed curve, a quasi-periodic or a chaotic set, or on a long cycle (`RecurrentAnalysis`).
/// 4. An orbit is decided when it lies in a trapping ball (which proves where it goes), or when its step is below
/// the tolerance and Newton's method confirms a stable set at that place, or when it moves on a recurrent set. A
/// small step alone decides nothing,
/// because the orbit may be passing a ghost or a saddle.
///
/// Rounds depend only on the starts, so results have the same bits for any number of threads.
///
/// Memory: 4096 orbits at a time, and one `Decision` per start.
public final class AttractorSearch<Map: DifferentiableMap, Start: InitialCondition>: @unchecked Sendable {
  /// What a search looks for, and when it gives an orbit up.
  public struct Settings: Sendable {
    /// The step below which an orbit has settled, if a root confirms it. A Euclidean length of latent states.
    public var tolerance = 1e-10
    /// The number of steps after which an orbit is given up.
    public var maximumSteps = 100_000
    /// The longest period of cycles that are sought while orbits are iterated. Longer ones are found when orbits are
    /// looked at.
    public var maximumPeriod = 8
    /// Whether orbits that do not settle are looked at for recurrent motion and for long cycles.
    public var looksForRecurrence = true
    /// The distance of latent states below which findings that are alike are one set. Two stable sets remain two if
    /// their balls of proven contraction, or an unstable set between them, tell them apart.
    public var mergeDistance = 1e-6
    /// Whether orbits are decided as soon as they lie in a ball of proven contraction.
    public var usesTrappingBalls = true
    /// Whether the row of an orbit that has ended is given to a waiting orbit at once.
    public var refillsBlocks = true

    /// The defaults of a scenario.
    public init() {}
  }

  /// How far a call of `decide(_:)` has come.
  public struct Progress: Sendable, Hashable {
    /// The fraction of all steps that are done, as far as the orbits that have ended tell.
    public var fraction: Double
    /// The number of orbits that are decided.
    public var decided: Int
    /// The number of orbits that have not settled after some thousand steps and are still under way.
    public var unsettled: Int
  }

  /// How one start ended.
  public typealias Decision = AttractorDecision

  /// The map whose attractors are searched.
  public let map: Map
  /// What is sought, and when an orbit is given up.
  public let settings: Settings
  /// All sets found so far, stable or not, in order of discovery.
  public internal(set) var sets: [InvariantSet] = []
  /// The number of steps of plain iteration so far, summed over all orbits.
  public internal(set) var iterations = 0
  /// The number of orbits that were decided by a trapping ball.
  public internal(set) var decidedByBall = 0
  /// The states of orbits that did not settle, `keptStates` of them at most, with their positions in the members of
  /// the last call of `decide(_:)`.
  public internal(set) var unsettled: [(start: Int, state: [Double])] = []
  /// States that the first orbits passed. The census uses them.
  public internal(set) var samples: [[Double]] = []

  let start: Start
  let seed: UInt64
  private let noise: NoiseSource
  let threads: Int
  /// The call of `decide(_:)` under way; nil between calls.
  var queue: OrbitQueue?
  /// The number of examinations of orbits for recurrent motion that found no set.
  var fruitlessExaminations = 0
  /// Evaluates the map at single states, between rounds.
  let evaluator: LinearizedOrbit<Map>
  /// The trapping balls of stable sets, by the catalogue's index.
  var balls: [(set: Int32, ball: TrappingBall)] = []
  /// Places on kinks that Newton's method found but that are no isolated sets.
  var refused: [InvariantSet] = []
  /// The linearized maps about sets that have balls, by the catalogue's index.
  var continuations: [Int32: LinearContinuation] = [:]
  /// The largest number of places in `refused`.
  static var mostRefused: Int { 256 }
  /// The largest number of orbits under way.
  static var poolCapacity: Int { 4096 }
  /// The largest number of Newton's attempts in a round that are not to decide an orbit.
  static var attemptsPerRound: Int { 24 }
  /// Settled orbits are examined one after another while fewer sets than this are known, and later all at once.
  static var settledAtOnce: Int { 64 }
  /// The largest number of states in `unsettled`.
  static var keptStates: Int { 32 }
  /// The largest number of states in `samples`.
  static var keptSamples: Int { 128 }
  /// The time at which an orbit is first looked at for recurrent motion.
  static var firstLook: Int32 { 2048 }
  /// The step at which Newton's method is first tried, relative to max(1, |z|).
  private static var firstAttempt: Double { 0.02 }

  /// - Parameters:
  ///   - map: An autonomous map.
  ///   - start: Where members start.
  ///   - seed: The scenario's seed, for the starts' random numbers.
  ///   - threads: The number of threads; the results do not depend on it.
  ///   - settings: What is sought, and when an orbit is given up.
  public init(map: Map, start: Start, seed: UInt64, threads: Int, settings: Settings = Settings()) {
    precondition(map.isAutonomous, "attractors are of autonomous maps")
    precondition(threads >= 1 && settings.tolerance > 0 && settings.maximumPeriod >= 1)
    self.map = map
    self.start = start
    self.settings = settings
    self.seed = seed
    self.threads = threads
    evaluator = LinearizedOrbit(map)
    noise = NoiseSource(seed: seed)
  }

  /// Finds out where `members` go.
  ///
  /// It may be called again with further members, and the catalogue remains.
  ///
  /// - Parameters:
  ///   - members: The starts, by the addresses of their initial states.
  ///   - progress: Called between rounds. Returning false cancels the search.
  ///   - shouldStop: Asked before each step of a block. True cancels the search.
  /// - Returns: One decision per member, in their order.
  /// - Throws: `CancellationError` if the search is cancelled.
  /// - Complexity: O(steps until decided, summed over members, x parameters).
  public func decide(
    _ members: [Member], progress: ((Progress) -> Bool)? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> [Decision] {
    if queue == nil { unsettled = [] }
    return try decide(
      count: members.count, progress: progress, shouldStop: shouldStop
    ) { pool, first in
      begin(pool, from: first, members)
      for index in first..<pool.count where samples.count < Self.keptSamples / 2 {
        samples.append(pool.stateArray(index))
      }
    }
  }

  /// Finds out where given latent states z(0), shape `[states][N]`, go.
  ///
  /// - Throws: `CancellationError` if the search is cancelled.
  public func decide(
    from states: [[Double]], shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> [Decision] {
    let kept = unsettled  // these belong to members
    defer { unsettled = kept }
    return try decide(count: states.count, progress: nil, shouldStop: shouldStop) { pool, first in
      for index in first..<pool.count {
        let state = states[Int(pool.orbits.pointer[index].start)]
        for i in 0..<map.dimension { pool.state(index)[i] = state[i] }
      }
    }
  }

  private func decide(
    count: Int, progress: ((Progress) -> Bool)?, shouldStop: @escaping @Sendable () -> Bool,
    begin: (OrbitPool, Int) -> Void
  ) throws -> [Decision] {
    let queue =
      self.queue ?? OrbitQueue(count: count, dimension: map.dimension, capacity: poolCapacity(count))
    precondition(queue.decisions.count == count, "a call is continued with the members that it began with")
    self.queue = queue
    defer { self.queue = nil }
    let pool = queue.pool
    let workers = WorkerScratch((0..<threads).map { _ in OrbitWorker(map, capacity: BlockSize.standard) })
    while queue.taken < count || pool.count > 0 {
      let wanted =
        settings.refillsBlocks
        ? min(pool.capacity, BlockSize.standard << min(queue.round, 20)) : pool.capacity
      let first = pool.count
      while pool.count < wanted, queue.taken < count {
        pool.append(
          OrbitPool.Orbit(
            start: Int32(truncatingIfNeeded: queue.taken), nextAttempt: Self.firstAttempt,
            nextCycleAttempt: Self.firstAttempt, tolerance: settings.tolerance, nextLook: Self.firstLook))
        queue.taken += 1
      }
      begin(pool, first)
      guard try advance(pool, workers, round: queue.round, shouldStop: shouldStop) else {
        throw CancellationError()
      }
      let before = SearchEffort.Tally(pool, late: Self.firstLook)
      decideOrbits(pool, &queue.decisions, shouldStop: shouldStop)
      if shouldStop() { throw CancellationError() }
      queue.effort.count(from: before, to: SearchEffort.Tally(pool, late: Self.firstLook))
      queue.round += 1
      if let progress, !progress(self.progress(queue)) { throw CancellationError() }
    }
    return queue.decisions
  }

  /// The capacity of the pool of orbits for a number of members.
  func poolCapacity(_ count: Int) -> Int {
    settings.refillsBlocks ? min(Self.poolCapacity, max(count, 1)) : count
  }

  private func progress(_ queue: OrbitQueue) -> Progress {
    let pool = queue.pool
    return Progress(
      fraction: queue.effort.fraction(
        pool, waiting: queue.decisions.count - queue.taken, late: Self.firstLook,
        maximumSteps: settings.maximumSteps), decided: queue.taken - pool.count,
      unsettled: (0..<pool.count).count { pool.orbits.pointer[$0].time >= Self.firstLook })
  }

  /// Prepares the initial states of the pool's orbits from `first` on, and turns them into z(0).
  func begin(_ pool: OrbitPool, from first: Int, _ members: [Member]) {
    let added = pool.count - first
    let grain = BlockSize.standard
    let n = map.dimension
    Parallel.forEach(pieces: (added + grain - 1) / grain, threads: threads) { _, piece in
      let from = first + piece * grain
      let count = min(grain, pool.count - from)
      let block = StateBlock(
        dimension: n, dataDimension: self.map.dataDimension, capacity: count, start: self.start.space,
        hasRegion: self.start.hasRegion)
      block.count = count
      for row in 0..<count {
        let member = members[Int(pool.orbits.pointer[from + row].start)]
        block.members.pointer[row] = member
        self.start.prepare(
          member, into: block.initialState(of: row), region: block.clearedRegion(of: row), noise: self.noise)
      }
      var workspace = self.map.makeWorkspace(capacity: count)
      self.map.begin(block, noise: self.noise, workspace: &workspace)
      pool.state(from).update(from: block.states.pointer, count: count * n)
    }
  }

  /// Runs one round of plain iteration. Returns false if it was stopped.
  private func advance(
    _ pool: OrbitPool, _ workers: WorkerScratch<OrbitWorker<Map>>, round: Int,
    shouldStop: @escaping @Sendable () -> Bool
  ) throws -> Bool {
    let budget =
      settings.refillsBlocks
      ? max(2 * settings.maximumPeriod + 2, min(256, 16 << min(round, 20))) : settings.maximumSteps
    let shared = OrbitWorker<Map>.Round(
      pool: pool, blockSize: max(1, (pool.count + threads - 1) / threads), budget: budget,
      maximumSteps: settings.maximumSteps, maximumPeriod: settings.maximumPeriod,
      tolerance: settings.tolerance,
      balls: settings.usesTrappingBalls ? balls : [], refills: settings.refillsBlocks, shouldStop: shouldStop)
    let before = (0..<pool.count).reduce(0) { $0 + Int(pool.orbits.pointer[$1].time) }
    let next = Atomic<Int>(0)
    let isStopped = Atomic<Bool>(false)
    Parallel.forEach(pieces: workers.count, threads: workers.count) { _, piece in
      if !workers[piece].run(shared, next: next) { isStopped.store(true, ordering: .relaxed) }
    }
    iterations += (0..<pool.count).reduce(0) { $0 + Int(pool.orbits.pointer[$1].time) } - before
    return !isStopped.load(ordering: .relaxed)
  }
}
