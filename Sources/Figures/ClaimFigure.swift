import Vocabulary
import Foundation
import Output
import RunFiles

extension RunData {
  /// The groups of the claims, in the file's order.
  var claims: [NetCDFReaderGroup] { (try? reader.group("claims"))?.groups ?? [] }

  /// The number of models that averages are over; nil for those of one model.
  var models: Int? {
    guard replica == nil, let count = (try? reader.attribute("models"))?.integer, count > 1 else {
      return nil
    }
    return count
  }

  /// What error bars mean: "Bars: ..." or "Bands: ...".
  func errorText(_ what: String, items: String) -> String {
    models.map { "\(what): Student's 95 % interval over \($0) models (replicas)" }
      ?? "\(what): \(items), for one model and data set"
  }

  /// Each claim's estimates with their intervals, beside those of its controls and the threshold.
  ///
  /// Entries along the last dimension that is left stand in one panel, each value of the others has its own.
  func claimSheet(_ options: FigureOptions) throws -> Sheet {
    var controlNames: [String] = []
    var entries: [(name: String, isShownOnly: Bool)] = []
    for group in claims {
      for (name, isShownOnly) in controls(of: group) {
        if !controlNames.contains(name) { controlNames.append(name) }
        if !entries.contains(where: { $0 == (name, isShownOnly) }) { entries.append((name, isShownOnly)) }
      }
    }
    controlNames = Array(controlNames.prefix(Self.claimStyles.count - 1))
    var drafts: [Sheet.Draft] = []
    var isPartial = false
    var isIncomplete = false
    for group in claims.prefix(24) {
      guard let claim = try claimEntries(group, controlNames) else { continue }
      isIncomplete = isIncomplete || claim.single.contains { !$0.isFinite }
      let (panels, isCut) = claimPanels(claim, name: group.name)
      drafts += panels
      isPartial = isPartial || isCut
    }
    guard !drafts.isEmpty else { throw invalid("claims", "holds no claims") }
    let styles = Self.claimStyles
    var sheet = Sheet(width: options.width, isBare: options.isBare)
    sheet.addTitle("Claims: estimates, controls and thresholds")
    sheet.addLegend(
      "runs",
      [LegendEntry(label: "the scenario", colour: styles[0].0, marker: styles[0].1)]
        + entries.compactMap { name, isShownOnly in
          guard let k = controlNames.firstIndex(of: name) else { return nil }
          let (colour, marker) = styles[k + 1]
          return LegendEntry(
            label: Self.label(name, isShownOnly), colour: colour,
            marker: isShownOnly ? marker.hollow : marker, size: isShownOnly ? Self.hollowSize : 1,
            hasLine: !isShownOnly)
        })
    sheet.addPanels(drafts)
    sheet.addCaption(
      claimCaption(
        hasHollow: entries.contains(where: \.isShownOnly), isPartial: isPartial, isIncomplete: isIncomplete))
    return sheet
  }

  /// The panels of one claim, and whether entries are left out.
  private func claimPanels(
    _ claim: ClaimEntries, name: String
  ) -> (drafts: [Sheet.Draft], isPartial: Bool) {
    let inner = claim.axes.last ?? (name: "", labels: [""])
    let outer = RowMajorShape(claim.axes.dropLast().map(\.labels.count))
    let names = inner.labels.map { TextWidth.cut($0, width: 44, size: TextSize.tick) }
    let longest = names.map { TextWidth.of($0, size: TextSize.tick) }.max() ?? 0
    let shown = evenly(inner.labels.count, min(12, Int(190 / (longest + 5))))
    let panels = evenly(outer.count, 6)
    // Panels of one claim share their scale.
    let values = Axis.range(
      claim.rows.flatMap { $0.mean + $0.lower + $0.upper } + claim.single + [claim.threshold])
    // Room for the verdicts above.
    let range = values.lowerBound...values.upperBound + 0.07 * (values.upperBound - values.lowerBound)
    let title = spoken(String(name.map { $0 == "-" ? " " : $0 }))
    let drafts = panels.map { panel in
      let place = zip(claim.axes, outer.indices(of: panel)).map { ", \($0.name) = \($0.labels[$1])" }
        .joined()
      return claimPanel(
        claim, entries: shown.map { panel * inner.labels.count + $0 }, title: title + place, range: range,
        x: Axis(
          inner.name, -0.6...Double(shown.count) - 0.4,
          ticks: shown.enumerated().map { (Double($0), names[$1]) }))
    }
    return (drafts, shown.count < inner.labels.count || panels.count < outer.count)
  }

  private func claimCaption(hasHollow: Bool, isPartial: Bool, isIncomplete: Bool) -> String {
    // Claims are about all models, whichever is chosen for other figures.
    let count = (try? reader.attribute("models"))?.integer ?? 1
    let hollow = hasHollow ? " Hollow symbols: shown only, without weight in the verdict." : ""
    return
      "Symbols: mean over \(count == 1 ? "one model" : "\(count) models") of the estimate that the scenario"
      + " fixes, in the units of what it is computed from (nats for the negative ELBO and energies, else 1); bars:"
      + " Student's 95 % interval over models, which knows no bounds (of a fraction it may reach below 0 or beyond 1);"
      + " grey circles: single models; dashed line: the threshold. Above each: the verdict (S supported, R refuted, U undecided).\(hollow)"
      + (isIncomplete
        ? " Where models lack an estimate, the mean is over the others, and the verdict is undecided." : "")
      + (isPartial ? " Evenly chosen entries are shown." : "")
      + " Scenario \(scenarioName), seed \(text("seed"))."
  }

  /// What a claim's estimate is compared with, in the file's order: controls, and what its list `compare` shows without
  /// weight. Files that do not say have controls alone.
  private func controls(of group: NetCDFReaderGroup) -> [(name: String, isShownOnly: Bool)] {
    let dimension = group.dimensions.first { $0.name == ClaimLayout.controlDimension }
    let names = dimension.flatMap { try? group.words(of: $0) } ?? []
    guard let counted = (try? group.attribute("controls"))?.text?.split(separator: " ").map(String.init)
    else { return names.map { ($0, false) } }
    return names.map { ($0, !counted.contains($0)) }
  }

  /// Large enough for the hole to be seen.
  private static let hollowSize = 1.6

  private static func label(_ control: String, _ isShownOnly: Bool) -> String {
    "\(isShownOnly ? "shown only" : "control"): \(control)"
  }

  private static var claimStyles: [(Colour, Marker)] {
    zip(Palette.distinct, Marker.distinct).map { ($0, $1) }
  }

  /// What a figure shows of a claim; entries along the axes, the last one fastest.
  private struct ClaimEntries {
    struct Row {
      var mean: [Double]
      var lower: [Double]
      var upper: [Double]
      /// Place in the legend: 0 for the scenario itself.
      var style: Int
      /// Whether it has no weight in the verdict.
      var isShownOnly = false
    }
    var axes: [(name: String, labels: [String])]
    /// The scenario's own, then its controls'.
    var rows: [Row]
    /// Shape `[entries, models]`.
    var single: [Double]
    var models: Int
    var verdicts: [Double]
    var threshold: Double
  }

  /// Nil where a claim has no entries, or too many to be one.
  private func claimEntries(_ group: NetCDFReaderGroup, _ controlNames: [String]) throws -> ClaimEntries? {
    let names = ClaimLayout.Estimates(isControl: false, [])
    let mean = try checked(group, names.mean.name)
    let entries = mean.shape.reduce(1, *)
    guard (1...10_000).contains(entries) else { return nil }
    let estimate = try checked(group, names.estimate.name)
    let models = estimate.shape.last ?? 0
    func row(isControl: Bool, _ offset: Int, style: Int, isShownOnly: Bool = false) throws
      -> ClaimEntries.Row
    {
      let interval = try interval(group, isControl: isControl, offset, count: entries)
      return ClaimEntries.Row(
        mean: interval.mean, lower: interval.lower, upper: interval.upper, style: style,
        isShownOnly: isShownOnly)
    }
    let single = try estimate.readDoubles()
    guard single.count == entries * models else { throw invalid(estimate.path, "has a wrong shape") }
    var rows = [try row(isControl: false, 0, style: 0)]
    for (c, control) in controls(of: group).enumerated() {
      guard let style = controlNames.firstIndex(of: control.name) else { continue }
      rows.append(
        try row(isControl: true, c * entries, style: style + 1, isShownOnly: control.isShownOnly))
    }
    let verdicts = try checked(group, "verdict").readDoubles()
    guard verdicts.count == entries else { throw invalid(group.path, "has a wrong number of verdicts") }
    return ClaimEntries(
      axes: try claimAxes(mean), rows: rows, single: single, models: models, verdicts: verdicts,
      threshold: (try? group.attribute("threshold"))?.numbers?.first ?? .nan)
  }

  /// Means over models with their intervals, of the scenario or of a control.
  ///
  /// - Parameters:
  ///   - offset: The first entry's number.
  ///   - count: The number of entries.
  private func interval(
    _ group: NetCDFReaderGroup, isControl: Bool, _ offset: Int, count: Int
  ) throws -> (mean: [Double], lower: [Double], upper: [Double]) {
    let mean = ClaimLayout.Estimates(isControl: isControl, []).mean.name
    let roles = VariableRoles(group)
    func pick(_ name: String) throws -> [Double] {
      let all = try checked(group, name).readDoubles()
      guard all.count >= offset + count else { throw invalid(group.path, "is too short") }
      return Array(all[offset..<offset + count])
    }
    func end(_ role: VariableRole) throws -> [Double] {
      guard let name = roles.name(of: role) else {
        throw invalid("\(group.path)/\(mean)", "has no \(spoken(role.word)) beside it")
      }
      return try pick(name)
    }
    return (try pick(mean), try end(.lowerBound(of: mean)), try end(.upperBound(of: mean)))
  }

  /// How many models gave each estimate, of how many; nil in files that do not say.
  private func modelCounts(
    _ group: NetCDFReaderGroup, isControl: Bool, _ offset: Int, count: Int
  ) throws -> (given: [Int], all: Int)? {
    let names = ClaimLayout.Estimates(isControl: isControl, [])
    guard let variable = group.variables.first(where: { $0.name == names.count.name }),
      let all = group.variables.first(where: { $0.name == names.estimate.name })?.shape.last
    else { return nil }
    let given = try variable.readInts()
    guard given.count >= offset + count else { throw invalid(group.path, "is too short") }
    return (Array(given[offset..<offset + count]), all)
  }

  private func claimPanel(
    _ claim: ClaimEntries, entries: [Int], title: String, range: ClosedRange<Double>, x: Axis
  ) -> Sheet.Draft {
    let styles = Self.claimStyles
    let step = 0.7 / Double(max(claim.rows.count, 1))
    func place(_ entry: Int, _ row: Int) -> Double {
      Double(entry) + step * (Double(row) - 0.5 * Double(claim.rows.count - 1))
    }
    let dots = entries.enumerated().flatMap { k, entry in
      (0..<claim.models).map { Point(place(k, 0) + 0.2 * step, claim.single[entry * claim.models + $0]) }
    }
    var layers: [Layer] = [
      .line(
        [Point(x.range.lowerBound, claim.threshold), Point(x.range.upperBound, claim.threshold)], .black,
        width: 0.8, dash: 2),
      .marks(dots, .grey, .openCircle, size: 0.5),
    ]
    for (k, row) in claim.rows.enumerated() {
      let x = entries.indices.map { place($0, k) }
      let (colour, marker) = styles[row.style]
      layers += [
        .bars(x: x, lower: entries.map { row.lower[$0] }, upper: entries.map { row.upper[$0] }, colour),
        .marks(
          zip(x, entries).map { Point($0, row.mean[$1]) }, colour, row.isShownOnly ? marker.hollow : marker,
          size: row.isShownOnly ? Self.hollowSize : 1),
      ]
    }
    let texts = entries.enumerated().map { k, entry in
      let word = word(claim.verdicts[entry])
      return SheetText(
        text: entries.count > 4 ? String(word.prefix(1)).uppercased() : word, x: Double(k),
        y: range.upperBound, size: 6.5, alignment: .center)
    }
    return Sheet.Draft(title: title, x: x, y: Axis("estimate", range), layers: layers, texts: texts)
  }

  /// A table per claim: verdict, interval and controls of each entry.
  func claimTables(limit: Int) throws -> [(caption: String, header: [String], rows: [[String]])] {
    try claims.prefix(100).compactMap { group in
      let mean = try checked(group, ClaimLayout.Estimates(isControl: false, []).mean.name)
      let entries = mean.shape.reduce(1, *)
      guard (1...10_000).contains(entries) else { return nil }
      let labels = try labels(mean)
      let controls = Array(controls(of: group).prefix(10))
      func intervals(isControl: Bool, _ offset: Int = 0) throws -> [String] {
        let (mean, lower, upper) = try interval(group, isControl: isControl, offset, count: entries)
        let models = try modelCounts(group, isControl: isControl, offset, count: entries)
        return (0..<entries).map { k in
          let count = models.map { $0.given[k] < $0.all ? ", \($0.given[k]) of \($0.all) models" : "" } ?? ""
          return "\(short(mean[k])) (\(short(lower[k])) to \(short(upper[k]))\(count))"
        }
      }
      func text(_ name: String) -> String { (try? group.attribute(name))?.text ?? "" }
      let own = try intervals(isControl: false)
      let others = try controls.indices.map { try intervals(isControl: true, $0 * entries) }
      let verdicts = try checked(group, "verdict").readDoubles()
      guard verdicts.count >= entries else { throw invalid(group.path, "is too short") }
      let reasons = (try? group.variable("reason").readStrings()) ?? []
      let threshold = (try? group.attribute("threshold"))?.numbers?.first ?? .nan
      let slope = text("against").isEmpty ? "" : ", slope against \(text("against"))"
      let rows = evenly(entries, limit).map { k in
        let verdict = word(verdicts[k])
        let reason = reasons.count == entries && verdict != "supported" ? " (\(reasons[k]))" : ""
        return [labels.values[k].isEmpty ? "all" : labels.values[k], verdict + reason, own[k]]
          + others.map { $0[k] }
      }
      return (
        "Claim \(group.name): \(text("statement")) Estimate: \(text("estimate"))\(slope); threshold \(short(threshold));"
          + " means over models with Student's 95 % intervals.",
        [labels.title.isEmpty ? "entry" : labels.title, "verdict", "estimate"]
          + controls.map(Self.label), rows
      )
    }
  }

  /// The verdict of a flag's value.
  private func word(_ flag: Double) -> String {
    let words = ["supported", "refuted", "undecided"]
    guard let k = Int(exactly: flag), words.indices.contains(k) else { return "-" }
    return words[k]
  }

  private func checked(_ group: NetCDFReaderGroup, _ name: String) throws -> NetCDFReaderVariable {
    guard let variable = group.variables.first(where: { $0.name == name }),
      variable.type.isFloating || variable.type.isInteger
    else { throw invalid("\(group.path)/\(name)", "is missing") }
    return variable
  }

  /// What the entries of a claim are: a title of their axis, and a label each.
  private func labels(_ variable: NetCDFReaderVariable) throws -> (title: String, values: [String]) {
    let axes = try claimAxes(variable)
    let values = axes.reduce([""]) { values, axis in
      values.flatMap { a in axis.labels.map { a.isEmpty ? $0 : "\(a), \($0)" } }
    }
    return (axes.map(\.name).joined(separator: ", "), values)
  }

  /// The dimensions of a claim's entries, with a label for each value.
  private func claimAxes(_ variable: NetCDFReaderVariable) throws -> [(name: String, labels: [String])] {
    let parent = variable.path.split(separator: "/").dropLast().joined(separator: "/")
    return try variable.dimensions.map { dimension in
      let isLevel = dimension.name == ClaimLayout.levelDimension
      guard let coordinate = find("\(parent)/\(dimension.name)") ?? find(dimension.name),
        coordinate.shape == [dimension.length]
      else {
        return (isLevel ? "corruption level" : dimension.name, (0..<dimension.length).map(String.init))
      }
      let name = isLevel ? "corruption level" : SweepAxis.key(of: coordinate)
      let words = try (try? reader.group(parent))?.words(of: dimension) ?? reader.root.words(of: dimension)
      return (name, try words ?? coordinate.readDoubles().map(short))
    }
  }
}
