import Datasets
import Dynamics
import Numerics
import RunFiles
import Scenarios
import Vocabulary

/// A Hopfield network of the training items, made without training.
struct HopfieldKind: ModelKind {
  static let name = "hopfield"
  static let summary = "Hopfield network of the training items"
  static let example = "model: {kind: hopfield}"
  static let iteration = "with dynamics.mode: mean: z(t+1) = sgn(J z(t)), z of +-1, Hebb's J"

  init(_ values: KindValues) {}

  let traits = ModelTraits(
    modes: [.mean], hasPosterior: false,
    jacobian: .missing(
      because: "whose units of +-1 have no Jacobian for the search",
      instead: "there a step-length of 0 is a fixed point"),
    isTrainedHere: false)

  func declaredLatentDimension(for dataset: Dataset) -> Int? { dataset.dimension }

  func check(_ scenario: Scenario, against dataset: Dataset) throws {
    guard dataset.domain == .unbounded else { return }
    throw scenario.error(
      key: "model.kind", value: Self.name,
      expected:
        "vae, because the data's numbers are not kept to [0, 1]: there are no binary patterns in them",
      remedy: "write model: {likelihood: {gaussian: learned}}")
  }

  func outline(_ preparation: ModelPreparation) throws -> ModelOutline {
    let dataset = preparation.dataset
    var outline = ModelOutline(latentDimension: dataset.dimension, dataDimension: dataset.dimension)
    let (patterns, units) = (Double(dataset.train.count), Double(dataset.dimension))
    // The weights in double precision, converted and packed; patterns, memories and their search.
    outline.memory = [
      ModelOutline.Memory(
        bytes: min(2 * patterns, units) * units * 24 + patterns * units * 20, key: "model.kind",
        value: Self.name, what: "weights and patterns", remedy: "choose a smaller data set")
    ]
    return outline
  }

  func prepare(_ preparation: ModelPreparation) throws -> any PreparedModel {
    let train = preparation.dataset.train
    var isBinary = true
    var hash = ContentHash()
    for item in 0..<train.count {
      let components = train.components(ofItem: item)
      isBinary = isBinary && components.allSatisfy { $0 == 0 || $0 == 1 }
      hash.update(components.map { Double($0) > HopfieldPatterns.threshold ? 1 : 0 as UInt8 })
    }
    if !isBinary {
      preparation.events.logger.info(
        "the items are not binary: components above \(HopfieldPatterns.threshold) are +1, the others -1")
    }
    return HopfieldNetwork(sha256: hash.hexadecimal(), train: train, threads: preparation.threads)
  }
}

/// The network: its patterns are the training items.
private struct HopfieldNetwork: PreparedModel {
  /// Of the patterns, one byte per unit (1 for +1, 0 for -1), item by item.
  let sha256: String
  let train: ItemSplit
  let threads: Int

  var facts: ModelFacts { ModelFacts(kind: HopfieldKind.name, sha256: sha256) }

  func map(mode: InferenceMode, precision: Precision) -> any EncodingMap {
    let patterns = HopfieldPatterns.signs(
      of: SplitSource(split: train), count: train.count, dimension: train.dimension, threads: threads)
    // Fields are exact in both precisions; where single precision has too few digits, double is taken.
    return precision == .single && HopfieldMap<Float>.isExact(patterns: train.count, units: train.dimension)
      ? HopfieldMap<Float>(patterns: patterns) : HopfieldMap<Double>(patterns: patterns)
  }

  func summary(seconds: Double?) -> String {
    "model: a Hopfield network of the training items; patterns \(sha256.prefix(12))"
  }
}
