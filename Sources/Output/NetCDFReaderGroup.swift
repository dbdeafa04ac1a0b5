internal import CNetCDF

/// A group of a file that is being read.
public struct NetCDFReaderGroup: Sendable {
  private let file: ReadableFile
  /// The group's name, `/` for the root.
  public let name: String
  /// The group's place in the file, such as `/` or `/attractors/0`.
  public let path: String
  /// The dimensions that the group itself defines.
  public let dimensions: [NetCDFDimension]
  /// The group's variables, in the file's order.
  public let variables: [NetCDFReaderVariable]
  /// The group's attributes, in the file's order.
  public let attributes: [(name: String, value: NetCDFAttribute)]
  /// The groups within it, in the file's order.
  public let groups: [NetCDFReaderGroup]

  /// The group at a path below this one, such as `attractors/0`.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which lists the nearest name and those that exist.
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

  /// The variable of that name, or the one at a path below this group such as `attractors/position`.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which lists the nearest name and those that exist.
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
  /// - Throws: `NetCDFError` of kind `missingName`, which lists the nearest name and those that exist.
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

    let own = try Self.dimensions(of: identifier, path, file)
    dimensions = own.map(\.1)
    let visible = inherited.merging(own) { _, own in own }
    attributes = try file.attributes(group: identifier, variable: NC_GLOBAL, of: path)
    var variables: [NetCDFReaderVariable] = []
    for variable in try Self.variables(of: identifier, path, file) {
      variables.append(
        try NetCDFReaderVariable(
          file: file, group: identifier, identifier: variable, groupPath: path, visible: visible))
    }
    self.variables = variables
    var groups: [NetCDFReaderGroup] = []
    for (child, name) in try Self.children(of: identifier, path, file) {
      groups.append(
        try NetCDFReaderGroup(
          file: file, identifier: child, name: name, path: path == "/" ? "/\(name)" : "\(path)/\(name)",
          inherited: visible))
    }
    self.groups = groups
  }

  private static func dimensions(
    of group: Int32, _ path: String, _ file: ReadableFile
  ) throws(NetCDFError) -> [(Int32, NetCDFDimension)] {
    try file.perform("read the dimensions of group", path) { () throws(NetCDFLibrary.Status) in
      var count: Int32 = 0
      try NetCDFLibrary.check(nc_inq_unlimdims(group, &count, nil))
      var unlimited = [Int32](repeating: 0, count: Int(count))
      try NetCDFLibrary.check(nc_inq_unlimdims(group, &count, &unlimited))
      var own: [(Int32, NetCDFDimension)] = []
      for dimension in try dimensionIdentifiers(of: group, withParents: false) {
        let (name, length) = try dimensionDescription(group: group, dimension)
        own.append(
          (dimension, NetCDFDimension(name: name, length: length, isUnlimited: unlimited.contains(dimension)))
        )
      }
      return own
    }
  }

  private static func variables(
    of group: Int32, _ path: String, _ file: ReadableFile
  ) throws(NetCDFError) -> [Int32] {
    try file.perform("list variables", path) { () throws(NetCDFLibrary.Status) in
      var count: Int32 = 0
      try NetCDFLibrary.check(nc_inq_varids(group, &count, nil))
      var identifiers = [Int32](repeating: 0, count: Int(count))
      try NetCDFLibrary.check(nc_inq_varids(group, &count, &identifiers))
      return identifiers
    }
  }

  private static func children(
    of group: Int32, _ path: String, _ file: ReadableFile
  ) throws(NetCDFError) -> [(Int32, String)] {
    try file.perform("list groups", path) { () throws(NetCDFLibrary.Status) in
      var count: Int32 = 0
      try NetCDFLibrary.check(nc_inq_grps(group, &count, nil))
      var identifiers = [Int32](repeating: 0, count: Int(count))
      try NetCDFLibrary.check(nc_inq_grps(group, &count, &identifiers))
      var children: [(Int32, String)] = []
      for child in identifiers {
        var status = NC_NOERR
        let name = nameFilled { status = nc_inq_grpname(child, $0) }
        try NetCDFLibrary.check(status)
        children.append((child, name))
      }
      return children
    }
  }
}
