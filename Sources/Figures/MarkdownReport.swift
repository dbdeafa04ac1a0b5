import Vocabulary
import Foundation
import Output

/// A run file as a page of Markdown: verdicts, models, approaches and averages as tables.
public enum MarkdownReport {
  /// Most rows of a table.
  private static let mostRows = 60

  /// The page; figures are the caller's to add.
  ///
  /// - Parameter data: The run; of a sweep, all points are shown.
  /// - Throws: `FigureError` or `NetCDFError`.
  public static func text(of data: RunData) throws -> String {
    var lines: [String] = []
    let title = data.text("title")
    lines += ["## \(escaped(data.scenarioName.isEmpty ? "run" : data.scenarioName))", ""]
    // Without a description, the title is the name once more.
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
    for claim in try data.claimTables(limit: mostRows) {
      lines += [escaped(claim.caption), ""] + table(claim.header, claim.rows) + [""]
    }
    lines += try facts(data)
    lines += try approaches(data)
    lines += try changes(data)
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
      + rows.prefix(mostRows).map { "| " + $0.map(escaped).joined(separator: " | ") + " |" }
  }

  /// Every point of the sweep.
  private static func points(_ data: RunData) -> [(data: RunData, labels: [String])] {
    var result: [(RunData, [String])] = []
    let shape = RowMajorShape(data.sweep.map(\.labels.count))
    for index in 0..<min(shape.count, mostRows) {
      let point = shape.indices(of: index)
      result.append((data.at(point), zip(data.sweep, point).map { $0.labels[$1] }))
    }
    return result
  }

  /// A mean with its error: in as many digits as the error deserves.
  private static func number(_ x: Double, _ error: Double) -> String {
    guard x.isFinite else { return "-" }
    guard error.isFinite, error > 1e-12 * abs(x) else { return short(x) }
    let decimals = min(max(Int((1 - log10(error)).rounded(.up)), 0), 6)
    return String(format: "%.\(decimals)f ± %.\(decimals)f", x, error)
  }

  private static func facts(_ data: RunData) throws -> [String] {
    let names = [
      ("negative_elbo_train", "negative ELBO, training [nats]"), ("negative_elbo_test", "test [nats]"),
      ("negative_elbo_validation", "validation [nats]"),
      ("active_latent_variables", "active latent variables"),
      ("best_epoch", "best epoch"),
    ].filter { data.find($0.0) != nil }
    guard !names.isEmpty else { return [] }
    let rows = try points(data).map { point in
      try point.labels
        + names.map { name, _ in
          let error = point.data.name(of: .standardError(of: name))
            .flatMap { try? point.data.values($0, []) }
          return number(try point.data.values(name, []).first ?? .nan, error?.first ?? .nan)
        }
    }
    let whose = data.models == nil ? "standard errors over items" : "means and standard errors over models"
    return ["Models (\(whose)):", ""] + table(data.sweep.map(\.key) + names.map(\.1), rows) + [""]
  }

  private static func approaches(_ data: RunData) throws -> [String] {
    var rows: [[String]] = []
    for point in points(data) {
      guard let approaches = try point.data.conceptApproaches() else { return [] }
      for l in data.levels.indices {
        let interval = "(\(decimals(approaches.lower[l])) to \(decimals(approaches.upper[l])))"
        rows.append(
          point.labels + [
            short(data.levels[l]), "\(decimals(approaches.own[l])) \(interval)\(approaches.partial[l])",
            decimals(approaches.sibling[l]), decimals(approaches.shuffled[l]),
          ])
      }
    }
    return [
      "Approach 1 - min d(t) / d(0) to the own concept. \(data.errorText("In parentheses", items: RunData.approachBars)).",
      "",
    ] + table(data.sweep.map(\.key) + ["level", "approach", "sibling's", "shuffled"], rows) + [""]
  }

  private static func changes(_ data: RunData) throws -> [String] {
    var rows: [[String]] = []
    var times: [String] = []
    for point in points(data) {
      guard let changes = try point.data.conceptChanges() else { return [] }
      times = changes.times
      for (level, row) in zip(data.levels, changes.rows) { rows.append(point.labels + [short(level)] + row) }
    }
    return [data.changeCaption, ""] + table(data.sweep.map(\.key) + ["level"] + times, rows) + [""]
  }

  private static func decimals(_ x: Double) -> String { x.isFinite ? String(format: "%.3f", x) : "-" }
}
