/// Pieces of GitHub-flavoured Markdown. Each ends with one line break; pieces are joined by a blank line.
package enum Markdown {
  /// A text as code, whatever backquotes it holds.
  package static func code(_ text: String) -> String {
    guard text.contains("`") else { return "`\(text)`" }
    return "`` \(text) ``"
  }

  /// A text as code within a cell of a table, where a bar would end the cell.
  package static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

  /// A table.
  package static func table(_ header: [String], _ rows: [[String]]) -> String {
    ([header, header.map { _ in "---" }] + rows.map { $0.map(cell) })
      .map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
  }

  /// A fenced block.
  package static func block(_ language: String, _ text: String) -> String {
    "```\(language)\n\(text.hasSuffix("\n") ? text : text + "\n")```\n"
  }

  /// A list, one line each.
  package static func list(_ items: [String]) -> String { items.map { "- \($0)\n" }.joined() }

  /// Pieces below each other; empty ones are left out.
  package static func joined(_ pieces: [String]) -> String {
    pieces.filter { !$0.isEmpty }.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined(separator: "\n")
  }

  /// A fragment as a sentence: it begins with a capital letter, unless with a symbol, and ends with a full stop.
  package static func sentence(_ text: String) -> String {
    guard let first = text.first else { return "" }
    let second = text.dropFirst().first
    let isWord = first.isLowercase && (second?.isLetter ?? false || second == " ")
    let isSymbol = second == nil || second == "("
    let start = isWord && !isSymbol ? first.uppercased() + text.dropFirst() : text
    return start.hasSuffix(".") ? start : start + "."
  }

  /// The anchor that GitHub gives a heading.
  ///
  /// - Parameter earlier: How many headings above have the same text.
  package static func anchor(_ heading: String, earlier: Int = 0) -> String {
    let kept = heading.lowercased().filter {
      $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == " "
    }
    return kept.replacing(" ", with: "-") + (earlier > 0 ? "-\(earlier)" : "")
  }

  /// A link to the heading on the same page that has this text as code.
  ///
  /// - Parameter earlier: How many headings above have the same text.
  package static func link(_ heading: String, earlier: Int = 0) -> String {
    "[\(code(heading))](#\(anchor(heading, earlier: earlier)))"
  }

  /// Headings with links to them, where several have the same text.
  struct Headings {
    private var seen: [String: Int] = [:]

    /// A link to the next heading of this text.
    mutating func link(_ name: String) -> String {
      let earlier = seen[name, default: 0]
      seen[name] = earlier + 1
      return Markdown.link(name, earlier: earlier)
    }
  }
}
