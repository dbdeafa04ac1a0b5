import Drawing
import Output
import RunFiles
import Vocabulary

/// Claims with their estimates.
enum ClaimFigure: Figure {
  static let name = "claims"
  static let heading = "Claims"
  static let summary = "the claims' estimates with intervals, controls and thresholds"

  static func obstacle(in data: RunData) -> FigureObstacle? {
    data.claims.isEmpty
      ? FigureObstacle(
        "it holds no claims", "run a scenario with the key claims, or choose another figure") : nil
  }

  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet {
    try data.claimSheet(options)
  }
}

extension RunData {
  /// Each claim's estimates with their intervals, beside those of its controls and the threshold.
  ///
  /// Entries along the last dimension that is left share a panel. Each combination of values of the other
  /// dimensions has a panel of its own.
  fileprivate func claimSheet(_ options: FigureOptions) throws -> Sheet {
    var controlNames: [String] = []
    var entries: [(name: String, isShownOnly: Bool)] = []
    for group in claims {
      for (name, isShownOnly) in controls(of: group) {
        if !controlNames.contains(name) { controlNames.append(name) }
        if !entries.contains(where: { $0 == (name, isShownOnly) }) { entries.append((name, isShownOnly)) }
      }
    }
    let hiddenControls = max(controlNames.count - (Self.claimStyles.count - 1), 0)
    controlNames = Array(controlNames.prefix(Self.claimStyles.count - 1))
    var drafts: [Sheet.Draft] = []
    var shown = 0
    var isIncomplete = false
    let all = try claims.map { try claimSize($0) }
    for (group, size) in zip(claims, all).prefix(24) where (1...Self.mostEntries).contains(size) {
      let claim = try claimEntries(group, controlNames)
      isIncomplete = isIncomplete || claim.single.contains { !$0.isFinite }
      let (panels, count) = claimPanels(claim, name: group.name)
      drafts += panels
      shown += count
    }
    guard !drafts.isEmpty else { throw invalid("claims", "holds no claims") }
    let styles = Self.claimStyles
    var sheet = Sheet(options)
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
    let total = all.reduce(0, +)
    let isPartial = shown < total
    var left =
      isPartial ? " Evenly chosen: \(shown) of \(total) entries; the tables of a report have all." : ""
    if hiddenControls > 0 { left += " \(hiddenControls) controls more are in the file." }
    sheet.addCaption(
      claimCaption(
        hasHollow: entries.contains(where: \.isShownOnly), isIncomplete: isIncomplete,
        hasLetters: drafts.contains { $0.texts.contains { $0.text.count == 1 } }, left: left))
    return sheet
  }

  /// The panels of one claim, and the number of its entries that they show.
  private func claimPanels(
    _ claim: ClaimEntries, name: String
  ) -> (drafts: [Sheet.Draft], shown: Int) {
    let inner = claim.axes.last ?? ClaimAxis(key: "", words: "", labels: [""])
    let outer = RowMajorShape(claim.axes.dropLast().map(\.labels.count))
    let names = inner.labels.map { TextWidth.cut($0, width: 44, size: TextSize.tick) }
    let longest = names.map { TextWidth.of($0, size: TextSize.tick) }.max() ?? 0
    let shown = evenly(inner.labels.count, min(12, Int(190 / (longest + 5))))
    let panels = evenly(outer.count, 6)
    // Panels of one claim share their scale.
    let values = Axis.range(
      claim.rows.flatMap { $0.mean + $0.lower + $0.upper } + claim.single + claim.references)
    // There is room for the verdicts at the top.
    let range = values.lowerBound...values.upperBound + 0.07 * (values.upperBound - values.lowerBound)
    let title = spoken(String(name.map { $0 == "-" ? " " : $0 }))
    let drafts = panels.map { panel in
      let place = zip(claim.axes, outer.indices(of: panel)).map { ", \($0.key) = \($0.labels[$1])" }
        .joined()
      return claimPanel(
        claim, entries: shown.map { panel * inner.labels.count + $0 }, title: title + place, range: range,
        x: Axis(
          inner.words, -0.6...Double(shown.count) - 0.4,
          ticks: shown.enumerated().map { (Double($0), names[$1]) }))
    }
    return (drafts, shown.count * panels.count)
  }

  private func claimCaption(
    hasHollow: Bool, isIncomplete: Bool, hasLetters: Bool, left: String
  ) -> String {
    // Claims are always about all models, whichever one is chosen for other figures.
    let count = (try? reader.attribute("models"))?.integer ?? 1
    let letters = hasLetters ? " (S supported, R refuted, U undecided)" : ""
    let hollow = hasHollow ? " Hollow symbols: shown only, without weight in the verdict." : ""
    return
      "Symbols: mean over \(count == 1 ? "one model" : "\(count) models") of the estimate that the scenario"
      + " fixes, in the units of what it is computed from (nats for the negative ELBO and energies, else 1); bars:"
      + " Student's 95 % interval over models, which knows no bounds (of a fraction it may reach below 0 or beyond 1),"
      + " with Bonferroni's correction for a claim's entries where it has a smallest effect;"
      + " grey circles: single models; dashed: the threshold, or the smallest effect in both directions about zero. Above each: the verdict\(letters).\(hollow)"
      + (isIncomplete
        ? " Where models lack an estimate, the mean is over the others, and the verdict is undecided." : "")
      + left + " Scenario \(scenarioName), seed \(text("seed"))."
  }

  /// The size of hollow symbols, which is large enough for the hole to be seen.
  private static let hollowSize = 1.6

  private static var claimStyles: [(Colour, Marker)] {
    zip(Palette.distinct, Marker.distinct).map { ($0, $1) }
  }

  /// What a figure shows of a claim. Entries are ordered along the axes, with the last one fastest.
  private struct ClaimEntries {
    struct Row {
      var mean: [Double]
      var lower: [Double]
      var upper: [Double]
      /// The row's place in the legend: 0 for the scenario itself.
      var style: Int
      /// Whether the row has no weight in the verdict.
      var isShownOnly = false
    }
    var axes: [ClaimAxis]
    /// The row of the scenario itself, then those of its controls.
    var rows: [Row]
    /// The estimates of single models, shape `[entries, models]`.
    var single: [Double]
    var models: Int
    var verdicts: [Double]
    /// The threshold; or zero and the smallest effect in both directions.
    var references: [Double]
  }

  private func claimEntries(_ group: NetCDFReaderGroup, _ controlNames: [String]) throws -> ClaimEntries {
    let names = ClaimLayout.Estimates(isControl: false, [])
    let mean = try checked(group, names.mean.name)
    let entries = mean.shape.reduce(1, *)
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
      references: claimReferences(group))
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
    var layers = claim.references.map { y -> Layer in
      .line(
        [Point(x.range.lowerBound, y), Point(x.range.upperBound, y)], .black, width: 0.8, dash: y == 0 ? 1 : 2
      )
    }
    layers.append(.marks(dots, .grey, .openCircle, size: 0.7))
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
}
