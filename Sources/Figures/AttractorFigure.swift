import Output
import RunFiles

extension RunData {
  /// What figures need of the group of attractors, at the chosen run.
  struct Attractors {
    var run: RunGroup
    var count: Int
    /// Shape `[levels, attractors]`.
    var fraction: [Double]
    var lower: [Double]
    var upper: [Double]
    /// Shape `[levels]`.
    var undecided: [Double]
    /// Attractors, largest mean basin first.
    var order: [Int]
    /// Mean over the levels of each attractor's fraction.
    var share: [Double]

    /// A variable as numbers, one per attractor; nil where the file lacks it.
    func perAttractor(_ name: String) throws -> [Double]? {
      run.has(name) ? try run.slice(name, shape: [count]).doubles() : nil
    }
  }

  /// The basin fractions' name in the group.
  private static let basins = "basin_fraction"

  func readAttractors() throws -> Attractors {
    let name = Self.basins
    guard let run = runGroup("attractors") else { throw invalid("attractors/\(name)", "is missing") }
    let fractions = try run.slice(name, ["level", "attractor"])
    let count = fractions.shape[1]
    guard fractions.shape[0] == levels.count else {
      throw invalid(fractions.variable.path, "has another number of levels than the file")
    }
    func read(_ name: String, _ shape: [Int]) throws -> [Double] {
      try run.slice(name, shape: shape).doubles()
    }
    let fraction = try fractions.doubles()
    let share = (0..<count).map { a in
      let column = levels.indices.map { fraction[$0 * count + a] }.filter(\.isFinite)
      return column.isEmpty ? 0 : column.reduce(0, +) / Double(column.count)
    }
    return Attractors(
      run: run, count: count, fraction: fraction,
      lower: try read(try run.existingName(of: .lowerBound(of: name)), [levels.count, count]),
      upper: try read(try run.existingName(of: .upperBound(of: name)), [levels.count, count]),
      undecided: try read("undecided_fraction", [levels.count]),
      order: (0..<count).sorted { (-share[$0], $0) < (-share[$1], $1) }, share: share)
  }

  /// The kind of each attractor in words; empty where the file does not say.
  private func kinds(_ attractors: Attractors) throws -> [String] {
    guard let values = try attractors.perAttractor("kind"),
      let variable = attractors.run.group.variables.first(where: { $0.name == "kind" }),
      let flags = (try? variable.attribute("flag_values"))?.numbers,
      let meanings = (try? variable.attribute("flag_meanings"))?.text
    else { return Array(repeating: "", count: attractors.count) }
    let words = meanings.split(separator: " ").map { spoken(String($0)) }
    return values.map { value in
      flags.firstIndex(of: value).flatMap { $0 < words.count ? words[$0] : nil } ?? ""
    }
  }

  /// One row per attractor for a table: number, kind, share, spectral radius, nearest concept, distances.
  package func attractorRows(limit: Int) throws -> (header: [String], rows: [[String]], count: Int) {
    let attractors = try readAttractors()
    let kinds = try kinds(attractors)
    let columns: [(String, String)] = [
      ("spectral_radius", "spectral radius"), ("nearest_concept", "nearest concept"),
      ("distance_nearest_concept", "distance to it"),
      ("distance_nearest_memory", "distance to the nearest memory"),
    ]
    var header = ["attractor", "kind", "basin, mean over levels"]
    var read: [[Double]] = []
    for (name, words) in columns {
      guard let values = try attractors.perAttractor(name) else { continue }
      header.append(words)
      read.append(values)
    }
    let names = try classNames()
    let isLabel = columns.firstIndex { $0.0 == "nearest_concept" }
    let rows = attractors.order.prefix(limit).map { a in
      ["\(a)", kinds[a], percent(attractors.share[a])]
        + read.enumerated().map { c, values in
          c == isLabel ? concept(values[a], names) ?? "none" : short(values[a])
        }
    }
    return (header, rows, attractors.count)
  }

  /// A concept by its class's name or label; nil for none.
  private func concept(_ label: Double, _ names: [Int: String]) -> String? {
    guard let label = Int(exactly: label), label >= 0 else { return nil }
    return names[label] ?? "concept \(label)"
  }

  private func percent(_ fraction: Double) -> String {
    guard fraction.isFinite else { return "-" }
    if fraction > 0, fraction < 0.001 { return "< 0.1 %" }
    return short((1000 * fraction).rounded() / 10) + " %"
  }

  /// A curve of basin fractions.
  private struct BasinCurve {
    var label: String
    var value: [Double]
    var bars: (lower: [Double], upper: [Double])?
    var colour: Colour
    var marker: Marker
    var dash = 1

    var values: [Double] { value + (bars?.upper ?? []) + (bars?.lower ?? []) }
  }

  /// Basin fractions against the corruption level.
  func attractorSheet(_ options: FigureOptions) throws -> Sheet {
    let attractors = try readAttractors()
    // A search finds saddles and others that no start reaches, too.
    let reached = attractors.order.filter { attractors.share[$0] > 0 }
    let groups = basinCurves(attractors, reached)
    var sheet = Sheet(width: options.width, isBare: options.isBare)
    sheet.addTitle("Basin fractions against the corruption level")
    let xRange = Axis.range(levels, margin: 0.08)
    var drafts: [Sheet.Draft] = []
    for (g, curves) in groups.enumerated() {
      let yRange = Axis.range(curves.flatMap(\.values), includesZero: true)
      let isLast = g == groups.count - 1
      let title = g == 0 ? (isLast ? "All basins" : "The five largest basins") : "Further basins"
      drafts.append(
        Sheet.Draft(
          title: title, x: levelAxis(xRange), y: Axis("fraction of starts [1]", yRange),
          layers: basinLayers(curves, xRange)))
      sheet.addLegend(
        groups.count == 1 ? "attractor" : g == 0 ? "attractor, first panel" : "second panel",
        curves.map {
          LegendEntry(label: $0.label, colour: $0.colour, marker: $0.marker, dash: $0.dash)
        })
    }
    sheet.addPanels(drafts)
    let group = attractors.run.group
    let starts = group.dimensions.first { $0.name == "initial" }.map { "n = \($0.length) starts per level. " }
    let lower = try attractors.run.existingName(of: .lowerBound(of: Self.basins))
    let method = (try? group.variable(lower).attribute("interval"))?.text
    sheet.addCaption(
      "Shares of the starts that end on each attractor: \(reached.count) \(reached.count == 1 ? "is" : "are") reached, of \(attractors.count) fixed points and"
        + " cycles found; numbered by their index in the file, from 0. \(starts ?? "")Bars: 95 %"
        + " (\(method ?? "Clopper-Pearson")), the upper end widened by undecided starts; none for sums and undecided"
        + " starts. Symbols at one level stand side by side; panels have their own scales."
        + " \(provenance(isRun: true).capitalizedFirst).")
    return sheet
  }

  /// The largest basins in panels of five, the others' sum and undecided starts in the last.
  private func basinCurves(_ attractors: Attractors, _ reached: [Int]) -> [[BasinCurve]] {
    let count = attractors.count
    let largest = Array(reached.prefix(10))
    func column(_ values: [Double], _ a: Int) -> [Double] { levels.indices.map { values[$0 * count + a] } }
    var groups: [[BasinCurve]] = []
    for first in stride(from: 0, to: largest.count, by: 5) {
      groups.append(
        largest[first..<min(first + 5, largest.count)].enumerated().map { k, a in
          BasinCurve(
            label: "\(a)", value: column(attractors.fraction, a),
            bars: (column(attractors.lower, a), column(attractors.upper, a)), colour: Palette.distinct[k],
            marker: Marker.number(k))
        })
    }
    var rest: [BasinCurve] = []
    if reached.count > largest.count {
      let sums = levels.indices.map { l in
        reached.dropFirst(largest.count).map { attractors.fraction[l * count + $0] }
          .filter(\.isFinite).reduce(0, +)
      }
      rest.append(
        BasinCurve(
          label: "\(reached.count - largest.count) others", value: sums, colour: Palette.distinct[5],
          marker: .pentagon, dash: 2))
    }
    rest.append(
      BasinCurve(
        label: "undecided", value: attractors.undecided, colour: .black, marker: .cross, dash: 3))
    if groups.isEmpty { groups.append([]) }
    groups[groups.count - 1] += rest
    return groups
  }

  /// The curves of a panel, side by side.
  private func basinLayers(_ curves: [BasinCurve], _ range: ClosedRange<Double>) -> [Layer] {
    let width = range.upperBound - range.lowerBound
    var layers: [Layer] = []
    for (k, curve) in curves.enumerated() {
      let shift = width * 0.012 * (Double(k) - Double(curves.count - 1) / 2)
      let x = levels.map { $0 + shift }
      let points = zip(x, curve.value).map { Point($0, $1) }
      layers.append(.line(points, curve.colour, width: 0.9, dash: curve.dash))
      if let bars = curve.bars {
        layers.append(.bars(x: x, lower: bars.lower, upper: bars.upper, curve.colour))
      }
      layers.append(.marks(points, curve.colour, curve.marker, size: 0.9))
    }
    return layers
  }

  /// The attractors as pictures, largest basins first.
  func attractorPictureSheet(_ options: FigureOptions) throws -> Sheet {
    let attractors = try readAttractors()
    let pictures = try attractors.run.slice("picture", rank: 2)
    let size = try imageSize(pictures.variable)
    let pixels = size.height * size.width
    guard pictures.shape == [attractors.count, pixels] else {
      throw invalid(pictures.variable.path, "has the shape \(pictures.shape)")
    }
    let kinds = try kinds(attractors)
    let concepts = try attractors.perAttractor("nearest_concept")
    let names = try classNames()

    var sheet = Sheet(width: options.width, isBare: options.isBare)
    sheet.addTitle("Attractors, decoded")
    let columns = max(1, Int(sheet.innerWidth / 76))
    let rows = columns > 4 ? 4 : 6
    let shown = Array(attractors.order.prefix(columns * rows))
    guard !shown.isEmpty else { throw invalid(pictures.variable.path, "holds no attractor") }
    let cell = sheet.innerWidth / Double(columns)
    let edge = cell - 16
    let scale = min(edge / Double(size.width), edge / Double(size.height))
    let (w, h) = (scale * Double(size.width), scale * Double(size.height))
    let hasKinds = kinds.contains { !$0.isEmpty }
    let line = TextSize.tick * 1.3
    let words = 1 + (hasKinds ? 1 : 0) + (concepts != nil ? 1 : 0)
    let cellHeight = h + Double(words) * line + 12
    sheet.height += 2
    for (k, a) in shown.enumerated() {
      let x = Sheet.margin + cell * Double(k % columns)
      let y = sheet.height + cellHeight * Double(k / columns)
      let values = try pictures.doubles(start: [a, 0], count: [1, pixels])
      let left = x + (cell - w) / 2
      sheet.layers.append(
        .bitmap(
          Bitmap(grey: values, height: size.height, width: size.width, scale: pixels <= 4096 ? 3 : 1),
          Rectangle(x: left, y: y, width: w, height: h)))
      sheet.layers.append(outline(left, y, w, h))
      var texts = ["\(a): \(attractors.share[a] > 0 ? percent(attractors.share[a]) : "not reached")"]
      if hasKinds { texts.append(kinds[a].isEmpty ? "kind unknown" : kinds[a]) }
      if let concepts { texts.append(concept(concepts[a], names).map { "near \($0)" } ?? "no concept") }
      for (n, text) in texts.enumerated() {
        sheet.texts.append(
          SheetText(
            text: TextWidth.cut(text, width: cell - 2, size: TextSize.tick), x: x + cell / 2,
            y: y + h + 4 + line * (Double(n) + 0.5), size: TextSize.tick, alignment: .center,
            isBold: n == 0))
      }
    }
    sheet.height += cellHeight * Double((shown.count + columns - 1) / columns)
    sheet.addCaption(
      "\(shown.count) of \(attractors.count) fixed points and cycles, largest basins first; below each its index in the file,"
        + " its basin's fraction (mean over \(levels.count == 1 ? "the one level" : "\(levels.count) levels")),"
        + " its kind and the class whose concept is nearest. Grey levels from 0 (black) to 1 (white)."
        + " \(provenance(isRun: true).capitalizedFirst).")
    return sheet
  }

  /// A thin frame around a picture.
  func outline(_ x: Double, _ y: Double, _ w: Double, _ h: Double) -> Layer {
    .line(
      [Point(x, y), Point(x + w, y), Point(x + w, y + h), Point(x, y + h), Point(x, y)], .grey, width: 0.4,
      dash: 1)
  }
}
