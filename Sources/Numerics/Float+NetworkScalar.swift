internal import CKernels
internal import COpenBLAS

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

  public static func dense(
    _ x: UnsafePointer<Float>, pieces: RowPieces, packed: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    columns: Int, into y: UnsafeMutablePointer<Float>, to: UnsafePointer<Int>, activation: Activation
  ) {
    ckernels_pieces_float(
      x, pieces.from, pieces.stride, pieces.rows, pieces.count, pieces.length, packed, bias, columns, y, to,
      activation.code)
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
      rowMajor, transpositionA.code, transpositionB.code, Int32(m), Int32(n), Int32(k), alpha, a,
      Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
  }
}
