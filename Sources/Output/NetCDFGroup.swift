internal import CNetCDF

/// A group of a file that is being written: the root, or a group below it.
public struct NetCDFGroup {
  let file: WritableFile
  let identifier: Int32
  /// The group's place in the file, such as `/` or `/attractors/0`.
  public let path: String

  /// Defines a group within this one.
  ///
  /// - Throws: `NetCDFError`; of kind `invalidName` if the name is taken or not allowed.
  public func defineGroup(_ name: String) throws(NetCDFError) -> NetCDFGroup {
    let group = try file.perform("define group", name) { () throws(NetCDFLibrary.Status) in
      var group: Int32 = 0
      try NetCDFLibrary.check(nc_def_grp(identifier, name, &group))
      return group
    }
    return NetCDFGroup(file: file, identifier: group, path: path == "/" ? "/\(name)" : "\(path)/\(name)")
  }

  /// Defines a dimension for the variables of this group and of the groups below it.
  ///
  /// - Parameters:
  ///   - name: The dimension's name.
  ///   - length: The dimension's length. 0 is allowed; the file then calls it unlimited, with the present length 0.
  /// - Throws: `NetCDFError`; of kind `invalidName` if the name is taken or not allowed.
  public func defineDimension(_ name: String, length: Int) throws(NetCDFError) {
    precondition(length >= 0, "a dimension's length is not negative")
    _ = try define(dimension: name, length: length)
  }

  /// Defines a dimension that grows as values are written.
  ///
  /// - Throws: `NetCDFError`; of kind `invalidName` if the name is taken or not allowed.
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
  ///   - name: The variable's name.
  ///   - type: The elements' type; neither `character` nor `other`.
  ///   - dimensions: The names of dimensions of this group or those above it, slowest first; empty for a scalar.
  ///   - attributes: The variable's attributes, in the order in which the file has them.
  ///   - fillValue: The number that stands for a missing element, for floating types only (usually
  ///     `NetCDFWriter.missing`). Integers have none, because readers would turn them into floats.
  ///   - compression: Whether to compress (deflate 4 with shuffle) variables of more than 16 KiB. Strings are never
  ///     compressed.
  ///   - chunks: The shape of the pieces in which the file stores the array; nil for the library's choice.
  /// - Throws: `NetCDFError`; of kind `invalidName` if the name is taken or not allowed, `missingName` for an
  ///   unknown dimension, `typeMismatch` for a fill value of a type that has none, `shapeMismatch` for chunks that
  ///   do not fit.
  @discardableResult
  public func defineVariable(
    _ name: String, type: NetCDFType, dimensions: [String] = [],
    attributes: [(String, NetCDFAttribute)] = [], fillValue: Double? = nil, compression: Bool = true,
    chunks: [Int]? = nil
  ) throws(NetCDFError) -> NetCDFVariable {
    let code = try typeCode(of: type, fillValue: fillValue, name)
    let (identifiers, lengths) = try find(dimensions: dimensions, for: name)
    if let chunks { try check(chunks, lengths, name) }
    let bytes = lengths.reduce(type.size) { product, length in
      length.map { product.multipliedReportingOverflow(by: $0) }.map { $0.overflow ? .max : $0.partialValue }
        ?? .max
    }
    let compressed = compression && type != .string && !dimensions.isEmpty && bytes > 16_384

    let variable = try file.perform(Self.defining, name) { () throws(NetCDFLibrary.Status) in
      var variable: Int32 = 0
      try NetCDFLibrary.check(
        nc_def_var(identifier, name, code, Int32(identifiers.count), identifiers, &variable))
      if let fillValue {
        // Without this call the library fills with its default value and writes no `_FillValue`. Its "no fill" mode
        // would do the same for readers, but would leave arbitrary bytes in elements that are never written.
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

  private static let defining = "define variable"

  private func typeCode(
    of type: NetCDFType, fillValue: Double?, _ name: String
  ) throws(NetCDFError) -> nc_type {
    guard let code = type.code else {
      throw file.failure(.typeMismatch, Self.defining, name, "the type \(type) cannot be written")
    }
    guard fillValue == nil || type.isFloating else {
      throw file.failure(
        .typeMismatch, Self.defining, name, "the type \(type) has no fill value",
        remedy: "leave fillValue out, and let an integer such as -1 stand for none")
    }
    return code
  }

  /// The dimensions that a variable names. A length is nil if the dimension is unlimited.
  private func find(
    dimensions: [String], for variable: String
  ) throws(NetCDFError) -> (identifiers: [Int32], lengths: [Int?]) {
    var identifiers: [Int32] = []
    var lengths: [Int?] = []
    for dimension in dimensions {
      guard let (identifier, length) = try find(dimension: dimension) else {
        throw NetCDFError.missing(
          "dimension", dimension, among: try visibleDimensions(), path: file.path,
          operation: "\(Self.defining) \"\(variable)\" with dimension")
      }
      identifiers.append(identifier)
      lengths.append(file.unlimited.contains(identifier) ? nil : length)
    }
    return (identifiers, lengths)
  }

  private func check(_ chunks: [Int], _ lengths: [Int?], _ name: String) throws(NetCDFError) {
    let fits = zip(chunks, lengths).allSatisfy { $0 > 0 && $0 <= max($1 ?? .max, 1) }
    guard chunks.count == lengths.count, fits else {
      throw file.failure(
        .shapeMismatch, Self.defining, name, "chunks \(chunks) do not fit the shape \(describe(lengths))",
        remedy: "give one length per dimension, from 1 to the dimension's")
    }
  }

  /// Sets an attribute of the group. An attribute of the root is a global attribute of the file.
  ///
  /// - Throws: `NetCDFError`; of kind `invalidName` if the name is not allowed.
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

/// A shape in words, for messages.
func describe(_ lengths: [Int?]) -> String {
  "[\(lengths.map { $0.map(String.init) ?? "unlimited" }.joined(separator: ", "))]"
}
