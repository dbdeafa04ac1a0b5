import Datasets
import Dynamics
import Foundation
import Numerics
import Output
import RunFiles
import Scenarios
import VAE
import Vocabulary

/// A variational autoencoder of fully connected layers, trained on the data set or read from a model file.
struct VariationalAutoencoderKind: TrainableModelKind {
  static let name = "vae"
  static let summary = "variational autoencoder"
  static let example = """
    model:
      kind: vae
      latent: 20
      hidden: [500, 500]
      likelihood: bernoulli
      training: {epochs: 150, batch: 50, learning-rate: 0.001}
    """
  static let iteration = ""
  static let keys: [ScenarioKey] = [
    ScenarioKey(
      "file", .path, "a trained model (safetensors); excludes the other keys of `model`",
      influence: .fileContents, exclusive: true),
    ScenarioKey("latent", .integer(1...100_000), default: "20", "number of latent variables, N"),
    ScenarioKey(
      "hidden", .integers(1...100_000, count: 0...100), default: "[500, 500]",
      "encoder widths, mirrored by the decoder; [] is a linear model"),
    ScenarioKey(
      "activation", .word(Activation.ofHiddenLayers.map(\.rawValue)), default: "tanh",
      "activation of the hidden layers"),
    ScenarioKey(
      "likelihood",
      .choice([
        ScenarioChoice(Likelihood.bernoulli.rawValue),
        ScenarioChoice(
          Likelihood.gaussian.rawValue, number: .init(0, 1_000_000, excludesLower: true), words: ["learned"]),
      ]), default: "bernoulli",
      "likelihood of the decoder; the number is the standard deviation of a Gaussian one, by default 1"),
    ScenarioKey("training", .section, "how the model is trained"),
    ScenarioKey(
      "training.epochs", .integer(0...1_000_000), default: "150",
      "passes over the training items; 0 leaves the network untrained", influence: .numbers),
    ScenarioKey(
      "training.updates", .integer(1...1_000_000_000),
      "gradient steps, in the place of epochs: as many whole epochs as reach this number, whatever the number of "
        + "items; by default the epochs count", influence: .numbers),
    ScenarioKey("training.batch", .integer(1...1_000_000), default: "50", "items per gradient step"),
    ScenarioKey(
      "training.learning-rate", .number(.init(0, 1000, excludesLower: true)), default: "0.001",
      "learning rate of the Adam optimizer", influence: .numbers),
    ScenarioKey(
      "training.beta", .number(.init(0, 1_000_000)), default: "1", "weight of the Kullback-Leibler term",
      influence: .numbers),
    ScenarioKey(
      "training.patience", .integer(0...1_000_000), default: "0",
      "epochs without a lower negative ELBO of the validation items (`dataset.validation`) after which "
        + "training ends with the best epoch's model; 0: all epochs, the last one's model"),
  ]

  private enum Origin: Sendable {
    case file(String)
    case training(Widths, Training, Length)
  }

  /// How long training goes on.
  private enum Length: Sendable {
    case epochs(Int)
    case updates(Int)

    /// The number, in a unit of its own.
    var number: Int {
      switch self {
      case .epochs(let number), .updates(let number): number
      }
    }

    /// Passes over so many items in minibatches.
    func epochs(items: Int, batch: Int) -> Int {
      switch self {
      case .epochs(let epochs): return epochs
      case .updates(let updates):
        let perEpoch = max((items + batch - 1) / batch, 1)
        return (updates + perEpoch - 1) / perEpoch
      }
    }
  }

  /// An architecture whose data dimension is that of the data set.
  private struct Widths: Sendable {
    var latent: Int
    var hidden: [Int]
    var activation: Activation
    var likelihood: Likelihood
  }

  private let origin: Origin

  init(_ values: KindValues) {
    if values.isExclusive {
      origin = .file(values.path("file"))
      return
    }
    let (likelihood, scale) = Self.likelihood(values)
    var training = Training(
      epochs: values.integer("training.epochs"), batch: values.integer("training.batch"),
      learningRate: values.number("training.learning-rate"), beta: values.number("training.beta"),
      patience: values.integer("training.patience"))
    training.likelihoodScale = scale
    origin = .training(
      Widths(
        latent: values.integer("latent"), hidden: values.integers("hidden"),
        activation: values.word("activation", as: Activation.self), likelihood: likelihood),
      training, Self.length(values))
  }

  /// The epochs count where they are 0, so that the control without training needs to say no more.
  private static func length(_ values: KindValues) -> Length {
    let epochs = values.integer("training.epochs")
    guard epochs > 0, let updates = values.optionalInteger("training.updates") else { return .epochs(epochs) }
    return .updates(updates)
  }

  private static func likelihood(_ values: KindValues) -> (Likelihood, LikelihoodScale) {
    let (name, argument) = values.choice("likelihood")
    guard let likelihood = Likelihood(rawValue: name) else {
      preconditionFailure("the table knows no other likelihoods: \(name)")
    }
    switch argument {
    case .none: return (likelihood, .fixed(1))
    case .number(let scale): return (likelihood, .fixed(scale))
    case .word: return (likelihood, .learned)
    }
  }

  var traits: ModelTraits {
    let isTrained = if case .training = origin { true } else { false }
    return ModelTraits(
      modes: InferenceMode.Kind.allCases, hasPosterior: true, jacobian: .available, isTrainedHere: isTrained)
  }

  func check(_ scenario: Scenario) throws {
    guard case .training(_, let training, _) = origin, training.patience > 0, scenario.validation == 0 else {
      return
    }
    throw KindRefusal(
      key: "model.training.patience",
      expected: "dataset.validation above 0, so that there are items to watch training on",
      remedy: "write dataset.validation: 0.1, or leave this out")
  }

  func check(_ scenario: Scenario, against dataset: Dataset) throws {
    if case .training(let widths, _, _) = origin, widths.likelihood == .bernoulli,
      dataset.domain == .unbounded
    {
      throw scenario.error(
        key: "model.likelihood", value: widths.likelihood.rawValue,
        expected: "gaussian, because the data's numbers are not kept to [0, 1]",
        remedy: "write model.likelihood: {gaussian: learned}, or map the numbers by dataset.range")
    }
    guard case .training(_, let training, _) = origin, training.patience > 0, dataset.validation.count == 0
    else { return }
    throw scenario.error(
      key: "dataset.validation", value: ScenarioValue.number(scenario.validation).yaml,
      expected: "a share that leaves validation items; these classes are so small that none is left",
      remedy: "raise it, or leave model.training.patience out")
  }

  func declaredLatentDimension(for dataset: Dataset) -> Int? {
    if case .training(let widths, _, _) = origin { widths.latent } else { nil }
  }

  private func architecture(_ widths: Widths, _ dataset: Dataset) -> Architecture {
    Architecture(
      dataDimension: dataset.dimension, latentDimension: widths.latent, hidden: widths.hidden,
      activation: widths.activation, likelihood: widths.likelihood)
  }

  func outline(_ preparation: ModelPreparation) throws -> ModelOutline {
    switch origin {
    case .file(let path):
      let model = try read(path, preparation).model
      var result = outline(model.architecture, hiddenWidths: 0)
      result.facts = facts(preparation, hasBestEpoch: model.metadata["best_epoch"] != nil)
      return result
    case .training(let widths, let training, _):
      var result = outline(
        architecture(widths, preparation.dataset), hiddenWidths: 2 * Double(widths.hidden.reduce(0, +)))
      result.memory = [memory(widths, preparation.dataset)]
      result.facts = facts(preparation, hasBestEpoch: training.patience > 0)
      return result
    }
  }

  private func outline(_ architecture: Architecture, hiddenWidths: Double) -> ModelOutline {
    var result = ModelOutline(
      latentDimension: architecture.latentDimension, dataDimension: architecture.dataDimension)
    result.dataRange = architecture.likelihood.dataRange
    result.parameterCount = Double(architecture.parameterCount)
    result.width += hiddenWidths
    result.storedBytes = 4 * result.parameterCount
    return result
  }

  /// What the run file will say of the model, without its numbers.
  private func facts(_ preparation: ModelPreparation, hasBestEpoch: Bool) -> [ModelFacts.Fact] {
    let splits = ModelFacts.Fact.Items.allCases.filter {
      $0 != .validation || preparation.dataset.validation.count > 0
    }
    return (hasBestEpoch ? [.bestEpoch(0)] : [])
      + splits.map { .negativeELBO(of: $0, mean: .nan, standardError: .nan) }
  }

  private func memory(_ widths: Widths, _ dataset: Dataset) -> ModelOutline.Memory {
    var parameters = 0.0
    var width = Double(dataset.dimension)
    for next in widths.hidden.map(Double.init) + [Double(widths.latent)] {
      parameters += 2 * width * next
      width = next
    }
    // Parameters, gradient, two moments, the last good epoch, the packed copy and the file.
    return ModelOutline.Memory(
      bytes: parameters * 7 * 4, key: widths.hidden.isEmpty ? "model.latent" : "model.hidden",
      value: "\(widths.hidden)", what: "networks", remedy: "lower the number")
  }

  func prepare(_ preparation: ModelPreparation) throws -> any PreparedModel {
    switch origin {
    case .file(let path):
      let (model, sha256) = try read(path, preparation)
      warnOfAssumptions(model, path: path, preparation)
      return AutoencoderModel(
        model: model, sha256: sha256, path: path, wasTrained: false,
        evidence: AutoencoderModel.Evidences(of: model, preparation))
    case .training(let widths, let training, let length):
      return try self.training(widths, training, length, preparation).model()
    }
  }

  func restore(
    from decoder: inout ByteDecoder, _ preparation: ModelPreparation
  ) throws -> any PreparedModel { try AutoencoderModel(from: &decoder) }

  /// Warns of assumptions that neither the model's file nor the scenario confirms.
  private func warnOfAssumptions(_ model: Autoencoder, path: String, _ preparation: ModelPreparation) {
    let assumed = model.assumptions
    if !assumed.isEmpty {
      let pairs = assumed.map { "\"\($0.key)\": ..." }.joined(separator: ", ")
      preparation.events.warnOnce(
        "\(path): no \(assumed.map(\.key).joined(separator: ", no ")) in the metadata; "
          + assumed.map(\.value).joined(separator: " and ") + " \(assumed.count == 1 ? "is" : "are") assumed"
          + " (write \(assumed.count == 1 ? "it" : "them") with save_file(tensors, path, {\(pairs)}))")
    }
    let dataset = preparation.dataset
    if preparation.scenario.givesDataset, let recorded = model.metadata["dataset_sha256"],
      recorded != dataset.trainingHash
    {
      preparation.events.logger.info(
        """
        \(path): memories and concepts are those of \(dataset.name), \(dataset.train.count) items; the model was \
        trained on other data (dataset_sha256 in its metadata)
        """)
    }
    if !preparation.scenario.givesDataset {
      preparation.events.warnOnce(
        "no dataset in the scenario: memories and concepts are those of the default hierarchical-patterns")
    }
  }

  /// Reads a model file and checks that it fits the data.
  private func read(
    _ path: String, _ preparation: ModelPreparation
  ) throws -> (model: Autoencoder, sha256: String) {
    let (model, sha256) = try Safetensors.read(path: path)
    let inputs = model.architecture.dataDimension
    if model.architecture.likelihood == .bernoulli, preparation.dataset.domain == .unbounded {
      throw preparation.scenario.error(
        key: "model.file", value: path,
        expected: "a model with a Gaussian decoder, because the data's numbers are not kept to [0, 1]",
        remedy: "map the numbers by dataset.range as in the training of the model")
    }
    guard inputs == preparation.dataset.dimension else {
      throw preparation.scenario.error(
        key: "model.file", value: path,
        expected: "a model of \(preparation.dataset.dimension) inputs, as the data set"
          + " (\(preparation.dataset.name)) has components; it has \(inputs)",
        remedy: preparation.scenario.givesDataset
          ? "choose by dataset.kind the data set on which the model was trained"
          : "the scenario names no data set: write dataset: {kind: ...}, the one on which the model was trained"
      )
    }
    return (model, sha256)
  }

  // MARK: Training

  var trainingLength: Int { if case .training(_, _, let length) = origin { length.number } else { 0 } }

  private func training(_ preparation: ModelPreparation) -> AutoencoderTraining? {
    guard case .training(let widths, let training, let length) = origin else { return nil }
    return self.training(widths, training, length, preparation)
  }

  private func training(
    _ widths: Widths, _ training: Training, _ length: Length, _ preparation: ModelPreparation
  ) -> AutoencoderTraining {
    var training = training
    training.epochs = length.epochs(items: preparation.dataset.train.count, batch: training.batch)
    training.testInterval = TrainingProgress.interval(of: training.epochs)
    return AutoencoderTraining(
      architecture: architecture(widths, preparation.dataset), training: training, preparation: preparation)
  }

  func trainedBefore(_ preparation: ModelPreparation) -> String? { training(preparation)?.existingCacheFile }

  func differences(ofFile path: String, _ preparation: ModelPreparation) -> [String]? {
    training(preparation)?.differences(ofFile: path)
  }

  func rehearse(_ preparation: ModelPreparation, _ trial: TrainingTrial) throws -> ModelRehearsal {
    switch origin {
    case .file(let path):
      let (model, sha256) = try read(path, preparation)
      var result = ModelRehearsal(
        model: AutoencoderModel(
          model: model, sha256: sha256, path: path, wasTrained: false, evidence: .none))
      result.secondsPerItem = AutoencoderTraining.evidenceSeconds(model, preparation)
      return result
    case .training(let widths, let training, let length):
      return try self.training(widths, training, length, preparation).rehearse(trial)
    }
  }
}

extension Likelihood {
  /// Where data lie.
  var dataRange: ModelOutline.DataRange { self == .bernoulli ? .unitInterval : .unbounded }
}
