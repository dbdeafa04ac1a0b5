import Numerics
import Testing

@Suite(.serialized) struct PieceKernelTests {
  /// Where pieces are whole parts of a chunk of the dense kernel, its bits are those of gathered rows, at any place,
  /// under each instruction set.
  static func checkBits<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let inputs = 4000
    let x = GuardedBuffer<Scalar>(
      uniformNumbers(inputs, stream: 31).map { Scalar($0) }, padding: .nan, to: inputs)
    for (count, length, columns) in [(1, 3, 5), (4, 4, 32), (3, 128, 33), (9, 32, 64), (2, 256, 17)] {
      let inner = count * length
      let packed = DenseKernelTests.pack(
        uniformNumbers(columns * inner, stream: 32), columns: columns, inner: inner, as: type)
      let bias = DenseKernelTests.paddedBias(uniformNumbers(columns, stream: 33), as: type)
      let stride = roundedUp(columns, toMultipleOf: Scalar.panelWidth)
      let rows = 43
      let from = (0..<count * 50).map { $0 * 7919 % (inputs - length + 1) }
      // Backwards, with gaps.
      let to = (0..<rows).map { (rows - 1 - $0) * (stride + 3) }
      let gathered = (0..<rows).flatMap { r in
        (0..<count).flatMap { p in (0..<length).map { Double(x.pointer[from[p * 50 + r] + $0]) } }
      }
      underEachInstructionSet { set in
        for activation in Activation.allCases {
          let expected = DenseKernelTests.dense(
            gathered, rows: rows, inner: inner, packed: packed, bias: bias, columns: columns, activation)
          let y = GuardedBuffer<Scalar>(count: rows * (stride + 3) - 3, filledWith: .nan)
          for (first, last) in [(0, 1), (1, 7), (7, 43)] {
            from[first...].withUnsafeBufferPointer { from in
              to[first...].withUnsafeBufferPointer { to in
                guard let from = from.baseAddress, let to = to.baseAddress else { return }
                Scalar.dense(
                  x.pointer,
                  pieces: RowPieces(from: from, stride: 50, rows: last - first, count: count, length: length),
                  packed: packed.pointer, bias: bias.pointer, columns: columns, into: y.pointer, to: to,
                  activation: activation)
              }
            }
          }
          let differ = expected.indices.first { i in
            let value = y.pointer[to[i / columns] + i % columns]
            return !(value == expected[i] && value.sign == expected[i].sign)
          }
          #expect(differ == nil, "\(type) \(set) \(activation) \(count) x \(length) -> \(columns)")
        }
      }
    }
  }

  @Test func singlePrecisionHasTheBitsOfGatheredRows() async {
    await #expect(processExitsWith: .success) { PieceKernelTests.checkBits(Float.self) }
  }

  @Test func doublePrecisionHasTheBitsOfGatheredRows() async {
    await #expect(processExitsWith: .success) { PieceKernelTests.checkBits(Double.self) }
  }

  /// Pieces longer than a chunk, or none of its parts: within rounding errors, and the same bits everywhere.
  static func checkLongPieces<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    for (count, length) in [(2, 300), (5, 100), (300, 1)] {
      let inner = count * length
      let x = uniformNumbers(inner, stream: 34).map { Scalar($0) }
      let weights = uniformNumbers(3 * inner, stream: 35)
      let packed = DenseKernelTests.pack(weights, columns: 3, inner: inner, as: type)
      let bias = DenseKernelTests.paddedBias([0.5, -0.25, 1], as: type)
      var results: Set<[Double]> = []
      underEachInstructionSet { _ in
        let y = GuardedBuffer<Scalar>(count: Scalar.panelWidth, filledWith: .nan)
        (0..<count).map { $0 * length }.withUnsafeBufferPointer { from in
          guard let from = from.baseAddress else { return }
          Scalar.dense(
            x, pieces: RowPieces(from: from, stride: 1, rows: 1, count: count, length: length),
            packed: packed.pointer, bias: bias.pointer, columns: 3, into: y.pointer, to: [0],
            activation: .identity)
        }
        results.insert((0..<3).map { Double(y.pointer[$0]) })
      }
      #expect(results.count == 1, "\(type): \(count) x \(length)")
      for c in 0..<3 {
        var (sum, magnitude) = (Double(bias.pointer[c]), 0.0)
        for k in 0..<inner {
          sum += Double(x[k]) * weights[c * inner + k]
          magnitude += abs(Double(x[k]) * weights[c * inner + k])
        }
        let bound = 2 * gamma(inner + 1, unitRoundoff(type)) * (magnitude + 1)
        #expect(results.allSatisfy { abs($0[c] - sum) <= bound }, "\(type): \(count) x \(length)")
      }
    }
  }

  @Test func longPiecesAreSummedInChunks() async {
    await #expect(processExitsWith: .success) {
      PieceKernelTests.checkLongPieces(Float.self)
      PieceKernelTests.checkLongPieces(Double.self)
    }
  }
}
