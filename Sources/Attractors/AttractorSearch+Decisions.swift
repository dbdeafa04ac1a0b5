import Dynamics
import Numerics

/// What is done between two rounds: the orbits are examined and, as far as possible, decided.
extension AttractorSearch {
  /// An attempt of Newton's method at an orbit.
  struct Attempt {
    /// The orbit's place in the pool.
    var index: Int
    /// The period of the set that is sought.
    var period: Int
    /// Whether the orbit is to be decided by the attempt.
    var decides: Bool
    /// The orbit's step or, for a cycle, its recurrence.
    var size: Double
  }

  /// What the orbits of the pool show after a round.
  struct RoundFindings {
    /// Whether each orbit of the pool is decided.
    var isDecided: [Bool]
    /// The orbits whose step is below the tolerance.
    var settled: [Int] = []
    /// The orbits that are looked at for recurrent motion.
    var looks: [Int] = []
    /// Attempts that are to decide an orbit.
    var decisive: [Attempt] = []
    /// Attempts that may only find something new.
    var optional: [Attempt] = []
  }

  /// Decides those orbits of the pool that can be decided after a round, and removes them from the pool.
  func decideOrbits(
    _ pool: OrbitPool, _ decisions: inout [Decision], shouldStop: @escaping @Sendable () -> Bool
  ) {
    var findings = examine(pool, &decisions)
    decideSettled(pool, &findings, &decisions, shouldStop: shouldStop)
    decideRecurrent(pool, &findings, &decisions, shouldStop: shouldStop)
    findings.decisive.removeAll { findings.isDecided[$0.index] }
    findings.optional.removeAll { findings.isDecided[$0.index] }
    findings.optional.sort { ($0.size, $0.index) < ($1.size, $1.index) }
    let attempts = findings.decisive + findings.optional.prefix(Self.attemptsPerRound)
    let found = solve(attempts.map { (pool.stateArray($0.index), $0.period) }, shouldStop: shouldStop)
    let indices = addToCatalogue(found.map { $0?.set })
    for (attempt, (root, set)) in zip(attempts, zip(found, indices)) {
      findings.isDecided[attempt.index] = judge(pool, attempt, root, set, &decisions)
    }
    pool.keep { !findings.isDecided[$0] }
  }

  /// Decides orbits that diverged or lie in trapping balls, and sorts the others by what is to be tried with them.
  private func examine(_ pool: OrbitPool, _ decisions: inout [Decision]) -> RoundFindings {
    var findings = RoundFindings(isDecided: Array(repeating: false, count: pool.count))
    for index in 0..<pool.count {
      let orbit = pool.orbits.pointer[index]
      let scale = max(1, norm(pool.stateArray(index)))
      let isLast = Int(orbit.time) >= settings.maximumSteps
      switch orbit.end {
      case .diverged:
        decisions[Int(orbit.start)] = Decision(outcome: .diverged, set: -1, time: orbit.time)
        findings.isDecided[index] = true
      case .trapped:
        decisions[Int(orbit.start)] = trapped(orbit, state: pool.stateArray(index))
        decidedByBall += 1
        findings.isDecided[index] = true
      case .settled: findings.settled.append(index)
      case .paused, .waiting:
        if isDueForLook(pool.orbits.pointer + index, isLast: isLast) { findings.looks.append(index) }
        if orbit.period > 1, orbit.recurrence < orbit.nextCycleAttempt * scale {
          let decides = orbit.recurrence < settings.tolerance || isLast
          let attempt = Attempt(
            index: index, period: Int(orbit.period), decides: decides, size: orbit.recurrence)
          if decides { findings.decisive.append(attempt) } else { findings.optional.append(attempt) }
        } else if isLast {
          findings.decisive.append(Attempt(index: index, period: 1, decides: true, size: orbit.step))
        } else if orbit.step < orbit.nextAttempt * scale, !isNearBall(pool.stateArray(index)) {
          findings.optional.append(Attempt(index: index, period: 1, decides: false, size: orbit.step))
        }
      }
      if samples.count < Self.keptSamples { samples.append(pool.stateArray(index)) }
    }
    return findings
  }

  /// Decides settled orbits. Most of them are at few points, so what the first of them show usually confirms the
  /// others.
  private func decideSettled(
    _ pool: OrbitPool, _ findings: inout RoundFindings, _ decisions: inout [Decision],
    shouldStop: @escaping @Sendable () -> Bool
  ) {
    for index in findings.settled {
      let orbit = pool.orbits.pointer[index]
      if let set = confirmed(pool.stateArray(index), hasMoved: orbit.time > 1) {
        decisions[Int(orbit.start)] = Decision(outcome: .converged, set: set, time: orbit.time)
        findings.isDecided[index] = true
        continue
      }
      let attempt = Attempt(index: index, period: 1, decides: true, size: orbit.step)
      guard sets.count < Self.settledAtOnce else {
        findings.decisive.append(attempt)
        continue
      }
      let found = solve([(pool.stateArray(index), 1)], shouldStop: shouldStop)
      findings.isDecided[index] = judge(
        pool, attempt, found[0], addToCatalogue(found.map { $0?.set })[0], &decisions)
    }
  }

  /// The fixed point at which a settled orbit has arrived and which attracts it, if Newton's method has found that
  /// point before.
  ///
  /// - Parameter hasMoved: Whether the orbit came from elsewhere.
  private func confirmed(_ state: [Double], hasMoved: Bool) -> Int32? {
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

  /// Whether an orbit is so close to a trapping ball that Newton's method would most likely find the ball's centre
  /// again.
  private func isNearBall(_ state: [Double]) -> Bool {
    settings.usesTrappingBalls && balls.contains { $0.ball.isNear(state, factor: 10) }
  }

  /// Judges one orbit by what Newton's method found.
  ///
  /// - Parameters:
  ///   - root: What Newton's method found; nil if it found nothing.
  ///   - set: The catalogue's index of the set found; nil if it is no isolated set.
  /// - Returns: Whether the orbit is decided.
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
    // Whether the orbit goes to the set.
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
      // For example, an orbit that alternates between the sides of a fixed point comes back to itself every second
      // step.
      if root.set.period != attempt.period { size = root.recurrence }
    }
    let start = Int(orbit.pointee.start)
    if belongs, let set, size < settings.tolerance {
      decisions[start] = Decision(
        outcome: sets[Int(set)].period > 1 ? .cycle : .converged, set: set, time: orbit.pointee.time)
      return true
    }
    // After a step of exactly 0 all further steps are 0, so nothing else will be found.
    if Int(orbit.pointee.time) >= settings.maximumSteps || orbit.pointee.step == 0 {
      let isSlow = orbit.pointee.step < settings.tolerance.squareRoot() && !belongs
      decisions[start] = Decision(
        outcome: orbit.pointee.isAmbiguous ? .ambiguous : isSlow ? .slow : .undecided, set: -1, time: -1)
      if unsettled.count < Self.keptStates { unsettled.append((start, pool.stateArray(attempt.index))) }
      return true
    }
    if attempt.period == 1 { orbit.pointee.tolerance = 0.1 * orbit.pointee.step }
    return false
  }

  /// The decision of an orbit in a trapping ball. Its time is that at which the orbit's step would fall below the
  /// tolerance.
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
