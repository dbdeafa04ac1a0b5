import Numerics

/// Copies runs of elements into rows, and zeros where a row has none.
///
/// Runs are copied in vectors of 16 bytes. The last one may be longer than its run: the next run writes over what is too
/// much, and sources and targets have `slack` more elements.
struct RowGathering<Scalar: GraphScalar>: Sendable {
  private struct Copy {
    /// In bytes; negative: zeros.
    var source: Int32
    /// In bytes.
    var target: Int32
    var length: Int32
  }

  /// The copies of row r are `starts[r]..<starts[r + 1]`, in the order of their targets.
  private let starts: [Int32]
  private let copies: [Copy]
  /// How far a group's elements are from those of the group before.
  private let groupStride: Int

  /// Elements after the last one that may be read, or written.
  static var slack: Int { 16 }

  init(_ patches: Patches, inner: Int) {
    let size = Int32(MemoryLayout<Scalar>.stride)
    var (starts, copies): ([Int32], [Copy]) = ([0], [])
    for row in 0..<patches.starts.count - 1 {
      var filled: Int32 = 0
      for run in patches.runs[Int(patches.starts[row])..<Int(patches.starts[row + 1])] {
        if run.target > filled {
          copies.append(Copy(source: -1, target: filled * size, length: (run.target - filled) * size))
        }
        copies.append(Copy(source: run.source * size, target: run.target * size, length: run.length * size))
        filled = run.target + run.length
      }
      if filled < inner {
        copies.append(Copy(source: -1, target: filled * size, length: (Int32(inner) - filled) * size))
      }
      starts.append(Int32(copies.count))
    }
    self.starts = starts
    self.copies = copies
    groupStride = patches.groupStride
  }

  /// Gathers rows of several members, counted over all of them.
  ///
  /// - Parameters:
  ///   - first: The member and the row in it to begin with.
  ///   - perMember: Rows of a member.
  @inline(__always)
  func gather(
    _ x: (pointer: UnsafePointer<Scalar>, stride: Int), first: (member: Int, row: Int), perMember: Int,
    count: Int, group: Int, into target: UnsafeMutablePointer<Scalar>, stride: Int
  ) {
    starts.withUnsafeBufferPointer { starts in
      copies.withUnsafeBufferPointer { copies in
        var (member, row) = first
        for k in 0..<count {
          let source = UnsafeRawPointer(x.pointer + member * x.stride + group * groupStride)
          let to = UnsafeMutableRawPointer(target + k * stride)
          for c in Int(starts[row])..<Int(starts[row + 1]) { Self.perform(copies[c], source, to) }
          row += 1
          if row == perMember { (member, row) = (member + 1, 0) }
        }
      }
    }
  }

  @inline(__always)
  private static func perform(_ copy: Copy, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
    let to = target + Int(copy.target)
    let length = Int(copy.length)
    var at = 0
    if copy.source < 0 {
      while at < length {
        to.storeBytes(of: SIMD2<UInt64>(), toByteOffset: at, as: SIMD2<UInt64>.self)
        at += 16
      }
      return
    }
    let from = source + Int(copy.source)
    while at + 64 <= length {
      let vectors = from.loadUnaligned(fromByteOffset: at, as: SIMD8<UInt64>.self)
      to.storeBytes(of: vectors, toByteOffset: at, as: SIMD8<UInt64>.self)
      at += 64
    }
    while at < length {
      let vector = from.loadUnaligned(fromByteOffset: at, as: SIMD2<UInt64>.self)
      to.storeBytes(of: vector, toByteOffset: at, as: SIMD2<UInt64>.self)
      at += 16
    }
  }
}
