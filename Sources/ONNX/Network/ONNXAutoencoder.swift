import Foundation
import Numerics
import Programs
import VAE

/// An encoder and a decoder of ONNX files as steps, in no precision.
public struct ONNXAutoencoder: Sendable {
  /// Its steps, which `ProgramNetwork` runs.
  package let plan: AutoencoderPlan
  /// SHA-256 of the files.
  public let sha256: String
  /// Numbers that are trained: elements of weights that the steps use.
  public let parameterCount: Int
  /// Products of a step, and numbers that are computed beside them.
  public let cost: (products: Double, numbers: Double)

  /// Reads the files of a model.
  ///
  /// - Parameters:
  ///   - source: What the files are and mean.
  ///   - image: The rows, columns and channels of the data's pictures; nil: they are none.
  /// - Throws: `ModelFileError`, in one line.
  public init(reading source: AutoencoderSource, image: ImageShape? = nil) throws {
    let encoder = try ONNXFile(path: source.encoder.file)
    let decoder =
      source.decoder.file == source.encoder.file ? encoder : try ONNXFile(path: source.decoder.file)
    try self.init(encoder, decoder, source, image: image)
  }

  /// Makes a model of files that have been read.
  ///
  /// - Parameters:
  ///   - encoder: The file of the encoder.
  ///   - decoder: The file of the decoder, which may be the same.
  ///   - source: What the files mean.
  ///   - image: The rows, columns and channels of the data's pictures; nil: they are none.
  ///   - maximum: How many numbers of activations, tables and constants may be needed per member; nil: the standard.
  /// - Throws: `ModelFileError`, in one line.
  public init(
    _ encoder: ONNXFile, _ decoder: ONNXFile, _ source: AutoencoderSource, image: ImageShape? = nil,
    maximum: Int? = nil
  ) throws {
    let limits = maximum.map { Lowering.Limits(activation: $0, total: $0) } ?? Lowering.Limits()
    let encoding = try Self.reporting(encoder) {
      try EncoderPart(encoder, source, image: image, limits: limits)
    }
    let decoding = try Self.reporting(decoder) {
      try DecoderPart(
        decoder, source, image: image, limits: limits,
        innerDimension: decoder.path == encoder.path ? encoding.latentDimension : nil)
    }
    guard encoding.latentDimension == decoding.latentDimension else {
      throw ModelFileError(
        path: decoder.path, isMissing: false,
        problem: "takes \(decoding.latentDimension) latent variables, and the encoder gives"
          + " \(encoding.latentDimension); name the right files, inputs and outputs")
    }
    guard encoding.dataDimension == decoding.dataDimension else {
      throw ModelFileError(
        path: decoder.path, isMissing: false,
        problem: "gives \(decoding.dataDimension) components, and the encoder takes"
          + " \(encoding.dataDimension); name the right files, inputs and outputs")
    }
    var plan = AutoencoderPlan(
      encoder: encoding.graph, decoder: decoding.graph, plainForm: decoding.plainForm,
      dataDimension: encoding.dataDimension, latentDimension: encoding.latentDimension)
    plan.likelihood = source.likelihood
    plan.likelihoodScale = source.likelihoodScale
    self.plan = plan
    sha256 = Self.hash(encoder, decoder)
    let steps = encoding.graph.steps + decoding.graph.steps
    parameterCount = steps.reduce(0) { $0 + $1.parameterCount }
    cost = (
      steps.reduce(0) { $0 + $1.products }, Double((encoding.graph.slots + decoding.graph.slots).reduce(0, +))
    )
  }

  /// D, the number of components of a data item.
  public var dataDimension: Int { plan.dataDimension }
  /// N, the number of latent variables.
  public var latentDimension: Int { plan.latentDimension }
  /// Whether the encoder tells a variance.
  public var hasVariance: Bool { plan.hasVariance }
  /// Nil: none.
  public var likelihood: Likelihood? { plan.likelihood }
  /// Whether there is an evidence lower bound.
  public var hasEvidence: Bool { hasVariance && likelihood != nil }

  /// One file's hash, or that of both.
  private static func hash(_ encoder: ONNXFile, _ decoder: ONNXFile) -> String {
    guard encoder.path != decoder.path else { return encoder.sha256 }
    return ContentHash.hexadecimal(of: encoder.sha256 + decoder.sha256)
  }

  private static func reporting<Result>(_ file: ONNXFile, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let refusal as Refusal { throw ModelFileError(refusal, path: file.path) }
  }
}

/// The encoder: from x in [0, 1]^D to m(x) and, where there is one, ln s^2(x).
private struct EncoderPart {
  let graph: LoweredGraph
  let dataDimension: Int
  let latentDimension: Int

  init(_ file: ONNXFile, _ source: AutoencoderSource, image: ImageShape?, limits: Lowering.Limits) throws {
    let part = try GraphPart(file, input: source.encoder.input, key: "model.encoder.input", limits: limits)
    let outputs = file.graph.outputs.map(\.name)
    guard let mean = source.encoder.mean ?? outputs.first else {
      throw Refusal("has no output", "export the model again")
    }
    let spread = source.spreadName(outputs)
    let lowering = part.lowering
    let extents = Array(part.inputShape.dropFirst())
    dataDimension = try lowering.checkedCount(part.inputShape, "the input '\(part.input)'")
    // The state is in the order channel, row, column, whatever the graph's own layout is.
    let first = file.graph.nodes.filter { $0.inputs.contains(part.input) }
    let isLast = ChannelPlace.isLast(
      extents, data: image, edge: first.count == 1 ? first[0] : nil, permutation: [0, 3, 1, 2])
    let state = try lowering.makeActivation([1, dataDimension], for: "the input")
    let normalized = try DataScale(source.normalization, dataDimension).normalize(state, lowering)
    lowering.define(
      part.input,
      .activation(
        Activation(
          slot: normalized.slot, shape: part.inputShape,
          order: isLast ? [0, 3, 1, 2] : Array(part.inputShape.indices))))
    var results = try part.lower([mean] + (spread.map { [$0] } ?? []))
    results = try results.map { try lowering.rowMajor($0, for: "the outputs") }
    latentDimension = results[0].count
    if results.count == 2 {
      guard results[1].count == latentDimension else {
        throw Refusal(
          "gives \(results[1].count) log-variances '\(spread ?? "")' for \(latentDimension) means '\(mean)'",
          "name the outputs with model.encoder.mean and model.encoder.log-variance")
      }
      results[1] = try Self.logVariance(results[1], source.encoder.spreadKind, lowering)
    }
    graph = LoweredGraph(
      steps: lowering.steps, slots: lowering.slots, constants: lowering.constants, input: state.slot,
      outputs: results.map(\.slot))
  }

  /// ln s^2 from what the file gives.
  private static func logVariance(
    _ activation: Activation, _ kind: AutoencoderSource.Spread, _ lowering: Lowering
  ) throws -> Activation {
    func function(_ function: ElementFunction, _ activation: Activation) throws -> Activation {
      try lowering.emit(
        .function(function), [.slot(activation.slot)], shape: activation.shape, for: "the log-variance")
    }
    switch kind {
    case .logVariance: return activation
    case .standardDeviation: return try function(.affine(2, 0), function(.log, activation))
    case .logStandardDeviation: return try function(.affine(2, 0), activation)
    }
  }
}

/// The decoder: from z to g(z) or its logits.
private struct DecoderPart {
  let graph: LoweredGraph
  let dataDimension: Int
  let latentDimension: Int
  let plainForm: AutoencoderPlan.PlainForm

  /// - Parameter innerDimension: N, where z may be a value within the graph, as in a file of a whole autoencoder; nil:
  ///   it may not.
  init(
    _ file: ONNXFile, _ source: AutoencoderSource, image: ImageShape?, limits: Lowering.Limits,
    innerDimension: Int?
  ) throws {
    let part = try GraphPart(
      file, input: source.decoder.input, key: "model.decoder.input",
      innerShape: innerDimension.map { [1, $0] }, limits: limits)
    let lowering = part.lowering
    latentDimension = try lowering.checkedCount(part.inputShape, "the input '\(part.input)'")
    let latent = try lowering.makeActivation(part.inputShape, for: "the input")
    lowering.define(part.input, .activation(latent))
    guard let output = source.decoder.output ?? file.graph.outputs.first?.name else {
      throw Refusal("has no output", "export the model again")
    }
    var result = try part.lower([output])[0]
    var steps = lowering.steps
    var plainForm = AutoencoderPlan.PlainForm.means
    if source.decoder.gives == .logits { plainForm = .logits }
    // A Bernoulli likelihood is computed from logits, of which the last step makes means.
    if source.decoder.gives == .mean, source.likelihood == .bernoulli, let last = steps.last,
      last.output == result.slot, case .function(.logistic) = last.kind,
      case .slot(let logits) = last.inputs[0]
    {
      steps.removeLast()
      result.slot = logits
      plainForm = .logits
    }
    dataDimension = result.count
    let extents = Array(result.shape.dropFirst())
    let edge = file.graph.nodes.last { $0.outputs.contains(output) }
    let isLast = ChannelPlace.isLast(extents, data: image, edge: edge, permutation: [0, 2, 3, 1])
    let order = isLast ? [0, 3, 1, 2] : Array(result.shape.indices)
    let before = lowering.steps.count
    var state = try lowering.ordered(result, order, for: "the output")
    if source.decoder.gives == .normalizedMean {
      state = try DataScale(source.normalization, dataDimension).restore(
        Activation(slot: state.slot, shape: [1, dataDimension]), lowering)
    }
    steps += lowering.steps[before...]
    self.plainForm = plainForm
    graph = LoweredGraph(
      steps: steps, slots: lowering.slots, constants: lowering.constants, input: latent.slot,
      outputs: [state.slot])
  }
}

/// The normalization that a network expects of data.
private struct DataScale {
  let means: [Double]
  let deviations: [Double]

  /// - Throws: `Refusal` where there are more channels than components.
  init(_ normalization: AutoencoderSource.Normalization?, _ dimension: Int) throws {
    func spread(_ numbers: [Double]) throws -> [Double] {
      guard !numbers.isEmpty, dimension.isMultiple(of: numbers.count) else {
        throw Refusal(
          "takes \(dimension) components, which are not those of \(numbers.count) channels",
          "give one number of model.normalization for each channel")
      }
      return (0..<dimension).map { numbers[$0 / (dimension / numbers.count)] }
    }
    means = try normalization.map { try spread($0.means) } ?? []
    deviations = try normalization.map { try spread($0.deviations) } ?? []
  }

  /// (x - mean) / deviation.
  func normalize(_ state: Activation, _ lowering: Lowering) throws -> Activation {
    try apply(.divide, deviations, to: apply(.subtract, means, to: state, lowering), lowering)
  }

  /// deviation x + mean.
  func restore(_ state: Activation, _ lowering: Lowering) throws -> Activation {
    try apply(.add, means, to: apply(.multiply, deviations, to: state, lowering), lowering)
  }

  private func apply(
    _ function: PairFunction, _ numbers: [Double], to state: Activation, _ lowering: Lowering
  ) throws -> Activation {
    guard !numbers.isEmpty else { return state }
    return try lowering.emit(
      .pair(function), [.slot(state.slot), try lowering.keep(numbers)], shape: state.shape,
      for: "the normalization")
  }
}
