import Foundation

/// Writes numbers, texts and arrays one after another as bytes, in this machine's byte order.
///
/// It is meant for files that the same program reads again on the same machine. Small values are gathered first, so
/// that each piece handed to the receiver is worth a system call.
public struct ByteEncoder: ~Copyable {
  private var gathered: [UInt8] = []
  private let receive: (UnsafeRawBufferPointer) throws -> Void

  /// - Parameter receive: Is called with the bytes piece by piece, in order. What it throws, the encoder throws.
  public init(_ receive: @escaping (UnsafeRawBufferPointer) throws -> Void) {
    self.receive = receive
  }

  /// Appends one number.
  public mutating func encode<Value: BitwiseCopyable>(_ value: Value) throws {
    withUnsafeBytes(of: value) { gathered.append(contentsOf: $0) }
    if gathered.count >= 1 << 16 { try finish() }
  }

  /// Appends an array: first its count, then its elements.
  public mutating func encode<Element: BitwiseCopyable>(_ elements: [Element]) throws {
    try encode(elements.count)
    try elements.withUnsafeBytes { bytes in
      if bytes.count < 1 << 12 {
        gathered.append(contentsOf: bytes)
      } else {
        try finish()
        try receive(bytes)
      }
    }
  }

  /// Appends a text.
  public mutating func encode(_ text: String) throws { try encode(Array(text.utf8)) }

  /// Hands over the bytes that are still gathered. Must be called at the end.
  public mutating func finish() throws {
    guard !gathered.isEmpty else { return }
    try gathered.withUnsafeBytes(receive)
    gathered.removeAll(keepingCapacity: true)
  }
}

/// Bytes that are not what `ByteEncoder` wrote.
public struct ByteDecodingError: Error, CustomStringConvertible, Sendable {
  /// What is wrong.
  public let description: String

  /// Creates an error.
  public init(_ description: String) { self.description = description }
}

/// Reads what `ByteEncoder` wrote. Every length is checked against the bytes that are left before it is used.
///
/// All methods throw `ByteDecodingError` where the bytes end too early or do not fit what is asked for.
public struct ByteDecoder: Sendable {
  private let data: Data
  /// How many bytes were read.
  public private(set) var position = 0

  /// Reads from the start of `data`.
  public init(_ data: Data) { self.data = data }

  /// How many bytes are left.
  public var remaining: Int { data.count - position }

  /// Reads one number.
  public mutating func decode<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) throws -> Value {
    let size = MemoryLayout<Value>.size
    guard remaining >= size else { throw ByteDecodingError("it ends too early, at byte \(data.count)") }
    defer { position += size }
    return data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: Value.self) }
  }

  /// Reads an array.
  public mutating func decode<Element: BitwiseCopyable>(
    _ type: [Element].Type = [Element].self
  ) throws -> [Element] {
    let count = try decode(Int.self)
    let stride = MemoryLayout<Element>.stride
    guard count >= 0, count <= remaining / stride else {
      throw ByteDecodingError("an array of \(count) elements at byte \(position) does not fit")
    }
    // For an empty array the standard library would write the count to the storage that all empty arrays share,
    // which is a race between threads.
    if count == 0 { return [] }
    defer { position += count * stride }
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      data.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count * stride]))
      }
      initialized = count
    }
  }

  /// Reads an array that must have the given number of elements.
  public mutating func decode<Element: BitwiseCopyable>(count: Int) throws -> [Element] {
    let elements: [Element] = try decode()
    guard elements.count == count else {
      throw ByteDecodingError("\(elements.count) elements before byte \(position); expected \(count)")
    }
    return elements
  }

  /// Reads a text.
  public mutating func decodeText() throws -> String {
    String(decoding: try decode([UInt8].self), as: UTF8.self)
  }
}
