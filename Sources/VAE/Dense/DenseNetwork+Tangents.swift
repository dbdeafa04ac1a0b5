import Dynamics
import Numerics

/// The derivative of a chain of fully connected layers,
///
///     J = W_L D_{L-1} W_{L-1} ... D_1 W_1
///
/// where W_l are the layers' weights and D_l the diagonal matrices of the activations' slopes.
extension DenseNetwork: DifferentiableNetwork where Scalar == Double {
  /// Scratch memory for one state and its directions.
  public final class TangentWorkspace {
    /// The outputs of the hidden layers. Row 0 belongs to the state, the other rows to directions.
    let encoder: [Rows<Double>]
    let decoder: [Rows<Double>]
    let layer: LayerTangents

    init(_ network: DenseNetwork, directions: Int) {
      encoder = network.encoder.map { Rows(capacity: directions + 1, width: $0.outputs) }
      decoder = network.decoder.map { Rows(capacity: directions + 1, width: $0.outputs) }
      layer = LayerTangents(network.encoder + network.decoder + [network.mean, network.output])
    }
  }

  public func makeTangentWorkspace(directions: Int) -> TangentWorkspace {
    TangentWorkspace(self, directions: directions)
  }

  /// Passes z and the directions through the decoder's layers, one after another.
  public func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, workspace w: inout TangentWorkspace
  ) {
    var current = z
    for (layer, next) in zip(decoder, w.decoder) {
      w.layer.pass(current, through: layer, to: next, directions: directions)
      current = next
    }
    w.layer.pass(current, through: output, to: x, directions: directions)
  }

  /// Passes x and the directions through the encoder's layers, one after another.
  public func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, workspace w: inout TangentWorkspace
  ) {
    var current = x
    for (layer, next) in zip(encoder, w.encoder) {
      w.layer.pass(current, through: layer, to: next, directions: directions)
      current = next
    }
    w.layer.pass(current, through: self.mean, to: mean, directions: directions)
  }

  public var isPiecewiseSmooth: Bool {
    (encoder + decoder + [mean, output]).contains { $0.activation.kink != nil }
  }

  public func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace w: inout TangentWorkspace
  ) {
    var current = z
    for (layer, next) in zip(decoder + [output], w.decoder + [x]) {
      w.layer.pass(current, through: layer, to: next, directions: directions, kinks: &kinks)
      current = next
    }
  }

  public func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace w: inout TangentWorkspace
  ) {
    var current = x
    for (layer, next) in zip(encoder + [self.mean], w.encoder + [mean]) {
      w.layer.pass(current, through: layer, to: next, directions: directions, kinks: &kinks)
      current = next
    }
  }

  public func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
  {
    let bound = RemainderBound(
      ofChain: decoder + [output] + encoder + [mean], at: state, source: source, target: target)
    return { radius in bound(radius) }
  }
}

/// Passes a state and its directions through one layer at a time. Keeps the slopes of the layer passed last.
final class LayerTangents {
  private let zeros: AlignedBuffer<Double>
  /// W x + b at the state.
  let preactivation: AlignedBuffer<Double>
  /// f'(W x + b). It is not computed for layers whose function is the identity.
  let slope: AlignedBuffer<Double>

  /// Scratch memory that suffices for any of the layers.
  init(_ layers: [DenseLayer<Double>]) {
    let widest = roundedUp(layers.map(\.outputs).max() ?? 0, toMultipleOf: Double.panelWidth)
    zeros = AlignedBuffer(count: widest)
    preactivation = AlignedBuffer(count: widest)
    slope = AlignedBuffer(count: widest)
  }

  /// Replaces row 0 by f(W x + b) and each direction v by D W v.
  func pass(_ x: Rows<Double>, through layer: DenseLayer<Double>, to y: Rows<Double>, directions: Int) {
    passBeforeSlopes(x, through: layer, to: y, directions: directions)
    multiplyBySlopes(y, layer, directions: directions)
  }

  /// Replaces row 0 by f(W x + b) and each direction v by W v.
  func passBeforeSlopes(
    _ x: Rows<Double>, through layer: DenseLayer<Double>, to y: Rows<Double>, directions: Int
  ) {
    let width = layer.outputs
    layer.applyLinearPart(x, to: y, rows: directions + 1, zeros: zeros)
    let state = y.row(0)
    for j in 0..<width { state[j] += layer.biases[j] }
    preactivation.pointer.update(from: state, count: width)
    guard layer.activation != .identity else { return }
    Double.activate(state, count: width, layer.activation)
    for j in 0..<width { slope.pointer[j] = 1 }
    Double.multiplyByActivationGradient(
      slope.pointer, input: preactivation.pointer, output: state, count: width, layer.activation)
  }

  /// Replaces each direction v by D v, with the slopes of the layer passed last.
  func multiplyBySlopes(_ y: Rows<Double>, _ layer: DenseLayer<Double>, directions: Int) {
    guard layer.activation != .identity else { return }
    let width = layer.outputs
    for k in 0..<directions {
      let row = y.row(k + 1)
      for j in 0..<width { row[j] *= slope.pointer[j] }
    }
  }

  /// Replaces row 0 by f(W x + b). Each direction passes units on a kink as `kinks` demands.
  func pass(
    _ x: Rows<Double>, through layer: DenseLayer<Double>, to y: Rows<Double>, directions: Int,
    kinks: inout KinkPass
  ) {
    passBeforeSlopes(x, through: layer, to: y, directions: directions)
    guard let kink = layer.activation.kink else {
      multiplyBySlopes(y, layer, directions: directions)
      return
    }
    let known = kinks.enter(units: layer.outputs)
    if case .search(let reach) = kinks.rule {
      let found = unitsOnKinks(
        x, layer, tangents: y, directions: directions, reach: reach, isBeyondKink: !kinks.kinks.isEmpty)
      for j in found {
        kinks.note(unit: j, of: layer.outputs)
        slope.pointer[j] = kink.right
      }
      multiplyBySlopes(y, layer, directions: directions)
      return
    }
    for j in known { slope.pointer[j] = 1 }
    multiplyBySlopes(y, layer, directions: directions)
    for j in known {
      let leads = directions > 0 && y.row(1)[j] > 0
      if kinks.rule == .firstSide { kinks.note(slopes: (0..<directions).map { y.row($0 + 1)[j] }) }
      for k in 0..<directions {
        let isRight = kinks.rule == .firstSide ? leads : y.row(k + 1)[j] > 0
        y.row(k + 1)[j] *= isRight ? kink.right : kink.left
      }
    }
  }

  /// The units whose argument is 0 within rounding errors, or becomes 0 within `reach` of the state.
  ///
  /// A sum of products is known to about 2^-46 of the sum of their absolute values. A unit whose argument does not
  /// change with the state has no border. Beyond another kink, the derivatives are those of only one piece and may
  /// cancel there: |z| = relu(z) + relu(-z) has the derivative 0 if both slopes are taken from the right.
  ///
  /// - Parameters:
  ///   - tangents: Rows 1 to `directions` are the arguments' derivatives along the axes.
  ///   - isBeyondKink: Whether a kink was found in an earlier layer.
  private func unitsOnKinks(
    _ x: Rows<Double>, _ layer: DenseLayer<Double>, tangents: Rows<Double>, directions: Int, reach: Double,
    isBeyondKink: Bool
  ) -> [Int] {
    var largest = 0.0
    for j in 0..<layer.outputs { largest = max(largest, abs(preactivation.pointer[j])) }
    return (0..<layer.outputs).filter { j in
      let argument = abs(preactivation.pointer[j])
      var square = 0.0
      for k in 0..<directions { square += tangents.row(k + 1)[j] * tangents.row(k + 1)[j] }
      let tolerance = reach * square.squareRoot()
      guard square > 0 || isBeyondKink, argument <= tolerance + 1e-9 * largest else { return false }
      return argument <= tolerance + 0x1p-46 * layer.magnitude(ofOutput: j, x.row(0))
    }
  }
}
