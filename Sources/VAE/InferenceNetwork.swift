import Numerics
import Vocabulary

/// What an encoder states about the latent state of a data item x.
public enum EncoderDistribution: Sendable, Hashable {
  /// q(z|x): independent normal variables with the mean m(x) and the logarithm of the variance ln s^2(x).
  case normal
  /// Only m(x). This is a deterministic autoencoder, which has no second head.
  case deterministic
}

/// What a decoder states about the data at a latent state z.
public enum DecoderDistribution: Sendable, Hashable {
  /// p(x|z) with the mean g(z).
  case likelihood(Likelihood)
  /// Only g(z). This is a deterministic autoencoder.
  case deterministic
}

/// The output that a decoder is asked for.
public enum DecoderOutput: Sendable, Hashable {
  /// g(z).
  case means
  /// The output layer's values before its last function, from which `means` and `negativeLogLikelihood` are
  /// computed. Each network defines what they are. By default they are the likelihood's natural parameters.
  case plainValues
}

/// An encoder and a decoder in one precision, as repeated inference needs them. Networks of any shape can conform.
///
///     m(x), ln s^2(x): [rows, D] -> [rows, N],   g(z): [rows, N] -> [rows, D]
///
/// Conformers are immutable. All requirements work on blocks of rows, so that callers pay for one generic call per
/// block. Loops over elements belong in the conformer, which uses the kernels of `NetworkScalar` for them. The
/// requirements allocate nothing, and a row's result must have the same bits whichever other rows share its block.
///
/// A network whose derivative is known also conforms to `DifferentiableNetwork`.
public protocol InferenceNetwork: Sendable {
  /// The precision of the network.
  associatedtype Scalar: NetworkScalar
  /// Scratch memory for a block of rows.
  associatedtype Workspace

  /// D, the number of components of a data item.
  var dataDimension: Int { get }
  /// N, the number of latent variables.
  var latentDimension: Int { get }
  /// What the encoder states about the latent state.
  var encoderDistribution: EncoderDistribution { get }
  /// What the decoder states about the data.
  var decoderDistribution: DecoderDistribution { get }
  /// The standard deviation S of a Gaussian decoder; by default 1.
  var likelihoodScale: Double { get }
  /// The memory of a workspace per row, in bytes.
  var workspaceBytesPerRow: Int { get }

  /// Creates scratch memory for blocks of at most `capacity` rows.
  func makeWorkspace(capacity: Int) -> Workspace

  /// Computes m(x).
  ///
  /// - Parameters:
  ///   - x: Shape `[rows, D]`.
  ///   - mean: Receives m(x), shape `[rows, N]`.
  ///   - rows: The number of rows.
  ///   - workspace: Scratch memory, as `makeWorkspace` creates it.
  func encode(_ x: Rows<Scalar>, to mean: Rows<Scalar>, rows: Int, workspace: inout Workspace)

  /// Computes ln s^2(x) of the rows that were last given to `encode`. They must not have been changed since, but
  /// `decode` may have been called in between.
  ///
  /// - Parameters:
  ///   - logVariance: Receives ln s^2(x), shape `[rows, N]`.
  ///   - rows: The number of rows.
  ///   - workspace: Scratch memory, as `makeWorkspace` creates it.
  /// - Precondition: The encoder's distribution is normal.
  func logVariance(to logVariance: Rows<Scalar>, rows: Int, workspace: inout Workspace)

  /// Computes g(z), or the output layer's plain values.
  ///
  /// - Parameters:
  ///   - z: Shape `[rows, N]`.
  ///   - output: Receives g(z) or the plain values, by `form`, shape `[rows, D]`.
  ///   - form: Which of the two is computed.
  ///   - rows: The number of rows.
  ///   - workspace: Scratch memory, as `makeWorkspace` creates it.
  func decode(
    _ z: Rows<Scalar>, to output: Rows<Scalar>, as form: DecoderOutput, rows: Int, workspace: inout Workspace)

  /// Turns the output layer's plain values into g(z), with the same bits as `decode`.
  ///
  /// The default applies the likelihood's mean function to each element.
  ///
  /// - Parameters:
  ///   - plainValues: Shape `[rows, D]`.
  ///   - means: Receives g(z), shape `[rows, D]`. Must not be the same memory as `plainValues`.
  ///   - rows: The number of rows.
  func means(of plainValues: Rows<Scalar>, to means: Rows<Scalar>, rows: Int)

  /// Computes -ln p(x|z) of each row, in nats.
  ///
  /// The default takes `plainValues` as the likelihood's natural parameters.
  ///
  /// - Parameters:
  ///   - x: Shape `[rows, D]`.
  ///   - plainValues: The plain values of the output layer at z, shape `[rows, D]`.
  ///   - rows: The number of rows.
  ///   - result: Receives one number per row, shape `[rows]`.
  ///   - scratch: Memory for 2 D numbers.
  /// - Precondition: The decoder has a likelihood.
  func negativeLogLikelihood(
    of x: Rows<Scalar>, plainValues: Rows<Scalar>, rows: Int, into result: UnsafeMutablePointer<Double>,
    scratch: UnsafeMutablePointer<Double>)
}

extension InferenceNetwork {
  /// By default, the scale is 1.
  public var likelihoodScale: Double { 1 }

  /// Whether there is an evidence lower bound, which needs distributions of both encoder and decoder.
  public var hasEvidence: Bool { encoderDistribution == .normal && decoderDistribution != .deterministic }

  /// Whether inference can be repeated in a mode. A mode that draws samples needs a distribution to draw from.
  public func supports(_ mode: InferenceMode) -> Bool {
    switch mode {
    case .mean, .clamped: return true
    case .sample(_, let samplesDecoder):
      return encoderDistribution == .normal && (!samplesDecoder || decoderDistribution != .deterministic)
    }
  }

  public func logVariance(to logVariance: Rows<Scalar>, rows: Int, workspace: inout Workspace) {
    preconditionFailure("a deterministic encoder has no variance")
  }

  public func means(of plainValues: Rows<Scalar>, to means: Rows<Scalar>, rows: Int) {
    means.copy(plainValues, rows: rows)
    guard case .likelihood(let likelihood) = decoderDistribution else { return }
    Scalar.activate(
      means.pointer, rows: rows, count: means.width, stride: means.stride, likelihood.meanFunction)
  }

  public func negativeLogLikelihood(
    of x: Rows<Scalar>, plainValues: Rows<Scalar>, rows: Int, into result: UnsafeMutablePointer<Double>,
    scratch: UnsafeMutablePointer<Double>
  ) {
    guard case .likelihood(let likelihood) = decoderDistribution else {
      preconditionFailure("a deterministic decoder has no likelihood")
    }
    for r in 0..<rows {
      result[r] = likelihood.negativeLogLikelihood(
        outputs: plainValues.row(r), targets: x.row(r), count: x.width, scale: likelihoodScale,
        scratch: scratch)
    }
  }
}
