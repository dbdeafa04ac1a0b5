/// A precision in which networks are computed: `Float` or `Double`.
///
/// The requirements work on whole blocks, so that no generic call happens per element.
public protocol NetworkScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// The columns of one packed panel of weights.
  static var panelWidth: Int { get }

  /// Packs `weights` `[columns, inner]` for `dense`. `packed` holds `columns`, rounded up to a multiple of
  /// `panelWidth`, times `inner` elements.
  static func pack(
    weights: UnsafePointer<Self>, columns: Int, inner: Int, into packed: UnsafeMutablePointer<Self>)

  /// target = source, rounded to this precision.
  static func convert(_ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Self>, count: Int)

  /// target = source, exactly.
  static func convert(_ source: UnsafePointer<Self>, to target: UnsafeMutablePointer<Double>, count: Int)

  /// The values in this precision, exactly; shape `[count]`.
  static func converted(_ values: [Float]) -> [Self]

  /// One fused dense layer, y = activation(x W' + b).
  ///
  ///     y_rc = activation(b_c + sum_k x_rk w_ck)
  ///
  /// Sums have a fixed order, chunks of 256 terms one after another. So a row's result has the same bits whichever
  /// rows are in the same call.
  ///
  /// - Precondition: `bias` and the rows of `y` cover whole panels. The elements of `y` beyond `columns` are
  ///   overwritten.
  /// - Complexity: O(rows columns inner).
  static func dense(
    _ x: UnsafePointer<Self>, rows: Int, inner: Int, stride: Int, packed: UnsafePointer<Self>,
    bias: UnsafePointer<Self>, columns: Int, into y: UnsafeMutablePointer<Self>, stride: Int,
    activation: Activation)

  /// The same of rows that lie in pieces: the outputs of row r, whole panels, go to `y + to[r]`.
  ///
  /// A row's result has the same bits whichever rows are in the same call.
  static func dense(
    _ x: UnsafePointer<Self>, pieces: RowPieces, packed: UnsafePointer<Self>, bias: UnsafePointer<Self>,
    columns: Int, into y: UnsafeMutablePointer<Self>, to: UnsafePointer<Int>, activation: Activation)

  /// values = activation(values), elementwise for the first `count` elements of each row.
  static func activate(
    _ values: UnsafeMutablePointer<Self>, rows: Int, count: Int, stride: Int, _ activation: Activation)

  /// gradient *= activation'(input), elementwise for the first `count` elements of each row.
  ///
  /// `output` is activation(input). tanh and logistic use `output` only, the others `input` only; any valid pointer
  /// may stand for the argument that is not used. relu may be given its output as `input`.
  static func multiplyByActivationGradient(
    _ gradient: UnsafeMutablePointer<Self>, input: UnsafePointer<Self>, output: UnsafePointer<Self>,
    rows: Int, count: Int, stride: Int, _ activation: Activation)

  /// The Bernoulli cross-entropy sum_i softplus(l_i) - x_i l_i of targets x and logits l, in nats, over the first
  /// `count` elements of each row.
  ///
  /// Where `gradient` is given, it receives scale (logistic(l_i) - x_i), with the logits' stride. It may be the
  /// same memory as the logits.
  static func bernoulliCrossEntropy(
    logits: UnsafePointer<Self>, stride: Int, targets: UnsafePointer<Self>, targetStride: Int, rows: Int,
    count: Int, scale: Self, gradient: UnsafeMutablePointer<Self>?
  ) -> Double

  /// The gradient of one panel of a layer's parameters, and one step of Adam with it.
  ///
  ///     gradient_ic = sum_r x_ri delta_rc,   of the bias: sum_r delta_rc
  ///
  /// The panel is `[inputs + 1, panelWidth]`: packed weights, then the bias. Sums have a fixed order, in chunks of
  /// 256 rows. Where `gradient` is given, it is written and nothing is updated. Otherwise parameters and moments
  /// are updated tile by tile, so that the whole gradient is never in memory, and the updated weights are written
  /// to `transposed` as `transpose` would write them.
  ///
  /// - Precondition: Each row of `delta` is readable up to the end of the panel. `transposed` is aligned to 64
  ///   bytes.
  static func update(
    _ x: UnsafePointer<Self>, rows: Int, inputs: Int, stride: Int, delta: UnsafePointer<Self>,
    stride: Int, gradient: UnsafeMutablePointer<Self>?, parameters: UnsafeMutablePointer<Self>,
    first: UnsafeMutablePointer<Self>, second: UnsafeMutablePointer<Self>, _ step: AdamStep, columns: Int,
    transposed: UnsafeMutablePointer<Self>?, targetPanel: Int)

  /// Writes the first `columns` columns of a panel `[inputs, panelWidth]` as rows of the transposed weights in
  /// packed form. Elements beyond `inputs` become zeros, and panels of `target` are `targetPanel` elements apart.
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

/// Where the pieces of rows are: piece p of row r is at `from[p * stride + r]`.
public struct RowPieces {
  public let from: UnsafePointer<Int>
  public let stride: Int
  /// At least one.
  public let rows: Int
  /// The pieces of a row, at least one.
  public let count: Int
  /// The elements of a piece.
  public let length: Int

  public init(from: UnsafePointer<Int>, stride: Int, rows: Int, count: Int, length: Int) {
    self.from = from
    self.stride = stride
    self.rows = rows
    self.count = count
    self.length = length
  }
}
