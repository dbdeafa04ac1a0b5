import Numerics

/// A layer in the form that the dense kernel reads, in one precision. Immutable after creation.
struct PackedLayer<Scalar: NetworkScalar>: Sendable {
  let inputs: Int
  let outputs: Int
  let activation: Activation
  private let weights: AlignedBuffer<Scalar>
  private let bias: AlignedBuffer<Scalar>

  init(_ parameters: LayerParameters, _ shape: Architecture.LayerShape, activation: Activation) {
    inputs = shape.inputs
    outputs = shape.outputs
    self.activation = activation
    let width = roundedUp(outputs, toMultipleOf: Scalar.panelWidth)
    weights = AlignedBuffer(count: width * inputs)
    bias = AlignedBuffer(count: width)
    let plain = Scalar.converted(parameters.weight)
    Scalar.pack(weights: plain, columns: outputs, inner: inputs, into: weights.pointer)
    for (k, b) in Scalar.converted(parameters.bias).enumerated() { bias.pointer[k] = b }
  }

  /// y = activation(x W' + b) for `rows` rows.
  func apply(_ x: Rows<Scalar>, to y: Rows<Scalar>, rows: Int, activation other: Activation? = nil) {
    Scalar.dense(
      x.pointer, rows: rows, inner: inputs, stride: x.stride, packed: weights.pointer, bias: bias.pointer,
      columns: outputs, into: y.pointer, stride: y.stride, activation: other ?? activation)
  }

  /// y = x W' for `rows` rows; `zeros` holds as many as there are outputs in whole panels.
  func applyLinearPart(_ x: Rows<Scalar>, to y: Rows<Scalar>, rows: Int, zeros: AlignedBuffer<Scalar>) {
    Scalar.dense(
      x.pointer, rows: rows, inner: inputs, stride: x.stride, packed: weights.pointer, bias: zeros.pointer,
      columns: outputs, into: y.pointer, stride: y.stride, activation: .identity)
  }

  /// b.
  var biases: UnsafePointer<Scalar> { UnsafePointer(bias.pointer) }
}

/// Rows of scratch memory with the padding that the dense kernel wants.
struct Rows<Scalar: NetworkScalar>: Sendable {
  let width: Int
  let stride: Int
  let storage: AlignedBuffer<Scalar>
  var pointer: UnsafeMutablePointer<Scalar> { storage.pointer }

  init(capacity: Int, width: Int) {
    self.width = width
    // 16 more, so that equal columns of neighbouring rows do not fall on the same cache sets.
    stride = roundedUp(width, toMultipleOf: Scalar.panelWidth) + 16
    storage = AlignedBuffer(count: capacity * stride)
  }

  func row(_ r: Int) -> UnsafeMutablePointer<Scalar> { storage.pointer + r * stride }

  /// Copies from contiguous doubles `[rows, width]`.
  func load(_ source: UnsafePointer<Double>, rows: Int) {
    for r in 0..<rows { Scalar.convert(source + r * width, to: row(r), count: width) }
  }

  /// Copies to contiguous doubles `[rows, width]`.
  func store(_ target: UnsafeMutablePointer<Double>, rows: Int) {
    for r in 0..<rows { Scalar.convert(UnsafePointer(row(r)), to: target + r * width, count: width) }
  }
}

/// Encoder and decoder in packed form.
struct PackedNetwork<Scalar: NetworkScalar>: Sendable {
  let architecture: Architecture
  let encoder: [PackedLayer<Scalar>]
  let mean: PackedLayer<Scalar>
  let logVariance: PackedLayer<Scalar>
  let decoder: [PackedLayer<Scalar>]
  /// The output layer without the likelihood's function: logits, or the Gaussian mean.
  let output: PackedLayer<Scalar>

  init(_ model: Autoencoder) {
    let a = model.architecture
    let shapes = a.layers
    func packed(_ k: Int, _ activation: Activation) -> PackedLayer<Scalar> {
      PackedLayer(model.layers[k], shapes[k], activation: activation)
    }
    architecture = a
    encoder = a.hidden.indices.map { packed($0, a.activation) }
    mean = packed(a.meanIndex, .identity)
    logVariance = packed(a.logVarianceIndex, .identity)
    decoder = a.hidden.indices.map { packed(a.decoderIndex + $0, a.activation) }
    output = packed(a.outputIndex, .identity)
  }

  /// The function that turns the output layer's values into g(z).
  var outputActivation: Activation { architecture.likelihood == .bernoulli ? .logistic : .identity }

  /// Scratch memory for the hidden layers.
  struct Hidden {
    let encoder: [Rows<Scalar>]
    let decoder: [Rows<Scalar>]

    init(_ architecture: Architecture, capacity: Int) {
      encoder = architecture.hidden.map { Rows(capacity: capacity, width: $0) }
      decoder = architecture.hidden.reversed().map { Rows(capacity: capacity, width: $0) }
    }
  }

  /// x -> last hidden layer of the encoder, which the heads read.
  func encodeHidden(_ x: Rows<Scalar>, rows: Int, hidden: Hidden) -> Rows<Scalar> {
    var current = x
    for (layer, next) in zip(encoder, hidden.encoder) {
      layer.apply(current, to: next, rows: rows)
      current = next
    }
    return current
  }

  /// z -> g(z), or the output layer's plain values with `activation: .identity`.
  func decode(_ z: Rows<Scalar>, to x: Rows<Scalar>, rows: Int, hidden: Hidden, activation: Activation) {
    var current = z
    for (layer, next) in zip(decoder, hidden.decoder) {
      layer.apply(current, to: next, rows: rows)
      current = next
    }
    output.apply(current, to: x, rows: rows, activation: activation)
  }
}
