import RunFiles
import Vocabulary
import Output

/// Writes the variables of several run files as variables of one file, with leading dimensions.
package struct FileStack {
  /// How many numbers are read at once.
  private static let slab = 1 << 22

  /// The names of the leading dimensions, slowest first. The caller defines them.
  let axes: [String]
  /// The names of dimensions' entries.
  let labels: DimensionLabels
  let shape: [Int]
  /// The files, with the last axis fastest; nil if a run failed.
  let files: [String?]
  /// The readers of the files.
  let readers: RunFileReaders
  let layout: FileLayout
  /// Is called before each file, and may throw.
  let check: () throws -> Void
  /// Writes the coordinates of the leading dimensions into a group.
  let writeAxes: (NetCDFGroup) throws -> Void

  /// Creates a stack.
  package init(
    axes: [String], labels: DimensionLabels = .ofClasses, shape: [Int], files: [String?],
    readers: RunFileReaders,
    layout: FileLayout, check: @escaping () throws -> Void,
    writeAxes: @escaping (NetCDFGroup) throws -> Void
  ) {
    self.axes = axes
    self.labels = labels
    self.shape = shape
    self.files = files
    self.readers = readers
    self.layout = layout
    self.check = check
    self.writeAxes = writeAxes
  }

  /// A group that is being written, with its variables.
  private struct Target {
    var group: NetCDFGroup
    var layout: FileLayout.Group
    var variables: [String: NetCDFVariable]
    /// The name of the group in the files; nil for the root.
    var source: String?
    /// The number of the file if the group belongs to that file alone, without leading dimensions; nil if it has them.
    var fixed: Int?
  }

  /// Defines and writes everything.
  ///
  /// - Parameters:
  ///   - group: The group to write to.
  ///   - definesRootDimensions: Whether the files' own dimensions are defined here. If not, an enclosing group has
  ///     them, with their coordinates.
  ///   - attributes: Further attributes for subgroups of one file, by the file's number.
  package func write(
    in group: NetCDFGroup, definesRootDimensions: Bool, attributes: (Int) -> [(String, NetCDFAttribute)]
  ) throws {
    if definesRootDimensions { try Self.defineRoot(layout, in: group) }
    var targets = [
      Target(
        group: group, layout: layout.root,
        variables: try define(layout.root.variables.filter { !$0.isLabel }, in: group, axes: axes),
        source: nil, fixed: nil)
    ]
    for (name, content) in layout.groups {
      let made = try group.defineGroup(name)
      if axes.isEmpty || (content.isUniform && content.count == files.count { $0 != nil }) {
        try Self.define(content.dimensions, in: made)
        try Self.writeLabels(content, visible: layout.root.dimensions, in: made)
        try writeAxes(made)
        for (name, value) in content.attributes { try made.setAttribute(name, value) }
        targets.append(
          Target(
            group: made, layout: content,
            variables: try define(content.variables.filter { !$0.isLabel }, in: made, axes: axes),
            source: name, fixed: nil))
      } else {
        for (k, file) in files.enumerated() {
          guard let file else { continue }
          try copy(name, of: file, into: made, number: k, attributes: attributes(k))
        }
      }
    }
    for (k, file) in files.enumerated() {
      try check()
      guard let file else { continue }
      let reader = try readers.reader(of: file)
      for target in targets {
        let source = try target.source.map { try reader.group($0) } ?? reader.root
        try write(source, of: reader, to: target, number: k)
      }
    }
  }

  /// Defines the dimensions of the files' root, and writes its coordinates and names.
  package static func defineRoot(_ layout: FileLayout, in group: NetCDFGroup) throws {
    try define(layout.root.dimensions, in: group)
    try writeLabels(layout.root, in: group)
  }

  /// Writes the coordinates of the files' root again, into a group that uses the dimensions of an enclosing one.
  package static func writeCoordinates(_ layout: FileLayout, in group: NetCDFGroup) throws {
    var coordinates = layout.root
    coordinates.variables.removeAll { $0.dimensions != [$0.name] }
    try writeLabels(coordinates, in: group)
  }

  private static func define(_ dimensions: [FileLayout.Dimension], in group: NetCDFGroup) throws {
    for dimension in dimensions {
      try group.defineDimension(dimension.name, length: dimension.entries.count)
    }
  }

  /// - Parameter visible: Dimensions of enclosing groups.
  private static func writeLabels(
    _ content: FileLayout.Group, visible: [FileLayout.Dimension] = [], in group: NetCDFGroup
  ) throws {
    for variable in content.variables where variable.isLabel {
      guard let labels = content.labels[variable.name] else { continue }
      var attributes = variable.attributes
      let entries =
        variable.dimensions.first.flatMap { name in
          (content.dimensions + visible).first { $0.name == name }?.entries
        }
      if variable.dimensions.count > 1 || (entries == nil && !variable.dimensions.isEmpty) { continue }
      if let entries, let k = attributes.firstIndex(where: { $0.0 == "flag_meanings" }) {
        attributes[k].1 = .text(entries.joined(separator: " "))
        if let v = attributes.firstIndex(where: { $0.0 == "flag_values" }) {
          attributes[v].1 = .ints(entries.indices.map(Int32.init))
        }
      }
      let made = try group.defineVariable(
        variable.name, type: variable.type, dimensions: variable.dimensions, attributes: attributes)
      let list = entries ?? [""]
      if variable.type == .string {
        try made.write(list.map { labels.texts[$0] ?? "" })
      } else if attributes.contains(where: { $0.0 == "flag_meanings" }) {
        try made.write(list.indices.map { Int32($0) })
      } else if variable.type.isInteger {
        try made.write(list.map { Int(labels.numbers[$0] ?? -1) })
      } else {
        try made.write(list.map { labels.numbers[$0] ?? .nan })
      }
    }
  }

  private func define(
    _ variables: [FileLayout.Variable], in group: NetCDFGroup, axes: [String]
  ) throws -> [String: NetCDFVariable] {
    var result: [String: NetCDFVariable] = [:]
    for variable in variables {
      let made = try group.defineVariable(
        variable.name, type: variable.type, dimensions: axes + variable.dimensions,
        attributes: labels.added(to: variable.attributes, dimensions: axes),
        fillValue: variable.hasFillValue ? NetCDFWriter.missing : nil)
      result[variable.name] = made
      // -1 stands for elements that no run fills.
      if variable.type.isInteger, !isComplete {
        let lengths = made.lengths.map { $0 ?? 0 }
        try made.write(Array(repeating: Int32(-1), count: lengths.reduce(1, *)))
      }
    }
    return result
  }

  /// Whether every run fills every entry of the root's dimensions.
  private var isComplete: Bool { layout.root.isUniform && !files.contains { $0 == nil } }

  private func write(
    _ source: NetCDFReaderGroup, of reader: NetCDFReader, to target: Target, number: Int
  ) throws {
    let leading = target.fixed == nil ? RowMajorShape(shape).indices(of: number) : []
    let rootDimensions = try reader.root.dimensions.map { try FileLayout.Dimension($0, in: reader.root) }
    for variable in source.variables {
      guard let made = target.variables[variable.name] else { continue }
      let places: [[Int]] = try variable.dimensions.map { dimension in
        if let union = target.layout.dimensions.first(where: { $0.name == dimension.name }) {
          return union.places(of: try FileLayout.Dimension(dimension, in: source).entries)
        }
        guard let union = layout.root.dimensions.first(where: { $0.name == dimension.name }),
          let own = rootDimensions.first(where: { $0.name == dimension.name })
        else { return Array(0..<dimension.length) }
        return union.places(of: own.entries)
      }
      try copy(variable, to: made, leading: leading, places: places)
    }
  }

  /// Copies a variable's values to their places, in slabs.
  private func copy(
    _ variable: NetCDFReaderVariable, to made: NetCDFVariable, leading: [Int], places: [[Int]]
  ) throws {
    let shape = variable.shape
    let ones = leading.map { _ in 1 }
    guard !shape.contains(0) else { return }
    // Consecutive places are written in one piece, other places one by one.
    func isRun(_ places: [Int]) -> Bool { places.indices.allSatisfy { places[$0] == places[0] + $0 } }
    let inner = shape.dropFirst().reduce(1, *)
    let rows = max(1, Self.slab / max(inner, 1))
    let isPlain = places.allSatisfy(isRun)
    func forEach(_ body: (_ start: [Int], _ count: [Int], _ target: [Int]) throws -> Void) throws {
      if shape.isEmpty { return try body([], [], leading) }
      if isPlain {
        for first in stride(from: 0, to: shape[0], by: rows) {
          let count = [min(rows, shape[0] - first)] + shape.dropFirst()
          let start = [first] + shape.dropFirst().map { _ in 0 }
          try body(start, count, leading + zip(places, start).map { $0[0] + $1 })
        }
        return
      }
      // Values are copied row by row along the last dimension, or element by element if that has gaps, too.
      let last = places[places.count - 1]
      let width = isRun(last) ? last.count : 1
      let elements = RowMajorShape(shape)
      for flat in stride(from: 0, to: elements.count, by: width) {
        let index = elements.indices(of: flat)
        try body(
          index, shape.dropLast().map { _ in 1 } + [width], leading + zip(places, index).map { $0[$1] })
      }
    }
    if variable.type == .string {
      guard shape.isEmpty || isPlain else { return }
      let values = try variable.readStrings()
      return try made.write(
        values, start: leading + places.map { $0[0] }, count: ones + shape)
    }
    try forEach { start, count, target in
      if variable.type.isInteger {
        try made.write(
          try variable.readInts(start: start, count: count), start: target, count: ones + count)
      } else {
        try made.write(
          try variable.readDoubles(start: start, count: count), start: target, count: ones + count)
      }
    }
  }

  /// Writes a subgroup named by the file's number, with what this file has.
  private func copy(
    _ name: String, of file: String, into group: NetCDFGroup, number: Int,
    attributes: [(String, NetCDFAttribute)]
  ) throws {
    let reader = try readers.reader(of: file)
    guard let source = reader.root.groups.first(where: { $0.name == name }) else { return }
    let made = try group.defineGroup("\(number)")
    var content = FileLayout.Group()
    let rootDimensions = try reader.root.dimensions.map { try FileLayout.Dimension($0, in: reader.root) }
    try content.add(source, visible: rootDimensions)
    try Self.define(content.dimensions, in: made)
    try Self.writeLabels(content, visible: rootDimensions, in: made)
    for (name, value) in content.attributes + attributes { try made.setAttribute(name, value) }
    let target = Target(
      group: made, layout: content,
      variables: try define(content.variables.filter { !$0.isLabel }, in: made, axes: []),
      source: name, fixed: number)
    try write(source, of: reader, to: target, number: number)
  }
}
