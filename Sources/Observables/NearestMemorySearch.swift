import Dynamics
import Numerics

/// A search for the nearest of many memories, by matrix products. The result is exact, because candidates are
/// compared again.
///
///     |z - xi|^2 = |z|^2 + (|xi|^2 - 2 z . xi)
///
/// The bracket is computed for all memories as a single-precision matrix product. Only its minima over buckets of
/// 16 memories leave the processor's registers. Every bucket whose minimum exceeds the smallest one by no more than
/// the bound on rounding errors is compared in double precision. Of equally near memories the one with the lower
/// index wins. The result has the same bits as a full search in double precision.
///
/// - Complexity: O(members x memories x N) at the speed of matrix products.
struct NearestMemorySearch: Sendable {
  private let memories: RowTable
  /// -2 xi, packed. Bucket b has the memories 16 b ..< 16 (b + 1).
  private let packed: AlignedBuffer<Float>
  /// |xi|^2; infinite beyond the last memory.
  private let squares: AlignedBuffer<Float>
  private let largestNorm: Double

  /// The number of memories, with the padding that the search needs.
  private var columns: Int { squares.count }
  private var bucketCount: Int { columns / Self.bucketSize }
  private static var bucketSize: Int { BucketSearch.chunk / BucketSearch.buckets }

  init(_ memories: RowTable) {
    self.memories = memories
    let n = memories.columns
    let panel = Float.panelWidth
    let columns = roundedUp(memories.rows, toMultipleOf: BucketSearch.chunk)
    packed = AlignedBuffer(count: columns * n)
    squares = AlignedBuffer(count: columns)
    var largest = 0.0
    squares.buffer.update(repeating: .infinity)
    for i in 0..<memories.rows {
      // The column of memory i. Its remainder modulo the number of buckets is the memory's bucket within the chunk.
      let place = i % BucketSearch.chunk
      let column =
        i - place + place % Self.bucketSize * BucketSearch.buckets + place / Self.bucketSize
      let row = memories.row(i)
      let target = packed.pointer + (column / panel) * panel * n + column % panel
      var square = 0.0
      for j in 0..<n {
        let x = row[j]
        square += x * x
        target[j * panel] = Float(-2 * x)
      }
      squares.pointer[column] = Float(square)
      largest = max(largest, square.squareRoot())
    }
    largestNorm = largest
  }

  /// Scratch memory for one worker's search.
  class Workspace {
    let stride: Int
    let z: AlignedBuffer<Float>
    let minimaStride: Int
    let minima: AlignedBuffer<Float>
    let found: AlignedBuffer<Int32>

    required init(capacity: Int, dimension: Int, buckets: Int) {
      let rows = roundedUp(capacity, toMultipleOf: BucketSearch.rowMultiple)
      stride = dimension + 16
      z = AlignedBuffer(count: rows * stride)
      minimaStride = buckets + 16
      minima = AlignedBuffer(count: rows * minimaStride)
      found = AlignedBuffer(count: buckets)
    }
  }

  /// Scratch memory whose type distinguishes one of several searches from the others.
  private final class OwnedWorkspace<Owner>: Workspace {}

  /// The distance to the nearest memory and its index for each member, `[count, 2]`; NaN for states that are not
  /// finite.
  func nearest(_ snapshot: Snapshot) -> UnsafePointer<Double> {
    nearest(snapshot, for: NearestMemorySearch.self) { _ in -1 }
  }

  /// The same for one of several searches, without a memory that is excluded for each member.
  ///
  /// - Parameters:
  ///   - owner: A type that stands for the search. Searches among other memories must have other owners.
  ///   - excluded: Returns the row of the memory that does not count for a `Member.item`, or -1. If no memory
  ///     remains, values are NaN.
  func nearest<Owner>(
    _ snapshot: Snapshot, for owner: Owner.Type, excluding excluded: (Int) -> Int
  ) -> UnsafePointer<Double> {
    snapshot.shared(owner, width: 2) { out in
      let w = snapshot.workspace(OwnedWorkspace<Owner>.self) {
        OwnedWorkspace<Owner>(
          capacity: snapshot.capacity, dimension: memories.columns, buckets: bucketCount)
      }
      search(
        snapshot.states, count: snapshot.count, w, excluding: { excluded(Int(snapshot.members[$0].item)) },
        into: out)
    }
  }

  /// Scratch memory for `search` in other states than a snapshot's.
  func makeWorkspace(capacity: Int) -> Workspace {
    Workspace(capacity: capacity, dimension: memories.columns, buckets: bucketCount)
  }

  /// The distance to the nearest memory and its index for each of some states, `[count, 2]`.
  ///
  /// - Parameters:
  ///   - states: Shape `[count, N]`.
  ///   - excluded: Returns the row of the memory that does not count for a state, or -1.
  func search(
    _ states: UnsafePointer<Double>, count: Int, _ w: Workspace, excluding excluded: (Int) -> Int,
    into out: UnsafeMutablePointer<Double>
  ) {
    let n = memories.columns
    for m in 0..<count {
      Float.convert(states + m * n, to: w.z.pointer + m * w.stride, count: n)
    }
    BucketSearch.minima(
      w.z.pointer, rows: count, inner: n, stride: w.stride, packed: packed.pointer,
      bias: squares.pointer, columns: columns, into: w.minima.pointer, stride: w.minimaStride)
    for m in 0..<count {
      let (square, index) = compare(
        states + m * n, w.minima.pointer + m * w.minimaStride, excluding: excluded(m), w)
      out[2 * m] = index >= 0 ? square.squareRoot() : .nan
      out[2 * m + 1] = index >= 0 ? Double(index) : .nan
    }
  }

  /// The smallest squared distance and its index, in double precision. The index is -1 if no distance is finite.
  ///
  /// The bucket of the excluded memory is always compared. Its minimum, which may be that memory's, is not used to
  /// choose among the other buckets.
  private func compare(
    _ z: UnsafePointer<Double>, _ minima: UnsafeMutablePointer<Float>, excluding excluded: Int, _ w: Workspace
  ) -> (square: Double, index: Int) {
    let n = memories.columns
    var best = (square: Double.infinity, index: -1)
    var length = 0.0
    for j in 0..<n { length += z[j] * z[j] }
    guard length.isFinite else { return best }
    length.formSquareRoot()
    // The first two terms bound the rounding errors of z, of xi, of the sum of n products, of |xi|^2 and of the
    // last sum, each relative to 2^-24. The last term bounds underflow in single precision and the rounding of the
    // sums of squares themselves, which matters if z is very far from all memories.
    let unit = 0x1p-24
    let reach = length + largestNorm
    let bound =
      2 * Double(n + 4) * unit * length * largestNorm + 4 * unit * largestNorm * largestNorm
      + Double(n + 4) * (0x1p-125 + 0x1p-52 * reach * reach)
    // Beyond the range of single precision the scores tell nothing, so all memories are compared.
    let isExhaustive = !(reach < 0x1p60)
    var number = (memories.rows + Self.bucketSize - 1) / Self.bucketSize
    if !isExhaustive {
      if excluded >= 0 { minima[excluded / Self.bucketSize] = .infinity }
      let smallest = Double(BucketSearch.smallest(minima, count: bucketCount))
      number =
        smallest < .infinity
        ? BucketSearch.indices(
          of: minima, count: bucketCount, atMost: Float(smallest + 2 * bound).nextUp, into: w.found.pointer)
        : 0
      if excluded >= 0 {
        w.found.pointer[number] = Int32(excluded / Self.bucketSize)
        number += 1
      }
    }
    for k in 0..<number {
      let first = Self.bucketSize * (isExhaustive ? k : Int(w.found.pointer[k]))
      for index in first..<min(first + Self.bucketSize, memories.rows) where index != excluded {
        let row = memories.row(index)
        var sum = 0.0
        for j in 0..<n {
          let delta = z[j] - row[j]
          sum += delta * delta
        }
        // Of equal distances the lowest index wins, although the bucket of an excluded memory comes last.
        if sum < best.square || sum == best.square && index < best.index { best = (sum, index) }
      }
    }
    return best
  }
}
