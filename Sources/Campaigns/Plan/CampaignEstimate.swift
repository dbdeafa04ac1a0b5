import Expressions
import Preparation
import Vocabulary
import Experiments
import Foundation
import Kinds
import Numerics
import RunFiles
import Scenarios
import Synchronization

/// The time, memory and space that a campaign will take, within a factor of about two, on this machine with
/// its present load.
public struct CampaignEstimate: Sendable {
  /// Runs in all.
  public var runs = 0
  /// Runs that go side by side.
  public var workers = 1
  /// Worker threads.
  public var threads = 1
  /// Runs that were tried; the others are like one of them, or their times follow from the nearest one's.
  public var trials = 0
  /// Models that have to be trained; each counts once, however many runs need it.
  public var trainings = 0
  /// Wall-clock seconds from the first run's start to the last one's end.
  public var runningSeconds = 0.0
  /// The sum of the seconds of training over all models, also of those that are trained side by side.
  public var trainingSeconds = 0.0
  /// Wall-clock seconds until the file is put together.
  public var mergingSeconds = 0.0
  /// Whether training may end before its last epoch (`patience`), so that its time is the most it takes.
  public var mayStopEarly = false
  /// The searches for attractors of all runs; nil without any.
  public var search: RunEstimate.Search?
  /// All together, without a search that cannot be estimated.
  public var seconds: Double { runningSeconds + mergingSeconds }
  /// The largest resident memory.
  public var memoryBytes = 0.0
  /// The run file.
  public var fileBytes = 0.0
  /// The folder of the runs' files, which exists until the run file is complete.
  public var folderBytes = 0.0
}

extension Campaign {
  /// Runs that a trial is made of; each takes a second or two.
  private static var mostTrials: Int { 6 }
  /// The most seconds for finding out which models are trained already, because data sets have to be read for it.
  private static var lookingSeconds: Double { 3 }

  /// Estimates all runs from trials of some of them.
  ///
  /// Runs that differ in nothing that costs (replicas, labels, noise levels' values) share a trial. Trials go
  /// side by side as the runs will, each with its share of the threads. If there are more kinds than
  /// `mostTrials`, the most different ones are tried; the times of the others follow from those of the most
  /// similar one by the number of multiplications. Then the campaign is simulated with these times: when each
  /// run begins, which run trains a model, and which waits for a model that another trains.
  ///
  /// Nothing is trained or written.
  ///
  /// - Throws: as `Experiment.checkedSize`; `CancellationError`.
  public func estimate() throws -> CampaignEstimate {
    var result = CampaignEstimate()
    result.runs = plan.points.count
    result.threads = options.threads
    result.workers = min(options.threads, plan.points.count)
    let looked = try lookAtModels()
    let sizes = try sizesOfKinds()
    let chosen = mostDifferent(sizes)
    result.trials = chosen.count
    let trialOf = nearestTrials(among: chosen, sizes)
    let representatives = representatives(of: chosen, trialOf, looked)
    let (begin, processor) = (ContinuousClock.now, Self.processorSeconds)
    let trials = try estimates(of: representatives, side: result.workers)
    // The share of other programs: writing is not tried, and waits for them as trials do.
    let waiting = max(
      1,
      Double(options.threads) * (ContinuousClock.now - begin).inSeconds / (Self.processorSeconds - processor))
    let peak = Double(Experiment.peakResidentBytes())

    var costs = plan.points.indices.map { k in
      let near = trialOf[k]
      return cost(
        of: k, trials[near], tried: size(of: chosen[near], sizes), at: representatives[near].point,
        size(of: costKey(k), sizes), looked, into: &result)
    }
    for k in costs.indices { costs[k].writing *= waiting }
    play(costs, into: &result)
    addSizes(costs, to: &result)
    result.mergingSeconds *= waiting
    let growth = costs.map(\.sizes.growthBytes).sorted(by: >).prefix(result.workers).reduce(0, +)
    // The data sets of other seeds are there as well as those of the trials.
    func keys(_ points: [CampaignPlan.Point]) -> Int { Set(points.map(\.scenario.datasetKey)).count }
    let more =
      min(keys(plan.points), result.workers + 1) - keys(representatives.map { plan.points[$0.point] })
    result.memoryBytes += peak + growth + Double(max(0, more)) * looked.datasetBytes
    return result
  }

  private func costKey(_ point: Int) -> String {
    plan.points[point].scenario.costKey(options.registry.vocabulary.keys)
  }

  private func size(of key: String, _ sizes: [String: RunSizes]) -> RunSizes {
    guard let own = sizes[key] else { preconditionFailure("every kind has sizes") }
    return own
  }

  private func trainingLength(_ point: Int) -> Int {
    options.registry.trainingLength(of: plan.points[point].scenario)
  }

  /// For each point the trial of the same kind, or of the most similar one.
  private func nearestTrials(among chosen: [String], _ sizes: [String: RunSizes]) -> [Int] {
    plan.points.indices.map { point -> Int in
      let key = costKey(point)
      let own = size(of: key, sizes)
      return chosen.firstIndex(of: key)
        ?? chosen.indices.min {
          size(of: chosen[$0], sizes).difference(from: own)
            < size(of: chosen[$1], sizes).difference(from: own)
        } ?? 0
    }
  }

  /// For each kind the run whose trial tells most: its model has to be trained, or is ready for a search.
  private func representatives(
    of chosen: [String], _ trialOf: [Int], _ looked: Looked
  ) -> [(point: Int, trains: Bool)] {
    let kinds = Dictionary(grouping: plan.points.indices) { costKey($0) }
    return chosen.enumerated().map { trial, key in
      let points = kinds[key] ?? []
      // Of other kinds, too, whose times follow from this trial.
      let trains = plan.points.indices.contains {
        trialOf[$0] == trial && !looked.isTrained[$0] && trainingLength($0) > 0
      }
      let candidates = trains ? points.filter { trainingLength($0) > 0 } : points
      return (candidates.first { looked.isTrained[$0] } ?? candidates[0], trains)
    }
  }

  /// What a point takes, and what it adds to the sums of all.
  private func cost(
    of point: Int, _ trial: RunEstimate, tried: RunSizes, at triedPoint: Int, _ own: RunSizes,
    _ looked: Looked, into result: inout CampaignEstimate
  ) -> PointCost {
    let scenario = plan.points[point].scenario
    var cost = PointCost(trial, sizes: own, trial: tried, loading: looked.loadingSeconds)
    if scenario.attractors != nil { cost.ensemble += trial.search?.seconds ?? 0 }
    cost.trains = !looked.isTrained[point] && trainingLength(point) > 0
    cost.training *=
      looked.isTrained[point] ? 0 : Double(trainingLength(point)) / Double(max(trainingLength(triedPoint), 1))
    if cost.training > 0, trial.mayStopEarly { result.mayStopEarly = true }
    guard let search = trial.search, scenario.attractors != nil else { return cost }
    var sum = result.search ?? RunEstimate.Search(seconds: 0)
    sum.seconds = search.seconds.flatMap { seconds in sum.seconds.map { $0 + seconds } }
    sum.atMostSeconds += search.atMostSeconds
    sum.starts += search.starts
    sum.triedStarts += search.triedStarts
    result.search = sum
    return cost
  }

  /// Processor time of all threads of this process; POSIX counts in microseconds.
  private static var processorSeconds: Double { Double(clock()) / 1e6 }

  /// The sizes of each kind of run.
  private func sizesOfKinds() throws -> [String: RunSizes] {
    var result: [String: RunSizes] = [:]
    let datasets = DatasetCache(options.registry, capacity: 1)
    for (k, point) in plan.points.enumerated() where result[costKey(k)] == nil {
      if events.shouldStop() { throw CancellationError() }
      let experiment = try Experiment(
        point.scenario, options: options, events: events, dataset: datasets.dataset(of: point.scenario))
      result[costKey(k)] = try experiment.sizes()
    }
    return result
  }

  /// At most `mostTrials` kinds, each as different as can be from those before it; the largest comes first.
  private func mostDifferent(_ sizes: [String: RunSizes]) -> [String] {
    func cost(_ key: String) -> Double { sizes[key].map { $0.ensembleWork + $0.epochWork } ?? 0 }
    // In an order that does not change from one process to the next.
    var left = sizes.keys.sorted { (-cost($0), $0) < (-cost($1), $1) }
    var chosen: [String] = []
    func distance(_ key: String) -> Double {
      guard let own = sizes[key] else { return 0 }
      return chosen.compactMap { sizes[$0]?.difference(from: own) }.min() ?? .infinity
    }
    while chosen.count < Self.mostTrials,
      let next = left.indices.max(by: { (distance(left[$0]), -$0) < (distance(left[$1]), -$1) })
    {
      chosen.append(left.remove(at: next))
    }
    return chosen
  }

  /// What looking at models and data sets tells.
  private struct Looked {
    /// Whether each point's model is there.
    var isTrained: [Bool]
    /// What reading a data set takes.
    var loadingSeconds = 0.0
    /// What the largest takes of memory.
    var datasetBytes = 0.0
  }

  /// Which points' models are there, and what reading a data set takes.
  private func lookAtModels() throws -> Looked {
    var result = Looked(isTrained: Array(repeating: false, count: plan.points.count))
    var known: [String: Bool] = [:]
    let datasets = DatasetCache(options.registry, capacity: 1)
    let begin = ContinuousClock.now
    var loads: [Double] = []
    for (k, point) in plan.points.enumerated() {
      if events.shouldStop() { throw CancellationError() }
      let trains = options.registry.vocabulary.holdsTrainedModel(point.scenario)
      result.isTrained[k] = !trains
      guard trains || loads.isEmpty else { continue }
      let key = point.scenario.modelKey
      if let found = known[key] {
        result.isTrained[k] = found
        continue
      }
      guard loads.isEmpty || (ContinuousClock.now - begin).inSeconds < Self.lookingSeconds else { continue }
      let isNew = !datasets.holds(point.scenario)
      let start = ContinuousClock.now
      // What is wrong with it fails that run alone.
      guard let dataset = try? datasets.dataset(of: point.scenario),
        let experiment = try? Experiment(point.scenario, options: options, events: events, dataset: dataset)
      else { continue }
      if isNew {
        loads.append((ContinuousClock.now - start).inSeconds)
        let items = dataset.train.count + dataset.test.count + dataset.validation.count
        result.datasetBytes = max(result.datasetBytes, Double(items * (dataset.dimension + 4)))
      }
      result.isTrained[k] = !trains || experiment.isTrainedBefore
      known[key] = result.isTrained[k]
    }
    result.loadingSeconds = loads.reduce(0, +) / Double(max(loads.count, 1))
    return result
  }

  /// Trials of some points, side by side: where one is left over, others fill the processors beside it.
  private func estimates(of points: [(point: Int, trains: Bool)], side workers: Int) throws -> [RunEstimate] {
    var inner = options
    inner.threads = max(1, options.threads / workers)
    let innerOptions = inner
    let datasets = DatasetCache(options.registry, capacity: workers + 1)
    let results = Mutex<[Result<RunEstimate, any Error>?]>(Array(repeating: nil, count: points.count))
    Parallel.forEach(pieces: (points.count + workers - 1) / workers * workers, threads: workers) { _, piece in
      let k = piece % points.count
      let result = Result {
        if events.shouldStop() { throw CancellationError() }
        let scenario = plan.points[points[k].point].scenario
        let experiment = try Experiment(
          scenario, options: innerOptions, events: events, dataset: datasets.dataset(of: scenario))
        return try experiment.estimate(training: points[k].trains ? .always : .never)
      }
      results.withLock { if piece < points.count || $0[k] == nil { $0[k] = result } }
    }
    return try results.withLock { $0 }.map { result in
      guard let result else { preconditionFailure("every point was tried") }
      return try result.get()
    }
  }

  /// The campaign with given times: points are taken in order by whichever worker is free.
  private func play(_ costs: [PointCost], into result: inout CampaignEstimate) {
    var free = [Double](repeating: 0, count: result.workers)
    // When the model of a key is ready for others.
    var ready: [String: Double] = [:]
    // NetCDF files are written one at a time.
    var written = 0.0
    var loaded: Set<String> = []
    for (point, cost) in zip(plan.points, costs) {
      let worker = free.indices.min { free[$0] < free[$1] } ?? 0
      var time = free[worker]
      if loaded.insert(point.scenario.datasetKey).inserted { time += cost.loading }
      let key = point.scenario.modelKey
      if let end = ready[key] {
        time = max(time, end)
      } else {
        if cost.trains { result.trainings += 1 }
        time += cost.training
        result.trainingSeconds += cost.training
      }
      time += cost.preparation
      ready[key] = time
      written = max(written, time + cost.ensemble) + cost.writing
      free[worker] = written
    }
    result.runningSeconds = free.max() ?? 0
  }

  /// The sizes of the run file and of the runs' own, and how long it takes to put these together.
  private func addSizes(_ costs: [PointCost], to result: inout CampaignEstimate) {
    var (bytes, variables) = (0.0, 0.0)
    // Layout, summary and copy each go through all variables of all files.
    var visits = 0.0
    let variants: [Control?] = [nil] + plan.controls.map { $0 }
    for variant in variants {
      let mine = zip(plan.points, costs).filter { $0.0.control == variant }.map(\.1.sizes.contents)
      let root = mine.map(\.bytes).reduce(0, +)
      let most = mine.map(\.variables).max() ?? 0
      bytes += root
      variables += most
      visits += mine.map { $0.variables + (variant == nil ? $0.groupVariables : 0) }.reduce(0, +)
      if plan.replicas > 1 {
        bytes += mine.map(\.summaryBytes).reduce(0, +) / Double(plan.replicas)
        variables += mine.map(\.summaryVariables).max() ?? 0
        visits += mine.map(\.variables).reduce(0, +)
      }
      guard variant == nil else { continue }
      // Members are compressed here, which they are not in a run's own file.
      bytes += 0.7 * mine.map(\.groupBytes).reduce(0, +)
      let sizes = Set(mine.map(\.groupBytes))
      variables +=
        sizes.count > 1 ? mine.map(\.groupVariables).reduce(0, +) : mine.map(\.groupVariables).max() ?? 0
    }
    for claim in scenario.claims {
      let hasLevels = claim.over == .each && !claim.estimate.fixesLevel
      let levels = hasLevels ? claim.levels?.count ?? scenario.initial.levels.count : 1
      let entries = Double(levels * claim.estimate.parts.count)
      bytes += entries * Double(1 + claim.controls.count) * Double(plan.pointCount * (plan.replicas + 3) * 8)
      variables += Double(
        ClaimLayout.count(
          hasLevels: hasLevels, hasControls: !(claim.controls + claim.compare).isEmpty,
          hasAnswers: claim.rule.answersSignAndSize))
    }
    result.fileBytes = bytes + RunFileContents.bytesPerVariable * variables
    result.memoryBytes += RunFileContents.writingMemory(variables: variables)
    result.folderBytes = costs.map(\.sizes.contents.fileBytes).reduce(0, +)
    result.mergingSeconds =
      1e-4 * visits + RunFileContents.secondsPerVariable * variables + (bytes + result.folderBytes) / 2e8
  }
}

/// What a point takes.
private struct PointCost {
  /// Seconds until its data set is read, where no other point has read it.
  var loading: Double
  /// Whether its model has to be trained.
  var trains = false
  /// Seconds of training, where its model is not there.
  var training: Double
  /// Seconds from then until others may read the model.
  var preparation: Double
  /// Seconds of the ensemble and the search for attractors.
  var ensemble: Double
  /// Seconds of writing its file.
  var writing: Double
  /// Its sizes.
  var sizes: RunSizes

  /// The costs of a run like the one that was tried, or one of another size.
  ///
  /// - Parameters:
  ///   - estimate: What the trial gave.
  ///   - sizes: The sizes of this run.
  ///   - tried: The sizes of the run that was tried; without its search, which not every run has.
  init(_ estimate: RunEstimate, sizes: RunSizes, trial tried: RunSizes, loading: Double) {
    func ratio(_ work: KeyPath<RunSizes, Double>) -> Double {
      tried[keyPath: work] > 0 ? sizes[keyPath: work] / tried[keyPath: work] : 1
    }
    self.loading = loading
    training = estimate.trainingSeconds * ratio(\.epochWork)
    preparation = estimate.preparationSeconds * ratio(\.preparationWork)
    ensemble = estimate.ensembleSeconds * ratio(\.ensembleWork)
    writing = sizes.writingSeconds
    self.sizes = sizes
  }
}

extension RunSizes {
  /// How different the work of two runs is: the sum of the logarithmic ratios of its parts.
  fileprivate func difference(from other: RunSizes) -> Double {
    [\RunSizes.epochWork, \.ensembleWork, \.preparationWork].map { work in
      abs(log(max(self[keyPath: work], 1) / max(other[keyPath: work], 1)))
    }.reduce(0, +)
  }
}

extension Scenario {
  /// What the cost of a run depends on: all keys but those that only change numbers.
  fileprivate func costKey(_ keys: ScenarioKeys) -> String {
    assignments.filter { name, _ in
      switch keys.declaration(of: name, in: self)?.influence {
      case .numbers, .nothing: false
      default: true
      }
    }.map { key, value in
      // All levels cost the same, so only their number counts.
      key == "initial.levels" ? "\(key): \(initial.levels.count)" : "\(key): \(value)"
    }.joined(separator: "\n")
  }
}
