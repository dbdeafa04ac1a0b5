import Foundation
import Output

extension RunData {
  /// Heat maps: the first leading dimension up, the corruption level across.
  func sweepSheet(_ options: FigureOptions) throws -> Sheet {
    let axis = sweep[0]
    let shownRows = evenly(axis.labels.count, 12)
    let shownColumns = shownLevels(10)
    let last = try times().count - 1
    let lastTime = try short(times()[last])

    struct Map {
      var title: String
      var units: String
      /// Shape `[rows, columns]`.
      var values: [Double]
    }
    var maps: [Map] = []
    func map(_ name: String, _ dimensions: [String], at indices: [Int], title: String) throws {
      let variable = try variable(name, ["level"] + dimensions)
      var values: [Double] = []
      for row in shownRows {
        // Everything else stays at the chosen point.
        let start = [row] + point.dropFirst()
        let line = try variable.readDoubles(
          start: start + [0] + indices, count: start.map { _ in 1 } + [levels.count] + indices.map { _ in 1 })
        values += shownColumns.map { line[$0] }
      }
      if values.contains(where: \.isFinite) {
        maps.append(Map(title: title, units: units(name), values: values))
      }
    }
    if options.variables.isEmpty, find("approach") != nil {
      let tree = try treeLevels()
      for (k, name) in tree.enumerated() where k > 0 {
        try map("approach", ["tree_level"], at: [k], title: "approach to own \(name)")
      }
    }
    for name in try chosen(options) {
      try map(name, ["time"], at: [last], title: "\(longName(name)), at t = \(lastTime)")
    }
    guard !maps.isEmpty else { throw invalid(averages.first ?? "level", "holds no values") }

    var sheet = Sheet(width: options.width, isBare: options.isBare)
    sheet.addTitle("\(axis.name) against the corruption level")
    let rowHeight = max(14, min(22, 132 / Double(shownRows.count)))
    let longest = shownRows.map { TextWidth.of(axis.labels[$0], size: TextSize.tick) }.max() ?? 0
    // Long values, such as file names, are cut to what leaves room for the map.
    let labelWidth = min(max(longest, 20), 70)
    var drafts: [Sheet.Draft] = []
    for map in maps {
      let range = Axis.range(map.values, margin: 0)
      let span = range.upperBound - range.lowerBound
      var cells: [(Rectangle, Colour)] = []
      var texts: [SheetText] = []
      for r in shownRows.indices {
        for c in shownColumns.indices {
          let value = map.values[r * shownColumns.count + c]
          let colour = value.isFinite ? Palette.cividis((value - range.lowerBound) / span) : .white
          cells.append(
            (Rectangle(x: Double(c) - 0.5, y: Double(r) - 0.5, width: 1, height: 1), colour))
          texts.append(
            SheetText(
              text: value.isFinite ? threeDigits(value) : "-", x: Double(c), y: Double(r), size: 6.5,
              alignment: .center, colour: colour.luminance > 0.45 ? .black : .white))
        }
      }
      drafts.append(
        Sheet.Draft(
          title: map.title + " [\(map.units)]",
          x: Axis(
            levelLabel, -0.5...Double(shownColumns.count) - 0.5,
            ticks: shownColumns.enumerated().map { (Double($0), short(levels[$1])) }),
          y: Axis(
            axis.name, -0.5...Double(shownRows.count) - 0.5,
            ticks: shownRows.enumerated().map {
              (Double($0), TextWidth.cut(axis.labels[$1], width: labelWidth, size: TextSize.tick))
            }),
          layers: [.cells(cells)], texts: texts, height: rowHeight * Double(shownRows.count),
          left: 18 + labelWidth, hasBox: true))
    }
    sheet.addPanels(drafts)
    let counts = (try? values("count", ["level"])) ?? []
    var fixed = ""
    if sweep.count > 1 {
      fixed =
        " Other swept keys: "
        + zip(sweep, point).dropFirst()
        .map { "\($0.name) = \($0.labels[$1])" }.joined(separator: ", ") + "."
    }
    let isPartial = shownRows.count < axis.labels.count || shownColumns.count < levels.count
    sheet.addCaption(
      "Each cell: \(models.map { "the mean over \($0) models" } ?? "one run's value"), \(countText(counts)) members per level; brighter is larger, each panel with its"
        + " own scale; errors are in the file (no bars here).\(fixed)\(isPartial ? " Evenly chosen rows and columns are shown." : "")"
        + " Scenario \(scenarioName), seed \(text("seed")).")
    return sheet
  }

  /// A number short enough for a cell.
  private func threeDigits(_ x: Double) -> String { String(format: "%.3g", x == 0 ? 0 : x) }
}
