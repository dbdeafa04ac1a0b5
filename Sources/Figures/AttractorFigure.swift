import Drawing
import Output
import RunFiles

/// Basin fractions.
enum AttractorFigure: Figure {
  static let name = "attractors"
  static let heading = "Basin fractions"
  static let summary = "basin fractions against the corruption level"

  static func obstacle(in data: RunData) -> FigureObstacle? {
    data.runGroup("attractors") == nil
      ? data.missingGroup("attractors")
        ?? FigureObstacle(
          "it holds no group /attractors", "run the scenario with --set attractors={}") : nil
  }

  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet {
    try data.attractorSheet(options)
  }
}

extension RunData {
  /// What figures need from the group of attractors, for the chosen run.
  struct Attractors {
    var run: RunGroup
    var count: Int
    /// The basin fractions, shape `[levels, attractors]`. `lower` and `upper` have the same shape.
    var fraction: [Double]
    var lower: [Double]
    var upper: [Double]
    /// The fraction of undecided starts, shape `[levels]`.
    var undecided: [Double]
    /// The attractors, those with the largest mean basins first.
    var order: [Int]
    /// The mean over the levels of each attractor's fraction.
    var share: [Double]

    /// The attractors to show, in the order of `order`. Unstable ones that no start reaches are left out unless
    /// they are asked for.
    func shown(withSaddles: Bool) throws -> [Int] {
      if withSaddles { return order }
      let unstable = try unstable()
      return order.filter { share[$0] > 0 || !unstable.contains($0) }
    }

    /// Saddles, repellers and other sets that attract nothing.
    private func unstable() throws -> Set<Int> {
      let words: Set = ["saddle", "repeller", "unstable_cycle", "unstable"]
      var result: Set<Int> = []
      for name in ["kind", "stability"] where run.has(name) {
        let flags = try run.slice(name, shape: [count])
        guard let values = (try? flags.variable.attribute("flag_values"))?.numbers,
          let meanings = (try? flags.variable.attribute("flag_meanings"))?.text?.split(separator: " ")
        else { continue }
        let marked = zip(values, meanings).filter { words.contains(String($0.1)) }.map(\.0)
        for (a, flag) in try flags.doubles().enumerated() where marked.contains(flag) { result.insert(a) }
      }
      return result
    }

    /// A variable as numbers, one per attractor; nil if the file lacks it.
    func perAttractor(_ name: String) throws -> [Double]? {
      run.has(name) ? try run.slice(name, shape: [count]).doubles() : nil
    }
  }

  /// The name of the basin fractions in the group.
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

  /// The kind of each attractor in words, or another flag; empty if the file does not contain it.
  func kinds(_ attractors: Attractors, flag: String = "kind") throws -> [String] {
    guard let values = try attractors.perAttractor(flag),
      let variable = attractors.run.group.variables.first(where: { $0.name == flag }),
      let flags = (try? variable.attribute("flag_values"))?.numbers,
      let meanings = (try? variable.attribute("flag_meanings"))?.text
    else { return Array(repeating: "", count: attractors.count) }
    let words = meanings.split(separator: " ").map { spoken(String($0)) }
    return values.map { value in
      flags.firstIndex(of: value).flatMap { $0 < words.count ? words[$0] : nil } ?? ""
    }
  }

  /// One row per attractor for a table: number, kind, share, spectral radius, nearest concept, and distances.
  ///
  /// - Parameter withSaddles: Whether unstable sets that no start reaches have rows, too.
  package func attractorRows(limit: Int, withSaddles: Bool = true) throws -> (
    header: [String], rows: [[String]], count: Int, hidden: Int
  ) {
    let attractors = try readAttractors()
    let order = try attractors.shown(withSaddles: withSaddles)
    let kinds = try kinds(attractors)
    let regimes = try self.kinds(attractors, flag: "regime")
    let hasRegimes = regimes.contains { !$0.isEmpty }
    let columns: [(String, String)] = [
      ("spectral_radius", "spectral radius"), ("nearest_concept", "nearest concept"),
      ("distance_nearest_concept", "distance to it"),
      ("distance_nearest_memory", "distance to the nearest memory"),
    ]
    var header =
      ["attractor", "kind"] + (hasRegimes ? ["regime"] : []) + ["basin, mean over levels"]
    var read: [[Double]] = []
    for (name, words) in columns {
      guard let values = try attractors.perAttractor(name) else { continue }
      header.append(words)
      read.append(values)
    }
    let names = try classNames()
    let isLabel = columns.firstIndex { $0.0 == "nearest_concept" }
    let rows = order.prefix(limit).map { a in
      ["\(a)", kinds[a]] + (hasRegimes ? [regimes[a]] : []) + [percent(attractors.share[a])]
        + read.enumerated().map { c, values in
          c == isLabel ? concept(values[a], names) ?? "none" : short(values[a])
        }
    }
    return (header, rows, attractors.count, attractors.count - order.count)
  }

  /// The name of a concept's class, or its label; nil for none.
  func concept(_ label: Double, _ names: [Int: String]) -> String? {
    guard let label = Int(exactly: label), label >= 0 else { return nil }
    return names[label] ?? "concept \(label)"
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

  /// The number of attractors that have a colour of their own, which is that of the colours other than black.
  static let colouredAttractors = Palette.distinct.count - 1

  /// Basin fractions against the corruption level.
  fileprivate func attractorSheet(_ options: FigureOptions) throws -> Sheet {
    let attractors = try readAttractors()
    // A search also finds saddles and other sets that no start reaches.
    let reached = attractors.order.filter { attractors.share[$0] > 0 }
    let curves = basinCurves(attractors, reached)
    var sheet = Sheet(options)
    sheet.addTitle("Basin fractions against the corruption level")
    let xRange = Axis.range(levels, margin: 0.08)
    let values = curves.flatMap(\.values)
    // On a scale up to 1, small basins would lie on the axis.
    let isLarge = (values.filter(\.isFinite).max() ?? 0) > 0.4
    let yRange = isLarge ? Axis.fractions : Axis.range(values, includesZero: true)
    sheet.addLegend(
      "attractor",
      curves.map { LegendEntry(label: $0.label, colour: $0.colour, marker: $0.marker, dash: $0.dash) })
    let title =
      reached.count > Self.colouredAttractors
      ? "The \(Self.colouredAttractors) largest of \(reached.count) basins" : "All basins that starts reach"
    let panel = Sheet.Draft(
      title: title, x: levelAxis(xRange), y: Axis("fraction of starts [1]", yRange),
      layers: basinLayers(curves, xRange), height: 150)
    // Of the same model as the basins.
    var ofModel = self
    if models != nil, replica == nil { try ofModel.select("replica=0") }
    let regimes = try ofModel.regimeCurves()
    sheet.addPanels([panel])
    if !regimes.isEmpty {
      sheet.addLegend(
        "regime",
        regimes.map { LegendEntry(label: $0.label, colour: $0.colour, marker: $0.marker, dash: $0.dash) })
      sheet.addPanels([
        Sheet.Draft(
          title: "What the attractors resemble", x: levelAxis(xRange),
          y: Axis("fraction of starts [1]", Axis.fractions),
          layers: basinLayers(regimes, xRange), height: 110)
      ])
    }
    let group = attractors.run.group
    let starts = group.dimensions.first { $0.name == "initial" }.map { "n = \($0.length) starts per level. " }
    let lower = try attractors.run.existingName(of: .lowerBound(of: Self.basins))
    let method = (try? group.variable(lower).attribute("interval"))?.text
    sheet.addCaption(
      "Shares of the starts that end on each attractor: \(reached.count) \(reached.count == 1 ? "is" : "are") reached, of \(attractors.count) sets"
        + " found; numbered by their index in the file, from 0. \(starts ?? "")Bars: 95 %"
        + " (\(method ?? "Clopper-Pearson")), the upper end widened by undecided starts; none for sums and undecided"
        + " starts. recalled: starts that end at their own item. Symbols at one level stand side by side. \(provenance(isRun: true).capitalizedFirst)."
    )
    return sheet
  }

  /// The curves of the largest basins, each in a colour of its own, of the sum of the others in grey, and of
  /// undecided starts.
  private func basinCurves(_ attractors: Attractors, _ reached: [Int]) -> [BasinCurve] {
    let count = attractors.count
    func column(_ values: [Double], _ a: Int) -> [Double] { levels.indices.map { values[$0 * count + a] } }
    var curves = reached.prefix(Self.colouredAttractors).enumerated().map { k, a in
      BasinCurve(
        label: "\(a)", value: column(attractors.fraction, a),
        bars: (column(attractors.lower, a), column(attractors.upper, a)), colour: Palette.distinct[k],
        marker: Marker.number(k))
    }
    let rest = reached.dropFirst(Self.colouredAttractors)
    if !rest.isEmpty {
      let sums = levels.indices.map { l in
        rest.map { attractors.fraction[l * count + $0] }.filter(\.isFinite).reduce(0, +)
      }
      curves.append(
        BasinCurve(
          label: "other (\(rest.count) more)", value: sums, colour: .grey, marker: .openCircle, dash: 2))
    }
    curves.append(
      BasinCurve(label: "undecided", value: attractors.undecided, colour: .black, marker: .cross, dash: 3))
    return curves
  }

  /// The shares of starts by what their attractors resemble; none of a file without these numbers.
  private func regimeCurves() throws -> [BasinCurve] {
    try ["memorized", "prototype", "generalizing", "spurious", "recalled"].enumerated().compactMap {
      k, regime in
      let path = regime + "_fraction"
      guard find(path) != nil, case let shares = try values(path, ["level"]),
        shares.contains(where: \.isFinite)
      else { return nil }
      let ends = [VariableRole.lowerBound(of: path), .upperBound(of: path)].compactMap { name(of: $0) }
      let bars = try ends.map { try values($0, ["level"]) }
      return BasinCurve(
        label: regime, value: shares, bars: bars.count == 2 ? (bars[0], bars[1]) : nil,
        colour: Palette.distinct[k],
        marker: Marker.number(k), dash: regime == "recalled" ? 2 : 1)
    }
  }

  /// The layers of the curves in a panel, shifted sideways.
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
}
