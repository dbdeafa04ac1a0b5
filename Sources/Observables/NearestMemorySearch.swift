import Dynamics
import Numerics

/// The exact nearest of many memories, by matrix products with a re-check.
///
///     |z - xi|^2 = |z|^2 + (|xi|^2 - 2 z . xi)
///
/// The bracket is computed for all memories as a single-precision matrix product, of which only the
/// minima over buckets of 16 memories leave the processor's registers. Every bucket whose minimum lies
/// within the rounding bound of the smallest is compared in double precision. Ties go to the lower index.
/// The result is that of a full search in double precision, bit for bit.
///
/// - Complexity: O(members x memories x N) at the speed of matrix products.
struct NearestMemorySearch: Sendable {
  private let memories: RowTable
  /// -2 xi, packed; bucket b holds the memories 16 b ..< 16 (b + 1).
  private let packed: AlignedBuffer<Float>
  /// |xi|^2, infinite beyond the last memory.
  private let squares: AlignedBuffer<Float>
  private let largestNorm: Double

  /// The memories with the padding that the search needs.
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
      // The place of memory i: its bucket is a remainder within the chunk.
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

  /// Scratch memory of one worker's search.
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

  /// Scratch memory that tells one of several searches from the others by its type.
  private final class OwnedWorkspace<Owner>: Workspace {}

  /// The distance to the nearest memory and its index, of each member: `[count, 2]`, NaN for states that are not finite.
  func nearest(_ snapshot: Snapshot) -> UnsafePointer<Double> {
    nearest(snapshot, for: NearestMemorySearch.self) { _ in -1 }
  }

  /// The same for one of several searches, leaving out a memory for each member.
  ///
  /// - Parameters:
  ///   - owner: A type that stands for the search: searches among other memories have other owners.
  ///   - excluded: The row of the memory that does not count for a `Member.item`, or -1. Where no memory is
  ///     left, values are NaN.
  func nearest<Owner>(
    _ snapshot: Snapshot, for owner: Owner.Type, excluding excluded: (Int) -> Int
  ) -> UnsafePointer<Double> {
    snapshot.shared(owner, width: 2) { out in
      let w = snapshot.workspace(OwnedWorkspace<Owner>.self) {
        OwnedWorkspace<Owner>(
          capacity: snapshot.capacity, dimension: memories.columns, buckets: bucketCount)
      }
      search(snapshot, w, excluding: excluded, into: out)
    }
  }

  private func search(
    _ snapshot: Snapshot, _ w: Workspace, excluding excluded: (Int) -> Int,
    into out: UnsafeMutablePointer<Double>
  ) {
    let n = memories.columns
    let count = snapshot.count
    for m in 0..<count {
      Float.convert(snapshot.states + m * n, to: w.z.pointer + m * w.stride, count: n)
    }
    BucketSearch.minima(
      w.z.pointer, rows: count, inner: n, stride: w.stride, packed: packed.pointer,
      bias: squares.pointer, columns: columns, into: w.minima.pointer, stride: w.minimaStride)
    for m in 0..<count {
      let (square, index) = compare(
        snapshot.states + m * n, w.minima.pointer + m * w.minimaStride,
        excluding: excluded(Int(snapshot.members[m].item)), w)
      out[2 * m] = index >= 0 ? square.squareRoot() : .nan
      out[2 * m + 1] = index >= 0 ? Double(index) : .nan
    }
  }

  /// The smallest squared distance and its index, in double precision; index -1 where none is finite.
  ///
  /// The bucket of the excluded memory is always compared, and its minimum, which may be that memory's, does
  /// not narrow the choice among the others.
  private func compare(
    _ z: UnsafePointer<Double>, _ minima: UnsafeMutablePointer<Float>, excluding excluded: Int, _ w: Workspace
  ) -> (square: Double, index: Int) {
    let n = memories.columns
    var best = (square: Double.infinity, index: -1)
    var length = 0.0
    for j in 0..<n { length += z[j] * z[j] }
    guard length.isFinite else { return best }
    length.formSquareRoot()
    // Rounding of z, xi, the sum of n products, |xi|^2 and the last sum, each relative to 2^-24.
    // In addition, underflow in single precision, and the rounding of the sums of squares themselves, which matters
    // where z is very far from all memories.
    let unit = 0x1p-24
    let reach = length + largestNorm
    let bound =
      2 * Double(n + 4) * unit * length * largestNorm + 4 * unit * largestNorm * largestNorm
      + Double(n + 4) * (0x1p-125 + 0x1p-52 * reach * reach)
    // Beyond the range of single precision scores tell nothing: then all memories are compared.
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
        // The first of equals; an excluded memory's bucket comes last.
        if sum < best.square || sum == best.square && index < best.index { best = (sum, index) }
      }
    }
    return best
  }
}
