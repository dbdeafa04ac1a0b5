import Output
import RunFiles

/// The contents of the run files of one campaign, united: dimensions have the union of the files' coordinates.
///
/// An entry of a dimension is identified by its coordinate's value, by its word if the coordinate has `flag_meanings`,
/// or by its place if there is no coordinate.
package struct FileLayout {
  /// A dimension of the root or of a group.
  package struct Dimension: Equatable {
    package var name: String
    /// The texts that identify the entries, in the order of the file.
    package var entries: [String]
    /// Whether entries are numbers. These are put in ascending order, because coordinates are strictly monotonic.
    var isNumeric = false
  }

  /// A variable as one of the files has it. Its dimensions may be longer in other files.
  package struct Variable {
    var name: String
    var type: NetCDFType
    var dimensions: [String]
    var attributes: [(String, NetCDFAttribute)]
    var hasFillValue: Bool
    /// The variable's role among the others of its group.
    var role: VariableRole

    init(_ variable: NetCDFReaderVariable, _ role: VariableRole) {
      self.role = role
      name = variable.name
      type = variable.type
      dimensions = variable.dimensions.map(\.name)
      hasFillValue = variable.type.isFloating
      attributes = variable.attributes.filter { $0.name != "_FillValue" }.map { ($0.name, $0.value) }
    }

    /// Whether the variable says what a dimension's entries are. It is then written once, not once per run.
    var isLabel: Bool { role.isOfDimension }
  }

  /// The root, or a group.
  package struct Group {
    package var dimensions: [Dimension] = []
    var variables: [Variable] = []
    /// The values of coordinates and texts, by entry.
    var labels: [String: Labels] = [:]
    /// Whether all files have the same entries and variables, in the same order.
    var isUniform = true
    /// The number of files that have the group.
    var count = 0
    var attributes: [(String, NetCDFAttribute)] = []

    mutating func add(_ group: NetCDFReaderGroup, visible: [Dimension]) throws {
      let own = try group.dimensions.map { try Dimension($0, in: group) }
      if count == 0 {
        dimensions = own
        attributes = group.attributes.map { ($0.name, $0.value) }
      } else {
        isUniform =
          isUniform && own.map(\.name) == dimensions.map(\.name)
          && zip(own, dimensions).allSatisfy { $0.entries == $1.entries }
          && group.variables.map(\.name) == variables.map(\.name)
      }
      count += 1
      for dimension in own {
        if let k = dimensions.firstIndex(where: { $0.name == dimension.name }) {
          dimensions[k].unite(with: dimension)
        } else {
          dimensions.append(dimension)
        }
      }
      let roles = VariableRoles(group)
      for variable in group.variables {
        let template = Variable(variable, roles[variable.name])
        if let k = variables.firstIndex(where: { $0.name == template.name }) {
          if template.type == .int64 { variables[k].type = .int64 }
        } else {
          variables.append(template)
        }
        guard template.isLabel else { continue }
        let lists = template.dimensions.map { name in
          (own + visible).first { $0.name == name }?.entries ?? []
        }
        try labels[template.name, default: Labels()].add(variable, entries: lists.first ?? [""])
      }
    }
  }

  /// The values of a coordinate or of a variable with names, by entry.
  package struct Labels {
    var numbers: [String: Double] = [:]
    var texts: [String: String] = [:]

    mutating func add(_ variable: NetCDFReaderVariable, entries: [String]) throws {
      guard variable.shape.reduce(1, *) == max(entries.count, 1) else { return }
      if variable.type == .string {
        for (entry, text) in zip(entries, try variable.readStrings()) { texts[entry] = texts[entry] ?? text }
      } else {
        for (entry, x) in zip(entries, try variable.readDoubles()) { numbers[entry] = numbers[entry] ?? x }
      }
    }
  }

  package var root = Group()
  /// The groups by name, in the order in which they were found.
  package var groups: [(name: String, group: Group)] = []

  /// A layout without contents.
  package init() {}

  /// Adds the root's dimensions of another layout with their coordinates, but nothing else.
  package mutating func uniteCoordinates(with other: FileLayout) {
    for dimension in other.root.dimensions {
      if let k = root.dimensions.firstIndex(where: { $0.name == dimension.name }) {
        root.dimensions[k].unite(with: dimension)
      } else {
        root.dimensions.append(dimension)
      }
    }
    root.labels.merge(other.root.labels) { first, second in
      Labels(
        numbers: first.numbers.merging(second.numbers) { known, _ in known },
        texts: first.texts.merging(second.texts) { known, _ in known })
    }
  }

  /// Takes over the root's dimensions and coordinates of another layout, which has all entries of this one and perhaps
  /// more.
  package mutating func adoptCoordinates(of union: FileLayout) {
    for k in root.dimensions.indices {
      guard let other = union.root.dimensions.first(where: { $0.name == root.dimensions[k].name }) else {
        continue
      }
      root.isUniform = root.isUniform && other.entries == root.dimensions[k].entries
      root.dimensions[k] = other
    }
    for (name, labels) in union.root.labels where root.labels[name] != nil { root.labels[name] = labels }
  }

  /// Adds the contents of a file.
  package mutating func add(_ file: NetCDFReader) throws {
    try root.add(file.root, visible: [])
    let visible = try file.root.dimensions.map { try Dimension($0, in: file.root) }
    for group in file.root.groups {
      if let k = groups.firstIndex(where: { $0.name == group.name }) {
        try groups[k].group.add(group, visible: visible)
      } else {
        var new = Group()
        try new.add(group, visible: visible)
        groups.append((group.name, new))
      }
    }
  }
}

extension FileLayout.Dimension {
  init(_ dimension: NetCDFDimension, in group: NetCDFReaderGroup) throws {
    name = dimension.name
    guard let coordinate = group.variables.first(where: { $0.name == dimension.name }),
      coordinate.dimensions.map(\.name) == [dimension.name]
    else {
      entries = (0..<dimension.length).map(String.init)
      return
    }
    if let words = (try? coordinate.attribute("flag_meanings"))?.text?.split(separator: " "),
      words.count == dimension.length
    {
      entries = words.map(String.init)
    } else if coordinate.type == .string {
      entries = try coordinate.readStrings()
    } else {
      entries = try coordinate.readDoubles().map { "\($0)" }
      isNumeric = true
    }
  }

  /// Adds those entries of another file that this one lacks.
  mutating func unite(with other: Self) {
    let (known, more) = (Set(entries), Set(other.entries))
    if isNumeric, other.isNumeric {
      let all = known.union(more).map { (entry: $0, number: Double($0) ?? .nan) }
      entries = all.sorted { $0.number < $1.number }.map(\.entry)
    } else if other.entries.count > entries.count {
      // The longer list determines the order.
      entries = other.entries + entries.filter { !more.contains($0) }
    } else {
      entries += other.entries.filter { !known.contains($0) }
    }
    isNumeric = isNumeric && other.isNumeric
  }

  /// The places of a file's entries in this dimension.
  func places(of entries: [String]) -> [Int] {
    let index = Dictionary(zip(self.entries, self.entries.indices), uniquingKeysWith: { a, _ in a })
    return entries.compactMap { index[$0] }
  }
}
