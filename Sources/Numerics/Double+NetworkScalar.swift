internal import CKernels
internal import COpenBLAS

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

  public static func dense(
    _ x: UnsafePointer<Double>, pieces: RowPieces, packed: UnsafePointer<Double>, bias: UnsafePointer<Double>,
    columns: Int, into y: UnsafeMutablePointer<Double>, to: UnsafePointer<Int>, activation: Activation
  ) {
    ckernels_pieces_double(
      x, pieces.from, pieces.stride, pieces.rows, pieces.count, pieces.length, packed, bias, columns, y, to,
      activation.code)
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
      rowMajor, transpositionA.code, transpositionB.code, Int32(m), Int32(n), Int32(k), alpha, a,
      Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
  }
}
