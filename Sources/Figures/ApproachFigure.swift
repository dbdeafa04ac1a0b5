import Output

extension RunData {
  /// Approaches to own, sibling's and shuffled centres against the corruption level, per tree level.
  func approachSheet(_ options: FigureOptions) throws -> Sheet {
    let tree = try treeLevels()
    let parts = [
      ("approach", "own centre", Palette.distinct[0], Marker.circle),
      ("approach_sibling", "sibling's centre (control)", Palette.distinct[3], Marker.triangle),
      ("approach_shuffled", "shuffled labels (control)", Palette.distinct[2], Marker.square),
    ]
    struct Part {
      var value: [Double]
      var lower: [Double]
      var upper: [Double]
    }
    let read = try parts.map { name, _, _, _ in
      Part(
        value: try values(name, ["level", "tree_level"]),
        lower: try values(name + "_lower", ["level", "tree_level"]),
        upper: try values(name + "_upper", ["level", "tree_level"]))
    }
    let all = read.flatMap { $0.value + $0.lower + $0.upper }
    let yRange = Axis.range(all, includesZero: true)
    let xRange = Axis.range(levels, margin: 0.08)
    let width = xRange.upperBound - xRange.lowerBound
    var drafts: [Sheet.Draft] = []
    for (k, name) in tree.enumerated() {
      var layers: [Layer] = [
        .line([Point(xRange.lowerBound, 0), Point(xRange.upperBound, 0)], .pale, width: 0.8, dash: 1)
      ]
      var isEmpty = true
      for (p, part) in read.enumerated() {
        func column(_ values: [Double]) -> [Double] { levels.indices.map { values[$0 * tree.count + k] } }
        let value = column(part.value)
        guard value.contains(where: \.isFinite) else { continue }
        isEmpty = false
        // Side by side, so that bars at the same level can be told apart.
        let x = levels.map { $0 + width * 0.012 * Double(p - 1) }
        let points = zip(x, value).map { Point($0, $1) }
        layers += [
          .line(points, parts[p].2, width: 0.8, dash: p == 0 ? 1 : 2),
          .bars(x: x, lower: column(part.lower), upper: column(part.upper), parts[p].2),
          .marks(points, parts[p].2, parts[p].3, size: 1),
        ]
      }
      guard !isEmpty else { continue }
      let own = ["memory": "own memory", "class": "own class (concept)", "superclass": "own superclass"]
      drafts.append(
        Sheet.Draft(
          title: "Tree level \(k): \(own[name] ?? name)", x: levelAxis(xRange),
          y: Axis("approach A [1]", yRange), layers: layers))
    }
    guard !drafts.isEmpty else { throw invalid("approach", "holds no values") }

    var sheet = Sheet(width: options.width, isBare: options.isBare)
    sheet.addTitle("Approach A = 1 - min d(t) / d(0) against the corruption level")
    sheet.addLegend(
      "distance to",
      parts.enumerated().map {
        LegendEntry(label: $1.1, colour: $1.2, marker: $1.3, dash: $0 == 0 ? 1 : 2)
      })
    sheet.addPanels(drafts)
    let counts = (try? values("count", ["level"])) ?? []
    let count = countText(counts)
    let whose = models == nil ? ", \(count) per level" : " of one model (\(count) of all models per level)"
    let bound = models == nil ? "" : " (which Student's interval does not know)"
    sheet.addCaption(
      "d(t): mean distance over members\(whose). \(errorText("Bars", items: "95 %, bootstrap over items")). A is at"
        + " least 0 by definition\(bound), so an interval that begins near 0 shows nothing; an effect that the controls"
        + " show too is no approach to the own centre. \(provenance().capitalizedFirst).")
    return sheet
  }
}
