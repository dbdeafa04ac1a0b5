import Expressions
import Vocabulary

/// Reads one claim of a scenario.
struct ClaimReader {
  private static let keys = [
    "statement", "estimate", "against", "levels", "over", "threshold", "smallest-effect", "controls",
    "compare",
  ]
  private static let example =
    "write for instance approach(distance-concept) - approach(distance-sibling-concept)"
  private static let anyNumber = ScenarioValueType.NumberRange(-1e300, 1e300)

  private let reader: ScenarioReader
  private let entry: ScenarioNode.Entry
  /// The claim's dotted key.
  private let key: String
  /// Its fields.
  private let values: [String: ScenarioNode]

  /// Checks the name and the names of the fields.
  init(_ entry: ScenarioNode.Entry, _ reader: ScenarioReader) throws {
    self.entry = entry
    self.reader = reader
    key = "claims.\(entry.key)"
    let isName =
      !entry.key.isEmpty && entry.key.utf8.count <= 60
      && entry.key.utf8.allSatisfy { c in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(c)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(c)
          || c == UInt8(ascii: "-")
      } && entry.key.first?.isLetter == true
    guard isName else {
      throw reader.failure(
        key, at: entry.keyOrigin, expected: "a name of at most 60 letters a-z, digits and hyphens",
        remedy: "write a name such as approaches-concept")
    }
    guard let fields = entry.value.entries else {
      throw reader.failure(
        key, entry.value, expected: "a mapping of \(Self.keys.joined(separator: ", "))",
        remedy: "write {statement: ..., estimate: ..., threshold: 0}")
    }
    var values: [String: ScenarioNode] = [:]
    for field in fields {
      guard Self.keys.contains(field.key) else {
        let near = Spelling.nearest(to: field.key, among: Self.keys)
        throw reader.failure(
          "\(key).\(field.key)", at: field.keyOrigin, problem: "unknown key",
          expected: "one of \(Self.keys.joined(separator: ", "))",
          remedy: near.map { "did you mean '\($0)'?" } ?? "write one of \(Self.keys.joined(separator: ", "))")
      }
      values[field.key] = field.value
    }
    self.values = values
  }

  /// The claim.
  ///
  /// - Parameter controls: The scenario's controls, which a claim has that names none.
  func claim(_ controls: [Control]) throws -> ClaimSpecification {
    let statement = try statement()
    let estimate = try expression("estimate", try required("estimate"))
    let (own, compare) = try ownControls(estimate)
    let levels = try levels()
    let over = try values["over"].map {
      try reader.word("\(key).over", $0, among: ["mean", "each"], expected: "mean or each")
    }
    let rule = try rule()
    if estimate.names.series.isEmpty, estimate.names.numbers.isEmpty, let node = values["estimate"] {
      throw reader.failure(
        "\(key).estimate", node, expected: Self.meaning("estimate"), remedy: Self.example)
    }
    let inherited = controls.filter { !compare.contains($0) && $0.expression(estimate) != nil }
    let weighing: [Control]
    let shown: [Control]
    switch rule {
    case .threshold: (weighing, shown) = (own ?? inherited, compare)
    // A control is compared by a difference in the estimate; those that the scenario names are shown.
    case .smallestEffect: (weighing, shown) = ([], compare + (own ?? inherited))
    }
    return ClaimSpecification(
      name: entry.key, statement: statement, estimate: estimate,
      against: try values["against"].map { try expression("against", $0) }, levels: levels,
      over: over.flatMap(ClaimSpecification.LevelRule.init) ?? .mean,
      rule: rule, controls: weighing, compare: shown)
  }

  // MARK: Fields

  private func required(_ name: String) throws -> ScenarioNode {
    guard let node = values[name] else {
      throw reader.failure(
        "\(key).\(name)", at: entry.keyOrigin, problem: "missing", expected: Self.meaning(name),
        remedy: "write it: what is tested is fixed before the run")
    }
    return node
  }

  private func rule() throws -> ClaimSpecification.Rule {
    guard let node = values["smallest-effect"] else {
      return .threshold(
        try reader.number(
          "\(key).threshold", try required("threshold"), Self.anyNumber, expected: "a number"))
    }
    for other in ["threshold", "controls"] where values[other] != nil {
      throw reader.failure(
        "\(key).\(other)", at: entry.keyOrigin, problem: "given beside smallest-effect",
        expected: "one rule per claim",
        remedy: other == "controls"
          ? "write compare, which shows them" : "keep threshold or smallest-effect")
    }
    let expected = "a positive number"
    return .smallestEffect(
      try reader.number(
        "\(key).smallest-effect", node, .init(0, 1e300, excludesLower: true), expected: expected))
  }

  private func statement() throws -> String {
    let node = try required("statement")
    guard case .scalar(let statement, _) = node.content, !statement.isEmpty,
      statement.unicodeScalars.count <= 500
    else {
      throw reader.failure(
        "\(key).statement", node, expected: "a sentence of at most 500 letters", remedy: "write one")
    }
    return statement
  }

  private func expression(_ name: String, _ node: ScenarioNode) throws -> ClaimExpression {
    guard case .scalar(let text, _) = node.content, !node.isNull else {
      throw reader.failure("\(key).\(name)", node, expected: Self.meaning(name), remedy: "write one")
    }
    do throws(ClaimExpression.Refusal) { return try ClaimExpression(text) } catch {
      throw reader.failure(
        "\(key).\(name)", node, problem: error.problem, expected: Self.meaning(name), remedy: Self.example)
    }
  }

  /// The controls that weigh (nil if the claim names none), and those that are only shown.
  private func ownControls(_ estimate: ClaimExpression) throws -> (own: [Control]?, compare: [Control]) {
    let own = try values["controls"].map { try controls("controls", $0) }
    let compare = try values["compare"].map { try controls("compare", $0) } ?? []
    if let node = values["controls"] ?? values["compare"],
      let none = ((own ?? []) + compare).first(where: { $0.expression(estimate) == nil })
    {
      throw reader.failure(
        "\(key).controls", node,
        expected: "controls that change the estimate; \(none.rawValue) finds nothing to replace in it",
        remedy: "leave \(none.rawValue) out")
    }
    if let node = values["compare"], let twice = compare.first(where: { own?.contains($0) ?? false }) {
      throw reader.failure(
        "\(key).compare", node, expected: "controls that are not in 'controls', which weigh",
        remedy: "leave \(twice.rawValue) out of one of them")
    }
    return (own, compare)
  }

  private func controls(_ name: String, _ node: ScenarioNode) throws -> [Control] {
    let all = Control.allCases.map(\.rawValue)
    return try (node.list ?? [node]).map {
      let word = try reader.word(
        "\(key).\(name)", $0, among: all, expected: "some of " + all.joined(separator: ", "))
      guard let control = Control(rawValue: word) else { preconditionFailure("a word of the list") }
      return control
    }
  }

  private func levels() throws -> [Double]? {
    try values["levels"].map { node in
      guard let list = node.list, !list.isEmpty else {
        throw reader.failure(
          "\(key).levels", node, expected: "a list of levels of initial.levels",
          remedy: "write for instance [0.2, 0.4], or leave it out for all")
      }
      var levels: [Double] = []
      for element in list {
        let level = try reader.number(
          "\(key).levels", element, Self.anyNumber, expected: "levels of initial.levels")
        guard !levels.contains(level) else {
          throw reader.failure(
            "\(key).levels", element, problem: "given twice", expected: "different levels",
            remedy: "keep one of them")
        }
        levels.append(level)
      }
      // Their order means nothing.
      return levels.sorted()
    }
  }

  private static func meaning(_ name: String) -> String {
    switch name {
    case "statement": "what is claimed, in a sentence"
    case "threshold": "a number that the estimate must exceed, or smallest-effect"
    case "against": "an expression that the estimate is regressed against"
    default: "an expression of observables and numbers of the run file"
    }
  }
}
