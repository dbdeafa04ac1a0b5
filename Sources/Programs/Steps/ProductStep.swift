import Numerics

/// Products of rows, or of patches gathered from the input, with weights: y = W x + b, and a function of it.
struct ProductStep<Scalar: GraphScalar> {
  let inner: Int
  let columns: Int
  private let rows: Int
  let groups: Int
  let patches: Patches?
  private let activation: Numerics.Activation
  let place: StepPlace
  /// W of each group, packed.
  let packed: [AlignedBuffer<Scalar>]
  let bias: [AlignedBuffer<Scalar>]
  private let zeros: AlignedBuffer<Scalar>
  /// Columns in whole panels.
  private let width: Int
  /// The distance of gathered rows.
  private let patchStride: Int

  /// Rows that pass through the kernel together: a multiple of its tiles' heights, few enough for their patches to stay
  /// in the second-level cache.
  private static var tile: Int { 84 }

  init(_ product: Product, _ place: StepPlace) {
    inner = product.inner
    columns = product.columns
    rows = product.rows
    groups = product.groups
    patches = product.patches
    activation = product.activation
    self.place = place
    width = roundedUp(product.columns, toMultipleOf: Scalar.panelWidth)
    patchStride = roundedUp(product.inner, toMultipleOf: 16) + 16
    (packed, bias) = PackedWeights.pack(
      product.weights, product.bias, groups: product.groups, columns: product.columns, inner: product.inner)
    zeros = AlignedBuffer(count: width)
  }

  /// Elements of scratch memory: gathered rows, and outputs in whole panels.
  var scratchCount: Int { Self.tile * (patchStride + width) }

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange, isLinear: Bool) {
    let x = memory.rows(place.inputs[0], range.first)
    let y = memory.rows(place.output, range.first)
    let isWhole = groups == 1 && columns == width
    if patches == nil, groups == 1, rows == 1 {
      dense(x.pointer, x.stride, rows: range.count, group: 0, into: y.pointer, y.stride, isLinear)
    } else if patches == nil, isWhole {
      for m in 0..<range.count {
        dense(
          x.pointer + m * x.stride, inner, rows: rows, group: 0, into: y.pointer + m * y.stride, columns,
          isLinear)
      }
    } else {
      let isDirect = isWhole && y.stride == rows * columns
      let total = range.count * rows
      for first in stride(from: 0, to: total, by: Self.tile) {
        let count = min(Self.tile, total - first)
        for g in 0..<groups {
          runTile(memory, x, y, first..<first + count, group: g, isDirect: isDirect, isLinear)
        }
      }
    }
  }

  /// Rows of several members, counted over all of them.
  @inline(__always)
  private func runTile(
    _ memory: ProgramMemory<Scalar>, _ x: (pointer: UnsafePointer<Scalar>, stride: Int),
    _ y: (pointer: UnsafeMutablePointer<Scalar>, stride: Int), _ tile: Range<Int>, group: Int, isDirect: Bool,
    _ isLinear: Bool
  ) {
    let gathered = memory.scratch.pointer
    let outputs = gathered + Self.tile * patchStride
    for (k, row) in tile.enumerated() {
      let (member, r) = row.quotientAndRemainder(dividingBy: rows)
      gather(x.pointer + member * x.stride, row: r, group: group, into: gathered + k * patchStride)
    }
    if isDirect {
      dense(
        UnsafePointer(gathered), patchStride, rows: tile.count, group: group,
        into: y.pointer + tile.lowerBound * columns, columns, isLinear)
      return
    }
    dense(
      UnsafePointer(gathered), patchStride, rows: tile.count, group: group, into: outputs, width, isLinear)
    for (k, row) in tile.enumerated() {
      let (member, r) = row.quotientAndRemainder(dividingBy: rows)
      (y.pointer + member * y.stride + (r * groups + group) * columns).update(
        from: outputs + k * width, count: columns)
    }
  }

  /// Gathers a row.
  @inline(__always)
  private func gather(
    _ x: UnsafePointer<Scalar>, row: Int, group: Int, into target: UnsafeMutablePointer<Scalar>
  ) {
    guard let patches else {
      target.update(from: x + (row * groups + group) * inner, count: inner)
      return
    }
    let source = x + group * patches.groupStride
    patches.starts.withUnsafeBufferPointer { starts in
      patches.runs.withUnsafeBufferPointer { runs in
        var filled = 0
        for k in Int(starts[row])..<Int(starts[row + 1]) {
          let run = runs[k]
          let at = Int(run.target)
          // Runs are in the order of their targets; what lies between them is padding.
          while filled < at {
            target[filled] = 0
            filled += 1
          }
          let (from, length) = (source + Int(run.source), Int(run.length))
          for i in 0..<length { target[at + i] = from[i] }
          filled = at + length
        }
        while filled < inner {
          target[filled] = 0
          filled += 1
        }
      }
    }
  }

  @inline(__always)
  private func dense(
    _ x: UnsafePointer<Scalar>, _ stride: Int, rows: Int, group: Int, into y: UnsafeMutablePointer<Scalar>,
    _ yStride: Int, _ isLinear: Bool
  ) {
    Scalar.dense(
      x, rows: rows, inner: inner, stride: stride, packed: packed[group].pointer,
      bias: isLinear ? zeros.pointer : bias[group].pointer, columns: columns, into: y, stride: yStride,
      activation: isLinear ? .identity : activation)
  }
}

/// Weights in the form that the dense kernel reads.
enum PackedWeights {
  /// - Parameters:
  ///   - weights: Shape `[groups, columns, inner]`.
  ///   - bias: Shape `[groups, columns]`.
  static func pack<Scalar: NetworkScalar>(
    _ weights: [Double], _ bias: [Double], groups: Int, columns: Int, inner: Int
  ) -> (packed: [AlignedBuffer<Scalar>], bias: [AlignedBuffer<Scalar>]) {
    let width = roundedUp(columns, toMultipleOf: Scalar.panelWidth)
    let numbers = weights.map { Scalar($0) }
    var result: (packed: [AlignedBuffer<Scalar>], bias: [AlignedBuffer<Scalar>]) = ([], [])
    for g in 0..<groups {
      let packed = AlignedBuffer<Scalar>(count: width * inner)
      numbers.withUnsafeBufferPointer {
        guard let base = $0.baseAddress else { return }
        Scalar.pack(
          weights: base + g * columns * inner, columns: columns, inner: inner, into: packed.pointer)
      }
      let values = AlignedBuffer<Scalar>(count: width)
      for c in 0..<columns { values.pointer[c] = Scalar(bias[g * columns + c]) }
      result.packed.append(packed)
      result.bias.append(values)
    }
    return result
  }
}
