import Vocabulary

/// Plain-text tables. Control characters of cells are escaped.
enum TextTable {
  /// Left-aligned columns, two spaces apart; nothing after the last.
  static func rows(_ rows: [[String]]) -> String { layout(rows, alignsRight: false) }

  /// Right-aligned columns, two spaces apart.
  static func numbers(_ rows: [[String]]) -> String { layout(rows, alignsRight: true) }

  private static func layout(_ rows: [[String]], alignsRight: Bool) -> String {
    let rows = rows.map { $0.map(\.escapingControls) }
    var widths: [Int] = []
    for row in rows {
      for (k, cell) in row.enumerated() {
        if k == widths.count { widths.append(0) }
        widths[k] = max(widths[k], cell.count)
      }
    }
    return rows.map { row in
      var line = ""
      for (k, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[k] - cell.count)
        line += (k > 0 ? "  " : "") + (alignsRight ? padding + cell : cell + padding)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
