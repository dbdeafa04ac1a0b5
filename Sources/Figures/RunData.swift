import Drawing
import Dynamics
import Foundation
import Output
import RunFiles
import Vocabulary

/// A run file that is read for drawing. Shapes are checked, and one of its runs is chosen.
///
/// At first only the structure is read. When a figure asks for values, only the part that it draws is read.
public struct RunData: Sendable {
  let reader: NetCDFReader
  /// The path of the file.
  public let path: String
  /// The values of the corruption levels.
  public let levels: [Double]
  /// The leading dimensions, slowest first; empty without a sweep.
  public let sweep: [SweepAxis]
  /// The index along each leading dimension at which figures are drawn that have no sweep axis.
  public private(set) var point: [Int]
  /// The numbers of the models, from 0; empty if each point is one run.
  public let replicas: [String]
  /// The index of the model that is shown; nil for averages over models. What no average can show is then the first
  /// model's.
  public private(set) var replica: Int?
  /// The index of the corruption level that heat maps of two swept keys, and averages against time, show; nil for all levels.
  public private(set) var level: Int?
  /// The group with the results of each model.
  let replicaGroup: NetCDFReaderGroup?
  /// The roles of the root's variables.
  private let rootRoles: VariableRoles
  /// The roles of the variables with the results of each model.
  private let replicaRoles: VariableRoles?

  /// Opens a run file and checks that it is one.
  ///
  /// - Throws: `NetCDFError`, or `FigureError` of kind `invalid` for another kind of NetCDF file.
  public init(path: String) throws {
    self.path = path
    // Figures never need more than this at once, and a hostile file may declare more than it holds.
    let reader = try NetCDFReader(path: path, maximumElements: 1 << 26)
    self.reader = reader
    func foreign(_ message: String) -> FigureError {
      FigureError(
        .invalid, path: path, message: "it is no run file: \(message)",
        remedy: "give a file that 'simulate run' wrote")
    }
    guard let version = (try? reader.attribute("format_version"))?.integer else {
      throw foreign("the attribute 'format_version' is missing")
    }
    guard RunFile.readableVersions.contains(version) else {
      let versions = RunFile.readableVersions
      throw FigureError(
        .invalid, path: path,
        message:
          "its format_version is \(version), expected \(versions.lowerBound) to \(versions.upperBound)",
        remedy: "use the version of the program that wrote it")
    }
    guard let level = try? reader.variable("level"), level.dimensions.map(\.name) == ["level"],
      level.type.isFloating || level.type.isInteger, level.shape[0] > 0
    else { throw foreign("the coordinate 'level' is missing") }
    levels = try level.readDoubles()
    var leading: [NetCDFDimension] = []
    for variable in reader.root.variables {
      if let k = variable.dimensions.firstIndex(where: { $0.name == "level" }), k > leading.count {
        leading = Array(variable.dimensions[..<k])
      }
    }
    guard leading.allSatisfy({ $0.length > 0 }) else { throw foreign("a leading dimension is empty") }
    var sweep: [SweepAxis] = []
    for dimension in leading {
      sweep.append(
        SweepAxis(
          dimension.name, try? reader.variable(dimension.name), labels: try Self.labels(dimension, reader)))
    }
    self.sweep = sweep
    point = leading.map { _ in 0 }
    replicaGroup = reader.root.groups.first { group in
      group.name == "replicas" && group.dimensions.contains { $0.name == "replica" }
    }
    rootRoles = VariableRoles(reader.root)
    replicaRoles = replicaGroup.map { VariableRoles($0) }
    let dimension = replicaGroup?.dimensions.first { $0.name == "replica" }
    guard dimension.map({ $0.length > 0 }) ?? true else { throw foreign("the dimension 'replica' is empty") }
    replicas = try dimension.map { try Self.labels($0, reader, in: "replicas/") } ?? []
  }

  private static func labels(
    _ dimension: NetCDFDimension, _ reader: NetCDFReader, in group: String = ""
  ) throws -> [String] {
    guard let variable = try? reader.variable(group + dimension.name), variable.dimensions == [dimension]
    else {
      guard dimension.length <= 1 << 16 else {
        throw FigureError(
          .invalid, path: reader.path,
          message: "the dimension '\(dimension.name)' of length \(dimension.length) has no coordinate",
          remedy: "give a file that 'simulate run' wrote")
      }
      return (0..<dimension.length).map(String.init)
    }
    return try reader.group(group).words(of: dimension) ?? variable.readDoubles().map(short)
  }

  /// Chooses the run for figures that show one run, or the level for those that show two swept keys.
  ///
  /// A chosen replica is shown everywhere, in place of averages over models.
  ///
  /// - Parameter choice: A text such as `model.latent=20` (`model_latent` names the same dimension), `replica=2` or
  ///   `level=0.4`.
  /// - Throws: `FigureError` of kind `invalid` that lists the possible choices.
  public mutating func select(_ choice: String) throws {
    let parts = choice.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
    let given = parts.first ?? ""
    let name = String(given.map { ".-".contains($0) ? "_" : $0 })
    func index(in labels: [String]) throws -> Int {
      let wanted = Double(parts[1]).map(short) ?? parts[1]
      guard let index = labels.firstIndex(of: parts[1]) ?? labels.firstIndex(of: wanted) else {
        let shown = labels.prefix(10).joined(separator: ", ")
        throw FigureError(
          .invalid, path: path, message: "\(given) has no value \(parts[1])", remedy: "there is \(shown)")
      }
      return index
    }
    if parts.count == 2, let axis = sweep.firstIndex(where: { $0.name == name }) {
      point[axis] = try index(in: sweep[axis].labels)
    } else if parts.count == 2, name == "replica", !replicas.isEmpty {
      replica = try index(in: replicas)
    } else if parts.count == 2, name == "level", sweep.count > 1 {
      level = try index(in: levels.map(short))
    } else {
      let names =
        sweep.map(\.key) + (replicas.isEmpty ? [] : ["replica"]) + (sweep.count > 1 ? ["level"] : [])
      throw FigureError(
        .invalid, path: path,
        message: parts.count < 2
          ? "'\(choice)' is no KEY=VALUE" : "it has no swept key '\(given)' to choose from",
        remedy: names.isEmpty
          ? "leave --at out, for the file holds one run" : "there is \(names.joined(separator: ", "))")
    }
  }

  /// The same file at another point.
  func at(_ point: [Int]) -> RunData {
    var result = self
    result.point = point
    return result
  }

  /// The chosen point in words, such as `model.latent = 20`; empty without a sweep.
  var pointText: String {
    zip(sweep, point).map { "\($0.key) = \($0.labels[$1])" }.joined(separator: ", ")
  }

  /// The leading dimensions of the variables of single runs: the swept keys, then the replica.
  var axes: [(name: String, length: Int, index: Int)] {
    zip(sweep, point).map { (name: $0.name, length: $0.labels.count, index: $1) }
      + (replicas.isEmpty ? [] : [(name: "replica", length: replicas.count, index: replica ?? 0)])
  }

  /// The number of the chosen run. The replica varies fastest, then the last swept key.
  var runNumber: Int { RowMajorShape(axes.map(\.length)).number(of: axes.map(\.index)) }

  /// The chosen model in words, such as `replica 2 (seed 9)`; empty without replicas.
  var replicaText: String {
    guard !replicas.isEmpty else { return "" }
    let index = replica ?? 0
    let seed = UInt64(text("seed")).map { " (seed \($0 &+ UInt64(index)))" } ?? ""
    return "replica \(replicas[index])\(seed)"
  }

  /// The chosen run in words, such as `model.latent = 20, replica 2 (seed 9)`; empty in a file of one run.
  var runText: String { [pointText, replicaText].filter { !$0.isEmpty }.joined(separator: ", ") }

  // MARK: Attributes

  /// A global attribute as text; empty if it is missing.
  public func text(_ attribute: String) -> String {
    guard let value = try? reader.attribute(attribute) else { return "" }
    return value.text ?? value.integer.map(String.init) ?? ""
  }

  /// The scenario's name.
  public var scenarioName: String { text("scenario_name") }

  /// The words with which a caption says where the numbers come from.
  ///
  /// - Parameter isRun: Whether the numbers are those of one run even if no replica was chosen.
  func provenance(isRun: Bool = false) -> String {
    // If there are several hashes, there is one per model, in the models' order. If a hash occurs twice or a run
    // failed, the order is unknown.
    let hashes = text("model_sha256").split(separator: " ")
    var parts = ["scenario \(scenarioName.isEmpty ? "unnamed" : scenarioName)"]
    let showsRun = !replicas.isEmpty && (isRun || replica != nil)
    if !pointText.isEmpty { parts.append("at \(pointText)") }
    if showsRun { parts.append("one of \(replicas.count) models: \(replicaText)") }
    if sweep.isEmpty {
      if replicas.isEmpty, hashes.count == 1 { parts.append("model \(hashes[0].prefix(12))") }
      if showsRun, hashes.count == replicas.count { parts.append("model \(hashes[replica ?? 0].prefix(12))") }
    }
    if !showsRun { parts.append("seed \(text("seed"))") }
    return parts.joined(separator: ", ")
  }

  /// The number of models that averages are over; nil if there is only one model.
  var models: Int? {
    guard replica == nil, let count = (try? reader.attribute("models"))?.integer, count > 1 else {
      return nil
    }
    return count
  }

  /// What error bars mean, as in "Bars: ..." or "Bands: ...".
  func errorText(_ what: String, items: String) -> String {
    models.map { "\(what): Student's 95 % interval over \($0) models (replicas)" }
      ?? "\(what): \(items), for one model and data set"
  }

  // MARK: Variables

  /// The variable at a path, if there is one. If a replica is chosen, it is the variable with the results of that
  /// model.
  func find(_ path: String) -> NetCDFReaderVariable? {
    if replica != nil, let own = replicaGroup?.variables.first(where: { $0.name == path }) { return own }
    return try? reader.variable(path)
  }

  /// Creates an error about a variable.
  func invalid(_ variable: String, _ message: String) -> FigureError {
    FigureError(
      .invalid, path: path, message: "the variable '\(variable)' \(message)",
      remedy: "give a whole file that 'simulate run' wrote")
  }

  /// The variable at a path, and the chosen index along each leading dimension. The dimensions after the leading
  /// ones must be `dimensions`.
  private func variable(_ path: String, _ dimensions: [String]) throws -> (
    variable: NetCDFReaderVariable, place: [Int]
  ) {
    guard let variable = find(path) else { throw invalid(path, "is missing") }
    let leading = variable.path.hasPrefix("/replicas/") ? axes : Array(axes.prefix(sweep.count))
    guard variable.dimensions.map(\.name) == leading.map(\.name) + dimensions else {
      let found = variable.dimensions.map(\.name).joined(separator: ", ")
      throw invalid(path, "has the dimensions (\(found)), expected (\(dimensions.joined(separator: ", ")))")
    }
    return (variable, leading.map(\.index))
  }

  /// The values of a variable at the chosen point of the sweep.
  func values(_ path: String, _ dimensions: [String]) throws -> [Double] {
    let (variable, place) = try variable(path, dimensions)
    let rest = Array(variable.shape.dropFirst(place.count))
    return try variable.readDoubles(
      start: place + rest.map { _ in 0 }, count: place.map { _ in 1 } + rest)
  }

  /// The values of a variable at the chosen point and one level.
  func row(_ path: String, _ dimensions: [String], level: Int) throws -> [Double] {
    let (variable, place) = try variable(path, ["level"] + dimensions)
    let rest = Array(variable.shape.dropFirst(place.count + 1))
    return try variable.readDoubles(
      start: place + [level] + rest.map { _ in 0 }, count: place.map { _ in 1 } + [1] + rest)
  }

  /// One number per level of a variable at the chosen point, at the given indices along its further dimensions.
  func column(_ path: String, _ dimensions: [String], at indices: [Int]) throws -> [Double] {
    let (variable, place) = try variable(path, ["level"] + dimensions)
    return try variable.readDoubles(
      start: place + [0] + indices,
      count: place.map { _ in 1 } + [levels.count] + indices.map { _ in 1 })
  }

  /// The roles of the group that has the variable: those of the chosen replica, if it has the variable.
  private func roles(of name: String) -> VariableRoles {
    guard replica != nil, let replicaRoles, let group = replicaGroup,
      group.variables.contains(where: { $0.name == name })
    else { return rootRoles }
    return replicaRoles
  }

  /// The role of a variable of the root.
  func role(of name: String) -> VariableRole { roles(of: name)[name] }

  /// The family of the observable whose average this variable is.
  func family(of name: String) -> ObservableFamily { rootRoles.family(of: name) }

  /// The variable that has a role for another one, such as the standard error of a mean; nil if there is none.
  func name(of role: VariableRole) -> String? { roles(of: role.subject ?? "").name(of: role) }

  /// The variable that has a role for another one.
  ///
  /// - Throws: `FigureError` if there is none.
  func existingName(of role: VariableRole) throws -> String {
    guard let name = name(of: role) else {
      throw invalid(role.subject ?? "", "has no \(spoken(role.word)) beside it")
    }
    return name
  }

  /// The averages of observables over (level, time), in the file's order.
  public var averages: [String] {
    reader.root.variables.filter { variable in
      guard case .average = rootRoles[variable.name] else { return false }
      return variable.dimensions.map(\.name) == sweep.map(\.name) + ["level", "time"]
        && rootRoles.name(of: .standardError(of: variable.name)) != nil
        && rootRoles.name(of: .sampleSize(of: variable.name)) != nil
    }.map(\.name)
  }

  /// The `long_name` of a variable, without the words "mean ", "mean over models" and "in nats".
  func longName(_ path: String) -> String {
    let text = Information.quantity((find(path).flatMap { try? $0.attribute("long_name") })?.text ?? path)
    let whole = text.hasPrefix("mean ") ? String(text.dropFirst(5)) : text
    // Captions say what averages are over.
    let models = ", mean over models"
    return whole.hasSuffix(models) ? String(whole.dropLast(models.count)) : whole
  }

  /// The unit of a variable, "nats" for information; "1" if it has none.
  func units(_ path: String) -> String { find(path).flatMap { Information.units(of: $0) } ?? "1" }

  /// The label of the axis of corruption levels.
  var levelLabel: String { "\(longName("level")) [\(units("level"))]" }

  /// The axis of corruption levels. There are ticks at the levels if they are few and not too close.
  func levelAxis(_ range: ClosedRange<Double>) -> Axis {
    let sorted = levels.sorted()
    let gap = zip(sorted.dropFirst(), sorted).map { $0 - $1 }.min() ?? 1
    let isSparse = levels.count <= 8 && gap >= 0.08 * (range.upperBound - range.lowerBound)
    return isSparse
      ? Axis(levelLabel, range, ticks: sorted.map { ($0, short($0)) }) : Axis(levelLabel, range, ticks: 6)
  }

  /// The values of the coordinate `time`.
  func times() throws -> [Double] {
    guard let variable = find("time"), variable.dimensions.map(\.name) == ["time"] else {
      throw invalid("time", "is missing")
    }
    let times = try variable.readDoubles()
    guard !times.isEmpty, times.allSatisfy(\.isFinite) else { throw invalid("time", "holds no times") }
    return times
  }

  /// The names of the levels of the concept tree.
  func treeLevels() throws -> [String] {
    guard let variable = find("tree_level"), variable.dimensions.map(\.name) == ["tree_level"],
      let meanings = (try? variable.attribute("flag_meanings"))?.text
    else { throw invalid("tree_level", "is missing") }
    let names = meanings.split(separator: " ").map(String.init)
    guard names.count == variable.shape[0] else {
      throw invalid("tree_level", "has \(variable.shape[0]) values and \(names.count) names")
    }
    return names
  }

  /// The levels that are drawn: all of them, or `count` evenly chosen ones, including the first and the last.
  func shownLevels(_ count: Int) -> [Int] { evenly(levels.count, count) }

}

/// A range of counts in words: `n = 960`, or `n = 950 to 960`.
func countText(_ counts: [Double]) -> String {
  // -1 stands for no count.
  let finite = counts.filter { $0.isFinite && $0 >= 0 }
  guard let low = finite.min(), let high = finite.max() else { return "n unknown" }
  func text(_ x: Double) -> String { Int(exactly: x).map(String.init) ?? short(x) }
  return low == high ? "n = \(text(low))" : "n = \(text(low)) to \(text(high))"
}
