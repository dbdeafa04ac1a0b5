internal import CNetCDF

/// Writes one NetCDF-4 file, which appears under its name only when it is complete.
///
/// The data go to a temporary file in the same folder (`.NAME.partial-PID-N`); `commit()` brings it to the
/// disk and renames it. Without a commit nothing is left, and what was at the path before stays as it was.
/// Unwritten elements are the variable's fill value where it declares one, else the library's default for the
/// type.
///
/// Not for several threads at once; writers of different files may run in parallel (their calls take turns).
///
///     let writer = try NetCDFWriter(path: "run.nc")
///     try writer.root.defineDimension("time", length: 21)
///     let overlap = try writer.root.defineVariable(
///       "overlap_concept", type: .double, dimensions: ["time"],
///       attributes: [("units", "1"), ("long_name", "overlap with the own concept")],
///       fillValue: NetCDFWriter.missing)
///     try overlap.write(values)
///     try writer.commit()
public final class NetCDFWriter {
  /// The fill value of this project's floating variables: any reader gets NaN.
  public static let missing = Double.nan

  /// Where the file goes.
  public let path: String

  /// The file's root group.
  public var root: NetCDFGroup { NetCDFGroup(file: file, identifier: file.identifier, path: "/") }

  private let file: WritableFile

  /// Creates the temporary file.
  ///
  /// - Parameters:
  ///   - path: Where the file goes. A symbolic link to a file is followed.
  ///   - overwrite: Whether an existing file may be replaced, at the commit.
  /// - Throws: `NetCDFError`; of kind `cannotCreate` where the folder is missing or not writable, or where
  ///   there is a file and `overwrite` is false.
  public init(path: String, overwrite: Bool = false) throws(NetCDFError) {
    self.path = path
    file = try WritableFile(path: path, overwrite: overwrite)
  }

  /// Closes the file, waits until the disk has it and gives it its name. To be called once.
  ///
  /// - Throws: `NetCDFError`; of kind `cannotCreate` where a file has come to the path meanwhile and
  ///   `overwrite` is false, of kind `inputOutput` where the disk failed. Nothing is left then but what was
  ///   at the path before.
  public func commit() throws(NetCDFError) { try file.commit() }

  /// Closes and removes the temporary file. Does nothing after a commit. The same happens by itself once the
  /// writer, its groups and its variables are gone.
  public func abandon() { file.abandon() }
}

/// The open temporary file behind a writer, its groups and its variables.
final class WritableFile {
  let path: String
  let identifier: Int32
  /// The dimensions that may grow, by the library's identifiers.
  var unlimited: Set<Int32> = []
  private let temporary: TemporaryFile
  private var isOpen = true

  init(path: String, overwrite: Bool) throws(NetCDFError) {
    let temporary: TemporaryFile
    do throws(FileError) {
      temporary = try TemporaryFile(for: path, overwrite: overwrite)
    } catch {
      throw Self.error(error, operation: "create")
    }
    var identifier: Int32 = -1
    do throws(NetCDFLibrary.Status) {
      identifier = try NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in
        var identifier: Int32 = -1
        // The empty file is there already, ours alone: it is written anew.
        try NetCDFLibrary.check(nc_create(temporary.path, Int32(NC_CLOBBER | NC_NETCDF4), &identifier))
        return identifier
      }
    } catch {
      temporary.discard()
      throw NetCDFError(error.code, writing: true, path: path, operation: "create", name: nil)
    }
    self.path = path
    self.temporary = temporary
    self.identifier = identifier
  }

  deinit { abandon() }

  func commit() throws(NetCDFError) {
    precondition(isOpen, "a NetCDF file is committed once, and not after it was abandoned")
    isOpen = false
    do throws(NetCDFLibrary.Status) {
      try NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in
        try NetCDFLibrary.check(nc_close(identifier))
      }
    } catch {
      temporary.discard()
      throw NetCDFError(error.code, writing: true, path: path, operation: "finish", name: nil)
    }
    do throws(FileError) {
      try temporary.publish()
    } catch {
      temporary.discard()
      throw Self.error(error, operation: "finish")
    }
  }

  func abandon() {
    guard isOpen else { return }
    isOpen = false
    temporary.discard()
    // What could not be written to the removed file is of no interest.
    let identifier = identifier
    try? NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in try NetCDFLibrary.check(nc_close(identifier))
    }
  }

  /// Calls the library under the lock and turns its complaints into errors.
  func perform<Value: Sendable>(
    _ operation: String, _ name: String?, _ body: () throws(NetCDFLibrary.Status) -> Value
  ) throws(NetCDFError) -> Value {
    precondition(isOpen, "the NetCDF file was committed or abandoned")
    do throws(NetCDFLibrary.Status) {
      let value = try NetCDFLibrary.call(body)
      // The file must not be closed while the lock is held.
      withExtendedLifetime(self) {}
      return value
    } catch {
      throw NetCDFError(error.code, writing: true, path: path, operation: operation, name: name)
    }
  }

  func failure(
    _ kind: NetCDFError.Kind, _ operation: String, _ name: String, _ message: String, remedy: String? = nil
  ) -> NetCDFError {
    NetCDFError(kind, path: path, operation: operation, name: name, message: message, remedy: remedy)
  }

  private static func error(_ error: FileError, operation: String) -> NetCDFError {
    let kind: NetCDFError.Kind = error.kind == .inputOutput ? .inputOutput : .cannotCreate
    return NetCDFError(
      kind, path: error.path, operation: operation, message: error.message, remedy: error.remedy)
  }

  /// Writes an attribute of a group (`variable` is `NC_GLOBAL`) or variable.
  func setAttribute(
    _ name: String, _ value: NetCDFAttribute, group: Int32, variable: Int32
  ) throws(NetCDFError) {
    guard name != "_FillValue" else {
      throw failure(
        .invalidName, "define attribute", name, "it belongs to the variable's definition",
        remedy: "give fillValue to defineVariable")
    }
    let texts: [String] =
      switch value {
      case .text(let text): [text]
      case .texts(let texts): texts
      default: []
      }
    if case .texts = value { try refuseZeroBytes(texts, "define attribute", name) }
    try perform("define attribute", name) { () throws(NetCDFLibrary.Status) in
      let status: Int32 =
        switch value {
        case .text(let text):
          Array(text.utf8).withUnsafeBytes { bytes in
            nc_put_att(group, variable, name, NC_CHAR, bytes.count, bytes.baseAddress)
          }
        case .double(let number):
          withUnsafeBytes(of: number) { nc_put_att(group, variable, name, NC_DOUBLE, 1, $0.baseAddress) }
        case .doubles(let numbers):
          nc_put_att(group, variable, name, NC_DOUBLE, numbers.count, numbers)
        case .int(let number):
          if let number = Int32(exactly: number) {
            withUnsafeBytes(of: number) { nc_put_att(group, variable, name, NC_INT, 1, $0.baseAddress) }
          } else {
            withUnsafeBytes(of: Int64(number)) {
              nc_put_att(group, variable, name, NC_INT64, 1, $0.baseAddress)
            }
          }
        case .ints(let numbers):
          nc_put_att(group, variable, name, NC_INT, numbers.count, numbers)
        case .int64s(let numbers):
          nc_put_att(group, variable, name, NC_INT64, numbers.count, numbers)
        case .texts(let texts):
          withCStrings(texts) { nc_put_att(group, variable, name, NC_STRING, texts.count, $0) }
        }
      try NetCDFLibrary.check(status)
    }
  }

  /// The library's strings end at a zero byte.
  func refuseZeroBytes(_ texts: [String], _ operation: String, _ name: String) throws(NetCDFError) {
    guard let index = texts.firstIndex(where: { $0.utf8.contains(0) }) else { return }
    throw failure(
      .typeMismatch, operation, name, "text number \(index) holds a zero byte", remedy: "remove the byte")
  }
}

/// A group of a file that is being written: the root or one below it.
public struct NetCDFGroup {
  let file: WritableFile
  let identifier: Int32
  /// Its place in the file, such as `/` or `/attractors/0`.
  public let path: String

  /// Defines a group within this one.
  ///
  /// - Throws: `NetCDFError`; of kind `invalidName` where the name is taken or not allowed.
  public func defineGroup(_ name: String) throws(NetCDFError) -> NetCDFGroup {
    let group = try file.perform("define group", name) { () throws(NetCDFLibrary.Status) in
      var group: Int32 = 0
      try NetCDFLibrary.check(nc_def_grp(identifier, name, &group))
      return group
    }
    return NetCDFGroup(file: file, identifier: group, path: path == "/" ? "/\(name)" : "\(path)/\(name)")
  }

  /// Defines a dimension, for variables of this group and of those below it.
  ///
  /// - Parameters:
  ///   - name: Its name.
  ///   - length: Its length; 0 is allowed (the file then calls it unlimited, of present length 0).
  /// - Throws: `NetCDFError`; of kind `invalidName` where the name is taken or not allowed.
  public func defineDimension(_ name: String, length: Int) throws(NetCDFError) {
    precondition(length >= 0, "a dimension's length is not negative")
    _ = try define(dimension: name, length: length)
  }

  /// Defines a dimension that grows with what is written.
  ///
  /// - Throws: `NetCDFError`; of kind `invalidName` where the name is taken or not allowed.
  public func defineUnlimitedDimension(_ name: String) throws(NetCDFError) {
    file.unlimited.insert(try define(dimension: name, length: Int(NC_UNLIMITED)))
  }

  private func define(dimension name: String, length: Int) throws(NetCDFError) -> Int32 {
    try file.perform("define dimension", name) { () throws(NetCDFLibrary.Status) in
      var dimension: Int32 = 0
      try NetCDFLibrary.check(nc_def_dim(identifier, name, length, &dimension))
      return dimension
    }
  }

  /// Defines a variable.
  ///
  /// - Parameters:
  ///   - name: Its name.
  ///   - type: Its elements' type; not `character` nor `other`.
  ///   - dimensions: Names of dimensions of this group or those above it, slowest first; none for a scalar.
  ///   - attributes: Its attributes, in the order of the file.
  ///   - fillValue: What stands for a missing element, for floating types only (usually
  ///     `NetCDFWriter.missing`). Integers carry none, for readers would turn them into floats.
  ///   - compression: Whether to compress (deflate 4 with shuffle) what takes more than 16 KiB. Strings never
  ///     are.
  ///   - chunks: The shape of the pieces in which the file stores the array; the library's choice where nil.
  /// - Throws: `NetCDFError`; of kind `invalidName` where the name is taken or not allowed, `missingName` for
  ///   an unknown dimension, `typeMismatch` for a fill value of a type that has none, `shapeMismatch` for
  ///   chunks that do not fit.
  @discardableResult
  public func defineVariable(
    _ name: String, type: NetCDFType, dimensions: [String] = [],
    attributes: [(String, NetCDFAttribute)] = [], fillValue: Double? = nil, compression: Bool = true,
    chunks: [Int]? = nil
  ) throws(NetCDFError) -> NetCDFVariable {
    let operation = "define variable"
    guard let code = type.code else {
      throw file.failure(.typeMismatch, operation, name, "the type \(type) cannot be written")
    }
    guard fillValue == nil || type.isFloating else {
      throw file.failure(
        .typeMismatch, operation, name, "the type \(type) has no fill value",
        remedy: "leave fillValue out, and let an integer such as -1 stand for none")
    }
    var identifiers: [Int32] = []
    var lengths: [Int?] = []
    for dimension in dimensions {
      guard let (identifier, length) = try find(dimension: dimension) else {
        throw NetCDFError.missing(
          "dimension", dimension, among: try visibleDimensions(), path: file.path,
          operation: "define variable \"\(name)\" with dimension")
      }
      identifiers.append(identifier)
      lengths.append(file.unlimited.contains(identifier) ? nil : length)
    }
    if let chunks {
      let fits = zip(chunks, lengths).allSatisfy { $0 > 0 && $0 <= max($1 ?? .max, 1) }
      guard chunks.count == lengths.count, fits else {
        throw file.failure(
          .shapeMismatch, operation, name, "chunks \(chunks) do not fit the shape \(describe(lengths))",
          remedy: "give one length per dimension, from 1 to the dimension's")
      }
    }
    let bytes = lengths.reduce(type.size) { product, length in
      length.map { product.multipliedReportingOverflow(by: $0) }.map { $0.overflow ? .max : $0.partialValue }
        ?? .max
    }
    let compressed = compression && type != .string && !dimensions.isEmpty && bytes > 16_384

    let variable = try file.perform(operation, name) { () throws(NetCDFLibrary.Status) in
      var variable: Int32 = 0
      try NetCDFLibrary.check(
        nc_def_var(identifier, name, code, Int32(identifiers.count), identifiers, &variable))
      if let fillValue {
        // Without this call the library fills with its default and writes no `_FillValue`. Its "no fill" mode
        // would do the same for readers, but leave arbitrary bytes in what was never written.
        try NetCDFLibrary.check(
          type == .float
            ? withUnsafeBytes(of: Float(fillValue)) {
              nc_def_var_fill(identifier, variable, 0, $0.baseAddress)
            }
            : withUnsafeBytes(of: fillValue) { nc_def_var_fill(identifier, variable, 0, $0.baseAddress) })
      }
      if let chunks, !chunks.isEmpty {
        try NetCDFLibrary.check(nc_def_var_chunking(identifier, variable, Int32(NC_CHUNKED), chunks))
      }
      if compressed { try NetCDFLibrary.check(nc_def_var_deflate(identifier, variable, 1, 1, 4)) }
      return variable
    }
    let result = NetCDFVariable(
      file: file, group: identifier, identifier: variable, name: name, type: type, fillValue: fillValue,
      dimensionIdentifiers: identifiers, lengths: lengths)
    for (attribute, value) in attributes { try result.setAttribute(attribute, value) }
    return result
  }

  /// Sets an attribute of the group; on the root, a global attribute of the file.
  ///
  /// - Throws: `NetCDFError`; of kind `invalidName` where the name is not allowed.
  public func setAttribute(_ name: String, _ value: NetCDFAttribute) throws(NetCDFError) {
    try file.setAttribute(name, value, group: identifier, variable: NC_GLOBAL)
  }

  private func find(dimension: String) throws(NetCDFError) -> (identifier: Int32, length: Int)? {
    try file.perform("find dimension", dimension) { () throws(NetCDFLibrary.Status) in
      var dimensionIdentifier: Int32 = 0
      var length = 0
      let status = nc_inq_dimid(identifier, dimension, &dimensionIdentifier)
      if status == NC_EBADDIM { return nil }
      try NetCDFLibrary.check(status)
      try NetCDFLibrary.check(nc_inq_dimlen(identifier, dimensionIdentifier, &length))
      return (dimensionIdentifier, length)
    }
  }

  private func visibleDimensions() throws(NetCDFError) -> [String] {
    try file.perform("list dimensions", nil) { () throws(NetCDFLibrary.Status) in
      try dimensionIdentifiers(of: identifier, withParents: true).map {
        dimension throws(NetCDFLibrary.Status) in
        try dimensionDescription(group: identifier, dimension).name
      }
    }
  }
}

/// A variable of a file that is being written.
///
/// Values are row-major: the last dimension varies fastest. NaN is written as the fill value where the
/// variable declares one, and as NaN otherwise. Doubles in a `float` variable are rounded, beyond its range
/// to infinity. Integers go to integer variables only, floating numbers to floating variables only.
public struct NetCDFVariable {
  let file: WritableFile
  let group: Int32
  let identifier: Int32
  /// Its name.
  public let name: String
  /// Its elements' type.
  public let type: NetCDFType
  /// What stands for a missing element, where it was declared.
  public let fillValue: Double?
  let dimensionIdentifiers: [Int32]
  /// Its dimensions' lengths, nil for those that grow with what is written.
  public let lengths: [Int?]

  /// Sets an attribute of the variable.
  ///
  /// - Throws: `NetCDFError`; of kind `invalidName` where the name is not allowed, or is `_FillValue`.
  public func setAttribute(_ name: String, _ value: NetCDFAttribute) throws(NetCDFError) {
    try file.setAttribute(name, value, group: group, variable: identifier)
  }

  // MARK: The whole variable

  /// Writes the whole variable; along a leading unlimited dimension, as many rows as there are values for.
  ///
  /// - Parameter values: The shape of the variable, row-major; one value for a scalar.
  /// - Throws: `NetCDFError`; of kind `typeMismatch`, `shapeMismatch` or `inputOutput`.
  public func write(_ values: [Double]) throws(NetCDFError) {
    try put(.doubles(values), region: try whole(values.count))
  }

  /// Writes the whole variable, the fill value for nil. Throws as `write(_: [Double])`, and `typeMismatch`
  /// where the variable declares no fill value and there is a nil.
  public func write(_ values: [Double?]) throws(NetCDFError) {
    try put(.doubles(try filled(values)), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws as `write(_: [Double])`.
  public func write(_ values: [Float]) throws(NetCDFError) {
    try put(.floats(values), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws as `write(_: [Double])`, and `typeMismatch` for a value that the
  /// variable's type cannot hold.
  public func write(_ values: [Int32]) throws(NetCDFError) {
    try put(.int32s(values), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws as `write(_: [Int32])`.
  public func write(_ values: [Int64]) throws(NetCDFError) {
    try put(.int64s(values), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws as `write(_: [Int32])`.
  public func write(_ values: [Int]) throws(NetCDFError) {
    try put(.int64s(values.map(Int64.init)), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws as `write(_: [Int32])`.
  public func write(_ values: [UInt8]) throws(NetCDFError) {
    try put(.int64s(values.map(Int64.init)), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws as `write(_: [Double])`, and `typeMismatch` for a text with a zero
  /// byte.
  public func write(_ values: [String]) throws(NetCDFError) {
    try put(.strings(values), region: try whole(values.count))
  }

  // MARK: A part of it

  /// Writes a part of the variable, a rectangle in its index space (hyperslab).
  ///
  /// - Parameters:
  ///   - values: Shape `count`, row-major.
  ///   - start: The first index along each dimension.
  ///   - count: The number of indices along each dimension.
  /// - Throws: `NetCDFError`; of kind `typeMismatch`, `shapeMismatch` or `inputOutput`.
  public func write(_ values: [Double], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.doubles(values), region: (start, count))
  }

  /// Writes a part of the variable, the fill value for nil. Throws as `write(_: [Double], start:, count:)`,
  /// and `typeMismatch` where the variable declares no fill value and there is a nil.
  public func write(_ values: [Double?], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.doubles(try filled(values)), region: (start, count))
  }

  /// Writes a part of the variable. Throws as `write(_: [Double], start:, count:)`.
  public func write(_ values: [Float], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.floats(values), region: (start, count))
  }

  /// Writes a part of the variable. Throws as `write(_: [Double], start:, count:)`, and `typeMismatch` for a
  /// value that the variable's type cannot hold.
  public func write(_ values: [Int32], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.int32s(values), region: (start, count))
  }

  /// Writes a part of the variable. Throws as `write(_: [Int32], start:, count:)`.
  public func write(_ values: [Int64], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.int64s(values), region: (start, count))
  }

  /// Writes a part of the variable. Throws as `write(_: [Int32], start:, count:)`.
  public func write(_ values: [Int], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.int64s(values.map(Int64.init)), region: (start, count))
  }

  /// Writes a part of the variable. Throws as `write(_: [Int32], start:, count:)`.
  public func write(_ values: [UInt8], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.int64s(values.map(Int64.init)), region: (start, count))
  }

  /// Writes a part of the variable. Throws as `write(_: [Double], start:, count:)`, and `typeMismatch` for a
  /// text with a zero byte.
  public func write(_ values: [String], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.strings(values), region: (start, count))
  }

  // MARK: How

  private enum Values {
    case doubles([Double])
    case floats([Float])
    case int32s([Int32])
    case int64s([Int64])
    case strings([String])

    var count: Int {
      switch self {
      case .doubles(let values): values.count
      case .floats(let values): values.count
      case .int32s(let values): values.count
      case .int64s(let values): values.count
      case .strings(let values): values.count
      }
    }

    var sort: String {
      switch self {
      case .doubles, .floats: "floating numbers"
      case .int32s, .int64s: "integers"
      case .strings: "texts"
      }
    }
  }

  private static let operation = "write variable"

  private func failure(
    _ kind: NetCDFError.Kind, _ message: String, remedy: String? = nil
  ) -> NetCDFError {
    file.failure(kind, Self.operation, name, message, remedy: remedy)
  }

  /// The region of the whole variable, given that many values.
  private func whole(_ available: Int) throws(NetCDFError) -> (start: [Int], count: [Int]) {
    var count = lengths.map { $0 ?? 0 }
    if lengths.dropFirst().contains(where: { $0 == nil }) {
      throw failure(
        .shapeMismatch, "the shape \(describe(lengths)) does not follow from the number of values",
        remedy: "give start and count")
    }
    let row = lengths.dropFirst().reduce(1) { $0 * $1! }
    if let first = lengths.first, first == nil, row > 0, available % row == 0 { count[0] = available / row }
    return (count.map { _ in 0 }, count)
  }

  private func filled(_ values: [Double?]) throws(NetCDFError) -> [Double] {
    if fillValue == nil, let index = values.firstIndex(where: { $0 == nil }) {
      throw failure(
        .typeMismatch, "element \(index) is missing and the variable has no fill value",
        remedy: "define the variable with fillValue: NetCDFWriter.missing")
    }
    return values.map { $0 ?? fillValue! }
  }

  private func put(_ values: Values, region: (start: [Int], count: [Int])) throws(NetCDFError) {
    let (start, count) = region
    let fits =
      start.count == lengths.count && count.count == lengths.count
      && zip(zip(start, count), lengths).allSatisfy { part, length in
        let (end, overflow) = part.0.addingReportingOverflow(part.1)
        return part.0 >= 0 && part.1 >= 0 && !overflow && end <= length ?? .max
      }
    guard fits else {
      throw failure(
        .shapeMismatch, "start \(start) and count \(count) do not fit the shape \(describe(lengths))",
        remedy: "give one start and count per dimension, within its length")
    }
    let expected = product(count)
    guard values.count == expected else {
      throw failure(
        .shapeMismatch, "\(values.count) values for the shape \(count)",
        remedy: "give \(expected.map { "\($0)" } ?? "fewer") values")
    }

    switch (values, type) {
    case (.doubles(let doubles), .double):
      let values = substituted(doubles)
      try put(start, count) { nc_put_vara_double(group, identifier, $0, $1, values) }
    case (.doubles(let doubles), .float):
      let values = substituted(doubles).map { Float($0) }
      try put(start, count) { nc_put_vara_float(group, identifier, $0, $1, values) }
    case (.floats(let floats), .float):
      let values = substituted(floats)
      try put(start, count) { nc_put_vara_float(group, identifier, $0, $1, values) }
    case (.floats(let floats), .double):
      let values = substituted(floats.map { Double($0) })
      try put(start, count) { nc_put_vara_double(group, identifier, $0, $1, values) }
    case (.int32s(let values), .int32):
      try put(start, count) { nc_put_vara_int(group, identifier, $0, $1, values) }
    case (.int32s(let values), _) where type.isInteger:
      try put(int64s: values.map(Int64.init), start, count)
    case (.int64s(let values), _) where type.isInteger:
      try put(int64s: values, start, count)
    case (.strings(let texts), .string):
      try file.refuseZeroBytes(texts, Self.operation, name)
      try put(start, count) { start, count in
        withCStrings(texts) { nc_put_vara_string(group, identifier, start, count, $0) }
      }
    default:
      throw failure(.typeMismatch, "\(values.sort) for a variable of type \(type)")
    }
  }

  private func put(int64s values: [Int64], _ start: [Int], _ count: [Int]) throws(NetCDFError) {
    if let range = type.integerRange, let index = values.firstIndex(where: { !range.contains($0) }) {
      throw failure(
        .typeMismatch, "element \(index) is \(values[index]), beyond the type \(type)",
        remedy: "define the variable with a wider type")
    }
    let values = values.map { CLongLong($0) }
    try put(start, count) { nc_put_vara_longlong(group, identifier, $0, $1, values) }
  }

  private func put(
    _ start: [Int], _ count: [Int], _ call: (UnsafePointer<Int>, UnsafePointer<Int>) -> Int32
  ) throws(NetCDFError) {
    if count.contains(0) { return }
    try file.perform(Self.operation, name) { () throws(NetCDFLibrary.Status) in
      // A scalar has neither, but the library wants pointers.
      try NetCDFLibrary.check(call(start.isEmpty ? [0] : start, count.isEmpty ? [1] : count))
    }
  }

  /// The fill value in place of NaN; no copy where NaN stays NaN.
  private func substituted<Number: BinaryFloatingPoint>(_ values: [Number]) -> [Number] {
    guard let fillValue, !fillValue.isNaN else { return values }
    return values.map { $0.isNaN ? Number(fillValue) : $0 }
  }
}

private func describe(_ lengths: [Int?]) -> String {
  "[\(lengths.map { $0.map(String.init) ?? "unlimited" }.joined(separator: ", "))]"
}

/// Calls `body` with C strings that live for the call.
private func withCStrings(
  _ texts: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Int32
) -> Int32 {
  // One block of memory for all texts, each with its zero byte.
  var bytes: [CChar] = []
  var offsets: [Int] = []
  for text in texts {
    offsets.append(bytes.count)
    bytes.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
    bytes.append(0)
  }
  return bytes.withUnsafeBufferPointer { buffer in
    var pointers = offsets.map { buffer.baseAddress.map { [offset = $0] base in base + offset } }
    return pointers.withUnsafeMutableBufferPointer { pointers in
      guard let base = pointers.baseAddress else { return body(UnsafeMutablePointer(bitPattern: 8)!) }
      return body(base)
    }
  }
}
