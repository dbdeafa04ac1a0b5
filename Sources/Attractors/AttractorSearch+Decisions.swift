import Dynamics
import Numerics

/// Between rounds: what the orbits show, and what it decides.
extension AttractorSearch {
  /// An orbit at which Newton's method is tried.
  struct Attempt {
    var index: Int
    var period: Int
    /// Whether the orbit's outcome hangs on it.
    var decides: Bool
    var size: Double
  }

  func takeStock(
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
      if let set = confirmed(pool.stateArray(first), hasMoved: orbit.time > 1) {
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

  /// The fixed point that a settled orbit has come to and that draws it, if Newton's method found it before.
  ///
  /// - Parameter hasMoved: Whether the orbit has come from elsewhere.
  func confirmed(_ state: [Double], hasMoved: Bool) -> Int32? {
    let scale = max(1, norm(state))
    let near = sets.enumerated().filter { $0.element.period == 1 && $0.element.mayAttract }
      .map { (index: $0.offset, distance: norm(difference(state, $0.element.points[0]))) }
      .filter { $0.distance <= 1e-4 * scale }
      .sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
    guard !near.isEmpty else { return nil }
    let displacement = difference(evaluator.image(of: state), state)
    return near.first {
      sets[$0.index].attracts(state, displacement: displacement, hasMoved: hasMoved, under: map)
    }.map { Int32($0.index) }
  }

  /// Whether an orbit is so near to a trapping ball that Newton's method would most likely find its centre again.
  func isNearBall(_ state: [Double]) -> Bool {
    settings.usesTrappingBalls && balls.contains { $0.ball.isNear(state, factor: 10) }
  }

  /// What Newton's method says about one orbit; true where that decides it.
  func judge(
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
      let known = sets[Int(set)]
      belongs =
        known.isSmooth
        ? known.isStable && root.explainsStart
        : known.attracts(
          pool.stateArray(attempt.index), displacement: root.displacement, hasMoved: orbit.pointee.time > 1,
          under: map)
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

  func trapped(_ orbit: OrbitPool.Orbit, state: [Double]) -> Decision {
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
}
