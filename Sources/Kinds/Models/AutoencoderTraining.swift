import Vocabulary
import Dynamics
import Foundation
import Numerics
import Output
import VAE

/// The training of a variational autoencoder: looked up in the cache, continued, or begun.
struct AutoencoderTraining {
  let architecture: Architecture
  let training: Training
  let preparation: ModelPreparation

  /// The file of the model in the cache.
  private var cacheFile: String {
    preparation.cache.path(
      dataset: preparation.dataset, architecture: architecture, training: training,
      seed: preparation.scenario.seed, replica: 0)
  }

  /// The file of the cached model; nil where it was not trained yet.
  var existingCacheFile: String? {
    FileManager.default.fileExists(atPath: cacheFile) ? cacheFile : nil
  }

  /// The model as it is in the cache; nil where it is not there, or damaged.
  private var cached: (model: Autoencoder, sha256: String)? {
    guard let path = existingCacheFile, let found = try? Safetensors.read(path: path),
      found.model.architecture == architecture
    else { return nil }
    return found
  }

  /// The model, trained where it was not before.
  ///
  /// - Throws: `CancellationError`, and what saving throws.
  func model() throws -> AutoencoderModel {
    let logger = preparation.events.logger
    if let path = existingCacheFile {
      // A damaged file in the cache counts as missing.
      if let (model, sha256) = cached {
        logger.info("model trained before: \(path)")
        if let epoch = model.metadata["not_finite_in_epoch"] { warnNotFinite(epoch) }
        return AutoencoderModel(
          model: model, sha256: sha256, path: path, wasTrained: false,
          evidence: AutoencoderModel.Evidences(of: model, preparation))
      }
      logger.warning("cached model \(path) is damaged; training again")
    }
    var result = try run(resuming: formerState())
    result.model.metadata["dataset_sha256"] = preparation.dataset.trainingHash
    result.model.metadata["source"] = preparation.source
    if case .notFinite(let epoch) = result.earlyEnd { warnNotFinite("\(epoch)") }
    let file = try Safetensors.encode(result.model)
    return AutoencoderModel(
      model: result.model, sha256: Safetensors.sha256(file), path: keep(file), wasTrained: true,
      evidence: AutoencoderModel.Evidences(
        train: result.train, test: result.test,
        validation: preparation.dataset.validation.count > 0 ? result.validation : nil))
  }

  private func run(resuming state: TrainingState?) throws -> Training.Result {
    let (dataset, events) = (preparation.dataset, preparation.events)
    return try training.run(
      architecture, train: SplitSource(split: dataset.train), trainCount: dataset.train.count,
      test: SplitSource(split: dataset.test), testCount: dataset.test.count,
      validation: SplitSource(split: dataset.validation), validationCount: dataset.validation.count,
      seed: preparation.scenario.seed, threads: preparation.threads, resuming: state,
      checkpoints: preparation.checkpoints.map(hooks)
    ) { epoch in
      events.progress(
        .training(TrainingProgress(epoch: epoch.number, of: training.epochs, note: note(epoch))))
    }
  }

  private func note(_ epoch: Training.Epoch) -> String {
    func nats(_ x: Double) -> String { x.isFinite ? String(format: "%.2f", x) : "none" }
    let train = "negative ELBO \(nats(epoch.negativeELBOTrain)) train"
    guard training.evaluatesTest(after: epoch.number) else { return "\(train) (nats)" }
    return "\(train), \(nats(epoch.negativeELBOTest)) test (nats)"
  }

  private func warnNotFinite(_ epoch: String) {
    preparation.events.logger.warning(
      """
      training stopped: loss or weights not finite in epoch \(epoch); this is the model of the epoch before \
      (a lower model.training.learning-rate may help)
      """)
  }

  /// Puts the model's file into the cache.
  ///
  /// - Returns: Its path; empty if it could not be written, of which a message tells.
  private func keep(_ file: Data) -> String {
    let folder = preparation.cache.folder
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try AtomicFile.write([UInt8](file), to: cacheFile, overwrite: true)
      return cacheFile
    } catch {
      let foundation = error as NSError
      let cause = foundation.userInfo[NSUnderlyingErrorKey] as? NSError ?? foundation
      let reason = error is FileError ? "\(error)" : cause.localizedDescription
      preparation.events.logger.warning(
        """
        the trained model cannot be kept in \(folder): \(reason); \
        set REPEATED_INFERENCE_CACHE to a folder that can be written to
        """)
      return ""
    }
  }

  // MARK: Checkpoints

  /// The state to continue from; nil: from the beginning.
  private func formerState() -> TrainingState? {
    guard let checkpoints = preparation.checkpoints, var decoder = checkpoints.former else { return nil }
    let logger = preparation.events.logger
    do {
      let state = try TrainingState(from: &decoder, architecture: architecture)
      logger.info(
        "continuing the training after epoch \(state.epoch) of \(training.epochs): \(checkpoints.path)")
      return state
    } catch {
      logger.warning("\(checkpoints.path) is damaged (\(error)); training from the beginning")
      return nil
    }
  }

  /// When to save.
  private func hooks(_ checkpoints: any PreparationCheckpoints) -> TrainingCheckpoints {
    let events = preparation.events
    return TrainingCheckpoints(shouldStop: events.shouldStop, isDue: checkpoints.isDue) { state in
      do {
        try checkpoints.save { try state.encode(to: &$0) }
      } catch  where !events.shouldStop() {
        events.logger.warning("no checkpoint could be written: \(error)")
      }
    }
  }

  // MARK: Files of their own

  /// How a model file differs from the file that this training writes, in words; nil if it is not a model file.
  func differences(ofFile path: String) -> [String]? {
    guard let (model, _) = try? Safetensors.read(path: path) else { return nil }
    let metadata = model.metadata
    let epochs = metadata["epochs"].flatMap { Int($0) } ?? -1
    let best = metadata["best_epoch"].flatMap { Int($0) } ?? 0
    let isEarly =
      metadata["not_finite_in_epoch"] != nil
      || training.patience > 0 && epochs <= training.epochs && epochs - best >= training.patience
    var expected = [
      "batch": "\(training.batch)", "learning_rate": "\(training.learningRate)",
      "beta": "\(training.beta)", "seed": "\(preparation.scenario.seed)", "replica": "0",
      "dataset_sha256": preparation.dataset.trainingHash, "source": preparation.source,
      "epochs": isEarly ? "\(epochs)" : "\(training.epochs)",
    ]
    if training.patience > 0 { expected["patience"] = "\(training.patience)" }
    if case .fixed(let scale) = training.likelihoodScale, scale != 1 {
      expected["likelihood_scale"] = "\(scale)"
    }
    let found = metadata.filter { expected[$0.key] != nil || $0.key == "patience" }
    var differences = Differences.between(found, expected)
    if model.architecture != architecture { differences.append("the network is another") }
    return differences
  }

  // MARK: Trials

  /// A model of the same size, or the trained one, and how long training takes.
  func rehearse(_ trial: TrainingTrial) throws -> ModelRehearsal {
    let found = cached
    let isTrained = training.epochs == 0 || found != nil
    let model = found?.model ?? Autoencoder(initializing: architecture, seed: preparation.scenario.seed)
    var result = ModelRehearsal(
      model: AutoencoderModel(
        model: model, sha256: found?.sha256 ?? "", path: "", wasTrained: false, evidence: .none))
    if trial == .always || (trial == .whereNeeded && !isTrained) {
      result.trainingSeconds = try trainingSeconds()
      result.mayStopEarly = training.patience > 0
    }
    result.isFinal = isTrained
    result.secondsPerItem = Self.evidenceSeconds(model, preparation)
    return result
  }

  /// Seconds of the evaluation of one item's negative ELBO.
  static func evidenceSeconds(_ model: Autoencoder, _ preparation: ModelPreparation) -> Double {
    let train = preparation.dataset.train
    let count = min(train.count, 2000)
    let duration = ContinuousClock().measure {
      _ = Evidence(
        of: model, on: SplitSource(split: train), count: count, seed: preparation.scenario.seed,
        threads: preparation.threads)
    }
    return duration.inSeconds / Double(count)
  }

  private func trainingSeconds() throws -> Double {
    guard training.epochs > 0 else { return 0 }
    let dataset = preparation.dataset
    let items = dataset.train.count
    let batches = (items + training.batch - 1) / training.batch
    var (count, passes) = (min(items, 8 * training.batch), 1)
    // Epochs with more and more minibatches, then several epochs, until they take a third of a second.
    var perBatch = try secondsPerBatch(count, epochs: passes)
    while Double(passes * count / training.batch) * perBatch < 0.3, count < items || passes < training.epochs
    {
      if count < items { count = min(items, 4 * count) } else { passes = min(training.epochs, 4 * passes) }
      perBatch = try secondsPerBatch(count, epochs: passes)
    }
    if batches * passes < 3 {
      let duration = try ContinuousClock().measure { _ = try secondsPerBatch(count, epochs: passes) }
      perBatch = duration.inSeconds / Double(batches * passes)
    }
    let model = Autoencoder(initializing: architecture, seed: preparation.scenario.seed)
    let epochs = Double(training.epochs)
    let tested = (epochs / Double(training.testInterval)).rounded(.up) * Double(dataset.test.count)
    let validated = training.patience > 0 ? epochs * Double(dataset.validation.count) : 0
    return epochs * Double(batches) * perBatch
      + (tested + validated) * Self.evidenceSeconds(model, preparation)
  }

  private func secondsPerBatch(_ count: Int, epochs: Int) throws -> Double {
    let source = SplitSource(split: preparation.dataset.train)
    var begin = ContinuousClock.now
    var end = begin
    var trial = Training(
      epochs: epochs, batch: training.batch, learningRate: training.learningRate, beta: training.beta)
    trial.likelihoodScale = training.likelihoodScale
    // From the end of the first minibatch to that of the last; asked once for each.
    var calls = 0
    _ = try trial.run(
      architecture, train: source, trainCount: count, test: source, testCount: 0,
      seed: preparation.scenario.seed, threads: preparation.threads,
      checkpoints: TrainingCheckpoints(
        isDue: {
          calls += 1
          if calls == 1 { begin = .now }
          end = .now
          return false
        }, save: { _ in }))
    return (end - begin).inSeconds / Double(max(calls - 1, 1))
  }
}
