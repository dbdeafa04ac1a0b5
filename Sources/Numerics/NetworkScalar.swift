internal import CKernels
internal import COpenBLAS

/// The nonlinearity of a layer.
public enum Activation: String, Sendable, Hashable, CaseIterable {
  case identity, tanh, relu
  /// x Phi(x) with the exact normal distribution function (through erf).
  case gelu
  /// ln(1 + e^x).
  case softplus
  /// 1 / (1 + e^-x).
  case logistic

  /// The functions that hidden layers of our own networks may have.
  public static let ofHiddenLayers: [Activation] = [.tanh, .relu, .gelu, .softplus]

  @usableFromInline var code: Int32 {
    switch self {
    case .identity: return 0
    case .tanh: return 1
    case .relu: return 2
    case .gelu: return 3
    case .softplus: return 4
    case .logistic: return 5
    }
  }
}

/// Whether a matrix enters a product transposed.
public enum Transposition: Sendable {
  case none, transposed
}

/// A precision in which networks are computed: `Float` or `Double`.
///
/// The requirements work on whole blocks, so that no generic call happens per element.
public protocol NetworkScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// The columns of one packed panel of weights.
  static var panelWidth: Int { get }

  /// Packs `weights` `[columns, inner]` for `dense`; `packed` holds `roundedUp(columns) * inner`.
  static func pack(
    weights: UnsafePointer<Self>, columns: Int, inner: Int, into packed: UnsafeMutablePointer<Self>)

  /// target = source, rounded to this precision.
  static func convert(_ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Self>, count: Int)

  /// target = source, exactly.
  static func convert(_ source: UnsafePointer<Self>, to target: UnsafeMutablePointer<Double>, count: Int)

  /// The values in this precision, exactly.
  static func converted(_ values: [Float]) -> [Self]

  /// One fused dense layer, y = activation(x W' + b), independent of the rows' grouping bit for bit.
  ///
  /// `y_rc = f(b_c + sum_k x_rk w_ck)`, summed in a fixed order: chunks of 256 terms, one after another.
  ///
  /// - Precondition: `y`'s stride covers whole panels, which are overwritten; `bias` has that length.
  static func dense(
    _ x: UnsafePointer<Self>, rows: Int, inner: Int, stride: Int, packed: UnsafePointer<Self>,
    bias: UnsafePointer<Self>, columns: Int, into y: UnsafeMutablePointer<Self>, stride: Int,
    activation: Activation)

  /// values = activation(values), elementwise for the first `count` elements of each row.
  static func activate(
    _ values: UnsafeMutablePointer<Self>, rows: Int, count: Int, stride: Int, _ activation: Activation)

  /// gradient *= activation'(input), elementwise for the first `count` elements of each row.
  ///
  /// `output` is activation(input). tanh and logistic read the output alone, the others the input alone,
  /// for which relu takes the output as well: what is not read may be the other.
  static func multiplyByActivationGradient(
    _ gradient: UnsafeMutablePointer<Self>, input: UnsafePointer<Self>, output: UnsafePointer<Self>,
    rows: Int, count: Int, stride: Int, _ activation: Activation)

  /// The Bernoulli cross-entropy sum_i softplus(l_i) - x_i l_i in nats, from logits, over the first `count`
  /// elements of each row.
  ///
  /// Where `gradient` is given, it receives scale (logistic(l_i) - x_i), with the logits' stride; it may be
  /// the logits themselves.
  static func bernoulliCrossEntropy(
    logits: UnsafePointer<Self>, stride: Int, targets: UnsafePointer<Self>, targetStride: Int, rows: Int,
    count: Int, scale: Self, gradient: UnsafeMutablePointer<Self>?
  ) -> Double

  /// The gradient of one panel of a layer's parameters, and one step of Adam with it.
  ///
  ///     gradient_ic = sum_r x_ri delta_rc,   of the bias: sum_r delta_rc
  ///
  /// The panel is `[inputs + 1, panelWidth]`: packed weights, then the bias. Sums have a fixed order, chunks
  /// of 256 rows. Where `gradient` is given, it is written and nothing is updated; else parameters and
  /// moments are updated tile by tile, and the gradient is never in memory; the updated weights are then
  /// written to `transposed` as by `transpose`.
  ///
  /// - Precondition: `delta` may be read up to the whole panel; `transposed` is aligned to 64 bytes.
  static func update(
    _ x: UnsafePointer<Self>, rows: Int, inputs: Int, stride: Int, delta: UnsafePointer<Self>,
    stride: Int, gradient: UnsafeMutablePointer<Self>?, parameters: UnsafeMutablePointer<Self>,
    first: UnsafeMutablePointer<Self>, second: UnsafeMutablePointer<Self>, _ step: AdamStep, columns: Int,
    transposed: UnsafeMutablePointer<Self>?, targetPanel: Int)

  /// Writes the first `columns` columns of a panel `[inputs, panelWidth]` as rows of the transposed weights
  /// in packed form, with zeros beyond `inputs`; panels of `target` are `targetPanel` elements apart.
  ///
  /// - Precondition: `target` is aligned to 64 bytes.
  static func transpose(
    panel: UnsafePointer<Self>, inputs: Int, columns: Int, into target: UnsafeMutablePointer<Self>,
    targetPanel: Int)

  /// C = alpha op(A) op(B) + beta C through OpenBLAS, row-major; op(A) is `[m, k]`, op(B) `[k, n]`.
  static func multiply(
    _ transpositionA: Transposition, _ transpositionB: Transposition, m: Int, n: Int, k: Int,
    alpha: Self, _ a: UnsafePointer<Self>, _ strideA: Int, _ b: UnsafePointer<Self>, _ strideB: Int,
    beta: Self, _ c: UnsafeMutablePointer<Self>, _ strideC: Int)
}

extension NetworkScalar {
  /// values = activation(values), elementwise.
  public static func activate(_ values: UnsafeMutablePointer<Self>, count: Int, _ activation: Activation) {
    activate(values, rows: 1, count: count, stride: count, activation)
  }

  /// gradient *= activation'(input), elementwise; `output` is activation(input).
  public static func multiplyByActivationGradient(
    _ gradient: UnsafeMutablePointer<Self>, input: UnsafePointer<Self>, output: UnsafePointer<Self>,
    count: Int, _ activation: Activation
  ) {
    multiplyByActivationGradient(
      gradient, input: input, output: output, rows: 1, count: count, stride: count, activation)
  }

  /// The Bernoulli cross-entropy of one row.
  public static func bernoulliCrossEntropy(
    logits: UnsafePointer<Self>, targets: UnsafePointer<Self>, count: Int, scale: Self,
    gradient: UnsafeMutablePointer<Self>?
  ) -> Double {
    bernoulliCrossEntropy(
      logits: logits, stride: count, targets: targets, targetStride: count, rows: 1, count: count,
      scale: scale, gradient: gradient)
  }
}

/// The constants of one step of Adam.
///
///     m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
///     theta -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
///
/// Source: Kingma and Ba 2014, arXiv:1412.6980; constants and form as in PyTorch.
public struct AdamStep: Sendable, Hashable {
  /// Decay of the gradient's mean.
  public static let beta1 = 0.9
  /// Decay of the gradient's mean square.
  public static let beta2 = 0.999
  /// Keeps the quotient finite.
  public static let epsilon = 1e-8
  /// The learning rate with the first moment's bias correction.
  public let rate: Double
  /// 1 / sqrt(1 - b2^t).
  public let secondCorrection: Double

  /// - Parameter number: t, from 1.
  public init(number: Int, learningRate: Double) {
    precondition(number >= 1)
    rate = learningRate / (1 - power(Self.beta1, Double(number)))
    secondCorrection = 1 / (1 - power(Self.beta2, Double(number))).squareRoot()
  }

  fileprivate var constants: ckernels_adam {
    ckernels_adam(
      rate: rate, second_correction: secondCorrection, beta1: Self.beta1, beta2: Self.beta2,
      epsilon: Self.epsilon)
  }
}

/// Blocks of a multiple of so many rows fill the dense kernel's register tiles (speed, nothing else).
public let kernelRowMultiple = 42

/// The instruction set of the dense kernel, for tests and benchmarks.
public enum KernelInstructionSet: Int32, Sendable, CaseIterable {
  case automatic = 0
  case portable = 1
  case avx2 = 2
  case avx512 = 3

  /// Uses the best available instruction set up to this one, and returns which that is.
  ///
  /// For tests and benchmarks, while no other thread computes.
  @discardableResult
  public static func select(_ wanted: KernelInstructionSet) -> KernelInstructionSet {
    KernelInstructionSet(rawValue: ckernels_select(wanted.rawValue)) ?? .portable
  }
}

/// Settings of OpenBLAS. Workers have their own blocks, so the library itself runs on one thread.
public enum LinearAlgebraLibrary {
  /// Sets OpenBLAS to one thread; done once, before the first product.
  @usableFromInline static let singleThreaded: Void = { openblas_set_num_threads(1) }()

  /// OpenBLAS's description of itself: version, options, kernels.
  public static var description: String {
    _ = singleThreaded
    return String(cString: openblas_get_config()) + " " + String(cString: openblas_get_corename())
  }
}

private func cblas(_ t: Transposition) -> Int32 { t == .none ? 111 : 112 }

extension Float: NetworkScalar {
  public static var panelWidth: Int { ckernels_panel_float }

  public static func converted(_ values: [Float]) -> [Float] { values }

  public static func convert(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in 0..<count { target[i] = Float(source[i]) }
  }

  public static func convert(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Double>, count: Int
  ) {
    for i in 0..<count { target[i] = Double(source[i]) }
  }

  public static func pack(
    weights: UnsafePointer<Float>, columns: Int, inner: Int, into packed: UnsafeMutablePointer<Float>
  ) {
    ckernels_pack_float(weights, columns, inner, packed)
  }

  public static func dense(
    _ x: UnsafePointer<Float>, rows: Int, inner: Int, stride xStride: Int,
    packed: UnsafePointer<Float>, bias: UnsafePointer<Float>, columns: Int,
    into y: UnsafeMutablePointer<Float>, stride yStride: Int, activation: Activation
  ) {
    ckernels_dense_float(x, rows, inner, xStride, packed, bias, columns, y, yStride, activation.code)
  }

  public static func activate(
    _ values: UnsafeMutablePointer<Float>, rows: Int, count: Int, stride: Int, _ activation: Activation
  ) {
    ckernels_activate_float(values, rows, count, stride, activation.code)
  }

  public static func multiplyByActivationGradient(
    _ gradient: UnsafeMutablePointer<Float>, input: UnsafePointer<Float>, output: UnsafePointer<Float>,
    rows: Int, count: Int, stride: Int, _ activation: Activation
  ) {
    ckernels_activation_gradient_float(input, output, gradient, rows, count, stride, activation.code)
  }

  public static func bernoulliCrossEntropy(
    logits: UnsafePointer<Float>, stride: Int, targets: UnsafePointer<Float>, targetStride: Int, rows: Int,
    count: Int, scale: Float, gradient: UnsafeMutablePointer<Float>?
  ) -> Double {
    ckernels_bernoulli_float(logits, stride, targets, targetStride, rows, count, scale, gradient)
  }

  public static func update(
    _ x: UnsafePointer<Float>, rows: Int, inputs: Int, stride xStride: Int, delta: UnsafePointer<Float>,
    stride deltaStride: Int, gradient: UnsafeMutablePointer<Float>?, parameters: UnsafeMutablePointer<Float>,
    first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>, _ step: AdamStep, columns: Int,
    transposed: UnsafeMutablePointer<Float>?, targetPanel: Int
  ) {
    var constants = step.constants
    ckernels_update_float(
      x, rows, inputs, xStride, delta, deltaStride, gradient, parameters, first, second, &constants,
      columns, transposed, targetPanel)
  }

  public static func transpose(
    panel: UnsafePointer<Float>, inputs: Int, columns: Int, into target: UnsafeMutablePointer<Float>,
    targetPanel: Int
  ) {
    ckernels_transpose_float(panel, inputs, columns, target, targetPanel)
  }

  public static func multiply(
    _ transpositionA: Transposition, _ transpositionB: Transposition, m: Int, n: Int, k: Int,
    alpha: Float, _ a: UnsafePointer<Float>, _ strideA: Int, _ b: UnsafePointer<Float>,
    _ strideB: Int, beta: Float, _ c: UnsafeMutablePointer<Float>, _ strideC: Int
  ) {
    _ = LinearAlgebraLibrary.singleThreaded
    cblas_sgemm(
      101, cblas(transpositionA), cblas(transpositionB), Int32(m), Int32(n), Int32(k), alpha, a,
      Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
  }
}

extension Double: NetworkScalar {
  public static var panelWidth: Int { ckernels_panel_double }

  public static func converted(_ values: [Float]) -> [Double] { values.map(Double.init) }

  public static func convert(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, count: Int
  ) {
    target.update(from: source, count: count)
  }

  public static func pack(
    weights: UnsafePointer<Double>, columns: Int, inner: Int,
    into packed: UnsafeMutablePointer<Double>
  ) {
    ckernels_pack_double(weights, columns, inner, packed)
  }

  public static func dense(
    _ x: UnsafePointer<Double>, rows: Int, inner: Int, stride xStride: Int,
    packed: UnsafePointer<Double>, bias: UnsafePointer<Double>, columns: Int,
    into y: UnsafeMutablePointer<Double>, stride yStride: Int, activation: Activation
  ) {
    ckernels_dense_double(x, rows, inner, xStride, packed, bias, columns, y, yStride, activation.code)
  }

  public static func activate(
    _ values: UnsafeMutablePointer<Double>, rows: Int, count: Int, stride: Int, _ activation: Activation
  ) {
    ckernels_activate_double(values, rows, count, stride, activation.code)
  }

  public static func multiplyByActivationGradient(
    _ gradient: UnsafeMutablePointer<Double>, input: UnsafePointer<Double>, output: UnsafePointer<Double>,
    rows: Int, count: Int, stride: Int, _ activation: Activation
  ) {
    ckernels_activation_gradient_double(input, output, gradient, rows, count, stride, activation.code)
  }

  public static func bernoulliCrossEntropy(
    logits: UnsafePointer<Double>, stride: Int, targets: UnsafePointer<Double>, targetStride: Int, rows: Int,
    count: Int, scale: Double, gradient: UnsafeMutablePointer<Double>?
  ) -> Double {
    ckernels_bernoulli_double(logits, stride, targets, targetStride, rows, count, scale, gradient)
  }

  public static func update(
    _ x: UnsafePointer<Double>, rows: Int, inputs: Int, stride xStride: Int, delta: UnsafePointer<Double>,
    stride deltaStride: Int, gradient: UnsafeMutablePointer<Double>?,
    parameters: UnsafeMutablePointer<Double>,
    first: UnsafeMutablePointer<Double>, second: UnsafeMutablePointer<Double>, _ step: AdamStep, columns: Int,
    transposed: UnsafeMutablePointer<Double>?, targetPanel: Int
  ) {
    var constants = step.constants
    ckernels_update_double(
      x, rows, inputs, xStride, delta, deltaStride, gradient, parameters, first, second, &constants,
      columns, transposed, targetPanel)
  }

  public static func transpose(
    panel: UnsafePointer<Double>, inputs: Int, columns: Int, into target: UnsafeMutablePointer<Double>,
    targetPanel: Int
  ) {
    ckernels_transpose_double(panel, inputs, columns, target, targetPanel)
  }

  public static func multiply(
    _ transpositionA: Transposition, _ transpositionB: Transposition, m: Int, n: Int, k: Int,
    alpha: Double, _ a: UnsafePointer<Double>, _ strideA: Int, _ b: UnsafePointer<Double>,
    _ strideB: Int, beta: Double, _ c: UnsafeMutablePointer<Double>, _ strideC: Int
  ) {
    _ = LinearAlgebraLibrary.singleThreaded
    cblas_dgemm(
      101, cblas(transpositionA), cblas(transpositionB), Int32(m), Int32(n), Int32(k), alpha, a,
      Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
  }
}

/// The smallest of many affine functions `b_c + w_c . x`, found at the speed of matrix products.
///
/// Columns come in chunks of 256 and each chunk in 16 buckets: column c belongs to bucket c mod 16 of chunk
/// c / 256. Of each bucket the minimum alone is kept.
public enum BucketSearch {
  /// The columns of a chunk.
  public static var chunk: Int { ckernels_bucket_chunk }
  /// The buckets of a chunk.
  public static var buckets: Int { ckernels_buckets }
  /// Buffers of rows hold a multiple of so many.
  public static var rowMultiple: Int { ckernels_bucket_rows }

  /// The minimum of each bucket for each row, NaN left out.
  ///
  /// - Parameters:
  ///   - packed: As by `Float.pack`, `[columns, inner]`.
  ///   - minima: Shape `[rows, columns / 16]`, rows `minimaStride` apart.
  /// - Precondition: `columns` is a multiple of `chunk`; `x` and `minima` hold `rows` rounded up to a
  ///   multiple of `rowMultiple`.
  public static func minima(
    _ x: UnsafePointer<Float>, rows: Int, inner: Int, stride: Int, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, columns: Int, into minima: UnsafeMutablePointer<Float>,
    stride minimaStride: Int
  ) {
    ckernels_bucket_minima(x, rows, inner, stride, packed, bias, columns, minima, minimaStride)
  }

  /// The smallest value, NaN left out; infinity where there is none.
  public static func smallest(_ values: UnsafePointer<Float>, count: Int) -> Float {
    ckernels_smallest(values, count)
  }

  /// Writes the indices of the values up to `threshold`, ascending, and returns how many there are.
  ///
  /// - Precondition: `found` holds `count` elements.
  public static func indices(
    of values: UnsafePointer<Float>, count: Int, atMost threshold: Float,
    into found: UnsafeMutablePointer<Int32>
  ) -> Int {
    ckernels_at_most(values, count, threshold, found)
  }
}
