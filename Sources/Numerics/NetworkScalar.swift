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

  /// One fused dense layer, y = activation(x W' + b), independent of the rows' grouping bit for bit.
  ///
  /// `y_rc = f(b_c + sum_k x_rk w_ck)`, summed in a fixed order: chunks of 256 terms, one after another.
  ///
  /// - Precondition: `x` and `y` hold `roundedUp(rows, kernelRowMultiple)` rows; `y`'s stride covers
  ///   whole panels, which are overwritten.
  static func dense(
    _ x: UnsafePointer<Self>, rows: Int, inner: Int, stride: Int, packed: UnsafePointer<Self>,
    bias: UnsafePointer<Self>, columns: Int, into y: UnsafeMutablePointer<Self>, stride: Int,
    activation: Activation)

  /// values = activation(values), elementwise.
  static func activate(_ values: UnsafeMutablePointer<Self>, count: Int, _ activation: Activation)

  /// gradient *= activation'(input), elementwise; `output` is activation(input).
  static func multiplyByActivationGradient(
    _ gradient: UnsafeMutablePointer<Self>, input: UnsafePointer<Self>, output: UnsafePointer<Self>,
    count: Int, _ activation: Activation)

  /// The Bernoulli cross-entropy sum_i softplus(l_i) - x_i l_i in nats, from logits.
  ///
  /// Where `gradient` is given, it receives scale (logistic(l_i) - x_i).
  static func bernoulliCrossEntropy(
    logits: UnsafePointer<Self>, targets: UnsafePointer<Self>, count: Int, scale: Self,
    gradient: UnsafeMutablePointer<Self>?
  ) -> Double

  /// One step of Adam (arXiv:1412.6980); see `AdamOptimizer`.
  static func adam(
    _ parameters: UnsafeMutablePointer<Self>, gradient: UnsafePointer<Self>,
    first: UnsafeMutablePointer<Self>, second: UnsafeMutablePointer<Self>, count: Int, rate: Self,
    secondCorrection: Self, beta1: Self, beta2: Self, epsilon: Self)

  /// C = alpha op(A) op(B) + beta C through OpenBLAS, row-major; op(A) is `[m, k]`, op(B) `[k, n]`.
  static func multiply(
    _ transpositionA: Transposition, _ transpositionB: Transposition, m: Int, n: Int, k: Int,
    alpha: Self, _ a: UnsafePointer<Self>, _ strideA: Int, _ b: UnsafePointer<Self>, _ strideB: Int,
    beta: Self, _ c: UnsafeMutablePointer<Self>, _ strideC: Int)
}

/// Buffers of rows that reach the dense kernel hold a multiple of so many rows.
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
    _ values: UnsafeMutablePointer<Float>, count: Int, _ activation: Activation
  ) {
    ckernels_activate_float(values, count, activation.code)
  }

  public static func multiplyByActivationGradient(
    _ gradient: UnsafeMutablePointer<Float>, input: UnsafePointer<Float>,
    output: UnsafePointer<Float>, count: Int, _ activation: Activation
  ) {
    ckernels_activation_gradient_float(input, output, gradient, count, activation.code)
  }

  public static func bernoulliCrossEntropy(
    logits: UnsafePointer<Float>, targets: UnsafePointer<Float>, count: Int, scale: Float,
    gradient: UnsafeMutablePointer<Float>?
  ) -> Double {
    ckernels_bernoulli_float(logits, targets, count, scale, gradient)
  }

  public static func adam(
    _ parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>, count: Int, rate: Float,
    secondCorrection: Float, beta1: Float, beta2: Float, epsilon: Float
  ) {
    ckernels_adam_float(
      parameters, gradient, first, second, count, rate, secondCorrection, beta1, beta2, epsilon)
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
    _ values: UnsafeMutablePointer<Double>, count: Int, _ activation: Activation
  ) {
    ckernels_activate_double(values, count, activation.code)
  }

  public static func multiplyByActivationGradient(
    _ gradient: UnsafeMutablePointer<Double>, input: UnsafePointer<Double>,
    output: UnsafePointer<Double>, count: Int, _ activation: Activation
  ) {
    ckernels_activation_gradient_double(input, output, gradient, count, activation.code)
  }

  public static func bernoulliCrossEntropy(
    logits: UnsafePointer<Double>, targets: UnsafePointer<Double>, count: Int, scale: Double,
    gradient: UnsafeMutablePointer<Double>?
  ) -> Double {
    ckernels_bernoulli_double(logits, targets, count, scale, gradient)
  }

  public static func adam(
    _ parameters: UnsafeMutablePointer<Double>, gradient: UnsafePointer<Double>,
    first: UnsafeMutablePointer<Double>, second: UnsafeMutablePointer<Double>, count: Int,
    rate: Double, secondCorrection: Double, beta1: Double, beta2: Double, epsilon: Double
  ) {
    ckernels_adam_double(
      parameters, gradient, first, second, count, rate, secondCorrection, beta1, beta2, epsilon)
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

/// The columns c with `norms[c] - 2 products[c] <= threshold`, written to `found`; returns how many.
///
/// - Precondition: `found` holds `count` elements.
public func candidates(
  products: UnsafePointer<Float>, norms: UnsafePointer<Float>, count: Int, threshold: Float,
  into found: UnsafeMutablePointer<Int32>
) -> Int {
  ckernels_candidates(products, norms, count, threshold, found)
}

/// The smallest `norms[c] - 2 products[c]`; infinity where `count` is 0.
public func smallestScore(
  products: UnsafePointer<Float>, norms: UnsafePointer<Float>, count: Int
) -> Float {
  ckernels_smallest_score(products, norms, count)
}
