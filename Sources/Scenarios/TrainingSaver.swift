import Logging
import Numerics
import Output
import VAE

/// Saves the state of a training beside the output of a command, and finds it again.
struct TrainingSaver {
  let checkpoints: Checkpoints
  let identity: RunIdentity
  let shard: Shard?
  /// What an earlier process left; nil where there is none.
  var loaded: Checkpoints.Loaded?

  /// The state to go on with; nil: from the beginning.
  func state(_ architecture: Architecture, epochs: Int, logger: Logger) throws -> TrainingState? {
    guard let loaded, loaded.header.stage == .training else { return nil }
    var decoder = loaded.body
    do {
      let state = try TrainingState(from: &decoder, architecture: architecture)
      logger.info("continuing the training after epoch \(state.epoch) of \(epochs): \(checkpoints.path)")
      return state
    } catch {
      logger.warning("\(checkpoints.path) is damaged (\(error)); training from the beginning")
      return nil
    }
  }

  /// When to save.
  func hooks(_ events: RunEvents) -> TrainingCheckpoints {
    // While a later stage's checkpoint is there, it must stay.
    if loaded?.header.stage == .ensemble { return TrainingCheckpoints { _ in } }
    return TrainingCheckpoints(shouldStop: events.shouldStop, isDue: checkpoints.isDue) { state in
      do {
        try checkpoints.save(
          Checkpoints.Header(stage: .training, identity: identity, shard: shard, data: nil)
        ) { try state.encode(to: &$0) }
      } catch  where !events.shouldStop() {
        events.logger.warning("no checkpoint could be written: \(error)")
      }
    }
  }
}

extension Experiment {
  /// Trains the scenario's model and writes it to a file of its own.
  ///
  /// - Parameters:
  ///   - path: The model file.
  ///   - overwrite: Whether an existing file may be replaced.
  ///   - resume: Whether an interrupted training is continued.
  /// - Returns: The model; nil where the file was complete already.
  /// - Throws: `RunInterrupted`, `CheckpointError`, `FileError` and as `run`.
  public func train(to path: String, overwrite: Bool = false, resume: Bool = false) throws -> PreparedModel? {
    if case .hopfield = scenario.model {
      throw scenario.error(
        key: "model.kind", value: "hopfield",
        expected: "vae: a Hopfield network is made of the training items, without training",
        remedy: "use 'simulate run', or another model")
    }
    try AtomicFile.checkDistinct(path, from: scenario.inputPaths)
    let checkpoints = Checkpoints(for: path, interval: options.checkpointInterval)
    if resume, try isTrained(path, overwrite: overwrite) {
      checkpoints.remove()
      return nil
    }
    try AtomicFile.checkWritable(path, overwrite: overwrite, ending: Checkpoints.longestEnding)
    let identity = identity()
    let loaded = try checkpoints.open(resume: resume, overwrite: overwrite, logger: events.logger)
    if let loaded {
      let differences = loaded.header.identity.differences(from: identity, training: true)
      if !differences.isEmpty {
        throw CheckpointError.differs(checkpoints.path, "it belongs to another training", differences)
      }
    }
    let model = try prepareModel(
      saving: TrainingSaver(checkpoints: checkpoints, identity: identity, shard: nil, loaded: loaded))
    guard let network = model.model else { preconditionFailure("refused above") }
    try AtomicFile.write([UInt8](try Safetensors.encode(network)), to: path, overwrite: overwrite)
    checkpoints.remove()
    return model
  }

  /// Whether a model file is there already that this scenario's training leaves.
  private func isTrained(_ path: String, overwrite: Bool) throws -> Bool {
    guard case .trained(let specification) = scenario.model,
      let (model, _) = try? Safetensors.read(path: path)
    else { return false }
    let plan = specification.plan
    let metadata = model.metadata
    let epochs = metadata["epochs"].flatMap { Int($0) } ?? -1
    let best = metadata["best_epoch"].flatMap { Int($0) } ?? 0
    let isEarly =
      metadata["not_finite_in_epoch"] != nil
      || plan.patience > 0 && epochs <= plan.epochs && epochs - best >= plan.patience
    var expected = [
      "batch": "\(plan.batch)", "learning_rate": "\(plan.learningRate)", "beta": "\(plan.beta)",
      "seed": "\(scenario.seed)", "replica": "0", "dataset_sha256": dataset.trainingHash,
      "source": options.source,
      "epochs": isEarly ? "\(epochs)" : "\(plan.epochs)",
    ]
    if plan.patience > 0 { expected["patience"] = "\(plan.patience)" }
    var differences = RunIdentity.differences(
      metadata.filter { expected[$0.key] != nil || $0.key == "patience" }, expected)
    if model.architecture != specification.architecture(dataDimension: dataset.dimension) {
      differences.append("the network is another")
    }
    if !differences.isEmpty, !overwrite {
      throw CheckpointError.differs(path, "it is complete, but of another training", differences)
    }
    return differences.isEmpty
  }
}
