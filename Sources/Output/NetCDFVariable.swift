internal import CNetCDF

/// A variable of a file that is being written.
///
/// Values are row-major, so the last dimension varies fastest. NaN is written as the fill value if the variable
/// declares one, and otherwise as NaN. Doubles in a `float` variable are rounded, and those beyond its range become
/// infinite. Integer variables take only integers, and floating variables only floating numbers.
public struct NetCDFVariable {
  let file: WritableFile
  let group: Int32
  let identifier: Int32
  /// The variable's name.
  public let name: String
  /// The elements' type.
  public let type: NetCDFType
  /// The number that stands for a missing element; nil if none was declared.
  public let fillValue: Double?
  let dimensionIdentifiers: [Int32]
  /// The dimensions' lengths; nil for a dimension that grows as values are written.
  public let lengths: [Int?]

  /// Sets an attribute of the variable.
  ///
  /// - Throws: `NetCDFError`; of kind `invalidName` if the name is not allowed or is `_FillValue`.
  public func setAttribute(_ name: String, _ value: NetCDFAttribute) throws(NetCDFError) {
    try file.setAttribute(name, value, group: group, variable: identifier)
  }

  // MARK: The whole variable

  /// Writes the whole variable. Along a leading unlimited dimension, there are as many rows as there are values
  /// for.
  ///
  /// - Parameter values: Row-major, in the variable's shape; one value for a scalar.
  /// - Throws: `NetCDFError`; of kind `typeMismatch`, `shapeMismatch` or `inputOutput`.
  public func write(_ values: [Double]) throws(NetCDFError) {
    try put(.doubles(values), region: try whole(values.count))
  }

  /// Writes the whole variable. nil becomes the fill value. Throws what `write(_: [Double])` throws, and
  /// `typeMismatch` if there is a nil and the variable declares no fill value.
  public func write(_ values: [Double?]) throws(NetCDFError) {
    try put(.doubles(try filled(values)), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws what `write(_: [Double])` throws.
  public func write(_ values: [Float]) throws(NetCDFError) {
    try put(.floats(values), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws what `write(_: [Double])` throws, and `typeMismatch` for a value that the
  /// variable's type cannot hold.
  public func write(_ values: [Int32]) throws(NetCDFError) {
    try put(.int32s(values), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws what `write(_: [Int32])` throws.
  public func write(_ values: [Int64]) throws(NetCDFError) {
    try put(.int64s(values), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws what `write(_: [Int32])` throws.
  public func write(_ values: [Int]) throws(NetCDFError) {
    try put(.int64s(values.map(Int64.init)), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws what `write(_: [Int32])` throws.
  public func write(_ values: [UInt8]) throws(NetCDFError) {
    try put(.int64s(values.map(Int64.init)), region: try whole(values.count))
  }

  /// Writes the whole variable. Throws what `write(_: [Double])` throws, and `typeMismatch` for a text with a zero
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

  /// Writes a part of the variable. nil becomes the fill value. Throws what `write(_: [Double], start:, count:)`
  /// throws, and `typeMismatch` if there is a nil and the variable declares no fill value.
  public func write(_ values: [Double?], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.doubles(try filled(values)), region: (start, count))
  }

  /// Writes a part of the variable. Throws what `write(_: [Double], start:, count:)` throws.
  public func write(_ values: [Float], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.floats(values), region: (start, count))
  }

  /// Writes a part of the variable. Throws what `write(_: [Double], start:, count:)` throws, and `typeMismatch` for
  /// a value that the variable's type cannot hold.
  public func write(_ values: [Int32], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.int32s(values), region: (start, count))
  }

  /// Writes a part of the variable. Throws what `write(_: [Int32], start:, count:)` throws.
  public func write(_ values: [Int64], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.int64s(values), region: (start, count))
  }

  /// Writes a part of the variable. Throws what `write(_: [Int32], start:, count:)` throws.
  public func write(_ values: [Int], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.int64s(values.map(Int64.init)), region: (start, count))
  }

  /// Writes a part of the variable. Throws what `write(_: [Int32], start:, count:)` throws.
  public func write(_ values: [UInt8], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.int64s(values.map(Int64.init)), region: (start, count))
  }

  /// Writes a part of the variable. Throws what `write(_: [Double], start:, count:)` throws, and `typeMismatch` for
  /// a text with a zero byte.
  public func write(_ values: [String], start: [Int], count: [Int]) throws(NetCDFError) {
    try put(.strings(values), region: (start, count))
  }

  // MARK: Writing

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

  /// The region of the whole variable, given the number of values.
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
      // A scalar has no indices, but the library needs pointers.
      try NetCDFLibrary.check(call(start.isEmpty ? [0] : start, count.isEmpty ? [1] : count))
    }
  }

  /// Replaces NaN by the fill value. There is no copy if NaN stays NaN.
  private func substituted<Number: BinaryFloatingPoint>(_ values: [Number]) -> [Number] {
    guard let fillValue, !fillValue.isNaN else { return values }
    return values.map { $0.isNaN ? Number(fillValue) : $0 }
  }
}
