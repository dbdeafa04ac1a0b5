/// Reads `claims` and checks them against the rest of the scenario.
extension ScenarioReader {
  /// The claims, in the order of the file; `controls` of the scenario where a claim names none.
  func claims(_ controls: [Control]) throws -> [ClaimSpecification] {
    guard let node = given("claims") else { return [] }
    guard let entries = node.entries, entries.count <= 100 else {
      throw failure(
        "claims", node, expected: "a mapping from names to at most 100 claims",
        remedy: "write claims: {NAME: {statement: ..., estimate: ..., threshold: 0}}, or leave it out")
    }
    return try entries.map { try ClaimReader($0, self).claim(controls) }
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
  /// The controls of the scenario and of its claims, each once.
  package var allControls: [Control] {
    let asked = Set(controls + claims.flatMap { $0.controls + $0.compare })
    return Control.allCases.filter(asked.contains)
  }

  /// Whether the scenario stands for several runs, or for claims about them.
  public var isCampaign: Bool {
    !sweep.isEmpty || replicas > 1 || !claims.isEmpty || allControls.contains { $0.overrides != nil }
  }
}
