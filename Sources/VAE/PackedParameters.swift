import Numerics

/// The parameters of a network in training, with the moments of Adam and transposed weights.
///
/// Memory: four times the parameters. Not synchronized, because pieces of parallel work write disjoint panels.
final class PackedParameters<Scalar: NetworkScalar>: @unchecked Sendable {
  let layout: PackedLayout<Scalar>
  /// The parameters, in the form of `layout`.
  let values: AlignedBuffer<Scalar>
  /// Adam's running mean of the gradient, in the form of `layout`.
  let firstMoment: AlignedBuffer<Scalar>
  /// Adam's running mean of the squared gradient, in the form of `layout`.
  let secondMoment: AlignedBuffer<Scalar>
  private let transposed: AlignedBuffer<Scalar>
  /// The number of steps of Adam so far.
  private(set) var steps = 0
  /// The standard deviation of a Gaussian decoder.
  var scale: ScaleParameter

  /// Copies a model's parameters. No step has been made yet.
  ///
  /// - Parameter scale: The standard deviation of a Gaussian decoder.
  init(_ model: Autoencoder, scale: LikelihoodScale) {
    self.scale = ScaleParameter(scale)
    layout = PackedLayout(model.architecture)
    values = AlignedBuffer(count: layout.count)
    firstMoment = AlignedBuffer(count: layout.count)
    secondMoment = AlignedBuffer(count: layout.count)
    transposed = AlignedBuffer(count: layout.transposedCount)
    layout.forEachParameter { tensor, index, place in
      let layer = model.layers[tensor]
      let weights = layer.weight.count
      values.pointer[place] = Scalar(index < weights ? layer.weight[index] : layer.bias[index - weights])
    }
    transposeWeights()
  }

  /// The parameters, rounded to single precision.
  func model() -> [LayerParameters] {
    zip(layout.architecture.layers, layout.tensors(of: values)).map { shape, tensor in
      let weights = shape.inputs * shape.outputs
      return LayerParameters(
        weight: tensor[..<weights].map { Float($0) }, bias: tensor[weights...].map { Float($0) })
    }
  }

  /// Restores a saved state, whose lists are in the form of `PackedLayout.list`.
  func restore(steps: Int, values: [Scalar], firstMoment: [Scalar], secondMoment: [Scalar]) {
    self.steps = steps
    layout.pack(values, into: self.values)
    layout.pack(firstMoment, into: self.firstMoment)
    layout.pack(secondMoment, into: self.secondMoment)
    transposeWeights()
  }

  /// Adds to one parameter. `tensor` is an index of `Architecture.layers`; `index` counts its weights and then its
  /// bias.
  func perturb(tensor: Int, index: Int, by amount: Double) {
    layout.forEachParameter { k, i, place in
      if k == tensor, i == index { values.pointer[place] += Scalar(amount) }
    }
    transposeWeights()
  }

  // MARK: One panel

  /// The weights `[inputs, panel width]` and then the bias of a layer's panel of outputs.
  func panel(_ panel: Int, ofLayer k: Int) -> UnsafePointer<Scalar> {
    UnsafePointer(values.pointer + layout.layers[k].offset(ofPanel: panel))
  }

  /// The transposed weights `[outputs, panel width]` of a layer's panel of inputs.
  ///
  /// - Precondition: The layer is not the first one, which has none.
  func transposedPanel(_ panel: Int, ofLayer k: Int) -> UnsafePointer<Scalar> {
    let layer = layout.layers[k]
    guard let offset = layer.transposedOffset else { preconditionFailure("the first layer") }
    return UnsafePointer(transposed.pointer + offset + panel * Scalar.panelWidth * layer.outputs)
  }

  /// Begins a step of Adam.
  ///
  /// - Returns: Its number, from 1.
  func beginStep() -> Int {
    steps += 1
    return steps
  }

  /// Computes the gradient of one panel's parameters. Without `gradient` it makes a step of Adam with it; otherwise
  /// it only writes the gradient.
  ///
  /// - Parameters:
  ///   - x: The layer's inputs, `[rows, inputs]`.
  ///   - delta: The gradient of the layer's preactivations, `[rows, outputs]`.
  ///   - gradient: Memory in the form of `layout`.
  func update(
    panel: Int, ofLayer k: Int, _ step: AdamStep, x: Rows<Scalar>, delta: Rows<Scalar>, rows: Int,
    gradient: UnsafeMutablePointer<Scalar>?
  ) {
    let layer = layout.layers[k]
    let first = layer.offset(ofPanel: panel)
    Scalar.update(
      x.pointer, rows: rows, inputs: layer.inputs, stride: x.stride,
      delta: delta.pointer + panel * Scalar.panelWidth, stride: delta.stride,
      gradient: gradient.map { $0 + first }, parameters: values.pointer + first,
      first: firstMoment.pointer + first, second: secondMoment.pointer + first, step,
      columns: layer.columns(ofPanel: panel), transposed: transposedColumns(ofPanel: panel, ofLayer: k),
      targetPanel: Scalar.panelWidth * layer.outputs)
  }

  /// The place of the transposed weights of a panel of outputs; nil in the first layer, which has none.
  private func transposedColumns(ofPanel panel: Int, ofLayer k: Int) -> UnsafeMutablePointer<Scalar>? {
    layout.layers[k].transposedOffset.map {
      transposed.pointer + $0 + panel * Scalar.panelWidth * Scalar.panelWidth
    }
  }

  private func transposeWeights() {
    for (k, layer) in layout.layers.enumerated() {
      for panel in 0..<layer.panels {
        guard let target = transposedColumns(ofPanel: panel, ofLayer: k) else { continue }
        Scalar.transpose(
          panel: self.panel(panel, ofLayer: k), inputs: layer.inputs, columns: layer.columns(ofPanel: panel),
          into: target, targetPanel: Scalar.panelWidth * layer.outputs)
      }
    }
  }
}
