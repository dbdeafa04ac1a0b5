import RunFiles

/// Reads `claims` and checks them against the rest of the scenario.
extension ScenarioReader {
  private static let claimKeys = [
    "statement", "estimate", "against", "levels", "over", "threshold", "controls", "compare",
  ]
  private static let example =
    "write for instance approach(distance-concept) - approach(distance-sibling-concept)"
  private static let anyNumber = ScenarioValueType.NumberRange(-1e300, 1e300)

  /// The claims, in the order of the file; `controls` of the scenario where a claim names none.
  func claims(_ controls: [Control]) throws -> [ClaimSpecification] {
    guard let node = given("claims") else { return [] }
    guard let entries = node.entries, entries.count <= 100 else {
      throw failure(
        "claims", node, expected: "a mapping from names to at most 100 claims",
        remedy: "write claims: {NAME: {statement: ..., estimate: ..., threshold: 0}}, or leave it out")
    }
    return try entries.map { try claim($0, controls) }
  }

  private func claim(_ entry: ScenarioNode.Entry, _ controls: [Control]) throws -> ClaimSpecification {
    let key = "claims.\(entry.key)"
    let isName =
      !entry.key.isEmpty && entry.key.utf8.count <= 60
      && entry.key.utf8.allSatisfy { c in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(c)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(c)
          || c == UInt8(ascii: "-")
      } && entry.key.first?.isLetter == true
    guard isName else {
      throw failure(
        key, at: entry.keyOrigin, expected: "a name of at most 60 letters a-z, digits and hyphens",
        remedy: "write a name such as approaches-concept")
    }
    guard let fields = entry.value.entries else {
      throw failure(
        key, entry.value, expected: "a mapping of \(Self.claimKeys.joined(separator: ", "))",
        remedy: "write {statement: ..., estimate: ..., threshold: 0}")
    }
    var values: [String: ScenarioNode] = [:]
    for field in fields {
      guard Self.claimKeys.contains(field.key) else {
        let near = Spelling.nearest(to: field.key, among: Self.claimKeys)
        throw failure(
          "\(key).\(field.key)", at: field.keyOrigin, problem: "unknown key",
          expected: "one of \(Self.claimKeys.joined(separator: ", "))",
          remedy: near.map { "did you mean '\($0)'?" } ?? "leave it out")
      }
      values[field.key] = field.value
    }
    func required(_ name: String) throws -> ScenarioNode {
      guard let node = values[name] else {
        throw failure(
          "\(key).\(name)", at: entry.keyOrigin, problem: "missing", expected: Self.meaning(name),
          remedy: "write it: what is tested is fixed before the run")
      }
      return node
    }
    func expression(_ name: String, _ node: ScenarioNode) throws -> ClaimExpression {
      guard case .scalar(let text, _) = node.content, !node.isNull else {
        throw failure("\(key).\(name)", node, expected: Self.meaning(name), remedy: "write one")
      }
      do throws(ClaimExpression.Refusal) { return try ClaimExpression(text) } catch {
        throw failure(
          "\(key).\(name)", node, problem: error.problem, expected: Self.meaning(name),
          remedy: Self.example)
      }
    }
    func words(_ name: String, _ node: ScenarioNode) throws -> [Control] {
      let all = Control.allCases.map(\.rawValue)
      return try (node.list ?? [node]).map {
        let word = try word(
          "\(key).\(name)", $0, among: all, expected: "some of " + all.joined(separator: ", "))
        guard let control = Control(rawValue: word) else { preconditionFailure("a word of the list") }
        return control
      }
    }
    let statementNode = try required("statement")
    guard case .scalar(let statement, _) = statementNode.content, !statement.isEmpty,
      statement.unicodeScalars.count <= 500
    else {
      throw failure(
        "\(key).statement", statementNode, expected: "a sentence of at most 500 letters", remedy: "write one")
    }
    let estimate = try expression("estimate", try required("estimate"))
    let own = try values["controls"].map { try words("controls", $0) }
    let compare = try values["compare"].map { try words("compare", $0) } ?? []
    if let node = values["controls"] ?? values["compare"],
      let none = ((own ?? []) + compare).first(where: { $0.expression(estimate) == nil })
    {
      throw failure(
        "\(key).controls", node,
        expected: "controls that change the estimate; \(none.rawValue) finds nothing to replace in it",
        remedy: "leave \(none.rawValue) out")
    }
    if let node = values["compare"], let twice = compare.first(where: { own?.contains($0) ?? false }) {
      throw failure(
        "\(key).compare", node, expected: "controls that are not in 'controls', which weigh",
        remedy: "leave \(twice.rawValue) out of one of them")
    }
    let levels = try values["levels"].map { node in
      guard let list = node.list, !list.isEmpty else {
        throw failure(
          "\(key).levels", node, expected: "a list of levels of initial.levels",
          remedy: "write for instance [0.2, 0.4], or leave it out for all")
      }
      return try list.map {
        try number("\(key).levels", $0, Self.anyNumber, expected: "levels of initial.levels")
      }
    }
    let over = try values["over"].map {
      try word("\(key).over", $0, among: ["mean", "each"], expected: "mean or each")
    }
    let threshold = try number(
      "\(key).threshold", try required("threshold"), Self.anyNumber, expected: "a number")
    if estimate.names.series.isEmpty, estimate.names.numbers.isEmpty, let node = values["estimate"] {
      throw failure(
        "\(key).estimate", node, expected: Self.meaning("estimate"),
        remedy: Self.example)
    }
    return ClaimSpecification(
      name: entry.key, statement: statement, estimate: estimate,
      against: try values["against"].map { try expression("against", $0) }, levels: levels,
      over: over.flatMap(ClaimSpecification.LevelRule.init) ?? .mean,
      threshold: threshold,
      controls: own ?? controls.filter { !compare.contains($0) && $0.expression(estimate) != nil },
      compare: compare)
  }

  private static func meaning(_ name: String) -> String {
    switch name {
    case "statement": "what is claimed, in a sentence"
    case "threshold": "a number that the estimate must exceed"
    case "against": "an expression that the estimate is regressed against"
    default: "an expression of observables and numbers of the run file"
    }
  }

  /// The observables that controls need beside those that are asked for.
  func observables(for controls: [Control], beside names: [String]) -> [String] {
    var more: [String] = []
    if controls.contains(.sibling) { more.append("distance-sibling-concept") }
    if controls.contains(.chord) { more.append("distance-concept") }
    if controls.contains(.dataSpace) {
      more += ["distance-concept", "distance-sibling-concept", "distance-memory"].filter {
        names.contains($0) || more.contains($0)
      }.map { "data-" + $0 }
    }
    return more.filter { !names.contains($0) && vocabulary.observable(named: $0) != nil }
  }
}

extension Scenario {
  /// Checks that claims ask only for what the run file will hold, and controls for models that are made.
  ///
  /// - Throws: `ScenarioError`.
  func checkClaims() throws {
    var isTrained = false
    if case .trained = model { isTrained = true }
    for control in allControls where control.needsTrainedModel && !isTrained {
      throw error(
        key: "controls", value: control.rawValue,
        expected: "controls that need no model trained here: shuffled-labels, sibling, chord, data-space",
        remedy: "leave \(control.rawValue) out")
    }
    for claim in claims {
      let key = "claims.\(claim.name)"
      try check(claim.estimate, key + ".estimate")
      if let against = claim.against { try check(against, key + ".against") }
      for control in claim.controls + claim.compare {
        if let expression = control.expression(claim.estimate) { try check(expression, key + ".controls") }
      }
      for level in claim.levels ?? [] where !initial.levels.contains(level) {
        throw error(
          key: key + ".levels", value: ScenarioYAML.text(level),
          expected: "levels of initial.levels, which are "
            + initial.levels.map { ScenarioYAML.text($0) }.joined(separator: ", "),
          remedy: "add it there, or leave it out")
      }
      guard let against = claim.against else { continue }
      let isOfLevel = against.names.numbers.contains("level")
      if !isOfLevel, sweep.isEmpty {
        throw error(
          key: key + ".against", value: against.text,
          expected: "the name level, or a sweep to regress over", remedy: "write against: level")
      }
      if against.names.series.isEmpty, against.names.numbers == ["level"] {
        for level in claim.levels ?? initial.levels
        where !against.value(number: { _ in level }, series: { _ in [] }).isFinite {
          throw error(
            key: key + ".against", value: against.text,
            expected: "a finite number at each level, and it is none at level \(ScenarioYAML.text(level))",
            remedy: "leave that level out of \(key).levels")
        }
      }
      if isOfLevel, claim.over == .each {
        throw error(
          key: key + ".over", value: "each", expected: "mean, for the slope is over the levels",
          remedy: "leave it out")
      }
    }
  }

  private func check(_ expression: ClaimExpression, _ key: String) throws {
    let names = expression.names
    let series = ClaimNames.series(self)
    for name in names.series.sorted() where !series.contains(name) {
      let near = Spelling.nearest(to: name, among: series)
      throw error(
        key: key, value: expression.text,
        expected: "observables of the list 'observables'; the run has no averages of '\(name)'",
        remedy: near.map { "did you mean '\($0)'?" } ?? "add \(name) to observables")
    }
    let numbers = ClaimNames.numbers(self)
    for name in names.numbers.sorted() where !numbers.contains(name) {
      if series.contains(name) {
        throw error(
          key: key, value: expression.text, expected: "numbers; '\(name)' is a series over time",
          remedy: "write final(\(name)), initial(...), minimum(...) or approach(...)")
      }
      let near = Spelling.nearest(to: name, among: numbers)
      throw error(
        key: key, value: expression.text,
        expected: "level, a swept key with numbers, or a number of the run file; '\(name)' is none",
        remedy: near.map { "did you mean '\($0)'?" }
          ?? (ScenarioKeys.byName[name] != nil
            ? "sweep \(name)" : "numbers are \(ClaimNames.fixed.joined(separator: ", "))"))
    }
  }
}

/// The names that claims may use.
enum ClaimNames {
  static let fixed = ClaimVocabulary.ofModel + ClaimVocabulary.ofLevel

  /// Averages over time.
  static func series(_ scenario: Scenario) -> [String] {
    scenario.observables.flatMap { ClaimVocabulary.series(of: $0, isSplit: !scenario.splitBy.isEmpty) }
  }

  /// Single numbers, of a model or a level.
  static func numbers(_ scenario: Scenario) -> [String] {
    fixed + ["level"] + scenario.sweep.filter { $0.values.allSatisfy { Double($0) != nil } }.map(\.key)
  }
}

extension Scenario {
  /// The controls of the scenario and of its claims, each once.
  var allControls: [Control] {
    let asked = Set(controls + claims.flatMap { $0.controls + $0.compare })
    return Control.allCases.filter(asked.contains)
  }

  /// How many models, trained from different seeds.
  public var replicas: Int { model.replicas }

  /// Whether the scenario stands for several runs, or for claims about them.
  public var isCampaign: Bool {
    !sweep.isEmpty || replicas > 1 || !claims.isEmpty || allControls.contains { $0.overrides != nil }
  }
}
