import Dynamics
import Numerics
import Synchronization

/// How one start of a search for attractors ended.
public struct AttractorDecision: Sendable, Hashable {
  /// The outcome: converged, a cycle, slow, diverged or undecided.
  public var outcome = Outcome.undecided
  /// The catalogue's index of the set reached; -1 for none.
  public var set: Int32 = -1
  /// The first t with |z(t) - z(t-1)| below the tolerance (for a cycle |z(t) - z(t-p)|), -1 for none.
  /// From where the orbit enters a trapping ball it is continued with the linearized map. A cycle without a ball is
  /// recognized at the end of a round, up to 256 steps late.
  public var time: Int32 = -1
}

/// Finds the attractors of an autonomous map, and which of them each initial state reaches.
///
/// 1. Orbits are iterated plainly, in rounds. Nothing but plain iteration decides where they go.
/// 2. Between rounds Newton's method is tried where steps have become small or an orbit has come back
///    to itself. What it finds joins the catalogue; stable finds get a `TrappingBall` where the map
///    can bound its remainder.
/// 3. An orbit is decided when it lies in a trapping ball (proven), or when its step is below the
///    tolerance and Newton's method confirms a stable set at that place. A small step alone decides
///    nothing: it may be the passage of a ghost or of a saddle.
///
/// Rounds depend on the starts alone, so results are the same bits for any number of threads.
///
/// Memory: 4096 orbits at a time, and one `Decision` per start.
public final class AttractorSearch<Map: DifferentiableMap, Start: InitialCondition>: @unchecked Sendable {
  /// What a search looks for, and when it gives up.
  public struct Settings: Sendable {
    /// An orbit whose step is below this has settled, if a root confirms it.
    public var tolerance = 1e-10
    /// Steps before an orbit is given up.
    public var maximumSteps = 100_000
    /// The longest cycle looked for.
    public var maximumPeriod = 8
    /// Alike findings nearer than this are one set, unless two stable ones are told apart by their balls of proven contraction
    /// or by an unstable set between them. A distance of latent states.
    public var mergeDistance = 1e-6
    /// Whether orbits are decided as soon as they lie in a ball of proven contraction.
    public var usesTrappingBalls = true
    /// Whether a waiting orbit takes the row of one that has ended at once.
    public var refillsBlocks = true

    /// The defaults of a scenario.
    public init() {}
  }

  /// How one start ended.
  public typealias Decision = AttractorDecision

  /// The map whose attractors are searched.
  public let map: Map
  /// What is looked for, and when the search gives up.
  public let settings: Settings
  /// Everything found so far, in order of discovery: stable or not.
  public internal(set) var sets: [InvariantSet] = []
  /// Steps of plain iteration so far, of all orbits.
  public private(set) var iterations = 0
  /// How many decisions a trapping ball made.
  public internal(set) var decidedByBall = 0
  /// States of orbits that did not settle, at most `keptStates` of them, with their position in the members of
  /// the last call of `decide(_:)`.
  public internal(set) var unsettled: [(start: Int, state: [Double])] = []
  /// States passed by the first orbits, for the census.
  public internal(set) var samples: [[Double]] = []

  private let start: Start
  private let noise: NoiseSource
  let threads: Int
  /// Evaluates the map at single states, between rounds.
  let evaluator: LinearizedOrbit<Map>
  /// The trapping balls of stable sets, by the catalogue's index.
  var balls: [(set: Int32, ball: TrappingBall)] = []
  /// Places on kinks that Newton's method found and that are no isolated sets.
  var refused: [InvariantSet] = []
  /// The linearized maps about sets with balls, by the catalogue's index.
  var continuations: [Int32: LinearContinuation] = [:]
  /// The most places in `refused`.
  static var mostRefused: Int { 256 }
  /// The most orbits under way.
  private static var poolCapacity: Int { 4096 }
  /// The most attempts of Newton's method in a round that decide no orbit.
  static var attemptsPerRound: Int { 24 }
  /// While fewer sets are known, settled orbits are examined one after another, later all at once.
  static var settledAtOnce: Int { 64 }
  /// The most states in `unsettled`.
  static var keptStates: Int { 32 }
  /// The most states in `samples`.
  static var keptSamples: Int { 128 }
  /// Newton's method is first tried at steps of this size, relative to max(1, |z|).
  private static var firstAttempt: Double { 0.02 }

  /// - Parameters:
  ///   - map: An autonomous map.
  ///   - start: Where members start.
  ///   - seed: The scenario's seed, for the starts' random numbers.
  ///   - threads: How many share the work; the results do not depend on it.
  ///   - settings: What is looked for, and when the search gives up.
  public init(map: Map, start: Start, seed: UInt64, threads: Int, settings: Settings = Settings()) {
    precondition(map.isAutonomous, "attractors are of autonomous maps")
    precondition(threads >= 1 && settings.tolerance > 0 && settings.maximumPeriod >= 1)
    self.map = map
    self.start = start
    self.settings = settings
    self.threads = threads
    evaluator = LinearizedOrbit(map)
    noise = NoiseSource(seed: seed)
  }

  /// Decides where `members` go.
  ///
  /// May be called again with further members: the catalogue remains.
  ///
  /// - Parameters:
  ///   - progress: Called between rounds with the fraction decided; returning false cancels.
  ///   - shouldStop: Asked before each step of a block.
  ///   - members: The starts, by the addresses of their initial states.
  /// - Returns: One decision per member, in their order.
  /// - Throws: `CancellationError`.
  /// - Complexity: O(steps until decided, summed over members, x parameters).
  public func decide(
    _ members: [Member], progress: ((Double) -> Bool)? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> [Decision] {
    unsettled = []
    return try decide(
      count: members.count, progress: progress, shouldStop: shouldStop
    ) { pool, first in
      begin(pool, from: first, members)
      for index in first..<pool.count where samples.count < Self.keptSamples / 2 {
        samples.append(pool.stateArray(index))
      }
    }
  }

  /// Decides where given latent states z(0) go.
  ///
  /// - Throws: `CancellationError`.
  public func decide(
    from states: [[Double]], shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> [Decision] {
    let kept = unsettled  // those of members
    defer { unsettled = kept }
    return try decide(count: states.count, progress: nil, shouldStop: shouldStop) { pool, first in
      for index in first..<pool.count {
        let state = states[Int(pool.orbits.pointer[index].start)]
        for i in 0..<map.dimension { pool.state(index)[i] = state[i] }
      }
    }
  }

  private func decide(
    count: Int, progress: ((Double) -> Bool)?, shouldStop: @escaping @Sendable () -> Bool,
    begin: (OrbitPool, Int) -> Void
  ) throws -> [Decision] {
    var decisions = [Decision](repeating: Decision(), count: count)
    let pool = OrbitPool(
      dimension: map.dimension,
      capacity: settings.refillsBlocks ? min(Self.poolCapacity, max(count, 1)) : count)
    let workers = WorkerScratch((0..<threads).map { _ in OrbitWorker(map, capacity: BlockSize.standard) })
    var taken = 0
    var round = 0
    while taken < count || pool.count > 0 {
      let wanted =
        settings.refillsBlocks ? min(pool.capacity, BlockSize.standard << min(round, 20)) : pool.capacity
      let first = pool.count
      while pool.count < wanted, taken < count {
        pool.append(
          OrbitPool.Orbit(
            start: Int32(truncatingIfNeeded: taken), nextAttempt: Self.firstAttempt,
            nextCycleAttempt: Self.firstAttempt, tolerance: settings.tolerance))
        taken += 1
      }
      begin(pool, first)
      guard try advance(pool, workers, round: round, shouldStop: shouldStop) else {
        throw CancellationError()
      }
      decideOrbits(pool, &decisions, shouldStop: shouldStop)
      if shouldStop() { throw CancellationError() }
      round += 1
      if let progress, !progress(Double(taken - pool.count) / Double(max(count, 1))) {
        throw CancellationError()
      }
    }
    return decisions
  }

  /// Makes the initial states of the pool's orbits from `first` on, and z(0) of them.
  private func begin(_ pool: OrbitPool, from first: Int, _ members: [Member]) {
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

  /// One round of plain iteration; false where it was stopped.
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
