import Numerics

/// Products at each position of the input, shifted against each other and added up: transposed convolutions, and
/// convolutions to few channels.
struct ShiftedProductStep<Scalar: GraphScalar> {
  let plan: ShiftedProduct
  let place: StepPlace
  let packed: [AlignedBuffer<Scalar>]
  let bias: AlignedBuffer<Scalar>
  /// No bias: the products are added up first.
  private let zeros: AlignedBuffer<Scalar>
  /// Columns of the products in whole panels.
  private let width: Int
  /// Members whose products are computed together.
  private let batch: Int
  /// Where each channel is a group of its own: W, shape `[parts, groups]`. Channels are neighbours in memory, so that
  /// they are multiplied together, one part after another.
  private let channelwise: AlignedBuffer<Scalar>?

  init(_ product: ShiftedProduct, _ place: StepPlace) {
    plan = product
    self.place = place
    let columns = product.parts * product.channels
    width = roundedUp(columns, toMultipleOf: Scalar.panelWidth)
    let none = [Double](repeating: 0, count: product.groups * columns)
    let packed: (packed: [AlignedBuffer<Scalar>], bias: [AlignedBuffer<Scalar>]) = PackedWeights.pack(
      product.weights, none, groups: product.groups, columns: columns, inner: product.inner)
    self.packed = packed.packed
    bias = AlignedBuffer(product.bias.map { Scalar($0) })
    zeros = AlignedBuffer(count: width)
    batch = max(1, (1 << 18) / (width * product.inputPositions * MemoryLayout<Scalar>.stride))
    channelwise =
      product.isChannelwise
      ? AlignedBuffer(
        (0..<product.parts).flatMap { part in
          (0..<product.groups).map { Scalar(product.weights[$0 * product.parts + part]) }
        }) : nil
  }

  var scratchCount: Int { channelwise == nil ? batch * plan.inputPositions * width : 0 }

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange, isLinear: Bool) {
    let x = memory.rows(place.inputs[0], range.first)
    let y = memory.rows(place.output, range.first)
    if let channelwise {
      for m in 0..<range.count {
        multiply(channelwise.pointer, x.pointer + m * x.stride, to: y.pointer + m * y.stride, isLinear)
      }
      return
    }
    let positions = plan.inputPositions
    let channels = plan.groups * plan.inner
    let together = x.stride == positions * channels ? batch : 1
    for first in stride(from: 0, to: range.count, by: together) {
      let members = min(together, range.count - first)
      for g in 0..<plan.groups {
        Scalar.dense(
          x.pointer + first * x.stride + g * plan.inner, rows: members * positions, inner: plan.inner,
          stride: channels, packed: packed[g].pointer, bias: zeros.pointer,
          columns: plan.parts * plan.channels, into: memory.scratch.pointer, stride: width,
          activation: .identity)
        for m in 0..<members {
          addUp(
            UnsafePointer(memory.scratch.pointer) + m * positions * width, group: g,
            to: y.pointer + (first + m) * y.stride, isLinear)
        }
      }
    }
  }

  /// Has the bits of `addUp`.
  @inline(__always)
  private func multiply(
    _ weights: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, to y: UnsafeMutablePointer<Scalar>,
    _ isLinear: Bool
  ) {
    let count = plan.groups
    plan.starts.withUnsafeBufferPointer { starts in
      plan.terms.withUnsafeBufferPointer { terms in
        for p in 0..<starts.count - 1 {
          let target = y + p * count
          for c in 0..<count { target[c] = isLinear ? 0 : bias.pointer[c] }
          for k in Int(starts[p])..<Int(starts[p + 1]) {
            let source = x + Int(terms[k].position) * count
            let factors = weights + Int(terms[k].part) * count
            for c in 0..<count { target[c] += factors[c] * source[c] }
          }
        }
      }
    }
  }

  @inline(__always)
  private func addUp(
    _ products: UnsafePointer<Scalar>, group: Int, to y: UnsafeMutablePointer<Scalar>, _ isLinear: Bool
  ) {
    let (count, width) = (plan.channels, width)
    let bias = bias.pointer + group * count
    plan.starts.withUnsafeBufferPointer { starts in
      plan.terms.withUnsafeBufferPointer { terms in
        for p in 0..<starts.count - 1 {
          let target = y + (p * plan.groups + group) * count
          for c in 0..<count { target[c] = isLinear ? 0 : bias[c] }
          for k in Int(starts[p])..<Int(starts[p + 1]) {
            let source = products + Int(terms[k].position) * width + Int(terms[k].part) * count
            for c in 0..<count { target[c] += source[c] }
          }
        }
      }
    }
  }
}
