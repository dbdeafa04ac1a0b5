import Drawing
import Output
import RunFiles

/// A dimension of a claim's entries.
struct ClaimAxis {
  /// The name in tables and titles.
  var key: String
  /// The name at axes.
  var words: String
  /// A label for each value.
  var labels: [String]
}

extension RunData {
  /// The groups of the claims, in the file's order.
  var claims: [NetCDFReaderGroup] { (try? reader.group("claims"))?.groups ?? [] }

  /// The words for a control, which say whether it has weight in the verdict.
  static func label(_ control: String, _ isShownOnly: Bool) -> String {
    "\(isShownOnly ? "shown only" : "control"): \(control)"
  }

  /// Means over models with their intervals, for the scenario or for a control.
  ///
  /// - Parameters:
  ///   - offset: The number of the first entry.
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

  /// The number of models that gave each estimate, and the number of all models; nil if the file does not contain
  /// them.
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

  /// What a claim's estimate is compared with, in the file's order: its controls, and what its list `compare` shows
  /// without weight. In files that do not distinguish them, all are controls.
  func controls(of group: NetCDFReaderGroup) -> [(name: String, isShownOnly: Bool)] {
    let dimension = group.dimensions.first { $0.name == ClaimLayout.controlDimension }
    let names = dimension.flatMap { try? group.words(of: $0) } ?? []
    guard let counted = (try? group.attribute("controls"))?.text?.split(separator: " ").map(String.init)
    else { return names.map { ($0, false) } }
    return names.map { ($0, !counted.contains($0)) }
  }

  /// The word for a verdict's flag.
  func word(_ flag: Double) -> String {
    guard let k = Int(exactly: flag), Self.verdictWords.indices.contains(k) else { return "-" }
    return Self.verdictWords[k]
  }

  /// The number that a claim's rule compares with, and what it is called.
  func claimNumber(_ group: NetCDFReaderGroup) -> (value: Double, words: String) {
    for (name, words) in [("threshold", "threshold"), ("smallest_effect", "smallest effect")] {
      if let value = (try? group.attribute(name))?.numbers?.first { return (value, words) }
    }
    return (.nan, "threshold")
  }

  /// What a claim's estimates are seen against: its threshold; or zero and the smallest effect in both directions.
  func claimReferences(_ group: NetCDFReaderGroup) -> [Double] {
    let (value, words) = claimNumber(group)
    return words == "threshold" ? [value] : [-value, 0, value]
  }

  /// The words for verdicts, by their flags.
  static let verdictWords = ["supported", "refuted", "undecided"]

  /// The largest number of entries of a claim that is drawn. Of larger claims, tables only show counts.
  static let mostEntries = 10_000

  /// The number of entries of a claim.
  func claimSize(_ group: NetCDFReaderGroup) throws -> Int {
    let shape = try checked(group, ClaimLayout.Estimates(isControl: false, []).mean.name).shape
    // The product of the lengths that a hostile file declares may not fit in an Int.
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
        key: key, words: words == nil ? meaning : key,
        labels: try words ?? coordinate.readDoubles().map(short))
    }
  }
}
