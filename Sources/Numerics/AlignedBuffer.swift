/// Zeroed memory for `count` elements, aligned to cache lines. It is freed with its last reference.
///
/// All scratch memory of the hot loops has this type: it is allocated once and then used through `pointer`. It is
/// not synchronized, so only one thread may write at a time.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first element.
  public let pointer: UnsafeMutablePointer<Element>
  /// The number of elements.
  public let count: Int

  /// Allocates memory for `count` elements and zeroes it.
  public init(count: Int) {
    precondition(count >= 0)
    self.count = count
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    pointer = raw.assumingMemoryBound(to: Element.self)
  }

  /// Allocates memory and copies the elements into it.
  public convenience init(_ elements: [Element]) {
    self.init(count: elements.count)
    elements.withUnsafeBufferPointer {
      if let base = $0.baseAddress { pointer.update(from: base, count: $0.count) }
    }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  /// All elements.
  public var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }

  /// A copy of the first `length` elements.
  public func prefix(_ length: Int) -> [Element] { Array(slice(from: 0, count: length)) }

  /// The elements `start..<start + length`.
  public func slice(from start: Int, count length: Int) -> UnsafeMutableBufferPointer<Element> {
    precondition(start >= 0 && length >= 0 && start + length <= count)
    return UnsafeMutableBufferPointer(start: pointer + start, count: length)
  }
}

/// `value` rounded up to a multiple of `multiple`.
public func roundedUp(_ value: Int, toMultipleOf multiple: Int) -> Int {
  (value + multiple - 1) / multiple * multiple
}
