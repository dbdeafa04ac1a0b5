import Drawing
import Output
import Vocabulary

/// A run file as a page of Markdown, with verdicts, models, approaches and averages as tables.
public enum MarkdownReport {
  /// The largest number of rows of a table. If there are more, a line says so.
  private static let mostRows = 1000

  /// The text of the page. The caller adds figures.
  ///
  /// - Parameter data: The run. All points of a sweep are shown.
  /// - Throws: `FigureError` or `NetCDFError`.
  public static func text(of data: RunData) throws -> String {
    var lines: [String] = []
    let title = data.text("title")
    lines += ["## \(escaped(data.scenarioName.isEmpty ? "run" : data.scenarioName))", ""]
    // Without a description, the title only repeats the name.
    if !title.isEmpty, title != data.scenarioName {
      lines += [escaped(title) + (title.last.map { ".!?".contains($0) } == true ? "" : "."), ""]
    }
    let models =
      data.models.map { "\($0) models (replicas: seeds \(data.text("seed")) and following)" }
      ?? (data.replica == nil ? "one model" : "one model, \(data.replicaText)")
    lines += [
      "\(models), data set \(escaped(data.text("dataset"))); \(escaped(data.text("source"))),"
        + " commit \(escaped(String(data.text("program_commit").prefix(12)))).", "",
    ]
    if let clusters = try data.clusterText() { lines += ["Concepts are \(clusters).", ""] }
    for claim in try data.claimTables(limit: mostRows) { lines += text(claim, data) }
    lines += try facts(data)
    lines += try approaches(data)
    lines += try changes(data)
    lines += try attractors(data)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func escaped(_ text: String) -> String {
    String(
      text.escapingControls.flatMap { character -> [Character] in
        "|<>\\`*_".contains(character) ? ["\\", character] : character.isNewline ? [" "] : [character]
      })
  }

  private static func table(_ header: [String], _ rows: [[String]]) -> [String] {
    ["| " + header.map(escaped).joined(separator: " | ") + " |", "|" + header.map { _ in " --- |" }.joined()]
      + rows.map { "| " + $0.map(escaped).joined(separator: " | ") + " |" }
  }

  /// A claim: how often each verdict was given, and the claim's entries.
  private static func text(_ claim: ClaimTable, _ data: RunData) -> [String] {
    let counts = zip(ClaimTable.counts(claim.verdicts), RunData.verdictWords).map { "\($0) \($1)" }
    var lines = [
      escaped(claim.caption), "", "\(counts.joined(separator: ", ")), of \(claim.verdicts.count).",
    ]
    if let command = claim.command(data.fileName) {
      lines.append(
        "\(claim.rows.count) of \(claim.size) entries are shown, evenly chosen; all: `\(command)`.")
    }
    let title = claim.axes.isEmpty ? "entry" : claim.axes.joined(separator: ", ")
    let rows = claim.rows.map { row in
      [row.labels.isEmpty ? "all" : row.labels.joined(separator: ", ")] + row.cells
    }
    return lines + [""] + table([title] + claim.columns, rows) + [""]
  }

  /// The points of the sweep, as many as a table has rows for.
  private static func points(
    _ data: RunData, rows: Int, _ variables: [String]
  ) -> (points: [(data: RunData, labels: [String])], note: [String]) {
    let (points, all) = data.sweepPoints(limit: max(mostRows / max(rows, 1), 1))
    let note = data.pointsNote(points.count, of: all, variables).drop { $0 == " " }
    return (points, note.isEmpty ? [] : [escaped(String(note)), ""])
  }

  private static func facts(_ data: RunData) throws -> [String] {
    guard let models = try data.modelTable(limit: mostRows) else { return [] }
    let note = models.note.isEmpty ? [] : [escaped(models.note), ""]
    return ["Models (\(models.errors)):", ""] + note + table(models.header, models.rows) + [""]
  }

  private static func approaches(_ data: RunData) throws -> [String] {
    var rows: [[String]] = []
    let (points, note) = Self.points(data, rows: data.levels.count, [RunData.approachName])
    for point in points {
      guard let approaches = try point.data.conceptApproaches() else { return [] }
      for l in data.levels.indices {
        let interval = "(\(intervalText(approaches.lower[l], approaches.upper[l])))"
        rows.append(
          point.labels + [
            short(data.levels[l]), "\(threeDecimals(approaches.own[l])) \(interval)\(approaches.partial[l])",
            threeDecimals(approaches.sibling[l]), threeDecimals(approaches.shuffled[l]),
          ])
      }
    }
    return [
      "Approach 1 - min d(t) / d(0) to the own concept. \(data.errorText("In parentheses", items: RunData.approachBars)).",
      "",
    ] + note + table(data.sweep.map(\.key) + ["level", "approach", "sibling's", "shuffled"], rows) + [""]
  }

  private static func changes(_ data: RunData) throws -> [String] {
    var rows: [[String]] = []
    var times: [String] = []
    let (points, note) = Self.points(data, rows: data.levels.count, ["approach_change"])
    for point in points {
      guard let changes = try point.data.conceptChanges() else { return [] }
      times = changes.times
      for (level, row) in zip(data.levels, changes.rows) { rows.append(point.labels + [short(level)] + row) }
    }
    return [data.changeCaption, ""] + note + table(data.sweep.map(\.key) + ["level"] + times, rows) + [""]
  }

  private static func attractors(_ data: RunData) throws -> [String] {
    let header = data.attractorNumbers.map(\.words)
    guard !header.isEmpty else { return [] }
    let (points, note) = Self.points(data, rows: data.levels.count, ["attracting_sets"])
    let rows = try points.flatMap { point in
      try point.data.attractorNumberRows().map { point.labels + $0 }
    }
    return ["Attractors. \(data.attractorNumberCaption)", ""] + note
      + table(data.sweep.map(\.key) + ["level"] + header, rows) + [""]
  }
}
