import Dynamics
import Foundation
import Numerics
import RunFiles
import VAE
import Vocabulary

/// A variational autoencoder of fully connected layers that is ready to be run, and how well it describes the
/// data.
struct AutoencoderModel: DifferentiableModel, StorableModel {
  /// Negative evidence lower bounds, split by split; NaN for an empty test set.
  struct Evidences: Sendable {
    var train: Evidence
    var test: Evidence
    /// Nil where there are no validation items.
    var validation: Evidence?

    /// For models whose evidence is not asked for.
    static let none: Evidences = {
      let none = Evidence(negativeELBO: .nan, standardError: .nan, kullbackLeibler: .nan)
      return Evidences(train: none, test: none, validation: nil)
    }()
  }

  var model: Autoencoder
  /// The hash of its file.
  var sha256: String
  /// Where it was read from or cached; empty where it could not be cached.
  var path: String
  /// Whether it was trained now.
  var wasTrained: Bool
  var evidence: Evidences

  var file: String? { path.isEmpty ? nil : URL(fileURLWithPath: path).standardizedFileURL.path }

  var dataRange: ModelOutline.DataRange { model.architecture.likelihood.dataRange }

  func map(mode: InferenceMode, precision: Precision) -> any EncodingMap {
    switch precision {
    case .single: InferenceMap<DenseNetwork<Float>>(model, mode: mode)
    case .double: InferenceMap<DenseNetwork<Double>>(model, mode: mode)
    }
  }

  var differentiableMap: any DifferentiableMap { DifferentiableInferenceMap(model) }

  func dataStates(of states: RowTable) -> RowTable {
    DifferentiableInferenceMap(model).dataStates(of: states)
  }

  func fileContents() throws -> [UInt8] { [UInt8](try Safetensors.encode(model)) }

  // MARK: What is said of it

  /// The epoch whose parameters these are, from 1; nil where training did not choose one.
  private var bestEpoch: Int? { model.metadata["best_epoch"].flatMap { Int($0) } }

  var facts: ModelFacts {
    var facts = ModelFacts(kind: VariationalAutoencoderKind.name, sha256: sha256)
    facts.facts = (bestEpoch.map { [.bestEpoch($0)] } ?? []) + evidence.facts
    for (key, value) in model.metadata.sorted(by: { $0.key < $1.key })
    where ["epochs", "not_finite_in_epoch", "likelihood_scale"].contains(key) {
      facts.attributes.append(("model_" + key, .text(value)))
    }
    return facts
  }

  func summary(seconds: Double?) -> String {
    let a = model.architecture
    let widths = ([a.dataDimension] + a.hidden + [a.latentDimension]).map(String.init).joined(separator: "-")
    let time = seconds.map { ", " + String(format: "%.1f", $0) + " s" } ?? ""
    let epochs = model.metadata["epochs"] ?? "?"
    let scale =
      model.likelihoodScale == 1 ? "" : " of deviation \(ResultText.number(model.likelihoodScale, 4))"
    let best = bestEpoch.map { "; best epoch \($0) of \(epochs)" } ?? ""
    return
      "model: \(widths), \(a.activation.rawValue), \(a.likelihood.rawValue)\(scale)"
      + "\(wasTrained ? ", trained now" : "")\(time); \(evidence.text)\(best)"
  }

  // MARK: Bytes

  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(try fileContents())
    try encoder.encode(sha256)
    try encoder.encode(path)
    try evidence.encode(to: &encoder)
  }
}

extension AutoencoderModel {
  /// Reads what `encode` wrote.
  ///
  /// - Throws: `ByteDecodingError`, `ModelFileError`.
  init(from decoder: inout ByteDecoder) throws {
    let file = Data(try decoder.decode([UInt8].self))
    model = try Safetensors.decode(file, path: "the model of a checkpoint or shard")
    sha256 = try decoder.decodeText()
    path = try decoder.decodeText()
    wasTrained = false
    evidence = try Evidences(from: &decoder)
  }
}

extension AutoencoderModel.Evidences {
  /// Writes what `init(from:)` reads.
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(validation != nil)
    for evidence in [train, test] + (validation.map { [$0] } ?? []) {
      for number in [evidence.negativeELBO, evidence.standardError, evidence.kullbackLeibler] {
        try encoder.encode(number)
      }
    }
  }

  /// Reads what `encode` wrote.
  ///
  /// - Throws: `ByteDecodingError`.
  init(from decoder: inout ByteDecoder) throws {
    func evidence() throws -> Evidence {
      Evidence(
        negativeELBO: try decoder.decode(), standardError: try decoder.decode(),
        kullbackLeibler: try decoder.decode())
    }
    let hasValidation: Bool = try decoder.decode()
    self.init(train: try evidence(), test: try evidence(), validation: hasValidation ? try evidence() : nil)
  }

  /// One line, nats per item.
  var text: String {
    "negative ELBO \(Self.nats(train)) train, \(Self.nats(test)) test"
      + (validation.map { ", \(Self.nats($0)) validation" } ?? "") + " (nats per item)"
  }

  /// A bound with its standard error, nats per item.
  private static func nats(_ evidence: Evidence) -> String {
    guard evidence.negativeELBO.isFinite else { return "none" }
    return "\(ResultText.number(evidence.negativeELBO, 2)) +- \(ResultText.number(evidence.standardError, 2))"
  }

  /// The facts of a run file.
  var facts: [ModelFacts.Fact] {
    func fact(_ items: ModelFacts.Fact.Items, _ evidence: Evidence) -> ModelFacts.Fact {
      .negativeELBO(of: items, mean: evidence.negativeELBO, standardError: evidence.standardError)
    }
    return [fact(.train, train), fact(.test, test)] + (validation.map { [fact(.validation, $0)] } ?? [])
  }
}

extension AutoencoderModel.Evidences {
  /// Evaluates a model with the numbers that training uses, so that both agree exactly.
  init(of model: Autoencoder, _ preparation: ModelPreparation) {
    self.init(of: DenseNetwork<Float>(model), preparation)
  }

  /// Evaluates a network.
  init(of model: some InferenceNetwork, _ preparation: ModelPreparation) {
    let (dataset, seed, threads) = (
      preparation.dataset, preparation.scenario.seed, preparation.threads
    )
    train = Evidence(
      of: model, on: SplitSource(split: dataset.train), count: dataset.train.count, seed: seed,
      draw: Evidence.trainingDraw,
      threads: threads)
    test = Evidence(
      of: model, on: SplitSource(split: dataset.test), count: dataset.test.count, seed: seed,
      threads: threads)
    validation =
      dataset.validation.count == 0
      ? nil
      : Evidence(
        of: model, on: SplitSource(split: dataset.validation), count: dataset.validation.count, seed: seed,
        draw: Evidence.validationDraw, threads: threads)
  }
}
