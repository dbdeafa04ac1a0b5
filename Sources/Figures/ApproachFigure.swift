import Drawing
import Dynamics
import Foundation
import Output
import RunFiles

/// Approaches against the corruption level.
enum ApproachFigure: Figure {
  static let name = "approach"
  static let heading = "Approaches"
  static let summary = "approaches to own, sibling's and shuffled centres against the corruption level"

  static func obstacle(in data: RunData) -> FigureObstacle? {
    data.find(RunData.approachName) == nil
      ? FigureObstacle("it holds no approaches, for its members have no own items", "choose another figure")
      : nil
  }

  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet {
    try data.approachSheet(options)
  }
}

extension RunData {
  /// The approaches to one kind of centres, with their intervals.
  struct Approaches {
    /// The approaches, shape `[levels, tree levels]`. `lower` and `upper` have the same shape.
    var value: [Double]
    var lower: [Double]
    var upper: [Double]
    fileprivate let treeLevels: Int

    /// The numbers of one level of the tree, one per corruption level.
    func column(_ numbers: KeyPath<Approaches, [Double]>, treeLevel: Int) -> [Double] {
      stride(from: treeLevel, to: self[keyPath: numbers].count, by: treeLevels).map {
        self[keyPath: numbers][$0]
      }
    }
  }

  /// The name of the variable with the approaches to own centres.
  static let approachName = ApproachVariables(.own).value.name

  /// Reads the approaches to one kind of centres.
  func approaches(_ reference: ApproachReference) throws -> Approaches {
    let name = ApproachVariables(reference).value.name
    let dimensions = ["level", "tree_level"]
    return Approaches(
      value: try values(name, dimensions),
      lower: try values(try existingName(of: .lowerBound(of: name)), dimensions),
      upper: try values(try existingName(of: .upperBound(of: name)), dimensions),
      treeLevels: try treeLevels().count)
  }

  /// The approach to the own concept with its interval, and the controls' approaches, one per corruption level.
  struct ConceptApproaches {
    var own: [Double]
    var lower: [Double]
    var upper: [Double]
    var sibling: [Double]
    var shuffled: [Double]
    /// What the own approaches are over, if that is fewer than all members or models; otherwise empty.
    var partial: [String]
  }

  /// Reads the approaches to the concept; nil if the file has none.
  func conceptApproaches() throws -> ConceptApproaches? {
    guard find(Self.approachName) != nil, let k = try treeLevels().firstIndex(of: "class") else { return nil }
    let own = try approaches(.own)
    return ConceptApproaches(
      own: own.column(\.value, treeLevel: k), lower: own.column(\.lower, treeLevel: k),
      upper: own.column(\.upper, treeLevel: k),
      sibling: try approaches(.sibling).column(\.value, treeLevel: k),
      shuffled: try approaches(.shuffled).column(\.value, treeLevel: k),
      partial: try partialTexts(Self.approachName, ["tree_level"], at: [k]))
  }

  /// The signed change of the mean distance to the own concept, in words, `[levels, times]`; nil if the file does
  /// not contain it.
  func conceptChanges() throws -> (times: [String], rows: [[String]])? {
    let variables = ApproachVariables(.own).change
    let (name, dimension) = (variables.value.name, variables.value.dimensions[2])
    guard find(name) != nil, let coordinate = find(dimension),
      coordinate.dimensions.map(\.name) == [dimension],
      let k = try treeLevels().firstIndex(of: "class")
    else { return nil }
    let ends = [
      try existingName(of: .lowerBound(of: name)), try existingName(of: .upperBound(of: name)),
    ]
    let times = try coordinate.readDoubles().map(short)
    var rows = levels.map { _ in [String]() }
    for c in times.indices {
      let columns = try ([name] + ends).map {
        try column($0, ["tree_level", dimension], at: [k, c])
      }
      for level in levels.indices {
        let numbers = columns.map { $0[level] }
        rows[level].append("\(threeDecimals(numbers[0])) (\(intervalText(numbers[1], numbers[2])))")
      }
    }
    return (times.map { "t = \($0)" }, rows)
  }

  /// A caption that explains the words of `conceptChanges`.
  var changeCaption: String {
    "Signed change ln(d(t) / d(0)) of the mean distance to the own concept, negative where it comes nearer."
      + " \(errorText("In parentheses", items: "Student's 95 % interval over items"))."
  }

  /// How an approach is drawn.
  private struct ApproachStyle {
    var reference: ApproachReference
    var label: String
    var colour: Colour
    var marker: Marker
    var dash: Int

    static let all = [
      ApproachStyle(
        reference: .own, label: "own centre", colour: Palette.distinct[0], marker: .circle, dash: 1),
      ApproachStyle(
        reference: .sibling, label: "sibling's centre (control)", colour: Palette.distinct[3],
        marker: .triangle, dash: 2),
      ApproachStyle(
        reference: .shuffled, label: "shuffled labels (control)", colour: Palette.distinct[2],
        marker: .square, dash: 2),
    ]
  }

  /// The approaches to own, sibling's and shuffled centres against the corruption level, with one panel per tree
  /// level.
  fileprivate func approachSheet(_ options: FigureOptions) throws -> Sheet {
    let styles = ApproachStyle.all
    let read = try styles.map { try approaches($0.reference) }
    let yRange = Axis.range(read.flatMap { $0.value + $0.lower + $0.upper }, includesZero: true)
    let xRange = Axis.range(levels, margin: 0.08)
    var drafts: [Sheet.Draft] = []
    for (k, name) in try treeLevels().enumerated() {
      guard let layers = approachLayers(zip(styles, read), treeLevel: k, xRange) else { continue }
      let own = ["memory": "own memory", "class": "own class (concept)", "superclass": "own superclass"]
      drafts.append(
        Sheet.Draft(
          title: "Tree level \(k): \(own[name] ?? name)", x: levelAxis(xRange),
          y: Axis("approach A [1]", yRange), layers: layers))
    }
    guard !drafts.isEmpty else { throw invalid(Self.approachName, "holds no values") }

    var sheet = Sheet(options)
    sheet.addTitle("Approach A = 1 - min d(t) / d(0) against the corruption level")
    sheet.addLegend(
      "distance to",
      styles.map { LegendEntry(label: $0.label, colour: $0.colour, marker: $0.marker, dash: $0.dash) })
    sheet.addPanels(drafts)
    let counts = try approachCounts()
    let count = countText(counts)
    let whose = models == nil ? ", \(count) per level" : " of one model (\(count) of all models per level)"
    let bound = models == nil ? "" : " (which Student's interval does not know)"
    sheet.addCaption(
      "d(t): mean distance over members that never diverge\(whose). \(errorText("Bars", items: Self.approachBars)). A is at"
        + " least 0 by definition\(bound), so an interval that begins near 0 shows nothing; an effect that the controls"
        + " show too is no approach to the own centre. \(provenance().capitalizedFirst).")
    return sheet
  }

  /// What the bars at approaches of one model stand for.
  static let approachBars =
    "95 %, bootstrap over items (none below \(Approach.leastItems) items, nor with the minimum at the first or last time)"

  /// The numbers of members that the approaches to own centres are over. In files without them, they are those of
  /// all members.
  private func approachCounts() throws -> [Double] {
    guard let count = name(of: .sampleSize(of: Self.approachName)) else {
      return (try? values("count", ["level"])) ?? []
    }
    return try values(count, ["level", "tree_level"])
  }

  /// The curves of one level of the tree; nil if there are none.
  private func approachLayers(
    _ parts: some Sequence<(ApproachStyle, Approaches)>, treeLevel: Int, _ range: ClosedRange<Double>
  ) -> [Layer]? {
    let width = range.upperBound - range.lowerBound
    var curves: [Layer] = []
    for (p, (style, part)) in parts.enumerated() {
      let value = part.column(\.value, treeLevel: treeLevel)
      guard value.contains(where: \.isFinite) else { continue }
      // Curves are shifted sideways, so that bars at the same level can be told apart.
      let x = levels.map { $0 + width * 0.012 * Double(p - 1) }
      let points = zip(x, value).map { Point($0, $1) }
      curves += [
        .line(points, style.colour, width: 0.8, dash: style.dash),
        .bars(
          x: x, lower: part.column(\.lower, treeLevel: treeLevel),
          upper: part.column(\.upper, treeLevel: treeLevel), style.colour),
        .marks(points, style.colour, style.marker, size: 1),
      ]
    }
    let zero = Layer.line(
      [Point(range.lowerBound, 0), Point(range.upperBound, 0)], .pale, width: 0.8, dash: 1)
    return curves.isEmpty ? nil : [zero] + curves
  }
}
