import Numerics

/// The ELBO's value and gradient on minibatches, by backpropagation, and Adam, in one precision.
///
///     L = (1/B) sum_b [ -ln p(x_b | z_b) + beta KL(q(z|x_b) || Normal(0, I)) ],   z = m + s eps
///
/// Parameters and the moments of Adam stay in the packed form of the dense kernel throughout:
/// per layer `[panel][inputs + 1][panel width]`, the bias last. Weights are kept transposed as well, for
/// delta W. Every element is one sum in a fixed order, however the work is cut: results do not depend
/// on the number of threads.
///
/// Memory: parameters four times (with transposed weights and two moments), and the activations of one
/// minibatch.
final class GradientEngine<Scalar: NetworkScalar>: @unchecked Sendable {
  /// A fully connected layer; the heads (mean, log variance) are one layer, with the mean's outputs first.
  struct Layer {
    var inputs: Int
    var outputs: Int
    var activation: Activation
    /// Where its parameters begin.
    var offset: Int
    /// Where its transposed weights begin; nil where no input gradient is needed.
    var transposedOffset: Int?
    var panels: Int { (outputs + Scalar.panelWidth - 1) / Scalar.panelWidth }
    var panelSize: Int { (inputs + 1) * Scalar.panelWidth }
    /// Real columns of a panel.
    func columns(_ panel: Int) -> Int { min(Scalar.panelWidth, outputs - panel * Scalar.panelWidth) }
  }

  let architecture: Architecture
  private let layers: [Layer]
  /// Index of the heads in `layers`; the decoder begins after them.
  private let heads: Int
  private let team: WorkTeam
  private let capacity: Int

  /// All parameters in packed form.
  let parameters: AlignedBuffer<Scalar>
  let firstMoment: AlignedBuffer<Scalar>
  let secondMoment: AlignedBuffer<Scalar>
  private let transposed: AlignedBuffer<Scalar>
  /// Steps of Adam so far.
  private(set) var steps = 0

  /// The minibatch at work and the next one, which is filled meanwhile: items `[capacity, D]` and noise.
  private var items: Rows<Scalar>
  private var nextItems: Rows<Scalar>
  private var noise: Rows<Scalar>
  private var nextNoise: Rows<Scalar>
  /// Output of each layer, `[capacity, outputs]`; the last one becomes dL/d(output) in place.
  private let outputs: [Rows<Scalar>]
  /// Values before the activation, where its derivative needs them; else the outputs.
  private let preactivations: [Rows<Scalar>]
  /// dL/d(preactivation), `[capacity, outputs]`.
  private let deltas: [Rows<Scalar>]
  private let z: Rows<Scalar>
  /// s.
  private let deviation: Rows<Scalar>
  /// dL/dz.
  private let latentDelta: Rows<Scalar>
  private let noBias: AlignedBuffer<Scalar>
  /// Negative log-likelihood `[panel, capacity]` at each block's first row, and KL divergence, nats.
  private let panelLoss: AlignedBuffer<Double>
  private let itemDivergence: AlignedBuffer<Double>

  /// Copies the model's parameters.
  init(_ model: Autoencoder, capacity: Int, team: WorkTeam) {
    let a = model.architecture
    architecture = a
    self.capacity = capacity
    self.team = team
    heads = a.meanIndex
    var layers: [Layer] = []
    var offset = 0
    var transposedOffset = 0
    for (k, shape) in a.layers.enumerated() where k != a.logVarianceIndex {
      let isPlain = k == a.meanIndex || k == a.outputIndex
      let layer = Layer(
        inputs: shape.inputs, outputs: k == a.meanIndex ? 2 * shape.outputs : shape.outputs,
        activation: isPlain ? .identity : a.activation, offset: offset,
        transposedOffset: k == 0 ? nil : transposedOffset)
      offset += layer.panels * layer.panelSize
      if k > 0 {
        transposedOffset += roundedUp(layer.inputs, toMultipleOf: Scalar.panelWidth) * layer.outputs
      }
      layers.append(layer)
    }
    self.layers = layers
    parameters = AlignedBuffer(count: offset)
    firstMoment = AlignedBuffer(count: offset)
    secondMoment = AlignedBuffer(count: offset)
    transposed = AlignedBuffer(count: transposedOffset)

    items = Rows(capacity: capacity, width: a.dataDimension)
    nextItems = Rows(capacity: capacity, width: a.dataDimension)
    noise = Rows(capacity: capacity, width: a.latentDimension)
    nextNoise = Rows(capacity: capacity, width: a.latentDimension)
    let needsPreactivation = a.activation == .gelu || a.activation == .softplus
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
    z = Rows(capacity: capacity, width: a.latentDimension)
    deviation = Rows(capacity: capacity, width: a.latentDimension)
    latentDelta = Rows(capacity: capacity, width: a.latentDimension)
    noBias = AlignedBuffer(
      count: roundedUp(layers.map(\.inputs).max() ?? 0, toMultipleOf: Scalar.panelWidth))
    panelLoss = AlignedBuffer(count: layers[layers.count - 1].panels * capacity)
    itemDivergence = AlignedBuffer(count: capacity)

    forEachParameter { tensor, index, place in
      let layer = model.layers[tensor]
      let weights = layer.weight.count
      parameters.pointer[place] = Scalar(index < weights ? layer.weight[index] : layer.bias[index - weights])
    }
    transposeWeights()
  }

  /// Where row `r` of the next minibatch's items is to be written.
  func nextItem(_ r: Int) -> UnsafeMutablePointer<Scalar> { nextItems.row(r) }

  /// Where the noise eps of row `r` of the next minibatch is to be written.
  func nextNoise(_ r: Int) -> UnsafeMutablePointer<Scalar> { nextNoise.row(r) }

  /// Makes the next minibatch the one at work.
  func advance() {
    swap(&items, &nextItems)
    swap(&noise, &nextNoise)
  }

  /// Sums over a minibatch's rows, nats.
  struct Sums {
    var negativeLogLikelihood = 0.0
    var kullbackLeibler = 0.0
  }

  /// One step of Adam on the first `rows` rows of the minibatch at work.
  ///
  /// - Parameters:
  ///   - besides: Other work to be done on the way, in so many pieces: filling the next minibatch.
  func step(
    rows: Int, beta: Double, learningRate: Double, besides pieces: Int = 0,
    _ work: @escaping @Sendable (_ piece: Int) -> Void = { _ in }
  ) -> Sums {
    let sums = evaluate(rows, beta: beta)
    steps += 1
    update(
      rows, AdamStep(number: steps, learningRate: learningRate), gradient: nil, besides: pieces, work)
    return sums
  }

  /// The gradient on the first `rows` rows of the minibatch at work, in the form of `parameters`.
  func gradient(rows: Int, beta: Double) -> (sums: Sums, gradient: AlignedBuffer<Scalar>) {
    let sums = evaluate(rows, beta: beta)
    let gradient = AlignedBuffer<Scalar>(count: parameters.count)
    update(rows, AdamStep(number: 1, learningRate: 0), gradient: gradient.pointer, besides: 0) { _ in }
    return (sums, gradient)
  }

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
      sums.negativeLogLikelihood +=
        0.5 * Double(rows) * Double(architecture.dataDimension) * logarithm(2 * .pi)
    }
    return sums
  }

  // MARK: Cutting

  /// Calls `body` for each panel of columns and each block of rows. A block's inputs fit into a core's
  /// second-level cache; there are at least two, for even shares.
  ///
  /// Panel p is worker p mod threads' here and in `update`, unless that one is busy: where cores have no cache in
  /// common, a panel's weights and moments stay with one of them.
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

  /// Calls `body` for blocks of at least 28 rows, of which each takes all panels of a narrow layer: more blocks
  /// than elsewhere, for even shares.
  private func narrowBlocks(rows: Int, _ body: @escaping @Sendable (_ rows: Range<Int>) -> Void) {
    let blocks = max(1, rows / 28)
    team.forEach(pieces: blocks) { _, block in body(rows * block / blocks..<rows * (block + 1) / blocks) }
  }

  private func input(_ k: Int) -> Rows<Scalar> {
    k == 0 ? items : k == heads + 1 ? z : outputs[k - 1]
  }

  /// Preactivations of a layer's panel for some rows.
  private func affine(_ k: Int, panel: Int, _ rows: Range<Int>, to target: Rows<Scalar>) {
    let layer = layers[k]
    let x = input(k)
    let packed = parameters.pointer + layer.offset + panel * layer.panelSize
    Scalar.dense(
      x.row(rows.lowerBound), rows: rows.count, inner: layer.inputs, stride: x.stride, packed: packed,
      bias: packed + layer.inputs * Scalar.panelWidth, columns: Scalar.panelWidth,
      into: target.row(rows.lowerBound) + panel * Scalar.panelWidth, stride: target.stride,
      activation: .identity)
  }

  /// delta W of a layer, for one panel of its inputs and some rows.
  private func inputGradient(_ k: Int, panel: Int, _ rows: Range<Int>, to target: Rows<Scalar>) {
    guard let offset = layers[k].transposedOffset else { preconditionFailure("the first layer") }
    let delta = deltas[k]
    Scalar.dense(
      delta.row(rows.lowerBound), rows: rows.count, inner: layers[k].outputs, stride: delta.stride,
      packed: transposed.pointer + offset + panel * Scalar.panelWidth * layers[k].outputs,
      bias: noBias.pointer, columns: Scalar.panelWidth,
      into: target.row(rows.lowerBound) + panel * Scalar.panelWidth, stride: target.stride,
      activation: .identity)
  }

  private func inputPanels(_ k: Int) -> Int {
    (layers[k].inputs + Scalar.panelWidth - 1) / Scalar.panelWidth
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

  /// Mean and log variance, z, and the KL divergence.
  private func sampleLatentState(_ rows: Int) {
    let n = architecture.latentDimension
    narrowBlocks(rows: rows) { [self] rows in
      for panel in 0..<layers[heads].panels { affine(heads, panel: panel, rows, to: outputs[heads]) }
      for r in rows {
        let mean = outputs[heads].row(r)
        let logVariance = mean + n
        let (noise, deviation, z) = (noise.row(r), deviation.row(r), z.row(r))
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

  /// The output layer, the likelihood, and its gradient in the outputs' place.
  private func outputLayer(_ rows: Int, scale: Scalar) {
    let k = layers.count - 1
    blocks(panels: layers[k].panels, rows: rows) { [self] panel, rows in
      affine(k, panel: panel, rows, to: outputs[k])
      let first = panel * Scalar.panelWidth
      // Columns beyond the last stay zero.
      let count = layers[k].columns(panel)
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
          loss += squaredError(output + r * stride, target + r * targetStride, count: count, scale: scale)
        }
      }
      // By the block's first row: a place of its own, whatever the number of blocks.
      panelLoss.pointer[panel * capacity + rows.lowerBound] = loss
    }
  }

  /// Half the squared distance; `output` becomes its gradient times `scale`.
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

  /// dL/d(preactivation) of hidden layer `k` from the next layer's.
  private func hiddenDelta(_ k: Int, _ rows: Int) {
    blocks(panels: inputPanels(k + 1), rows: rows) { [self] panel, rows in
      let first = panel * Scalar.panelWidth
      inputGradient(k + 1, panel: panel, rows, to: deltas[k])
      Scalar.multiplyByActivationGradient(
        deltas[k].row(rows.lowerBound) + first, input: preactivations[k].row(rows.lowerBound) + first,
        output: outputs[k].row(rows.lowerBound) + first, rows: rows.count, count: Scalar.panelWidth,
        stride: deltas[k].stride, layers[k].activation)
    }
  }

  /// dL/dz, and from it the heads' gradient with the KL divergence's.
  private func latentDelta(_ rows: Int, weight: Double) {
    let n = architecture.latentDimension
    narrowBlocks(rows: rows) { [self] rows in
      for panel in 0..<inputPanels(heads + 1) {
        inputGradient(heads + 1, panel: panel, rows, to: latentDelta)
      }
      for r in rows {
        let mean = deltas[heads].row(r)
        let logVariance = mean + n
        let (m, noise, deviation) = (outputs[heads].row(r), noise.row(r), deviation.row(r))
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

  /// All layers' panels, those with most work first.
  private func update(
    _ rows: Int, _ step: AdamStep, gradient: UnsafeMutablePointer<Scalar>?, besides pieces: Int,
    _ work: @escaping @Sendable (_ piece: Int) -> Void
  ) {
    // As in `blocks`, panel p at a place that is p modulo the threads; places between are empty.
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
      let layer = layers[k]
      guard panel < layer.panels else { return }
      let x = input(k)
      let first = layer.offset + panel * layer.panelSize
      Scalar.update(
        x.pointer, rows: rows, inputs: layer.inputs, stride: x.stride,
        delta: deltas[k].pointer + panel * Scalar.panelWidth, stride: deltas[k].stride,
        gradient: target.map { $0.pointer + first }, parameters: parameters.pointer + first,
        first: firstMoment.pointer + first, second: secondMoment.pointer + first, step,
        columns: layer.columns(panel), transposed: transposedWeights(k, panel),
        targetPanel: Scalar.panelWidth * layer.outputs)
    }
  }

  /// Where a panel's weights are kept transposed.
  private func transposedWeights(_ k: Int, _ panel: Int) -> UnsafeMutablePointer<Scalar>? {
    layers[k].transposedOffset.map { transposed.pointer + $0 + panel * Scalar.panelWidth * Scalar.panelWidth }
  }

  private func transposeWeights() {
    for (k, layer) in layers.enumerated() {
      for panel in 0..<layer.panels {
        guard let target = transposedWeights(k, panel) else { continue }
        Scalar.transpose(
          panel: parameters.pointer + layer.offset + panel * layer.panelSize, inputs: layer.inputs,
          columns: layer.columns(panel), into: target, targetPanel: Scalar.panelWidth * layer.outputs)
      }
    }
  }

  // MARK: Parameters

  /// Adds to one parameter: tensor as in `architecture.layers`, index in its weights and then its bias.
  func perturb(tensor: Int, index: Int, by amount: Double) {
    forEachParameter { k, i, place in
      if k == tensor, i == index { parameters.pointer[place] += Scalar(amount) }
    }
    transposeWeights()
  }

  /// The present parameters, rounded to single precision.
  func model() -> [LayerParameters] {
    zip(architecture.layers, tensors(of: parameters)).map { shape, tensor in
      let weights = shape.inputs * shape.outputs
      return LayerParameters(
        weight: tensor[..<weights].map { Float($0) }, bias: tensor[weights...].map { Float($0) })
    }
  }

  /// `values`, in the form of `parameters`, as plain tensors: per layer of the architecture weight
  /// `[outputs, inputs]`, then bias.
  func tensors(of values: AlignedBuffer<Scalar>) -> [[Scalar]] {
    var result = architecture.layers.map { [Scalar](repeating: 0, count: ($0.inputs + 1) * $0.outputs) }
    forEachParameter { k, i, place in result[k][i] = values.pointer[place] }
    return result
  }

  /// Goes on from a saved state; values as from `plain`.
  func restore(steps: Int, parameters: [Scalar], firstMoment: [Scalar], secondMoment: [Scalar]) {
    self.steps = steps
    pack(parameters, into: self.parameters)
    pack(firstMoment, into: self.firstMoment)
    pack(secondMoment, into: self.secondMoment)
    transposeWeights()
  }

  /// `values`, in the form of `parameters`, as one list: `tensors` one after another.
  func plain(_ values: AlignedBuffer<Scalar>) -> [Scalar] { tensors(of: values).flatMap(\.self) }

  /// The reverse of `plain`.
  func pack(_ plain: [Scalar], into values: AlignedBuffer<Scalar>) {
    precondition(plain.count == architecture.parameterCount)
    var first: [Int] = []
    var count = 0
    for shape in architecture.layers {
      first.append(count)
      count += (shape.inputs + 1) * shape.outputs
    }
    forEachParameter { k, i, place in values.pointer[place] = plain[first[k] + i] }
  }

  /// Calls `body` with each parameter's tensor, index and place in the packed form.
  private func forEachParameter(_ body: (_ tensor: Int, _ index: Int, _ place: Int) -> Void) {
    let width = Scalar.panelWidth
    for (k, shape) in architecture.layers.enumerated() {
      let isLogVariance = k == architecture.logVarianceIndex
      let layer = layers[k > architecture.meanIndex ? k - 1 : k]
      for c in 0..<shape.outputs {
        let column = isLogVariance ? c + shape.outputs : c
        let place = layer.offset + column / width * layer.panelSize + column % width
        for i in 0..<shape.inputs { body(k, c * shape.inputs + i, place + i * width) }
        body(k, shape.inputs * shape.outputs + c, place + shape.inputs * width)
      }
    }
  }
}

/// A pointer into memory that outlives the parallel loop, whose pieces write disjoint parts.
private struct SendablePointer<Element>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Element>
}
