import Foundation
import Output

/// A run file as one HTML page that needs nothing else: tables, figures, scenario, provenance.
public struct Report {
  private let data: RunData
  private var html = ""
  private var tables = 0

  /// Composes the page of a run.
  ///
  /// Each figure is drawn for wide and for narrow windows. The page has no scripts and fetches nothing.
  ///
  /// - Throws: `NetCDFError` or `FigureError`.
  public static func html(of data: RunData) throws -> String {
    var report = Report(data: data)
    try report.compose()
    return report.html
  }

  private init(data: RunData) { self.data = data }

  // MARK: Page

  private mutating func compose() throws {
    let name = data.scenarioName.isEmpty ? "Run" : data.scenarioName
    let figures = data.figures
    var contents: [(String, String)] = [("summary", "Summary")]
    contents += figures.map { ("figure-\($0.rawValue)", Self.heading($0)) }
    if figures.contains(.attractors) { contents.append(("attractors", "Table of attractors")) }
    contents += [("scenario", "Scenario"), ("provenance", "Provenance")]

    add(
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
      \(Self.style)
      </style>
      </head>
      <body>
      <a class="skip" href="#summary">Skip to the summary</a>
      <header>
      <h1>\(escaped(name))</h1>
      """)
    let title = data.text("title")
    if !title.isEmpty, title != name { add("<p>\(escaped(title))</p>") }
    add("</header>\n<nav aria-label=\"Contents\">\n<ul>")
    for (anchor, words) in contents { add("<li><a href=\"#\(anchor)\">\(escaped(words))</a></li>") }
    add("</ul>\n</nav>\n<main>")

    try addSummary()
    for kind in figures { try addFigure(kind) }
    if figures.contains(.attractors) { try addAttractors() }
    section("scenario", "Scenario")
    add("<p>As the program resolved it, with every default.</p>")
    add(
      "<pre tabindex=\"0\" role=\"region\" aria-label=\"Scenario (YAML)\">"
        + "\(escaped(limited(data.text("scenario"), 100_000)))</pre>\n</section>")
    addProvenance()
    add("</main>\n</body>\n</html>")
  }

  private static func heading(_ kind: FigureKind) -> String {
    switch kind {
    case .claims: "Claims"
    case .series: "Averages against time"
    case .approach: "Approaches"
    case .confusion: "Nearest concepts"
    case .sweep: "Sweep"
    case .attractors: "Basin fractions"
    case .attractorPictures: "Attractors, decoded"
    case .trajectories: "Paths"
    case .film: "Film strips"
    }
  }

  private mutating func add(_ text: String) {
    html += text
    html += "\n"
  }

  private mutating func section(_ anchor: String, _ heading: String) {
    add("<section id=\"\(anchor)\" aria-labelledby=\"\(anchor)-heading\">")
    add("<h2 id=\"\(anchor)-heading\">\(escaped(heading))</h2>")
  }

  private func escaped(_ text: String) -> String { Gnuplot.escaped(text) }

  private func limited(_ text: String, _ count: Int) -> String {
    text.count > count ? text.prefix(count) + "\n[cut]" : text
  }

  // MARK: Tables

  /// A table that scrolls by itself where the window is narrow.
  private mutating func table(_ caption: String, _ header: [String], _ rows: [[String]]) {
    // The words stand outside, where they wrap.
    tables += 1
    let name = "table-\(tables)"
    add("<p class=\"caption\" id=\"\(name)\">\(escaped(caption))</p>")
    add("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"\(name)\">")
    add("<table aria-labelledby=\"\(name)\">\n<thead><tr>")
    for cell in header { add("<th scope=\"col\">\(escaped(cell))</th>") }
    add("</tr></thead>\n<tbody>")
    for row in rows {
      add("<tr>")
      for (k, cell) in row.enumerated() {
        add(k == 0 ? "<th scope=\"row\">\(escaped(cell))</th>" : "<td>\(escaped(cell))</td>")
      }
      add("</tr>")
    }
    add("</tbody>\n</table>\n</div>")
  }

  /// A mean with its error in two digits, and as many decimals for both.
  private func number(_ x: Double, _ error: Double) -> String {
    guard x.isFinite else { return "-" }
    // An error of rounding alone says nothing.
    guard error.isFinite, error > 1e-12 * abs(x) else { return short(x) }
    let decimals = Int((1 - log10(error)).rounded(.up))
    guard (0...6).contains(decimals), abs(x) < 1e9 else { return "\(short(x)) ± \(short(error))" }
    return String(format: "%.\(decimals)f ± %.\(decimals)f", x, error)
  }

  private func decimals(_ x: Double) -> String { x.isFinite ? String(format: "%.3f", x) : "-" }

  private mutating func addSummary() throws {
    section("summary", "Summary")
    let counts = (try? data.values("count", ["level"])) ?? []
    let times = (try? data.times()) ?? []
    var facts: [(String, String)] = []
    let members = counts.reduce(0, +)
    if members > 0 { facts.append(("Members", "\(short(members)) in all, \(countText(counts)) per level")) }
    if let last = times.last { facts.append(("Steps", short(last))) }
    facts.append(
      (data.longName("level").capitalizedFirst, data.levels.prefix(50).map(short).joined(separator: ", ")))
    for (name, words) in [("negative_elbo_train", "training"), ("negative_elbo_test", "test")] {
      guard data.find(name) != nil, let value = try? data.values(name, []), let mean = value.first else {
        continue
      }
      let error = data.name(of: .standardError(of: name)).flatMap { try? data.values($0, []) }
      facts.append(("Negative ELBO, \(words) set", "\(number(mean, error?.first ?? .nan)) nats per item"))
    }
    let diverged = ((try? data.values("diverged_count", ["level"])) ?? []).reduce(0, +)
    if diverged > 0 {
      facts.append(
        (
          "Diverged members",
          "\(short(diverged)); averages leave them out from then on, approaches at all times"
        ))
    }
    if !data.sweep.isEmpty {
      for axis in data.sweep {
        facts.append(("Swept: \(axis.key)", axis.labels.prefix(50).joined(separator: ", ")))
      }
      facts.append(("Shown, where one point is", data.pointText))
    }
    if let models = data.models {
      facts.append(
        ("Models", "\(models), trained from different seeds: tables and figures show averages over them"))
    }
    if !data.replicas.isEmpty {
      facts.append((data.replica == nil ? "Shown, where one model is" : "Shown", data.replicaText))
    }
    definitions(facts)
    try addVerdicts()
    try addApproaches()
    try addAverages()
    add("</section>")
  }

  /// What the claims' runs conclude.
  private mutating func addVerdicts() throws {
    for claim in try data.claimTables(limit: 30) {
      table(claim.caption, claim.header, claim.rows)
    }
  }

  private mutating func definitions(_ facts: [(String, String)]) {
    add("<dl>")
    for (term, text) in facts {
      add("<div><dt>\(escaped(term))</dt><dd>\(escaped(limited(text, 2000)))</dd></div>")
    }
    add("</dl>")
  }

  private mutating func addApproaches() throws {
    guard let approaches = try data.conceptApproaches() else { return }
    let rows = data.shownLevels(20).map { l in
      [
        short(data.levels[l]), decimals(approaches.own[l]) + approaches.partial[l],
        "\(decimals(approaches.lower[l])) to \(decimals(approaches.upper[l]))",
        decimals(approaches.sibling[l]), decimals(approaches.shuffled[l]),
      ]
    }
    table(
      "Approach to the own concept: 1 - closest / start of the mean distance."
        + " \(data.errorText("Intervals", items: RunData.approachBars)). An effect that the controls show too is no approach to the concept.",
      ["level", "approach", "95 %", "sibling's (control)", "shuffled (control)"], rows)
    guard let changes = try data.conceptChanges() else { return }
    table(
      data.changeCaption, ["level"] + changes.times,
      data.shownLevels(20).map { [short(data.levels[$0])] + changes.rows[$0] })
  }

  private mutating func addAverages() throws {
    let times = try data.times()
    let last = times.count - 1
    let shown = data.shownLevels(12)
    let names = data.averages.prefix(60)
    guard !names.isEmpty else { return }
    var rows: [[String]] = []
    for name in names {
      let error = try data.existingName(of: .standardError(of: name))
      let read = try shown.map { level in
        (try data.row(name, ["time"], level: level), try data.row(error, ["time"], level: level))
      }
      for time in last > 0 ? [0, last] : [0] {
        let cells = try zip(shown, read).map { level, values in
          let partial = try data.partialText(name, ["time"], level: level, at: [time])
          return number(values.0[time], values.1[time]) + partial
        }
        rows.append(["\(data.spoken(name)) [\(data.units(name))], t = \(short(times[time]))"] + cells)
      }
    }
    table(
      "Averages: mean \(data.models == nil ? "over members ± standard error over items" : "over models ± standard error between models"), at the first and the last time, per corruption level.",
      ["observable"] + shown.map { "level " + short(data.levels[$0]) }, rows)
  }

  private mutating func addAttractors() throws {
    let (header, rows, count) = try data.attractorRows(limit: 50)
    section("attractors", "Table of attractors")
    table(
      "Attractors\(data.runText.isEmpty ? "" : " at \(data.runText)"): \(min(50, count)) of \(count), largest basins"
        + " first, numbered by their index in the file.",
      header, rows)
    add("</section>")
  }

  private mutating func addProvenance() {
    section("provenance", "Provenance")
    let names = [
      "source", "history", "seed", "dataset", "dataset_sha256", "model_kind", "model_sha256", "references",
      "Conventions", "format_version",
    ]
    var facts = [("Run file", (data.path as NSString).lastPathComponent)]
    for name in names where !data.text(name).isEmpty {
      facts.append((name.replacing("_", with: " ").capitalizedFirst, data.text(name)))
    }
    definitions(facts)
    add("</section>")
  }

  // MARK: Figures

  private mutating func addFigure(_ kind: FigureKind) throws {
    var options = FigureOptions(width: 504)
    options.isBare = true
    options.points = 100
    let wide = try data.sheet(kind, options: options)
    options.width = 252
    let narrow = try data.sheet(kind, options: options)
    section("figure-\(kind.rawValue)", Self.heading(kind))
    let panels = wide.panels.map(\.title).filter { !$0.isEmpty }
    let parts = panels.isEmpty ? "" : " Panels: " + panels.joined(separator: "; ") + "."
    add("<figure>\n<picture>")
    add("<source media=\"(max-width: 700px)\" srcset=\"\(try image(narrow))\"/>")
    add(
      "<img src=\"\(try image(wide))\" alt=\"\(escaped(wide.title + "." + limited(parts, 2000)))\""
        + " width=\"\(Int(wide.width))\" height=\"\(Int(wide.height.rounded()))\"/>")
    add("</picture>\n<figcaption>\(escaped(wide.caption))</figcaption>\n</figure>\n</section>")
  }

  /// A figure as a data URI: SVG, or PNG where that is much smaller.
  private func image(_ sheet: Sheet) throws -> String {
    let svg = try Gnuplot.draw(sheet, format: .svg)
    if svg.count > 200_000 {
      let png = try Gnuplot.draw(sheet, format: .png)
      if png.count < svg.count { return "data:image/png;base64,\(Data(png).base64EncodedString())" }
    }
    return "data:image/svg+xml;base64,\(Data(svg).base64EncodedString())"
  }

  // MARK: Style

  private static let style = """
    :root { --ink: #1b1b1b; --soft: #505050; --paper: #ffffff; --line: #c8c8c8; --link: #0b5394; --shade: #f3f3f3 }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #ececec; --soft: #b8b8b8; --paper: #16181b; --line: #474b50; --link: #8ec5ff; --shade: #22262b }
    }
    * { box-sizing: border-box }
    body { margin: 0 auto; padding: 1rem; max-width: 62rem; background: var(--paper); color: var(--ink);
      font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
    h1 { font-size: 1.6rem; margin: .5rem 0 }
    h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem }
    a { color: var(--link) }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
    .skip { position: absolute; left: -100rem }
    .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem }
    nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none }
    dl > div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .2rem 0 }
    dt { flex: 0 0 15rem; color: var(--soft) }
    dd { flex: 1 1 15rem; margin: 0 }
    .scroll { overflow-x: auto; margin: .5rem 0 1rem }
    table { border-collapse: collapse; overflow-wrap: normal; font-variant-numeric: tabular-nums }
    .caption { color: var(--soft); margin: 1.5rem 0 0; max-width: 56rem }
    th, td { padding: .25rem .75rem .25rem 0; text-align: right; border-bottom: 1px solid var(--line);
      white-space: nowrap }
    th:first-child { text-align: left; font-weight: normal }
    thead th, thead th:first-child { font-weight: 600; vertical-align: bottom;
      white-space: normal; min-width: 4.5rem }
    figure { margin: 1rem 0 }
    figure img { display: block; width: 100%; max-width: 56rem; height: auto; background: #ffffff;
      border-radius: 6px }
    figcaption { color: var(--soft); font-size: .9rem; margin-top: .5rem; max-width: 56rem }
    pre { background: var(--shade); padding: .75rem; overflow-x: auto; overflow-wrap: normal; font-size: .85rem }
    @media (max-width: 700px) { figure img { max-width: 28rem } body { padding: .75rem } }
    @media print { nav, .skip { display: none } }
    """
}
