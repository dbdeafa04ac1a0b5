import Foundation

/// An array in a file as users name it: `FILE`, `FILE:VARIABLE` or `FILE:VARIABLE:COLUMN`.
///
/// The text splits from the right, and an existing file of the longest name wins, because names of files may have colons.
public struct ArrayReference: Sendable, Hashable, CustomStringConvertible {
  /// The file.
  public var file: String
  /// The variable in the file; nil where none is named.
  public var variable: String?
  /// The column of a table, from 0; nil where none is named.
  public var column: Int?

  /// Takes a reference that is known in parts.
  public init(file: String, variable: String?, column: Int? = nil) {
    self.file = file
    self.variable = variable
    self.column = column
  }

  /// Splits a text.
  ///
  /// - Parameters:
  ///   - text: `FILE`, `FILE:VARIABLE` or `FILE:VARIABLE:COLUMN`.
  ///   - exists: Whether there is a file of that name.
  public init(_ text: String, exists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }) {
    let colons = text.indices.filter { text[$0] == ":" }
    if colons.isEmpty || exists(text) {
      self.init(file: text, variable: nil)
      return
    }
    let folder = text.lastIndex(of: "/")
    // Of a file that is not there, the name up to the first colon after the folder is most likely what was meant.
    let colon =
      colons.reversed().first { exists(String(text[..<$0])) }
      ?? colons.first { colon in folder.map { $0 < colon } ?? true } ?? colons[0]
    let rest = text[text.index(after: colon)...]
    var variable = String(rest)
    var column: Int?
    if let last = rest.lastIndex(of: ":"), let number = Self.column(rest[rest.index(after: last)...]) {
      variable = String(rest[..<last])
      column = number
    }
    self.init(
      file: String(text[..<colon]), variable: variable.isEmpty ? nil : variable, column: column)
  }

  /// A column's number, in digits alone.
  public static func column(_ text: some StringProtocol) -> Int? {
    guard !text.isEmpty, text.utf8.count <= 9, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }

  /// The reference as users write it.
  public var description: String {
    file + (variable.map { ":" + $0 } ?? (column == nil ? "" : ":")) + (column.map { ":\($0)" } ?? "")
  }
}
