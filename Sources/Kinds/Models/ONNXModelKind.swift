import Datasets
import Dynamics
import Numerics
import ONNX
import Output
import Programs
import RunFiles
import Scenarios
import VAE
import Vocabulary

/// An autoencoder of any shape that another program trained and exported to ONNX.
struct ONNXModelKind: ModelKind {
  static let name = "onnx"
  static let summary = "encoder and decoder in ONNX files, of any shape"
  static let example = """
    model:
      kind: onnx
      encoder: {file: encoder.onnx}
      decoder: {file: decoder.onnx}
      likelihood: bernoulli
    """
  static let iteration = ""
  static let keys: [ScenarioKey] = [
    ScenarioKey("file", .path, "one file with both encoder and decoder", influence: .fileContents),
    ScenarioKey("encoder", .section, "the encoder"),
    ScenarioKey("encoder.file", .path, "its file", influence: .fileContents),
    ScenarioKey("encoder.input", .text, "name of the input; by default the only one", influence: .numbers),
    ScenarioKey("encoder.mean", .text, "name of the output m(x); by default the first", influence: .numbers),
    ScenarioKey(
      "encoder.log-variance", .text,
      "name of the output ln s^2(x); by default the second of a file of its own, if there is one",
      influence: .numbers),
    ScenarioKey(
      "encoder.standard-deviation", .text, "name of the output s(x), in the place of the log-variance",
      influence: .numbers),
    ScenarioKey(
      "encoder.log-standard-deviation", .text, "name of the output ln s(x), in the place of the log-variance",
      influence: .numbers),
    ScenarioKey("decoder", .section, "the decoder"),
    ScenarioKey("decoder.file", .path, "its file", influence: .fileContents),
    ScenarioKey("decoder.input", .text, "name of the input; by default the only one", influence: .numbers),
    ScenarioKey("decoder.output", .text, "name of the output; by default the first", influence: .numbers),
    ScenarioKey(
      "decoder.gives", .word(AutoencoderSource.Gives.allCases.map(\.rawValue)), default: "mean",
      "what the output is: g(z), its logits, or g(z) as normalized for the encoder", influence: .numbers),
    ScenarioKey(
      "likelihood",
      .choice([
        ScenarioChoice(Likelihood.bernoulli.rawValue),
        ScenarioChoice("none"),
        ScenarioChoice(Likelihood.gaussian.rawValue, number: .init(0, 1_000_000, excludesLower: true)),
      ]), default: "bernoulli",
      "likelihood of the decoder; the number is the standard deviation of a Gaussian one, by default 1; "
        + "none: a deterministic decoder", influence: .numbers),
    ScenarioKey(
      "normalization", .section, "what the encoder expects of data: (x - mean) / standard-deviation"),
    ScenarioKey(
      "normalization.mean", .numberOrNumbers(.init(-1e6, 1e6), count: 1...4096),
      "what is subtracted, per channel or once for all; by default 0", influence: .numbers),
    ScenarioKey(
      "normalization.standard-deviation",
      .numberOrNumbers(.init(0, 1e6, excludesLower: true), count: 1...4096),
      "what is divided by, per channel or once for all; by default 1", influence: .numbers),
  ]

  private let values: KindValues

  init(_ values: KindValues) { self.values = values }

  // MARK: What the scenario says

  private static let spreads = AutoencoderSource.Spread.allCases

  /// The keys that name the encoder's second output.
  private var givenSpreads: [AutoencoderSource.Spread] {
    Self.spreads.filter { values.contains("encoder.\($0.rawValue)") }
  }

  private func path(_ part: String) -> String {
    let key = values.contains("\(part).file") ? "\(part).file" : "file"
    return values.contains(key) ? values.path(key) : ""
  }

  private var likelihood: (Likelihood?, scale: Double) {
    let (name, argument) = values.choice("likelihood")
    if case .number(let scale) = argument { return (Likelihood(rawValue: name), scale) }
    return (Likelihood(rawValue: name), 1)
  }

  private var source: AutoencoderSource {
    var encoder = AutoencoderSource.Encoder(file: path("encoder"))
    encoder.input = values.optionalText("encoder.input")
    encoder.mean = values.optionalText("encoder.mean")
    if let spread = givenSpreads.first {
      encoder.spread = values.text("encoder.\(spread.rawValue)")
      encoder.spreadKind = spread
    }
    var decoder = AutoencoderSource.Decoder(file: path("decoder"))
    decoder.input = values.optionalText("decoder.input")
    decoder.output = values.optionalText("decoder.output")
    decoder.gives = values.word("decoder.gives", as: AutoencoderSource.Gives.self)
    var source = AutoencoderSource(encoder: encoder, decoder: decoder)
    (source.likelihood, source.likelihoodScale) = likelihood
    func numbers(_ key: String) -> [Double]? { values.contains(key) ? values.numbers(key) : nil }
    let (means, deviations) = (numbers("normalization.mean"), numbers("normalization.standard-deviation"))
    if means != nil || deviations != nil {
      source.normalization = AutoencoderSource.Normalization(
        means: means ?? [0], deviations: deviations ?? [1])
    }
    return source
  }

  var traits: ModelTraits {
    // A file that cannot be read is refused later, where there is a place for it in a message.
    let hasVariance = source.hasVariance ?? true
    return ModelTraits(
      modes: hasVariance ? InferenceMode.Kind.allCases : [.mean, .clamped],
      hasPosterior: hasVariance && source.likelihood != nil, jacobian: .available, isTrainedHere: false)
  }

  func check(_ scenario: Scenario) throws {
    if givenSpreads.count > 1 {
      throw KindRefusal(
        key: "model.encoder.\(givenSpreads[1].rawValue)",
        expected: "one of the outputs that tell the variance",
        remedy: "leave the others out")
    }
    if case .sample(_, true) = scenario.dynamics.mode, source.likelihood == nil {
      throw KindRefusal(
        key: "dynamics.sample-decoder",
        expected: "false, because a decoder without a likelihood has no samples",
        remedy: "write model.likelihood: bernoulli or gaussian")
    }
  }

  func check(_ scenario: Scenario, against dataset: Dataset) throws {
    for part in ["encoder", "decoder"] {
      let hasOwn = values.contains("\(part).file")
      guard hasOwn == values.contains("file") else { continue }
      throw scenario.error(
        key: "model.\(part).file", value: hasOwn ? values.path("\(part).file") : "nothing",
        expected: "either model.file, with both, or a file for each of encoder and decoder",
        remedy: "write encoder: {file: encoder.onnx} and decoder: {file: decoder.onnx}")
    }
    if source.decoder.gives == .normalizedMean, source.normalization == nil {
      throw scenario.error(
        key: "model.decoder.gives", value: source.decoder.gives.rawValue,
        expected: "mean or logits, because there is no model.normalization",
        remedy: "write normalization: {mean: 0.5, standard-deviation: 0.5}")
    }
    guard source.likelihood == .bernoulli, dataset.domain == .unbounded else { return }
    throw scenario.error(
      key: "model.likelihood", value: Likelihood.bernoulli.rawValue,
      expected: "gaussian or none, because the data's numbers are not kept to [0, 1]",
      remedy: "write model.likelihood: gaussian, or map the numbers by dataset.range")
  }

  func declaredLatentDimension(for dataset: Dataset) -> Int? { nil }

  // MARK: The model

  private func read(_ preparation: ModelPreparation) throws -> ONNXAutoencoder {
    let model = try ONNXAutoencoder(reading: source, image: preparation.dataset.imageShape)
    guard model.dataDimension == preparation.dataset.dimension else {
      throw preparation.scenario.error(
        key: values.contains("file") ? "model.file" : "model.encoder.file", value: path("encoder"),
        expected: "a model of \(preparation.dataset.dimension) inputs, as the data set"
          + " (\(preparation.dataset.name)) has components; it has \(model.dataDimension)",
        remedy: preparation.scenario.givesDataset
          ? "choose by dataset.kind the data set on which the model was trained, in the same size"
          : "the scenario names no data set: write dataset: {kind: ...}, the one on which the model was trained"
      )
    }
    return model
  }

  func outline(_ preparation: ModelPreparation) throws -> ModelOutline {
    let model = try read(preparation)
    var result = ModelOutline(latentDimension: model.latentDimension, dataDimension: model.dataDimension)
    result.dataRange = ONNXModel.dataRange(model, preparation.dataset)
    result.parameterCount = model.cost.products
    result.width = model.cost.numbers
    if model.hasEvidence {
      var evidence = AutoencoderModel.Evidences.none
      if preparation.dataset.validation.count > 0 { evidence.validation = evidence.train }
      result.facts = evidence.facts
    }
    return result
  }

  func prepare(_ preparation: ModelPreparation) throws -> any PreparedModel {
    let model = try read(preparation)
    let evidence =
      model.hasEvidence ? AutoencoderModel.Evidences(of: ProgramNetwork<Float>(model.plan), preparation) : nil
    return ONNXModel(
      model: model, dataRange: ONNXModel.dataRange(model, preparation.dataset), evidence: evidence)
  }

  func restore(
    from decoder: inout ByteDecoder, _ preparation: ModelPreparation
  ) throws -> any PreparedModel {
    let model = try read(preparation)
    return ONNXModel(
      model: model, dataRange: ONNXModel.dataRange(model, preparation.dataset),
      evidence: try ONNXModel.evidence(from: &decoder, of: model))
  }

  func rehearse(_ preparation: ModelPreparation, _ trial: TrainingTrial) throws -> ModelRehearsal {
    let model = try read(preparation)
    let prepared = ONNXModel(
      model: model, dataRange: ONNXModel.dataRange(model, preparation.dataset),
      evidence: model.hasEvidence ? AutoencoderModel.Evidences.none : nil)
    var result = ModelRehearsal(model: prepared)
    let count = min(preparation.dataset.train.count, BlockSize.standard)
    if model.hasEvidence, count > 0 {
      let clock = ContinuousClock()
      let time = clock.measure {
        _ = Evidence(
          of: ProgramNetwork<Float>(model.plan), on: SplitSource(split: preparation.dataset.train),
          count: count,
          seed: preparation.scenario.seed, threads: 1)
      }
      result.secondsPerItem = time / .seconds(1) / Double(count)
    }
    return result
  }
}

/// A model of ONNX files that is ready to be run, and how well it describes the data.
struct ONNXModel: DifferentiableModel {
  let model: ONNXAutoencoder
  let dataRange: ModelOutline.DataRange
  /// Nil where there is no evidence lower bound.
  let evidence: AutoencoderModel.Evidences?

  var sha256: String { model.sha256 }

  static func dataRange(_ model: ONNXAutoencoder, _ dataset: Dataset) -> ModelOutline.DataRange {
    model.likelihood == .gaussian || dataset.domain == .unbounded ? .unbounded : .unitInterval
  }

  func map(mode: InferenceMode, precision: Precision) -> any EncodingMap {
    switch precision {
    case .single: InferenceMap(ProgramNetwork<Float>(model.plan), mode: mode)
    case .double: InferenceMap(ProgramNetwork<Double>(model.plan), mode: mode)
    }
  }

  var differentiableMap: any DifferentiableMap {
    DifferentiableInferenceMap(DifferentiableProgramNetwork(model.plan))
  }

  func dataStates(of states: RowTable) -> RowTable {
    DifferentiableInferenceMap(DifferentiableProgramNetwork(model.plan)).dataStates(of: states)
  }

  var facts: ModelFacts {
    var facts = ModelFacts(kind: ONNXModelKind.name, sha256: sha256)
    facts.facts = evidence?.facts ?? []
    return facts
  }

  func summary(seconds: Double?) -> String {
    let likelihood = model.likelihood.map { ", \($0.rawValue)" } ?? ", no likelihood"
    return "model: ONNX, \(model.dataDimension) components, \(model.latentDimension) latent variables,"
      + " \(model.parameterCount) parameters\(likelihood)"
      + (model.hasVariance ? "" : ", deterministic encoder")
      + (evidence.map { "; \($0.text)" } ?? "")
  }

  // MARK: Bytes

  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(sha256)
    if let evidence { try evidence.encode(to: &encoder) }
  }

  /// Reads what `encode` wrote.
  ///
  /// - Throws: `ByteDecodingError`; `ModelFileError` where the files are others now.
  static func evidence(
    from decoder: inout ByteDecoder, of model: ONNXAutoencoder
  ) throws -> AutoencoderModel.Evidences? {
    guard try decoder.decodeText() == model.sha256 else {
      throw ModelFileError(
        path: "the model's files", isMissing: false,
        problem: "are others than those of the checkpoint or shard; bring those back, or start afresh")
    }
    return model.hasEvidence ? try AutoencoderModel.Evidences(from: &decoder) : nil
  }
}
