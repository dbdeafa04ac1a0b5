import Drawing
import Output
import RunFiles

/// The part of a group such as `/members` or `/attractors` that belongs to one run. In a file of several runs, it
/// is that of the chosen run.
///
/// If runs are alike, a campaign stacks their groups: variables have the swept keys and the replica as leading
/// dimensions. If they differ, each run has a subgroup of its own, which is named by the run's number.
struct RunGroup {
  /// The group that holds the run's variables.
  let group: NetCDFReaderGroup
  private let data: RunData
  /// The leading dimensions, with the run's index along each; empty in a group of one run.
  private let leading: [(name: String, index: Int)]

  fileprivate init(_ group: NetCDFReaderGroup, _ data: RunData, leading: [(name: String, index: Int)]) {
    self.group = group
    self.data = data
    self.leading = leading
  }

  /// The part of a variable that belongs to the run.
  struct Slice {
    let variable: NetCDFReaderVariable
    fileprivate let leading: [Int]
    /// The variable's own dimensions, which are those of a single run.
    let dimensions: [NetCDFDimension]

    /// The lengths of the variable's own dimensions.
    var shape: [Int] { dimensions.map(\.length) }

    /// All values, shape `shape`.
    func doubles() throws -> [Double] { try doubles(start: shape.map { _ in 0 }, count: shape) }

    /// A part of the values, shape `count`.
    func doubles(start: [Int], count: [Int]) throws -> [Double] {
      try variable.readDoubles(start: leading + start, count: leading.map { _ in 1 } + count)
    }

    /// All values of a variable of integers.
    func integers() throws -> [Int] {
      try variable.readInts(
        start: leading + shape.map { _ in 0 }, count: leading.map { _ in 1 } + shape)
    }
  }

  /// The variable that has a role for another one of the group.
  ///
  /// - Throws: `FigureError` if there is none.
  func existingName(of role: VariableRole) throws -> String {
    guard let name = VariableRoles(group).name(of: role) else {
      throw data.invalid(
        "\(group.path)/\(role.subject ?? "")", "has no \(data.spoken(role.word)) beside it")
    }
    return name
  }

  /// Whether the group has a variable of that name.
  func has(_ name: String) -> Bool { group.variables.contains { $0.name == name } }

  /// The variable of that name, which must have `rank` dimensions of its own.
  ///
  /// - Throws: `FigureError` if it is missing or has other dimensions.
  func slice(_ name: String, rank: Int) throws -> Slice {
    guard let variable = group.variables.first(where: { $0.name == name }) else {
      throw data.invalid("\(group.path)/\(name)", "is missing")
    }
    let names = variable.dimensions.map(\.name)
    // Coordinates and names are written once, not once per run.
    let isStacked = names.count == rank + leading.count && names.starts(with: leading.map(\.name))
    guard isStacked || names.count == rank else {
      throw data.invalid(
        variable.path, "has the dimensions (\(names.joined(separator: ", "))), expected \(rank) for a run")
    }
    return Slice(
      variable: variable, leading: isStacked ? leading.map(\.index) : [],
      dimensions: Array(variable.dimensions.suffix(rank)))
  }

  /// The variable of that name, whose own dimensions must be the given ones.
  ///
  /// - Throws: What `slice(_:rank:)` throws, and `FigureError` for other dimensions.
  func slice(_ name: String, _ dimensions: [String]) throws -> Slice {
    let slice = try slice(name, rank: dimensions.count)
    let names = slice.dimensions.map(\.name)
    guard names == dimensions else {
      throw data.invalid(
        slice.variable.path,
        "has the dimensions (\(names.joined(separator: ", "))), expected (\(dimensions.joined(separator: ", ")))"
      )
    }
    return slice
  }

  /// The variable of that name, whose own shape must be the given one.
  ///
  /// - Throws: What `slice(_:rank:)` throws, and `FigureError` for another shape.
  func slice(_ name: String, shape: [Int]) throws -> Slice {
    let slice = try slice(name, rank: shape.count)
    guard slice.shape == shape else {
      throw data.invalid(slice.variable.path, "has the shape \(slice.shape), expected \(shape)")
    }
    return slice
  }
}

extension RunData {
  /// The group of the chosen run; nil if the run has none.
  func runGroup(_ name: String) -> RunGroup? {
    guard let group = parent(of: name) else { return nil }
    let leading = axes
    if leading.isEmpty { return RunGroup(group, self, leading: []) }
    if let own = group.groups.first(where: { $0.name == "\(runNumber)" }) {
      return RunGroup(own, self, leading: [])
    }
    return group.variables.isEmpty
      ? nil : RunGroup(group, self, leading: leading.map { (name: $0.name, index: $0.index) })
  }

  /// Why the chosen run lacks a group that other runs have, and the remedy; nil if no run has it.
  func missingGroup(_ name: String) -> FigureObstacle? {
    guard parent(of: name) != nil else { return nil }
    return FigureObstacle(
      "the run \(runText) has no group /\(name), as runs that failed have none", "choose another with --at")
  }

  /// The group of that name in a file of one run or of several.
  private func parent(of name: String) -> NetCDFReaderGroup? {
    (replicaGroup ?? reader.root).groups.first { $0.name == name }
  }
}
