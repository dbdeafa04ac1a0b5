/// The parts of an HTML page that make up a report.
package struct HTMLPage {
  /// The page as far as it has been made.
  package private(set) var html = ""

  /// An empty page.
  package init() {}

  /// The largest number of columns of a table besides its first. Further columns follow in a table of their own.
  private static let mostColumns = 6

  package mutating func add(_ text: String) {
    html += text
    html += "\n"
  }

  package mutating func section(_ anchor: String, _ heading: String) {
    add("<section id=\"\(anchor)\" aria-labelledby=\"\(anchor)-heading\">")
    add("<h2 id=\"\(anchor)-heading\">\(Gnuplot.escaped(heading))</h2>")
  }

  package mutating func heading(_ text: String) { add("<h3>\(Gnuplot.escaped(text))</h3>") }

  package mutating func paragraph(_ text: String) { add("<p class=\"caption\">\(Gnuplot.escaped(text))</p>") }

  package mutating func definitions(_ facts: [(String, String)]) {
    add("<dl>")
    for (term, text) in facts {
      add(
        "<div><dt>\(Gnuplot.escaped(term))</dt><dd>\(Gnuplot.escaped(Self.limited(text, 2000)))</dd></div>")
    }
    add("</dl>")
  }

  package static func limited(_ text: String, _ count: Int) -> String {
    text.count > count ? text.prefix(count) + "\n[cut]" : text
  }

  /// A row of a table. The first cell is the row's heading.
  package struct Row {
    package var cells: [String]
    /// The row's class in the style sheet; empty for none.
    package var style: String

    package init(cells: [String], style: String = "") {
      self.cells = cells
      self.style = style
    }
  }

  /// Adds a table that shows one cell per line in narrow windows.
  ///
  /// - Parameters:
  ///   - name: What the table shows, for readers who do not see it.
  ///   - header: One text per column, that of the rows' headings first.
  ///   - rows: The rows, each with one text per column.
  package mutating func table(_ name: String, _ header: [String], _ rows: [Row]) {
    // The columns are divided into tables with roughly equal numbers of columns.
    let parts = max(1, (header.count - 1 + Self.mostColumns - 1) / Self.mostColumns)
    let size = max(1, (header.count - 1 + parts - 1) / parts)
    let blocks = stride(from: 1, to: max(header.count, 2), by: size).map {
      Array($0..<max(min($0 + size, header.count), $0))
    }
    let words = Set(
      header.indices.filter { k in
        rows.contains { k < $0.cells.count && $0.cells[k].first?.isLetter == true }
      })
    for (n, block) in blocks.enumerated() {
      let columns = [0] + block
      let part = blocks.count > 1 ? ", part \(n + 1) of \(blocks.count)" : ""
      let style = columns.count > 3 ? " class=\"stack\"" : columns.count == 3 ? " class=\"three\"" : ""
      // A browser does not take stacked rows for a table any more, so the roles are stated.
      add("<table role=\"table\" aria-label=\"\(Gnuplot.escaped(name + part))\"\(style)>")
      add("<thead role=\"rowgroup\"><tr role=\"row\">")
      for column in columns {
        let style = column > 0 && words.contains(column) ? " class=\"words\"" : ""
        add("<th role=\"columnheader\" scope=\"col\"\(style)>\(Self.broken(header[column]))</th>")
      }
      add("</tr></thead>\n<tbody role=\"rowgroup\">")
      for row in rows { add(Self.text(row, columns, header, words)) }
      add("</tbody>\n</table>")
    }
  }

  private static func text(_ row: Row, _ columns: [Int], _ header: [String], _ words: Set<Int>) -> String {
    let style = row.style.isEmpty ? "" : " class=\"\(row.style)\""
    var text = "<tr role=\"row\"\(style)>"
    for column in columns where column < row.cells.count {
      let cell = broken(row.cells[column])
      if column == 0 {
        text += "<th role=\"rowheader\" scope=\"row\">\(cell)</th>"
      } else {
        let style = words.contains(column) ? " class=\"words\"" : ""
        text +=
          "<td role=\"cell\"\(style) data-label=\"\(Gnuplot.escaped(header[column]))\"><span>\(cell)</span></td>"
      }
    }
    return text + "</tr>"
  }

  /// A text in which words that would widen a column may break: after signs, or after `longWord` letters without
  /// one.
  private static func broken(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      guard word.count > longWord else { return Gnuplot.escaped(String(word)) }
      var result = ""
      var run = 0
      for character in word {
        result += Gnuplot.escaped(String(character))
        run = character == "-" ? 0 : run + 1
        if "_/.,=".contains(character) || run == longWord {
          result += "<wbr/>"
          run = 0
        }
      }
      return result
    }.joined(separator: " ")
  }

  /// The number of letters of a word that fit in a column of a narrow window.
  private static let longWord = 14

  /// Adds something that the reader can unfold.
  ///
  /// - Parameter isOpen: Whether it is unfolded at first.
  package mutating func fold(_ summary: String, isOpen: Bool, _ body: (inout HTMLPage) throws -> Void)
    rethrows
  {
    add("<details\(isOpen ? " open=\"open\"" : "")>\n<summary>\(Gnuplot.escaped(summary))</summary>")
    try body(&self)
    add("</details>")
  }

  // MARK: Style

  package static let style = """
    :root { --ink: #1b1b1b; --soft: #505050; --paper: #ffffff; --line: #c8c8c8; --link: #0b5394; --shade: #f3f3f3 }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #ececec; --soft: #b8b8b8; --paper: #16181b; --line: #474b50; --link: #8ec5ff; --shade: #22262b }
    }
    * { box-sizing: border-box }
    body { margin: 0 auto; padding: 1rem; max-width: 62rem; background: var(--paper); color: var(--ink);
      font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
    h1 { font-size: 1.6rem; margin: .5rem 0 }
    h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem }
    h3 { font-size: 1.05rem; margin: 1.5rem 0 .25rem }
    a, summary { color: var(--link) }
    summary { cursor: pointer; padding: .25rem 0 }
    details { margin: .25rem 0 }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
    .skip { position: absolute; left: -100rem }
    .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem }
    nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none }
    dl > div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .2rem 0 }
    dt { flex: 0 0 15rem; color: var(--soft) }
    dd { flex: 1 1 15rem; margin: 0; min-width: 0 }
    table { border-collapse: collapse; max-width: 100%; margin: .5rem 0 1rem; overflow-wrap: break-word;
      font-variant-numeric: tabular-nums }
    .caption { color: var(--soft); margin: .5rem 0 0; max-width: 56rem }
    th, td { padding: .25rem .75rem .25rem 0; text-align: right; border-bottom: 1px solid var(--line);
      vertical-align: top }
    th:first-child, .words { text-align: left }
    th:first-child { font-weight: normal }
    thead th, thead th:first-child { font-weight: 600; vertical-align: bottom }
    tr.sum > * { font-weight: 600; border-top: 2px solid var(--line) }
    figure { margin: 1rem 0 }
    figure img { display: block; width: 100%; max-width: 56rem; height: auto; background: #ffffff;
      border-radius: 6px }
    figcaption { color: var(--soft); font-size: .9rem; margin-top: .5rem; max-width: 56rem }
    pre { background: var(--shade); padding: .75rem; white-space: pre-wrap; font-size: .85rem }
    @media (max-width: 860px) { \(stacked("stack")) }
    @media (max-width: 480px) { \(stacked("three")) }
    .narrow { display: none }
    @media (max-width: 700px) { figure img { max-width: 28rem } body { padding: .75rem }
      .wide { display: none } .narrow { display: inline } }
    @media print { nav, .skip { display: none } details::details-content { content-visibility: visible; height: auto } }
    """

  /// Style rules that show one cell per line, each with its column's heading.
  private static func stacked(_ name: String) -> String {
    """
    .\(name), .\(name) tbody { display: block }
      .\(name) thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
      .\(name) tr { display: block; border-bottom: 1px solid var(--line); padding: .25rem 0 }
      .\(name) th:first-child { display: block; border: 0; font-weight: 600 }
      .\(name) td { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; border: 0; padding: .1rem 0 }
      .\(name) td::before { content: attr(data-label); color: var(--soft); text-align: left; max-width: 100% }
      .\(name) td span { min-width: 0; margin-left: auto }
    """
  }
}
