import Output

/// Checks and changes of a scenario's tree before its values are read.
enum ScenarioTree {
  private static let lists = "('simulate list keys' lists all keys)"

  // MARK: - Keys

  /// Checks that the tree is made of known keys, and sections of mappings.
  static func check(_ tree: ScenarioNode, path: String) throws {
    let reader = reader(tree, path)
    guard let entries = tree.entries else {
      throw reader.failure(
        "scenario", tree, expected: "a mapping of keys at the top", remedy: "write lines of KEY: VALUE")
    }
    try check(entries, section: "", reader)
  }

  private static func check(_ entries: [ScenarioNode.Entry], section: String, _ reader: ScenarioReader) throws
  {
    for entry in entries {
      let name = section.isEmpty ? entry.key : "\(section).\(entry.key)"
      guard let key = ScenarioKeys.byName[name], !(section.isEmpty && entry.key.contains(".")) else {
        throw unknown(name, isDottedAtTop: section.isEmpty, entry.keyOrigin, reader)
      }
      guard key.type == .section else { continue }
      guard let inner = entry.value.entries else {
        let remedy =
          key.name == "attractors" || key.name == "model" || !entry.value.isNull
          ? example(key.name) : "leave it out, or write keys below it"
        throw reader.failure(key.name, entry.value, expected: key.type.description, remedy: remedy)
      }
      try check(inner, section: name, reader)
    }
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

  private static func unknown(
    _ name: String, isDottedAtTop: Bool, _ origin: ScenarioNode.Origin, _ reader: ScenarioReader
  ) -> ScenarioError {
    var remedy = lists
    if isDottedAtTop, ScenarioKeys.byName[name] != nil {
      let parts = name.split(separator: ".")
      remedy = "write \(parts.dropLast().joined(separator: ": {")): {\(parts.last ?? ""): ...}"
    } else if let near = ScenarioKeys.nearest(to: name) {
      remedy = "did you mean '\(near)'? \(lists)"
    }
    return reader.failure(
      name, at: origin, problem: "unknown key", expected: "a known key", remedy: remedy)
  }

  private static func reader(_ tree: ScenarioNode, _ path: String) -> ScenarioReader {
    ScenarioReader(
      path: path, tree: tree, vocabulary: ScenarioVocabulary(observables: [], corruptions: []),
      circumstance: "")
  }

  // MARK: - Overrides

  /// Applies one `KEY=VALUE` of the command line.
  static func apply(_ override: String, to tree: inout ScenarioNode, path: String) throws {
    let source = "--set \(override)"
    guard let sign = override.firstIndex(of: "="), sign > override.startIndex else {
      throw ScenarioError(
        path: source, expected: "KEY=VALUE", remedy: "write for instance --set initial.levels=[0,0.5]")
    }
    let key = String(override[..<sign])
    let origin = ScenarioNode.Origin.override(source)
    let reader = reader(tree, path)
    let components = ScenarioKeys.components(of: key)
    let isInner = ["sweep.", "dataset.superclasses.", "claims."].contains { key.hasPrefix($0) }
    guard isInner || ScenarioKeys.byName[key] != nil else {
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
        key, at: origin, problem: "an enclosing key of the scenario is no mapping", expected: "a mapping",
        remedy: "correct the scenario first")
    }
  }

  // MARK: - Keys and places

  /// The dotted keys of a tree that are no sections of the scenario.
  static func keys(of tree: ScenarioNode, section: String = "") -> Set<String> {
    var result: Set<String> = []
    for entry in tree.entries ?? [] {
      let name = section.isEmpty ? entry.key : "\(section).\(entry.key)"
      if ScenarioKeys.byName[name]?.type == .section {
        result.formUnion(keys(of: entry.value, section: name))
      } else {
        result.insert(name)
      }
    }
    return result
  }

  /// Notes where each key stands, in the file or on the command line.
  static func collectPlaces(_ tree: ScenarioNode, into scenario: inout Scenario, section: String = "") {
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

/// The sweep of a scenario: its keys with their values, and the scenario of each combination.
struct ScenarioSweep {
  static let maximumRuns = 10_000

  /// The swept keys with their values as YAML text.
  private(set) var keys: [SweptKey] = []
  private var nodes: [[ScenarioNode]] = []
  private var base: ScenarioNode
  private let reader: ScenarioReader

  /// The number of combinations; 1 without a sweep.
  var count: Int { nodes.reduce(1) { $0 * $1.count } }

  /// - Parameters:
  ///   - tree: The scenario's tree without pointless keys.
  ///   - scenario: What has been read from it.
  init(_ tree: ScenarioNode, scenario: Scenario, vocabulary: ScenarioVocabulary) throws {
    base = tree
    base.remove(["sweep"])
    reader = ScenarioReader(path: scenario.path, tree: tree, vocabulary: vocabulary, circumstance: "")
    guard let sweep = reader.given("sweep") else { return }
    guard let entries = sweep.entries, !entries.isEmpty else {
      throw reader.failure(
        "sweep", sweep, expected: "a mapping from dotted keys to lists of values",
        remedy: "write sweep: {model.latent: [5, 20]}, or leave it out")
    }
    // All runs share one file, and hence their observables.
    if !reader.gives("observables") {
      let words = scenario.observables.map { ScenarioNode.plain($0, .table) }
      _ = base.set(
        ["observables"], to: ScenarioNode(content: .list(words), origin: .table), keyOrigin: .table)
    }
    for entry in entries { try append(entry) }
  }

  private mutating func append(_ entry: ScenarioNode.Entry) throws {
    let name = "sweep.\(entry.key)"
    guard let key = ScenarioKeys.byName[entry.key] else {
      let near = ScenarioKeys.nearest(to: entry.key).map { "did you mean '\($0)'? " } ?? ""
      throw reader.failure(
        name, at: entry.keyOrigin, problem: "unknown key", expected: "a known key",
        remedy: near + "('simulate list keys' lists all keys)")
    }
    // What all runs share, for they share a file.
    let shared = ["name", "description", "sweep", "claims", "controls", "model.replicas"]
    let isFixed = shared.contains(key.name) || key.name.hasPrefix("output.")
    guard key.type != .section, !isFixed else {
      throw reader.failure(
        name, at: entry.keyOrigin, problem: "cannot be swept",
        expected: "a key with a value of its own per run, not one that all runs in the file share",
        remedy: key.type == .section ? "sweep a key of the section, such as model.latent" : "leave it out")
    }
    if let override = reader.given(key.name)?.origin, override.isOverride {
      throw reader.failure(
        key.name, at: override, problem: "swept by the scenario", expected: "a key that is not swept",
        remedy: "add --set sweep=null, or sweep this key by --set sweep.\(key.name)=[...] only")
    }
    guard let list = entry.value.list, !list.isEmpty else {
      throw reader.failure(
        name, entry.value, expected: "a list of at least one value",
        remedy: entry.value.list == nil && !entry.value.isNull
          ? "write \(entry.key): [\(entry.value.excerpt)]" : "write values in brackets, or leave the key out")
    }
    keys.append(SweptKey(key: entry.key, values: []))
    nodes.append(list)
    guard list.count <= Self.maximumRuns, count <= Self.maximumRuns else {
      throw reader.failure(
        name, at: entry.keyOrigin, expected: "at most \(Self.maximumRuns) runs in one sweep",
        remedy: "sweep fewer values")
    }
    var seen: Set<String> = []
    for node in list {
      let text = try text(of: node, key)
      guard seen.insert(text).inserted else {
        throw reader.failure(
          name, node, problem: "given twice", expected: "different values", remedy: "keep one of them")
      }
      keys[keys.count - 1].values.append(text)
    }
  }

  /// A value's text in one form for equal values: numbers in their shortest, paths absolute.
  private func text(of node: ScenarioNode, _ key: ScenarioKey) throws -> String {
    guard !node.isNull else {
      throw reader.failure(
        "sweep.\(key.name)", node, expected: key.type.description, remedy: "write a value, or leave it out")
    }
    switch key.type {
    case .path: return ScenarioYAML.text(try reader.path(key.name, node))
    case .integer(let range):
      return "\(try reader.integer(key.name, node, range, expected: key.type.description))"
    case .number(let range):
      return ScenarioYAML.text(try reader.number(key.name, node, range, expected: key.type.description))
    default: return canonical(node).text
    }
  }

  private func canonical(_ node: ScenarioNode) -> ScenarioNode {
    switch node.content {
    case .list(let list):
      return ScenarioNode(content: .list(list.map { canonical($0) }), origin: node.origin)
    case .scalar(let text, isPlain: true) where ScenarioScalars.isNumeral(text):
      if let number = try? ScenarioScalars.number(node), abs(number) < 9_007_199_254_740_992 {
        return .plain(ScenarioYAML.text(number), node.origin)
      }
      return node
    case .scalar(let text, _) where ScenarioYAML.text(text) == text: return .plain(text, node.origin)
    case .scalar(let text, isPlain: true)
    where text.unicodeScalars.contains(where: { "#:,[]{}\"'\\&*!|>%@`".unicodeScalars.contains($0) }):
      return ScenarioNode(content: .scalar(text, isPlain: false), origin: node.origin)
    default: return node
    }
  }

  /// The scenario of one combination of values.
  func point(_ index: Int) throws -> Scenario {
    var tree = base
    let indices = RowMajorShape(nodes.map(\.count)).indices(of: index)
    var circumstances: [String] = []
    for position in keys.indices.reversed() {
      let node = nodes[position][indices[position]]
      let value = keys[position].values[indices[position]]
      let key = keys[position].key
      circumstances.append("\(key): \(ScenarioError.excerpt(value))")
      guard tree.set(ScenarioKeys.components(of: key), to: node, keyOrigin: node.origin) else {
        preconditionFailure("sections were checked to be mappings")
      }
    }
    let circumstance = keys.isEmpty ? "" : circumstances.reversed().joined(separator: ", ")
    return try ScenarioLoader.read(
      tree, path: reader.path, vocabulary: reader.vocabulary, soft: Set(keys.map(\.key)),
      circumstance: circumstance
    ).0
  }
}
