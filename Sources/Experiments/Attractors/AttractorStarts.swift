import Attractors
import Preparation
import Statistics
import Vocabulary
import Datasets
import Dynamics
import Kinds
import Numerics
import Observables
import RunFiles
import Scenarios
import Synchronization

extension Experiment {
  /// Searches for attractors, as the scenario's `attractors` asks.
  ///
  /// In double precision, whatever the precision of the ensemble.
  ///
  /// - Throws: `ScenarioError`, `CancellationError`; `ByteDecodingError` where the former state does not fit.
  func attractorStudy(
    _ model: any DifferentiableModel, _ specification: AttractorSpecification, _ keeping: SearchKeeping
  ) throws -> AttractorStudy {
    try attractorStudy(model.differentiableMap, of: model, specification, keeping)
  }

  private func attractorStudy(
    _ map: some DifferentiableMap, of model: any DifferentiableModel, _ specification: AttractorSpecification,
    _ keeping: SearchKeeping
  ) throws -> AttractorStudy {
    let clock = ContinuousClock()
    let begin = clock.now
    let encoder = model.map(mode: scenario.dynamics.mode, precision: .double)
    let (geometry, start) = try attractorGround(of: encoder, model)
    let heldOut = heldOutMemories(of: encoder)
    let search = AttractorSearch(
      map: map, start: start, seed: scenario.seed, threads: options.threads,
      settings: .init(specification, spread: geometry.spread))
    let starts = try decideStarts(AttractorLots(search, keeping, events), specification)
    try search.census(
      from: geometry.censusStates, budget: specification.census, shouldStop: events.shouldStop)
    let landmarks = IdentityLandmarks(geometry, heldOut: heldOut, specification)
    let itemsAtSets = try landmarks.itemsAtSets(of: search, shouldStop: events.shouldStop)

    var (study, order) = collect(search, starts)
    study.pictures = model.dataStates(of: table(study.sets.map { $0.points[0] }, width: map.dimension))
    study.itemsAtSets = itemsAtSets
    identify(&study, landmarks, own: start.own)
    let edges = edges(search, starts, &study, own: start.own)
    study.edges = order.map { edges[$0] }
    study.unsettled = try unsettled(search, starts, study)
    if let items = start.itemOfState { study.items = study.items.map { items[Int($0)] } }
    study.seconds = (clock.now - begin).inSeconds
    return study
  }

  /// Searches with those starts that belong to a shard.
  ///
  /// How many starts `until` asks for depends on all of them, so such a search belongs to no shard.
  ///
  /// - Returns: What the lots of starts showed, which the merging of shards takes over.
  /// - Throws: as `attractorStudy`.
  func attractorShare(
    of shard: Shard, _ model: any DifferentiableModel, _ specification: AttractorSpecification,
    _ keeping: SearchKeeping
  ) throws -> SearchState {
    guard specification.until == nil else { return SearchState() }
    return try attractorShare(of: shard, model.differentiableMap, of: model, specification, keeping)
  }

  private func attractorShare(
    of shard: Shard, _ map: some DifferentiableMap, of model: any DifferentiableModel,
    _ specification: AttractorSpecification, _ keeping: SearchKeeping
  ) throws -> SearchState {
    let encoder = model.map(mode: scenario.dynamics.mode, precision: .double)
    let (geometry, start) = try attractorGround(of: encoder, model)
    let search = AttractorSearch(
      map: map, start: start, seed: scenario.seed, threads: options.threads,
      settings: .init(specification, spread: geometry.spread))
    let items = try attractorItems(specification, available: try givenStateCount)
    let keys = starts(of: DecidedStarts(items: items, realizations: scenario.initial.realizations))
    let events = events
    return try AttractorLots(search, keeping, events).decide(keys.map(member), shard: shard) {
      events.progress(
        .searching(SearchProgress(fraction: $0, decided: $1, unsettled: $2, of: keys.count)))
    }
  }

  /// Memories and starts.
  ///
  /// - Parameter encoder: The map in double precision.
  /// - Throws: as `prepareEnsemble`.
  func attractorGround(
    of encoder: some EncodingMap, _ model: any DifferentiableModel
  ) throws -> (geometry: LatentGeometry, start: PreparedStart) {
    let geometry = PreparedGeometry(of: encoder, self)
    return (geometry.centres, try PreparedStart(of: encoder, model, geometry, self, by: .state))
  }

  /// The memories of held-out items, evenly chosen, `IdentityLandmarks.mostHeldOut` at most.
  private func heldOutMemories(of encoder: some EncodingMap) -> RowTable {
    let count = min(dataset.test.count, IdentityLandmarks.mostHeldOut)
    guard count > 0 else { return RowTable(rows: 0, columns: encoder.dimension) }
    return encoder.memories(
      of: SpreadItems(split: dataset.test, count: count), count: count, threads: options.threads)
  }

  /// How far the edge of each set's basin is, in the order of the search, and how far starts are from their memories.
  private func edges(
    _ search: AttractorSearch<some DifferentiableMap, PreparedStart>, _ starts: DecidedStarts,
    _ study: inout AttractorStudy, own: OwnItems?
  ) -> [BasinEdge] {
    let keys = scenario.initial.levels.indices.flatMap { level in
      starts.items.flatMap { item in
        (0..<Int32(starts.realizations)).map { StartKey(level: level, item: item, realization: $0) }
      }
    }
    let decisions = keys.map { key in
      let decision = starts.decisions[key] ?? (.undecided, -1, -1)
      return AttractorDecision(outcome: decision.outcome, set: decision.set, time: decision.time)
    }
    var displacements = [Double](repeating: 0, count: scenario.initial.levels.count)
    let edges = search.edges(of: keys.map(member), decisions) { number, state in
      guard let memories = own?.memories else { return }
      let memory = memories.row(Int(keys[number].item))
      displacements[keys[number].level] += distance(state, memory, memories.columns)
    }
    let startsPerLevel = Double(max(starts.items.count * starts.realizations, 1))
    if own != nil {
      for level in displacements.indices {
        study.basins[level].displacement = displacements[level] / startsPerLevel
      }
    }
    return edges
  }

  private func member(_ key: StartKey) -> Member {
    Member(level: scenario.initial.levels[key.level], item: key.item, realization: key.realization)
  }

  /// Lyapunov exponents of the first starts that did not settle.
  private func unsettled(
    _ search: AttractorSearch<some DifferentiableMap, PreparedStart>, _ starts: DecidedStarts,
    _ study: AttractorStudy
  ) throws -> [AttractorStudy.Unsettled] {
    let orbits = search.unsettled.prefix(8).compactMap { orbit in
      let key = starts.order[orbit.start]
      return study.place(of: key).map {
        (found: AttractorStudy.Unsettled(level: key.level, initial: $0, exponents: []), state: orbit.state)
      }
    }
    let results = Mutex(orbits.map(\.found))
    let shouldStop = events.shouldStop
    Parallel.forEach(pieces: orbits.count, threads: options.threads) { _, piece in
      if shouldStop() { return }
      let exponents = lyapunovExponents(
        of: search.map, from: orbits[piece].state, count: min(3, search.map.dimension),
        steps: AttractorStudy.lyapunovSteps, transient: 100)
      results.withLock { $0[piece].exponents = exponents }
    }
    if shouldStop() { throw CancellationError() }
    return results.withLock { $0 }
  }

  /// A start's address.
  struct StartKey: Hashable {
    var level: Int
    var item: Int32
    var realization: Int32
  }

  /// What the search said about the starts.
  struct DecidedStarts {
    var items: [Int32]
    var realizations: Int
    var decisions: [StartKey: (outcome: Outcome, set: Int32, time: Int32)] = [:]
    /// The addresses of the last call of `decide`, in its order.
    var order: [StartKey] = []
    var looks = (planned: 1, taken: 1)
    var error = 0.05
  }

  private func decideStarts(
    _ lots: AttractorLots<some DifferentiableMap>, _ specification: AttractorSpecification
  ) throws -> DecidedStarts {
    let wanted = specification.items ?? scenario.initial.items
    let key = specification.itemsKey
    let available = try givenStateCount
    let first = try attractorItems(specification, available: available)
    var result = DecidedStarts(items: first, realizations: scenario.initial.realizations)
    try decide(&result, lots, from: 0, to: 1)
    guard let until = specification.until else { return result }
    // Every look spends an equal part of the 5 % (Bonferroni), so that stopping when intervals look narrow
    // keeps their confidence.
    let base = result.items.count * result.realizations
    var sizes = [base]
    while let last = sizes.last, last < until.atMost { sizes.append(min(2 * last, until.atMost)) }
    result.looks.planned = sizes.count
    result.error = 0.05 / Double(sizes.count)
    let limit = available ?? (hasSourceItems ? split.count : Int(Int32.max))
    for (k, size) in sizes.enumerated() where k > 0 {
      if widestInterval(result, lots.search.sets.count) <= until.halfWidth { break }
      let items = min(limit, size / scenario.initial.realizations)
      if items > result.items.count {
        result.items = try itemIndices(
          available: available, wanted: wanted.extended(to: items), key: key)
      }
      let realizations = size / result.items.count
      if result.items.count >= limit, realizations > result.realizations, isRandomStart {
        result.realizations = realizations
      }
      try decide(
        &result, lots, from: Double(k) / Double(sizes.count), to: Double(k + 1) / Double(sizes.count))
      result.looks.taken = k + 1
    }
    return result
  }

  /// Whether further realizations of an item differ.
  private var isRandomStart: Bool { scenario.initial.corruption != "file" }

  /// Decides those starts that are not decided yet.
  private func decide(
    _ result: inout DecidedStarts, _ lots: AttractorLots<some DifferentiableMap>, from: Double, to: Double
  ) throws {
    let keys = starts(of: result)
    let (events, known) = (events, result.decisions.count)
    let decisions = try lots.decide(keys.map(member)) { fraction, decided, unsettled in
      events.progress(
        .searching(
          SearchProgress(
            fraction: from + (to - from) * fraction, decided: known + decided, unsettled: unsettled,
            of: known + keys.count)))
    }
    for (key, decision) in zip(keys, decisions) {
      result.decisions[key] = (decision.outcome, decision.set, decision.time)
    }
    result.order = keys
  }

  /// The addresses of the starts that are not decided yet, in the order in which they begin.
  private func starts(of result: DecidedStarts) -> [StartKey] {
    var keys: [StartKey] = []
    for realization in 0..<Int32(result.realizations) {
      for item in result.items {
        // Levels alternate, so that the first orbits show what there is at every level.
        for level in scenario.initial.levels.indices {
          let key = StartKey(level: level, item: item, realization: realization)
          if result.decisions[key] == nil { keys.append(key) }
        }
      }
    }
    return keys
  }

  /// Half the width of the widest interval of all levels; 1 without attractors, infinite where an interval is
  /// missing.
  private func widestInterval(_ starts: DecidedStarts, _ sets: Int) -> Double {
    scenario.initial.levels.indices.flatMap { level in
      FractionInterval.ofBasins(
        labels: starts.labels(level: level), startsPerItem: starts.realizations, attractors: sets,
        error: starts.error)
    }.widest ?? 1
  }

  /// Orders the sets by their basins and computes the statistics.
  ///
  /// - Returns: The study, and the place of each of its sets in the search.
  private func collect(
    _ search: AttractorSearch<some DifferentiableMap, PreparedStart>, _ starts: DecidedStarts
  ) -> (AttractorStudy, order: [Int]) {
    let levels = scenario.initial.levels
    var totals = [Int](repeating: 0, count: search.sets.count)
    let raw = levels.indices.map { starts.labels(level: $0) }
    for label in raw.joined() where label >= 0 { totals[Int(label)] += 1 }
    let order = search.sets.indices.sorted { a, b in
      if totals[a] != totals[b] { return totals[a] > totals[b] }
      let (x, y) = (search.sets[a], search.sets[b])
      // Recurrent sets, which have no period, come last.
      if x.period != y.period { return x.period == 0 ? false : y.period == 0 || x.period < y.period }
      if x.stabilityIndex != y.stabilityIndex { return x.stabilityIndex < y.stabilityIndex }
      return x.points[0].lexicographicallyPrecedes(y.points[0])
    }
    var rank = [Int32](repeating: -1, count: order.count)
    for (k, index) in order.enumerated() { rank[index] = Int32(k) }
    let labels = raw.map { $0.map { $0 >= 0 ? rank[Int($0)] : $0 } }
    let outcomes = levels.indices.map { level in starts.map(level: level) { $0.outcome } }
    let times = levels.indices.map { level in starts.map(level: level) { $0.time } }
    let basins = levels.indices.map { level in
      statistics(
        labels[level], outcomes[level], times[level], sets: order.count, starts: starts)
    }
    let study = AttractorStudy(
      sets: order.map { search.sets[$0] }, reachedCount: totals.count { $0 > 0 }, levels: levels,
      items: starts.items, realizations: starts.realizations, labels: labels.map { $0.map { max($0, -1) } },
      outcomes: outcomes, times: times, basins: basins, identities: [],
      pictures: RowTable(rows: 0, columns: 1),
      unsettled: [], looks: starts.looks, iterations: search.iterations, decidedByBall: search.decidedByBall,
      seconds: 0)
    return (study, order)
  }

  private func statistics(
    _ labels: [Int32], _ outcomes: [Outcome], _ times: [Int32], sets: Int, starts: DecidedStarts
  ) -> AttractorStudy.Basins {
    var counts = [Int](repeating: 0, count: sets)
    var independent = [Int](repeating: 0, count: sets)
    var converged: [Int32] = []
    for (k, label) in labels.enumerated() where label >= 0 {
      counts[Int(label)] += 1
      if k % starts.realizations == 0 { independent[Int(label)] += 1 }
      // A recurrent set is recognized, but no orbit comes to rest there.
      if outcomes[k] != .recurrent { converged.append(times[k]) }
    }
    converged.sort()
    func quantile(_ q: Double) -> Int {
      converged.isEmpty ? -1 : Int(converged[Int((q * Double(converged.count - 1)).rounded())])
    }
    let total = Double(labels.count)
    return AttractorStudy.Basins(
      counts: counts, fractions: counts.map { Double($0) / total },
      intervals: FractionInterval.ofBasins(
        labels: labels, startsPerItem: starts.realizations, attractors: sets, error: starts.error),
      undecidedFraction: Double(labels.count { $0 == -1 }) / total,
      entropy: BasinFractionEntropy(basins: counts, undecided: labels.count { $0 == -1 }),
      unseen: UnseenAttractors(basins: independent),
      convergenceTimes: (quantile(0.5), quantile(0.9), quantile(1)), confusion: nil)
  }

  private func table(_ rows: [[Double]], width: Int) -> RowTable {
    RowTable(rows: rows.count, columns: width, elements: rows.flatMap { $0 })
  }
}

extension InitialSpecification.Items {
  /// A given number of items; those that were chosen before are among them.
  func extended(to count: Int) -> Self {
    switch self {
    case .all, .first: .first(count)
    case .random: .random(count)
    }
  }
}

extension Experiment.DecidedStarts {
  /// Values of one level's starts, by item and realization.
  func map<T>(level: Int, _ value: ((outcome: Outcome, set: Int32, time: Int32)) -> T) -> [T] {
    items.flatMap { item in
      (0..<Int32(realizations)).map { realization in
        let key = Experiment.StartKey(level: level, item: item, realization: realization)
        return value(decisions[key] ?? (.undecided, -1, -1))
      }
    }
  }

  /// The set that each start reached; -1 undecided or slow, -2 diverged.
  func labels(level: Int) -> [Int32] {
    map(level: level) { $0.set >= 0 ? $0.set : $0.outcome == .diverged ? -2 : -1 }
  }
}

extension AttractorStudy {
  /// Where a start stands in `labels`.
  func place(of key: Experiment.StartKey) -> Int? {
    items.firstIndex(of: key.item).map { $0 * realizations + Int(key.realization) }
  }
}

extension AttractorSearch.Settings {
  /// The settings of a scenario.
  ///
  /// - Parameter spread: The spread of the memories, of which `mergeDistance` is a share.
  init(_ specification: AttractorSpecification, spread: Double) {
    self.init()
    mergeDistance = specification.mergeDistance * spread
    tolerance = specification.tolerance
    maximumSteps = specification.maxSteps
    maximumPeriod = specification.maxPeriod
    usesTrappingBalls = specification.trapping
  }
}

extension LatentGeometry {
  /// The memories that the census of attractors starts from.
  var censusStates: [[Double]] {
    (0..<min(memories.rows, 4096)).map { row in
      Array(memories.storage.slice(from: row * memories.columns, count: memories.columns))
    }
  }
}
