import Numerics
import Testing

/// The minima over buckets of columns, under every instruction set.
@Suite struct BucketSearchTests {
  /// Small whole numbers: every sum is exact in single precision, so brute force must agree bit for bit.
  static func checkMinima() {
    underEachInstructionSet { set in
      for (rows, inner, chunks) in [
        (1, 1, 1), (2, 3, 2), (13, 20, 1), (14, 7, 3), (15, 20, 5), (43, 101, 2),
      ] {
        let columns = chunks * BucketSearch.chunk
        let x = uniformNumbers(rows * inner, stream: 80).map { ($0 * 8).rounded() }
        let w = uniformNumbers(columns * inner, stream: 81).map { ($0 * 8).rounded() }
        var b = uniformNumbers(columns, stream: 82).map { Float(($0 * 100).rounded()) }
        // As beyond the last memory.
        for c in 0..<columns where c % 37 == 5 || c >= columns - 3 { b[c] = .infinity }
        let paddedRows = roundedUp(rows, toMultipleOf: BucketSearch.rowMultiple)
        let stride = inner + 3
        let buckets = columns / BucketSearch.chunk * BucketSearch.buckets
        let input = GuardedBuffer<Float>(count: paddedRows * stride, filledWith: .nan)
        for r in 0..<rows { for k in 0..<inner { input.pointer[r * stride + k] = Float(x[r * inner + k]) } }
        let weights = GuardedBuffer<Float>(w.map { Float($0) }, padding: 0, to: columns * inner)
        let packed = GuardedBuffer<Float>(count: columns * inner, filledWith: .nan)
        Float.pack(weights: weights.pointer, columns: columns, inner: inner, into: packed.pointer)
        let bias = GuardedBuffer<Float>(b, padding: 0, to: columns)
        let minima = GuardedBuffer<Float>(count: paddedRows * (buckets + 1), filledWith: -1)
        BucketSearch.minima(
          input.pointer, rows: rows, inner: inner, stride: stride, packed: packed.pointer,
          bias: bias.pointer, columns: columns, into: minima.pointer, stride: buckets + 1)
        for r in 0..<rows {
          var expected = [Float](repeating: .infinity, count: buckets)
          for c in 0..<columns {
            var sum = Double(b[c])
            for k in 0..<inner { sum += x[r * inner + k] * w[c * inner + k] }
            let bucket = c / BucketSearch.chunk * BucketSearch.buckets + c % BucketSearch.buckets
            expected[bucket] = min(expected[bucket], Float(sum))
          }
          let found = Array(minima.elements[r * (buckets + 1)..<r * (buckets + 1) + buckets])
          #expect(found == expected, "\(set), \(rows) x \(inner), \(columns) columns, row \(r)")
        }
      }
    }
  }

  @Test func minimaAgreeWithBruteForce() async {
    await #expect(processExitsWith: .success) { BucketSearchTests.checkMinima() }
  }

  static func checkScan() {
    underEachInstructionSet { set in
      for count in Array(0...70) + [127, 129, 1001] {
        let values = uniformNumbers(count, stream: 60).map { Float($0) }
        let v = GuardedBuffer<Float>(values, padding: 0, to: count)
        let smallest = BucketSearch.smallest(v.pointer, count: count)
        #expect(smallest == values.min() ?? .infinity, "\(set) count \(count)")
        let sorted = values.sorted()
        for threshold in [-10, sorted.first, sorted.dropFirst(count / 2).first, sorted.last, .infinity] {
          let threshold = threshold ?? 0
          let found = GuardedBuffer<Int32>(count: count, filledWith: -1)
          let number = BucketSearch.indices(
            of: v.pointer, count: count, atMost: threshold, into: found.pointer)
          let expected = values.indices.filter { values[$0] <= threshold }.map(Int32.init)
          #expect(Array(found.elements.prefix(number)) == expected, "\(set) count \(count)")
        }
      }
    }
  }

  @Test func scanAgreesWithBruteForce() async {
    await #expect(processExitsWith: .success) { BucketSearchTests.checkScan() }
  }
}
