import Numerics

/// Rows that lie in the input in pieces of the same length, such as the patches of a convolution without padding.
struct PieceTable: Sendable {
  let length: Int
  /// Pieces of a row.
  let count: Int
  /// Rows of a member.
  let rows: Int
  /// Where piece p of row r begins: element `p * rows + r`.
  private let sources: [Int]

  /// Nil where rows are not alike, have padding, or consist of pieces that are too short or too many to be worth the
  /// addresses.
  init?(_ patches: Patches, inner: Int) {
    rows = patches.starts.count - 1
    guard rows > 0, patches.starts[1] > 0 else { return nil }
    let pattern = patches.runs[..<Int(patches.starts[1])]
    var length = inner
    var filled: Int32 = 0
    for run in pattern {
      guard run.target == filled else { return nil }
      filled += run.length
      length = Self.commonDivisor(length, Int(run.length))
    }
    guard filled == inner, length >= 3 else { return nil }
    // Sums of pieces that are longer than a chunk of the kernel would not be in chunks.
    while length > 256, length.isMultiple(of: 2) { length /= 2 }
    self.length = length
    count = inner / length
    guard count <= 1024 else { return nil }
    var sources = [Int](repeating: 0, count: count * rows)
    for r in 0..<rows {
      let runs = patches.runs[Int(patches.starts[r])..<Int(patches.starts[r + 1])]
      guard runs.count == pattern.count else { return nil }
      var piece = 0
      for (run, other) in zip(runs, pattern) {
        guard run.target == other.target, run.length == other.length else { return nil }
        for k in 0..<Int(run.length) / length {
          sources[piece * rows + r] = Int(run.source) + k * length
          piece += 1
        }
      }
    }
    self.sources = sources
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }

  /// Writes where the pieces of `count` rows begin, counted over all members, who are `memberStride` apart.
  @inline(__always)
  func locate(
    first: (member: Int, row: Int), count rowCount: Int, memberStride: Int, offset: Int,
    into target: UnsafeMutablePointer<Int>, stride: Int
  ) {
    sources.withUnsafeBufferPointer { sources in
      for p in 0..<count {
        var (member, row) = first
        for k in 0..<rowCount {
          target[p * stride + k] = member * memberStride + offset + sources[p * rows + row]
          row += 1
          if row == rows { (member, row) = (member + 1, 0) }
        }
      }
    }
  }
}
