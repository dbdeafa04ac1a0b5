import Output
import RunFiles
import Vocabulary

/// Variables of a NetCDF file as a tidy table, with one row per combination of coordinates and one column per variable.
///
/// A variable is followed by its standard error if there is one. Variables of fewer dimensions are repeated along the
/// dimensions that they lack.
public struct TidyTable: Sendable {
  /// The names of the columns: the coordinates, then the variables, with their paths where names would not tell them
  /// apart.
  public let columns: [String]
  /// The length of each dimension, slowest first.
  public let shape: [Int]
  /// The file's global attributes.
  public let attributes: [(name: String, value: NetCDFAttribute)]
  private let cells: [Column]

  private struct Column: Sendable {
    var values: Values
    /// The number of elements to step for each index of each of the table's dimensions.
    var strides: [Int]
  }

  private enum Values: Sendable {
    case doubles([Double])
    case integers([Int])
    /// 0, 1, 2, ..., for a dimension without a coordinate.
    case indices
    case texts([String])
  }

  /// The number of rows.
  public var rowCount: Int { RowMajorShape(shape).count }

  /// Reads a table.
  ///
  /// - Parameters:
  ///   - reader: The file.
  ///   - names: Variables, as `NAME` or `GROUP/NAME`. If empty, all averages over (level, time), or whatever the
  ///     leading dimensions are.
  /// - Throws: `NetCDFError` if a variable is absent, or if variables do not fit in one table.
  public init(_ reader: NetCDFReader, variables names: [String]) throws(NetCDFError) {
    var chosen = names.isEmpty ? try Self.averages(reader) : []
    for name in names { chosen.append(try reader.variable(name)) }
    let widest = chosen.max { $0.dimensions.count < $1.dimensions.count }
    let dimensions = widest?.dimensions ?? []
    try Self.check(chosen, dimensions, path: reader.path)

    shape = dimensions.map(\.length)
    attributes = reader.root.attributes
    var columns: [String] = []
    var cells: [Column] = []
    let group = widest.map { Self.groupPath(of: $0.path) } ?? ""
    for (axis, dimension) in dimensions.enumerated() {
      var strides = [Int](repeating: 0, count: dimensions.count)
      strides[axis] = 1
      columns.append(dimension.name)
      cells.append(
        Column(values: try Self.coordinate(dimension, group: group, reader), strides: strides))
    }
    let all = Self.withErrors(chosen, reader)
    for variable in all {
      var strides = [Int](repeating: 0, count: dimensions.count)
      var step = 1
      for dimension in variable.dimensions.reversed() {
        if let axis = dimensions.firstIndex(of: dimension) { strides[axis] = step }
        step *= dimension.length
      }
      columns.append(Self.columnName(variable, among: all, dimensions))
      cells.append(Column(values: try Self.read(variable), strides: strides))
    }
    self.columns = columns
    self.cells = cells
  }

  /// The variable's name or, if another variable has it too, its path. A path that is a dimension's name begins with a
  /// slash.
  private static func columnName(
    _ variable: NetCDFReaderVariable, among all: [NetCDFReaderVariable], _ dimensions: [NetCDFDimension]
  ) -> String {
    let isUnique = all.count { $0.name == variable.name } == 1
    let path = String(variable.path.drop { $0 == "/" })
    let name = isUnique ? variable.name : path
    return dimensions.contains { $0.name == name } ? "/" + path : name
  }

  /// The root's averages over time, those with the fewest dimensions.
  private static func averages(_ reader: NetCDFReader) throws(NetCDFError) -> [NetCDFReaderVariable] {
    let roles = VariableRoles(reader.root)
    let averages = reader.root.variables.filter { variable in
      if case .average = roles[variable.name] { variable.dimensions.last?.name == "time" } else { false }
    }
    let widest = averages.min { $0.dimensions.count < $1.dimensions.count }
    guard let widest else {
      throw NetCDFError(
        .missingName, path: reader.path, operation: "find averages",
        message: "the file holds no averages over time",
        remedy: "name variables with --variables ('simulate inspect' lists them)")
    }
    return averages.filter { $0.dimensions == widest.dimensions }
  }

  /// Throws if variables do not fit in one table or are too large for one.
  private static func check(
    _ chosen: [NetCDFReaderVariable], _ dimensions: [NetCDFDimension], path: String
  ) throws(NetCDFError) {
    for variable in chosen where !variable.dimensions.allSatisfy({ dimensions.contains($0) }) {
      throw NetCDFError(
        .shapeMismatch, path: path, operation: "make a table with", name: variable.name,
        message: "its dimensions \(variable.dimensions.map(\.name)) are not among \(dimensions.map(\.name))",
        remedy: "export it separately")
    }
    // The shapes that a file declares do not prove that it holds as much.
    for variable in chosen where product(variable.shape).map({ $0 > 1 << 31 }) ?? true {
      throw NetCDFError(
        .tooLarge, path: path, operation: "make a table with", name: variable.name,
        message: "\(variable.shape) elements are more than \(1 << 31)",
        remedy: "read a part in another program")
    }
  }

  /// The variables, each followed by its standard error if there is one.
  private static func withErrors(
    _ chosen: [NetCDFReaderVariable], _ reader: NetCDFReader
  ) -> [NetCDFReaderVariable] {
    var roles: [String: VariableRoles] = [:]
    var result: [NetCDFReaderVariable] = []
    for variable in chosen {
      result.append(variable)
      let path = groupPath(of: variable.path)
      guard let group = try? reader.group(path) else { continue }
      let known = roles[path] ?? VariableRoles(group)
      roles[path] = known
      guard let error = known.name(of: .standardError(of: variable.name)),
        let found = try? group.variable(error), !chosen.contains(where: { $0.path == found.path })
      else { continue }
      result.append(found)
    }
    return result
  }

  private static func groupPath(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  private static func read(_ variable: NetCDFReaderVariable) throws(NetCDFError) -> Values {
    if variable.type == .string || variable.type == .character { return .texts(try variable.readStrings()) }
    return variable.type.isInteger ? .integers(try variable.readInts()) : .doubles(try variable.readDoubles())
  }

  /// The coordinate variable of the group or those above it (or the texts that its numbers stand for); otherwise the
  /// index.
  private static func coordinate(
    _ dimension: NetCDFDimension, group: String, _ reader: NetCDFReader
  ) throws(NetCDFError) -> Values {
    var place = group
    while true {
      if let variable = try? reader.variable(place + "/" + dimension.name), variable.dimensions == [dimension]
      {
        if let words = try reader.group(place).words(of: dimension) { return .texts(words) }
        return try read(variable)
      }
      guard !place.isEmpty else { return .indices }
      place = groupPath(of: place)
    }
  }

  /// The element of a column that belongs to the row with these indices.
  private func element(_ column: Column, _ indices: [Int]) -> Int {
    zip(indices, column.strides).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Writes the table as CSV (RFC 4180), in pieces. Missing values are empty fields, and control characters are
  /// escaped.
  public func writeCSV(_ write: (String) throws -> Void) rethrows {
    try write(columns.map { $0.csvField }.joined(separator: ",") + "\n")
    let rows = RowMajorShape(shape)
    for row in 0..<rows.count {
      let indices = rows.indices(of: row)
      let fields = cells.map { column -> String in
        let k = element(column, indices)
        switch column.values {
        case .doubles(let values): return values[k].isNaN ? "" : "\(values[k])"
        case .integers(let values): return "\(values[k])"
        case .indices: return "\(k)"
        case .texts(let values): return values[k].csvField
        }
      }
      try write(fields.joined(separator: ",") + "\n")
    }
  }

  /// Writes the table as JSON, in pieces: `{"attributes": {...}, "records": [{...}, ...]}`. Missing values are null.
  public func writeJSON(_ write: (String) throws -> Void) rethrows {
    let header = attributes.map { "    \(Self.json($0.name)): \(Self.json($0.value))" }
    try write("{\n  \"attributes\": {\n" + header.joined(separator: ",\n") + "\n  },\n  \"records\": ")
    try writeRecords(indentation: "  ", write)
    try write("\n}\n")
  }

  /// Writes only the records, as a JSON array in pieces. `pandas.read_json` reads this without options.
  public func writeRecords(_ write: (String) throws -> Void) rethrows {
    try writeRecords(indentation: "", write)
    try write("\n")
  }

  private func writeRecords(indentation: String, _ write: (String) throws -> Void) rethrows {
    try write("[")
    let rows = RowMajorShape(shape)
    for row in 0..<rows.count {
      let indices = rows.indices(of: row)
      let fields = zip(columns, cells).map { name, column -> String in
        let k = element(column, indices)
        let value: String =
          switch column.values {
          case .doubles(let values): Self.json(values[k])
          case .integers(let values): "\(values[k])"
          case .indices: "\(k)"
          case .texts(let values): Self.json(values[k])
          }
        return "\(Self.json(name)): \(value)"
      }
      try write((row == 0 ? "\n" : ",\n") + indentation + "  {" + fields.joined(separator: ", ") + "}")
    }
    try write("\n" + indentation + "]")
  }

  private static func json(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }

  private static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.isTerminalControl:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func json(_ value: NetCDFAttribute) -> String {
    if let text = value.text { return json(text) }
    if let integer = value.integer { return "\(integer)" }
    if let numbers = value.numbers {
      return numbers.count == 1
        ? json(numbers[0]) : "[" + numbers.map { json($0) }.joined(separator: ", ") + "]"
    }
    if case .texts(let texts) = value { return "[" + texts.map { json($0) }.joined(separator: ", ") + "]" }
    return "null"
  }
}
