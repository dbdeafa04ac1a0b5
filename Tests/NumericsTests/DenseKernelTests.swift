import Numerics
import Testing

@Suite(.serialized) struct DenseKernelTests {
  static let rows = [1, 5, 13, 14, 15, 42, 43, 126]
  static let columns = [1, 15, 16, 17, 31, 32, 33, 500]
  static let inner = [1, 2, 3, 7, 784]

  /// One layer in guarded buffers of exactly the documented sizes; returns `[rows, columns]`.
  static func dense<Scalar: NetworkScalar>(
    _ x: [Double], rows: Int, inner: Int, packed: GuardedBuffer<Scalar>, bias: GuardedBuffer<Scalar>,
    columns: Int, _ activation: Activation
  ) -> [Scalar] {
    let stride = roundedUp(columns, toMultipleOf: Scalar.panelWidth)
    let input = GuardedBuffer<Scalar>(x.map { Scalar($0) }, padding: .nan, to: rows * inner)
    let output = GuardedBuffer<Scalar>(count: rows * stride, filledWith: .nan)
    Scalar.dense(
      input.pointer, rows: rows, inner: inner, stride: inner, packed: packed.pointer,
      bias: bias.pointer, columns: columns, into: output.pointer, stride: stride, activation: activation)
    return (0..<rows).flatMap { r in (0..<columns).map { c in output.pointer[r * stride + c] } }
  }

  static func pack<Scalar: NetworkScalar>(
    _ weights: [Double], columns: Int, inner: Int, as type: Scalar.Type
  ) -> GuardedBuffer<Scalar> {
    let source = GuardedBuffer<Scalar>(weights.map { Scalar($0) }, padding: 0, to: columns * inner)
    let packed = GuardedBuffer<Scalar>(
      count: roundedUp(columns, toMultipleOf: Scalar.panelWidth) * inner, filledWith: .nan)
    Scalar.pack(weights: source.pointer, columns: columns, inner: inner, into: packed.pointer)
    return packed
  }

  static func paddedBias<Scalar: NetworkScalar>(_ bias: [Double], as type: Scalar.Type) -> GuardedBuffer<
    Scalar
  > {
    GuardedBuffer(
      bias.map { Scalar($0) }, padding: 0, to: roundedUp(bias.count, toMultipleOf: Scalar.panelWidth))
  }

  /// b + x W' by OpenBLAS in double precision.
  static func product(_ x: [Double], _ w: [Double], _ b: [Double], rows: Int, inner: Int) -> [Double] {
    let columns = b.count
    var y = (0..<rows).flatMap { _ in b }
    Double.multiply(
      .none, .transposed, m: rows, n: columns, k: inner, alpha: 1, x, inner, w, inner, beta: 1, &y, columns)
    return y
  }

  /// All shapes, activations and instruction sets against OpenBLAS and the C library.
  ///
  /// A sum of inner products and the bias has error gamma_(inner + 1) sum |x||w| + |b|, in any order of
  /// summation, with or without fused operations; the reference errs likewise, in double precision.
  static func checkShapes<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    for inner in inner {
      let x = uniformNumbers(126 * inner, stream: 1)
      for columns in columns {
        let w = uniformNumbers(columns * inner, stream: 2)
        let b = uniformNumbers(columns, stream: 3)
        let packed = pack(w, columns: columns, inner: inner, as: type)
        let bias = paddedBias(b, as: type)
        let exact = product(x, w, b, rows: 126, inner: inner)
        let magnitude = product(x.map(abs), w.map(abs), b.map(abs), rows: 126, inner: inner)
        let relative = gamma(inner + 1, unitRoundoff(type)) + gamma(inner + 1, 0x1p-53)
        for activation in Activation.allCases {
          let expected = exact.map { reference(activation, $0) }
          let bounds = exact.indices.map {
            lipschitzConstant(activation) * relative * magnitude[$0]
              + activationBound(type, activation, abs(exact[$0]) + relative * magnitude[$0])
          }
          underEachInstructionSet { set in
            for rows in rows {
              let y = dense(
                Array(x[..<(rows * inner)]), rows: rows, inner: inner, packed: packed, bias: bias,
                columns: columns, activation)
              let wrong = y.indices.first { !(abs(Double(y[$0]) - expected[$0]) <= bounds[$0]) }
              #expect(wrong == nil, "\(type) \(set) \(activation) [\(rows), \(inner)] -> \(columns)")
            }
          }
        }
      }
    }
  }

  @Test func singlePrecisionAgreesWithOpenBLAS() async {
    await #expect(processExitsWith: .success) { DenseKernelTests.checkShapes(Float.self) }
  }

  @Test func doublePrecisionAgreesWithOpenBLAS() async {
    await #expect(processExitsWith: .success) { DenseKernelTests.checkShapes(Double.self) }
  }

  /// A row's result has the same bits alone, at any position, in any block.
  static func checkRowIndependence<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let (rows, inner, columns) = (126, 301, 37)
    let x = uniformNumbers(rows * inner, stream: 4)
    let packed = pack(uniformNumbers(columns * inner, stream: 5), columns: columns, inner: inner, as: type)
    let bias = paddedBias(uniformNumbers(columns, stream: 6), as: type)
    underEachInstructionSet { set in
      for activation in Activation.allCases {
        func run(_ order: [Int]) -> [Scalar] {
          dense(
            order.flatMap { x[($0 * inner)..<(($0 + 1) * inner)] }, rows: order.count, inner: inner,
            packed: packed, bias: bias, columns: columns, activation)
        }
        func bits(_ y: [Scalar], _ row: Int) -> [UInt8] {
          y[(row * columns)..<((row + 1) * columns)].withUnsafeBytes { Array($0) }
        }
        let whole = run(Array(0..<rows))
        #expect(whole.allSatisfy { $0.isFinite })
        var differing: [String] = []
        for size in [1, 2, 5, 6, 7, 13, 14, 15, 43] {
          for first in stride(from: 0, to: rows, by: size) {
            let order = Array(first..<min(first + size, rows))
            let part = run(order)
            for (k, row) in order.enumerated() where bits(part, k) != bits(whole, row) {
              differing.append("row \(row) in a block of \(size)")
            }
          }
        }
        let reversed = run((0..<rows).reversed())
        for row in 0..<rows where bits(reversed, rows - 1 - row) != bits(whole, row) {
          differing.append("row \(row) at the place \(rows - 1 - row)")
        }
        #expect(differing.isEmpty, "\(type) \(set) \(activation): \(differing.prefix(3))")
      }
    }
  }

  @Test func rowsAreIndependentInSinglePrecision() async {
    await #expect(processExitsWith: .success) { DenseKernelTests.checkRowIndependence(Float.self) }
  }

  @Test func rowsAreIndependentInDoublePrecision() async {
    await #expect(processExitsWith: .success) { DenseKernelTests.checkRowIndependence(Double.self) }
  }

  /// Strides beyond the row's length leave what lies between rows alone, or unread.
  static func checkStrides<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let (rows, inner, columns) = (9, 5, 3)
    let x = uniformNumbers(rows * inner, stream: 7)
    let w = uniformNumbers(columns * inner, stream: 8)
    let b = uniformNumbers(columns, stream: 9)
    let packed = pack(w, columns: columns, inner: inner, as: type)
    let bias = paddedBias(b, as: type)
    underEachInstructionSet { set in
      let plain = dense(x, rows: rows, inner: inner, packed: packed, bias: bias, columns: columns, .tanh)
      let (xStride, yStride) = (inner + 4, Scalar.panelWidth + 3)
      let input = GuardedBuffer<Scalar>(count: rows * xStride, filledWith: .nan)
      for r in 0..<rows { for k in 0..<inner { input.pointer[r * xStride + k] = Scalar(x[r * inner + k]) } }
      let output = GuardedBuffer<Scalar>(count: rows * yStride, filledWith: 99)
      Scalar.dense(
        input.pointer, rows: rows, inner: inner, stride: xStride, packed: packed.pointer,
        bias: bias.pointer, columns: columns, into: output.pointer, stride: yStride, activation: .tanh)
      for r in 0..<rows {
        for c in 0..<columns { #expect(output.pointer[r * yStride + c] == plain[r * columns + c], "\(set)") }
        for c in Scalar.panelWidth..<yStride { #expect(output.pointer[r * yStride + c] == 99, "\(set)") }
      }
    }
  }

  @Test func stridesAreKept() async {
    await #expect(processExitsWith: .success) {
      DenseKernelTests.checkStrides(Float.self)
      DenseKernelTests.checkStrides(Double.self)
    }
  }

  @Test func packingPadsWithZeros() {
    func check<Scalar: NetworkScalar>(_ type: Scalar.Type) {
      let (columns, inner, panel) = (Scalar.panelWidth + 3, 5, Scalar.panelWidth)
      let packed = Self.pack(
        (0..<columns * inner).map { Double($0 + 1) }, columns: columns, inner: inner, as: type)
      for c in 0..<2 * panel {
        for k in 0..<inner {
          let value = packed.pointer[(c / panel) * panel * inner + k * panel + c % panel]
          #expect(value == (c < columns ? Scalar(c * inner + k + 1) : 0))
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }

  /// OpenBLAS through `multiply`, all transpositions, alpha and beta, against plain loops.
  @Test func productsAgreeWithLoops() {
    func check<Scalar: NetworkScalar>(_ type: Scalar.Type) {
      let (m, n, k) = (5, 7, 3)
      let a = uniformNumbers(m * k, stream: 10)
      let b = uniformNumbers(k * n, stream: 11)
      let c = uniformNumbers(m * n, stream: 12)
      for (ta, tb) in [(Transposition.none, Transposition.none), (.none, .transposed), (.transposed, .none)] {
        // Stored transposed: A is [k, m], B is [n, k]; one column of padding each.
        let (rowsA, columnsA) = ta == .none ? (m, k) : (k, m)
        let (rowsB, columnsB) = tb == .none ? (k, n) : (n, k)
        var storedA = [Scalar](repeating: .nan, count: rowsA * (columnsA + 1))
        var storedB = [Scalar](repeating: .nan, count: rowsB * (columnsB + 1))
        for i in 0..<m {
          for l in 0..<k {
            storedA[ta == .none ? i * (k + 1) + l : l * (m + 1) + i] = Scalar(a[i * k + l])
          }
        }
        for l in 0..<k {
          for j in 0..<n {
            storedB[tb == .none ? l * (n + 1) + j : j * (k + 1) + l] = Scalar(b[l * n + j])
          }
        }
        var result = c.map { Scalar($0) }
        Scalar.multiply(
          ta, tb, m: m, n: n, k: k, alpha: 2, storedA, columnsA + 1, storedB, columnsB + 1, beta: -0.5,
          &result, n)
        for i in 0..<m {
          for j in 0..<n {
            var sum = -0.5 * c[i * n + j]
            var magnitude = abs(sum)
            for l in 0..<k {
              sum += 2 * a[i * k + l] * b[l * n + j]
              magnitude += abs(2 * a[i * k + l] * b[l * n + j])
            }
            let bound = (gamma(k + 3, unitRoundoff(type)) + gamma(k + 3, 0x1p-53)) * magnitude
            #expect(abs(Double(result[i * n + j]) - sum) <= bound)
          }
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }
}
