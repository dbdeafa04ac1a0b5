/// Rows of scratch memory, padded as the dense kernel needs them. Networks take and give values in this form.
///
/// Copies share the memory. It is not synchronized, so only one thread may write at a time.
public struct Rows<Scalar: NetworkScalar>: Sendable {
  /// The numbers per row.
  public let width: Int
  /// The number of elements from the beginning of one row to that of the next, padding included.
  public let stride: Int
  /// Shape `[capacity, stride]`, row-major.
  public let storage: AlignedBuffer<Scalar>

  /// Rows of zeros.
  public init(capacity: Int, width: Int) {
    self.width = width
    stride = Self.stride(ofWidth: width)
    storage = AlignedBuffer(count: capacity * stride)
  }

  /// Whole panels, plus 16 elements, so that equal columns of neighbouring rows do not compete for the same cache
  /// sets.
  private static func stride(ofWidth width: Int) -> Int {
    roundedUp(width, toMultipleOf: Scalar.panelWidth) + 16
  }

  /// The memory that one row takes, in bytes.
  public static func bytesPerRow(ofWidth width: Int) -> Int {
    stride(ofWidth: width) * MemoryLayout<Scalar>.stride
  }

  /// The first row.
  @inlinable public var pointer: UnsafeMutablePointer<Scalar> { storage.pointer }

  /// Row `r`.
  @inlinable public func row(_ r: Int) -> UnsafeMutablePointer<Scalar> { storage.pointer + r * stride }

  /// Copies from contiguous doubles `[rows, width]`, rounded to this precision.
  public func load(_ source: UnsafePointer<Double>, rows: Int) {
    for r in 0..<rows { Scalar.convert(source + r * width, to: row(r), count: width) }
  }

  /// Copies to contiguous doubles `[rows, width]`, exactly.
  public func store(_ target: UnsafeMutablePointer<Double>, rows: Int) {
    for r in 0..<rows { Scalar.convert(UnsafePointer(row(r)), to: target + r * width, count: width) }
  }

  /// Copies from rows of the same width.
  public func copy(_ source: Rows<Scalar>, rows: Int) {
    for r in 0..<rows { row(r).update(from: source.row(r), count: width) }
  }
}
