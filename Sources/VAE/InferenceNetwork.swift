import Numerics
import Vocabulary

/// What an encoder states about the latent state of a data item x.
public enum EncoderDistribution: Sendable, Hashable {
  /// q(z|x): independent normal variables with the mean m(x) and the logarithm of the variance ln s^2(x).
  case normal
  /// Nothing but m(x): a deterministic autoencoder, which has no second head.
  case deterministic
}

/// What a decoder states about the data at a latent state z.
public enum DecoderDistribution: Sendable, Hashable {
  /// p(x|z) with the mean g(z).
  case likelihood(Likelihood)
  /// Nothing but g(z): a deterministic autoencoder.
  case deterministic
}

/// What a decoder is to compute.
public enum DecoderOutput: Sendable, Hashable {
  /// g(z).
  case means
  /// The output layer's values before their last function, from which `means` and `negativeLogLikelihood` are computed.
  /// Each network defines what they are; by default they are the likelihood's natural parameters.
  case plainValues
}

/// An encoder and a decoder in one precision, as repeated inference needs them: the seam for networks of any shape.
///
///     m(x), ln s^2(x): [rows, D] -> [rows, N],   g(z): [rows, N] -> [rows, D]
///
/// Conformers are immutable. All requirements work on blocks of rows, so that callers pay one generic call per block;
/// loops over elements belong in the conformer, and there in `NetworkScalar`'s kernels. They allocate nothing, and the
/// result of a row must not depend, bit for bit, on which other rows share its block.
///
/// A network whose derivative is known also conforms to `DifferentiableNetwork`.
public protocol InferenceNetwork: Sendable {
  /// The precision.
  associatedtype Scalar: NetworkScalar
  /// Scratch memory for a block of rows.
  associatedtype Workspace

  /// D.
  var dataDimension: Int { get }
  /// N, the number of latent variables.
  var latentDimension: Int { get }
  /// What the encoder gives.
  var encoderDistribution: EncoderDistribution { get }
  /// What the decoder gives.
  var decoderDistribution: DecoderDistribution { get }
  /// The standard deviation S of a Gaussian decoder; by default 1.
  var likelihoodScale: Double { get }
  /// The memory of a workspace per row.
  var workspaceBytesPerRow: Int { get }

  /// Scratch memory for blocks of at most `capacity` rows.
  func makeWorkspace(capacity: Int) -> Workspace

  /// Computes m(x).
  ///
  /// - Parameters:
  ///   - x: Shape `[rows, D]`.
  ///   - mean: Receives m(x), shape `[rows, N]`.
  func encode(_ x: Rows<Scalar>, to mean: Rows<Scalar>, rows: Int, workspace: inout Workspace)

  /// Computes ln s^2(x) of the rows that were last given to `encode`, which have not been changed since; `decode` may
  /// have been called in between.
  ///
  /// - Parameter logVariance: Shape `[rows, N]`.
  /// - Precondition: the encoder's distribution is normal.
  func logVariance(to logVariance: Rows<Scalar>, rows: Int, workspace: inout Workspace)

  /// Computes g(z), or the output layer's plain values.
  ///
  /// - Parameters:
  ///   - z: Shape `[rows, N]`.
  ///   - output: Shape `[rows, D]`.
  func decode(
    _ z: Rows<Scalar>, to output: Rows<Scalar>, as form: DecoderOutput, rows: Int, workspace: inout Workspace)

  /// Turns the output layer's plain values into g(z), with the bits that `decode` gives.
  ///
  /// By default the mean function of the likelihood, elementwise.
  ///
  /// - Parameters:
  ///   - plainValues: Shape `[rows, D]`.
  ///   - means: Shape `[rows, D]`, other memory than `plainValues`.
  func means(of plainValues: Rows<Scalar>, to means: Rows<Scalar>, rows: Int)

  /// Computes -ln p(x|z) of each row, in nats.
  ///
  /// By default the likelihood of `plainValues` as its natural parameters.
  ///
  /// - Parameters:
  ///   - x: Shape `[rows, D]`.
  ///   - plainValues: The output layer's at z, shape `[rows, D]`.
  ///   - result: Shape `[rows]`.
  ///   - scratch: Room for 2 D numbers.
  /// - Precondition: the decoder has a likelihood.
  func negativeLogLikelihood(
    of x: Rows<Scalar>, plainValues: Rows<Scalar>, rows: Int, into result: UnsafeMutablePointer<Double>,
    scratch: UnsafeMutablePointer<Double>)
}

extension InferenceNetwork {
  /// One.
  public var likelihoodScale: Double { 1 }

  /// Whether an evidence lower bound exists: both parts are distributions.
  public var hasEvidence: Bool { encoderDistribution == .normal && decoderDistribution != .deterministic }

  /// Whether inference can be repeated in a mode: a mode that draws needs a distribution to draw from.
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
