import Drawing
import Output
import RunFiles
import Vocabulary

/// Heat maps of a sweep.
enum SweepFigure: Figure {
  static let name = "sweep"
  static let heading = "Sweep"
  static let summary = "heat maps: a swept key against the corruption level, or two swept keys at each level"

  static func obstacle(in data: RunData) -> FigureObstacle? {
    data.sweep.isEmpty
      ? FigureObstacle("it holds no sweep", "run a scenario with the key sweep, or choose another figure")
      : nil
  }

  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet {
    try data.sweepSheet(options)
  }
}

/// What the rows and columns of heat maps are.
struct SweepGrid {
  var columnAxis: SweepAxis?
  /// The indices along the first swept key that are shown.
  var rows: [Int]
  /// The indices along the second swept key, or the levels, that are shown.
  var columns: [Int]
  /// The levels that have a map each; empty if the levels are the columns.
  var mapLevels: [Int]
  /// The room for labels at the left of a map.
  var left: Double
  /// The least width of a whole map.
  var mapWidth: Double
  /// The width of a cell.
  var cell: Double
  var x: Axis
  var y: Axis

  /// The least width of a cell, which is large enough for a number of three digits.
  static let leastCell = 27.0
}

extension RunData {
  /// Heat maps. With one swept key, that key is up and the corruption level across. With several, the first is up
  /// and the second across, with one map per level or only the chosen level's. Further keys have their value at the
  /// chosen point.
  fileprivate func sweepSheet(_ options: FigureOptions) throws -> Sheet {
    let grid = sweepGrid(options)
    var quantities = try sweepQuantities(options, grid)
    guard !quantities.isEmpty else { throw invalid(averages.first ?? "level", "holds no values") }
    SweepQuantity.setScales(of: &quantities, areCommon: options.hasCommonScale)
    let mapLevels = grid.mapLevels
    var sheet = Sheet(options)
    let place = mapLevels.count == 1 ? ", at corruption level \(short(levels[mapLevels[0]]))" : ""
    let across = grid.columnAxis?.briefWords ?? "the corruption level"
    sheet.addTitle("\(sweep[0].briefWords.capitalizedFirst) against \(across)\(place)")
    var drafts: [Sheet.Draft] = []
    for quantity in quantities {
      let maps = quantity.maps.indices.map { heatMap(quantity, $0, grid) }
      guard mapLevels.count > 1 else {
        drafts += maps
        continue
      }
      let abreast = sheet.panelGrid(maps.count, minimumWidth: grid.mapWidth).columns
      let rows = Double((maps.count + abreast - 1) / abreast)
      guard sheet.panels.isEmpty || sheet.hasRoom(for: 34 + rows * (quantity.height(grid) + 60)) else {
        sheet.omittedPanels += maps.count
        continue
      }
      sheet.addHeading(quantity.heading.capitalizedFirst)
      sheet.addScale(quantity.scale)
      sheet.addPanels(maps, minimumWidth: grid.mapWidth)
    }
    if !drafts.isEmpty { sheet.addPanels(drafts, minimumWidth: grid.mapWidth) }
    sheet.addCaption(sweepCaption(options, quantities, grid))
    return sheet
  }

  private func sweepGrid(_ options: FigureOptions) -> SweepGrid {
    let rowAxis = sweep[0]
    let columnAxis = sweep.count > 1 ? sweep[1] : nil
    let rows = evenly(rowAxis.labels.count, 12)
    let columns = columnAxis.map { evenly($0.labels.count, 10) } ?? shownLevels(10)
    let longest = rows.map { TextWidth.of(rowAxis.labels[$0], size: TextSize.tick) }.max() ?? 0
    // Long values, such as file names, are cut so that there is room for the map.
    let labelWidth = min(max(longest, 20), 70)
    let left = 18 + labelWidth
    // Maps of several levels are side by side, as many as leave cells wide enough for their numbers.
    let least = left + 6 + SweepGrid.leastCell * Double(columns.count)
    let sheet = Sheet(options)
    let abreast = sheet.panelGrid(.max, minimumWidth: least).columns
    let mapLevels =
      columnAxis == nil ? [] : level.map { [$0] } ?? shownLevels(abreast > 2 ? min(abreast, 5) : abreast + 2)
    let mapWidth = mapLevels.count > 1 ? least : max(least, 215)
    let panel = sheet.panelGrid(mapLevels.count > 1 ? mapLevels.count : .max, minimumWidth: mapWidth).width
    let columnLabels = columns.map { k in
      columnAxis.map { TextWidth.cut($0.labels[k], width: 40, size: TextSize.tick) } ?? short(levels[k])
    }
    return SweepGrid(
      columnAxis: columnAxis, rows: rows, columns: columns, mapLevels: mapLevels, left: left,
      mapWidth: mapWidth, cell: (panel - left - 6) / Double(columns.count),
      x: Axis(
        columnAxis?.words ?? levelLabel, -0.5...Double(columns.count) - 0.5,
        ticks: columnLabels.enumerated().map { (Double($0), $1) }),
      y: Axis(
        rowAxis.words, -0.5...Double(rows.count) - 0.5,
        ticks: rows.enumerated().map {
          (Double($0), TextWidth.cut(rowAxis.labels[$1], width: labelWidth, size: TextSize.tick))
        }))
  }

  /// The map with number `k` of a quantity.
  private func heatMap(_ quantity: SweepQuantity, _ k: Int, _ grid: SweepGrid) -> Sheet.Draft {
    let map = quantity.maps[k]
    let level = map.level.map { "level \(short(levels[$0]))" }
    let hasSeveral = grid.mapLevels.count > 1
    let title = quantity.heading
    return Sheet.Draft(
      title: hasSeveral ? level ?? title : title, meaning: level.map { "\(title), \($0)" }, x: grid.x,
      y: grid.y, layers: [.cells(quantity.colours(of: map, columns: grid.columns.count))],
      texts: quantity.texts(of: map, grid), height: quantity.height(grid),
      left: grid.left, hasBox: true, scale: hasSeveral ? nil : quantity.scale)
  }

  /// The quantities that the heat maps show: approaches, and observables at the last time.
  private func sweepQuantities(_ options: FigureOptions, _ grid: SweepGrid) throws -> [SweepQuantity] {
    let last = try times().count - 1
    let lastTime = try short(times()[last])
    var result: [SweepQuantity?] = []
    if options.variables.isEmpty, find(Self.approachName) != nil {
      for (k, name) in try treeLevels().enumerated() where k > 0 {
        result.append(
          try sweepQuantity(
            Self.approachName, ["tree_level"], at: k, grid, isFraction: true,
            title: "approach to \(name == "root" ? "the" : "own") \(name)"))
      }
    }
    let numbers = mappedAttractorNumbers(options)
    for name in numbers {
      let isFraction = name.hasSuffix("_fraction")
      result.append(
        try sweepQuantity(name, [], at: 0, grid, isFraction: isFraction, title: longName(name)))
    }
    var others = options
    others.variables.removeAll(where: numbers.contains)
    let averages =
      options.variables.isEmpty || !others.variables.isEmpty
      ? try chosen(others, or: attractorNumbers.map(\.name)) : []
    for name in averages {
      result.append(
        try sweepQuantity(
          name, ["time"], at: last, grid, isFraction: family(of: name) == .fraction,
          title: "\(longName(name)), at t = \(lastTime)"))
    }
    return result.compactMap { $0 }
  }

  /// A variable at one place of its own dimensions; nil if it has no value in any map.
  private func sweepQuantity(
    _ name: String, _ dimensions: [String], at index: Int, _ grid: SweepGrid, isFraction: Bool, title: String
  ) throws -> SweepQuantity? {
    let points =
      grid.mapLevels.isEmpty
      ? grid.rows.map { at([$0] + point.dropFirst()) }
      : grid.rows.flatMap { row in grid.columns.map { at([row, $0] + point.dropFirst(2)) } }
    let names = [
      name, self.name(of: .standardError(of: name)), self.name(of: .lowerBound(of: name)),
      self.name(of: .upperBound(of: name)), models == nil ? nil : self.name(of: .models(of: name)),
    ]
    // For each variable and point there is one column, with a number per level.
    let read = try names.map { name in
      try name.map { name in
        try points.map { try $0.column(name, dimensions, at: dimensions.map { _ in index }) }
      }
    }
    var least: Double?
    func cell(_ point: Int, _ level: Int) -> SweepQuantity.Cell {
      func number(_ k: Int) -> Double { read[k].map { $0[point][level] } ?? .nan }
      if number(4) > 0 { least = min(least ?? .infinity, number(4)) }
      return SweepQuantity.Cell(value: number(0), error: number(1), lower: number(2), upper: number(3))
    }
    var maps: [SweepQuantity.Map] =
      grid.mapLevels.isEmpty
      ? [.init(level: nil, cells: points.indices.flatMap { p in grid.columns.map { cell(p, $0) } })]
      : grid.mapLevels.map { level in .init(level: level, cells: points.indices.map { cell($0, level) }) }
    maps.removeAll { !$0.cells.contains { $0.value.isFinite } }
    return maps.isEmpty
      ? nil
      : SweepQuantity(
        title: title, units: units(name), family: family(of: name), isFraction: isFraction, maps: maps,
        leastModels: least.flatMap { Int(exactly: $0) })
  }

  private func sweepCaption(
    _ options: FigureOptions, _ quantities: [SweepQuantity], _ grid: SweepGrid
  ) -> String {
    let counts = (try? values("count", ["level"])) ?? []
    let whose =
      models.map { all in
        let least = quantities.compactMap(\.leastModels).min() ?? all
        let some =
          least < all ? " (over \(least) where the others gave none, see NAME_models in the file)" : ""
        return "the mean over \(all) models\(some)"
      } ?? "one run's value"
    let members = "\(countText(counts)) members\(models == nil ? "" : " of all models") per level"
    var text =
      "Each cell: \(whose), \(members); \(errorSentence(quantities, grid)). Brighter is larger, between the ends of the"
      + " bar above: \(scaleSentence(options, grid))."
    let keys = sweep.prefix(grid.mapLevels.isEmpty ? 1 : 2).filter { $0.words != $0.key }
    if !keys.isEmpty {
      text += " Swept: \(keys.map { "\($0.briefWords) is \($0.key)" }.joined(separator: ", "))."
    }
    let others = zip(sweep, point).dropFirst(grid.mapLevels.isEmpty ? 1 : 2)
      .map { "\($0.key) = \($0.labels[$1])" }
    if !others.isEmpty { text += " Other swept keys: \(others.joined(separator: ", "))." }
    let rows = (shown: grid.rows.count, all: sweep[0].labels.count)
    let columns = (
      shown: grid.columns.count, all: grid.mapLevels.isEmpty ? levels.count : sweep[1].labels.count
    )
    if rows.shown < rows.all || columns.shown < columns.all {
      text +=
        " Evenly chosen: \(rows.shown) of \(rows.all) rows and \(columns.shown) of \(columns.all) columns."
    }
    if !grid.mapLevels.isEmpty, grid.mapLevels.count < levels.count {
      text +=
        level == nil
        ? " \(grid.mapLevels.count) of \(levels.count) levels, evenly chosen."
        : " One of \(levels.count) levels is shown."
    }
    let run = replica == nil ? "seed \(self.text("seed"))" : replicaText
    return text + " Scenario \(scenarioName), \(run)."
  }

  /// What the caption says colours stand for.
  private func scaleSentence(_ options: FigureOptions, _ grid: SweepGrid) -> String {
    if options.hasCommonScale {
      return "approaches and fractions share the scale from 0 to 1; distances share one, and so do overlaps"
    }
    return grid.mapLevels.count > 1
      ? "each quantity has its own scale, which its levels share" : "each panel has its own scale"
  }

  /// What the caption says about the texts below the values.
  private func errorSentence(_ quantities: [SweepQuantity], _ grid: SweepGrid) -> String {
    let kinds = quantities.map { $0.shownErrors(grid) }
    let whose = models == nil ? "over items" : "between models"
    var parts: [String] = []
    if kinds.contains(.standardError) { parts.append("± its standard error \(whose)") }
    if kinds.contains(.interval) {
      parts.append(models == nil ? "the 95 % bootstrap interval" : "the 95 % interval over models")
    }
    let words = parts.isEmpty ? "" : "below it \(parts.joined(separator: ", or "))"
    guard kinds.contains(.none) else { return words }
    return words.isEmpty
      ? "errors are in the file (no room for them here)"
      : words + ", where the file has one and there is room"
  }
}
