import Vocabulary

/// The sweep of a scenario: its keys with their values, and the scenario of each combination.
struct ScenarioSweep {

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
    reader = ScenarioReader(path: scenario.path, tree: tree, vocabulary: vocabulary, sweepPoint: "")
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
    guard reader.keys.key(named: entry.key) != nil else {
      throw reader.failure(
        name, at: entry.keyOrigin, problem: "unknown key", expected: "a known key",
        remedy: reader.keys.remedy(forUnknown: entry.key))
    }
    let key = reader.declaration(entry.key)
    // What all runs share, because they share a file.
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
    guard list.count <= Scenario.maximumRuns, count <= Scenario.maximumRuns else {
      throw reader.failure(
        name, at: entry.keyOrigin, expected: "at most \(Scenario.maximumRuns) runs in one sweep",
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
    let last = keys.count - 1
    let order = keys[last].order
    keys[last].values = order.map { keys[last].values[$0] }
    nodes[last] = order.map { list[$0] }
  }

  /// A value's text in one form for equal values: numbers in their shortest, paths absolute.
  private func text(of node: ScenarioNode, _ key: ScenarioKey) throws -> String {
    guard !node.isNull else {
      throw reader.failure(
        "sweep.\(key.name)", node, expected: key.type.description, remedy: "write a value, or leave it out")
    }
    // Kinds may give the key different types, and the kind may be swept as well.
    if reader.keys.declarations(of: key.name).count > 1 { return canonical(node).text }
    switch key.type {
    case .numbers(let range, _) where key.name == "initial.levels" && node.list != nil:
      // Their order means nothing, so that the same levels in another order are the same value.
      let levels = try (node.list ?? []).map {
        try reader.number(key.name, $0, range, expected: key.type.description)
      }
      return "[\(levels.sorted().map { ScenarioYAML.text($0) }.joined(separator: ", "))]"
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
    var assignments: [String] = []
    for position in keys.indices.reversed() {
      let node = nodes[position][indices[position]]
      let value = keys[position].values[indices[position]]
      let key = keys[position].key
      assignments.append("\(key): \(ScenarioError.excerpt(value))")
      guard tree.set(reader.keys.components(of: key), to: node, keyOrigin: node.origin) else {
        preconditionFailure("sections were checked to be mappings")
      }
    }
    let sweepPoint = keys.isEmpty ? "" : assignments.reversed().joined(separator: ", ")
    return try ScenarioLoader.read(
      tree, path: reader.path, vocabulary: reader.vocabulary, sweptKeys: Set(keys.map(\.key)),
      sweepPoint: sweepPoint
    ).0
  }
}
