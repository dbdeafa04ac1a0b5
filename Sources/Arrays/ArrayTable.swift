import Datasets
import Vocabulary

/// Arrays of one shape as a tidy table: one row per element, its indices, and one column per array.
public struct ArrayTable {
  private let shape: [Int]
  private let columns: [(name: String, values: [String])]

  /// Reads arrays of a file in one of numpy's formats.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - names: The arrays; empty for the file's only one.
  /// - Throws: `DatasetError`, also where they differ in shape.
  /// - Complexity: O(elements) in time and memory.
  public init(path: String, names: [String]) throws {
    let references =
      names.isEmpty
      ? [ArrayReference(file: path, variable: nil)]
      : names.map { ArrayReference(file: path, variable: $0) }
    let sources = try references.map { (reference) throws(DatasetError) in try ArrayFile.open(reference) }
    shape = sources[0].shape
    for source in sources where source.shape != shape {
      throw source.invalid(
        "the array is \(source.summary)",
        expected: "the shape of \(sources[0].place), \(ArrayShape.text(shape))",
        remedy: "export arrays of different shapes one by one")
    }
    columns = try zip(sources, references).map { source, reference in
      (reference.variable ?? "value", try Self.texts(source))
    }
  }

  /// The elements as text, row-major.
  private static func texts(_ source: any ArraySource) throws -> [String] {
    guard source.elementType == .text else {
      return try NumberArray(source).numbers().map { $0.isNaN ? "" : $0.isFinite ? $0.shortestText : "\($0)" }
    }
    guard !source.isColumnMajor || source.shape.count < 2 else {
      throw source.invalid(
        "the texts are in Fortran order", expected: "texts in C order",
        remedy: "save them again: numpy.ascontiguousarray(a)")
    }
    var result: [String] = []
    try source.forEachChunk { _, chunk in
      if case .texts(let texts) = chunk { result += texts.map(\.csvField) }
    }
    return result
  }

  /// Writes the table as comma-separated values.
  public func writeCSV(_ body: (String) throws -> Void) rethrows {
    try body(
      (shape.indices.map { "index_\($0)" } + columns.map(\.name.csvField)).joined(separator: ",")
        + "\n")
    let rows = RowMajorShape(shape)
    for row in 0..<rows.count {
      let cells = rows.indices(of: row).map(String.init) + columns.map { $0.values[row] }
      try body(cells.joined(separator: ",") + "\n")
    }
  }
}
