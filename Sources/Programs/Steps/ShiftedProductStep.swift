import Numerics

/// Products at each position of the input, shifted against each other and added up: convolutions and transposed
/// convolutions.
struct ShiftedProductStep<Scalar: GraphScalar> {
  /// How it is computed (`ShiftedForm`).
  private enum Form {
    /// W, shape `[parts, groups]`: channels are neighbours in memory, so that they are multiplied together.
    case channelwise(AlignedBuffer<Scalar>)
    /// One product for each class of output positions.
    case gathered([ProductStep<Scalar>])
    case added(ProductSums<Scalar>)
  }

  let plan: ShiftedProduct
  let place: StepPlace
  let bias: AlignedBuffer<Scalar>
  private let form: Form

  init(_ product: ShiftedProduct, _ place: StepPlace) {
    plan = product
    self.place = place
    bias = AlignedBuffer(product.bias.map { Scalar($0) })
    form =
      switch ShiftedForm(product) {
      case .channelwise:
        .channelwise(
          AlignedBuffer(
            (0..<product.parts).flatMap { part in
              (0..<product.groups).map { Scalar(product.weights[$0 * product.parts + part]) }
            }))
      case .gathered(let products): .gathered(products.map { ProductStep($0, place) })
      case .added(let blocks): .added(ProductSums(blocks))
      }
  }

  var scratchCount: Int {
    switch form {
    case .channelwise: 0
    case .gathered(let products): products.reduce(0) { max($0, $1.scratchCount) }
    case .added(let sums): sums.scratchCount
    }
  }

  var placeCount: Int {
    if case .gathered(let products) = form { products.reduce(0) { max($0, $1.placeCount) } } else { 0 }
  }

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange, isLinear: Bool) {
    switch form {
    case .gathered(let products):
      for product in products { product.run(memory, range, isLinear: isLinear) }
    case .channelwise(let weights):
      let (x, y) = (memory.rows(place.inputs[0], range.first), memory.rows(place.output, range.first))
      for m in 0..<range.count {
        multiply(weights.pointer, x.pointer + m * x.stride, to: y.pointer + m * y.stride, isLinear)
      }
    case .added(let sums):
      sums.run(
        memory.rows(place.inputs[0], range.first), memory.rows(place.output, range.first),
        bias: isLinear ? nil : bias.pointer, members: range.count, scratch: memory.scratch.pointer,
        isLinear ? nil : plan.function)
    }
  }

  /// Sums over parts, for all channels at once.
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
    guard !isLinear, let function = plan.function else { return }
    ElementFunctions.apply(function, y, to: y, count: (plan.starts.count - 1) * count)
  }
}

/// The form `added` of a shifted product.
struct ProductSums<Scalar: GraphScalar> {
  private let plan: ShiftedProduct
  private let packed: [AlignedBuffer<Scalar>]
  /// No bias: the products are added up first.
  private let zeros: AlignedBuffer<Scalar>
  /// Columns of the products in whole panels.
  private let width: Int
  /// Members whose products are computed together, so that they stay in the second-level cache.
  private let batch: Int

  init(_ product: ShiftedProduct) {
    plan = product
    let columns = product.parts * product.channels
    width = roundedUp(columns, toMultipleOf: Scalar.panelWidth)
    let none = [Double](repeating: 0, count: product.groups * columns)
    let packed: (packed: [AlignedBuffer<Scalar>], bias: [AlignedBuffer<Scalar>]) = PackedWeights.pack(
      product.weights, none, groups: product.groups, columns: columns, inner: product.inner)
    self.packed = packed.packed
    zeros = AlignedBuffer(count: width)
    batch = max(1, (1 << 17) / (width * product.inputPositions * MemoryLayout<Scalar>.stride))
  }

  var scratchCount: Int { batch * plan.inputPositions * width }

  /// - Parameter bias: Nil: 0.
  func run(
    _ x: (pointer: UnsafePointer<Scalar>, stride: Int),
    _ y: (pointer: UnsafeMutablePointer<Scalar>, stride: Int),
    bias: UnsafePointer<Scalar>?, members: Int, scratch: UnsafeMutablePointer<Scalar>,
    _ function: ElementFunction?
  ) {
    let positions = plan.inputPositions
    let channels = plan.groups * plan.inner
    let together = x.stride == positions * channels ? batch : 1
    for first in stride(from: 0, to: members, by: together) {
      let count = min(together, members - first)
      for g in 0..<plan.groups {
        Scalar.dense(
          x.pointer + first * x.stride + g * plan.inner, rows: count * positions, inner: plan.inner,
          stride: channels, packed: packed[g].pointer, bias: zeros.pointer,
          columns: plan.parts * plan.channels, into: scratch, stride: width, activation: .identity)
        for m in 0..<count {
          addUp(
            UnsafePointer(scratch) + m * positions * width, group: g, bias: bias,
            to: y.pointer + (first + m) * y.stride)
        }
      }
      guard let function else { continue }
      for m in first..<first + count {
        let values = y.pointer + m * y.stride
        ElementFunctions.apply(
          function, values, to: values, count: (plan.starts.count - 1) * plan.groups * plan.channels)
      }
    }
  }

  @inline(__always)
  private func addUp(
    _ products: UnsafePointer<Scalar>, group: Int, bias: UnsafePointer<Scalar>?,
    to y: UnsafeMutablePointer<Scalar>
  ) {
    let (count, width) = (plan.channels, width)
    let whole = count / 16 * 16
    plan.starts.withUnsafeBufferPointer { starts in
      plan.terms.withUnsafeBufferPointer { terms in
        for p in 0..<starts.count - 1 {
          let target = y + (p * plan.groups + group) * count
          let range = Int(starts[p])..<Int(starts[p + 1])
          for c in stride(from: 0, to: whole, by: 16) {
            var sum = bias.map { Self.vector($0 + group * count + c) } ?? SIMD16()
            for k in range {
              sum += Self.vector(products + Int(terms[k].position) * width + Int(terms[k].part) * count + c)
            }
            UnsafeMutableRawPointer(target + c).storeBytes(of: sum, as: SIMD16<Scalar>.self)
          }
          for c in whole..<count {
            var sum = bias.map { $0[group * count + c] } ?? 0
            for k in range {
              sum += products[Int(terms[k].position) * width + Int(terms[k].part) * count + c]
            }
            target[c] = sum
          }
        }
      }
    }
  }

  @inline(__always)
  private static func vector(_ pointer: UnsafePointer<Scalar>) -> SIMD16<Scalar> {
    UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Scalar>.self)
  }
}
