import Foundation
import Output

/// A run file, read for drawing: checked shapes, and one point of its sweep chosen.
///
/// Nothing but the structure is read until a figure asks for values, and then only the part that it draws.
public struct RunData: Sendable {
  /// A leading dimension that a sweep added.
  public struct SweepAxis: Sendable, Equatable {
    /// The dimension's name, such as `model_latent`.
    public let name: String
    /// Its values as texts.
    public let labels: [String]
  }

  let reader: NetCDFReader
  /// The file.
  public let path: String
  /// The values of the corruption levels.
  public let levels: [Double]
  /// The leading dimensions, slowest first; none without a sweep.
  public let sweep: [SweepAxis]
  /// The index along each leading dimension at which figures without a sweep axis are drawn.
  public private(set) var point: [Int]

  /// Opens a run file and checks that it is one.
  ///
  /// - Throws: `NetCDFError`; `FigureError` of kind `invalid` for another sort of NetCDF file.
  public init(path: String) throws {
    self.path = path
    // Figures never need more than this at once; a hostile file may declare what it does not hold.
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
    guard version == 1 else {
      throw FigureError(
        .invalid, path: path, message: "its format_version is \(version), expected 1",
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
      sweep.append(SweepAxis(name: dimension.name, labels: try Self.labels(dimension, reader)))
    }
    self.sweep = sweep
    point = leading.map { _ in 0 }
  }

  private static func labels(_ dimension: NetCDFDimension, _ reader: NetCDFReader) throws -> [String] {
    guard let variable = try? reader.variable(dimension.name), variable.dimensions == [dimension] else {
      guard dimension.length <= 1 << 16 else {
        throw FigureError(
          .invalid, path: reader.path,
          message: "the dimension '\(dimension.name)' of length \(dimension.length) has no coordinate",
          remedy: "give a file that 'simulate run' wrote")
      }
      return (0..<dimension.length).map(String.init)
    }
    if variable.type == .string || variable.type == .character { return try variable.readStrings() }
    return try variable.readDoubles().map(short)
  }

  /// Chooses the point of the sweep for figures that show one.
  ///
  /// - Parameter choice: Such as `model_latent=20`; `model.latent` names the same dimension.
  /// - Throws: `FigureError` of kind `invalid` that lists what there is.
  public mutating func select(_ choice: String) throws {
    let parts = choice.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
    let name = String((parts.first ?? "").map { ".-".contains($0) ? "_" : $0 })
    guard parts.count == 2, let axis = sweep.firstIndex(where: { $0.name == name }) else {
      let names = sweep.map(\.name).joined(separator: ", ")
      throw FigureError(
        .invalid, path: path, message: "it has no sweep dimension '\(name)'",
        remedy: sweep.isEmpty ? "leave --at out, for the file holds no sweep" : "there is \(names)")
    }
    let wanted = Double(parts[1]).map(short) ?? parts[1]
    guard let index = sweep[axis].labels.firstIndex(of: wanted) else {
      let shown = sweep[axis].labels.prefix(10).joined(separator: ", ")
      throw FigureError(
        .invalid, path: path, message: "\(name) has no value \(parts[1])", remedy: "there is \(shown)")
    }
    point[axis] = index
  }

  /// The same file at another point.
  func at(_ point: [Int]) -> RunData {
    var result = self
    result.point = point
    return result
  }

  /// The chosen point in words, such as `model_latent = 20`; empty without a sweep.
  var pointText: String {
    zip(sweep, point).map { "\($0.name) = \($0.labels[$1])" }.joined(separator: ", ")
  }

  /// The chosen point's number, the last dimension fastest.
  var pointNumber: Int { RowMajorShape(sweep.map(\.labels.count)).number(of: point) }

  // MARK: Attributes

  /// A global attribute as text; empty where it is missing.
  public func text(_ attribute: String) -> String {
    guard let value = try? reader.attribute(attribute) else { return "" }
    return value.text ?? value.integer.map(String.init) ?? ""
  }

  /// The scenario's name.
  public var scenarioName: String { text("scenario_name") }

  /// What a caption says about where the numbers come from.
  var provenance: String {
    let model = text("model_sha256")
    var parts = ["scenario \(scenarioName.isEmpty ? "unnamed" : scenarioName)"]
    if !sweep.isEmpty { parts.append("at \(pointText)") }
    if !model.isEmpty, sweep.isEmpty { parts.append("model \(model.prefix(12))") }
    parts.append("seed \(text("seed"))")
    return parts.joined(separator: ", ")
  }

  // MARK: Variables

  /// The variable at a path, if there is one.
  func find(_ path: String) -> NetCDFReaderVariable? { try? reader.variable(path) }

  /// An error about a variable.
  func invalid(_ variable: String, _ message: String) -> FigureError {
    FigureError(
      .invalid, path: path, message: "the variable '\(variable)' \(message)",
      remedy: "give a whole file that 'simulate run' wrote")
  }

  /// The variable at a path, whose dimensions after the leading ones must be `dimensions`.
  func variable(_ path: String, _ dimensions: [String]) throws -> NetCDFReaderVariable {
    guard let variable = find(path) else { throw invalid(path, "is missing") }
    guard variable.dimensions.map(\.name) == sweep.map(\.name) + dimensions else {
      let found = variable.dimensions.map(\.name).joined(separator: ", ")
      throw invalid(path, "has the dimensions (\(found)), expected (\(dimensions.joined(separator: ", ")))")
    }
    return variable
  }

  /// The values of a variable at the chosen point of the sweep.
  func values(_ path: String, _ dimensions: [String]) throws -> [Double] {
    let variable = try variable(path, dimensions)
    let rest = variable.shape.dropFirst(sweep.count)
    return try variable.readDoubles(
      start: point + rest.map { _ in 0 }, count: point.map { _ in 1 } + Array(rest))
  }

  /// The values of a variable at the chosen point and one level; missing values where the file lacks it.
  func row(_ path: String, _ dimensions: [String], level: Int) throws -> [Double] {
    let variable = try variable(path, ["level"] + dimensions)
    let rest = Array(variable.shape.dropFirst(sweep.count + 1))
    return try variable.readDoubles(
      start: point + [level] + rest.map { _ in 0 }, count: point.map { _ in 1 } + [1] + rest)
  }

  /// Observables averaged over (level, time), in the file's order.
  public var averages: [String] {
    let names = Set(reader.root.variables.map(\.name))
    return reader.root.variables.filter { variable in
      variable.dimensions.map(\.name) == sweep.map(\.name) + ["level", "time"]
        && names.contains(variable.name + "_standard_error") && names.contains(variable.name + "_count")
    }.map(\.name)
  }

  /// The `long_name` of a variable, without the words "mean ".
  func longName(_ path: String) -> String {
    let text = (find(path).flatMap { try? $0.attribute("long_name") })?.text ?? path
    return text.hasPrefix("mean ") ? String(text.dropFirst(5)) : text
  }

  /// The `units` of a variable; "1" where there are none.
  func units(_ path: String) -> String {
    (find(path).flatMap { try? $0.attribute("units") })?.text ?? "1"
  }

  /// The label of the axis of corruption levels.
  var levelLabel: String { "\(longName("level")) [\(units("level"))]" }

  /// The axis of corruption levels: ticks at the levels where they are few and apart.
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

  /// The image size that a variable of pictures declares; its last dimension must fit.
  func imageSize(_ variable: NetCDFReaderVariable) throws -> (height: Int, width: Int) {
    guard let height = (try? variable.attribute("image_height"))?.integer,
      let width = (try? variable.attribute("image_width"))?.integer, (1...4096).contains(height),
      (1...4096).contains(width), height * width == variable.shape.last
    else {
      throw invalid(
        variable.path,
        "has no attributes image_height and image_width that fit its \(variable.shape.last ?? 0) pixels")
    }
    return (height, width)
  }

  /// Which levels are drawn: all, or `count` of them, evenly chosen, first and last included.
  func shownLevels(_ count: Int) -> [Int] { evenly(levels.count, count) }

  /// The group of the attractors at the chosen point, if the file has one.
  var attractors: NetCDFReaderGroup? {
    guard let group = try? reader.group("attractors") else { return nil }
    if group.variables.contains(where: { $0.name == "basin_fraction" }) { return group }
    return try? group.group("\(pointNumber)")
  }
}

/// At most `count` of the indices `0..<total`, evenly spaced, first and last included.
func evenly(_ total: Int, _ count: Int) -> [Int] {
  guard total > count else { return Array(0..<max(total, 0)) }
  guard count > 1 else { return total > 0 ? [0] : [] }
  return (0..<count).map { ($0 * (total - 1) + (count - 1) / 2) / (count - 1) }
}

/// A number in at most four digits.
func short(_ x: Double) -> String {
  guard x.isFinite else { return "-" }
  return String(format: "%.4g", x == 0 ? 0 : x)
}

/// A range of counts: `n = 960`, or `n = 950 to 960`.
func countText(_ counts: [Double]) -> String {
  let finite = counts.filter(\.isFinite)
  guard let low = finite.min(), let high = finite.max() else { return "n unknown" }
  func text(_ x: Double) -> String { Int(exactly: x).map(String.init) ?? short(x) }
  return low == high ? "n = \(text(low))" : "n = \(text(low)) to \(text(high))"
}
