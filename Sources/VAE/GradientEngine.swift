import Numerics

/// The ELBO's value and gradient on minibatches, by backpropagation, in one precision.
///
///     L = (1/B) sum_b [ -ln p(x_b | z_b) + beta KL(q(z|x_b) || Normal(0, I)) ],   z = m + s eps
///
/// Work is cut into fixed panels of matrix columns, each computed by one thread with single-threaded
/// matrix products: results do not depend on the number of threads.
///
/// Memory: parameters, gradient, two moments of Adam, and the activations of one minibatch.
final class GradientEngine<Scalar: NetworkScalar>: @unchecked Sendable {
  let architecture: Architecture
  private let shapes: [Architecture.LayerShape]
  private let threads: Int
  private let capacity: Int

  /// All parameters, layer by layer: weight `[outputs, inputs]`, then bias.
  let parameters: AlignedBuffer<Scalar>
  let gradient: AlignedBuffer<Scalar>
  let firstMoment: AlignedBuffer<Scalar>
  let secondMoment: AlignedBuffer<Scalar>
  private let offsets: [Int]
  var adamTime = 0

  /// Input of each layer `[capacity, inputs]`; shared where two layers read the same.
  private let inputs: [AlignedBuffer<Scalar>]
  /// Values before the activation, `[capacity, outputs]`.
  private let preactivations: [AlignedBuffer<Scalar>]
  /// dL/d(preactivation), `[capacity, outputs]`.
  private let deltas: [AlignedBuffer<Scalar>]
  private let noise: AlignedBuffer<Scalar>
  private let itemLoss: AlignedBuffer<Double>
  private let itemDivergence: AlignedBuffer<Double>

  /// Columns (or rows of a weight gradient) per piece of parallel work.
  private static var panel: Int { 128 }

  init(_ model: Autoencoder, capacity: Int, threads: Int) {
    let a = model.architecture
    architecture = a
    shapes = a.layers
    self.capacity = capacity
    self.threads = threads
    var offset = 0
    offsets = shapes.map { shape in
      defer { offset += (shape.inputs + 1) * shape.outputs }
      return offset
    }
    parameters = AlignedBuffer(count: offset)
    gradient = AlignedBuffer(count: offset)
    firstMoment = AlignedBuffer(count: offset)
    secondMoment = AlignedBuffer(count: offset)
    for (k, layer) in model.layers.enumerated() {
      let weight = parameters.pointer + offsets[k]
      for (i, w) in layer.weight.enumerated() { weight[i] = Scalar(w) }
      let bias = weight + layer.weight.count
      for (i, b) in layer.bias.enumerated() { bias[i] = Scalar(b) }
    }
    var inputs: [AlignedBuffer<Scalar>] = []
    for (k, shape) in shapes.enumerated() {
      if k == a.logVarianceIndex {
        inputs.append(inputs[a.meanIndex])
      } else {
        inputs.append(AlignedBuffer(count: capacity * shape.inputs))
      }
    }
    self.inputs = inputs
    preactivations = shapes.map { AlignedBuffer(count: capacity * $0.outputs) }
    deltas = shapes.map { AlignedBuffer(count: capacity * $0.outputs) }
    noise = AlignedBuffer(count: capacity * a.latentDimension)
    itemLoss = AlignedBuffer(count: capacity)
    itemDivergence = AlignedBuffer(count: capacity)
  }

  /// Where row `r` of the minibatch's items is to be written.
  func inputRow(_ r: Int) -> UnsafeMutablePointer<Scalar> {
    inputs[0].pointer + r * architecture.dataDimension
  }

  /// Where the noise eps of row `r` is to be written.
  func noiseRow(_ r: Int) -> UnsafeMutablePointer<Scalar> {
    noise.pointer + r * architecture.latentDimension
  }

  private func weight(_ k: Int) -> UnsafeMutablePointer<Scalar> { parameters.pointer + offsets[k] }
  private func bias(_ k: Int) -> UnsafeMutablePointer<Scalar> {
    weight(k) + shapes[k].inputs * shapes[k].outputs
  }
  private func activation(_ k: Int) -> Activation {
    let isHead =
      k == architecture.meanIndex || k == architecture.logVarianceIndex || k == architecture.outputIndex
    return isHead ? .identity : architecture.activation
  }

  /// Computes the loss and its gradient for the first `rows` rows.
  ///
  /// - Returns: sums over the rows: negative log-likelihood and KL divergence, nats.
  func evaluate(rows: Int, beta: Double) -> (negativeLogLikelihood: Double, kullbackLeibler: Double) {
    precondition(rows > 0 && rows <= capacity)
    forward(rows)
    backward(rows, beta: beta)
    var loss = 0.0
    var divergence = 0.0
    for r in 0..<rows {
      loss += itemLoss.pointer[r]
      divergence += itemDivergence.pointer[r]
    }
    return (loss, divergence)
  }

  // MARK: Forward

  private func forward(_ rows: Int) {
    let a = architecture
    for k in 0..<a.meanIndex { layer(k, rows: rows, to: inputs[k + 1]) }
    layers([a.meanIndex, a.logVarianceIndex], rows: rows)
    let mean = preactivations[a.meanIndex].pointer
    let logVariance = preactivations[a.logVarianceIndex].pointer
    let z = inputs[a.decoderIndex].pointer
    for r in 0..<rows {
      var divergence = 0.0
      for i in r * a.latentDimension..<(r + 1) * a.latentDimension {
        let m = Double(mean[i])
        let l = Double(logVariance[i])
        let variance = exponential(l)
        divergence += 0.5 * (m * m + variance - 1 - l)
        z[i] = Scalar(m + variance.squareRoot() * Double(noise.pointer[i]))
      }
      itemDivergence.pointer[r] = divergence
    }
    for k in a.decoderIndex..<a.outputIndex { layer(k, rows: rows, to: inputs[k + 1]) }
    layers([a.outputIndex], rows: rows)
  }

  /// Preactivations and activations of one hidden layer.
  private func layer(_ k: Int, rows: Int, to output: AlignedBuffer<Scalar>) {
    let shape = shapes[k]
    let function = activation(k)
    panels(shape.outputs) { first, count in
      self.affine(k, rows: rows, first: first, count: count)
      for r in 0..<rows {
        let from = self.preactivations[k].pointer + r * shape.outputs + first
        let to = output.pointer + r * shape.outputs + first
        to.update(from: from, count: count)
        Scalar.activate(to, count: count, function)
      }
    }
  }

  /// Preactivations of layers without a nonlinearity.
  private func layers(_ indices: [Int], rows: Int) {
    for k in indices {
      panels(shapes[k].outputs) { first, count in self.affine(k, rows: rows, first: first, count: count) }
    }
  }

  private func affine(_ k: Int, rows: Int, first: Int, count: Int) {
    let shape = shapes[k]
    let out = preactivations[k].pointer + first
    for r in 0..<rows { (out + r * shape.outputs).update(from: bias(k) + first, count: count) }
    Scalar.multiply(
      .none, .transposed, m: rows, n: count, k: shape.inputs, alpha: 1, inputs[k].pointer, shape.inputs,
      weight(k) + first * shape.inputs, shape.inputs, beta: 1, out, shape.outputs)
  }

  // MARK: Backward

  private func backward(_ rows: Int, beta: Double) {
    let a = architecture
    let scale = 1 / Double(rows)
    let output = a.outputIndex
    let d = a.dataDimension
    Parallel.forEach(pieces: rows, threads: threads) { _, r in
      let outputs = self.preactivations[output].pointer + r * d
      let delta = self.deltas[output].pointer + r * d
      let targets = UnsafePointer(self.inputRow(r))
      switch a.likelihood {
      case .bernoulli:
        self.itemLoss.pointer[r] = Scalar.bernoulliCrossEntropy(
          logits: outputs, targets: targets, count: d, scale: Scalar(scale), gradient: delta)
      case .gaussian:
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * d) { scratch in
          guard let base = scratch.baseAddress else { return }
          self.itemLoss.pointer[r] = a.likelihood.negativeLogLikelihood(
            outputs: outputs, targets: targets, count: d, scratch: base)
        }
        for i in 0..<d { delta[i] = Scalar(scale) * (outputs[i] - targets[i]) }
      }
    }
    for k in stride(from: output, to: a.decoderIndex, by: -1) {
      inputGradient([k], rows: rows, to: deltas[k - 1].pointer)
      multiplyByActivationGradient(k - 1, rows: rows)
    }
    let mean = deltas[a.meanIndex].pointer
    let logVariance = deltas[a.logVarianceIndex].pointer
    inputGradient([a.decoderIndex], rows: rows, to: mean)  // dL/dz
    for i in 0..<rows * a.latentDimension {
      let m = Double(preactivations[a.meanIndex].pointer[i])
      let variance = exponential(Double(preactivations[a.logVarianceIndex].pointer[i]))
      let gradient = Double(mean[i])
      mean[i] = Scalar(gradient + beta * scale * m)
      logVariance[i] = Scalar(
        0.5 * (gradient * variance.squareRoot() * Double(noise.pointer[i]) + beta * scale * (variance - 1)))
    }
    if a.meanIndex > 0 {
      inputGradient([a.meanIndex, a.logVarianceIndex], rows: rows, to: deltas[a.meanIndex - 1].pointer)
      multiplyByActivationGradient(a.meanIndex - 1, rows: rows)
      for k in stride(from: a.meanIndex - 1, to: 0, by: -1) {
        inputGradient([k], rows: rows, to: deltas[k - 1].pointer)
        multiplyByActivationGradient(k - 1, rows: rows)
      }
    }
    for k in shapes.indices { parameterGradient(k, rows: rows) }
  }

  /// target = sum over `indices` of delta_k W_k, `[rows, inputs]`.
  private func inputGradient(_ indices: [Int], rows: Int, to target: UnsafeMutablePointer<Scalar>) {
    let width = shapes[indices[0]].inputs
    let address = SendablePointer(target)
    panels(width) { first, count in
      for (n, k) in indices.enumerated() {
        Scalar.multiply(
          .none, .none, m: rows, n: count, k: self.shapes[k].outputs, alpha: 1, self.deltas[k].pointer,
          self.shapes[k].outputs, self.weight(k) + first, width, beta: n == 0 ? 0 : 1,
          address.pointer + first, width)
      }
    }
  }

  /// deltas[k] *= f'(preactivations[k]) for a hidden layer; the next layer's input is this one's output.
  private func multiplyByActivationGradient(_ k: Int, rows: Int) {
    Scalar.multiplyByActivationGradient(
      deltas[k].pointer, input: preactivations[k].pointer, output: inputs[k + 1].pointer,
      count: rows * shapes[k].outputs, activation(k))
  }

  private func parameterGradient(_ k: Int, rows: Int) {
    let shape = shapes[k]
    let weightGradient = gradient.pointer + offsets[k]
    let biasGradient = weightGradient + shape.inputs * shape.outputs
    let address = SendablePointer(weightGradient)
    panels(shape.outputs) { first, count in
      Scalar.multiply(
        .transposed, .none, m: count, n: shape.inputs, k: rows, alpha: 1, self.deltas[k].pointer + first,
        shape.outputs, self.inputs[k].pointer, shape.inputs, beta: 0,
        address.pointer + first * shape.inputs, shape.inputs)
    }
    for c in 0..<shape.outputs { biasGradient[c] = 0 }
    for r in 0..<rows {
      let delta = deltas[k].pointer + r * shape.outputs
      for c in 0..<shape.outputs { biasGradient[c] += delta[c] }
    }
  }

  // MARK: Update

  /// One step of Adam with the present gradient.
  ///
  ///     m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
  ///     theta -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + 1e-8)
  ///
  /// Source: Kingma and Ba 2014, arXiv:1412.6980; constants and form as in PyTorch.
  func adamStep(learningRate: Double) {
    adamTime += 1
    let beta1 = 0.9
    let beta2 = 0.999
    let rate = learningRate / (1 - power(beta1, adamTime))
    let correction = 1 / (1 - power(beta2, adamTime)).squareRoot()
    let grain = 1 << 14
    Parallel.forEach(pieces: (parameters.count + grain - 1) / grain, threads: threads) { _, piece in
      let first = piece * grain
      Scalar.adam(
        self.parameters.pointer + first, gradient: self.gradient.pointer + first,
        first: self.firstMoment.pointer + first, second: self.secondMoment.pointer + first,
        count: min(grain, self.parameters.count - first), rate: Scalar(rate),
        secondCorrection: Scalar(correction), beta1: Scalar(beta1), beta2: Scalar(beta2),
        epsilon: Scalar(1e-8))
    }
  }

  /// The present parameters, rounded to single precision.
  func layers(of values: AlignedBuffer<Scalar>) -> [LayerParameters] {
    shapes.enumerated().map { k, shape in
      let weight = values.pointer + offsets[k]
      let weights = shape.inputs * shape.outputs
      return LayerParameters(
        weight: (0..<weights).map { Float(weight[$0]) },
        bias: (0..<shape.outputs).map { Float(weight[weights + $0]) })
    }
  }

  private func panels(_ columns: Int, _ body: @Sendable (_ first: Int, _ count: Int) -> Void) {
    let pieces = (columns + Self.panel - 1) / Self.panel
    Parallel.forEach(pieces: pieces, threads: threads) { _, piece in
      let first = piece * Self.panel
      body(first, min(Self.panel, columns - first))
    }
  }
}

/// base^exponent for a whole exponent, by squaring.
private func power(_ base: Double, _ exponent: Int) -> Double {
  var result = 1.0
  var factor = base
  var n = exponent
  while n > 0 {
    if n & 1 == 1 { result *= factor }
    factor *= factor
    n >>= 1
  }
  return result
}

/// A pointer into memory that outlives the parallel loop, whose pieces write disjoint parts.
private struct SendablePointer<Element>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Element>
  init(_ pointer: UnsafeMutablePointer<Element>) { self.pointer = pointer }
}
