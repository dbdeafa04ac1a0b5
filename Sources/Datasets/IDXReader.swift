/// The types of numbers in IDX files that can be read here.
///
/// The raw value is the third byte of the file.
public enum IDXElementType: UInt8, Sendable, CaseIterable {
  /// Whole numbers of one byte, 0 to 255.
  case unsignedByte = 0x08
  /// Whole numbers of one byte, -128 to 127.
  case signedByte = 0x09
  /// Whole numbers of two bytes, big-endian.
  case int16 = 0x0B
  /// Whole numbers of four bytes, big-endian.
  case int32 = 0x0C

  /// The number of bytes of one element.
  public var width: Int {
    switch self {
    case .unsignedByte, .signedByte: 1
    case .int16: 2
    case .int32: 4
    }
  }
}

/// The contents of an IDX file.
public struct IDXArray: Sendable, Hashable {
  /// The type of the elements.
  public let elementType: IDXElementType
  /// The lengths of the dimensions, at least one. The first one is usually the number of items.
  public let shape: [Int]
  /// The bytes of the elements, row-major. Elements of more than one byte are big-endian, as in the file.
  public let elements: [UInt8]

  /// The number of elements.
  public var count: Int { elements.count / elementType.width }

  /// One element, as a whole number.
  ///
  /// - Precondition: `index` is in `0..<count`.
  public func integer(at index: Int) -> Int {
    switch elementType {
    case .unsignedByte: Int(elements[index])
    case .signedByte: Int(Int8(bitPattern: elements[index]))
    case .int16: Int(Int16(bitPattern: UInt16(elements[2 * index]) << 8 | UInt16(elements[2 * index + 1])))
    case .int32:
      Int(
        Int32(bitPattern: elements[4 * index..<4 * index + 4].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }))
    }
  }
}

/// Reads IDX files, the format of MNIST. A file consists of two zero bytes, the elements' type, the number of
/// dimensions, their lengths as big-endian 32-bit numbers, and the elements.
///
/// Files may be plain or gzip; their contents tell which, not their names. Files are not trusted. What a header
/// declares is checked against a limit and against the size of the file before memory is allocated, and gzip data
/// are inflated step by step, never beyond the declared size.
///
/// Source: LeCun, Cortes, Burges, *The MNIST database of handwritten digits*,
/// <http://yann.lecun.com/exdb/mnist/>.
public enum IDXReader {
  /// The default limit on the bytes of the elements, 2^33.
  public static let defaultByteLimit = 1 << 33

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - types: The types of elements that are accepted.
  ///   - byteLimit: The largest number of bytes of the elements.
  /// - Throws: `DatasetError`: missing, if the file does not exist; invalid, if it is not an IDX file, has another
  ///   type of elements, declares too much, or holds more or less than it declares; unreadable, if reading fails.
  /// - Complexity: O(bytes). It takes memory for the declared elements, and up to 1.5 times as much while gzip data
  ///   are inflated.
  public static func read(
    path: String, types: Set<IDXElementType> = [.unsignedByte], byteLimit: Int = defaultByteLimit
  ) throws(DatasetError) -> IDXArray {
    try read(from: ByteReader(path: path), types: types, byteLimit: byteLimit)
  }

  /// Reads a file that is already open, from its beginning.
  package static func read(
    from reader: ByteReader, types: Set<IDXElementType>, byteLimit: Int
  ) throws(DatasetError) -> IDXArray {
    let (elementType, rank) = try readMagic(from: reader, types: types)
    let sizes = try readExactly(4 * rank, from: reader, what: "sizes")
    let shape = (0..<rank).map { dimension in
      sizes[4 * dimension..<4 * dimension + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    let byteCount = try byteCount(
      shape, elementType, headerSize: 4 + 4 * rank, reader: reader, byteLimit: byteLimit)
    let elements = try readExactly(byteCount, from: reader, what: "elements")
    guard try bytes(atMost: 1, from: reader).isEmpty else {
      throw invalid(
        reader, "the data go on after the \(byteCount) bytes of elements that the header declares",
        "\(text(shape)) elements and no more")
    }
    return IDXArray(elementType: elementType, shape: shape, elements: elements)
  }

  private static func readMagic(
    from reader: ByteReader, types: Set<IDXElementType>
  ) throws(DatasetError) -> (IDXElementType, rank: Int) {
    let magic = try bytes(atMost: 4, from: reader)
    guard magic.count == 4, magic[0] == 0, magic[1] == 0, magic[3] > 0 else {
      let found = magic.isEmpty ? "nothing" : magic.map(hexadecimal).joined(separator: " ")
      throw invalid(
        reader, "not an IDX file: it begins with \(found)", "00 00, the type, the number of sizes",
        remedy: "check the path")
    }
    let wanted = IDXElementType.allCases.filter { types.contains($0) }
    guard let elementType = wanted.first(where: { $0.rawValue == magic[2] }) else {
      throw invalid(
        reader, "the elements have type \(hexadecimal(magic[2]))",
        wanted.map { "\(hexadecimal($0.rawValue)) (\($0))" }.joined(separator: " or "),
        remedy: "convert the file to unsigned bytes")
    }
    return (elementType, Int(magic[3]))
  }

  /// The size of the elements in bytes. Makes every check that is possible before they are read.
  private static func byteCount(
    _ shape: [Int], _ elementType: IDXElementType, headerSize: Int, reader: ByteReader, byteLimit: Int
  ) throws(DatasetError) -> Int {
    var byteCount = elementType.width
    var overflows = false
    for size in shape where !overflows {
      (byteCount, overflows) = byteCount.multipliedReportingOverflow(by: size)
    }
    guard !overflows, byteCount <= byteLimit else {
      throw invalid(
        reader, "the header declares \(text(shape)) elements", "at most \(byteLimit) bytes in all",
        remedy: "check that this is an undamaged IDX file")
    }
    if reader.isCompressed {
      guard byteCount / ByteReader.largestInflation <= reader.fileSize else {
        let problem = "the header declares \(text(shape)) elements"
        throw invalid(
          reader, "\(problem), more than \(reader.fileSize) bytes of gzip data can hold",
          "at most \(ByteReader.largestInflation) bytes from each byte")
      }
    } else if byteCount != reader.fileSize - headerSize {
      throw invalid(
        reader,
        "the file has \(reader.fileSize) bytes, but its header declares \(text(shape)) elements",
        "\(headerSize) + \(byteCount) bytes")
    }
    return byteCount
  }

  private static func readExactly(
    _ count: Int, from reader: ByteReader, what: String
  ) throws(DatasetError) -> [UInt8] {
    let result = try bytes(atMost: count, from: reader)
    guard result.count == count else {
      throw invalid(
        reader, "the data end after \(result.count) bytes of the \(what)", "\(count) bytes of \(what)")
    }
    return result
  }

  /// The next `count` bytes, or fewer at the end of the data. Memory grows only with the bytes that are really
  /// there.
  private static func bytes(atMost count: Int, from reader: ByteReader) throws(DatasetError) -> [UInt8] {
    var result = [UInt8]()
    let chunk = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: min(count, 1 << 18))
    defer { chunk.deallocate() }
    var capacity = reader.isCompressed ? min(count, 1 << 20) : min(count, reader.fileSize)
    result.reserveCapacity(capacity)
    while result.count < count {
      let part = UnsafeMutableBufferPointer(rebasing: chunk[..<min(chunk.count, count - result.count)])
      let received = try reader.read(into: part)
      if result.count + received > capacity {
        capacity = min(count, 2 * capacity)
        result.reserveCapacity(capacity)
      }
      result.append(contentsOf: part[..<received])
      if received < part.count { break }
    }
    return result
  }

  private static func invalid(
    _ reader: ByteReader, _ problem: String, _ expected: String,
    remedy: String = "fetch or write the file again"
  ) -> DatasetError {
    DatasetError(
      kind: .invalid, path: reader.path, problem: problem, expected: expected, remedy: remedy)
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// The lengths as `60000 x 28 x 28`. If there are many, the middle ones are left out.
  package static func text(_ shape: [Int]) -> String {
    let sizes = shape.map(String.init)
    return (sizes.count > 6 ? sizes.prefix(3) + ["..."] + sizes.suffix(2) : sizes[...])
      .joined(separator: " x ")
  }
}
