import Datasets
import Dynamics
import Foundation
import Numerics
import Output
import VAE

/// A model that is ready to be run, and how well it describes the data.
public struct PreparedModel: Sendable {
  /// The model; nil for a Hopfield network, which is made of the training items when it is needed.
  public var model: Autoencoder?
  /// SHA-256 of its file; of a Hopfield network's patterns, one byte per unit (1 for +1, 0 for -1), item by item.
  public var sha256: String
  /// Where it was read from or cached; nil where it could not be cached.
  public var path: String?
  /// Whether it was trained now.
  public var wasTrained: Bool
  /// Negative ELBO on the training set; NaN for a Hopfield network, which has none.
  public var train: Evidence
  /// Negative ELBO on the test set; NaN where that is empty, and for a Hopfield network.
  public var test: Evidence
  /// Negative ELBO on the validation set; NaN where that is empty.
  public var validation: Evidence

  /// The epoch whose parameters these are, from 1; nil where training did not choose one.
  public var bestEpoch: Int? { model?.metadata["best_epoch"].flatMap { Int($0) } }
}

/// Where trained models are kept between runs.
public struct ModelCache: Sendable {
  /// The folder.
  public var folder: String

  /// A cache in the given folder.
  public init(folder: String) { self.folder = folder }

  /// `$REPEATED_INFERENCE_CACHE`, or `repeated-inference` under `$XDG_CACHE_HOME` or `~/.cache`.
  public static var standard: ModelCache {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["REPEATED_INFERENCE_CACHE"], !folder.isEmpty {
      return ModelCache(folder: folder)
    }
    let base =
      environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? (environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()) + "/.cache"
    return ModelCache(folder: base + "/repeated-inference")
  }

  /// The file of the model that these things produce.
  ///
  /// The key holds everything that the trained parameters depend on: data, architecture, training, seed
  /// and the version of the training procedure.
  func path(
    dataset: Dataset, architecture: Architecture, training: Training, seed: UInt64, replica: Int
  ) -> String {
    let key = [
      "training procedure 3", dataset.trainingHash, "\(architecture.dataDimension)",
      "\(architecture.latentDimension)", "\(architecture.hidden)", architecture.activation.rawValue,
      architecture.likelihood.rawValue, "\(training.epochs)", "\(training.batch)",
      "\(training.learningRate)", "\(training.beta)", "\(seed)", "\(replica)",
    ]
    // Keys of models without early stopping stay what they were.
    let whole = (key + (training.patience > 0 ? ["patience \(training.patience)"] : [])).joined(
      separator: "\n")
    return folder + "/" + ContentHash.hexadecimal(of: whole).prefix(32) + ".safetensors"
  }
}

extension ModelSpecification.Trained {
  /// The architecture for a data set. The loader has checked the words.
  func architecture(dataDimension: Int) -> Architecture {
    Architecture(
      dataDimension: dataDimension, latentDimension: latent, hidden: hidden,
      activation: Activation(rawValue: activation) ?? .tanh,
      likelihood: Likelihood(rawValue: likelihood) ?? .bernoulli)
  }

  /// The training plan.
  var plan: Training {
    Training(
      epochs: training.epochs, batch: training.batch, learningRate: training.learningRate,
      beta: training.beta, patience: training.patience)
  }
}

extension Experiment {
  /// Reads the scenario's model file, or trains the model unless it was trained before.
  ///
  /// - Parameters:
  ///   - usesCache: Whether trained models are looked up and kept.
  ///   - saving: Where the training's state is saved and found; nil: nowhere.
  /// - Throws: `ModelFileError`, `ScenarioError` where model and data do not fit, `CancellationError`,
  ///   `RunInterrupted`.
  func prepareModel(usesCache: Bool = true, saving: TrainingSaver? = nil) throws -> PreparedModel {
    switch scenario.model {
    case .file(let path):
      let (model, sha256) = try checkedModel(path: path)
      warnOfAssumptions(model, path: path)
      return prepared(model, sha256: sha256, path: path, wasTrained: false)
    case .trained(let specification):
      return try trained(specification, usesCache: usesCache, saving: saving)
    case .hopfield: return hopfield()
    }
  }

  /// A Hopfield network of the training items.
  private func hopfield() -> PreparedModel {
    let train = dataset.train
    let isUp = train.values.map { Double($0) > HopfieldPatterns.threshold }
    var isUsed = [Bool](repeating: false, count: 256)
    for code in train.codes { isUsed[Int(code)] = true }
    if (0..<256).contains(where: { isUsed[$0] && train.values[$0] != 0 && train.values[$0] != 1 }) {
      events.logger.info(
        "the items are not binary: components above \(HopfieldPatterns.threshold) are +1, the others -1")
    }
    var hash = ContentHash()
    hash.update(train.codes.map { isUp[Int($0)] ? 1 : 0 as UInt8 })
    let none = Evidence(negativeELBO: .nan, standardError: .nan, kullbackLeibler: .nan)
    return PreparedModel(
      model: nil, sha256: hash.hexadecimal(), path: nil, wasTrained: false, train: none, test: none,
      validation: none)
  }

  /// Says what neither a model's file nor the scenario tells.
  private func warnOfAssumptions(_ model: Autoencoder, path: String) {
    let assumed = model.assumptions
    if !assumed.isEmpty {
      let pairs = assumed.map { "\"\($0.key)\": ..." }.joined(separator: ", ")
      events.warnOnce(
        "\(path): no \(assumed.map(\.key).joined(separator: ", no ")) in the metadata; "
          + assumed.map(\.value).joined(separator: " and ") + " \(assumed.count == 1 ? "is" : "are") assumed"
          + " (write \(assumed.count == 1 ? "it" : "them") with save_file(tensors, path, {\(pairs)}))")
    }
    if !scenario.givesDataset {
      events.warnOnce(
        "no dataset in the scenario: memories and concepts are those of the default hierarchical-patterns")
    }
  }

  private func warnNotFinite(_ epoch: String) {
    events.logger.warning(
      """
      training stopped: loss or weights not finite in epoch \(epoch); this is the model of the epoch before \
      (a lower model.training.learning-rate may help)
      """)
  }

  /// Reads a model file and checks that it fits the data.
  func checkedModel(path: String) throws -> (model: Autoencoder, sha256: String) {
    let (model, sha256) = try Safetensors.read(path: path)
    let inputs = model.architecture.dataDimension
    guard inputs == dataset.dimension else {
      throw scenario.error(
        key: "model.file", value: path,
        expected: "a model of \(dataset.dimension) inputs, as the data set; it has \(inputs)",
        remedy: "choose the data set on which the model was trained")
    }
    return (model, sha256)
  }

  private func trained(
    _ specification: ModelSpecification.Trained, usesCache: Bool, saving: TrainingSaver?
  ) throws -> PreparedModel {
    let architecture = specification.architecture(dataDimension: dataset.dimension)
    let plan = specification.plan
    let path = options.cache.path(
      dataset: dataset, architecture: architecture, training: plan, seed: scenario.seed, replica: 0)
    if usesCache, FileManager.default.fileExists(atPath: path) {
      // A cached file that is damaged is as good as none.
      if let (model, sha256) = try? Safetensors.read(path: path), model.architecture == architecture {
        events.logger.info("model trained before: \(path)")
        if let epoch = model.metadata["not_finite_in_epoch"] { warnNotFinite(epoch) }
        return prepared(model, sha256: sha256, path: path, wasTrained: false)
      }
      events.logger.warning("cached model \(path) is damaged; training again")
    }
    let state = try saving?.state(architecture, epochs: plan.epochs, logger: events.logger)
    var result: Training.Result
    do {
      result = try plan.run(
        architecture, train: SplitSource(split: dataset.train), trainCount: dataset.train.count,
        test: SplitSource(split: dataset.test), testCount: dataset.test.count,
        validation: SplitSource(split: dataset.validation), validationCount: dataset.validation.count,
        seed: scenario.seed, threads: options.threads, resuming: state, checkpoints: saving?.hooks(events)
      ) { epoch in
        events.progress(.training(epoch, of: plan.epochs))
      }
    } catch is CancellationError {
      guard let saving, saving.checkpoints.isSaved else { throw CancellationError() }
      throw RunInterrupted(checkpoint: saving.checkpoints.path)
    }
    result.model.metadata["dataset_sha256"] = dataset.trainingHash
    result.model.metadata["source"] = options.source
    if case .notFinite(let epoch) = result.earlyEnd {
      warnNotFinite("\(epoch)")
    }
    let file = try Safetensors.encode(result.model)
    var kept: String?
    if usesCache {
      do {
        try FileManager.default.createDirectory(
          atPath: options.cache.folder, withIntermediateDirectories: true)
        try AtomicFile.write([UInt8](file), to: path, overwrite: true)
        kept = path
      } catch {
        let foundation = error as NSError
        let cause = foundation.userInfo[NSUnderlyingErrorKey] as? NSError ?? foundation
        let reason = error is FileError ? "\(error)" : cause.localizedDescription
        events.logger.warning(
          """
          the trained model cannot be kept in \(options.cache.folder): \(reason); \
          set REPEATED_INFERENCE_CACHE to a folder that can be written to
          """)
      }
    }
    return PreparedModel(
      model: result.model, sha256: Safetensors.sha256(file), path: kept, wasTrained: true,
      train: result.train, test: result.test, validation: result.validation)
  }

  /// Evaluates the negative ELBO with the numbers that training uses, so that both agree exactly.
  private func prepared(_ model: Autoencoder, sha256: String, path: String, wasTrained: Bool) -> PreparedModel
  {
    let train = Evidence(
      of: model, on: SplitSource(split: dataset.train), count: dataset.train.count, seed: scenario.seed,
      draw: 1, threads: options.threads)
    let test = Evidence(
      of: model, on: SplitSource(split: dataset.test), count: dataset.test.count, seed: scenario.seed,
      threads: options.threads)
    let validation = Evidence(
      of: model, on: SplitSource(split: dataset.validation), count: dataset.validation.count,
      seed: scenario.seed, draw: 2, threads: options.threads)
    return PreparedModel(
      model: model, sha256: sha256, path: path, wasTrained: wasTrained, train: train, test: test,
      validation: validation)
  }
}
