import Datasets
import Output

/// A variable of a NetCDF-4 or HDF5 file.
///
/// `scale_factor` and `add_offset` are applied, elements equal to `_FillValue` or `missing_value` are missing (NaN).
/// Half-precision numbers of HDF5 files come as `float32`, exactly.
struct NetCDFArray: ArraySource {
  let place: String
  let elementType: ArrayElementType
  let shape: [Int]
  let isColumnMajor = false
  private let variable: NetCDFReaderVariable
  private let scale: Double
  private let offset: Double
  /// Elements that stand for missing ones, before scaling.
  private let missing: [Double]

  private static let chunkElements = 1 << 16

  /// Opens a file and finds the variable.
  ///
  /// - Parameter name: A path such as `images` or `group/images`; nil: the only variable.
  /// - Throws: `DatasetError`.
  init(file path: String, variable name: String?) throws(DatasetError) {
    let place = path + (name.map { ":" + $0 } ?? "")
    let variable: NetCDFReaderVariable
    do throws(NetCDFError) {
      try HDF5Inspection.refuseDepartures(from: path)
      if let name { try HDF5Inspection.refuseHidden(name, of: path) }
      let reader = try NetCDFReader(path: path)
      guard let name = name ?? Self.onlyVariable(of: reader) else {
        throw NetCDFError(
          .missingName, path: path, operation: "choose a variable of", message: "no variable is named",
          remedy: "write FILE:VARIABLE; there are "
            + Self.variables(of: reader.root).prefix(20).joined(separator: ", "))
      }
      variable = try reader.variable(name)
    } catch {
      throw Self.error(error, place)
    }
    self.place = place
    self.variable = variable
    // The last size of characters is the texts' length.
    shape = variable.type == .character ? variable.shape.dropLast() : variable.shape
    func numbers(_ attribute: String) -> [Double] {
      variable.attributes.first { $0.name == attribute }?.value.numbers ?? []
    }
    scale = numbers("scale_factor").first ?? 1
    offset = numbers("add_offset").first ?? 0
    missing = (numbers("_FillValue") + numbers("missing_value")).filter { !$0.isNaN }
    guard let type = Self.type(variable.type) else {
      throw DatasetError(
        kind: .invalid, path: place, problem: "the variable's type is \(variable.type)",
        expected: "numbers or texts", remedy: "choose another variable")
    }
    elementType =
      type != .text && (scale != 1 || offset != 0)
      ? .real(bits: 64) : type == .byte && !missing.isEmpty ? .integer(bits: 8, isSigned: false) : type
    guard shape.allSatisfy({ $0 >= 0 }), ArrayShape.size(shape, width: 8) != nil else {
      throw invalid(
        "the variable declares \(ArrayShape.text(shape)) elements", expected: "less than 2^63 bytes",
        remedy: "write the file again")
    }
  }

  private static func onlyVariable(of reader: NetCDFReader) -> String? {
    let names = variables(of: reader.root)
    return names.count == 1 ? names[0] : nil
  }

  private static func variables(of group: NetCDFReaderGroup) -> [String] {
    group.variables.map { String($0.path.drop { $0 == "/" }) } + group.groups.flatMap { variables(of: $0) }
  }

  private static func type(_ type: NetCDFType) -> ArrayElementType? {
    switch type {
    case .double: .real(bits: 64)
    case .float: .real(bits: 32)
    case .uint8: .byte
    case .int8: .integer(bits: 8, isSigned: true)
    case .int16: .integer(bits: 16, isSigned: true)
    case .uint16: .integer(bits: 16, isSigned: false)
    case .int32: .integer(bits: 32, isSigned: true)
    case .uint32: .integer(bits: 32, isSigned: false)
    case .int64: .integer(bits: 64, isSigned: true)
    case .uint64: .integer(bits: 64, isSigned: false)
    case .string, .character: .text
    case .other: nil
    }
  }

  /// The same failure as one of data sets.
  private static func error(_ error: NetCDFError, _ place: String) -> DatasetError {
    let kind: DatasetError.Kind =
      switch error.kind {
      case .notFound: .missing
      case .inputOutput: .unreadable
      default: .invalid
      }
    return DatasetError(
      kind: kind, path: place, problem: "cannot \(error.operation): \(error.message)",
      expected: "a variable of a NetCDF-4 or HDF5 file", remedy: error.remedy)
  }

  func forEachChunk(_ body: (Int, ArrayChunk) throws -> Void) throws {
    guard count > 0 else { return }
    if elementType == .text {
      let texts: [String]
      do { texts = try variable.readStrings() } catch { throw Self.error(error, place) }
      return try body(0, .texts(texts))
    }
    guard let rows = shape.first else { return try body(0, chunk(start: [], count: [])) }
    let perRow = count / rows
    let rowsPerChunk = max(1, Self.chunkElements / perRow)
    for row in stride(from: 0, to: rows, by: rowsPerChunk) {
      let part = [min(rowsPerChunk, rows - row)] + shape.dropFirst()
      try body(row * perRow, try chunk(start: [row] + shape.dropFirst().map { _ in 0 }, count: part))
    }
  }

  private func chunk(start: [Int], count: [Int]) throws -> ArrayChunk {
    let raw: [Double]
    do { raw = try variable.readDoubles(start: start, count: count) } catch {
      throw Self.error(error, place)
    }
    if elementType == .byte { return .bytes(raw.map { UInt8($0) }) }
    return .numbers(
      raw.map { missing.contains($0) ? .nan : scale == 1 && offset == 0 ? $0 : $0 * scale + offset })
  }
}
