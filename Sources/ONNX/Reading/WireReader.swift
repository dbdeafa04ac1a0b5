/// What a file is refused for: what is wrong, and the remedy. The file's path is added by who knows it.
struct Refusal: Error {
  /// What is wrong and what was expected.
  var problem: String
  /// What to do about it.
  var remedy: String

  init(_ problem: String, _ remedy: String) {
    self.problem = problem
    self.remedy = remedy
  }

  /// A file that does not follow the wire format, or its schema.
  static func damaged(_ problem: String) -> Refusal {
    Refusal("is no sound ONNX file: \(problem)", "export the model again, or fetch another copy")
  }
}

/// Reads one message of the protobuf wire format, field by field, without copying it.
///
/// A message is a row of fields, each of them a tag (number and wire type) and a value. The reader checks every length
/// against the end of the message that it stands in, so that it never reads beyond, and it allocates nothing.
///
/// Source: protobuf.dev, "Encoding".
struct WireReader {
  /// The value of a field.
  enum Value {
    case number(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// A text, bytes, a message or packed numbers, as a range of the file.
    case bytes(Range<Int>)
  }

  /// The file.
  let file: UnsafeRawBufferPointer
  private var position: Int
  private let end: Int

  /// A reader of the message in a range of the file.
  init(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.count)
    self.file = file
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next field; nil at the end of the message.
  ///
  /// - Throws: `Refusal` where the message is damaged.
  mutating func next() throws -> (field: Int, value: Value)? {
    guard position < end else { return nil }
    let tag = try varint()
    let field = tag >> 3
    guard field >= 1, field < 1 << 29 else { throw Refusal.damaged("a field has the number \(field)") }
    switch tag & 7 {
    case 0: return (Int(field), .number(try varint()))
    case 1: return (Int(field), .fixed64(try fixed(UInt64.self)))
    case 5: return (Int(field), .fixed32(try fixed(UInt32.self)))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw Refusal.damaged("a length of \(length) bytes exceeds what is left, \(end - position)")
      }
      let range = position..<position + Int(length)
      position = range.upperBound
      return (Int(field), .bytes(range))
    default: throw Refusal.damaged("a field has the wire type \(tag & 7)")
    }
  }

  /// A number of at most ten bytes of seven bits, the lowest first.
  mutating func varint() throws -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < end else { throw Refusal.damaged("a number is cut off") }
      let byte = file[position]
      position += 1
      if shift == 63, byte > 1 { throw Refusal.damaged("a number has more than 64 bits") }
      result |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte & 0x80 == 0 { return result }
    }
    throw Refusal.damaged("a number has more than ten bytes")
  }

  private mutating func fixed<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    let size = MemoryLayout<Number>.size
    guard end - position >= size else { throw Refusal.damaged("a number is cut off") }
    let value = file.loadUnaligned(fromByteOffset: position, as: Number.self)
    position += size
    return Number(littleEndian: value)
  }

  /// Whether the message is at its end.
  var isAtEnd: Bool { position >= end }
}

extension WireReader.Value {
  /// The range of a message, text or bytes.
  func range() throws -> Range<Int> {
    guard case .bytes(let range) = self else { throw Refusal.damaged("a field has a number for bytes") }
    return range
  }

  /// The value of a field of a signed or unsigned integer.
  func integer() throws -> Int {
    guard case .number(let value) = self else { throw Refusal.damaged("a field has bytes for a number") }
    return Int(truncatingIfNeeded: value)
  }

  /// A text of UTF-8, of which at most `limit` bytes are read.
  func text(_ file: UnsafeRawBufferPointer, limit: Int = 4096) throws -> String {
    let range = try range()
    guard range.count <= limit else { throw Refusal.damaged("a name has \(range.count) bytes") }
    return String(decoding: file[range], as: UTF8.self)
  }

  /// Appends the integers of a repeated field, which are packed or come one by one.
  func append(to integers: inout [Int], _ file: UnsafeRawBufferPointer, limit: Int) throws {
    guard case .bytes(let range) = self else {
      guard integers.count < limit else { throw Refusal.damaged("more than \(limit) numbers in a list") }
      integers.append(try integer())
      return
    }
    var packed = WireReader(file, range)
    while !packed.isAtEnd {
      guard integers.count < limit else { throw Refusal.damaged("more than \(limit) numbers in a list") }
      integers.append(Int(truncatingIfNeeded: try packed.varint()))
    }
  }

  /// Appends the floating-point numbers of a repeated field, which are packed or come one by one.
  func append(to numbers: inout [Float], _ file: UnsafeRawBufferPointer, limit: Int) throws {
    if case .fixed32(let bits) = self {
      guard numbers.count < limit else { throw Refusal.damaged("more than \(limit) numbers in a list") }
      numbers.append(Float(bitPattern: bits))
      return
    }
    let range = try range()
    guard range.count.isMultiple(of: 4), numbers.count + range.count / 4 <= limit else {
      throw Refusal.damaged("a list of numbers has \(range.count) bytes")
    }
    for at in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
      numbers.append(
        Float(bitPattern: UInt32(littleEndian: file.loadUnaligned(fromByteOffset: at, as: UInt32.self))))
    }
  }
}
