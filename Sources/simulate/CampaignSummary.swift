import Foundation
import Output
import Scenarios

/// What several runs found, as text.
enum CampaignSummary {
  /// Rows of a table beyond which it is cut.
  private static let mostRows = 60

  static func text(_ report: CampaignReport, scenario: Scenario, seconds: Double) throws -> String {
    var lines: [String] = []
    let before = report.totalCount - report.runCount - report.failures.count
    lines.append(
      "\(scenario.name): \(report.totalCount) runs" + (before > 0 ? " (\(before) done before)" : "")
        + String(format: " in %.1f s", seconds))
    lines.append("")
    lines += try table(report, scenario: scenario)
    for result in report.claims {
      lines.append("")
      lines.append("\(result.claim.name): \(result.claim.statement)")
      lines.append("  estimate: \(estimate(result.claim, of: scenario))")
      lines += result.entries.map { "  " + result.line($0) }
    }
    if !report.claimChanges.isEmpty {
      lines.append("")
      lines.append("Changed after runs had begun: \(report.claimChanges.joined(separator: "; ")).")
    }
    if !report.failures.isEmpty {
      lines.append("")
      lines.append(
        "\(report.failures.count) of \(report.totalCount) runs failed and are missing in the file.")
    }
    lines.append("")
    lines.append("Run file: \(report.path)")
    return lines.joined(separator: "\n")
  }

  private static func estimate(_ claim: ClaimSpecification, of scenario: Scenario) -> String {
    var text = claim.estimate.text
    if let against = claim.against { text = "slope of \(text) against \(against.text)" }
    if let levels = claim.levels {
      text += ", levels " + levels.map { String(format: "%g", $0) }.joined(separator: ", ")
    }
    let levels = claim.levels ?? scenario.initial.levels
    if claim.over == .mean, claim.against == nil, levels.count > 1 { text += " (mean)" }
    return text
  }

  /// Per point and level: the approach to the own concept, and the observables at the end.
  private static func table(_ report: CampaignReport, scenario: Scenario) throws -> [String] {
    let file = try NetCDFReader(path: report.path)
    let levels = try file.variable("level").readDoubles()
    let axes = scenario.sweep
    let shape = RowMajorShape(axes.map(\.values.count))
    let points = shape.count
    var columns: [(title: String, values: [Double], errors: [Double])] = []
    func add(_ name: String, _ title: String, last: String?) throws {
      guard let variable = try? file.variable(name) else { return }
      let errorName = name == "approach" ? nil : name + "_standard_error"
      func pick(_ variable: NetCDFReaderVariable) throws -> [Double] {
        let shape = variable.shape
        guard let last else { return try variable.readDoubles() }
        let width = max(shape.last ?? 1, 1)
        if last != "end" {
          return try variable.readDoubles(
            start: shape.dropLast().map { _ in 0 } + [1], count: shape.dropLast() + [1])
        }
        // The last time of each run: where steps are swept, others are missing.
        let all = try variable.readDoubles()
        return stride(from: 0, to: all.count, by: width).map { row in
          all[row..<row + width].last { $0.isFinite } ?? .nan
        }
      }
      let errors = try errorName.flatMap { try? file.variable($0) }.map(pick)
      let values = try pick(variable)
      columns.append((title, values, errors ?? values.map { _ in .nan }))
    }
    try add("approach", "approach to concept", last: "class")
    for name in scenario.observables {
      try add(String(name.map { $0 == "-" ? "_" : $0 }), name, last: "end")
    }
    var shown = columns.filter { $0.values.count == points * levels.count }
    let isCut = shown.count > 7
    if isCut { shown = Array(shown.prefix(7)) }
    var rows = [axes.map(\.key) + ["level"] + shown.map(\.title)]
    for point in 0..<points {
      let words = zip(axes, shape.indices(of: point)).map { key, index in
        let value = key.text(of: key.values[index])
        // Of a path, its end.
        return value.hasPrefix("/") ? String(value.split(separator: "/").last ?? "") : value
      }
      for (l, level) in levels.enumerated() {
        guard rows.count <= mostRows else { break }
        let k = point * levels.count + l
        rows.append(
          words + [Summary.short(level)]
            + shown.map { column in
              guard column.values[k].isFinite else { return "-" }
              let error = column.errors[k]
              return Summary.number(column.values[k], 3)
                + (error.isFinite ? " +- " + Summary.number(error, 3) : "")
            })
      }
    }
    let whose =
      scenario.replicas > 1
      ? "Means over \(scenario.replicas) models; +- standard error between models"
      : "Averages over members; +- standard error over items, for each one model"
    var lines = ["\(whose). Observables at the last step:", TextTable.numbers(rows)]
    if rows.count > mostRows || isCut { lines.append("(the file holds more)") }
    return lines
  }
}
