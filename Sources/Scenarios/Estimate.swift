import Dynamics
import Foundation
import Numerics
import Observables
import RunFiles
import VAE

/// What a run will take, within a factor of two or so on this machine as busy as it is now.
public struct RunEstimate: Sendable {
  /// Wall-clock seconds of training; 0 where the model is there.
  public var trainingSeconds = 0.0
  /// Wall-clock seconds of the ensemble.
  public var ensembleSeconds = 0.0
  /// Wall-clock seconds before (memories, negative ELBO).
  public var preparationSeconds = 0.0
  /// Wall-clock seconds of writing.
  public var writingSeconds = 0.0
  /// The search for attractors; nil without one.
  public var search: Search?
  /// All together; without reading the data, and without a search that cannot be estimated.
  public var seconds: Double {
    trainingSeconds + ensembleSeconds + preparationSeconds + writingSeconds + (search?.seconds ?? 0)
  }
  /// The largest resident memory.
  public var memoryBytes = 0.0
  /// The run file.
  public var fileBytes = 0.0
  /// The checkpoint and its data.
  public var checkpointBytes = 0.0
  /// Worker threads.
  public var threads = 1
  /// Whether training may end before its last epoch (`patience`), so that its time is the most it takes.
  public var mayStopEarly = false
  /// Of `memoryBytes`, what the run takes beyond what the trial took.
  var growthBytes = 0.0
  /// Of `memoryBytes`, what writing the file takes.
  var writingMemory = 0.0

  /// What a search for attractors will take.
  public struct Search: Sendable {
    /// Wall-clock seconds, from a trial with some of the starts; nil where the model is not trained yet, for
    /// how long orbits wander depends on it.
    public var seconds: Double?
    /// Wall-clock seconds if every start took all of `max-steps`.
    public var atMostSeconds = 0.0
    /// Starts of all levels; with `until` those of the first look.
    public var starts = 0
    /// Starts that were tried.
    public var triedStarts = 0
  }
}

extension Experiment {
  /// Whether a trial measures training.
  enum TrainingTrial {
    /// Where the model is not trained yet.
    case whereNeeded
    /// In any case.
    case always
    /// In no case.
    case never
  }

  /// Estimates the run from a trial of its network and observables, which takes a second or two.
  ///
  /// Nothing is trained or written: a model that is not cached is tried with random weights. A search for
  /// attractors is tried with some of its starts, each for at most `trialSteps`; without a trained model it
  /// is left out of `seconds`.
  ///
  /// - Throws: as `checkedSize`.
  public func estimate() throws -> RunEstimate { try estimate(training: .whereNeeded) }

  /// The file of the cached model; nil where the model is not trained by this program, or not yet.
  var cachedModelPath: String? {
    guard case .trained(let specification) = scenario.model else { return nil }
    let path = options.cache.path(
      dataset: dataset, architecture: specification.architecture(dataDimension: dataset.dimension),
      training: specification.plan, seed: scenario.seed, replica: 0)
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// - Parameter training: Whether `trainingSeconds` are measured.
  /// - Throws: as `checkedSize`.
  func estimate(training: TrainingTrial) throws -> RunEstimate {
    _ = try checkedSize()
    var result = RunEstimate()
    result.threads = options.threads
    var model: Autoencoder?
    // How long orbits wander depends on the weights.
    var searchIsKnown = true
    switch scenario.model {
    case .file(let path): model = try checkedModel(path: path).model
    case .trained(let specification):
      let architecture = specification.architecture(dataDimension: dataset.dimension)
      var isTrained = specification.plan.epochs == 0
      if let path = cachedModelPath, let (cached, _) = try? Safetensors.read(path: path),
        cached.architecture == architecture
      {
        model = cached
        isTrained = true
      }
      if training == .always || (training == .whereNeeded && !isTrained) {
        result.trainingSeconds = try trainingSeconds(architecture, specification.plan)
        result.mayStopEarly = specification.plan.patience > 0
      }
      searchIsKnown = isTrained
      model = model ?? Autoencoder(initializing: architecture, seed: scenario.seed)
    case .hopfield: break
    }
    let clock = ContinuousClock.now
    let map = map(of: model)
    result.preparationSeconds = (ContinuousClock.now - clock).inSeconds
    try estimateEnsemble(model, map, into: &result)
    if let attractors = scenario.attractors, let model {
      try estimateSearch(model, attractors, isTrained: searchIsKnown, into: &result)
    }
    result.memoryBytes = Double(Self.peakResidentBytes()) + result.growthBytes + result.writingMemory
    return result
  }

  /// Steps of an orbit in the trial of a search.
  private static var trialSteps: Int { 2000 }

  /// A few starts to fill the catalogue of attractors, then as many again, whose time is that of all others.
  private func estimateSearch(
    _ model: Autoencoder, _ specification: AttractorSpecification, isTrained: Bool,
    into result: inout RunEstimate
  ) throws {
    let items = try itemIndices(
      available: try givenStateCount, wanted: specification.items ?? scenario.initial.items,
      key: specification.items == nil ? "initial.items" : "attractors.items")
    let levels = scenario.initial.levels
    let total = items.count * levels.count * scenario.initial.realizations
    var settings = AttractorSearch<DifferentiableInferenceMap<DenseNetwork<Double>>, AnyStart>.Settings()
    settings.tolerance = specification.tolerance
    settings.maximumSteps = min(specification.maxSteps, isTrained ? Self.trialSteps : 20)
    settings.maximumPeriod = specification.maxPeriod
    settings.usesTrappingBalls = specification.trapping && isTrained
    var prepared: PreparedEnsemble<InferenceMap<DenseNetwork<Double>>>?
    let preparation = try seconds {
      prepared = try prepareEnsemble(
        InferenceMap<DenseNetwork<Double>>(model, mode: scenario.dynamics.inferenceMode), of: model)
    }
    guard let prepared else { return }
    let search = AttractorSearch(
      map: DifferentiableInferenceMap(model), start: prepared.start, seed: scenario.seed,
      threads: options.threads, settings: settings)
    // Evenly chosen from realizations, items and levels.
    func members(_ numbers: StrideTo<Int>) -> [Member] {
      numbers.map { number in
        Member(
          level: levels[number % levels.count], item: items[number / levels.count % items.count],
          realization: Int32(number / levels.count / items.count))
      }
    }
    let wanted = BlockSize.standard * options.threads
    let stride = max(1, total / (2 * wanted))
    var unsettled = 0
    func decide(_ chosen: [Member]) throws -> (seconds: Double, steps: Int) {
      let before = search.iterations
      let duration = try seconds {
        let decisions = try search.decide(chosen, shouldStop: events.shouldStop)
        unsettled = decisions.count { $0.outcome == .undecided || $0.outcome == .slow }
      }
      return (duration, search.iterations - before)
    }
    let first = members(Swift.stride(from: 0, to: total, by: 2 * stride))
    let second = members(Swift.stride(from: stride, to: total, by: 2 * stride))
    let filling = try decide(first)
    let others = second.isEmpty ? filling : try decide(second)
    let count = Double(second.isEmpty ? first.count : second.count)
    // Steps are cheapest where many orbits take them together, and nothing else is done between.
    let perStep = min(
      filling.seconds / Double(max(filling.steps, 1)), others.seconds / Double(max(others.steps, 1)))
    var estimate = RunEstimate.Search()
    estimate.starts = total
    estimate.triedStarts = first.count + second.count
    let most = specification.until.map { max(total, $0.atMost * levels.count) } ?? total
    estimate.atMostSeconds = Double(most) * Double(specification.maxSteps) * perStep
    if isTrained {
      // Orbits that the trial gave up may go on to the last step.
      let left = Double(unsettled) / count * Double(total)
      let beyond = left * Double(specification.maxSteps - settings.maximumSteps) * perStep
      let memories = prepared.geometry.memories
      let tried = min(specification.census, 16)
      let census = try seconds {
        try search.census(
          from: (0..<min(memories.rows, 4096)).map { row in
            Array(memories.storage.slice(from: row * memories.columns, count: memories.columns))
          }, budget: tried, shouldStop: events.shouldStop)
      }
      estimate.seconds =
        preparation + filling.seconds + max(0, Double(total - first.count)) * others.seconds / count + beyond
        + census * Double(specification.census) / Double(max(tried, 1))
    }
    result.search = estimate
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body).inSeconds
  }

  /// Seconds of the evaluation of one item's negative ELBO.
  private func evidenceSeconds(_ model: Autoencoder) -> Double {
    let count = min(dataset.train.count, 2000)
    return seconds {
      _ = Evidence(
        of: model, on: SplitSource(split: dataset.train), count: count, seed: scenario.seed,
        threads: options.threads)
    } / Double(count)
  }

  private func trainingSeconds(_ architecture: Architecture, _ plan: Training) throws -> Double {
    guard plan.epochs > 0 else { return 0 }
    let items = dataset.train.count
    let source = SplitSource(split: dataset.train)
    // Epochs of more and more minibatches, and then more epochs, until they take a third of a second.
    func trial(_ count: Int, epochs: Int) throws -> Double {
      var begin = ContinuousClock.now
      var end = begin
      let trial = Training(
        epochs: epochs, batch: plan.batch, learningRate: plan.learningRate, beta: plan.beta)
      // From the end of the first minibatch to that of the last; asked once for each.
      var calls = 0
      _ = try trial.run(
        architecture, train: source, trainCount: count, test: source, testCount: 0, seed: scenario.seed,
        threads: options.threads,
        checkpoints: TrainingCheckpoints(
          isDue: {
            calls += 1
            if calls == 1 { begin = .now }
            end = .now
            return false
          }, save: { _ in }))
      return (end - begin).inSeconds / Double(max(calls - 1, 1))
    }
    let batches = (items + plan.batch - 1) / plan.batch
    var (count, epochs) = (min(items, 8 * plan.batch), 1)
    var perBatch = try trial(count, epochs: epochs)
    while Double(epochs * count / plan.batch) * perBatch < 0.3, count < items || epochs < plan.epochs {
      if count < items { count = min(items, 4 * count) } else { epochs = min(plan.epochs, 4 * epochs) }
      perBatch = try trial(count, epochs: epochs)
    }
    if batches * epochs < 3 {
      perBatch = try seconds { _ = try trial(count, epochs: epochs) } / Double(batches * epochs)
    }
    let model = Autoencoder(initializing: architecture, seed: scenario.seed)
    return Double(plan.epochs)
      * (Double(batches) * perBatch
        + Double(dataset.test.count + (plan.patience > 0 ? dataset.validation.count : 0))
        * evidenceSeconds(model))
  }

  private func estimateEnsemble<Map: EncodingMap>(
    _ model: Autoencoder?, _ map: Map, into result: inout RunEstimate
  ) throws {
    var prepared: PreparedEnsemble<Map>?
    result.preparationSeconds += try seconds { prepared = try prepareEnsemble(map, of: model) }
    if let model {
      result.preparationSeconds +=
        Double(dataset.train.count + dataset.test.count + dataset.validation.count) * evidenceSeconds(model)
    }
    guard let prepared else { return }
    let plan = prepared.plan

    // A part of the members for a part of the time.
    var trial = plan
    trial.levels = [plan.levels[plan.levels.count / 2]]
    let wanted = BlockSize.standard * 2 * options.threads
    trial.items = Array(plan.items.prefix(max(1, wanted / min(plan.realizations, BlockSize.standard))))
    trial.realizations = min(plan.realizations, max(1, wanted / trial.items.count))
    trial.steps = 0
    trial.recordsMembers = false
    trial.recordsLatentStates = false
    func run() throws -> Double {
      let ensemble = Ensemble(
        map: prepared.map, start: prepared.start, plan: trial, threads: options.threads,
        blockSize: options.blockSize)
      return try seconds { _ = try ensemble.run(observer: Stopping(events: events)) }
    }
    _ = try run()  // the first touches memory
    let start = try run()
    var duration = start
    while duration < 0.4, trial.steps < plan.steps {
      trial.steps = min(plan.steps, max(4, 3 * trial.steps))
      duration = try run()
    }
    let perStep = trial.steps > 0 ? max(0, duration - start) / Double(trial.steps) : 0
    let blocks = Double(plan.memberCount) / Double(trial.memberCount)
    result.ensembleSeconds = blocks * (start + perStep * Double(plan.steps))

    let sizes = try sizes(latentDimension: prepared.map.dimension)
    result.fileBytes = sizes.contents.fileBytes
    result.checkpointBytes = sizes.checkpointBytes
    result.writingSeconds = sizes.writingSeconds
    result.growthBytes = sizes.growthBytes
    result.writingMemory = RunFileContents.writingMemory(
      variables: sizes.contents.variables + sizes.contents.groupVariables)
  }

  /// The most resident memory that this process has had; 0 where the system does not tell.
  static func peakResidentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
    else { return 0 }
    return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
  }
}
