import Datasets
import Foundation

/// Bytes that come one after another.
protocol ByteStream: AnyObject {
  /// Reads until `target` is full or the data end.
  ///
  /// - Returns: The number of bytes read.
  func read(into target: UnsafeMutableBufferPointer<UInt8>) throws(DatasetError) -> Int
}

extension ByteReader: ByteStream {}

/// An array in numpy's format: a file of its own, or a member of an archive.
struct NumpyArray: ArraySource {
  let place: String
  let header: NumpyHeader
  /// Bytes before the elements.
  let offset: Int
  /// Opens the bytes once more from their beginning.
  let open: () throws(DatasetError) -> any ByteStream

  var elementType: ArrayElementType { header.elementType }
  var shape: [Int] { header.shape }
  var isColumnMajor: Bool { header.isColumnMajor }

  /// The longest header that is read, in bytes.
  static let longestHeader = 1 << 16
  private static let chunkElements = 1 << 15

  /// Reads the header.
  ///
  /// - Parameters:
  ///   - size: All bytes of the file or member, header included; nil where that is not known beforehand.
  ///   - sizeLimit: The most bytes that there can be: a header that declares more lies.
  /// - Throws: `DatasetError`.
  init(
    place: String, size: Int?, sizeLimit: Int, open: @escaping () throws(DatasetError) -> any ByteStream
  ) throws(DatasetError) {
    let stream = try open()
    let magic = try Self.bytes(8, from: stream)
    guard magic.count == 8, magic.starts(with: Self.magic), (1...3).contains(magic[6]), magic[7] == 0 else {
      throw DatasetError.invalid(
        place, "not an array in numpy's format of version 1, 2 or 3", "a file that numpy.save wrote",
        "check the path")
    }
    let lengthSize = magic[6] == 1 ? 2 : 4
    let lengthBytes = try Self.bytes(lengthSize, from: stream)
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard lengthBytes.count == lengthSize, length <= Self.longestHeader else {
      throw DatasetError.invalid(
        place, "the header has \(length) bytes", "at most \(Self.longestHeader)",
        "write the file again with numpy.save")
    }
    let text = try Self.bytes(length, from: stream)
    guard text.count == length else {
      throw DatasetError.invalid(
        place, "the file ends in its header", "\(length) bytes of header", "write the file again")
    }
    do throws(NumpyHeader.Refusal) { header = try NumpyHeader(text) } catch {
      throw DatasetError.invalid(place, error.problem, error.expected, error.remedy)
    }
    offset = 8 + lengthSize + length
    self.place = place
    self.open = open
    guard let elements = ArrayShape.size(header.shape, width: header.width), elements <= sizeLimit - offset,
      size.map({ $0 == offset + elements }) ?? true
    else {
      throw DatasetError.invalid(
        place,
        "the header declares \(header.elementType) \(ArrayShape.text(header.shape)), but there are"
          + " \((size ?? sizeLimit) - offset) bytes of elements\(size == nil ? " at most" : "")",
        ArrayShape.size(header.shape, width: header.width).map { "\($0) bytes" }
          ?? "a shape of less than 2^63 bytes",
        "write the file again with numpy.save")
    }
  }

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Whether bytes begin as numpy's format does.
  static func isBeginning(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: magic) }

  private static func bytes(_ count: Int, from stream: any ByteStream) throws(DatasetError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    var filled = 0
    try result.withUnsafeMutableBufferPointer { (buffer) throws(DatasetError) in
      filled = try stream.read(into: buffer)
    }
    return Array(result.prefix(filled))
  }

  func forEachChunk(_ body: (Int, ArrayChunk) throws -> Void) throws {
    let stream = try open()
    guard try Self.bytes(offset, from: stream).count == offset else { throw truncated(0) }
    let perChunk = header.width > 4096 ? 1 : Self.chunkElements
    var first = 0
    while first < count {
      let elements = min(perChunk, count - first)
      let bytes = try Self.bytes(elements * header.width, from: stream)
      guard bytes.count == elements * header.width else {
        throw truncated(first + bytes.count / max(header.width, 1))
      }
      try body(first, decode(bytes, elements))
      first += elements
    }
    guard try Self.bytes(1, from: stream).isEmpty else {
      throw invalid(
        "the data go on after \(count) elements", expected: "\(summary) and no more",
        remedy: "write the file again with numpy.save")
    }
  }

  private func truncated(_ found: Int) -> DatasetError {
    invalid(
      "the data end after \(found) elements", expected: "\(count) elements: \(summary)",
      remedy: "write or fetch the file again")
  }

  private func decode(_ bytes: [UInt8], _ count: Int) -> ArrayChunk {
    switch (header.elementType, header.isBigEndian) {
    case (.boolean, _): .bytes(bytes.map { $0 == 0 ? 0 : 1 })
    case (.byte, _): .bytes(bytes)
    case (.integer(8, _), _): .numbers(bytes.map { Double(Int8(bitPattern: $0)) })
    case (.integer(16, true), let isBig): numbers(bytes, count, isBig) { Double(Int16(bitPattern: $0)) }
    case (.integer(16, false), let isBig): numbers(bytes, count, isBig) { (x: UInt16) in Double(x) }
    case (.integer(32, true), let isBig): numbers(bytes, count, isBig) { Double(Int32(bitPattern: $0)) }
    case (.integer(32, false), let isBig): numbers(bytes, count, isBig) { (x: UInt32) in Double(x) }
    case (.integer(_, true), let isBig): numbers(bytes, count, isBig) { Double(Int64(bitPattern: $0)) }
    case (.integer(_, false), let isBig): numbers(bytes, count, isBig) { (x: UInt64) in Double(x) }
    case (.real(16), let isBig): numbers(bytes, count, isBig) { HalfPrecision.number($0) }
    case (.real(32), let isBig): numbers(bytes, count, isBig) { Double(Float(bitPattern: $0)) }
    case (.real, let isBig): numbers(bytes, count, isBig) { Double(bitPattern: $0) }
    case (.text, _): .texts((0..<count).map { text(bytes[$0 * header.width..<($0 + 1) * header.width]) })
    }
  }

  private func numbers<Bits: FixedWidthInteger>(
    _ bytes: [UInt8], _ count: Int, _ isBig: Bool, _ number: (Bits) -> Double
  ) -> ArrayChunk {
    .numbers(
      bytes.withUnsafeBytes { raw in
        (0..<count).map { index in
          let bits = raw.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
          return number(isBig ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
        }
      })
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String {
    guard header.textForm == .codePoints else {
      return String(decoding: bytes.reversed().drop { $0 == 0 }.reversed(), as: UTF8.self)
    }
    var scalars = String.UnicodeScalarView()
    let points = stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { first in
      let four = bytes[first..<first + 4]
      return (header.isBigEndian ? Array(four) : four.reversed()).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for point in points.reversed().drop(while: { $0 == 0 }).reversed() {
      scalars.append(Unicode.Scalar(point) ?? "\u{FFFD}")
    }
    return String(scalars)
  }
}

/// Floating-point numbers of 16 bits (IEEE 754 binary16), which Swift does not have on all processors.
enum HalfPrecision {
  /// The number that bits stand for; exact.
  static func number(_ bits: UInt16) -> Double {
    let sign: Double = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Double(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * (1 + fraction * 0x1p-10) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}
