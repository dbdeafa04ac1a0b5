import Drawing
import Dynamics
import Output
import RunFiles

/// Averages against time.
enum SeriesFigure: Figure {
  static let name = "series"
  static let heading = "Averages against time"
  static let summary = "averages of the observables against time, one curve per corruption level"

  static func obstacle(in data: RunData) -> FigureObstacle? {
    data.averages.isEmpty
      ? FigureObstacle("it holds no averages over time", "choose another figure") : nil
  }

  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet {
    try data.allSeriesSheet(options)
  }
}

extension RunData {
  /// The number of curves that one panel can hold without becoming a tangle.
  static let curves = 8

  /// The observables to draw: those that were asked for, or all averages over undivided sets of members.
  ///
  /// - Parameter others: What else the figure could draw, for the error's remedy.
  func chosen(_ options: FigureOptions, or others: [String] = []) throws -> [String] {
    let all = averages
    if options.variables.isEmpty {
      let whole = all.filter {
        if case .average(let members) = role(of: $0) { !members.isPartOfSplit } else { true }
      }
      return whole.isEmpty ? all : whole
    }
    // Averages of each class or superclass have a figure of their own.
    let names = options.variables.filter { groupDimension(of: $0) == nil }
    guard !names.isEmpty else {
      throw FigureError(
        .invalid, path: path, message: "it has no figure of '\(options.variables[0])' but series",
        remedy: "leave the others out, or name averages over all members")
    }
    return try names.map { name in
      guard all.contains(name) else {
        throw FigureError(
          .invalid, path: path, message: "it holds no average '\(name)' over (level, time)",
          remedy: "there is \((all.prefix(20) + others).joined(separator: ", "))")
      }
      return name
    }
  }

  /// The colour and symbol of each shown corruption level.
  func levelStyles(_ shown: [Int]) -> [(colour: Colour, marker: Marker)] {
    let colours = Palette.ordered(shown.count)
    return shown.indices.map { (colours[$0], Marker.number($0)) }
  }

  /// What a panel shows of an observable.
  private struct Series {
    /// The means of one level with their interval.
    struct Curve {
      var mean: [Double]
      var lower: [Double]
      var upper: [Double]

      var values: [Double] { mean + lower + upper }
    }
    var name: String
    var family: ObservableFamily
    var curves: [Curve] = []

    /// Whether both observables are the same or of one family, so that they share an axis.
    func isAlike(_ other: Series) -> Bool {
      name == other.name || (family != .other && family == other.family)
    }
  }

  /// Means with error bands against time: first distances, then overlaps, then the others.
  func seriesSheet(_ options: FigureOptions) throws -> Sheet {
    let times = try times()
    let picked = evenly(times.count, options.points)
    let shown = level.map { [$0] } ?? shownLevels(Self.curves)
    let styles = levelStyles(shown)
    let order = ObservableFamily.allCases
    var series = try chosen(options).map { Series(name: $0, family: family(of: $0)) }
      .enumerated().sorted { a, b in
        func rank(_ family: ObservableFamily) -> Int { order.firstIndex(of: family) ?? order.count }
        return (rank(a.element.family), a.offset) < (rank(b.element.family), b.offset)
      }.map(\.element)
    var counts: [Double] = []
    for k in series.indices {
      for level in shown {
        series[k].curves.append(try curve(series[k].name, level: level, picked))
        let count = try existingName(of: .sampleSize(of: series[k].name))
        counts += try row(count, ["time"], level: level).filter { $0 > 0 }
      }
    }
    let t = picked.map { times[$0] }
    var sheet = Sheet(options)
    sheet.addTitle("Averages against time")
    sheet.addLegend(
      legendHeading,
      zip(shown, styles).map {
        LegendEntry(label: short(levels[$0]), colour: $1.colour, marker: $1.marker)
      })
    sheet.addPanels(try series.map { try panel($0, among: series, t, styles) })
    sheet.addCaption(
      try averageText(counts, series.map(\.name), levels: shown)
        + " \(errorText("Bands", items: bandText(series.map(\.name)))); narrower than the"
        + " line where not seen.\(leftLevels(shown.count)) Panels of distances share their scale, and so do overlaps\(fractionText(series))."
        + " \(provenance().capitalizedFirst).")
    return sheet
  }

  /// The variables with the ends of the interval of a mean; nil in older files, which have none.
  private func bounds(_ name: String) -> (lower: String, upper: String)? {
    guard let lower = self.name(of: .lowerBound(of: name)), let upper = self.name(of: .upperBound(of: name))
    else { return nil }
    return (lower, upper)
  }

  /// What the bands are in the file of one model.
  private func bandText(_ names: [String]) -> String {
    names.allSatisfy { bounds($0) != nil }
      ? "95 % interval over items (Student's; of fractions Korn and Graubard's)"
      : "1.96 standard errors over items (the file has no intervals; less than 95 % where items are few)"
  }

  /// The means of one level at the picked times, with the interval of the file.
  private func curve(_ name: String, level: Int, _ picked: [Int]) throws -> Series.Curve {
    let mean = try row(name, ["time"], level: level)
    guard let bounds = bounds(name) else {
      let error = try row(try existingName(of: .standardError(of: name)), ["time"], level: level)
      return Series.Curve(
        mean: picked.map { mean[$0] }, lower: picked.map { mean[$0] - 1.96 * error[$0] },
        upper: picked.map { mean[$0] + 1.96 * error[$0] })
    }
    let lower = try row(bounds.lower, ["time"], level: level)
    let upper = try row(bounds.upper, ["time"], level: level)
    return Series.Curve(
      mean: picked.map { mean[$0] }, lower: picked.map { lower[$0] }, upper: picked.map { upper[$0] })
  }

  /// The panel of one observable.
  private func panel(
    _ series: Series, among all: [Series], _ t: [Double], _ styles: [(colour: Colour, marker: Marker)]
  ) throws -> Sheet.Draft {
    let values = all.filter { $0.isAlike(series) }.flatMap(\.curves).flatMap(\.values)
    let isFraction = series.family == .fraction
    let range = isFraction ? Axis.fractions : Axis.range(values, includesZero: series.family == .distance)
    var bands: [Layer] = []
    var lines: [Layer] = []
    for (l, (curve, style)) in zip(series.curves, styles).enumerated() {
      bands.append(.band(x: t, lower: curve.lower, upper: curve.upper, style.colour))
      let points = zip(t, curve.mean).map { Point($0, $1) }
      lines.append(.line(points, style.colour, width: 1.3, dash: 1))
      // Symbols are at different times, so that curves that coincide can be told apart.
      let stride = max(1, points.count / 6)
      let marked = points.indices.filter { $0 % stride == l % stride }.map { points[$0] }
      lines.append(.marks(marked, style.colour, style.marker, size: 0.8))
    }
    let xRange = t.count > 1 ? t[0]...t[t.count - 1] : t[0] - 0.5...t[0] + 0.5
    let chance = try chance(of: series.name).map { LabelledLine(at: $0.value, $0.label, xRange, range) }
    let quantity = series.family == .other ? spoken(series.name) : series.family.rawValue
    return Sheet.Draft(
      title: longName(series.name), x: Axis("time t [1]", xRange, integers: true),
      y: Axis("\(quantity) [\(units(series.name))]", range),
      layers: bands + (chance.map { [$0.line] } ?? []) + lines,
      texts: chance.map { [$0.words] } ?? [])
  }

  /// What the caption says about fractions; empty if there are none.
  private func fractionText(_ series: [Series]) -> String {
    guard series.contains(where: { $0.family == .fraction }) else { return "" }
    let hasChance = series.contains { (try? chance(of: $0.name)) != nil }
    return "; fractions are shown from 0 to 1\(hasChance ? ", the dashed line is what a guess gives" : "")"
  }

  /// What the caption says averages are over.
  private func averageText(_ counts: [Double], _ names: [String], levels: [Int]) throws -> String {
    let count = countText(counts)
    return try models.map {
      "Means over \(try modelsText($0, names, levels: levels)), each the mean over its members (\(count) in all, per level and time)."
    } ?? "Means over members, \(count) per level and time."
  }

  /// What a caption says of levels that are left out; empty if all are shown.
  func leftLevels(_ shown: Int) -> String {
    let words = shown == 1 ? "One of \(levels.count) levels is" : "\(shown) of \(levels.count) levels are"
    return shown < levels.count ? " \(words) shown." : ""
  }

  /// The heading of a legend of levels.
  var legendHeading: String { levelLabel }

  /// A variable's name in words.
  func spoken(_ name: String) -> String { String(name.map { $0 == "_" ? " " : $0 }) }
}
