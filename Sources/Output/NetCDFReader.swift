internal import CNetCDF

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Reads a NetCDF-4 file.
///
/// The file's structure (groups, dimensions, variables, attributes) is read at once, the variables' values
/// when asked for. The file is closed when the reader and everything that came from it are gone. Safe for
/// several threads; their calls take turns.
///
/// Attributes of types that a file defines itself are left out. `scale_factor` and `add_offset` are not
/// applied. Files in the classic format (NetCDF-3) are refused: the library reads a truncated one without
/// complaint.
public final class NetCDFReader: Sendable {
  /// The file.
  public let path: String
  /// The file's root group.
  public let root: NetCDFReaderGroup

  /// Opens a file and reads its structure.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - maximumElements: The largest number of elements that one reading may have, 2^31 by default. The
  ///     shapes that a file declares are no proof that it holds as much: a hostile one of a few kilobytes may
  ///     declare more than the memory takes.
  /// - Throws: `NetCDFError`; of kind `notFound` where there is no file, of kind `notReadable` where it is no
  ///   NetCDF-4 file, truncated, damaged or not ours to read.
  public init(path: String, maximumElements: Int = 1 << 31) throws(NetCDFError) {
    self.path = path
    let file = try ReadableFile(path: path, maximumElements: maximumElements)
    root = try NetCDFReaderGroup(
      file: file, identifier: file.identifier, name: "/", path: "/", inherited: [:])
  }

  /// The group at a path such as `attractors/0`; the root for `/` or an empty path.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func group(_ path: String) throws(NetCDFError) -> NetCDFReaderGroup { try root.group(path) }

  /// The variable at a path such as `position` or `attractors/position`.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func variable(_ path: String) throws(NetCDFError) -> NetCDFReaderVariable { try root.variable(path) }

  /// The global attribute of that name.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func attribute(_ name: String) throws(NetCDFError) -> NetCDFAttribute { try root.attribute(name) }
}

/// A group of a file that is being read.
public struct NetCDFReaderGroup: Sendable {
  private let file: ReadableFile
  /// Its name, `/` for the root.
  public let name: String
  /// Its place in the file, such as `/` or `/attractors/0`.
  public let path: String
  /// The dimensions that it defines itself.
  public let dimensions: [NetCDFDimension]
  /// Its variables, in the file's order.
  public let variables: [NetCDFReaderVariable]
  /// Its attributes, in the file's order.
  public let attributes: [(name: String, value: NetCDFAttribute)]
  /// The groups within it, in the file's order.
  public let groups: [NetCDFReaderGroup]

  /// The group at a path below this one, such as `attractors/0`.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func group(_ path: String) throws(NetCDFError) -> NetCDFReaderGroup {
    var group = self
    for component in path.split(separator: "/") {
      guard let next = group.groups.first(where: { $0.name == component }) else {
        throw NetCDFError.missing(
          "group", String(component), among: group.groups.map(\.name), path: file.path,
          operation: group.path == "/" ? "find group" : "find, in group \(group.path), the group")
      }
      group = next
    }
    return group
  }

  /// The variable of that name, or at a path below this group such as `attractors/position`.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func variable(_ path: String) throws(NetCDFError) -> NetCDFReaderVariable {
    let components = path.split(separator: "/")
    let group = try group(components.dropLast().joined(separator: "/"))
    let name = components.last.map(String.init) ?? ""
    guard let variable = group.variables.first(where: { $0.name == name }) else {
      throw NetCDFError.missing(
        "variable", name, among: group.variables.map(\.name), path: file.path,
        operation: group.path == "/" ? "find variable" : "find, in group \(group.path), the variable")
    }
    return variable
  }

  /// The attribute of that name.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func attribute(_ name: String) throws(NetCDFError) -> NetCDFAttribute {
    guard let attribute = attributes.first(where: { $0.name == name }) else {
      throw NetCDFError.missing(
        "attribute", name, among: attributes.map(\.name), path: file.path, operation: "find attribute")
    }
    return attribute.value
  }

  init(
    file: ReadableFile, identifier: Int32, name: String, path: String, inherited: [Int32: NetCDFDimension]
  ) throws(NetCDFError) {
    self.file = file
    self.name = name
    self.path = path

    let own = try file.perform("read the dimensions of group", path) { () throws(NetCDFLibrary.Status) in
      var count: Int32 = 0
      try NetCDFLibrary.check(nc_inq_unlimdims(identifier, &count, nil))
      var unlimited = [Int32](repeating: 0, count: Int(count))
      try NetCDFLibrary.check(nc_inq_unlimdims(identifier, &count, &unlimited))
      var own: [(Int32, NetCDFDimension)] = []
      for dimension in try dimensionIdentifiers(of: identifier, withParents: false) {
        let (name, length) = try dimensionDescription(group: identifier, dimension)
        own.append(
          (dimension, NetCDFDimension(name: name, length: length, isUnlimited: unlimited.contains(dimension)))
        )
      }
      return own
    }
    dimensions = own.map(\.1)
    let visible = inherited.merging(own) { _, own in own }
    attributes = try file.attributes(group: identifier, variable: NC_GLOBAL, of: path)

    let variableIdentifiers = try file.perform("list variables", path) { () throws(NetCDFLibrary.Status) in
      var count: Int32 = 0
      try NetCDFLibrary.check(nc_inq_varids(identifier, &count, nil))
      var identifiers = [Int32](repeating: 0, count: Int(count))
      try NetCDFLibrary.check(nc_inq_varids(identifier, &count, &identifiers))
      return identifiers
    }
    var variables: [NetCDFReaderVariable] = []
    for variable in variableIdentifiers {
      variables.append(
        try NetCDFReaderVariable(
          file: file, group: identifier, identifier: variable, groupPath: path, visible: visible))
    }
    self.variables = variables

    let children = try file.perform("list groups", path) { () throws(NetCDFLibrary.Status) in
      var count: Int32 = 0
      try NetCDFLibrary.check(nc_inq_grps(identifier, &count, nil))
      var identifiers = [Int32](repeating: 0, count: Int(count))
      try NetCDFLibrary.check(nc_inq_grps(identifier, &count, &identifiers))
      var children: [(Int32, String)] = []
      for child in identifiers {
        var status = NC_NOERR
        let name = nameFilled { status = nc_inq_grpname(child, $0) }
        try NetCDFLibrary.check(status)
        children.append((child, name))
      }
      return children
    }
    var groups: [NetCDFReaderGroup] = []
    for (child, name) in children {
      groups.append(
        try NetCDFReaderGroup(
          file: file, identifier: child, name: name, path: path == "/" ? "/\(name)" : "\(path)/\(name)",
          inherited: visible))
    }
    self.groups = groups
  }
}

/// A variable of a file that is being read.
///
/// Values are row-major: the last dimension varies fastest.
public struct NetCDFReaderVariable: Sendable {
  private let file: ReadableFile
  private let group: Int32
  private let identifier: Int32
  /// Its name.
  public let name: String
  /// Its place in the file, such as `/attractors/position`.
  public let path: String
  /// Its elements' type.
  public let type: NetCDFType
  /// Its dimensions, slowest first; none for a scalar.
  public let dimensions: [NetCDFDimension]
  /// Its attributes, in the file's order.
  public let attributes: [(name: String, value: NetCDFAttribute)]

  /// Its dimensions' lengths, slowest first.
  public var shape: [Int] { dimensions.map(\.length) }

  /// The attribute of that name.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func attribute(_ name: String) throws(NetCDFError) -> NetCDFAttribute {
    guard let attribute = attributes.first(where: { $0.name == name }) else {
      throw NetCDFError.missing(
        "attribute", name, among: attributes.map(\.name), path: file.path,
        operation: "find, in variable \"\(self.name)\", the attribute")
    }
    return attribute.value
  }

  /// Reads the whole variable as doubles. Of a floating type, elements equal to `_FillValue` or
  /// `missing_value` are NaN.
  ///
  /// - Returns: Shape `shape`, row-major; one value of a scalar.
  /// - Throws: `NetCDFError`; of kind `typeMismatch` for texts, `tooLarge` for more elements than the reader
  ///   allows or the memory takes, `notReadable` where the file is damaged.
  public func readDoubles() throws(NetCDFError) -> [Double] {
    try readDoubles(start: shape.map { _ in 0 }, count: shape)
  }

  /// Reads a part of the variable as doubles, a rectangle in its index space (hyperslab). Missing elements
  /// are NaN as in `readDoubles()`.
  ///
  /// - Parameters:
  ///   - start: The first index along each dimension.
  ///   - count: The number of indices along each dimension.
  /// - Returns: Shape `count`, row-major.
  /// - Throws: As `readDoubles()`, and `shapeMismatch` where the part is not within the variable.
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
  /// - Returns: Shape `shape`, row-major; one value of a scalar.
  /// - Throws: As `readDoubles()`; of kind `typeMismatch` also for a floating type and for values that an
  ///   `Int` does not hold.
  public func readInts() throws(NetCDFError) -> [Int] {
    try readInts(start: shape.map { _ in 0 }, count: shape)
  }

  /// Reads a part of the variable as integers. Parameters as of `readDoubles(start:count:)`, throws as
  /// `readInts()`, and `shapeMismatch` where the part is not within the variable.
  public func readInts(start: [Int], count: [Int]) throws(NetCDFError) -> [Int] {
    guard type.isInteger else { throw mismatch("integers") }
    return try read(start, count) {
      nc_get_vara_longlong(group, identifier, $0, $1, $2)
    }.map(Int.init)
  }

  /// Reads the whole variable as texts.
  ///
  /// - Returns: Shape `shape`, row-major; of a `character` variable without the last dimension, which is the
  ///   length (padding zero bytes are dropped). Bytes that are not UTF-8 become U+FFFD.
  /// - Throws: `NetCDFError`; of kind `typeMismatch` for numbers, `tooLarge` for more elements than the
  ///   reader allows or the memory takes, `notReadable` where the file is damaged.
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

/// The open file behind a reader, its groups and its variables.
final class ReadableFile: Sendable {
  let path: String
  let identifier: Int32
  let maximumElements: Int

  init(path: String, maximumElements: Int) throws(NetCDFError) {
    self.path = path
    self.maximumElements = maximumElements
    try Self.checkReadable(path)
    do throws(NetCDFLibrary.Status) {
      identifier = try NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in
        var identifier: Int32 = -1
        // So the library takes no path for an address in a network, and skips no leading space.
        let location = path.hasPrefix("/") ? path : "./\(path)"
        try NetCDFLibrary.check(nc_open(location, NC_NOWRITE, &identifier))
        return identifier
      }
    } catch {
      throw NetCDFError(error.code, writing: false, path: path, operation: "open", name: nil)
    }
  }

  deinit {
    let identifier = identifier
    try? NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in try NetCDFLibrary.check(nc_close(identifier))
    }
  }

  /// Finds what the library reports poorly or not at all.
  private static func checkReadable(_ path: String) throws(NetCDFError) {
    func failure(_ kind: NetCDFError.Kind, _ message: String, remedy: String? = nil) -> NetCDFError {
      NetCDFError(kind, path: path, operation: "open", message: message, remedy: remedy)
    }
    // Without blocking, for the path may name a pipe.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let message = errno
      let kind: NetCDFError.Kind = message == ENOENT || message == ENOTDIR ? .notFound : .notReadable
      throw failure(
        kind, String(cString: strerror(message)),
        remedy: kind == .notFound ? "check the path" : "check the permissions")
    }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
      throw failure(.notReadable, "it is no regular file", remedy: "give the path of a NetCDF-4 file")
    }
    var signature = [UInt8](repeating: 0, count: 4)
    if read(descriptor, &signature, 4) == 4, signature.starts(with: "CDF".utf8), signature[3] < 32 {
      throw failure(
        .notReadable, "it is a file of the classic NetCDF format",
        remedy: "convert it: nccopy -k netCDF-4 OLD.nc NEW.nc")
    }
  }

  /// Calls the library under the lock.
  func status(_ body: () -> Int32) -> Int32 {
    let result: Int32? = try? NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in body() }
    // The file must not be closed while the lock is held.
    withExtendedLifetime(self) {}
    return result ?? NC_EINTERNAL
  }

  /// Calls the library under the lock and turns its complaints into errors.
  func perform<Value: Sendable>(
    _ operation: String, _ name: String?, _ body: () throws(NetCDFLibrary.Status) -> Value
  ) throws(NetCDFError) -> Value {
    do throws(NetCDFLibrary.Status) {
      let value = try NetCDFLibrary.call(body)
      withExtendedLifetime(self) {}
      return value
    } catch {
      throw NetCDFError(error.code, writing: false, path: path, operation: operation, name: name)
    }
  }

  /// The attributes of a group (`variable` is `NC_GLOBAL`) or variable.
  func attributes(
    group: Int32, variable: Int32, of name: String
  ) throws(NetCDFError) -> [(name: String, value: NetCDFAttribute)] {
    try perform("read the attributes of", name) { () throws(NetCDFLibrary.Status) in
      var count: Int32 = 0
      try NetCDFLibrary.check(
        variable == NC_GLOBAL ? nc_inq_natts(group, &count) : nc_inq_varnatts(group, variable, &count))
      var attributes: [(name: String, value: NetCDFAttribute)] = []
      for number in 0..<count {
        var status = NC_NOERR
        let name = nameFilled { status = nc_inq_attname(group, variable, number, $0) }
        try NetCDFLibrary.check(status)
        if let value = try attribute(name, group: group, variable: variable) {
          attributes.append((name, value))
        }
      }
      return attributes
    }
  }

  private func attribute(
    _ name: String, group: Int32, variable: Int32
  ) throws(NetCDFLibrary.Status) -> NetCDFAttribute? {
    var code: nc_type = 0
    var length = 0
    try NetCDFLibrary.check(nc_inq_att(group, variable, name, &code, &length))
    guard length >= 0, length <= maximumElements, memoryIsAvailable(for: length, of: 8) else {
      throw NetCDFLibrary.Status(code: NC_ENOMEM)
    }
    let type = NetCDFType(code: code)
    switch type {
    case .character:
      var bytes = [CChar](repeating: 0, count: max(length, 1))
      try NetCDFLibrary.check(nc_get_att_text(group, variable, name, &bytes))
      return .text(String(decoding: bytes.prefix(length).lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    case .string:
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: max(length, 1))
      try NetCDFLibrary.check(nc_get_att_string(group, variable, name, &pointers))
      let texts = pointers.prefix(length).map { $0.map { String(cString: $0) } ?? "" }
      try NetCDFLibrary.check(nc_free_string(length, &pointers))
      return .texts(texts)
    case .other:
      return nil
    default:
      if type.isInteger {
        var integers = [CLongLong](repeating: 0, count: max(length, 1))
        let status = nc_get_att_longlong(group, variable, name, &integers)
        // Beyond the range of 64 bits with a sign, a double tells the most.
        if status != NC_ERANGE {
          try NetCDFLibrary.check(status)
          if length == 1, let single = Int(exactly: integers[0]) { return .int(single) }
          if type == .int64 || type == .uint64 || type == .uint32 {
            return .int64s(integers.prefix(length).map { Int64($0) })
          }
          return .ints(integers.prefix(length).map { Int32($0) })
        }
      }
      var doubles = [Double](repeating: 0, count: max(length, 1))
      try NetCDFLibrary.check(nc_get_att_double(group, variable, name, &doubles))
      return length == 1 ? .double(doubles[0]) : .doubles(Array(doubles.prefix(length)))
    }
  }
}

/// Whether the system grants that much memory, without touching it; an array that asks in vain would end the
/// process.
private func memoryIsAvailable(for elements: Int, of size: Int) -> Bool {
  let (bytes, overflow) = elements.multipliedReportingOverflow(by: size)
  if overflow { return false }
  if bytes < 1 << 26 { return true }
  // Systems grant more than they have, and end the process when it is touched.
  let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
  if pages > 0, size > 0, bytes / size > pages { return false }
  guard let region = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
    region != UnsafeMutableRawPointer(bitPattern: -1)
  else { return false }
  munmap(region, bytes)
  return true
}
