import Foundation
import Output

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
  func claimSheet(_ options: FigureOptions) throws -> Sheet {
    let styles: [(Colour, Marker)] = zip(Palette.distinct, Marker.distinct).map { ($0, $1) }
    var controlNames: [String] = []
    for group in claims {
      for name in (try? group.variable("control").readStrings()) ?? [] where !controlNames.contains(name) {
        controlNames.append(name)
      }
    }
    controlNames = Array(controlNames.prefix(styles.count - 1))
    var drafts: [Sheet.Draft] = []
    var isPartial = false
    for group in claims.prefix(24) {
      let mean = try checked(group, "mean")
      let entries = mean.shape.reduce(1, *)
      guard (1...10_000).contains(entries) else { continue }
      let shown = evenly(entries, 12)
      isPartial = isPartial || shown.count < entries
      let estimate = try checked(group, "estimate")
      let models = (estimate.shape.last ?? 0)
      let labels = try labels(mean)
      struct Row {
        var mean: [Double]
        var lower: [Double]
        var upper: [Double]
      }
      func row(_ prefix: String, _ offset: Int) throws -> Row {
        func pick(_ name: String) throws -> [Double] {
          let all = try checked(group, prefix + name).readDoubles()
          guard all.count >= offset + entries else { throw invalid(group.path, "is too short") }
          return shown.map { all[offset + $0] }
        }
        return Row(mean: try pick("mean"), lower: try pick("lower"), upper: try pick("upper"))
      }
      let own = try row("", 0)
      let single = try estimate.readDoubles()
      guard single.count == entries * models else { throw invalid(estimate.path, "has a wrong shape") }
      let controls = (try? group.variable("control").readStrings()) ?? []
      var rows: [(Row, Int)] = [(own, 0)]
      for (c, name) in controls.enumerated() {
        guard let style = controlNames.firstIndex(of: name) else { continue }
        rows.append((try row("control_", c * entries), style + 1))
      }
      let threshold = (try? group.attribute("threshold"))?.numbers?.first ?? .nan
      let step = 0.7 / Double(max(rows.count, 1))
      func place(_ entry: Int, _ row: Int) -> Double {
        Double(entry) + step * (Double(row) - 0.5 * Double(rows.count - 1))
      }
      let dots = shown.indices.flatMap { k in
        (0..<models).map { Point(place(k, 0) + 0.2 * step, single[shown[k] * models + $0]) }
      }
      let range = Axis.range(
        rows.flatMap { $0.0.mean + $0.0.lower + $0.0.upper } + dots.map(\.y) + [threshold])
      let xRange = -0.6...Double(shown.count) - 0.4
      var layers: [Layer] = [
        .line(
          [Point(xRange.lowerBound, threshold), Point(xRange.upperBound, threshold)], .black, width: 0.8,
          dash: 2),
        .marks(dots, .pale, .openCircle, size: 0.5),
      ]
      for (k, (row, style)) in rows.enumerated() {
        let x = shown.indices.map { place($0, k) }
        layers += [
          .bars(x: x, lower: row.lower, upper: row.upper, styles[style].0),
          .marks(zip(x, row.mean).map { Point($0, $1) }, styles[style].0, styles[style].1, size: 1),
        ]
      }
      let verdicts = try checked(group, "verdict").readDoubles()
      guard verdicts.count == entries else { throw invalid(group.path, "has a wrong number of verdicts") }
      let texts = shown.indices.map { k in
        let word = word(verdicts[shown[k]])
        return SheetText(
          text: shown.count > 4 ? String(word.prefix(1)).uppercased() : word, x: Double(k),
          y: range.upperBound, size: 6.5, alignment: .center)
      }
      drafts.append(
        Sheet.Draft(
          title: spoken(String(group.name.map { $0 == "-" ? " " : $0 })),
          x: Axis(
            labels.title, xRange,
            ticks: shown.enumerated().map {
              (Double($0), TextWidth.cut(labels.values[$1], width: 44, size: TextSize.tick))
            }),
          y: Axis("estimate [1]", range), layers: layers, texts: texts))
    }
    guard !drafts.isEmpty else { throw invalid("claims", "holds no claims") }
    var sheet = Sheet(width: options.width, isBare: options.isBare)
    sheet.addTitle("Claims: estimates, controls and thresholds")
    sheet.addLegend(
      "runs",
      [LegendEntry(label: "the scenario", colour: styles[0].0, marker: styles[0].1)]
        + controlNames.enumerated().map {
          LegendEntry(label: "control: \($1)", colour: styles[$0 + 1].0, marker: styles[$0 + 1].1)
        })
    sheet.addPanels(drafts)
    sheet.addCaption(
      "Symbols: mean over models of the estimate that the scenario fixes; bars: Student's 95 % interval over models;"
        + " pale circles: single models; dashed line: the threshold. Above each: the verdict (S supported, R refuted,"
        + " U undecided)."
        + (isPartial ? " Evenly chosen entries are shown." : "")
        + " Scenario \(scenarioName), seed \(text("seed")).")
    return sheet
  }

  /// A table per claim: verdict, interval and controls of each entry.
  func claimTables(limit: Int) throws -> [(caption: String, header: [String], rows: [[String]])] {
    try claims.prefix(100).compactMap { group in
      let mean = try checked(group, "mean")
      let entries = mean.shape.reduce(1, *)
      guard (1...10_000).contains(entries) else { return nil }
      let labels = try labels(mean)
      let controls = Array(((try? group.variable("control").readStrings()) ?? []).prefix(10))
      func column(_ name: String, _ offset: Int = 0) throws -> [Double] {
        let values = try checked(group, name).readDoubles()
        guard values.count >= offset + entries else { throw invalid(group.path, "is too short") }
        return Array(values[offset..<offset + entries])
      }
      func intervals(_ prefix: String, _ offset: Int = 0) throws -> [String] {
        let (mean, lower, upper) = (
          try column(prefix + "mean", offset), try column(prefix + "lower", offset),
          try column(prefix + "upper", offset)
        )
        return (0..<entries).map { "\(short(mean[$0])) (\(short(lower[$0])) to \(short(upper[$0])))" }
      }
      func text(_ name: String) -> String { (try? group.attribute(name))?.text ?? "" }
      let own = try intervals("")
      let others = try controls.indices.map { try intervals("control_", $0 * entries) }
      let verdicts = try column("verdict")
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
          + controls.map { "control: \($0)" }, rows
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
    if variable.dimensions.isEmpty { return ("", [""]) }
    var values = [""]
    for dimension in variable.dimensions {
      var own = (0..<dimension.length).map(String.init)
      let parent = variable.path.split(separator: "/").dropLast().joined(separator: "/")
      if let coordinate = find("\(parent)/\(dimension.name)") ?? find(dimension.name),
        coordinate.shape == [dimension.length]
      {
        own =
          coordinate.type == .string
          ? try coordinate.readStrings() : try coordinate.readDoubles().map(short)
      }
      values = values.flatMap { a in own.map { a.isEmpty ? $0 : "\(a), \($0)" } }
    }
    let names = variable.dimensions.map { $0.name == "claim_level" ? "corruption level" : $0.name }
    return (names.joined(separator: ", "), values)
  }
}
