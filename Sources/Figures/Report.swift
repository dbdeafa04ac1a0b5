import Drawing
import Foundation
import Output

/// A run file as one HTML page that needs no other files: tables, figures, scenario, provenance.
public struct Report {
  let data: RunData
  private(set) var options: FigureOptions
  var page = HTMLPage()

  /// Composes the page of a run.
  ///
  /// Each figure is drawn for wide and for narrow windows. The page has no scripts and loads nothing.
  ///
  /// - Parameters:
  ///   - data: The run file.
  ///   - options: The options of figures. The page itself determines widths, titles and captions.
  ///   - figures: The names of the figures; empty for all that the file can give.
  /// - Throws: `NetCDFError` or `FigureError`.
  public static func html(
    of data: RunData, options: FigureOptions = FigureOptions(), figures: [String] = []
  ) throws -> String {
    var report = Report(data: data, options: options)
    try report.compose(figures.isEmpty ? data.figures : figures)
    return report.page.html
  }

  private init(data: RunData, options: FigureOptions) {
    self.data = data
    self.options = options
    self.options.hasTitle = false
    self.options.hasCaption = false
    self.options.points = min(options.points, 100)
  }

  private mutating func compose(_ figures: [String]) throws {
    let name = data.scenarioName.isEmpty ? "Run" : data.scenarioName
    let hasAttractors = AttractorFigure.obstacle(in: data) == nil
    var contents: [(String, String)] = [("summary", "Summary")]
    contents += figures.map { ("figure-\($0)", FigureRegistry.named($0)?.heading ?? $0) }
    if hasAttractors { contents.append(("attractors", "Table of attractors")) }
    contents += [("scenario", "Scenario"), ("provenance", "Provenance")]

    addHead(name)
    let title = data.text("title")
    if !title.isEmpty, title != name { page.add("<p>\(escaped(title))</p>") }
    page.add("</header>\n<nav aria-label=\"Contents\">\n<ul>")
    for (anchor, words) in contents { page.add("<li><a href=\"#\(anchor)\">\(escaped(words))</a></li>") }
    page.add("</ul>\n</nav>\n<main>")

    try addSummary()
    for name in figures { try addFigure(name) }
    if hasAttractors { try addAttractors() }
    page.section("scenario", "Scenario")
    page.add("<p>As the program resolved it, with every default.</p>")
    page.add("<pre>\(escaped(HTMLPage.limited(data.text("scenario"), 100_000)))</pre>\n</section>")
    addProvenance()
    page.add("</main>\n</body>\n</html>")
  }

  private mutating func addHead(_ name: String) {
    page.add(
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/>
      <title>\(escaped(name)): report</title>
      <link rel="icon" href="data:,"/>
      <style>
      \(HTMLPage.style)
      </style>
      </head>
      <body>
      <a class="skip" href="#summary">Skip to the summary</a>
      <header>
      <h1>\(escaped(name))</h1>
      """)
  }

  private func escaped(_ text: String) -> String { Gnuplot.escaped(text) }

  private mutating func addAttractors() throws {
    let limit = 50
    let (header, rows, count, hidden) = try data.attractorRows(
      limit: limit, withSaddles: options.showsSaddles)
    page.section("attractors", "Table of attractors")
    let left =
      hidden > 0
      ? " Left out: \(hidden) unstable, such as saddles, that no start reaches (--saddles shows them)." : ""
    let whole =
      rows.count < count - hidden
      ? " All: simulate export \(data.fileName) --variables attractors/kind,attractors/spectral_radius." : ""
    page.paragraph(
      "Attractors\(data.runText.isEmpty ? "" : " at \(data.runText)"): \(rows.count) of \(count) shown, largest basins"
        + " first, numbered by their index in the file.\(left)\(whole)")
    page.table("Attractors", header, rows.map { HTMLPage.Row(cells: $0) })
    page.add("</section>")
  }

  private mutating func addProvenance() {
    page.section("provenance", "Provenance")
    let names = [
      "source", "history", "seed", "dataset", "dataset_sha256", "model_kind", "model_sha256", "references",
      "Conventions", "format_version",
    ]
    var facts = [("Run file", data.fileName)]
    for name in names where !data.text(name).isEmpty {
      facts.append((name.replacing("_", with: " ").capitalizedFirst, data.text(name)))
    }
    page.definitions(facts)
    page.add("</section>")
  }

  // MARK: Figures

  private mutating func addFigure(_ name: String) throws {
    var options = options
    options.width = 504
    let wide = try data.sheet(name, options: options)
    options.width = 252
    let narrow = try data.sheet(name, options: options)
    page.section("figure-\(name)", FigureRegistry.named(name)?.heading ?? name)
    let panels = wide.panels.map(\.title).filter { !$0.isEmpty }
    let parts = panels.isEmpty ? "" : " Panels: " + panels.joined(separator: "; ") + "."
    page.add("<figure>\n<picture>")
    page.add("<source media=\"(max-width: 700px)\" srcset=\"\(try image(narrow))\"/>")
    page.add(
      "<img src=\"\(try image(wide))\" alt=\"\(escaped(wide.title + "." + HTMLPage.limited(parts, 2000)))\""
        + " width=\"\(Int(wide.width))\" height=\"\(Int(wide.height.rounded()))\"/>")
    // The narrow figure may show less.
    let caption =
      wide.caption == narrow.caption
      ? escaped(wide.caption)
      : "<span class=\"wide\">\(escaped(wide.caption))</span><span class=\"narrow\">\(escaped(narrow.caption))</span>"
    page.add("</picture>\n<figcaption>\(caption)</figcaption>\n</figure>\n</section>")
  }

  /// A figure as a data URI: SVG, or PNG if the SVG is large and the PNG is smaller.
  private func image(_ sheet: Sheet) throws -> String {
    let svg = try Gnuplot.draw(sheet, format: .svg)
    if svg.count > 200_000 {
      let png = try Gnuplot.draw(sheet, format: .png)
      if png.count < svg.count { return "data:image/png;base64,\(Data(png).base64EncodedString())" }
    }
    return "data:image/svg+xml;base64,\(Data(svg).base64EncodedString())"
  }
}
