import Numerics

/// The loss that training minimizes and its gradient on minibatches, by backpropagation, and steps of Adam, in one
/// precision. For beta = 1 the loss is the negative ELBO.
///
///     L = (1/B) sum_b [ -ln p(x_b | z_b) + beta KL(q(z|x_b) || Normal(0, I)) ],   z = m + s eps
///
/// Every element of the result is one sum in a fixed order, however the work is divided. So results do not depend
/// on the number of threads.
///
/// Memory: `PackedParameters`, and the activations and gradients of one minibatch.
final class GradientEngine<Scalar: NetworkScalar>: @unchecked Sendable {
  let architecture: Architecture
  let parameters: PackedParameters<Scalar>
  private let layers: [PackedLayout<Scalar>.Layer]
  /// The index of the heads in `layers`; the decoder begins after them.
  private let heads: Int
  private let team: WorkTeam
  /// The largest number of rows in a minibatch.
  private let capacity: Int

  /// The minibatch in use, and the next one, which is filled meanwhile: items `[capacity, D]` and noise `[capacity,
  /// N]`.
  private var items: Rows<Scalar>
  private var nextItems: Rows<Scalar>
  private var noise: Rows<Scalar>
  private var nextNoise: Rows<Scalar>
  /// Each layer's output, `[capacity, outputs]`. The output of the last layer is replaced by its gradient.
  private let outputs: [Rows<Scalar>]
  /// The values before the activation if its derivative needs them; otherwise the same memory as `outputs`.
  private let preactivations: [Rows<Scalar>]
  /// dL/d(preactivation), `[capacity, outputs]`.
  private let deltas: [Rows<Scalar>]
  /// z, `[capacity, N]`.
  private let latentStates: Rows<Scalar>
  /// s, `[capacity, N]`.
  private let deviations: Rows<Scalar>
  /// dL/dz, `[capacity, N]`.
  private let latentDelta: Rows<Scalar>
  /// The bias in products that give input gradients: zeros.
  private let zeros: AlignedBuffer<Scalar>
  /// Negative log-likelihoods in nats, `[panel, capacity]`. Each is stored at the first row of its block.
  private let panelLoss: AlignedBuffer<Double>
  /// Kullback-Leibler divergences in nats, `[capacity]`.
  private let itemDivergence: AlignedBuffer<Double>

  /// Copies the model's parameters.
  ///
  /// - Parameters:
  ///   - capacity: The largest number of rows in a minibatch.
  ///   - team: The threads that share the work. Nobody else may use them meanwhile.
  ///   - scale: The standard deviation of a Gaussian decoder; nil for the model's, which stays fixed.
  init(_ model: Autoencoder, capacity: Int, team: WorkTeam, scale: LikelihoodScale? = nil) {
    let architecture = model.architecture
    self.architecture = architecture
    self.capacity = capacity
    self.team = team
    parameters = PackedParameters(model, scale: scale ?? .fixed(model.likelihoodScale))
    let layers = parameters.layout.layers
    self.layers = layers
    heads = parameters.layout.heads

    items = Rows(capacity: capacity, width: architecture.dataDimension)
    nextItems = Rows(capacity: capacity, width: architecture.dataDimension)
    noise = Rows(capacity: capacity, width: architecture.latentDimension)
    nextNoise = Rows(capacity: capacity, width: architecture.latentDimension)
    let needsPreactivation = architecture.activation == .gelu || architecture.activation == .softplus
    outputs = layers.map { Rows(capacity: capacity, width: $0.outputs) }
    var preactivations = outputs
    var deltas = outputs
    for (k, layer) in layers.enumerated() {
      if needsPreactivation, layer.activation != .identity {
        preactivations[k] = Rows(capacity: capacity, width: layer.outputs)
      }
      if k < layers.count - 1 { deltas[k] = Rows(capacity: capacity, width: layer.outputs) }
    }
    self.preactivations = preactivations
    self.deltas = deltas
    latentStates = Rows(capacity: capacity, width: architecture.latentDimension)
    deviations = Rows(capacity: capacity, width: architecture.latentDimension)
    latentDelta = Rows(capacity: capacity, width: architecture.latentDimension)
    zeros = AlignedBuffer(
      count: roundedUp(layers.map(\.inputs).max() ?? 0, toMultipleOf: Scalar.panelWidth))
    panelLoss = AlignedBuffer(count: layers[layers.count - 1].panels * capacity)
    itemDivergence = AlignedBuffer(count: capacity)
  }

  /// The memory for row `r` of the next minibatch's items.
  func nextItem(_ r: Int) -> UnsafeMutablePointer<Scalar> { nextItems.row(r) }

  /// The memory for the noise eps of row `r` of the next minibatch.
  func nextNoise(_ r: Int) -> UnsafeMutablePointer<Scalar> { nextNoise.row(r) }

  /// Makes the next minibatch the one in use.
  func advance() {
    swap(&items, &nextItems)
    swap(&noise, &nextNoise)
  }

  /// Sums over a minibatch's rows, in nats.
  struct Sums {
    var negativeLogLikelihood = 0.0
    /// Of the gradient with respect to ln S of a Gaussian decoder.
    var scaleGradient = 0.0
    var kullbackLeibler = 0.0
  }

  /// Does one step of Adam on the first `rows` rows of the minibatch in use.
  ///
  /// - Parameters:
  ///   - pieces: The number of pieces of other work, such as filling the next minibatch.
  ///   - work: Does one of these pieces. It is called from several threads.
  func step(
    rows: Int, beta: Double, learningRate: Double, besides pieces: Int = 0,
    _ work: @escaping @Sendable (_ piece: Int) -> Void = { _ in }
  ) -> Sums {
    let sums = evaluate(rows, beta: beta)
    let step = AdamStep(number: parameters.beginStep(), learningRate: learningRate)
    update(rows, step, gradient: nil, besides: pieces, work)
    if architecture.likelihood == .gaussian {
      parameters.scale.step(step, gradient: sums.scaleGradient / Double(rows))
    }
    return sums
  }

  /// The gradient on the first `rows` rows of the minibatch in use, in the form of `parameters.layout`.
  func gradient(rows: Int, beta: Double) -> (sums: Sums, gradient: AlignedBuffer<Scalar>) {
    let sums = evaluate(rows, beta: beta)
    let gradient = AlignedBuffer<Scalar>(count: parameters.layout.count)
    update(rows, AdamStep(number: 1, learningRate: 0), gradient: gradient.pointer, besides: 0) { _ in }
    return (sums, gradient)
  }

  /// Computes the loss of the first `rows` rows and the gradients of all preactivations.
  private func evaluate(_ rows: Int, beta: Double) -> Sums {
    precondition(rows > 0 && rows <= capacity)
    forward(rows)
    backward(rows, beta: beta)
    var sums = Sums()
    let blocks = Self.blockCount(rows)
    for panel in 0..<layers[layers.count - 1].panels {
      for block in 0..<blocks {
        sums.negativeLogLikelihood += panelLoss.pointer[panel * capacity + rows * block / blocks]
      }
    }
    for r in 0..<rows { sums.kullbackLeibler += itemDivergence.pointer[r] }
    if architecture.likelihood == .gaussian {
      let scale = parameters.scale.value
      let count = Double(rows) * Double(architecture.dataDimension)
      sums.scaleGradient =
        Double(rows)
        * parameters.scale.gradient(
          halfSquares: sums.negativeLogLikelihood, rows: rows, dimension: architecture.dataDimension)
      sums.negativeLogLikelihood =
        sums.negativeLogLikelihood / (scale * scale) + 0.5 * count * logarithm(2 * .pi)
        + (scale == 1 ? 0 : count * logarithm(scale))
    }
    return sums
  }

  // MARK: Shares of work

  /// Calls `body` for each panel of columns and each block of rows. A block's inputs fit into a core's second-level
  /// cache. From 28 rows on there are at least two blocks, so that shares are even.
  ///
  /// Here and in `update`, panel p belongs to worker p mod threads, unless that worker is busy. So if cores have no
  /// cache in common, a panel's weights and moments stay with one core.
  private func blocks(
    panels: Int, rows: Int, _ body: @escaping @Sendable (_ panel: Int, _ rows: Range<Int>) -> Void
  ) {
    let blocks = Self.blockCount(rows)
    let places = roundedUp(panels, toMultipleOf: team.threads)
    team.forEach(pieces: blocks * places) { _, piece in
      let (block, panel) = (piece / places, piece % places)
      guard panel < panels else { return }
      body(panel, rows * block / blocks..<rows * (block + 1) / blocks)
    }
  }

  private static func blockCount(_ rows: Int) -> Int { rows < 28 ? 1 : max(2, (rows + 167) / 168) }

  /// Calls `body` for blocks of 28 to 55 rows (or of all rows, if there are fewer), each with all panels of a narrow
  /// layer. There are more blocks than elsewhere, so that shares are even.
  private func narrowBlocks(rows: Int, _ body: @escaping @Sendable (_ rows: Range<Int>) -> Void) {
    let blocks = max(1, rows / 28)
    team.forEach(pieces: blocks) { _, block in body(rows * block / blocks..<rows * (block + 1) / blocks) }
  }

  /// The rows that layer `k` reads.
  private func input(_ k: Int) -> Rows<Scalar> {
    k == 0 ? items : k == heads + 1 ? latentStates : outputs[k - 1]
  }

  /// Computes the preactivations of one panel of a layer, for some rows.
  private func affine(_ k: Int, panel: Int, _ rows: Range<Int>, to target: Rows<Scalar>) {
    let layer = layers[k]
    let x = input(k)
    let packed = parameters.panel(panel, ofLayer: k)
    Scalar.dense(
      x.row(rows.lowerBound), rows: rows.count, inner: layer.inputs, stride: x.stride, packed: packed,
      bias: packed + layer.inputs * Scalar.panelWidth, columns: Scalar.panelWidth,
      into: target.row(rows.lowerBound) + panel * Scalar.panelWidth, stride: target.stride,
      activation: .identity)
  }

  /// Computes the gradient of a layer's inputs, delta W, for one panel of inputs and some rows.
  private func inputGradient(_ k: Int, panel: Int, _ rows: Range<Int>, to target: Rows<Scalar>) {
    let delta = deltas[k]
    Scalar.dense(
      delta.row(rows.lowerBound), rows: rows.count, inner: layers[k].outputs, stride: delta.stride,
      packed: parameters.transposedPanel(panel, ofLayer: k), bias: zeros.pointer, columns: Scalar.panelWidth,
      into: target.row(rows.lowerBound) + panel * Scalar.panelWidth, stride: target.stride,
      activation: .identity)
  }

  // MARK: Forward

  private func forward(_ rows: Int) {
    for k in layers.indices.dropLast() {
      if k == heads { sampleLatentState(rows) } else { hiddenLayer(k, rows) }
    }
  }

  private func hiddenLayer(_ k: Int, _ rows: Int) {
    blocks(panels: layers[k].panels, rows: rows) { [self] panel, rows in
      let first = panel * Scalar.panelWidth
      let y = outputs[k].row(rows.lowerBound) + first
      let x = preactivations[k].row(rows.lowerBound) + first
      let stride = outputs[k].stride
      affine(k, panel: panel, rows, to: preactivations[k])
      if x != y {
        for r in 0..<rows.count { (y + r * stride).update(from: x + r * stride, count: Scalar.panelWidth) }
      }
      Scalar.activate(
        y, rows: rows.count, count: Scalar.panelWidth, stride: stride, layers[k].activation)
    }
  }

  /// Computes mean and log variance, z, and the Kullback-Leibler divergence.
  private func sampleLatentState(_ rows: Int) {
    let n = architecture.latentDimension
    narrowBlocks(rows: rows) { [self] rows in
      for panel in 0..<layers[heads].panels { affine(heads, panel: panel, rows, to: outputs[heads]) }
      for r in rows {
        let mean = outputs[heads].row(r)
        let logVariance = mean + n
        let (noise, deviation, z) = (noise.row(r), deviations.row(r), latentStates.row(r))
        var divergence = 0.0
        for i in 0..<n {
          let m = Double(mean[i])
          let l = Double(logVariance[i])
          let s = exponential(0.5 * l)
          divergence += 0.5 * (m * m + s * s - 1 - l)
          deviation[i] = Scalar(s)
          z[i] = Scalar(m + s * Double(noise[i]))
        }
        itemDivergence.pointer[r] = divergence
      }
    }
  }

  // MARK: Backward

  private func backward(_ rows: Int, beta: Double) {
    let scale = 1 / Double(rows)
    outputLayer(rows, scale: Scalar(scale))
    for k in stride(from: layers.count - 1, to: heads + 1, by: -1) { hiddenDelta(k - 1, rows) }
    latentDelta(rows, weight: beta * scale)
    for k in stride(from: heads, to: 0, by: -1) { hiddenDelta(k - 1, rows) }
  }

  /// Computes the output layer, the likelihood, and its gradient, which replaces the outputs.
  private func outputLayer(_ rows: Int, scale: Scalar) {
    let k = layers.count - 1
    let deviation = parameters.scale.value
    let gaussianScale = scale / Scalar(deviation * deviation)
    blocks(panels: layers[k].panels, rows: rows) { [self] panel, rows in
      affine(k, panel: panel, rows, to: outputs[k])
      let first = panel * Scalar.panelWidth
      // Columns beyond the last one stay zero.
      let count = layers[k].columns(ofPanel: panel)
      let output = outputs[k].row(rows.lowerBound) + first
      let target = UnsafePointer(items.row(rows.lowerBound) + first)
      let (stride, targetStride) = (outputs[k].stride, items.stride)
      var loss = 0.0
      switch architecture.likelihood {
      case .bernoulli:
        loss = Scalar.bernoulliCrossEntropy(
          logits: output, stride: stride, targets: target, targetStride: targetStride, rows: rows.count,
          count: count, scale: scale, gradient: output)
      case .gaussian:
        for r in 0..<rows.count {
          loss += squaredError(
            output + r * stride, target + r * targetStride, count: count, scale: gaussianScale)
        }
      }
      // A block's loss is stored at the place of its first row, whatever the number of blocks.
      panelLoss.pointer[panel * capacity + rows.lowerBound] = loss
    }
  }

  /// Half the squared distance. `output` is replaced by the gradient times `scale`.
  private func squaredError(
    _ output: UnsafeMutablePointer<Scalar>, _ target: UnsafePointer<Scalar>, count: Int, scale: Scalar
  ) -> Double {
    var sum = 0.0
    for i in 0..<count {
      let difference = output[i] - target[i]
      sum += Double(difference) * Double(difference)
      output[i] = scale * difference
    }
    return 0.5 * sum
  }

  /// Computes dL/d(preactivation) of hidden layer `k` from that of the next layer.
  private func hiddenDelta(_ k: Int, _ rows: Int) {
    blocks(panels: layers[k + 1].inputPanels, rows: rows) { [self] panel, rows in
      let first = panel * Scalar.panelWidth
      inputGradient(k + 1, panel: panel, rows, to: deltas[k])
      Scalar.multiplyByActivationGradient(
        deltas[k].row(rows.lowerBound) + first, input: preactivations[k].row(rows.lowerBound) + first,
        output: outputs[k].row(rows.lowerBound) + first, rows: rows.count, count: Scalar.panelWidth,
        stride: deltas[k].stride, layers[k].activation)
    }
  }

  /// Computes dL/dz, and from it the heads' gradient, to which that of the Kullback-Leibler divergence is added.
  private func latentDelta(_ rows: Int, weight: Double) {
    let n = architecture.latentDimension
    narrowBlocks(rows: rows) { [self] rows in
      for panel in 0..<layers[heads + 1].inputPanels {
        inputGradient(heads + 1, panel: panel, rows, to: latentDelta)
      }
      for r in rows {
        let mean = deltas[heads].row(r)
        let logVariance = mean + n
        let (m, noise, deviation) = (outputs[heads].row(r), noise.row(r), deviations.row(r))
        let gradients = latentDelta.row(r)
        for i in 0..<n {
          let gradient = Double(gradients[i])
          let s = Double(deviation[i])
          mean[i] = Scalar(gradient + weight * Double(m[i]))
          logVariance[i] = Scalar(0.5 * (gradient * s * Double(noise[i]) + weight * (s * s - 1)))
        }
      }
    }
  }

  // MARK: Update

  /// Updates all layers' panels, those with the most work first, and does the other work at the same time.
  private func update(
    _ rows: Int, _ step: AdamStep, gradient: UnsafeMutablePointer<Scalar>?, besides pieces: Int,
    _ work: @escaping @Sendable (_ piece: Int) -> Void
  ) {
    // As in `blocks`, panel p is at a place that equals p modulo the number of threads. Places in between stay
    // empty.
    let threads = team.threads
    var panels: [(layer: Int, panel: Int)] = []
    for k in layers.indices.sorted(by: { layers[$0].inputs > layers[$1].inputs }) {
      for panel in 0..<roundedUp(layers[k].panels, toMultipleOf: threads) { panels.append((k, panel)) }
    }
    let others = roundedUp(pieces, toMultipleOf: threads)
    let target = gradient.map { SendablePointer(pointer: $0) }
    team.forEach(pieces: others + panels.count) { [self, panels] _, piece in
      guard piece >= others else { return piece < pieces ? work(piece) : () }
      let (k, panel) = panels[piece - others]
      guard panel < layers[k].panels else { return }
      parameters.update(
        panel: panel, ofLayer: k, step, x: input(k), delta: deltas[k], rows: rows, gradient: target?.pointer)
    }
  }
}

/// A pointer into memory that outlives the parallel loop. The loop's pieces write to disjoint parts of it.
private struct SendablePointer<Element>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Element>
}
