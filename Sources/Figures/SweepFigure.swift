import Vocabulary
import Foundation
import Output

extension RunData {
  /// Heat maps: of one swept key, that key up and the corruption level across; of several, the first up and the second
  /// across, one map per level or the chosen level's alone. Further keys stay at the chosen point.
  func sweepSheet(_ options: FigureOptions) throws -> Sheet {
    let grid = sweepGrid(options)
    let quantities = try sweepQuantities(options, grid.rows, grid.columns, grid.mapLevels)
    guard !quantities.isEmpty else { throw invalid(averages.first ?? "level", "holds no values") }
    let (rowAxis, mapLevels) = (sweep[0], grid.mapLevels)
    var sheet = Sheet(width: options.width, isBare: options.isBare)
    let place = mapLevels.count == 1 ? ", at corruption level \(short(levels[mapLevels[0]]))" : ""
    sheet.addTitle(
      grid.columnAxis.map { "\(rowAxis.key) against \($0.key)\(place)" }
        ?? "\(rowAxis.key) against the corruption level")
    var drafts: [Sheet.Draft] = []
    for quantity in quantities {
      let range = quantity.range ?? Axis.range(quantity.maps.flatMap(\.values), margin: 0)
      let title = "\(quantity.title) [\(quantity.units)]"
      let maps = quantity.maps.map { heatMap($0, title: title, range, grid) }
      if mapLevels.count > 1 {
        sheet.addHeading(title.capitalizedFirst)
        sheet.addScale(range)
        sheet.addPanels(maps, minimumWidth: grid.mapWidth)
      } else {
        drafts += maps
      }
    }
    if !drafts.isEmpty { sheet.addPanels(drafts) }
    sheet.addCaption(sweepCaption(options, quantities, grid.rows, grid.columns, mapLevels))
    return sheet
  }

  /// What the rows and columns of heat maps are.
  private struct SweepGrid {
    var columnAxis: SweepAxis?
    /// Shown indices along the first swept key.
    var rows: [Int]
    /// Shown indices along the second one, or shown levels.
    var columns: [Int]
    /// Levels of which each has a map; none where the levels are the columns.
    var mapLevels: [Int]
    /// Room at the left of a map.
    var left: Double
    /// A whole map's width.
    var mapWidth: Double
    var x: Axis
    var y: Axis
    /// The height of a map's cells.
    var height: Double
  }

  private func sweepGrid(_ options: FigureOptions) -> SweepGrid {
    let rowAxis = sweep[0]
    let columnAxis = sweep.count > 1 ? sweep[1] : nil
    let rows = evenly(rowAxis.labels.count, 12)
    let columns = columnAxis.map { evenly($0.labels.count, 10) } ?? shownLevels(10)
    let longest = rows.map { TextWidth.of(rowAxis.labels[$0], size: TextSize.tick) }.max() ?? 0
    // Long values, such as file names, are cut to what leaves room for the map.
    let labelWidth = min(max(longest, 20), 70)
    let left = 18 + labelWidth
    // Maps of several levels stand side by side, as many as cells stay wide enough for their numbers.
    let cellWidth = 27.0
    let mapWidth = left + 6 + cellWidth * Double(columns.count)
    let abreast = max(1, Int((options.width - 2 * Sheet.margin + 12) / (mapWidth + 12)))
    let mapLevels =
      columnAxis == nil ? [] : level.map { [$0] } ?? shownLevels(abreast > 2 ? min(abreast, 5) : abreast + 2)
    let columnLabels = columns.map { k in
      columnAxis.map { TextWidth.cut($0.labels[k], width: cellWidth, size: TextSize.tick) }
        ?? short(levels[k])
    }
    return SweepGrid(
      columnAxis: columnAxis, rows: rows, columns: columns, mapLevels: mapLevels, left: left,
      mapWidth: mapWidth,
      x: Axis(
        columnAxis?.key ?? levelLabel, -0.5...Double(columns.count) - 0.5,
        ticks: columnLabels.enumerated().map { (Double($0), $1) }),
      y: Axis(
        rowAxis.key, -0.5...Double(rows.count) - 0.5,
        ticks: rows.enumerated().map {
          (Double($0), TextWidth.cut(rowAxis.labels[$1], width: labelWidth, size: TextSize.tick))
        }),
      // Not lower than the upright label of the rows is long.
      height: max(
        Double(rows.count) * max(14, min(22, 132 / Double(rows.count))),
        TextWidth.of(rowAxis.key, size: TextSize.label)))
  }

  private func heatMap(
    _ map: SweepQuantity.Map, title: String, _ range: ClosedRange<Double>, _ grid: SweepGrid
  ) -> Sheet.Draft {
    let (cells, texts) = Self.heat(map.values, columns: grid.columns.count, range)
    let level = map.level.map { "level \(short(levels[$0]))" }
    let hasSeveral = grid.mapLevels.count > 1
    return Sheet.Draft(
      title: hasSeveral ? level ?? title : title, meaning: level.map { "\(title), \($0)" }, x: grid.x,
      y: grid.y, layers: [.cells(cells)], texts: texts, height: grid.height, left: grid.left, hasBox: true,
      scale: hasSeveral ? nil : range)
  }

  /// A quantity as heat maps.
  private struct SweepQuantity {
    /// One heat map.
    struct Map {
      /// The index of its level; nil where levels are columns.
      var level: Int?
      /// Shape `[rows, columns]`.
      var values: [Double]
    }
    var title: String
    var units: String
    /// What the darkest and the brightest colour stand for; nil: the least and the largest value of the maps.
    var range: ClosedRange<Double>?
    var maps: [Map]
    /// The fewest models that a shown number is the mean of; nil where files do not say.
    var leastModels: Int?
  }

  /// What the heat maps show: approaches, and observables at the last time.
  private func sweepQuantities(
    _ options: FigureOptions, _ rows: [Int], _ columns: [Int], _ mapLevels: [Int]
  ) throws -> [SweepQuantity] {
    let last = try times().count - 1
    let lastTime = try short(times()[last])
    func quantity(
      _ name: String, _ dimensions: [String], at index: Int, title: String, range: ClosedRange<Double>? = nil
    )
      throws -> SweepQuantity?
    {
      var maps: [SweepQuantity.Map]
      if mapLevels.isEmpty {
        let values = try rows.flatMap { row in
          let column = try at([row] + point.dropFirst()).column(name, dimensions, at: [index])
          return columns.map { column[$0] }
        }
        maps = [SweepQuantity.Map(level: nil, values: values)]
      } else {
        maps = mapLevels.map { SweepQuantity.Map(level: $0, values: []) }
        for row in rows {
          for column in columns {
            let values = try at([row, column] + point.dropFirst(2)).column(name, dimensions, at: [index])
            for k in maps.indices { maps[k].values.append(values[mapLevels[k]]) }
          }
        }
      }
      maps.removeAll { !$0.values.contains(where: \.isFinite) }
      return maps.isEmpty
        ? nil
        : SweepQuantity(
          title: title, units: units(name), range: range, maps: maps,
          leastModels: try leastModels(name, dimensions, at: index, rows, columns, mapLevels))
    }
    var result: [SweepQuantity?] = []
    if options.variables.isEmpty, find(Self.approachName) != nil {
      for (k, name) in try treeLevels().enumerated() where k > 0 {
        result.append(
          try quantity(
            Self.approachName, ["tree_level"], at: k,
            title: "approach to \(name == "root" ? "the" : "own") \(name)",
            range: 0...1)
        )
      }
    }
    for name in try chosen(options) {
      result.append(
        try quantity(name, ["time"], at: last, title: "\(longName(name)), at t = \(lastTime)"))
    }
    return result.compactMap { $0 }
  }

  /// The fewest models that a shown number is the mean of; nil where the file does not say.
  private func leastModels(
    _ name: String, _ dimensions: [String], at index: Int, _ rows: [Int], _ columns: [Int], _ mapLevels: [Int]
  ) throws -> Int? {
    guard models != nil, let count = self.name(of: .models(of: name)) else { return nil }
    var result: [Double] = []
    for row in rows {
      if mapLevels.isEmpty {
        let column = try at([row] + point.dropFirst()).column(count, dimensions, at: [index])
        result += columns.map { column[$0] }
      } else {
        for column in columns {
          let values = try at([row, column] + point.dropFirst(2)).column(count, dimensions, at: [index])
          result += mapLevels.map { values[$0] }
        }
      }
    }
    return result.filter { $0 > 0 }.min().flatMap { Int(exactly: $0) }
  }

  /// The cells of a heat map with their numbers.
  private static func heat(
    _ values: [Double], columns: Int, _ range: ClosedRange<Double>
  ) -> (cells: [(Rectangle, Colour)], texts: [SheetText]) {
    let span = range.upperBound - range.lowerBound
    let shape = RowMajorShape([values.count / columns, columns])
    var cells: [(Rectangle, Colour)] = []
    var texts: [SheetText] = []
    for (k, value) in values.enumerated() {
      let place = shape.indices(of: k)
      let (x, y) = (Double(place[1]), Double(place[0]))
      let colour = value.isFinite ? Palette.cividis((value - range.lowerBound) / span) : .white
      cells.append((Rectangle(x: x - 0.5, y: y - 0.5, width: 1, height: 1), colour))
      texts.append(
        SheetText(
          text: value.isFinite ? threeDigits(value) : "-", x: x, y: y, size: 6.5, alignment: .center,
          colour: colour.luminance > 0.45 ? .black : .white))
    }
    return (cells, texts)
  }

  private func sweepCaption(
    _ options: FigureOptions, _ quantities: [SweepQuantity], _ rows: [Int], _ columns: [Int],
    _ mapLevels: [Int]
  ) -> String {
    let counts = (try? values("count", ["level"])) ?? []
    let whose =
      models.map { all in
        let least = quantities.compactMap(\.leastModels).min() ?? all
        let some =
          least < all ? " (over \(least) where the others gave none, see NAME_models in the file)" : ""
        return "the mean over \(all) models\(some)"
      } ?? "one run's value"
    let hasApproaches = options.variables.isEmpty && find(Self.approachName) != nil
    let scale =
      (hasApproaches ? "approaches share the scale from 0, darkest, to 1, brightest; " : "")
      + (mapLevels.count > 1
        ? "each \(hasApproaches ? "other " : "")quantity has its own scale, which its levels share"
        : "each \(hasApproaches ? "other " : "")panel has its own scale")
    let shownKeys = mapLevels.isEmpty ? 1 : 2
    let others = zip(sweep, point).dropFirst(shownKeys).map { "\($0.key) = \($0.labels[$1])" }
    let members = "\(countText(counts)) members\(models == nil ? "" : " of all models") per level"
    var text =
      "Each cell: \(whose), \(members); brighter is larger, between the ends of the bar above: \(scale); errors are"
      + " in the file (no error bars here)."
    if !others.isEmpty { text += " Other swept keys: \(others.joined(separator: ", "))." }
    let isPartial =
      rows.count < sweep[0].labels.count
      || columns.count < (mapLevels.isEmpty ? levels.count : sweep[1].labels.count)
    if isPartial { text += " Evenly chosen rows and columns are shown." }
    if !mapLevels.isEmpty, mapLevels.count < levels.count {
      text += level == nil ? " Evenly chosen levels are shown." : " One of \(levels.count) levels is shown."
    }
    let run = replica == nil ? "seed \(self.text("seed"))" : replicaText
    return text + " Scenario \(scenarioName), \(run)."
  }

  /// A number short enough for a cell.
  private static func threeDigits(_ x: Double) -> String { String(format: "%.3g", x == 0 ? 0 : x) }
}
