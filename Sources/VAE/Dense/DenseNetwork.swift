import Vocabulary
import Dynamics
import Numerics

/// An encoder and a decoder of fully connected layers. The decoder need not mirror the encoder.
public struct DenseNetwork<Scalar: NetworkScalar>: InferenceNetwork {
  /// The hidden layers of the encoder.
  let encoder: [DenseLayer<Scalar>]
  let mean: DenseLayer<Scalar>
  let logVariance: DenseLayer<Scalar>
  /// The hidden layers of the decoder.
  let decoder: [DenseLayer<Scalar>]
  /// The output layer. Its function is the likelihood's mean function; without the function, its values are the
  /// natural parameters.
  let output: DenseLayer<Scalar>
  public let dataDimension: Int
  public let latentDimension: Int
  public let decoderDistribution: DecoderDistribution
  public let likelihoodScale: Double
  public var encoderDistribution: EncoderDistribution { .normal }

  /// Assembles a network from its layers.
  ///
  /// - Parameters:
  ///   - encoder: The hidden layers before the two heads.
  ///   - mean: The head for m.
  ///   - logVariance: The head for ln s^2.
  ///   - decoder: The hidden layers before the output layer.
  ///   - output: The output layer, whose activation is the likelihood's mean function.
  ///   - likelihood: The decoder's likelihood.
  ///   - likelihoodScale: The standard deviation of a Gaussian decoder.
  /// - Precondition: Each layer has as many inputs as the layer before has outputs, and the heads' activation is
  ///   the identity.
  public init(
    encoder: [DenseLayer<Scalar>], mean: DenseLayer<Scalar>, logVariance: DenseLayer<Scalar>,
    decoder: [DenseLayer<Scalar>], output: DenseLayer<Scalar>, likelihood: Likelihood,
    likelihoodScale: Double = 1
  ) {
    for (layer, next) in zip(encoder, encoder.dropFirst() + [mean]) {
      precondition(layer.outputs == next.inputs)
    }
    for (layer, next) in zip([mean] + decoder, decoder + [output]) {
      precondition(layer.outputs == next.inputs)
    }
    precondition(logVariance.inputs == mean.inputs && logVariance.outputs == mean.outputs)
    precondition((encoder.first ?? mean).inputs == output.outputs)
    precondition(mean.activation == .identity && logVariance.activation == .identity)
    precondition(output.activation == likelihood.meanFunction)
    self.encoder = encoder
    self.mean = mean
    self.logVariance = logVariance
    self.decoder = decoder
    self.output = output
    dataDimension = output.outputs
    latentDimension = mean.outputs
    decoderDistribution = .likelihood(likelihood)
    self.likelihoodScale = likelihoodScale
  }

  /// Packs a model's weights.
  public init(_ model: Autoencoder) {
    let a = model.architecture
    func layer(_ k: Int, _ activation: Activation) -> DenseLayer<Scalar> {
      DenseLayer(model.layers[k], activation: activation)
    }
    self.init(
      encoder: a.hidden.indices.map { layer($0, a.activation) }, mean: layer(a.meanIndex, .identity),
      logVariance: layer(a.logVarianceIndex, .identity),
      decoder: a.hidden.indices.map { layer(a.decoderIndex + $0, a.activation) },
      output: layer(a.outputIndex, a.likelihood.meanFunction), likelihood: a.likelihood,
      likelihoodScale: model.likelihoodScale)
  }

  /// Scratch memory for the hidden layers' outputs.
  public final class Workspace {
    let encoder: [Rows<Scalar>]
    let decoder: [Rows<Scalar>]
    /// The rows that the heads read: the outputs of the encoder's last hidden layer, or x if there is none.
    var features = Rows<Scalar>(capacity: 0, width: 0)

    init(_ network: DenseNetwork, capacity: Int) {
      encoder = network.encoder.map { Rows(capacity: capacity, width: $0.outputs) }
      decoder = network.decoder.map { Rows(capacity: capacity, width: $0.outputs) }
    }
  }

  public func makeWorkspace(capacity: Int) -> Workspace { Workspace(self, capacity: capacity) }

  public var workspaceBytesPerRow: Int {
    (encoder + decoder).reduce(0) { $0 + Rows<Scalar>.bytesPerRow(ofWidth: $1.outputs) }
  }

  public func encode(_ x: Rows<Scalar>, to mean: Rows<Scalar>, rows: Int, workspace: inout Workspace) {
    let features = Self.pass(x, through: encoder, rows: rows, outputs: workspace.encoder)
    workspace.features = features
    self.mean.apply(features, to: mean, rows: rows)
  }

  public func logVariance(to logVariance: Rows<Scalar>, rows: Int, workspace: inout Workspace) {
    self.logVariance.apply(workspace.features, to: logVariance, rows: rows)
  }

  public func decode(
    _ z: Rows<Scalar>, to output: Rows<Scalar>, as form: DecoderOutput, rows: Int, workspace: inout Workspace
  ) {
    let features = Self.pass(z, through: decoder, rows: rows, outputs: workspace.decoder)
    switch form {
    case .means: self.output.apply(features, to: output, rows: rows)
    case .plainValues: self.output.applyAffinePart(features, to: output, rows: rows)
    }
  }

  /// Returns the last layer's outputs, or `x` if there is no layer.
  private static func pass(
    _ x: Rows<Scalar>, through layers: [DenseLayer<Scalar>], rows: Int, outputs: [Rows<Scalar>]
  ) -> Rows<Scalar> {
    var current = x
    for k in layers.indices {
      layers[k].apply(current, to: outputs[k], rows: rows)
      current = outputs[k]
    }
    return current
  }
}

extension InferenceMap {
  /// Packs a model's weights.
  public init<Precision: NetworkScalar>(_ model: Autoencoder, mode: InferenceMode = .mean)
  where Network == DenseNetwork<Precision> {
    self.init(DenseNetwork(model), mode: mode)
  }
}

extension DifferentiableInferenceMap where Network == DenseNetwork<Double> {
  /// Packs a model's weights.
  public init(_ model: Autoencoder) { self.init(DenseNetwork(model)) }
}

extension Evidence {
  /// Evaluates a model on items `0..<count`, in single precision.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - source: The items, rows of length D.
  ///   - count: The number of items that are evaluated.
  ///   - seed: The scenario's seed.
  ///   - draw: The number of the noise. Different numbers give independent noise.
  ///   - threads: The number of threads; the result does not depend on it.
  /// - Complexity: One encoding and one decoding per item.
  public init(
    of model: Autoencoder, on source: some ItemSource, count: Int, seed: UInt64, draw: Int = 0, threads: Int
  ) {
    self.init(
      of: DenseNetwork<Float>(model), on: source, count: count, seed: seed, draw: draw, threads: threads)
  }
}
