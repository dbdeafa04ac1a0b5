import Drawing
import Output
import RunFiles

/// Members' paths in a plane.
enum TrajectoryFigure: Figure {
  static let name = "trajectories"
  static let heading = "Paths"
  static let summary = "members' paths in the plane of the first two principal components"

  static func obstacle(in data: RunData) -> FigureObstacle? {
    let members = data.runGroup("members")
    let hasStates =
      members?.has("latent_state") == true && data.runGroup("geometry")?.has("principal_axis") == true
    if members?.hasComponents == true || hasStates { return nil }
    return (members == nil ? data.missingGroup("members") : nil)
      ?? FigureObstacle(
        "it holds no members with principal components",
        "run the scenario with --set output.members=true and the observables principal-component-1 and -2,"
          + " or with --set output.latents=true as well")
  }

  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet {
    try data.trajectorySheet(options)
  }
}

extension RunData {
  /// The number of members drawn per class, which is smaller if there are many classes.
  private static func membersPerClass(_ classes: Int) -> Int { classes <= 7 ? 3 : classes <= 14 ? 2 : 1 }

  /// The number of classes that colours and symbols can tell apart.
  private static let mostClasses = Palette.distinct.count * ClassStyle.markers.count

  /// How a class is drawn. No two classes have the same colour and symbol.
  private struct ClassStyle {
    var colour: Colour
    /// The symbol at the ends of paths. The symbols at their beginnings are hollow.
    var marker: Marker

    static let markers: [Marker] = [.circle, .square, .triangle, .diamond, .downTriangle]

    /// The style of the class with that number among the shown ones.
    init(_ k: Int) {
      colour = Palette.distinct[k % Palette.distinct.count]
      marker = Self.markers[k / Palette.distinct.count % Self.markers.count]
    }

    init(colour: Colour, marker: Marker) {
      self.colour = colour
      self.marker = marker
    }
  }

  /// The members that are drawn.
  private struct ChosenMembers {
    /// The class of each member of the run; nil if members have none.
    var classes: [Int]?
    /// The labels of the classes that are drawn.
    var shownClasses: [Int]
    /// The number of classes that members belong to.
    var allClasses: Int
    /// The numbers of the members that are drawn, for each shown level.
    var members: [[Int]]
    /// The number of members of the run.
    var count: Int

    func style(_ member: Int) -> ClassStyle {
      guard let classes, let k = shownClasses.firstIndex(of: classes[member]) else { return ClassStyle(0) }
      return ClassStyle(k)
    }

    /// The style of a centre, given the class label of a concept; nil stands for the root.
    func style(ofCentre label: Int?) -> ClassStyle {
      guard let label else { return ClassStyle(colour: .black, marker: .plus) }
      return shownClasses.firstIndex(of: label).map { ClassStyle($0) }
        ?? ClassStyle(colour: .grey, marker: .circle)
    }
  }

  /// What the plane shows besides the paths.
  private struct Landmarks {
    /// The members at level 0 whose start is their memory.
    var memories: [(member: Int, place: Point)]
    /// The concepts with their class labels, and the root, whose label is nil.
    var centres: [(label: Int?, place: Point)]
  }

  /// Members' paths in the plane of the first two principal components, with one panel per level.
  fileprivate func trajectorySheet(_ options: FigureOptions) throws -> Sheet {
    let shown = shownLevels(options.width > 400 ? 6 : 4)
    guard let group = runGroup("members") else { throw invalid("members/level_index", "is missing") }
    let times = try times()
    let picked = evenly(times.count, options.points)
    let chosen = try chooseMembers(of: group, shown)
    let axes = try principalAxes()
    let paths = try chosen.members.map { members in
      try members.map { member in try path(of: member, in: group, picked, axes) }
    }
    let memories =
      startsAreMemories(group) && levels[shown[0]] == 0
      ? zip(chosen.members[0], paths[0]).compactMap { member, path in path.first.map { (member, $0) } } : []
    let landmarks = Landmarks(memories: memories, centres: try axes.map { try self.centres($0) } ?? [])
    let everything = paths.flatMap { $0 }.flatMap { $0 } + landmarks.centres.map(\.place)
    let xRange = Axis.range(everything.map(\.x), margin: 0.06)
    let yRange = Axis.range(everything.map(\.y), margin: 0.06)
    let drafts = shown.enumerated().map { l, level in
      Sheet.Draft(
        title: "corruption level \(short(levels[level])) [\(units("level"))]",
        x: Axis("principal component 1 [1]", xRange),
        y: Axis("principal component 2 [1]", yRange),
        layers: pathLayers(chosen, l, paths[l]) + landmarkLayers(chosen, landmarks), height: 150)
    }

    var sheet = Sheet(options)
    sheet.addTitle("Members' paths in the plane of the first two principal components")
    try addLegends(chosen, landmarks, lastTime: times[times.count - 1], to: &sheet)
    sheet.addPanels(drafts)
    let drawn = chosen.members.map { Double($0.count) }
    let perClass = Self.membersPerClass(chosen.shownClasses.count)
    let classes = chosen.shownClasses.count
    let whose = chosen.classes == nil ? "" : " (the first \(perClass) of each class)"
    let left = classes < chosen.allClasses ? " \(classes) of \(chosen.allClasses) classes are shown." : ""
    sheet.addCaption(
      "\(countText(drawn)) paths per panel, of \(chosen.count) members in all\(whose);"
        + " single paths, hence no error bars.\(left)\(leftLevels(shown.count)) Axes: the principal axes of the training memories,"
        + " which hold a part of the variance only.\(landmarks.centres.isEmpty ? " The file holds no axes, so concepts are not marked." : "")"
        + " \(provenance(isRun: true).capitalizedFirst).")
    return sheet
  }

  /// Chooses a few members of each class, as far as colours and symbols can tell classes apart. If possible, they
  /// belong to the same items at every level.
  private func chooseMembers(of group: RunGroup, _ shown: [Int]) throws -> ChosenMembers {
    let levelIndex = try levelIndices(of: group)
    let classes = group.has("class") ? try group.slice("class", ["member"]).integers() : nil
    var result = ChosenMembers(
      classes: classes, shownClasses: [], allClasses: 0, members: [], count: levelIndex.count)
    if let classes {
      let all = Set(classes).sorted()
      result.allClasses = all.count
      result.shownClasses = evenly(all.count, Self.mostClasses).map { all[$0] }
    }
    let perClass = Self.membersPerClass(result.shownClasses.count)
    for level in shown {
      let members = levelIndex.indices.filter { levelIndex[$0] == level }
      if let classes {
        result.members.append(
          result.shownClasses.flatMap { label in
            members.lazy.filter { classes[$0] == label }.prefix(perClass)
          })
      } else {
        result.members.append(evenly(members.count, 15).map { members[$0] })
      }
    }
    return result
  }

  /// The layers of a panel's paths with their ends.
  private func pathLayers(_ chosen: ChosenMembers, _ l: Int, _ paths: [[Point]]) -> [Layer] {
    var layers: [Layer] = []
    for (member, path) in zip(chosen.members[l], paths) {
      layers.append(.line(path, chosen.style(member).colour, width: 0.7, dash: 1))
    }
    for (member, path) in zip(chosen.members[l], paths) {
      let style = chosen.style(member)
      if let start = path.first {
        layers.append(.marks([start], style.colour, style.marker.hollow, size: 0.8))
      }
      if let end = path.last { layers.append(.marks([end], style.colour, style.marker, size: 0.8)) }
    }
    return layers
  }

  /// The layers of memories, concepts and the root.
  private func landmarkLayers(_ chosen: ChosenMembers, _ landmarks: Landmarks) -> [Layer] {
    // If there are more classes than colours, a concept is surrounded by its class's symbol.
    let hasSymbols = chosen.shownClasses.count > Palette.distinct.count
    return landmarks.memories.map { member, place in
      .marks([place], chosen.style(member).colour, .openPentagon, size: 1)
    }
      + landmarks.centres.flatMap { label, place -> [Layer] in
        let style = chosen.style(ofCentre: label)
        guard label != nil else { return [.marks([place], style.colour, .plus, size: 2)] }
        let cross = Layer.marks([place], style.colour, .cross, size: hasSymbols ? 1.2 : 1.5)
        return hasSymbols ? [cross, .marks([place], style.colour, style.marker.hollow, size: 2)] : [cross]
      }
  }

  private func addLegends(
    _ chosen: ChosenMembers, _ landmarks: Landmarks, lastTime: Double, to sheet: inout Sheet
  ) throws {
    if chosen.classes != nil {
      let names = try classNames()
      sheet.addLegend(
        "class",
        chosen.shownClasses.enumerated().map { k, label in
          let style = ClassStyle(k)
          return LegendEntry(
            label: names[label] ?? "\(label)", colour: style.colour, marker: style.marker, size: 0.8)
        })
    }
    var symbols = [
      LegendEntry(label: "start (hollow)", colour: .black, marker: .openCircle, hasLine: false),
      LegendEntry(label: "end (t = \(short(lastTime)))", colour: .black, marker: .circle, hasLine: false),
    ]
    if !landmarks.memories.isEmpty {
      symbols.append(
        LegendEntry(label: "memory", colour: .black, marker: .openPentagon, hasLine: false))
    }
    if !landmarks.centres.isEmpty {
      symbols += [
        LegendEntry(label: "concept", colour: .black, marker: .cross, hasLine: false),
        LegendEntry(label: "root", colour: .black, marker: .plus, hasLine: false),
      ]
    }
    sheet.addLegend("", symbols)
  }

  /// Whether members at level 0 start at their own memories.
  private func startsAreMemories(_ members: RunGroup) -> Bool {
    let mark = RunLayout.Members.memoryStart
    return members.group.variables.contains { variable in
      variable.attributes.contains { $0.name == mark.name && $0.value.text == mark.value }
    }
  }

  /// The index of each member's level among the levels of the file; -1 for none. A run counts its own levels, which
  /// may be only some of those of the file.
  private func levelIndices(of members: RunGroup) throws -> [Int] {
    guard let name = RunLayout.memberLevel(in: members.group.variables.map(\.name)) else {
      return try members.slice("level_index", ["member"]).integers()
    }
    let places = Dictionary(zip(levels, levels.indices)) { first, _ in first }
    return try members.slice(name, ["member"]).doubles().map { places[$0] ?? -1 }
  }

  /// The first two principal axes `[2, N]` and the root `[N]`; nil if the file lacks them.
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

  /// The concepts with their class labels, and the root, in the plane.
  private func centres(
    _ axes: (axes: [Double], root: [Double])
  ) throws -> [(label: Int?, place: Point)] {
    let n = axes.root.count
    // Items without labels have no concepts.
    if runGroup("geometry")?.has("concept_position") == false { return [(nil, Point(0, 0))] }
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

  /// The names of the classes, by label.
  func classNames() throws -> [Int: String] {
    guard let variable = ofClasses("concept_name"), variable.dimensions.count == 1 else { return [:] }
    let labels = try conceptLabels(variable.shape[0])
    return Dictionary(zip(labels, try variable.readStrings())) { first, _ in first }
  }

  /// A coordinate of the classes. It is in the root if there are averages by class.
  private func ofClasses(_ name: String) -> NetCDFReaderVariable? {
    runGroup("geometry")?.group.variables.first { $0.name == name } ?? find(name)
  }
}

extension RunGroup {
  /// Whether the members have their first two principal components.
  var hasComponents: Bool { has("principal_component_1") && has("principal_component_2") }
}
