import Drawing
import Output
import RunFiles

/// A dimension of a claim's entries.
struct ClaimAxis {
  /// What tables and titles say.
  var key: String
  /// What axes say.
  var words: String
  /// A label for each value.
  var labels: [String]
}

extension RunData {
  /// The groups of the claims, in the file's order.
  var claims: [NetCDFReaderGroup] { (try? reader.group("claims"))?.groups ?? [] }

  /// Whether a control has weight, and its name.
  static func label(_ control: String, _ isShownOnly: Bool) -> String {
    "\(isShownOnly ? "shown only" : "control"): \(control)"
  }

  /// Means over models with their intervals, of the scenario or of a control.
  ///
  /// - Parameters:
  ///   - offset: The first entry's number.
  ///   - count: The number of entries.
  func interval(
    _ group: NetCDFReaderGroup, isControl: Bool, _ offset: Int, count: Int
  ) throws -> (mean: [Double], lower: [Double], upper: [Double]) {
    let mean = ClaimLayout.Estimates(isControl: isControl, []).mean.name
    let roles = VariableRoles(group)
    func pick(_ name: String) throws -> [Double] {
      let all = try checked(group, name).readDoubles()
      guard all.count >= offset + count else { throw invalid(group.path, "is too short") }
      return Array(all[offset..<offset + count])
    }
    func end(_ role: VariableRole) throws -> [Double] {
      guard let name = roles.name(of: role) else {
        throw invalid("\(group.path)/\(mean)", "has no \(spoken(role.word)) beside it")
      }
      return try pick(name)
    }
    return (try pick(mean), try end(.lowerBound(of: mean)), try end(.upperBound(of: mean)))
  }

  /// How many models gave each estimate, of how many; nil in files that do not say.
  func modelCounts(
    _ group: NetCDFReaderGroup, isControl: Bool, _ offset: Int, count: Int
  ) throws -> (given: [Int], all: Int)? {
    let names = ClaimLayout.Estimates(isControl: isControl, [])
    guard let variable = group.variables.first(where: { $0.name == names.count.name }),
      let all = group.variables.first(where: { $0.name == names.estimate.name })?.shape.last
    else { return nil }
    let given = try variable.readInts()
    guard given.count >= offset + count else { throw invalid(group.path, "is too short") }
    return (Array(given[offset..<offset + count]), all)
  }

  /// What a claim's estimate is compared with, in the file's order: controls, and what its list `compare` shows without
  /// weight. Files that do not say have controls alone.
  func controls(of group: NetCDFReaderGroup) -> [(name: String, isShownOnly: Bool)] {
    let dimension = group.dimensions.first { $0.name == ClaimLayout.controlDimension }
    let names = dimension.flatMap { try? group.words(of: $0) } ?? []
    guard let counted = (try? group.attribute("controls"))?.text?.split(separator: " ").map(String.init)
    else { return names.map { ($0, false) } }
    return names.map { ($0, !counted.contains($0)) }
  }

  /// The verdict of a flag's value.
  func word(_ flag: Double) -> String {
    guard let k = Int(exactly: flag), Self.verdictWords.indices.contains(k) else { return "-" }
    return Self.verdictWords[k]
  }

  /// What verdicts are called, by their flags.
  static let verdictWords = ["supported", "refuted", "undecided"]

  /// Claims of more entries are not drawn; tables and files count them.
  static let mostEntries = 10_000

  /// How many entries a claim has.
  func claimSize(_ group: NetCDFReaderGroup) throws -> Int {
    let shape = try checked(group, ClaimLayout.Estimates(isControl: false, []).mean.name).shape
    // What a hostile file declares may be no Int.
    return shape.reduce(1) { product, length in
      let (next, overflows) = product.multipliedReportingOverflow(by: length)
      return overflows ? 1 << 40 : min(next, 1 << 40)
    }
  }

  func checked(_ group: NetCDFReaderGroup, _ name: String) throws -> NetCDFReaderVariable {
    guard let variable = group.variables.first(where: { $0.name == name }),
      variable.type.isFloating || variable.type.isInteger
    else { throw invalid("\(group.path)/\(name)", "is missing") }
    return variable
  }

  /// The dimensions of a claim's entries, with a label for each value.
  func claimAxes(_ variable: NetCDFReaderVariable) throws -> [ClaimAxis] {
    let parent = variable.path.split(separator: "/").dropLast().joined(separator: "/")
    return try variable.dimensions.map { dimension in
      let isLevel = dimension.name == ClaimLayout.levelDimension
      guard let coordinate = find("\(parent)/\(dimension.name)") ?? find(dimension.name),
        coordinate.shape == [dimension.length]
      else {
        let name = isLevel ? "corruption level" : dimension.name
        return ClaimAxis(key: name, words: name, labels: (0..<dimension.length).map(String.init))
      }
      let (key, meaning) =
        isLevel ? ("corruption level", "corruption level") : SweepAxis.description(of: coordinate)
      let words = try (try? reader.group(parent))?.words(of: dimension) ?? reader.root.words(of: dimension)
      return ClaimAxis(
        key: key, words: meaning, labels: try words ?? coordinate.readDoubles().map(short))
    }
  }
}
