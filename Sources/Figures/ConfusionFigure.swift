import Drawing
import Foundation
import Output
import RunFiles
import Vocabulary

/// The numbers of members by the class of their item and by the class of the nearest concept.
enum ConfusionFigure: Figure {
  static let name = "confusion"
  static let heading = "Nearest concepts"
  static let summary = "members by the class of their item and of the nearest concept, at some times"

  static func obstacle(in data: RunData) -> FigureObstacle? {
    data.find(RunLayout.nearestConceptCount) == nil
      ? FigureObstacle(
        "it holds no counts of nearest concepts",
        "add nearest-concept to the scenario's observables, or choose another figure") : nil
  }

  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet {
    try data.confusionSheet(options)
  }
}

extension RunData {
  /// What all maps of counts by class have in common.
  private struct Confusion {
    var counts: NetCDFReaderVariable
    /// The indices along the leading dimensions.
    var place: [Int]
    var times: [Double]
    /// The class labels along both dimensions. The first label of `nearest` stands for none.
    var sources: [Int]
    var nearest: [Int]
    var names: [Int: String]
    var shownSources: [Int]
    var shownNearest: [Int]
    /// The room for labels at the left of a map.
    var left: Double
    var cell: Double

    var mapWidth: Double { left + 6 + cell * Double(shownNearest.count) }
  }

  /// Heat maps of where members are, at several times: the class of their own item down, the class of the nearest
  /// concept across.
  fileprivate func confusionSheet(_ options: FigureOptions) throws -> Sheet {
    let confusion = try readConfusion(options)
    var sheet = Sheet(options)
    sheet.addTitle("The nearest concept of members by the class of their item")
    let abreast = max(1, Int((sheet.innerWidth + 12) / (confusion.mapWidth + 12)))
    let shownTimes = evenly(confusion.times.count, max(2, min(abreast, 4)))
    let shown = shownLevels(4)
    sheet.addScale(0...1)
    var counts: [Double] = []
    for level in shown {
      if levels.count > 1 {
        sheet.addHeading("\(longName("level")) \(short(levels[level]))".capitalizedFirst)
      }
      var drafts: [Sheet.Draft] = []
      for time in shownTimes {
        let values = try self.counts(confusion, level: level, time: time)
        counts.append(values.filter { $0 > 0 }.reduce(0, +))
        drafts.append(map(values, confusion, level: level, time: time))
      }
      sheet.addPanels(drafts, minimumWidth: min(confusion.mapWidth, sheet.innerWidth))
    }
    sheet.addCaption(confusionCaption(confusion, counts, levels: shown.count, times: shownTimes.count))
    return sheet
  }

  private func readConfusion(_ options: FigureOptions) throws -> Confusion {
    let name = RunLayout.nearestConceptCount
    guard let counts = find(name) else { throw invalid(name, "is missing") }
    let leading = counts.path.hasPrefix("/replicas/") ? axes : Array(axes.prefix(sweep.count))
    let dimensions = ["level", "time", "source_class", "nearest_class"]
    guard counts.dimensions.map(\.name) == leading.map(\.name) + dimensions,
      counts.shape.allSatisfy({ $0 > 0 })
    else {
      let found = counts.dimensions.map { "\($0.name)=\($0.length)" }.joined(separator: ", ")
      throw invalid(name, "has the dimensions (\(found)), expected (\(dimensions.joined(separator: ", ")))")
    }
    func labels(_ name: String) throws -> [Int] {
      guard let variable = find(name), variable.dimensions.map(\.name) == [name], variable.type.isInteger
      else {
        throw invalid(name, "is missing")
      }
      return try variable.readInts()
    }
    let (sources, nearest, names) = (
      try labels("source_class"), try labels("nearest_class"), try classNames()
    )
    let shownSources = evenly(sources.count, 20)
    let texts = shownSources.map { Self.row(sources[$0], none: nearest[0], names) }
    let width = texts.map { TextWidth.of($0, size: TextSize.tick) }.max() ?? 0
    let left = 18 + min(max(width, 20), 84)
    let columns = options.width > 400 ? 24 : 13
    let shownNearest = evenly(nearest.count, columns)
    let room = options.width - 2 * Sheet.margin - left - 6
    return Confusion(
      counts: counts, place: leading.map(\.index), times: try times(), sources: sources, nearest: nearest,
      names: names, shownSources: shownSources, shownNearest: shownNearest, left: left,
      cell: min(24, room / Double(shownNearest.count)))
  }

  /// The label of a row: the number and name of the class.
  private static func row(_ label: Int, none: Int, _ names: [Int: String]) -> String {
    if label == none { return "all members" }
    guard let name = names[label], name != "class \(label)", name != "\(label)" else { return "\(label)" }
    return "\(label) \(name)"
  }

  /// The counts at a level and a time, `[sources, nearest]`. They are 0 for a run of several that has none.
  private func counts(_ confusion: Confusion, level: Int, time: Int) throws -> [Double] {
    try confusion.counts.readDoubles(
      start: confusion.place + [level, time, 0, 0],
      count: confusion.place.map { _ in 1 } + [1, 1, confusion.sources.count, confusion.nearest.count]
    ).map { max($0, 0) }
  }

  private func map(_ values: [Double], _ confusion: Confusion, level: Int, time: Int) -> Sheet.Draft {
    let rows = confusion.shownSources.count
    var cells: [(Rectangle, Colour)] = []
    var texts: [SheetText] = []
    for (r, source) in confusion.shownSources.enumerated() {
      let row = values[source * confusion.nearest.count..<(source + 1) * confusion.nearest.count]
      let total = row.reduce(0, +)
      for (c, nearest) in confusion.shownNearest.enumerated() {
        let count = row[row.startIndex + nearest]
        let colour = total > 0 ? Palette.cividis(count / total) : .white
        // The first class is at the top.
        let (x, y) = (Double(c), Double(rows - 1 - r))
        cells.append((Rectangle(x: x - 0.5, y: y - 0.5, width: 1, height: 1), colour))
        texts.append(
          SheetText(
            text: briefCount(count), x: x, y: y, size: confusion.cell >= 18 ? 6 : 4.5, alignment: .center,
            colour: colour.luminance > 0.45 ? .black : .white))
      }
    }
    let none = confusion.nearest[0]
    let title = "time t = \(short(confusion.times[time]))"
    return Sheet.Draft(
      title: title, meaning: "nearest concepts at level \(short(levels[level])), \(title)",
      x: Axis(
        "class of the nearest concept", -0.5...Double(confusion.shownNearest.count) - 0.5,
        ticks: confusion.shownNearest.enumerated().map {
          let label = confusion.nearest[$1]
          return (Double($0), label == none ? "none" : "\(label)")
        }),
      y: Axis(
        "class of the item", -0.5...Double(rows) - 0.5,
        ticks: confusion.shownSources.enumerated().map {
          let text = Self.row(confusion.sources[$1], none: none, confusion.names)
          return (
            Double(rows - 1 - $0), TextWidth.cut(text, width: confusion.left - 18, size: TextSize.tick)
          )
        }), layers: [.cells(cells)], texts: texts,
      height: max(Double(rows) * 15, rows > 1 ? TextWidth.of("class of the item", size: TextSize.label) : 30),
      left: confusion.left, hasBox: true)
  }

  private func confusionCaption(
    _ confusion: Confusion, _ counts: [Double], levels shown: Int, times: Int
  ) -> String {
    var text =
      "Numbers are members; colours their share of the row, by the bar above. Diverged members are left out."
      + " \(countText(counts)) members per map"
      + (models.map { ", all \($0) models together" } ?? "") + "."
    if confusion.nearest.count > 1 {
      text += " none: further from the nearest concept than its radius, where the run has one."
    }
    if times < confusion.times.count || shown < levels.count {
      text += " \(times) of \(confusion.times.count) times and \(shown) of \(levels.count) levels are shown."
    }
    if confusion.shownSources.count < confusion.sources.count
      || confusion.shownNearest.count < confusion.nearest.count
    {
      text += " Evenly chosen classes are shown."
    }
    return text + " \(provenance().capitalizedFirst)."
  }
}
