internal import CNetCDF

/// A variable of a file that is being read.
///
/// Values are row-major, so the last dimension varies fastest.
public struct NetCDFReaderVariable: Sendable {
  private let file: ReadableFile
  private let group: Int32
  private let identifier: Int32
  /// The variable's name.
  public let name: String
  /// The variable's place in the file, such as `/attractors/position`.
  public let path: String
  /// The elements' type.
  public let type: NetCDFType
  /// The variable's dimensions, slowest first; empty for a scalar.
  public let dimensions: [NetCDFDimension]
  /// The variable's attributes, in the file's order.
  public let attributes: [(name: String, value: NetCDFAttribute)]

  /// The dimensions' lengths, slowest first.
  public var shape: [Int] { dimensions.map(\.length) }

  /// The attribute of that name.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which lists the nearest name and those that exist.
  public func attribute(_ name: String) throws(NetCDFError) -> NetCDFAttribute {
    guard let attribute = attributes.first(where: { $0.name == name }) else {
      throw NetCDFError.missing(
        "attribute", name, among: attributes.map(\.name), path: file.path,
        operation: "find, in variable \"\(self.name)\", the attribute")
    }
    return attribute.value
  }

  /// Reads the whole variable as doubles. In a variable of a floating type, elements equal to `_FillValue` or
  /// `missing_value` become NaN.
  ///
  /// - Returns: Shape `shape`, row-major; one value for a scalar.
  /// - Throws: `NetCDFError`; of kind `typeMismatch` for texts, `tooLarge` for more elements than the reader allows
  ///   or the memory holds, `notReadable` if the file is damaged.
  public func readDoubles() throws(NetCDFError) -> [Double] {
    try readDoubles(start: shape.map { _ in 0 }, count: shape)
  }

  /// Reads a part of the variable as doubles, a rectangle in its index space (hyperslab). Missing elements become
  /// NaN, as in `readDoubles()`.
  ///
  /// - Parameters:
  ///   - start: The first index along each dimension.
  ///   - count: The number of indices along each dimension.
  /// - Returns: Shape `count`, row-major.
  /// - Throws: What `readDoubles()` throws, and `shapeMismatch` if the part is not within the variable.
  public func readDoubles(start: [Int], count: [Int]) throws(NetCDFError) -> [Double] {
    guard type.isFloating || type.isInteger else { throw mismatch("numbers") }
    var values = try read(start, count) { nc_get_vara_double(group, identifier, $0, $1, $2) }
    if type.isFloating {
      let missing = attributes.filter { $0.name == "_FillValue" || $0.name == "missing_value" }
        .flatMap { $0.value.numbers ?? [] }.filter { !$0.isNaN }
      if !missing.isEmpty {
        for index in values.indices where missing.contains(values[index]) { values[index] = .nan }
      }
    }
    return values
  }

  /// Reads the whole variable as integers.
  ///
  /// - Returns: Shape `shape`, row-major; one value for a scalar.
  /// - Throws: What `readDoubles()` throws; of kind `typeMismatch` also for a floating type and for values that an
  ///   `Int` cannot hold.
  public func readInts() throws(NetCDFError) -> [Int] {
    try readInts(start: shape.map { _ in 0 }, count: shape)
  }

  /// Reads a part of the variable as integers. The parameters are those of `readDoubles(start:count:)`. Throws what
  /// `readInts()` throws, and `shapeMismatch` if the part is not within the variable.
  public func readInts(start: [Int], count: [Int]) throws(NetCDFError) -> [Int] {
    guard type.isInteger else { throw mismatch("integers") }
    return try read(start, count) {
      nc_get_vara_longlong(group, identifier, $0, $1, $2)
    }.map(Int.init)
  }

  /// Reads the whole variable as texts.
  ///
  /// - Returns: Shape `shape`, row-major. For a `character` variable the last dimension, which is the length of the
  ///   texts, is missing, and zero bytes at their end are dropped. Bytes that are not UTF-8 become U+FFFD.
  /// - Throws: `NetCDFError`; of kind `typeMismatch` for numbers, `tooLarge` for more elements than the reader
  ///   allows or the memory holds, `notReadable` if the file is damaged.
  public func readStrings() throws(NetCDFError) -> [String] {
    let start = shape.map { _ in 0 }
    switch type {
    case .string:
      var pointers = try read(start, shape) { nc_get_vara_string(group, identifier, $0, $1, $2) }
      let texts = pointers.map { $0.map { String(cString: $0) } ?? "" }
      try file.perform("read variable", name) { () throws(NetCDFLibrary.Status) in
        try NetCDFLibrary.check(nc_free_string(pointers.count, &pointers))
      }
      return texts
    case .character:
      let bytes = try read(start, shape) { nc_get_vara_text(group, identifier, $0, $1, $2) }
      let length = shape.last ?? 1
      let rows = product(shape.dropLast()) ?? 0
      return (0..<rows).map { row in
        let text = bytes[row * length..<(row + 1) * length].prefix { $0 != 0 }
        return String(decoding: text.lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
    default:
      throw mismatch("texts")
    }
  }

  private func mismatch(_ asked: String) -> NetCDFError {
    NetCDFError(
      .typeMismatch, path: file.path, operation: "read variable", name: name,
      message: "its type is \(type), not \(asked)", remedy: "choose a variable of \(asked)")
  }

  private func read<Element: BitwiseCopyable>(
    _ start: [Int], _ count: [Int],
    _ call: (UnsafePointer<Int>, UnsafePointer<Int>, UnsafeMutablePointer<Element>) -> Int32
  ) throws(NetCDFError) -> [Element] {
    let fits =
      start.count == dimensions.count && count.count == dimensions.count
      && zip(zip(start, count), shape).allSatisfy { part, length in
        let (end, overflow) = part.0.addingReportingOverflow(part.1)
        return part.0 >= 0 && part.1 >= 0 && !overflow && (end <= length || length < 0)
      }
    guard fits else {
      throw NetCDFError(
        .shapeMismatch, path: file.path, operation: "read variable", name: name,
        message: "start \(start) and count \(count) do not fit the shape \(shape)",
        remedy: "give one start and count per dimension, within its length")
    }
    guard let elements = product(count), elements <= file.maximumElements else {
      throw NetCDFError(
        .tooLarge, path: file.path, operation: "read variable", name: name,
        message: "\(count) elements are more than \(file.maximumElements)")
    }
    if elements == 0 { return [] }
    guard memoryIsAvailable(for: elements, of: MemoryLayout<Element>.stride) else {
      throw NetCDFError(
        .tooLarge, path: file.path, operation: "read variable", name: name,
        message: "\(count) elements do not fit into the memory")
    }
    var status = NC_NOERR
    let values = [Element](unsafeUninitializedCapacity: elements) { buffer, initialized in
      status = file.status {
        call(start.isEmpty ? [0] : start, count.isEmpty ? [1] : count, buffer.baseAddress!)
      }
      initialized = status == NC_NOERR ? elements : 0
    }
    guard status == NC_NOERR else {
      throw NetCDFError(status, writing: false, path: file.path, operation: "read variable", name: name)
    }
    return values
  }

  init(
    file: ReadableFile, group: Int32, identifier: Int32, groupPath: String, visible: [Int32: NetCDFDimension]
  ) throws(NetCDFError) {
    self.file = file
    self.group = group
    self.identifier = identifier
    let (name, code, identifiers) = try file.perform("list variables", groupPath) {
      () throws(NetCDFLibrary.Status) in
      var rank: Int32 = 0
      var code: nc_type = 0
      try NetCDFLibrary.check(nc_inq_varndims(group, identifier, &rank))
      var identifiers = [Int32](repeating: 0, count: Int(rank))
      var status = NC_NOERR
      let name = nameFilled { status = nc_inq_var(group, identifier, $0, &code, &rank, &identifiers, nil) }
      try NetCDFLibrary.check(status)
      return (name, code, identifiers)
    }
    self.name = name
    path = groupPath == "/" ? "/\(name)" : "\(groupPath)/\(name)"
    type = NetCDFType(code: code)
    var dimensions: [NetCDFDimension] = []
    for identifier in identifiers {
      guard let dimension = visible[identifier] else {
        throw NetCDFError(
          .notReadable, path: file.path, operation: "read the dimensions of variable", name: name,
          message: "one of them belongs to another group")
      }
      dimensions.append(dimension)
    }
    self.dimensions = dimensions
    attributes = try file.attributes(group: group, variable: identifier, of: name)
  }
}
