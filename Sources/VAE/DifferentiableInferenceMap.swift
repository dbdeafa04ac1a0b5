import Dynamics
import Numerics

/// Repeated inference in mean mode, in double precision, with its derivative.
///
///     F = m . g,   J = dF/dz = W_L D_{L-1} W_{L-1} ... D_1 W_1
///
/// W_l are the weights of the decoder's and then the encoder's layers, D_l the diagonal matrices of the
/// activations' slopes. All directions are propagated at once as matrix products.
public struct DifferentiableInferenceMap: DifferentiableMap {
  let base: InferenceMap<Double>
  let chain: [ChainLayer]

  /// One layer of the decoder or encoder, in the order in which a latent state passes them.
  struct ChainLayer: Sendable {
    let packed: PackedLayer<Double>
    let activation: Activation
    /// `[outputs, inputs]`, row-major.
    let weights: AlignedBuffer<Double>
  }

  /// Packs the model's weights.
  public init(_ model: Autoencoder) {
    base = InferenceMap(model, mode: .mean)
    let a = model.architecture
    let network = base.network
    var layers: [(Int, PackedLayer<Double>, Activation)] = []
    for (k, layer) in network.decoder.enumerated() {
      layers.append((a.decoderIndex + k, layer, a.activation))
    }
    layers.append((a.outputIndex, network.output, network.outputActivation))
    for (k, layer) in network.encoder.enumerated() { layers.append((k, layer, a.activation)) }
    layers.append((a.meanIndex, network.mean, .identity))
    chain = layers.map { index, packed, activation in
      ChainLayer(
        packed: packed, activation: activation,
        weights: AlignedBuffer(model.layers[index].weight.map(Double.init)))
    }
  }

  public var dimension: Int { base.dimension }
  public var dataDimension: Int { base.dataDimension }
  public var availableFields: StateFields { base.availableFields }

  public func makeWorkspace(capacity: Int) -> InferenceMap<Double>.Workspace {
    base.makeWorkspace(capacity: capacity)
  }

  public func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout InferenceMap<Double>.Workspace)
  {
    base.begin(block, noise: noise, workspace: &workspace)
  }

  public func step(
    _ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout InferenceMap<Double>.Workspace
  ) {
    base.step(block, at: time, noise: noise, workspace: &workspace)
  }

  public func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource,
    workspace: inout InferenceMap<Double>.Workspace
  ) {
    base.supply(store, of: block, at: time, noise: noise, workspace: &workspace)
  }

  /// The decoder's means g(z), `[rows, D]`.
  ///
  /// - Parameter states: Latent states, `[rows, N]`.
  public func dataStates(of states: RowTable) -> RowTable {
    let table = RowTable(rows: states.rows, columns: dataDimension)
    let grain = 126
    let w = base.makeWorkspace(capacity: grain)
    for first in stride(from: 0, to: states.rows, by: grain) {
      let rows = min(grain, states.rows - first)
      w.z.load(states.row(first), rows: rows)
      base.network.decode(
        w.z, to: w.next, rows: rows, hidden: w.hidden, activation: base.network.outputActivation)
      w.next.store(table.row(first), rows: rows)
    }
    return table
  }

  /// Scratch memory for one state and its directions.
  public final class TangentWorkspace {
    /// Row 0 is the state, the others directions; one per layer's output, the first the input.
    let rows: [Rows<Double>]
    let zeros: AlignedBuffer<Double>
    let preactivation: AlignedBuffer<Double>
    let slope: AlignedBuffer<Double>

    init(_ widths: [Int], directions: Int) {
      rows = widths.map { Rows(capacity: directions + 1, width: $0) }
      let widest = roundedUp(widths.max() ?? 0, toMultipleOf: Double.panelWidth)
      zeros = AlignedBuffer(count: widest)
      preactivation = AlignedBuffer(count: widest)
      slope = AlignedBuffer(count: widest)
    }
  }

  public func makeTangentWorkspace(directions: Int) -> TangentWorkspace {
    TangentWorkspace([dimension] + chain.map(\.packed.outputs), directions: directions)
  }

  public func linearize(
    at state: UnsafePointer<Double>, image: UnsafeMutablePointer<Double>,
    directions: UnsafeMutablePointer<Double>, count: Int, workspace w: inout TangentWorkspace
  ) {
    let n = dimension
    w.rows[0].row(0).update(from: state, count: n)
    for k in 0..<count { w.rows[0].row(k + 1).update(from: directions + k * n, count: n) }
    propagate(count: count, w) { _ in }
    let result = w.rows[chain.count]
    image.update(from: result.row(0), count: n)
    for k in 0..<count { (directions + k * n).update(from: result.row(k + 1), count: n) }
  }

  /// Passes row 0 as a state and the next `count` rows as directions through all layers; `visit` sees each
  /// layer when its rows hold a_l and the directions before the slopes are applied.
  func propagate(count: Int, _ w: TangentWorkspace, visit: (Int) -> Void) {
    for (l, layer) in chain.enumerated() {
      let y = w.rows[l + 1]
      let width = layer.packed.outputs
      layer.packed.applyLinearPart(w.rows[l], to: y, rows: count + 1, zeros: w.zeros)
      let state = y.row(0)
      for j in 0..<width { state[j] += layer.packed.biases[j] }
      w.preactivation.pointer.update(from: state, count: width)
      if layer.activation == .identity {
        visit(l)
        continue
      }
      Double.activate(state, count: width, layer.activation)
      for j in 0..<width { w.slope.pointer[j] = 1 }
      Double.multiplyByActivationGradient(
        w.slope.pointer, input: w.preactivation.pointer, output: state, count: width, layer.activation)
      visit(l)
      for k in 0..<count {
        let row = y.row(k + 1)
        for j in 0..<width { row[j] *= w.slope.pointer[j] }
      }
    }
  }
}
