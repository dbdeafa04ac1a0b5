/// Keys that apply only together with others.
extension ScenarioReader {
  /// The tree without keys that something on the command line or in a sweep makes pointless; throws where
  /// the scenario file itself gives such keys.
  ///
  /// - Parameter sweptKeys: Keys whose values a sweep has replaced.
  func applicableTree(sweptKeys: Set<String>) throws -> ScenarioNode {
    var result = tree
    for key in keys.all where key.isExclusive && gives(key.name) && tells(key) {
      try removeKeys(beside: key, from: &result, sweptKeys: sweptKeys)
    }
    let rest = ScenarioReader(path: path, tree: result, vocabulary: vocabulary, sweepPoint: sweepPoint)
    var checked: Set<String> = []
    for key in keys.all where key.condition != nil && checked.insert(key.name).inserted {
      try removeUnlessApplicable(key.name, from: &result, rest, sweptKeys: sweptKeys)
    }
    removeFormsOfOtherKinds(from: &result, sweptKeys: sweptKeys)
    return result
  }

  /// Whether a key that stands alone is the chosen kind's, or tells the kind because the chosen one has no
  /// such key.
  private func tells(_ key: ScenarioKey) -> Bool {
    let chosen = kind(of: key.section)
    let own = keys.declarations(of: key.name).first { $0.condition?.values.contains(chosen) ?? false }
    return own.map { $0 == key } ?? true
  }

  /// Removes the keys beside a key that stands alone. A kind other than the default stays, because it is needed.
  private func removeKeys(
    beside key: ScenarioKey, from result: inout ScenarioNode, sweptKeys: Set<String>
  ) throws {
    guard let value = given(key.name) else { return }
    let chosen = kind(of: key.section)
    let isKindNeeded =
      chosen != keys.defaultKind(of: key.section) && key.condition?.values.contains(chosen) ?? false
    let givesWay = sweptKeys.contains(key.name) || value.origin.isOverride
    for entry in tree.entry(keys.components(of: key.section))?.value.entries ?? []
    where entry.key != key.lastPart && !(entry.key == "kind" && isKindNeeded) {
      let name = "\(key.section).\(entry.key)"
      let isSwept = isSweptAlone(name, by: sweptKeys, selector: key.name)
      guard givesWay, !isSwept, !entry.keyOrigin.isOverride else {
        throw failure(
          name, at: entry.keyOrigin, problem: "not allowed beside \(key.name)",
          expected: "\(key.name) alone",
          remedy: isSwept ? "add --set sweep=null" : "keep \(key.name) or \(name)")
      }
      result.remove(keys.components(of: name))
    }
  }

  /// Removes a key that makes no sense with the chosen kind or mode.
  ///
  /// - Parameter rest: Reads what is left beside keys that stand alone.
  private func removeUnlessApplicable(
    _ name: String, from result: inout ScenarioNode, _ rest: ScenarioReader, sweptKeys: Set<String>
  ) throws {
    let declarations = keys.declarations(of: name)
    guard let entry = result.entry(keys.components(of: name)),
      var condition = declarations.first?.condition, let word = rest.word(deciding: condition)
    else { return }
    condition.values = declarations.flatMap { $0.condition?.values ?? [] }
    if condition.values.contains(word) { return }
    let isSwept = isSweptAlone(name, by: sweptKeys, selector: condition.key)
    guard isReplaced(condition.key, by: sweptKeys), !isSwept, !entry.keyOrigin.isOverride,
      let section = keys.key(named: condition.key)?.section, name.hasPrefix(section + ".")
    else {
      let isOverride = given(condition.key)?.origin.isOverride ?? false
      let selector = Self.lastPart(condition.key)
      throw failure(
        name, at: entry.keyOrigin, value: declarations[0].type == .section ? nil : entry.value.excerpt,
        problem:
          "allowed only with \(condition.description), not \(selector): \(ScenarioError.excerpt(word))",
        expected: "\(condition.description)",
        remedy: isOverride
          ? "add --set \(isSwept ? "sweep" : name)=null"
          : "leave it out, or write \(condition.description)")
    }
    result.remove(keys.components(of: name))
  }

  /// Removes values of keys that the former kind declared with another type.
  private func removeFormsOfOtherKinds(from result: inout ScenarioNode, sweptKeys: Set<String>) {
    for key in keys.all where keys.declarations(of: key.name).count > 1 {
      guard let selector = key.condition?.key, isReplaced(selector, by: sweptKeys),
        !isSweptAlone(key.name, by: sweptKeys, selector: selector),
        let entry = result.entry(keys.components(of: key.name)), !entry.keyOrigin.isOverride,
        (entry.value.entries != nil) != declaration(key.name).type.isMapping
      else { continue }
      result.remove(keys.components(of: key.name))
    }
  }

  /// Whether a sweep is over this key, or one below it, and not over what decides if the key makes sense: its
  /// values would be dropped from all runs.
  private func isSweptAlone(_ key: String, by sweptKeys: Set<String>, selector: String) -> Bool {
    !sweptKeys.contains(selector) && sweptKeys.contains { $0 == key || $0.hasPrefix(key + ".") }
  }

  private func isReplaced(_ key: String, by sweptKeys: Set<String>) -> Bool {
    sweptKeys.contains(key) || (given(key)?.origin.isOverride ?? false)
  }
}
