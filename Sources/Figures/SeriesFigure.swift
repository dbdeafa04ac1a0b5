import Output

extension RunData {
  /// Curves that a panel holds without becoming a tangle.
  static let curves = 8

  /// The observables to draw: those asked for, or all averages but the split ones.
  func chosen(_ options: FigureOptions) throws -> [String] {
    let all = averages
    if options.variables.isEmpty {
      let whole = all.filter { !$0.hasSuffix("_retained") && !$0.hasSuffix("_lost") }
      return whole.isEmpty ? all : whole
    }
    return try options.variables.map { name in
      guard all.contains(name) else {
        throw FigureError(
          .invalid, path: path, message: "it holds no average '\(name)' over (level, time)",
          remedy: "there is \(all.prefix(20).joined(separator: ", "))")
      }
      return name
    }
  }

  /// Which quantities are measured alike, and so share an axis.
  private static func family(_ name: String) -> String {
    if name.hasPrefix("distance") { return "distance" }
    return name.contains("overlap") ? "overlap" : name
  }

  /// The legend of the corruption levels, and each level's colour and symbol.
  func levelStyles(_ shown: [Int]) -> [(colour: Colour, marker: Marker)] {
    let colours = Palette.ordered(shown.count)
    return shown.indices.map { (colours[$0], Marker.number($0)) }
  }

  /// Means with error bands against time: distances first, then overlaps, then the rest.
  func seriesSheet(_ options: FigureOptions) throws -> Sheet {
    let times = try times()
    let picked = evenly(times.count, options.points)
    let shown = shownLevels(Self.curves)
    let styles = levelStyles(shown)
    let names = try chosen(options)
    let order = ["distance", "overlap"]
    let families = names.map(Self.family)
    let sorted = zip(names, families).enumerated().sorted { a, b in
      func rank(_ name: String) -> Int { order.firstIndex(of: name) ?? order.count }
      return (rank(a.element.1), a.offset) < (rank(b.element.1), b.offset)
    }.map(\.element)

    struct Curve {
      var mean: [Double]
      var lower: [Double]
      var upper: [Double]
    }
    var curves: [[Curve]] = []
    var counts: [Double] = []
    for (name, _) in sorted {
      var one: [Curve] = []
      for level in shown {
        let mean = try row(name, ["time"], level: level)
        let error = try row(name + "_standard_error", ["time"], level: level)
        // Over models, Student's interval is in the file.
        let ends = try models.map { _ in
          (
            try row(name + "_lower", ["time"], level: level), try row(name + "_upper", ["time"], level: level)
          )
        }
        counts += try row(name + "_count", ["time"], level: level).filter { $0 > 0 }
        one.append(
          Curve(
            mean: picked.map { mean[$0] },
            lower: picked.map { ends?.0[$0] ?? mean[$0] - 1.96 * error[$0] },
            upper: picked.map { ends?.1[$0] ?? mean[$0] + 1.96 * error[$0] }))
      }
      curves.append(one)
    }

    let t = picked.map { times[$0] }
    let xRange = t.count > 1 ? t[0]...t[t.count - 1] : t[0] - 0.5...t[0] + 0.5
    var drafts: [Sheet.Draft] = []
    for (k, (name, family)) in sorted.enumerated() {
      let alike = sorted.indices.filter { sorted[$0].1 == family }
      let values = alike.flatMap { curves[$0] }.flatMap { $0.mean + $0.lower + $0.upper }
      let range = Axis.range(values, includesZero: family == "distance")
      var bands: [Layer] = []
      var lines: [Layer] = []
      for (l, style) in styles.enumerated() {
        let curve = curves[k][l]
        bands.append(.band(x: t, lower: curve.lower, upper: curve.upper, style.colour))
        let points = zip(t, curve.mean).map { Point($0, $1) }
        lines.append(.line(points, style.colour, width: 1.3, dash: 1))
        // Symbols stand apart in curves that coincide.
        let stride = max(1, points.count / 6)
        let marked = points.indices.filter { $0 % stride == l % stride }.map { points[$0] }
        lines.append(.marks(marked, style.colour, style.marker, size: 0.8))
      }
      let isFamily = order.contains(family)
      drafts.append(
        Sheet.Draft(
          title: longName(name), x: Axis("time t [1]", xRange, integers: true),
          y: Axis("\(isFamily ? family : spoken(name)) [\(units(name))]", range), layers: bands + lines))
    }

    var sheet = Sheet(width: options.width, isBare: options.isBare)
    sheet.addTitle("Averages against time")
    sheet.addLegend(
      legendHeading,
      zip(shown, styles).map {
        LegendEntry(label: short(levels[$0]), colour: $1.colour, marker: $1.marker)
      })
    sheet.addPanels(drafts)
    let left = shown.count < levels.count ? " \(shown.count) of \(levels.count) levels are shown." : ""
    sheet.addCaption(
      averageText(counts)
        + " \(errorText("Bands", items: "1.96 standard errors over items (95 %)")); narrower than the"
        + " line where not seen.\(left) Panels of distances share their scale, and so do overlaps."
        + " \(provenance().capitalizedFirst).")
    return sheet
  }

  /// What averages are over.
  private func averageText(_ counts: [Double]) -> String {
    let count = countText(counts)
    return models.map {
      "Means over \($0) models, each the mean over its members (\(count) in all, per level and time)."
    } ?? "Means over members, \(count) per level and time."
  }

  /// The heading of a legend of levels.
  var legendHeading: String { levelLabel }

  /// A variable's name in words.
  func spoken(_ name: String) -> String { String(name.map { $0 == "_" ? " " : $0 }) }
}

extension String {
  /// With a capital first letter.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
