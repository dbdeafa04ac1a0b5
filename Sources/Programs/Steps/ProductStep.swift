import Numerics

/// Products of rows, or of patches gathered from the input, with weights: y = W x + b, and a function of it.
struct ProductStep<Scalar: GraphScalar> {
  let inner: Int
  let columns: Int
  private let rows: Int
  let groups: Int
  let patches: Patches?
  /// Where rows lie in the input in pieces, so that they need not be gathered.
  private let pieces: PieceTable?
  private let gathering: RowGathering<Scalar>?
  /// The row of the output that each row's results go to; nil: its own.
  private let targets: [Int32]?
  private let activation: Numerics.Activation
  /// A function that the kernels do not have.
  private let function: ElementFunction?
  let place: StepPlace
  /// W of each group, packed.
  let packed: [AlignedBuffer<Scalar>]
  let bias: [AlignedBuffer<Scalar>]
  /// In the place of a bias, and of padding.
  private let zeros: AlignedBuffer<Scalar>
  /// Columns in whole panels.
  private let width: Int
  /// The distance of gathered rows.
  private let patchStride: Int

  /// Rows that pass through the kernel together: a multiple of its tiles' heights, few enough for what is gathered to
  /// stay in the second-level cache.
  private static var tile: Int { 84 }

  init(_ product: Product, _ place: StepPlace) {
    inner = product.inner
    columns = product.columns
    rows = product.rows
    groups = product.groups
    patches = product.patches
    targets = product.targets
    pieces = product.patches.flatMap { PieceTable($0, inner: product.inner) }
    gathering = pieces == nil ? product.patches.map { RowGathering($0, inner: product.inner) } : nil
    activation = product.function?.activation ?? .identity
    function = activation == .identity ? product.function : nil
    self.place = place
    width = roundedUp(product.columns, toMultipleOf: Scalar.panelWidth)
    patchStride = roundedUp(product.inner, toMultipleOf: 16) + RowGathering<Scalar>.slack
    (packed, bias) = PackedWeights.pack(
      product.weights, product.bias, groups: product.groups, columns: product.columns, inner: product.inner)
    zeros = AlignedBuffer(count: max(width, pieces?.length ?? 0))
  }

  /// Elements of scratch memory: gathered rows, and outputs in whole panels.
  var scratchCount: Int { Self.tile * ((pieces == nil ? patchStride : 0) + width) }

  /// Numbers of scratch memory for places: of outputs, and of pieces.
  var placeCount: Int { pieces.map { Self.tile * (1 + $0.count) } ?? 0 }

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange, isLinear: Bool) {
    let x = memory.rows(place.inputs[0], range.first)
    let y = memory.rows(place.output, range.first)
    let isWhole = groups == 1 && columns == width && targets == nil
    if patches == nil, groups == 1, rows == 1, targets == nil {
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
        let tile = first..<first + count
        for g in 0..<groups {
          if let pieces {
            runTile(pieces, memory, x, y, tile, group: g, isLinear)
          } else {
            runTile(memory, x, y, tile, group: g, isDirect: isDirect, isLinear)
          }
        }
      }
    }
  }

  /// Rows that are not gathered. Outputs in whole panels go to their places at once.
  @inline(__always)
  private func runTile(
    _ pieces: PieceTable, _ memory: ProgramMemory<Scalar>, _ x: (pointer: UnsafePointer<Scalar>, stride: Int),
    _ y: (pointer: UnsafeMutablePointer<Scalar>, stride: Int), _ tile: Range<Int>, group: Int,
    _ isLinear: Bool
  ) {
    let (to, from) = (memory.places.pointer, memory.places.pointer + Self.tile)
    let first = (member: tile.lowerBound / rows, row: tile.lowerBound % rows)
    pieces.locate(
      first: first, count: tile.count, memberStride: x.stride, offset: group * (patches?.groupStride ?? 0),
      zeros: UnsafePointer(zeros.pointer) - x.pointer, into: from, stride: Self.tile)
    let isWhole = columns == width
    let outputs = isWhole ? y.pointer : memory.scratch.pointer
    var (member, row) = first
    for k in 0..<tile.count {
      let target = targets.map { Int($0[row]) } ?? row
      to[k] = isWhole ? member * y.stride + (target * groups + group) * columns : k * width
      row += 1
      if row == rows { (member, row) = (member + 1, 0) }
    }
    Scalar.dense(
      x.pointer,
      pieces: RowPieces(
        from: from, stride: Self.tile, rows: tile.count, count: pieces.count, length: pieces.length),
      packed: packed[group].pointer, bias: isLinear ? zeros.pointer : bias[group].pointer, columns: columns,
      into: outputs, to: to, activation: isLinear ? .identity : activation)
    if let function, !isLinear {
      for k in 0..<tile.count {
        ElementFunctions.apply(function, outputs + to[k], to: outputs + to[k], count: columns)
      }
    }
    if !isWhole { scatter(UnsafePointer(outputs), first: first, count: tile.count, group: group, to: y) }
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
    let (member, row) = tile.lowerBound.quotientAndRemainder(dividingBy: rows)
    if let gathering {
      gathering.gather(
        x, first: (member, row), perMember: rows, count: tile.count, group: group, into: gathered,
        stride: patchStride)
    } else {
      var (member, row) = (member, row)
      for k in 0..<tile.count {
        (gathered + k * patchStride).update(
          from: x.pointer + member * x.stride + (row * groups + group) * inner, count: inner)
        row += 1
        if row == rows { (member, row) = (member + 1, 0) }
      }
    }
    if isDirect {
      dense(
        UnsafePointer(gathered), patchStride, rows: tile.count, group: group,
        into: y.pointer + tile.lowerBound * columns, columns, isLinear)
      return
    }
    dense(
      UnsafePointer(gathered), patchStride, rows: tile.count, group: group, into: outputs, width, isLinear)
    scatter(UnsafePointer(outputs), first: (member, row), count: tile.count, group: group, to: y)
  }

  /// Copies the outputs of some rows to their places.
  @inline(__always)
  private func scatter(
    _ outputs: UnsafePointer<Scalar>, first: (member: Int, row: Int), count: Int, group: Int,
    to y: (pointer: UnsafeMutablePointer<Scalar>, stride: Int)
  ) {
    var (member, row) = first
    for k in 0..<count {
      let target = targets.map { Int($0[row]) } ?? row
      let (from, to) = (
        outputs + k * width, y.pointer + member * y.stride + (target * groups + group) * columns
      )
      for c in 0..<columns { to[c] = from[c] }
      row += 1
      if row == rows { (member, row) = (member + 1, 0) }
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
    guard let function, !isLinear else { return }
    for r in 0..<rows {
      ElementFunctions.apply(function, y + r * yStride, to: y + r * yStride, count: columns)
    }
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
