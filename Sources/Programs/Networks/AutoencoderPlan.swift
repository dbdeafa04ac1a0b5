import VAE

/// An encoder and a decoder as steps, in no precision.
package struct AutoencoderPlan: Sendable {
  /// What the decoder's steps compute.
  package enum PlainForm: Sendable {
    /// g(z) itself.
    case means
    /// Logits, of which g(z) is the logistic function.
    case logits
  }

  /// From x to m(x) and, where there is one, ln s^2(x).
  package var encoder: LoweredGraph
  /// From z to the plain form.
  package var decoder: LoweredGraph
  package var plainForm: PlainForm
  /// D, the number of components of a data item.
  package var dataDimension: Int
  /// N, the number of latent variables.
  package var latentDimension: Int
  /// Nil: none.
  package var likelihood: Likelihood?
  /// The standard deviation S of a Gaussian decoder.
  package var likelihoodScale = 1.0

  package init(
    encoder: LoweredGraph, decoder: LoweredGraph, plainForm: PlainForm, dataDimension: Int,
    latentDimension: Int
  ) {
    self.encoder = encoder
    self.decoder = decoder
    self.plainForm = plainForm
    self.dataDimension = dataDimension
    self.latentDimension = latentDimension
  }

  /// Whether the encoder tells a variance.
  package var hasVariance: Bool { encoder.outputs.count > 1 }
}
