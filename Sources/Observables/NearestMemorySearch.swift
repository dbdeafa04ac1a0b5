import Dynamics
import Numerics

/// The exact nearest of many memories, by matrix products with a re-check.
///
///     |z - xi|^2 = |z|^2 + (|xi|^2 - 2 z . xi)
///
/// The bracket is computed for all memories as a single-precision matrix product, and every memory
/// whose bracket lies within the rounding bound of the best is compared in double precision. Ties go to
/// the lower index. The result is that of a full search in double precision, bit for bit.
///
/// - Complexity: O(members x memories x N) at the speed of matrix products.
struct NearestMemorySearch: Sendable {
  private let memories: RowTable
  /// Panels of `chunk` memories each.
  private let packed: AlignedBuffer<Float>
  private let norms: AlignedBuffer<Float>
  private let zeroBias: AlignedBuffer<Float>
  private let largestNorm: Double
  private static let chunk = 1024

  init(_ memories: RowTable) {
    self.memories = memories
    let n = memories.columns
    let panel = Float.panelWidth
    packed = AlignedBuffer(count: roundedUp(memories.rows, toMultipleOf: panel) * n)
    norms = AlignedBuffer(count: memories.rows)
    zeroBias = AlignedBuffer(count: Self.chunk)
    var largest = 0.0
    for i in 0..<memories.rows {
      var square = 0.0
      for j in 0..<n {
        let x = memories.row(i)[j]
        square += x * x
        packed.pointer[(i / panel) * panel * n + j * panel + i % panel] = Float(x)
      }
      norms.pointer[i] = Float(square)
      largest = max(largest, square.squareRoot())
    }
    largestNorm = largest
  }

  private final class Workspace {
    let stride: Int
    let z: AlignedBuffer<Float>
    let products: AlignedBuffer<Float>
    let productStride = NearestMemorySearch.chunk + 16
    let found: AlignedBuffer<Int32>
    let best: AlignedBuffer<Double>
    let bestIndex: AlignedBuffer<Int32>

    init(capacity: Int, dimension: Int) {
      let rows = roundedUp(capacity, toMultipleOf: kernelRowMultiple)
      stride = dimension + 16
      z = AlignedBuffer(count: rows * stride)
      products = AlignedBuffer(count: rows * productStride)
      found = AlignedBuffer(count: NearestMemorySearch.chunk)
      best = AlignedBuffer(count: capacity)
      bestIndex = AlignedBuffer(count: capacity)
    }
  }

  /// Distance to, and index of, the nearest memory of each member: `[count, 2]`, NaN for states that
  /// are not finite.
  func nearest(_ snapshot: Snapshot) -> UnsafePointer<Double> {
    snapshot.shared(NearestMemorySearch.self, width: 2) { out in
      let w = snapshot.workspace(Workspace.self) {
        Workspace(capacity: snapshot.capacity, dimension: memories.columns)
      }
      search(snapshot, w, into: out)
    }
  }

  private func search(_ snapshot: Snapshot, _ w: Workspace, into out: UnsafeMutablePointer<Double>) {
    let n = memories.columns
    let count = snapshot.count
    for m in 0..<count {
      for j in 0..<n { w.z.pointer[m * w.stride + j] = Float(snapshot.states[m * n + j]) }
      w.best.pointer[m] = .infinity
      w.bestIndex.pointer[m] = -1
    }
    for first in stride(from: 0, to: memories.rows, by: Self.chunk) {
      let columns = min(Self.chunk, memories.rows - first)
      Float.dense(
        w.z.pointer, rows: count, inner: n, stride: w.stride, packed: packed.pointer + first * n,
        bias: zeroBias.pointer, columns: columns, into: w.products.pointer, stride: w.productStride,
        activation: .identity)
      for m in 0..<count { check(m, first: first, columns: columns, snapshot, w) }
    }
    for m in 0..<count {
      let index = w.bestIndex.pointer[m]
      out[2 * m] = index >= 0 ? w.best.pointer[m].squareRoot() : .nan
      out[2 * m + 1] = index >= 0 ? Double(index) : .nan
    }
  }

  private func check(_ m: Int, first: Int, columns: Int, _ snapshot: Snapshot, _ w: Workspace) {
    let n = memories.columns
    let z = snapshot.states + m * n
    var square = 0.0
    for j in 0..<n { square += z[j] * z[j] }
    guard square.isFinite else { return }
    let products = UnsafePointer(w.products.pointer + m * w.productStride)
    let norms = UnsafePointer(self.norms.pointer + first)
    // Rounding of z, xi, the sum of n products, |xi|^2 and the difference, each relative to 2^-24.
    // Beside it, underflow in single precision, and the rounding of the sums of squares themselves, which
    // counts where z is very far from all memories.
    let unit = 0x1p-24
    let length = square.squareRoot()
    let reach = length + largestNorm
    let bound =
      2 * Double(n + 4) * unit * length * largestNorm + 4 * unit * largestNorm * largestNorm
      + Double(n + 4) * (0x1p-125 + 0x1p-52 * reach * reach)
    let smallest = Double(smallestScore(products: products, norms: norms, count: columns))
    let known = w.best.pointer[m] - square + bound
    // Beyond the range of single precision the scores say nothing: then all are compared.
    let isExhaustive = !(reach < 0x1p60)
    if !isExhaustive, smallest > known { return }  // true of nearly all chunks
    let threshold = Float(min(known, smallest + 2 * bound)).nextUp
    let number =
      isExhaustive
      ? columns
      : candidates(
        products: products, norms: norms, count: columns, threshold: threshold, into: w.found.pointer)
    for k in 0..<number {
      let index = first + (isExhaustive ? k : Int(w.found.pointer[k]))
      let row = memories.row(index)
      var sum = 0.0
      for j in 0..<n {
        let delta = z[j] - row[j]
        sum += delta * delta
      }
      if sum < w.best.pointer[m] {
        w.best.pointer[m] = sum
        w.bestIndex.pointer[m] = Int32(index)
      }
    }
  }
}
