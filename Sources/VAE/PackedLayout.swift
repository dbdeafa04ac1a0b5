import Numerics

/// The places of a network's parameters in training, in the packed form of the dense kernel.
///
/// Each layer is `[panel][inputs + 1][panel width]`, with the bias last. Transposed weights are kept as well, for
/// the gradients of inputs: `[panel of inputs][outputs][panel width]` for each layer except the first.
struct PackedLayout<Scalar: NetworkScalar>: Sendable {
  /// A fully connected layer. The two heads (mean, log variance) are one layer, with the mean's outputs first.
  struct Layer: Sendable {
    var inputs: Int
    var outputs: Int
    var activation: Activation
    /// The place where the layer's parameters begin.
    var offset: Int
    /// The place where the layer's transposed weights begin; nil if no input gradient is needed.
    var transposedOffset: Int?

    /// The number of panels of outputs.
    var panels: Int { (outputs + Scalar.panelWidth - 1) / Scalar.panelWidth }
    /// The number of panels of inputs.
    var inputPanels: Int { (inputs + Scalar.panelWidth - 1) / Scalar.panelWidth }
    /// The number of elements of a panel of outputs, the bias included.
    var panelSize: Int { (inputs + 1) * Scalar.panelWidth }

    /// The place where the parameters of a panel begin.
    func offset(ofPanel panel: Int) -> Int { offset + panel * panelSize }

    /// The number of a panel's outputs that are not padding.
    func columns(ofPanel panel: Int) -> Int {
      min(Scalar.panelWidth, outputs - panel * Scalar.panelWidth)
    }
  }

  let architecture: Architecture
  let layers: [Layer]
  /// The index of the heads in `layers`; the decoder begins after them.
  let heads: Int
  /// The number of elements of all parameters, padding included.
  let count: Int
  /// The number of elements of all transposed weights, padding included.
  let transposedCount: Int

  init(_ architecture: Architecture) {
    self.architecture = architecture
    heads = architecture.meanIndex
    var layers: [Layer] = []
    var offset = 0
    var transposedOffset = 0
    for (k, shape) in architecture.layers.enumerated() where k != architecture.logVarianceIndex {
      let isLinear = k == architecture.meanIndex || k == architecture.outputIndex
      let layer = Layer(
        inputs: shape.inputs, outputs: k == architecture.meanIndex ? 2 * shape.outputs : shape.outputs,
        activation: isLinear ? .identity : architecture.activation, offset: offset,
        transposedOffset: k == 0 ? nil : transposedOffset)
      offset += layer.panels * layer.panelSize
      if k > 0 { transposedOffset += layer.inputPanels * Scalar.panelWidth * layer.outputs }
      layers.append(layer)
    }
    self.layers = layers
    count = offset
    transposedCount = transposedOffset
  }

  /// Calls `body` with each parameter's tensor (an index of `architecture.layers`), its index in the tensor (the
  /// weight `[outputs, inputs]`, then the bias) and its place in the packed form.
  func forEachParameter(_ body: (_ tensor: Int, _ index: Int, _ place: Int) -> Void) {
    let width = Scalar.panelWidth
    for (k, shape) in architecture.layers.enumerated() {
      let isLogVariance = k == architecture.logVarianceIndex
      let layer = layers[k > architecture.meanIndex ? k - 1 : k]
      for c in 0..<shape.outputs {
        let column = isLogVariance ? c + shape.outputs : c
        let place = layer.offset(ofPanel: column / width) + column % width
        for i in 0..<shape.inputs { body(k, c * shape.inputs + i, place + i * width) }
        body(k, shape.inputs * shape.outputs + c, place + shape.inputs * width)
      }
    }
  }

  /// Unpacks values as tensors: for each layer of the architecture the weight `[outputs, inputs]`, then the bias.
  func tensors(of packed: AlignedBuffer<Scalar>) -> [[Scalar]] {
    var result = architecture.layers.map { [Scalar](repeating: 0, count: ($0.inputs + 1) * $0.outputs) }
    forEachParameter { k, i, place in result[k][i] = packed.pointer[place] }
    return result
  }

  /// Unpacks values as one list, in which the tensors follow one another.
  func list(of packed: AlignedBuffer<Scalar>) -> [Scalar] { tensors(of: packed).flatMap(\.self) }

  /// Packs a list as `list(of:)` returns it.
  ///
  /// - Precondition: `list` has one element per parameter of the architecture.
  func pack(_ list: [Scalar], into packed: AlignedBuffer<Scalar>) {
    precondition(list.count == architecture.parameterCount)
    var first: [Int] = []
    var count = 0
    for shape in architecture.layers {
      first.append(count)
      count += (shape.inputs + 1) * shape.outputs
    }
    forEachParameter { k, i, place in packed.pointer[place] = list[first[k] + i] }
  }
}
