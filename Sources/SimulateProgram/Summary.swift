import Dynamics
import Foundation
import Observables
import Experiments
import Kinds
import Scenarios
import Statistics
import Vocabulary

/// What a run found, as text.
enum Summary {
  /// The whole report.
  static func text(_ report: RunReport, scenario: Scenario, seconds: Double) -> String {
    var lines: [String] = []
    let rate = Double(report.memberSteps) / max(report.seconds, 1e-9)
    let speed = report.memberSteps > 0 ? String(format: " (%.0f member-steps per second)", rate) : ""
    lines.append(
      "\(scenario.name): \(report.memberCount) members, \(scenario.dynamics.steps) steps in"
        + String(format: " %.1f s", report.seconds) + speed + String(format: "; %.1f s in all", seconds))
    lines.append(report.model.summary(seconds: nil))
    if let active = report.activeLatentVariables {
      lines.append(
        "active latent variables: \(active) of \(report.latentDimension) (variance of"
          + " the posterior mean over the training items above \(LatentGeometry.activityThreshold))")
    }
    if let clusters = report.clusters {
      lines.append(
        "concepts: the centres of \(clusters.count) clusters of the training memories (k-means in the latent"
          + " space; inertia \(number(clusters.inertia, 4)), mean silhouette \(number(clusters.silhouette, 3)))"
      )
    }
    lines.append("")
    if report.treeLevels.contains("class") {
      lines.append(conceptTable(report, scenario: scenario))
      lines.append("")
      if scenario.dynamics.steps > 0 {
        lines.append(changeTable(report, scenario: scenario))
        lines.append("")
      }
    }
    lines.append(finalTable(report, scenario: scenario))
    if let attractors = report.attractors {
      lines.append("")
      lines.append(AttractorSummary(study: attractors, labels: report.classLabels).text)
      if let until = scenario.attractors?.until {
        lines.append(AttractorSummary.sampling(attractors, until))
      }
    }
    lines += divergence(report.levels.reduce(0) { $0 + $1.divergedCount }, of: report.memberCount)
    lines.append("")
    lines.append(
      "Averages over members; +- standard error over items, for this one model and data set (95 % intervals: NAME_lower and"
        + " NAME_upper in the run file).")
    if let file = report.model.file { lines.append("Model file: \(file)") }
    lines.append("Run file: \(report.path)")
    return lines.joined(separator: "\n")
  }

  /// Per level: mean distance to the own concept at the start, at its minimum and at the end.
  private static func conceptTable(_ report: RunReport, scenario: Scenario) -> String {
    let errors = report.observables.firstIndex(of: "distance-concept")
    var rows = [
      ["level", "members", "start", "closest", "at t", "end", "approach", "[95 %]", "sibling's", "shuffled"]
    ]
    for result in report.levels {
      let own = result.approaches[.own, TreeLevel.concept]
      func at(_ time: Int?) -> String {
        guard let time else { return "-" }
        let series = errors.map { result.overall[$0] }
        // Of the same members as the approach, or of none.
        let isSame = series.map { $0.count[time] == own.memberCount } ?? false
        let error = isSame ? series?.standardError[time] ?? .nan : .nan
        return mean(own.meanDistance[time], error)
      }
      let time = own.time.map { "\($0)\(own.isCensored ? "*" : "")" } ?? "-"
      let isPartial = own.memberCount < result.memberCount
      rows.append([
        short(result.level), (isPartial ? "\(own.memberCount) of " : "") + "\(result.memberCount)", at(0),
        at(own.time), time, at(scenario.dynamics.steps),
        number(own.value, 3), "[\(number(own.lower, 3)), \(number(own.upper, 3))]",
        number(result.approaches[.sibling, TreeLevel.concept].value, 3),
        number(result.approaches[.shuffled, TreeLevel.concept].value, 3),
      ])
    }
    var text =
      "Mean latent distance to the own concept, and the approach 1 - closest/start to it, to a sibling\n"
    text +=
      "concept and to the concept under shuffled labels (controls; an effect that these show too is no\n"
    text += "approach to the concept):\n" + TextTable.numbers(rows)
    if report.levels.contains(where: { $0.approaches[.own, TreeLevel.concept].isCensored }) {
      text +=
        "\n* at the first or last step, where the approach has no interval: the true minimum may lie outside the run."
    }
    return text
  }

  /// Per level: how much the mean distance to the own concept has changed, with a sign.
  private static func changeTable(_ report: RunReport, scenario: Scenario) -> String {
    let times = EnsemblePlan.changeTimes(steps: scenario.dynamics.steps)
    var rows = [["level"] + times.map { "t = \($0)" }]
    for result in report.levels {
      let own = result.approaches[.own, TreeLevel.concept]
      rows.append(
        [short(result.level)]
          + own.changes.map { change in
            guard change.value.isFinite else { return "-" }
            let (lower, upper) = change.interval(items: own.itemCount)
            return "\(number(change.value, 3)) [\(number(lower, 3)), \(number(upper, 3))]"
          })
    }
    return
      "Signed change ln(distance at t / distance at 0) of that distance [95 %], negative where it comes nearer:\n"
      + TextTable.numbers(rows)
  }

  /// Per level: each observable at the start and at the end.
  private static func finalTable(_ report: RunReport, scenario: Scenario) -> String {
    let last = scenario.dynamics.steps
    var rows = [["", ""] + report.levels.map { "level " + short($0.level) }]
    for (o, name) in report.observables.enumerated() {
      for time in last > 0 ? [0, last] : [0] {
        rows.append(
          [time == 0 ? name : "", "t=\(time)"]
            + report.levels.map { result in
              let series = result.overall[o]
              guard series.mean[time].isFinite else { return "-" }
              let error = series.standardError[time]
              let count = series.count[time]
              return mean(series.mean[time], error)
                + (count < result.memberCount ? " (\(count) of \(result.memberCount))" : "")
            })
      }
    }
    return "Averages of the observables:\n" + TextTable.numbers(rows)
  }

  /// What is said of members that diverged: a line, or none where none did.
  static func divergence(_ diverged: Int, of members: Int) -> [String] {
    guard diverged > 0 else { return [] }
    return [
      "\(diverged) of \(members) members diverged; they are left out of the averages from then on, and of the approaches"
        + " at all times."
    ]
  }

  static func short(_ x: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", x) }

  static func number(_ x: Double, _ digits: Int) -> String { ResultText.number(x, digits) }

  /// A mean with its error.
  static func mean(_ x: Double, _ error: Double) -> String {
    meanText(x, error, sign: "+-") { ResultText.number($0, 3) }
  }

  static func short(_ x: Double) -> String { x == x.rounded() && abs(x) < 1e9 ? "\(Int(x))" : "\(x)" }
}
