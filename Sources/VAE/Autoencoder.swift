import Numerics

/// The weights of one fully connected layer, y = W x + b.
public struct LayerParameters: Sendable, Hashable {
  /// Shape `[outputs, inputs]`, row-major.
  public var weight: [Float]
  /// Shape `[outputs]`.
  public var bias: [Float]
}

/// A variational autoencoder: its architecture and its parameters, in the single precision of model files.
///
/// Source: Kingma and Welling 2013, arXiv:1312.6114.
public struct Autoencoder: Sendable {
  /// The widths and functions of the layers.
  public let architecture: Architecture
  /// The parameters of each layer, in the order of `architecture.layers`.
  public internal(set) var layers: [LayerParameters]
  /// The standard deviation S of a Gaussian decoder, one for all components; 1 for a Bernoulli decoder.
  public var likelihoodScale = 1.0
  /// What training recorded, or what the model file says. It is written to model files.
  public var metadata: [String: String]

  /// - Precondition: The layers have the architecture's shapes.
  public init(architecture: Architecture, layers: [LayerParameters], metadata: [String: String] = [:]) {
    precondition(layers.count == architecture.layers.count)
    for (layer, shape) in zip(layers, architecture.layers) {
      precondition(layer.weight.count == shape.inputs * shape.outputs && layer.bias.count == shape.outputs)
    }
    self.architecture = architecture
    self.layers = layers
    self.metadata = metadata
  }

  /// Creates random parameters: weights and biases uniform in +-1/sqrt(inputs), as PyTorch's linear layers have by
  /// default.
  ///
  /// - Parameters:
  ///   - architecture: The widths, the activation and the likelihood.
  ///   - seed: The scenario's seed.
  ///   - replica: Each number gives independent parameters.
  public init(initializing architecture: Architecture, seed: UInt64, replica: Int = 0) {
    let field = RandomField(
      seed: seed, purpose: .parameterInitialization, context: UInt64(UInt32(truncatingIfNeeded: replica)))
    layers = architecture.layers.enumerated().map { index, shape in
      let bound = 1 / Double(shape.inputs).squareRoot()
      var weights = field.stream(UInt32(index), 0)
      var biases = field.stream(UInt32(index), 1)
      return LayerParameters(
        weight: (0..<shape.inputs * shape.outputs).map { _ in Float(bound * (2 * weights.uniform() - 1)) },
        bias: (0..<shape.outputs).map { _ in Float(bound * (2 * biases.uniform() - 1)) })
    }
    self.architecture = architecture
    metadata = [:]
  }

  /// What is assumed of a model whose file does not say it: keys of the metadata that are missing, and the values
  /// taken instead. A linear model has no activation, so none is assumed.
  public var assumptions: [(key: String, value: String)] {
    [("activation", architecture.activation.rawValue), ("likelihood", architecture.likelihood.rawValue)]
      .filter { metadata[$0.0] == nil && ($0.0 != "activation" || !architecture.hidden.isEmpty) }
  }

  /// Whether every parameter is a finite number.
  public var isFinite: Bool {
    layers.allSatisfy { $0.weight.allSatisfy(\.isFinite) && $0.bias.allSatisfy(\.isFinite) }
  }
}
