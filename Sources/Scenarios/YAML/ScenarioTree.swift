/// Checks and changes of a scenario's tree before its values are read.
struct ScenarioTree {
  let path: String
  let vocabulary: ScenarioVocabulary

  private var keys: ScenarioKeys { vocabulary.keys }

  // MARK: - Keys

  /// Checks that the tree is made of known keys, and sections of mappings.
  func check(_ tree: ScenarioNode) throws {
    let reader = reader(tree)
    guard let entries = tree.entries else {
      throw reader.failure(
        "scenario", tree, expected: "a mapping of keys at the top", remedy: "write lines of KEY: VALUE")
    }
    try check(entries, section: "", reader)
  }

  private func check(_ entries: [ScenarioNode.Entry], section: String, _ reader: ScenarioReader) throws {
    for entry in entries {
      let name = section.isEmpty ? entry.key : "\(section).\(entry.key)"
      guard let key = keys.key(named: name), !(section.isEmpty && entry.key.contains(".")) else {
        try checkKind(above: name, reader)
        throw unknown(name, isDottedAtTop: section.isEmpty, entry.keyOrigin, reader)
      }
      guard key.type == .section else { continue }
      guard let inner = entry.value.entries else {
        let remedy =
          key.name == "attractors" || key.name == "model" || !entry.value.isNull
          ? Self.example(key.name) : "leave it out, or write keys below it"
        throw reader.failure(key.name, entry.value, expected: key.type.description, remedy: remedy)
      }
      try check(inner, section: name, reader)
    }
  }

  /// Throws if a kind is unknown. This comes before unknown keys of its section, because a key may belong to
  /// that kind.
  private func checkKind(above name: String, _ reader: ScenarioReader) throws {
    let kind = "\(name.prefix { $0 != "." }).kind"
    if keys.key(named: kind) != nil { _ = try reader.word(kind) }
  }

  private static func example(_ section: String) -> String {
    let last = ScenarioReader.lastPart(section)
    switch section {
    case "dataset": return "write dataset: {kind: hierarchical-patterns}"
    case "model": return "write model: {file: FILE} or model: {latent: 20}"
    case "initial.file": return "write file: {path: FILE, variable: NAME}"
    case "attractors": return "write attractors: {} to take the defaults"
    default: return "write \(last): {} to take the defaults"
    }
  }

  private func unknown(
    _ name: String, isDottedAtTop: Bool, _ origin: ScenarioNode.Origin, _ reader: ScenarioReader
  ) -> ScenarioError {
    var remedy = keys.remedy(forUnknown: name)
    if isDottedAtTop, keys.key(named: name) != nil {
      let parts = name.split(separator: ".")
      remedy = "write \(parts.dropLast().joined(separator: ": {")): {\(parts.last ?? ""): ...}"
    }
    return reader.failure(
      name, at: origin, problem: "unknown key", expected: "a known key", remedy: remedy)
  }

  private func reader(_ tree: ScenarioNode) -> ScenarioReader {
    ScenarioReader(path: path, tree: tree, vocabulary: vocabulary, sweepPoint: "")
  }

  // MARK: - Overrides

  /// Applies one `KEY=VALUE` of the command line.
  func apply(_ override: String, to tree: inout ScenarioNode) throws {
    let source = "--set \(override)"
    guard let sign = override.firstIndex(of: "="), sign > override.startIndex else {
      throw ScenarioError(
        path: source, expected: "KEY=VALUE", remedy: "write for instance --set initial.levels=[0,0.5]")
    }
    let key = String(override[..<sign])
    let origin = ScenarioNode.Origin.override(source)
    let reader = reader(tree)
    let components = keys.components(of: key)
    guard keys.isWithinOpaque(key) || keys.key(named: key) != nil else {
      try checkKind(above: key, reader)
      throw unknown(key, isDottedAtTop: false, origin, reader)
    }
    let value = try ScenarioText.tree(
      value: String(override[override.index(after: sign)...]), override: source)
    if value.isNull {
      tree.remove(components)
      return
    }
    guard tree.set(components, to: value, keyOrigin: origin) else {
      throw reader.failure(
        key, at: origin, problem: "an enclosing key of the scenario is not a mapping", expected: "a mapping",
        remedy: "correct the scenario first")
    }
  }

  // MARK: - Keys and places

  /// The dotted keys of a tree that are not sections of the scenario.
  func keys(of tree: ScenarioNode, section: String = "") -> Set<String> {
    var result: Set<String> = []
    for entry in tree.entries ?? [] {
      let name = section.isEmpty ? entry.key : "\(section).\(entry.key)"
      if keys.key(named: name)?.type == .section {
        result.formUnion(self.keys(of: entry.value, section: name))
      } else {
        result.insert(name)
      }
    }
    return result
  }

  /// Notes where each key stands, in the file or on the command line.
  func collectPlaces(_ tree: ScenarioNode, into scenario: inout Scenario, section: String = "") {
    for entry in tree.entries ?? [] {
      let name = section.isEmpty ? entry.key : "\(section).\(entry.key)"
      switch entry.keyOrigin {
      case .file(let location): scenario.locations[name] = location
      case .override(let text): scenario.overriddenKeys[name] = text
      case .table: break
      }
      collectPlaces(entry.value, into: &scenario, section: name)
    }
  }
}
