import Output

extension RunData {
  /// Members' paths in the plane of the first two principal components, one panel per level.
  func trajectorySheet(_ options: FigureOptions) throws -> Sheet {
    let shown = shownLevels(options.width > 400 ? 6 : 4)
    guard let group = runGroup("members") else { throw invalid("members/level_index", "is missing") }
    let times = try times()
    let levelIndex = try levelIndices(of: group)
    let memberCount = levelIndex.count
    let classes = group.has("class") ? try group.slice("class", ["member"]).integers() : nil
    let picked = evenly(times.count, options.points)

    // Three members of each of up to seven classes, the same items at every level as far as there are.
    let perClass = 3
    var chosen: [[Int]] = []
    var shownClasses: [Int] = []
    if let classes {
      let all = Set(classes).sorted()
      shownClasses = evenly(all.count, Palette.distinct.count).map { all[$0] }
    }
    for level in shown {
      let members = (0..<memberCount).filter { levelIndex[$0] == level }
      if let classes {
        chosen.append(
          shownClasses.flatMap { label in members.lazy.filter { classes[$0] == label }.prefix(perClass) })
      } else {
        chosen.append(evenly(members.count, 15).map { members[$0] })
      }
    }

    let axes = try principalAxes()
    var paths: [[[Point]]] = []
    for members in chosen {
      paths.append(try members.map { member in try path(of: member, in: group, picked, axes) })
    }
    // Without noise and in mean mode, z(0) of an item is its memory.
    let memories =
      startsAreMemories && levels[shown[0]] == 0
      ? zip(chosen[0], paths[0]).compactMap { member, path in path.first.map { (member, $0) } } : []
    let centres = try axes.map { try self.centres($0) } ?? []
    let everything = paths.flatMap { $0 }.flatMap { $0 } + centres.map(\.place)
    let xRange = Axis.range(everything.map(\.x), margin: 0.06)
    let yRange = Axis.range(everything.map(\.y), margin: 0.06)

    func colour(_ member: Int) -> Colour {
      guard let classes, let k = shownClasses.firstIndex(of: classes[member]) else {
        return Palette.distinct[0]
      }
      return Palette.distinct[k]
    }
    var drafts: [Sheet.Draft] = []
    for (l, level) in shown.enumerated() {
      var layers: [Layer] = []
      for (member, path) in zip(chosen[l], paths[l]) {
        layers.append(.line(path, colour(member), width: 0.7, dash: 1))
      }
      for (member, path) in zip(chosen[l], paths[l]) {
        if let start = path.first { layers.append(.marks([start], colour(member), .openCircle, size: 0.8)) }
        if let end = path.last { layers.append(.marks([end], colour(member), .circle, size: 0.8)) }
      }
      for (member, place) in memories {
        layers.append(.marks([place], colour(member), .openTriangle, size: 0.9))
      }
      for centre in centres {
        let k = centre.label.flatMap { shownClasses.firstIndex(of: $0) }
        let ink = centre.label == nil ? Colour.black : k.map { Palette.distinct[$0] } ?? .grey
        layers.append(
          .marks(
            [centre.place], ink, centre.label == nil ? .plus : .cross, size: centre.label == nil ? 2 : 1.5))
      }
      drafts.append(
        Sheet.Draft(
          title: "corruption level \(short(levels[level])) [\(units("level"))]",
          x: Axis("principal component 1 [1]", xRange),
          y: Axis("principal component 2 [1]", yRange), layers: layers, height: 150))
    }

    var sheet = Sheet(width: options.width, isBare: options.isBare)
    sheet.addTitle("Members' paths in the plane of the first two principal components")
    var entries: [LegendEntry] = []
    if classes != nil {
      let names = try classNames()
      entries = shownClasses.enumerated().map { k, label in
        LegendEntry(label: names[label] ?? "\(label)", colour: Palette.distinct[k], marker: nil)
      }
      sheet.addLegend("class", entries)
    }
    var symbols = [
      LegendEntry(label: "start", colour: .black, marker: .openCircle, hasLine: false),
      LegendEntry(
        label: "end (t = \(short(times[times.count - 1])))", colour: .black, marker: .circle, hasLine: false),
    ]
    if !memories.isEmpty {
      symbols.append(
        LegendEntry(label: "memory", colour: .black, marker: .openTriangle, hasLine: false))
    }
    if !centres.isEmpty {
      symbols += [
        LegendEntry(label: "concept", colour: .black, marker: .cross, hasLine: false),
        LegendEntry(label: "root", colour: .black, marker: .plus, hasLine: false),
      ]
    }
    sheet.addLegend("", symbols)
    sheet.addPanels(drafts)
    let drawn = chosen.map { Double($0.count) }
    sheet.addCaption(
      "\(countText(drawn)) paths per panel, of \(memberCount) members in all\(classes == nil ? "" : " (the first \(perClass) of each class shown)");"
        + " single paths, hence no error bars. Axes: the principal axes of the training memories,"
        + " which hold a part of the variance only.\(centres.isEmpty ? " The file holds no axes, so concepts are not marked." : "")"
        + " \(provenance(isRun: true).capitalizedFirst).")
    return sheet
  }

  /// Whether members at level 0 start at their own memories.
  private var startsAreMemories: Bool {
    let corruptions = [
      "uniform-replacement", "flip", "flip-exact", "gaussian", "occlusion", "latent-gaussian",
    ]
    let scenario = text("scenario")
    return scenario.contains("\n  mode: mean\n")
      && corruptions.contains { scenario.contains("\n  corruption: \($0)\n") }
  }

  /// The index of each member's level among the file's; -1 for none. A run counts its own levels, which may be
  /// a part of those of the file.
  private func levelIndices(of members: RunGroup) throws -> [Int] {
    guard members.has("level") else { return try members.slice("level_index", ["member"]).integers() }
    let places = Dictionary(zip(levels, levels.indices)) { first, _ in first }
    return try members.slice("level", ["member"]).doubles().map { places[$0] ?? -1 }
  }

  /// The first two principal axes `[2, N]` and the root `[N]`; nil where the file lacks them.
  private func principalAxes() throws -> (axes: [Double], root: [Double])? {
    guard let geometry = runGroup("geometry"), geometry.has("principal_axis"), geometry.has("root_position")
    else { return nil }
    let axes = try geometry.slice("principal_axis", rank: 2)
    guard axes.shape[0] >= 2 else { return nil }
    let root = try geometry.slice("root_position", shape: [axes.shape[1]]).doubles()
    return (try axes.doubles(start: [0, 0], count: [2, root.count]), root)
  }

  /// A member's path in the plane, at the picked times.
  private func path(
    of member: Int, in members: RunGroup, _ picked: [Int], _ axes: (axes: [Double], root: [Double])?
  ) throws -> [Point] {
    func read(_ number: Int) throws -> [Double] {
      let series = try members.slice("principal_component_\(number)", ["member", "time"])
      return try series.doubles(start: [member, 0], count: [1, series.shape[1]])
    }
    if members.hasComponents {
      let (x, y) = (try read(1), try read(2))
      return picked.map { Point(x[$0], y[$0]) }
    }
    guard let axes else { throw invalid("geometry/principal_axis", "is missing") }
    let latent = try members.slice("latent_state", ["member", "time", "latent"])
    let n = axes.root.count
    guard latent.shape[2] == n else { throw invalid("members/latent_state", "fits no root_position") }
    let states = try latent.doubles(start: [member, 0, 0], count: [1, latent.shape[1], n])
    return picked.map { project(Array(states[$0 * n..<($0 + 1) * n]), axes) }
  }

  private func project(_ state: [Double], _ axes: (axes: [Double], root: [Double])) -> Point {
    let n = state.count
    var sums = [0.0, 0.0]
    for k in 0..<2 { for i in 0..<n { sums[k] += (state[i] - axes.root[i]) * axes.axes[k * n + i] } }
    return Point(sums[0], sums[1])
  }

  /// Concepts by class label, and the root, in the plane.
  private func centres(
    _ axes: (axes: [Double], root: [Double])
  ) throws -> [(label: Int?, place: Point)] {
    let n = axes.root.count
    guard let concepts = try runGroup("geometry")?.slice("concept_position", ["concept", "latent"]) else {
      throw invalid("geometry/concept_position", "is missing")
    }
    guard concepts.shape[1] == n else { throw invalid("geometry/concept_position", "fits no root_position") }
    let values = try concepts.doubles()
    let labels = try conceptLabels(concepts.shape[0])
    var result: [(label: Int?, place: Point)] = (0..<concepts.shape[0]).map { k in
      (labels[k], project(Array(values[k * n..<(k + 1) * n]), axes))
    }
    result.append((nil, Point(0, 0)))
    return result
  }

  private func conceptLabels(_ count: Int) throws -> [Int] {
    guard let variable = ofClasses("concept"), variable.shape == [count] else { return Array(0..<count) }
    return try variable.readInts()
  }

  /// Names of the classes by label.
  func classNames() throws -> [Int: String] {
    guard let variable = ofClasses("concept_name"), variable.dimensions.count == 1 else { return [:] }
    let labels = try conceptLabels(variable.shape[0])
    return Dictionary(zip(labels, try variable.readStrings())) { first, _ in first }
  }

  /// A coordinate of the classes, which averages by class have at the root.
  private func ofClasses(_ name: String) -> NetCDFReaderVariable? {
    runGroup("geometry")?.group.variables.first { $0.name == name } ?? find(name)
  }
}

extension RunGroup {
  /// Whether the members have their first two principal components.
  var hasComponents: Bool { has("principal_component_1") && has("principal_component_2") }
}
