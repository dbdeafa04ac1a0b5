import Numerics

/// The widths and functions of a variational autoencoder with fully connected layers.
///
/// Encoder: D -> hidden[0] -> ... -> (mean, log variance), N each. Decoder: N -> ... -> hidden[0] -> D.
public struct Architecture: Sendable, Hashable {
  /// D, the number of components of a data item.
  public var dataDimension: Int
  /// N, the number of latent variables.
  public var latentDimension: Int
  /// The widths of the encoder's hidden layers; the decoder mirrors them. Empty for a linear model.
  public var hidden: [Int]
  /// The function of the hidden layers.
  public var activation: Activation
  /// The decoder's distribution p(x|z).
  public var likelihood: Likelihood

  /// Creates an architecture.
  public init(
    dataDimension: Int, latentDimension: Int, hidden: [Int], activation: Activation,
    likelihood: Likelihood
  ) {
    precondition(dataDimension > 0 && latentDimension > 0 && hidden.allSatisfy { $0 > 0 })
    self.dataDimension = dataDimension
    self.latentDimension = latentDimension
    self.hidden = hidden
    self.activation = activation
    self.likelihood = likelihood
  }

  /// One fully connected layer's name and widths.
  public struct LayerShape: Sendable, Hashable {
    /// The name in model files, e.g. `encoder.0`.
    public var name: String
    /// The width of the input.
    public var inputs: Int
    /// The width of the output.
    public var outputs: Int
  }

  /// All layers in the order of model files: encoder, mean, log variance, decoder, output.
  public var layers: [LayerShape] {
    var result: [LayerShape] = []
    var width = dataDimension
    for (k, next) in hidden.enumerated() {
      result.append(LayerShape(name: "encoder.\(k)", inputs: width, outputs: next))
      width = next
    }
    result.append(LayerShape(name: "encoder.mean", inputs: width, outputs: latentDimension))
    result.append(LayerShape(name: "encoder.log_variance", inputs: width, outputs: latentDimension))
    width = latentDimension
    for (k, next) in hidden.reversed().enumerated() {
      result.append(LayerShape(name: "decoder.\(k)", inputs: width, outputs: next))
      width = next
    }
    result.append(LayerShape(name: "decoder.output", inputs: width, outputs: dataDimension))
    return result
  }

  /// The number of weights and biases.
  public var parameterCount: Int { layers.reduce(0) { $0 + ($1.inputs + 1) * $1.outputs } }
  /// The index of the mean's layer in `layers`.
  var meanIndex: Int { hidden.count }
  /// The index of the log variance's layer in `layers`.
  var logVarianceIndex: Int { hidden.count + 1 }
  /// The index of the first decoder layer in `layers`.
  var decoderIndex: Int { hidden.count + 2 }
  /// The index of the output layer in `layers`.
  var outputIndex: Int { 2 * hidden.count + 2 }

  /// The floating-point operations of one inference step x(t) -> z(t) -> x(t+1) in mean mode, per member.
  public var operationsPerStep: Int {
    2 * layers.filter { $0.name != "encoder.log_variance" }.reduce(0) { $0 + $1.inputs * $1.outputs }
  }
}
