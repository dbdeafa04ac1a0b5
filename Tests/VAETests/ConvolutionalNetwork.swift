import Numerics
import VAE

/// The parameters of a small convolutional autoencoder, and what it computes, written out with loops in double
/// precision.
///
///     f_cl = tanh(b_c + sum_k w_ck x_(2l+k)),   m(x) = A f + a,   ln s^2(x) = B f + b
///     h = tanh(E z + e),   g(z) = mean function of (o + sum_(2l+k=i) v_ck h_cl)
struct ConvolutionalModel {
  static var channels: Int { 3 }
  static var width: Int { 4 }
  static var stride: Int { 2 }

  let length: Int
  let latentDimension: Int
  /// w, `[channels, width]`.
  var kernel: [Float]
  var kernelBiases: [Float]
  /// A, `[N, channels x length]`.
  var mean: [Float]
  var meanBiases: [Float]
  /// B.
  var logVariance: [Float]
  var logVarianceBiases: [Float]
  /// E, `[channels x length, N]`.
  var expansion: [Float]
  var expansionBiases: [Float]
  /// v, `[channels, width]`.
  var transposedKernel: [Float]
  var outputBias: Float

  var dataDimension: Int { (length - 1) * Self.stride + Self.width }
  var features: Int { Self.channels * length }

  /// Random parameters.
  init(length: Int = 5, latentDimension n: Int = 3, gain: Double = 1, seed: UInt64) {
    self.length = length
    latentDimension = n
    let field = RandomField(seed: seed, purpose: .user)
    let features = Self.channels * length
    func draw(_ tensor: UInt32, _ count: Int, _ scale: Double) -> [Float] {
      var random = field.stream(tensor, 7)
      return (0..<count).map { _ in Float(scale * random.normal()) }
    }
    kernel = draw(0, Self.channels * Self.width, gain)
    kernelBiases = draw(1, Self.channels, 0.3)
    mean = draw(2, n * features, gain / Double(features).squareRoot())
    meanBiases = draw(3, n, 0.3)
    logVariance = draw(4, n * features, 0.3)
    logVarianceBiases = draw(5, n, 0.3)
    expansion = draw(6, features * n, gain)
    expansionBiases = draw(7, features, 0.3)
    transposedKernel = draw(8, Self.channels * Self.width, gain)
    outputBias = draw(9, 1, 0.3)[0]
  }

  /// The same with the encoder's weights in the decoder, v = w and A = E': most orbits of such a network settle.
  var tied: ConvolutionalModel {
    var result = self
    result.transposedKernel = kernel
    for i in 0..<latentDimension {
      for j in 0..<features { result.mean[i * features + j] = expansion[j * latentDimension + i] }
    }
    return result
  }

  /// y = W x + b.
  private func affine(_ weights: [Float], _ biases: [Float], _ x: [Double]) -> [Double] {
    biases.indices.map { i in
      x.indices.reduce(Double(biases[i])) { $0 + Double(weights[i * x.count + $1]) * x[$1] }
    }
  }

  /// m(x) and ln s^2(x).
  func encode(_ x: [Double]) -> (mean: [Double], logVariance: [Double]) {
    var f = [Double](repeating: 0, count: features)
    for c in 0..<Self.channels {
      for l in 0..<length {
        var sum = Double(kernelBiases[c])
        for k in 0..<Self.width { sum += Double(kernel[c * Self.width + k]) * x[Self.stride * l + k] }
        f[c * length + l] = hyperbolicTangent(sum)
      }
    }
    return (affine(mean, meanBiases, f), affine(logVariance, logVarianceBiases, f))
  }

  /// The output's natural parameters.
  func plainValues(_ z: [Double]) -> [Double] {
    let h = affine(expansion, expansionBiases, z).map(hyperbolicTangent)
    return (0..<dataDimension).map { i in
      var sum = Double(outputBias)
      for c in 0..<Self.channels {
        for l in 0..<length where (0..<Self.width).contains(i - Self.stride * l) {
          sum += Double(transposedKernel[c * Self.width + i - Self.stride * l]) * h[c * length + l]
        }
      }
      return sum
    }
  }

  /// g(z).
  func decode(_ z: [Double], _ likelihood: Likelihood = .bernoulli) -> [Double] {
    plainValues(z).map { likelihood == .bernoulli ? logistic($0) : $0 }
  }

  /// -ln p(x|z), nats.
  func negativeLogLikelihood(_ x: [Double], at z: [Double], _ likelihood: Likelihood) -> Double {
    zip(x, plainValues(z)).reduce(0) { sum, pair in
      switch likelihood {
      case .bernoulli: return sum + softplus(pair.1) - pair.0 * pair.1
      case .gaussian:
        return sum + 0.5 * (pair.0 - pair.1) * (pair.0 - pair.1) + 0.5 * logarithm(2 * .pi)
      }
    }
  }
}

/// The same as a network: all that a network of another shape takes.
struct ConvolutionalNetwork<Scalar: NetworkScalar>: InferenceNetwork {
  private let kernel: [Scalar]
  private let kernelBiases: AlignedBuffer<Scalar>
  private let transposedKernel: [Scalar]
  private let outputBias: Scalar
  private let length: Int
  private let mean: DenseLayer<Scalar>
  private let logVariance: DenseLayer<Scalar>
  private let expansion: DenseLayer<Scalar>
  let dataDimension: Int
  let encoderDistribution: EncoderDistribution
  let decoderDistribution: DecoderDistribution
  var latentDimension: Int { mean.outputs }

  init(
    _ model: ConvolutionalModel, encoder: EncoderDistribution = .normal,
    decoder: DecoderDistribution = .likelihood(.bernoulli)
  ) {
    kernel = Scalar.converted(model.kernel)
    kernelBiases = AlignedBuffer(Scalar.converted(model.kernelBiases))
    transposedKernel = Scalar.converted(model.transposedKernel)
    outputBias = Scalar(model.outputBias)
    length = model.length
    func layer(_ weights: [Float], _ biases: [Float], _ activation: Activation) -> DenseLayer<Scalar> {
      DenseLayer(
        weights: Scalar.converted(weights), biases: Scalar.converted(biases), activation: activation)
    }
    mean = layer(model.mean, model.meanBiases, .identity)
    logVariance = layer(model.logVariance, model.logVarianceBiases, .identity)
    expansion = layer(model.expansion, model.expansionBiases, .tanh)
    dataDimension = model.dataDimension
    encoderDistribution = encoder
    decoderDistribution = decoder
  }

  /// The feature maps of encoder and decoder, `[rows, channels x length]`.
  struct Workspace {
    let encoder: Rows<Scalar>
    let decoder: Rows<Scalar>
  }

  func makeWorkspace(capacity: Int) -> Workspace {
    Workspace(
      encoder: Rows(capacity: capacity, width: mean.inputs),
      decoder: Rows(capacity: capacity, width: mean.inputs))
  }

  var workspaceBytesPerRow: Int { 2 * Rows<Scalar>.bytesPerRow(ofWidth: mean.inputs) }

  func encode(_ x: Rows<Scalar>, to mean: Rows<Scalar>, rows: Int, workspace w: inout Workspace) {
    for r in 0..<rows { convolve(x.row(r), to: w.encoder.row(r), biases: kernelBiases.pointer) }
    Scalar.activate(
      w.encoder.pointer, rows: rows, count: w.encoder.width, stride: w.encoder.stride, .tanh)
    self.mean.apply(w.encoder, to: mean, rows: rows)
  }

  func logVariance(to logVariance: Rows<Scalar>, rows: Int, workspace w: inout Workspace) {
    self.logVariance.apply(w.encoder, to: logVariance, rows: rows)
  }

  func decode(
    _ z: Rows<Scalar>, to output: Rows<Scalar>, as form: DecoderOutput, rows: Int,
    workspace w: inout Workspace
  ) {
    expansion.apply(z, to: w.decoder, rows: rows)
    for r in 0..<rows { spread(w.decoder.row(r), to: output.row(r), bias: outputBias) }
    guard form == .means, case .likelihood(let likelihood) = decoderDistribution else { return }
    Scalar.activate(
      output.pointer, rows: rows, count: dataDimension, stride: output.stride, likelihood.meanFunction)
  }

  private func convolve(
    _ x: UnsafePointer<Scalar>, to features: UnsafeMutablePointer<Scalar>, biases: UnsafePointer<Scalar>
  ) {
    let (width, stride) = (ConvolutionalModel.width, ConvolutionalModel.stride)
    for c in 0..<ConvolutionalModel.channels {
      for l in 0..<length {
        var sum = biases[c]
        for k in 0..<width { sum += kernel[c * width + k] * x[stride * l + k] }
        features[c * length + l] = sum
      }
    }
  }

  /// The transposed convolution.
  private func spread(
    _ features: UnsafePointer<Scalar>, to output: UnsafeMutablePointer<Scalar>, bias: Scalar
  ) {
    let (width, stride) = (ConvolutionalModel.width, ConvolutionalModel.stride)
    for i in 0..<dataDimension { output[i] = bias }
    for c in 0..<ConvolutionalModel.channels {
      for l in 0..<length {
        for k in 0..<width {
          output[stride * l + k] += transposedKernel[c * width + k] * features[c * length + l]
        }
      }
    }
  }
}

extension ConvolutionalNetwork: DifferentiableNetwork where Scalar == Double {
  /// Feature maps of the state (row 0) and of its directions, and slopes.
  struct TangentWorkspace {
    let features: Rows<Double>
    let slopes: AlignedBuffer<Double>
    let zeros: AlignedBuffer<Double>
  }

  func makeTangentWorkspace(directions: Int) -> TangentWorkspace {
    let width = roundedUp(max(mean.inputs, dataDimension), toMultipleOf: Double.panelWidth)
    return TangentWorkspace(
      features: Rows(capacity: directions + 1, width: mean.inputs), slopes: AlignedBuffer(count: width),
      zeros: AlignedBuffer(count: width))
  }

  /// Row 0 becomes tanh of itself, the directions are multiplied by the slopes 1 - tanh^2.
  private func activate(_ w: TangentWorkspace, directions: Int) {
    let state = w.features.row(0)
    Double.activate(state, count: w.features.width, .tanh)
    for j in 0..<w.features.width { w.slopes.pointer[j] = 1 - state[j] * state[j] }
    for k in 0..<directions {
      let row = w.features.row(k + 1)
      for j in 0..<w.features.width { row[j] *= w.slopes.pointer[j] }
    }
  }

  func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, workspace w: inout TangentWorkspace
  ) {
    expansion.applyLinearPart(z, to: w.features, rows: directions + 1, zeros: w.zeros)
    for j in 0..<expansion.outputs { w.features.row(0)[j] += expansion.biases[j] }
    activate(w, directions: directions)
    for r in 0...directions { spread(w.features.row(r), to: x.row(r), bias: r == 0 ? outputBias : 0) }
    guard case .likelihood(.bernoulli) = decoderDistribution else { return }
    let state = x.row(0)
    Double.activate(state, count: dataDimension, .logistic)
    for k in 0..<directions {
      let row = x.row(k + 1)
      for i in 0..<dataDimension { row[i] *= state[i] * (1 - state[i]) }
    }
  }

  func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, workspace w: inout TangentWorkspace
  ) {
    for r in 0...directions {
      convolve(x.row(r), to: w.features.row(r), biases: (r == 0 ? kernelBiases : w.zeros).pointer)
    }
    activate(w, directions: directions)
    self.mean.applyLinearPart(w.features, to: mean, rows: directions + 1, zeros: w.zeros)
    for i in 0..<latentDimension { mean.row(0)[i] += self.mean.biases[i] }
  }
}
