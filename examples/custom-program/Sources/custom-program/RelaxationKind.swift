import Datasets
import Dynamics
import Kinds
import Numerics
import RunFiles
import Scenarios
import Vocabulary

/// Every state relaxes to the mean picture c of the training items: `model: {kind: relaxation, rate: 0.5}`.
///
///     z(t + 1) = z(t) + r (c - z(t)),   hence |z(t) - c| = (1 - r)^t |z(0) - c|
struct RelaxationKind: ModelKind {
  static let name = "relaxation"
  static let summary = "every state relaxes to the mean picture of the training items"
  static let keys = [ScenarioKey("rate", .number(.init(0, 1)), default: "0.5", "the share r of a step")]

  private let rate: Double

  init(_ values: KindValues) { rate = values.number("rate") }

  let traits = ModelTraits(
    modes: [.mean], hasPosterior: false,
    jacobian: .missing(because: "for which no derivative was written", instead: "it has one fixed point"),
    isTrainedHere: false)

  func declaredLatentDimension(for dataset: Dataset) -> Int? { dataset.dimension }

  func prepare(_ preparation: ModelPreparation) throws -> any PreparedModel {
    let train = preparation.dataset.train
    let mean = (0..<train.dimension).map { i in
      (0..<train.count).reduce(0) { $0 + Double(train[$1, i]) } / Double(train.count)
    }
    return Relaxation(
      rate: rate, mean: mean,
      sha256: ContentHash.hexadecimal(of: "\(rate) \(preparation.dataset.contentHash)"))
  }
}

/// The map, which is its own model.
struct Relaxation: PreparedModel, EncodingMap {
  let rate: Double
  let mean: [Double]
  let sha256: String

  var facts: ModelFacts { ModelFacts(kind: RelaxationKind.name, sha256: sha256) }
  func map(mode: InferenceMode, precision: Precision) -> any EncodingMap { self }
  func summary(seconds: Double?) -> String { "model: relaxation to the mean picture at the rate \(rate)" }

  var dimension: Int { mean.count }
  var dataDimension: Int { mean.count }

  func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Void) {
    guard block.start == .data else { return }
    block.states.pointer.update(from: block.input.pointer, count: block.count * dimension)
  }

  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    let z = block.states.pointer
    for k in 0..<block.count * dimension { z[k] += rate * (mean[k % dimension] - z[k]) }
  }

  func memories(of source: some ItemSource, count: Int, threads: Int) -> RowTable {
    let table = RowTable(rows: count, columns: dimension)
    for item in 0..<count {
      source.copy(item: item, into: table.storage.slice(from: item * dimension, count: dimension))
    }
    return table
  }
}
