import Expressions

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
