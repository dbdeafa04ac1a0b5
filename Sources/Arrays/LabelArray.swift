import Datasets

/// The labels of items: whole numbers or texts, one per item.
struct LabelArray {
  /// The labels as they are in the file.
  enum Labels {
    case numbers([Int])
    case texts([String])

    /// How many there are.
    var count: Int {
      switch self {
      case .numbers(let numbers): numbers.count
      case .texts(let texts): texts.count
      }
    }
  }

  let source: any ArraySource
  let labels: Labels

  /// Reads labels.
  ///
  /// - Parameters:
  ///   - column: The column of a table; nil: the array has one label per item.
  ///   - itemCount: As many labels are expected.
  ///   - items: The array of items, for messages.
  /// - Throws: `DatasetError`.
  init(_ source: any ArraySource, column: Int?, itemCount: Int, items: String) throws {
    self.source = source
    let columns = source.shape.count == 2 ? source.shape[1] : 1
    guard (1...2).contains(source.shape.count), column != nil || columns == 1 else {
      throw source.invalid(
        "the labels are \(source.summary)", expected: "one label per item, or a column of a table",
        remedy: source.shape.count == 2
          ? "name a column from 0 to \(columns - 1): FILE:VARIABLE:COLUMN" : "choose another array")
    }
    guard source.shape[0] == itemCount else {
      throw source.invalid(
        "there are \(source.shape[0]) labels", expected: "\(itemCount), as there are items in \(items)",
        remedy: "check that the two arrays belong together")
    }
    if let column, source.shape.count == 1 || column >= columns {
      throw source.invalid(
        "column \(column) of labels \(source.summary)",
        expected: source.shape.count == 1 ? "an array without columns" : "a column from 0 to \(columns - 1)",
        remedy: source.shape.count == 1 ? "leave the column out" : "choose one of them")
    }
    labels = try Self.read(source, column: column ?? 0, columns: columns)
  }

  private static func read(_ source: any ArraySource, column: Int, columns: Int) throws -> Labels {
    let rows = source.shape[0]
    var numbers = [Int](repeating: 0, count: source.elementType == .text ? 0 : rows)
    var texts = [String](repeating: "", count: source.elementType == .text ? rows : 0)
    /// The row of an element of the column; nil for the other columns'.
    func row(_ place: Int) -> Int? {
      if source.isColumnMajor { return place / rows == column ? place % rows : nil }
      return place % columns == column ? place / columns : nil
    }
    try source.forEachChunk { first, chunk in
      switch chunk {
      case .bytes(let bytes):
        for (k, byte) in bytes.enumerated() {
          if let row = row(first + k) { numbers[row] = Int(byte) }
        }
      case .numbers(let values):
        for (k, value) in values.enumerated() {
          guard let row = row(first + k) else { continue }
          guard let number = Int32(exactly: value) else { throw refusal(source, value, row) }
          numbers[row] = Int(number)
        }
      case .texts(let values):
        for (k, value) in values.enumerated() {
          if let row = row(first + k) { texts[row] = value }
        }
      }
    }
    return source.elementType == .text ? .texts(texts) : .numbers(numbers)
  }

  private static func refusal(_ source: any ArraySource, _ value: Double, _ row: Int) -> DatasetError {
    source.invalid(
      "the label of item \(row) is \(value)",
      expected: "whole numbers from \(Int32.min) to \(Int32.max), or texts",
      remedy: "choose labels of classes; numbers that are measured are none")
  }
}
