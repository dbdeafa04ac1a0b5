import Dynamics
import Numerics
import Synchronization

/// Newton's method, run in parallel, and the catalogue of the sets that it found.
extension AttractorSearch {
  /// A set that Newton's method found.
  struct Finding: Sendable {
    var set: InvariantSet
    /// F^p(z) - z at the state from which the method started, where p is the set's period.
    var displacement: [Double]
    /// |F^p(z) - z|.
    var recurrence: Double { norm(displacement) }
    /// Whether the linearization about the set explains what the orbit does at that state.
    var explainsStart: Bool
  }

  /// Applies Newton's method to several problems at once. A result is nil where the method finds nothing.
  func solve(
    _ problems: [(state: [Double], period: Int)], by solver: NewtonSolver = NewtonSolver(),
    shouldStop: @escaping @Sendable () -> Bool
  ) -> [Finding?] {
    let results = Mutex([Finding?](repeating: nil, count: problems.count))
    let orbits = WorkerScratch((0..<threads).map { _ in LinearizedOrbit(map) })
    Parallel.forEach(pieces: problems.count, threads: threads) { worker, piece in
      if shouldStop() { return }
      let orbit = orbits[worker]
      let (state, period) = problems[piece]
      guard let root = solver.root(from: state, period: period, orbit),
        let set = InvariantSet(root: root, period: period, orbit)
      else { return }
      let displacement = difference(orbit.image(of: state, steps: set.period), state)
      let finding = Finding(
        set: set, displacement: displacement,
        explainsStart: set.explains(displacement: displacement, at: state))
      results.withLock { $0[piece] = finding }
    }
    return results.withLock { $0 }
  }

  /// Adds new sets, in order, to the catalogue, with their trapping balls. Returns each finding's index, or nil if
  /// it is no isolated set.
  func addToCatalogue(_ found: [InvariantSet?]) -> [Int32?] {
    let first = sets.count
    let indices = found.map { candidate -> Int32? in
      guard let candidate else { return nil }
      if let known = sets.firstIndex(where: { isSame(candidate, $0) }) { return Int32(known) }
      // Each place on kinks is classified only once, because it may turn out to be no isolated set.
      if refused.contains(where: { candidate.distance(to: $0) <= candidate.certainDistance(to: $0) }) {
        return nil
      }
      guard let set = candidate.classified(by: map) else {
        if refused.count < Self.mostRefused { refused.append(candidate) }
        return nil
      }
      sets.append(set)
      return Int32(sets.count - 1)
    }
    addBalls(from: first)
    return indices
  }

  /// Makes the trapping balls of the catalogue's sets from `first` on.
  func addBalls(from first: Int) {
    guard settings.usesTrappingBalls else { return }
    let new = Array(sets[first...])
    let made = Mutex([TrappingBall?](repeating: nil, count: new.count))
    Parallel.forEach(pieces: new.count, threads: threads) { _, piece in
      guard (1...Self.longestPeriodOfBalls).contains(new[piece].period) else { return }
      let ball = TrappingBall(around: new[piece], of: self.map)
      made.withLock { $0[piece] = ball }
    }
    for (k, ball) in made.withLock({ $0 }).enumerated() {
      if let ball { balls.append((Int32(first + k), ball)) }
    }
  }

  /// Whether two findings are the same set.
  ///
  /// They are the same if Newton's method cannot tell their places apart; for sets on kinks nothing else counts.
  /// Elsewhere, sets that are alike and within `settings.mergeDistance` are also the same, unless both are stable
  /// and something separates them.
  func isSame(_ candidate: InvariantSet, _ known: InvariantSet) -> Bool {
    guard candidate.period == known.period else { return false }
    let distance = candidate.distance(to: known)
    let isCertain = distance <= candidate.certainDistance(to: known)
    if candidate.liesOnKink || known.liesOnKink { return isCertain }
    guard candidate.isAlike(known), isCertain || distance <= settings.mergeDistance else { return false }
    return isCertain || !candidate.isStable || !areApart(candidate, known)
  }

  /// Whether two stable sets lie in different basins. That is so if each has a ball of proven contraction that does
  /// not contain the other set, or if a set that is not stable lies between them.
  private func areApart(_ a: InvariantSet, _ b: InvariantSet) -> Bool {
    let balls = [a, b].compactMap { TrappingBall(around: $0, of: map) }
    if balls.count == 2 { return !balls[0].contains(b.points[0]) && !balls[1].contains(a.points[0]) }
    let (phase, distance) = b.nearestPoint(to: a.points[0])
    let middle = zip(a.points[0], b.points[phase]).map { 0.5 * ($0 + $1) }
    guard let root = NewtonSolver().root(from: middle, period: a.period, evaluator),
      let between = InvariantSet(root: root, period: a.period, evaluator)?.classified(by: map),
      !between.isStable
    else { return false }
    return [a, b].allSatisfy { end in
      let away = end.nearestPoint(to: root.state).distance
      return away > end.certainDistance(to: between) && away < distance
    }
  }

  /// Applies Newton's method to many starts, to find what trajectories do not reach: saddles, repellers, unstable
  /// cycles, and attractors with small basins. The sets found join the catalogue.
  ///
  /// - Parameters:
  ///   - starts: States, e.g. memories. `samples` and midpoints between known sets are added to them.
  ///   - budget: The largest number of starts in all. A start for a cycle of period p counts p times.
  ///   - shouldStop: Asked between starts. True cancels the census.
  /// - Throws: `CancellationError` if `shouldStop` returns true.
  /// - Complexity: O(budget x Newton steps x (N x parameters + N^3)).
  public func census(
    from starts: [[Double]], budget: Int, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    var problems: [(state: [Double], period: Int)] = []
    let share = budget / 4
    let known = balls.map(\.ball)
    // The midpoints of the closest pairs come first, because a saddle lies between neighbouring basins.
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
      // A problem of period p costs p times as much, so it counts p times.
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
    _ = addToCatalogue(found.map { $0?.set })
  }
}
