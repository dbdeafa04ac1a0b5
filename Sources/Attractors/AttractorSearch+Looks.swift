import Dynamics
import Numerics
import Recurrence

/// Looks at orbits that do not settle: whether they move on a long cycle or on a recurrent set.
extension AttractorSearch {
  /// Cycles of longer periods have no trapping balls, because each step would be compared with each point.
  static var longestPeriodOfBalls: Int { 64 }
  /// The time before which no orbit is looked at, not even when it is given up.
  private static var earliestLook: Int32 { 512 }
  /// The numbers of steps of the shortest and the longest window of a look.
  private static var windows: ClosedRange<Int> { 1024...16_384 }
  /// How close an orbit must come back to itself for a long cycle to be sought, in units of the orbit's size.
  private static var closeReturn: Double { 1e-3 }
  /// How close it must be to a cycle's repetition to be decided, relative to max(1, |z|).
  private static var decidedReturn: Double { 1e-6 }
  /// The largest number of examinations without a result. A map that only turns would ask for one per start.
  private static var mostFruitlessExaminations: Int { 64 }

  /// Whether an orbit is to be looked at after a round.
  ///
  /// Orbits whose steps decay settle by themselves, and are looked at later.
  func isDueForLook(_ orbit: UnsafeMutablePointer<OrbitPool.Orbit>, isLast: Bool) -> Bool {
    guard settings.looksForRecurrence, orbit.pointee.stepCount > 0 else { return false }
    let mean = orbit.pointee.stepSum / Double(orbit.pointee.stepCount)
    let time = orbit.pointee.time
    guard time >= orbit.pointee.nextLook || isLast && time >= Self.earliestLook else {
      let isHalfway = 2 * Int(time) >= Int(orbit.pointee.nextLook)
      if isHalfway, orbit.pointee.earlierStep == .infinity { orbit.pointee.earlierStep = mean }
      return false
    }
    let share = isLast ? 0.5 : 0.9
    let decays = orbit.pointee.earlierStep < .infinity && mean < share * orbit.pointee.earlierStep
    orbit.pointee.earlierStep = decays ? mean : .infinity
    orbit.pointee.nextLook = Int32(clamping: Int(time) + max(Int(time) / (decays ? 2 : 1), 1))
    return !decays
  }

  /// Looks at the orbits that are due, and decides those whose set is found.
  func decideRecurrent(
    _ pool: OrbitPool, _ findings: inout RoundFindings, _ decisions: inout [Decision],
    shouldStop: @escaping @Sendable () -> Bool
  ) {
    let due = findings.looks.filter { !findings.isDecided[$0] }
    guard !due.isEmpty else { return }
    let windows = followed(due, pool, shouldStop: shouldStop)
    guard windows.count == due.count else { return }
    for (index, window) in zip(due, windows) where window.sample.isCandidate {
      if shouldStop() { return }
      let orbit = pool.orbits.pointer + index
      if let decision = longCycle(window, orbit.pointee, shouldStop: shouldStop)
        ?? recurrentSet(window, orbit, state: pool.stateArray(index), shouldStop: shouldStop)
      {
        decisions[Int(orbit.pointee.start)] = decision
        findings.isDecided[index] = true
      }
    }
  }

  /// Two windows of each orbit, as long as half its time. Empty if the search is stopped.
  private func followed(
    _ due: [Int], _ pool: OrbitPool, shouldStop: @escaping @Sendable () -> Bool
  ) -> [OrbitWindow] {
    func length(_ index: Int) -> Int {
      let half = Int(pool.orbits.pointer[index].time) / 2
      // Orbits that are looked at together have windows of the same length: a power of two.
      let power = 1 << (Int.bitWidth - 1 - max(half, 1).leadingZeroBitCount)
      return min(max(power, Self.windows.lowerBound), Self.windows.upperBound)
    }
    let grain = max(1, min(BlockSize.standard, (due.count + threads - 1) / threads))
    let lengths = Dictionary(grouping: due.indices) { length(due[$0]) }.sorted { $0.key < $1.key }
    let pieces = lengths.flatMap { window, places in
      stride(from: 0, to: places.count, by: grain).map { first in
        (window: window, places: places[first..<min(first + grain, places.count)])
      }
    }
    let found = WorkerScratch(pieces.map { _ in FollowedOrbits() })
    let followers = WorkerScratch((0..<threads).map { _ in OrbitWindows(map, capacity: grain) })
    Parallel.forEach(pieces: pieces.count, threads: threads) { worker, piece in
      let (window, places) = pieces[piece]
      found[piece].windows = followers[worker].follow(
        places.map { pool.stateArray(due[$0]) }[...], window: window, weights: BirkhoffWeights(window),
        shouldStop: shouldStop)
    }
    var ordered = [OrbitWindow?](repeating: nil, count: due.count)
    for (piece, (window, places)) in pieces.enumerated() {
      iterations += 2 * window * places.count
      for (place, result) in zip(places, found[piece].windows) { ordered[place] = result }
    }
    return ordered.compactMap { $0 }
  }

  /// The decision of an orbit that comes back to itself; nil if Newton's method confirms no stable cycle there.
  private func longCycle(
    _ window: OrbitWindow, _ orbit: OrbitPool.Orbit, shouldStop: @escaping @Sendable () -> Bool
  ) -> Decision? {
    let size = window.sample.moments.size
    guard window.period > 1, window.recurrence <= Self.closeReturn * size else { return nil }
    let found = solve([(window.middle, window.period)], shouldStop: shouldStop)
    guard let finding = found[0], let set = addToCatalogue([finding.set])[0] else { return nil }
    let cycle = sets[Int(set)]
    let scale = max(1, norm(window.middle))
    guard cycle.isSmooth, cycle.isStable, finding.explainsStart,
      finding.recurrence <= Self.decidedReturn * scale
    else { return nil }
    var arrived = orbit
    arrived.set = set
    arrived.phase = Int32(cycle.nearestPoint(to: window.middle).phase)
    arrived.step = finding.recurrence
    arrived.time += Int32(clamping: window.middleStep)
    return trapped(arrived, state: window.middle)
  }

  /// The decision of an orbit that moves on a recurrent set, known or new; nil if no set is shown.
  private func recurrentSet(
    _ window: OrbitWindow, _ orbit: UnsafeMutablePointer<OrbitPool.Orbit>, state: [Double],
    shouldStop: @escaping @Sendable () -> Bool
  ) -> Decision? {
    let time = orbit.pointee.time
    orbit.pointee.isAmbiguous = false
    for (index, set) in sets.enumerated() {
      guard case .recurrent(let motion) = set.motion else { continue }
      switch SetComparison(window.sample, motion.sample) {
      case .same: return Decision(outcome: .recurrent, set: Int32(index), time: time)
      case .undecided: orbit.pointee.isAmbiguous = true
      case .separate: break
      }
    }
    guard !orbit.pointee.isAmbiguous, fruitlessExaminations < Self.mostFruitlessExaminations else {
      return nil
    }
    switch RecurrentAnalysis(map, shouldStop: shouldStop).examine(state, time: Int(time)) {
    case .found(let set):
      sets.append(set)
      return Decision(outcome: .recurrent, set: Int32(sets.count - 1), time: time)
    case .none(let lookAgain):
      fruitlessExaminations += 1
      orbit.pointee.nextLook = Int32(clamping: max(lookAgain, Int(orbit.pointee.nextLook)))
      return nil
    }
  }
}

/// What following a block of orbits showed. Each object is written by one thread.
private final class FollowedOrbits {
  var windows: [OrbitWindow] = []
}
