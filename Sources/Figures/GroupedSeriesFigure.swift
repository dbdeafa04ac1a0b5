import Drawing
import Dynamics
import Output
import RunFiles

extension RunData {
  /// The dimension of the groups in an average of each class or superclass; nil for other variables.
  func groupDimension(of name: String) -> String? {
    guard let variable = find(name), case .average(.each) = role(of: name),
      let dimension = variable.dimensions.map(\.name).suffix(2).first, variable.dimensions.count > 2,
      variable.dimensions.map(\.name).suffix(3) == ["level", dimension, "time"]
    else { return nil }
    return dimension
  }

  /// Averages over all members, and those of each class or superclass, which have panels of their own.
  func allSeriesSheet(_ options: FigureOptions) throws -> Sheet {
    let grouped = options.variables.filter { groupDimension(of: $0) != nil }
    if grouped.isEmpty { return try seriesSheet(options) }
    var others = options
    others.variables.removeAll(where: grouped.contains)
    let first = others.variables.isEmpty ? [] : [try seriesSheet(others)]
    return Sheet.stacked(first + (try grouped.map { try groupedSheet($0, options) }))
  }

  /// The means of one group at the picked times.
  private struct GroupCurve {
    var label: String
    var mean: [Double]
    var lower: [Double]
    var upper: [Double]
  }

  /// An average of each group against time, with one panel per level and one curve per group.
  private func groupedSheet(_ name: String, _ options: FigureOptions) throws -> Sheet {
    guard let dimension = groupDimension(of: name) else { throw invalid(name, "is no average of groups") }
    let times = try times()
    let picked = evenly(times.count, options.points)
    let labels = try groupLabels(dimension)
    let groups = evenly(labels.count, 12)
    // The bands of many curves would hide one another.
    let hasBands = groups.count <= 4
    let shown = level.map { [$0] } ?? shownLevels(4)
    var counts: [Double] = []
    let panels = try shown.map { level in
      counts += try row(try existingName(of: .sampleSize(of: name)), [dimension, "time"], level: level)
        .filter { $0 > 0 }
      return try curves(name, dimension, level: level, labels, groups, picked, hasBands: hasBands)
    }
    var sheet = Sheet(options)
    let group = dimension == "concept" ? "class" : "superclass"
    sheet.addTitle("Averages of each \(group) against time")
    sheet.addHeading(longName(name).capitalizedFirst)
    let colours = Palette.ordered(groups.count)
    sheet.addLegend(
      group,
      zip(groups, colours).enumerated().map { k, entry in
        LegendEntry(label: labels[entry.0], colour: entry.1, marker: Marker.number(k))
      })
    let values = panels.joined().flatMap { $0.mean + $0.lower + $0.upper }
    let range = Axis.range(values, includesZero: family(of: name) == .distance)
    let quantity = family(of: name) == .other ? spoken(name) : family(of: name).rawValue
    let y = Axis("\(quantity) [\(units(name))]", range)
    let t = picked.map { times[$0] }
    sheet.addPanels(
      zip(shown, panels).map { level, curves in
        groupPanel(curves, t, y, colours, level: level, name: name)
      })
    sheet.addCaption(groupedCaption(name, counts, (groups.count, labels.count), shown.count, hasBands))
    return sheet
  }

  /// The names of the classes or superclasses.
  private func groupLabels(_ dimension: String) throws -> [String] {
    if let names = find(dimension + "_name"), names.dimensions.map(\.name) == [dimension],
      names.type == .string
    {
      return try names.readStrings()
    }
    guard let coordinate = find(dimension), coordinate.dimensions.map(\.name) == [dimension] else {
      throw invalid(dimension, "is missing")
    }
    return try coordinate.readDoubles().map(short)
  }

  private func curves(
    _ name: String, _ dimension: String, level: Int, _ labels: [String], _ groups: [Int], _ picked: [Int],
    hasBands: Bool
  ) throws -> [GroupCurve] {
    func rows(_ name: String) throws -> [Double] { try row(name, [dimension, "time"], level: level) }
    let mean = try rows(name)
    let lower = try hasBands ? self.name(of: .lowerBound(of: name)).map(rows) : nil
    let upper = try hasBands ? self.name(of: .upperBound(of: name)).map(rows) : nil
    let times = mean.count / labels.count
    return groups.map { group in
      func part(_ values: [Double]?) -> [Double] {
        values.map { values in picked.map { values[group * times + $0] } } ?? []
      }
      return GroupCurve(label: labels[group], mean: part(mean), lower: part(lower), upper: part(upper))
    }
  }

  private func groupPanel(
    _ curves: [GroupCurve], _ t: [Double], _ y: Axis, _ colours: [Colour], level: Int, name: String
  ) -> Sheet.Draft {
    var bands: [Layer] = []
    var lines: [Layer] = []
    for (k, (curve, colour)) in zip(curves, colours).enumerated() {
      if !curve.lower.isEmpty, !curve.upper.isEmpty {
        bands.append(.band(x: t, lower: curve.lower, upper: curve.upper, colour))
      }
      let points = zip(t, curve.mean).map { Point($0, $1) }
      lines.append(.line(points, colour, width: 1.2, dash: 1))
      let stride = max(1, points.count / 6)
      let marked = points.indices.filter { $0 % stride == k % stride }.map { points[$0] }
      lines.append(.marks(marked, colour, Marker.number(k), size: 0.8))
    }
    let x = t.count > 1 ? t[0]...t[t.count - 1] : t[0] - 0.5...t[0] + 0.5
    let title = "\(longName("level")) \(short(levels[level]))"
    return Sheet.Draft(
      title: title, meaning: "\(longName(name)), \(title)", x: Axis("time t [1]", x, integers: true), y: y,
      layers: bands + lines)
  }

  private func groupedCaption(
    _ name: String, _ counts: [Double], _ groups: (shown: Int, all: Int), _ shown: Int, _ hasBands: Bool
  ) -> String {
    let whose =
      models.map { "Means over \($0) models, each the mean over the members of a group" }
      ?? "Means over the members of each group"
    var text = "\(whose) (\(countText(counts)) per level, group and time)."
    if hasBands, self.name(of: .lowerBound(of: name)) != nil {
      text += " \(errorText("Bands", items: "95 % interval over items"))."
    } else {
      text += " Intervals are in the file, and are not drawn for so many curves."
    }
    if groups.shown < groups.all { text += " \(groups.shown) of \(groups.all) groups are shown." }
    return text + "\(leftLevels(shown)) Panels share their scale. \(provenance().capitalizedFirst)."
  }
}
