import Expressions
import Dynamics
import Experiments
import Foundation
import Output
import RunFiles
import Scenarios
import Campaigns
import Kinds
import Vocabulary

/// The results of several runs, as text.
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
    let folders = try modelFolders(of: report.path)
    if !folders.isEmpty { lines.append("Model files: \(folders.joined(separator: ", "))") }
    lines.append("Run file: \(report.path)")
    return lines.joined(separator: "\n")
  }

  /// The folders that hold the runs' models, each once.
  private static func modelFolders(of path: String) throws -> [String] {
    let text = try? NetCDFReader(path: path).attribute("model_file").text
    var folders: [String] = []
    for file in (text ?? "").split(separator: "\n") {
      let folder = URL(fileURLWithPath: String(file)).deletingLastPathComponent().path
      if !folders.contains(folder) { folders.append(folder) }
    }
    return folders
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

  /// What a table shows of a variable at each point and level.
  private struct Column {
    var title: String
    var values: [Double]
    /// Missing where there are none, or none are shown.
    var errors: [Double]
    /// How many models gave each value; empty where it is one model's.
    var models: [Int] = []
    /// The number of members in each value; empty if the file does not say.
    var members: [Int] = []
  }

  /// The approach to the own concept, and the observables at the end.
  private static func columns(of file: NetCDFReader, scenario: Scenario) throws -> [Column] {
    let roles = VariableRoles(file.root)
    var columns: [Column] = []
    let approach = ApproachVariables(.own).value.name
    if let variable = try? file.variable(approach), variable.shape.last ?? 0 > TreeLevel.concept + 1 {
      // The class is the second level of every tree that has classes.
      let start: [Int] = variable.shape.dropLast().map { _ in 0 } + [TreeLevel.concept]
      let count: [Int] = variable.shape.dropLast() + [1]
      let values = try variable.readDoubles(start: start, count: count)
      let models = try roles.name(of: .models(of: approach)).map {
        try file.variable($0).readInts(start: start, count: count)
      }
      columns.append(
        Column(
          title: "approach to concept", values: values, errors: values.map { _ in .nan },
          models: models ?? []))
    }
    for name in scenario.averagedObservables {
      let variableName = AveragedObservable.variableName(name)
      guard let variable = try? file.variable(variableName) else { continue }
      let values = try lastNumbers(variable)
      let errors = try roles.name(of: .standardError(of: variableName)).flatMap { try? file.variable($0) }
        .map { try lastNumbers($0) }
      let models = try roles.name(of: .models(of: variableName)).flatMap { try? file.variable($0) }
        .map { try lastNumbers($0, where: variable).map { Int($0) } }
      let members = try roles.name(of: .sampleSize(of: variableName)).flatMap { try? file.variable($0) }
        .map { try lastNumbers($0, where: variable).map { Int($0) } }
      columns.append(
        Column(
          title: name, values: values, errors: errors ?? values.map { _ in .nan }, models: models ?? [],
          members: members ?? []))
    }
    return columns
  }

  /// The numbers at the last time of each run: where steps are swept, others are missing.
  ///
  /// - Parameter known: The variable that tells which that is; nil: the same.
  private static func lastNumbers(
    _ variable: NetCDFReaderVariable, where known: NetCDFReaderVariable? = nil
  ) throws -> [Double] {
    let width = max(variable.shape.last ?? 1, 1)
    let all = try variable.readDoubles()
    let marks = try known?.readDoubles() ?? all
    return stride(from: 0, to: all.count, by: width).map { row in
      (row..<row + width).last { marks[$0].isFinite }.map { all[$0] } ?? (known == nil ? .nan : 0)
    }
  }

  /// Per point and level: the approach to the own concept, and the observables at the end.
  private static func table(_ report: CampaignReport, scenario: Scenario) throws -> [String] {
    let file = try NetCDFReader(path: report.path)
    let levels = try file.variable("level").readDoubles()
    let axes = scenario.sweep
    let shape = RowMajorShape(axes.map(\.values.count))
    let points = shape.count
    let columns = try columns(of: file, scenario: scenario)
    var shown = columns.filter { $0.values.count == points * levels.count }
    let members = try file.variable(RunLayout.memberCountName).readInts()
    let isCut = shown.count > 7
    if isCut { shown = Array(shown.prefix(7)) }
    var rows = [axes.map(\.key) + ["level"] + shown.map(\.title)]
    for point in 0..<points {
      let words = zip(axes, shape.indices(of: point)).map { key, index in
        let value = key.text(of: key.values[index])
        // Of a series over time, its end.
        return value.hasPrefix("/") ? String(value.split(separator: "/").last ?? "") : value
      }
      for (l, level) in levels.enumerated() {
        guard rows.count <= mostRows else { break }
        let k = point * levels.count + l
        rows.append(
          words + [Summary.short(level)]
            + shown.map { cell(of: $0, at: k, members: members, replicas: scenario.replicas) })
      }
    }
    let whose =
      scenario.replicas > 1
      ? "Means over \(scenario.replicas) models; +- standard error between models"
      : "Averages over members; +- standard error over items, for each one model"
    var lines = ["\(whose). Observables at the last step:", TextTable.numbers(rows)]
    if rows.count > mostRows || isCut { lines.append("(the file holds more)") }
    let diverged = try file.variable(RunLayout.divergedCountName).readInts()
    // Numbers of a failed run are -1.
    func total(_ counts: [Int]) -> Int { counts.reduce(0) { $0 + max($1, 0) } }
    lines += Summary.divergence(total(diverged), of: total(members))
    return lines
  }

  /// A value with its error, and the number of models or members if it is not over all.
  private static func cell(of column: Column, at k: Int, members: [Int], replicas: Int) -> String {
    guard column.values[k].isFinite else { return "-" }
    var text = Summary.mean(column.values[k], column.errors[k])
    if k < column.models.count, column.models[k] < replicas {
      text += " (\(column.models[k]) of \(replicas) models)"
    }
    if k < column.members.count, k < members.count, column.members[k] < members[k] {
      text += " (\(column.members[k]) of \(members[k]))"
    }
    return text
  }
}
