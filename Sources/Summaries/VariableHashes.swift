import Numerics
import Output
import RunFiles

/// The SHA-256 of each variable of a run file, and one of all together.
///
/// They depend on what was computed, and not on when, where and by which version: attributes are no part of them, and variables
/// that are reproducible to a tolerance only are left out.
///
/// The hash of a variable is that of these bytes: its path, its type and its dimensions, each a line of text
/// (`/members/item`, `int32`, `member=300`; dimensions separated by commas, an empty line for a scalar), and then its
/// values, row-major. Numbers are little-endian, and every NaN or missing floating number is the quiet NaN without a sign
/// or payload; a text is its UTF-8 bytes and a zero byte. The hash of the file is that of ``list``.
public struct VariableHashes: Equatable, Sendable {
  /// The hashes as lower-case hexadecimal digits, by path.
  public private(set) var ofPath: [String: String] = [:]

  /// Computes the hashes of a file.
  ///
  /// Values are read part by part: the memory needed is bounded, whatever the file's size.
  ///
  /// - Throws: `NetCDFError`.
  public init(_ reader: NetCDFReader) throws(NetCDFError) { try add(reader.root) }

  private mutating func add(_ group: NetCDFReaderGroup) throws(NetCDFError) {
    for variable in group.variables where Reproducibility(variable.attributes) == .bits {
      ofPath[variable.path] = try Self.hash(of: variable)
    }
    for group in group.groups { try add(group) }
  }

  /// Reads a list as ``list`` writes it, or as `sha256sum` does: hash, white space, path. Lines that begin with # are comments.
  ///
  /// - Returns: nil if a line is anything else, if a path occurs twice, or if there is none.
  public init?(list: String) {
    for line in list.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let parts = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
      guard parts.count == 2, Self.isHash(parts[0]), parts[1].hasPrefix("/") || parts[1].hasPrefix(" /")
      else {
        return nil
      }
      let path = String(parts[1].drop { $0 == " " })
      guard ofPath.updateValue(parts[0].lowercased(), forKey: path) == nil else { return nil }
    }
    if ofPath.isEmpty { return nil }
  }

  /// Whether a text is 64 hexadecimal digits.
  public static func isHash(_ text: some StringProtocol) -> Bool {
    text.utf8.count == 64 && text.allSatisfy(\.isHexDigit)
  }

  /// The paths, in ascending order of their UTF-8 bytes.
  public var paths: [String] { ofPath.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  /// One line per variable in the order of ``paths``: its hash, two spaces, its path.
  public var list: String { paths.map { "\(ofPath[$0] ?? "")  \($0)\n" }.joined() }

  /// The hash of all: SHA-256 of ``list``.
  public var ofFile: String { ContentHash.hexadecimal(of: list) }

  /// The paths whose hashes differ, or that only one of the two has.
  public func differences(from other: VariableHashes) -> [String] {
    var all = self
    all.ofPath.merge(other.ofPath) { own, _ in own }
    return all.paths.filter { ofPath[$0] != other.ofPath[$0] }
  }
}

extension VariableHashes {
  private static func hash(of variable: NetCDFReaderVariable) throws(NetCDFError) -> String {
    var hash = ContentHash()
    let dimensions = variable.dimensions.map { "\($0.name)=\($0.length)" }.joined(separator: ",")
    hash.update("\(variable.path)\n\(typeName(variable.type))\n\(dimensions)\n")
    for part in VariableParts(variable.shape) { try update(&hash, variable, part) }
    return hash.hexadecimal()
  }

  /// A type's name as numpy has it.
  private static func typeName(_ type: NetCDFType) -> String {
    switch type {
    case .double: "float64"
    case .float: "float32"
    default: "\(type)"
    }
  }

  private static func update(
    _ hash: inout ContentHash, _ variable: NetCDFReaderVariable, _ part: VariableParts.Part
  ) throws(NetCDFError) {
    switch variable.type {
    case .double:
      hash.update(
        try variable.readDoubles(start: part.start, count: part.count)
          .map { ($0.isNaN ? Double.nan : $0).bitPattern.littleEndian })
    case .float:
      hash.update(
        try variable.readDoubles(start: part.start, count: part.count)
          .map { ($0.isNaN ? Float.nan : Float($0)).bitPattern.littleEndian })
    case .string, .character:
      for text in try variable.readStrings() { hash.update(text + "\0") }
    case .int64, .uint64:
      hash.update(try integers(variable, part, as: Int64.self))
    case .int32, .uint32:
      hash.update(try integers(variable, part, as: Int32.self))
    case .int16, .uint16:
      hash.update(try integers(variable, part, as: Int16.self))
    case .int8, .uint8:
      hash.update(try integers(variable, part, as: Int8.self))
    case .other:
      break
    }
  }

  private static func integers<Integer: FixedWidthInteger>(
    _ variable: NetCDFReaderVariable, _ part: VariableParts.Part, as type: Integer.Type
  ) throws(NetCDFError) -> [Integer] {
    try variable.readInts(start: part.start, count: part.count).map {
      Integer(truncatingIfNeeded: $0).littleEndian
    }
  }
}
