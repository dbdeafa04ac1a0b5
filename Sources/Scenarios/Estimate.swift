import Dynamics
import Foundation
import Numerics
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
  /// All together; without reading the data.
  public var seconds: Double { trainingSeconds + ensembleSeconds + preparationSeconds + writingSeconds }
  /// The largest resident memory.
  public var memoryBytes = 0.0
  /// The run file.
  public var fileBytes = 0.0
  /// The checkpoint and its data.
  public var checkpointBytes = 0.0
  /// Worker threads.
  public var threads = 1
}

extension Experiment {
  /// Estimates the run from a trial of its network and observables, which takes a second or two.
  ///
  /// Nothing is trained or written: a model that is not cached is tried with random weights. The search for
  /// attractors is left out: how long orbits wander cannot be told beforehand.
  ///
  /// - Throws: as `checkedSize`.
  public func estimate() throws -> RunEstimate {
    _ = try checkedSize()
    var result = RunEstimate()
    result.threads = options.threads
    var model: Autoencoder?
    switch scenario.model {
    case .file(let path): model = try checkedModel(path: path).model
    case .trained(let specification):
      let architecture = specification.architecture(dataDimension: dataset.dimension)
      let path = options.cache.path(
        dataset: dataset, architecture: architecture, training: specification.plan, seed: scenario.seed,
        replica: 0)
      if let (cached, _) = try? Safetensors.read(path: path), cached.architecture == architecture {
        model = cached
      } else {
        model = Autoencoder(initializing: architecture, seed: scenario.seed)
        result.trainingSeconds = try trainingSeconds(architecture, specification.plan)
      }
    case .hopfield: break
    }
    let clock = ContinuousClock.now
    let map = map(of: model)
    result.preparationSeconds = (ContinuousClock.now - clock).inSeconds
    try estimateEnsemble(model, map, into: &result)
    return result
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
    // Epochs of more and more minibatches, until one takes a third of a second.
    func trial(_ count: Int) throws -> Double {
      var begin = ContinuousClock.now
      var end = begin
      let trial = Training(
        epochs: 1, batch: plan.batch, learningRate: plan.learningRate, beta: plan.beta)
      // From the end of the first minibatch to that of the last but one.
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
    var count = min(items, 8 * plan.batch)
    var perBatch = try trial(count)
    while Double(count / plan.batch) * perBatch < 0.3, count < items {
      count = min(items, 4 * count)
      perBatch = try trial(count)
    }
    if batches < 3 { perBatch = try seconds { _ = try trial(count) } / Double(batches) }
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
    let wanted = 126 * 2 * options.threads
    trial.items = Array(plan.items.prefix(max(1, wanted / min(plan.realizations, 126))))
    trial.realizations = min(plan.realizations, max(1, wanted / trial.items.count))
    trial.bootstrapReplicates = plan.affordableReplicates
    trial.steps = 0
    trial.recordsMembers = false
    trial.recordsLatentStates = false
    func run() throws -> Double {
      let ensemble = Ensemble(
        map: prepared.map, start: prepared.start, plan: trial, threads: options.threads,
        blockSize: options.blockSize)
      return try seconds { _ = try ensemble.run(shouldStop: events.shouldStop) }
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

    // Sizes.
    let times = Double(plan.times)
    let groups = Double(plan.groupings.map(\.count).reduce(0, +))
    let series = Double(plan.observables.count) * (1 + groups + (plan.splitting == nil ? 0 : 2))
    let slots = series * times
    let width = Double(plan.approaches.count) * times
    let moments = slots * (plan.realizations > 1 ? 48 : 24)
    let bootstrap = Double(plan.affordableReplicates) * width * 16
    var perMember = 64.0
    if plan.recordsMembers { perMember += 8 * Double(prepared.visibleObservables) * times }
    if plan.recordsLatentStates { perMember += 8 * Double(prepared.map.dimension) * times }
    let records = plan.recordsMembers || plan.recordsLatentStates ? perMember * Double(plan.memberCount) : 0
    let averages = 28 * slots * Double(plan.levels.count)
    let variables =
      68 + 4 * prepared.visibleObservables * (1 + plan.groupings.count + (plan.splitting == nil ? 0 : 2))
    result.fileBytes = records + averages + 900 * Double(variables)
    let modelBytes = 4 * Double(model?.architecture.parameterCount ?? 0)
    result.checkpointBytes = records + bootstrap / 2 + 2 * moments + modelBytes + averages
    result.writingSeconds = (2 * records + result.fileBytes) / 5e8

    // What is in memory now, the trial's included, and what the whole run has beyond it.
    let workers = Double(options.threads)
    let unit = moments + width * 16 * 126 + (records > 0 ? perMember * 126 : 0)
    var bytes = Double(Self.residentBytes()) + 2 * moments + bootstrap + 2 * workers * unit
    bytes += width * 8 * 126 * 3 + 2 * averages
    if result.trainingSeconds > 0 { bytes = max(bytes, Double(Self.residentBytes()) + 5 * modelBytes) }
    result.memoryBytes = bytes
  }

  /// Resident memory of this process; 0 where the system does not tell.
  private static func residentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
  }
}
