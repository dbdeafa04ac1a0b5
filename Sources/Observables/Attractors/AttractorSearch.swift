import Dynamics
import Numerics
import Synchronization

/// Finds the attractors of an autonomous map, and which of them each initial state reaches.
///
/// 1. Orbits are iterated plainly, in rounds; nothing but plain iteration decides where they go.
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
  /// How a search is done.
  public struct Settings: Sendable {
    /// An orbit whose step is below this has settled, if a root confirms it.
    public var tolerance = 1e-10
    /// Steps before an orbit is given up.
    public var maximumSteps = 100_000
    /// The longest cycle looked for.
    public var maximumPeriod = 8
    /// Whether orbits are decided as soon as they lie in a ball of proven contraction.
    public var usesTrappingBalls = true
    /// Whether rows of settled orbits are used for waiting ones at once.
    public var refillsBlocks = true

    /// The defaults of a scenario.
    public init() {}
  }

  /// How one start ended.
  public struct Decision: Sendable, Hashable {
    /// How.
    public var outcome = Outcome.undecided
    /// The catalogue's index of the set reached; -1 for none.
    public var set: Int32 = -1
    /// The first t with |z(t) - z(t-1)| below the tolerance (for a cycle |z(t) - z(t-p)|), -1 for none.
    /// After entry into a trapping ball it is continued with the linearized map. A cycle without a ball is
    /// recognized at the end of a round, up to 256 steps late.
    public var time: Int32 = -1
  }

  /// What the search works on.
  public let map: Map
  /// How it is done.
  public let settings: Settings
  /// Everything found so far, in order of discovery: stable or not.
  public private(set) var sets: [InvariantSet] = []
  /// Steps of plain iteration so far, of all orbits.
  public private(set) var iterations = 0
  /// How many decisions a trapping ball made.
  public private(set) var decidedByBall = 0
  /// States of orbits that did not settle, at most `keptStates` of them, with their position in the members of
  /// the last call of `decide(_:)`.
  public private(set) var unsettled: [(start: Int, state: [Double])] = []
  /// States passed by the first orbits, for the census.
  public private(set) var samples: [[Double]] = []

  private let start: Start
  private let noise: NoiseSource
  private let threads: Int
  /// For single states, between rounds.
  private let evaluator: LinearizedOrbit<Map>
  private var balls: [(set: Int32, ball: TrappingBall)] = []
  private var continuations: [Int32: LinearContinuation] = [:]
  private static var poolCapacity: Int { 4096 }
  private static var blockSize: Int { 126 }
  private static var attemptsPerRound: Int { 24 }
  /// While fewer sets are known, settled orbits are looked at one after another, then all at once.
  private static var settledAtOnce: Int { 64 }
  private static var keptStates: Int { 32 }
  private static var keptSamples: Int { 128 }
  /// Newton's method is first tried at steps of this size, relative to max(1, |z|).
  private static var firstAttempt: Double { 0.02 }
  /// Two roots closer than this, relative to max(1, |z|), are one.
  private static var samePoint: Double { 1e-6 }

  /// - Parameters:
  ///   - map: An autonomous map.
  ///   - start: Where members start.
  ///   - seed: For the start's random numbers.
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
  /// May be called again with further members: the catalogue stays.
  ///
  /// - Parameters:
  ///   - progress: Called between rounds with the fraction decided; returning false cancels.
  ///   - shouldStop: Asked before each step of a block.
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
    let kept = unsettled  // of members
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
    let workers = (0..<threads).map { _ in OrbitWorker(map, capacity: Self.blockSize) }
    var taken = 0
    var round = 0
    while taken < count || pool.count > 0 {
      let wanted =
        settings.refillsBlocks ? min(pool.capacity, Self.blockSize << min(round, 20)) : pool.capacity
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
      takeStock(pool, &decisions, shouldStop: shouldStop)
      if shouldStop() { throw CancellationError() }
      round += 1
      if let progress, !progress(Double(taken - pool.count) / Double(max(count, 1))) {
        throw CancellationError()
      }
    }
    return decisions
  }

  /// x(0) or z(0), and from it z(0), of the pool's orbits from `first` on.
  private func begin(_ pool: OrbitPool, from first: Int, _ members: [Member]) {
    let added = pool.count - first
    let grain = Self.blockSize
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
        let isData = self.start.space == .data
        let width = isData ? block.dataDimension : n
        var region: UnsafeMutableBufferPointer<UInt8>?
        if self.start.hasRegion {
          region = block.region.slice(from: row * block.dataDimension, count: block.dataDimension)
        }
        self.start.prepare(
          member, into: (isData ? block.input : block.states).slice(from: row * width, count: width),
          region: region, noise: self.noise)
      }
      var workspace = self.map.makeWorkspace(capacity: count)
      self.map.begin(block, noise: self.noise, workspace: &workspace)
      pool.state(from).update(from: block.states.pointer, count: count * n)
    }
  }

  /// One round of plain iteration; false where it was stopped.
  private func advance(
    _ pool: OrbitPool, _ workers: [OrbitWorker<Map>], round: Int, shouldStop: @escaping @Sendable () -> Bool
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
    let team = WorkerTeam(workers)
    Parallel.forEach(pieces: workers.count, threads: workers.count) { _, piece in
      if !team.workers[piece].run(shared, next: next) { isStopped.store(true, ordering: .relaxed) }
    }
    iterations += (0..<pool.count).reduce(0) { $0 + Int(pool.orbits.pointer[$1].time) } - before
    return !isStopped.load(ordering: .relaxed)
  }

  // MARK: Between rounds

  /// An orbit at which Newton's method is tried.
  private struct Attempt {
    var index: Int
    var period: Int
    /// Whether the orbit's outcome hangs on it.
    var decides: Bool
    var size: Double
  }

  private func takeStock(
    _ pool: OrbitPool, _ decisions: inout [Decision], shouldStop: @escaping @Sendable () -> Bool
  ) {
    var attempts: [Attempt] = []
    var settled: [Int] = []
    var optional: [Attempt] = []
    var isDone = [Bool](repeating: false, count: pool.count)
    for index in 0..<pool.count {
      let orbit = pool.orbits.pointer[index]
      let scale = max(1, norm(pool.stateArray(index)))
      let isLast = Int(orbit.time) >= settings.maximumSteps
      switch orbit.end {
      case .diverged:
        decisions[Int(orbit.start)] = Decision(outcome: .diverged, set: -1, time: orbit.time)
        isDone[index] = true
      case .trapped:
        decisions[Int(orbit.start)] = trapped(orbit, state: pool.stateArray(index))
        decidedByBall += 1
        isDone[index] = true
      case .settled: settled.append(index)
      case .paused, .waiting:
        if orbit.period > 1, orbit.recurrence < orbit.nextCycleAttempt * scale {
          let decides = orbit.recurrence < settings.tolerance || isLast
          let attempt = Attempt(
            index: index, period: Int(orbit.period), decides: decides, size: orbit.recurrence)
          if decides { attempts.append(attempt) } else { optional.append(attempt) }
        } else if isLast {
          attempts.append(Attempt(index: index, period: 1, decides: true, size: orbit.step))
        } else if orbit.step < orbit.nextAttempt * scale, !isNearBall(pool.stateArray(index)) {
          optional.append(Attempt(index: index, period: 1, decides: false, size: orbit.step))
        }
      }
      if samples.count < Self.keptSamples { samples.append(pool.stateArray(index)) }
    }
    // Most settled orbits are at few points: what the first of them show confirms the others.
    var waiting = settled[...]
    while let first = waiting.popFirst() {
      let orbit = pool.orbits.pointer[first]
      if let set = confirmed(pool.stateArray(first)) {
        decisions[Int(orbit.start)] = Decision(outcome: .converged, set: set, time: orbit.time)
        isDone[first] = true
        continue
      }
      let attempt = Attempt(index: first, period: 1, decides: true, size: orbit.step)
      guard sets.count < Self.settledAtOnce else {
        attempts.append(attempt)
        continue
      }
      let found = solve([(pool.stateArray(first), 1)], shouldStop: shouldStop)
      isDone[first] = judge(pool, attempt, found[0], absorb(found.map { $0?.set })[0], &decisions)
    }
    optional.sort { ($0.size, $0.index) < ($1.size, $1.index) }
    attempts += optional.prefix(Self.attemptsPerRound)
    let found = solve(attempts.map { (pool.stateArray($0.index), $0.period) }, shouldStop: shouldStop)
    let indices = absorb(found.map { $0?.set })
    for (attempt, (root, set)) in zip(attempts, zip(found, indices)) {
      isDone[attempt.index] = judge(pool, attempt, root, set, &decisions)
    }
    pool.keep { !isDone[$0] }
  }

  /// The stable fixed point that a settled orbit has come to, if Newton's method found it before.
  private func confirmed(_ state: [Double]) -> Int32? {
    let scale = max(1, norm(state))
    var displacement: [Double]?
    for (index, set) in sets.enumerated() where set.period == 1 && set.isStable {
      guard norm(difference(state, set.points[0])) <= 1e-4 * scale else { continue }
      let moved = displacement ?? difference(evaluator.image(of: state), state)
      displacement = moved
      if set.explains(displacement: moved, at: state) { return Int32(index) }
    }
    return nil
  }

  /// Whether an orbit is so near to a trapping ball that Newton's method would most likely find its centre again.
  private func isNearBall(_ state: [Double]) -> Bool {
    settings.usesTrappingBalls && balls.contains { $0.ball.isNear(state, factor: 10) }
  }

  /// What Newton's method says about one orbit; true where that decides it.
  private func judge(
    _ pool: OrbitPool, _ attempt: Attempt, _ root: Finding?, _ set: Int32?, _ decisions: inout [Decision]
  ) -> Bool {
    let orbit = pool.orbits.pointer + attempt.index
    let scale = max(1, norm(pool.stateArray(attempt.index)))
    if attempt.period > 1 {
      orbit.pointee.nextCycleAttempt = 0.25 * orbit.pointee.recurrence / scale
    } else {
      orbit.pointee.nextAttempt = 0.25 * orbit.pointee.step / scale
    }
    guard attempt.decides else { return false }
    var belongs = false
    var size = attempt.size
    if let root, let set {
      belongs = sets[Int(set)].isStable && root.explainsStart
      // A fixed point from which an orbit turns sides, say, comes back to itself every second step.
      if root.set.period != attempt.period { size = root.recurrence }
    }
    let start = Int(orbit.pointee.start)
    if belongs, let set, size < settings.tolerance {
      decisions[start] = Decision(
        outcome: sets[Int(set)].period > 1 ? .cycle : .converged, set: set, time: orbit.pointee.time)
      return true
    }
    // A step of exactly 0 lasts for ever: no root, or none that attracts, will be left again.
    if Int(orbit.pointee.time) >= settings.maximumSteps || orbit.pointee.step == 0 {
      let isSlow = orbit.pointee.step < settings.tolerance.squareRoot() && !belongs
      decisions[start] = Decision(outcome: isSlow ? .slow : .undecided, set: -1, time: -1)
      if unsettled.count < Self.keptStates { unsettled.append((start, pool.stateArray(attempt.index))) }
      return true
    }
    if attempt.period == 1 { orbit.pointee.tolerance = 0.1 * orbit.pointee.step }
    return false
  }

  private func trapped(_ orbit: OrbitPool.Orbit, state: [Double]) -> Decision {
    let set = sets[Int(orbit.set)]
    let outcome: Outcome = set.period > 1 ? .cycle : .converged
    if orbit.step < settings.tolerance {
      return Decision(outcome: outcome, set: orbit.set, time: orbit.time)
    }
    let continuation = continuations[orbit.set] ?? LinearContinuation(set)
    continuations[orbit.set] = continuation
    let more = continuation.stepsUntil(
      tolerance: settings.tolerance, from: state, phase: Int(orbit.phase),
      limit: settings.maximumSteps)
    let time = Int(orbit.time) + more
    return Decision(outcome: outcome, set: orbit.set, time: Int32(clamping: time))
  }

  // MARK: Newton's method, in parallel

  /// A set that Newton's method found.
  private struct Finding: Sendable {
    var set: InvariantSet
    /// |F^p(z) - z| at the state from which the method started, p the set's period.
    var recurrence: Double
    /// Whether the linearization about the set explains what the orbit does there.
    var explainsStart: Bool
  }

  private func solve(
    _ problems: [(state: [Double], period: Int)], shouldStop: @escaping @Sendable () -> Bool
  ) -> [Finding?] {
    let results = Mutex([Finding?](repeating: nil, count: problems.count))
    let team = WorkerTeam((0..<threads).map { _ in LinearizedOrbit(map) })
    Parallel.forEach(pieces: problems.count, threads: threads) { worker, piece in
      if shouldStop() { return }
      let orbit = team.workers[worker]
      let (state, period) = problems[piece]
      guard let root = NewtonSolver().root(from: state, period: period, orbit),
        let set = InvariantSet(root: root.state, period: period, orbit)
      else { return }
      let displacement = difference(orbit.image(of: state, steps: set.period), state)
      let finding = Finding(
        set: set, recurrence: norm(displacement),
        explainsStart: set.explains(displacement: displacement, at: state))
      results.withLock { $0[piece] = finding }
    }
    return results.withLock { $0 }
  }

  /// Adds what is new to the catalogue, in order, with trapping balls; returns each finding's index.
  private func absorb(_ found: [InvariantSet?]) -> [Int32?] {
    let first = sets.count
    let indices = found.map { candidate -> Int32? in
      guard let candidate else { return nil }
      if let known = sets.firstIndex(where: { candidate.isSame(as: $0, within: Self.samePoint) }) {
        return Int32(known)
      }
      sets.append(candidate)
      return Int32(sets.count - 1)
    }
    guard settings.usesTrappingBalls else { return indices }
    let new = Array(sets[first...])
    let made = Mutex([TrappingBall?](repeating: nil, count: new.count))
    Parallel.forEach(pieces: new.count, threads: threads) { _, piece in
      let ball = TrappingBall(around: new[piece], of: self.map)
      made.withLock { $0[piece] = ball }
    }
    for (k, ball) in made.withLock({ $0 }).enumerated() {
      if let ball { balls.append((Int32(first + k), ball)) }
    }
    return indices
  }

  // MARK: Census

  /// Newton's method from many starts, for what trajectories do not reach: saddles, repellers, unstable
  /// cycles, attractors of small basins. Roots join the catalogue.
  ///
  /// - Parameters:
  ///   - starts: States, e.g. memories; `samples` and midpoints between known sets are added.
  ///   - budget: Starts at most, in all; one for a cycle of period p counts p times.
  /// - Complexity: O(budget x Newton steps x N x parameters).
  public func census(
    from starts: [[Double]], budget: Int, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    var problems: [(state: [Double], period: Int)] = []
    let share = budget / 4
    let known = balls.map(\.ball)
    // Midpoints of the closest pairs: a saddle lies between neighbouring basins.
    let points = sets.filter(\.isStable).map { $0.points[0] }
    var pairs: [(distance: Double, i: Int, j: Int)] = []
    for i in points.indices.prefix(400) {
      for j in 0..<i { pairs.append((norm(difference(points[i], points[j])), i, j)) }
    }
    pairs.sort { ($0.distance, $0.i, $0.j) < ($1.distance, $1.i, $1.j) }
    for pair in pairs.prefix(share) {
      problems.append((zip(points[pair.i], points[pair.j]).map { 0.5 * ($0 + $1) }, 1))
    }
    func spread(_ states: [[Double]], _ count: Int) -> [[Double]] {
      guard states.count > count, count > 0 else { return Array(states.prefix(count)) }
      return (0..<count).map { states[$0 * states.count / count] }
    }
    for state in spread(starts, share) + spread(samples, share) { problems.append((state, 1)) }
    let left = max(0, budget - problems.count)
    if settings.maximumPeriod > 1 {
      // A problem of period p costs p times as much, and counts so.
      let periods = Array(2...settings.maximumPeriod)
      var k = 0
      var cost = 0
      while cost < left, !samples.isEmpty, k < left {
        let period = periods[k % periods.count]
        cost += period
        if cost <= left { problems.append((samples[(k / periods.count * 7) % samples.count], period)) }
        k += 1
      }
    }
    problems.removeAll { problem in known.contains { $0.isNear(problem.state, factor: 1) } }
    let found = solve(problems, shouldStop: shouldStop)
    if shouldStop() { throw CancellationError() }
    _ = absorb(found.map { $0?.set })
  }
}

/// Workers handed out by index; each is touched by one thread at a time.
private final class WorkerTeam<Worker>: @unchecked Sendable {
  let workers: [Worker]
  init(_ workers: [Worker]) { self.workers = workers }
}

/// Continues an orbit inside a trapping ball with the linearized map, to tell when its steps become small.
///
///     z(t + k p) - z* = M^k (z(t) - z*),   M = dF^p/dz
///
/// Jumps by powers of two: O(log(steps) N^2) per orbit.
final class LinearContinuation {
  private let set: InvariantSet
  /// `[phase][k]`: M^(2^k).
  private var powers: [Int: [SmallMatrix]] = [:]

  init(_ set: InvariantSet) { self.set = set }

  /// The smallest multiple m of the period with |z(t+m) - z(t+m-p)| below the tolerance, at most `limit`.
  func stepsUntil(tolerance: Double, from state: [Double], phase: Int, limit: Int) -> Int {
    var delta = difference(state, set.points[phase])
    var squarings = powers[phase] ?? [set.jacobian(fromPhase: phase)]
    func step(_ delta: [Double]) -> Double { norm(difference(squarings[0].times(delta), delta)) }
    // Number of whole periods k for which the step from k to k + 1 is not yet small.
    var passed = 0
    if step(delta) >= tolerance {
      var exponent = 0
      while (1 << exponent) <= limit {
        if squarings.count <= exponent {
          let last = squarings[exponent - 1]
          squarings.append(last.times(last))
        }
        if step(squarings[exponent].times(delta)) < tolerance { break }
        exponent += 1
      }
      for k in stride(from: min(exponent, squarings.count) - 1, through: 0, by: -1) {
        let jumped = squarings[k].times(delta)
        if step(jumped) >= tolerance {
          delta = jumped
          passed += 1 << k
        }
      }
      passed += 1
    }
    powers[phase] = squarings
    return min((passed + 1) * set.period, limit)
  }
}
