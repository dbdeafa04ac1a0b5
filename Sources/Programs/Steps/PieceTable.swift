import Numerics

/// Rows that lie in the input in pieces of the same length, such as the patches of a convolution. A piece of padding is
/// read from memory with zeros.
struct PieceTable: Sendable {
  let length: Int
  /// Pieces of a row.
  let count: Int
  /// Rows of a member.
  let rows: Int
  /// Where piece p of row r begins: element `p * rows + r`; -1 for padding.
  private let sources: [Int32]

  /// Nil where pieces would be too short or too many to be worth the addresses.
  init?(_ patches: Patches, inner: Int) {
    rows = patches.starts.count - 1
    var length = inner
    var hasPadding = false
    for r in 0..<rows {
      var covered = 0
      for run in patches.runs[Int(patches.starts[r])..<Int(patches.starts[r + 1])] {
        length = Self.commonDivisor(Self.commonDivisor(length, Int(run.length)), Int(run.target))
        covered += Int(run.length)
      }
      hasPadding = hasPadding || covered < inner
    }
    guard rows > 0, length >= (hasPadding ? 8 : 3) else { return nil }
    // Sums of pieces that are longer than a chunk of the kernel would not be in chunks.
    while length > 256, length.isMultiple(of: 2) { length /= 2 }
    self.length = length
    count = inner / length
    guard count <= 1024 else { return nil }
    var sources = [Int32](repeating: -1, count: count * rows)
    for r in 0..<rows {
      for run in patches.runs[Int(patches.starts[r])..<Int(patches.starts[r + 1])] {
        for k in 0..<Int(run.length) / length {
          sources[(Int(run.target) / length + k) * rows + r] = run.source + Int32(k * length)
        }
      }
    }
    self.sources = sources
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }

  /// Writes where the pieces of `count` rows begin, counted over all members, who are `memberStride` apart.
  ///
  /// - Parameter zeros: Where zeros are.
  @inline(__always)
  func locate(
    first: (member: Int, row: Int), count rowCount: Int, memberStride: Int, offset: Int, zeros: Int,
    into target: UnsafeMutablePointer<Int>, stride: Int
  ) {
    sources.withUnsafeBufferPointer { sources in
      for p in 0..<count {
        var (member, row) = first
        for k in 0..<rowCount {
          let source = Int(sources[p * rows + row])
          target[p * stride + k] = source < 0 ? zeros : member * memberStride + offset + source
          row += 1
          if row == rows { (member, row) = (member + 1, 0) }
        }
      }
    }
  }
}
