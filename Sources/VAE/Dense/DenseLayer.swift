import Numerics

/// A fully connected layer, y = f(W x + b), in the form that the dense kernel reads. Immutable after creation.
public struct DenseLayer<Scalar: NetworkScalar>: Sendable {
  /// The width of the input.
  public let inputs: Int
  /// The width of the output.
  public let outputs: Int
  /// f, the function of the layer.
  public let activation: Activation
  /// W in panels of columns of W', `[panel][inputs][panel width]`.
  private let packed: AlignedBuffer<Scalar>
  private let bias: AlignedBuffer<Scalar>

  /// Packs the weights.
  ///
  /// - Parameters:
  ///   - weights: W, shape `[outputs, inputs]`, row-major.
  ///   - biases: b, shape `[outputs]`; not empty.
  ///   - activation: Is applied to each output.
  public init(weights: [Scalar], biases: [Scalar], activation: Activation) {
    precondition(!biases.isEmpty && weights.count.isMultiple(of: biases.count))
    inputs = weights.count / biases.count
    outputs = biases.count
    self.activation = activation
    let width = roundedUp(outputs, toMultipleOf: Scalar.panelWidth)
    packed = AlignedBuffer(count: width * inputs)
    bias = AlignedBuffer(count: width)
    Scalar.pack(weights: weights, columns: outputs, inner: inputs, into: packed.pointer)
    for (k, b) in biases.enumerated() { bias.pointer[k] = b }
  }

  /// Packs the weights of a model file.
  public init(_ parameters: LayerParameters, activation: Activation) {
    self.init(
      weights: Scalar.converted(parameters.weight), biases: Scalar.converted(parameters.bias),
      activation: activation)
  }

  /// y = f(x W' + b) for `rows` rows.
  public func apply(_ x: Rows<Scalar>, to y: Rows<Scalar>, rows: Int) {
    apply(x, to: y, rows: rows, bias: bias, activation)
  }

  /// y = x W' + b for `rows` rows.
  public func applyAffinePart(_ x: Rows<Scalar>, to y: Rows<Scalar>, rows: Int) {
    apply(x, to: y, rows: rows, bias: bias, .identity)
  }

  /// y = x W' for `rows` rows. `zeros` has as many elements as the outputs, rounded up to whole panels.
  public func applyLinearPart(
    _ x: Rows<Scalar>, to y: Rows<Scalar>, rows: Int, zeros: AlignedBuffer<Scalar>
  ) {
    apply(x, to: y, rows: rows, bias: zeros, .identity)
  }

  private func apply(
    _ x: Rows<Scalar>, to y: Rows<Scalar>, rows: Int, bias: AlignedBuffer<Scalar>, _ activation: Activation
  ) {
    Scalar.dense(
      x.pointer, rows: rows, inner: inputs, stride: x.stride, packed: packed.pointer, bias: bias.pointer,
      columns: outputs, into: y.pointer, stride: y.stride, activation: activation)
  }

  /// b, shape `[outputs]`, followed by padding.
  public var biases: UnsafePointer<Scalar> { UnsafePointer(bias.pointer) }

  /// |b_j| + sum_k |W_jk x_k|, which is the scale of the rounding errors in an output's argument.
  func magnitude(ofOutput j: Int, _ x: UnsafePointer<Scalar>) -> Scalar {
    let width = Scalar.panelWidth
    let weights = packed.pointer + j / width * width * inputs + j % width
    var sum = bias.pointer[j].magnitude
    for k in 0..<inputs { sum += (weights[k * width] * x[k]).magnitude }
    return sum
  }

  /// A copy of W, shape `[outputs, inputs]`, row-major.
  func weights() -> AlignedBuffer<Scalar> {
    let plain = AlignedBuffer<Scalar>(count: outputs * inputs)
    let width = Scalar.panelWidth
    for row in 0..<outputs {
      let source = packed.pointer + row / width * width * inputs + row % width
      let target = plain.pointer + row * inputs
      for k in 0..<inputs { target[k] = source[k * width] }
    }
    return plain
  }
}
