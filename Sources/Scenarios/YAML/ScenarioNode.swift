/// A value of a scenario file with the place where it stands.
struct ScenarioNode: Sendable, Hashable {
  enum Content: Sendable, Hashable {
    /// A single value; plain means without quotes.
    case scalar(String, isPlain: Bool)
    case list([ScenarioNode])
    case mapping([Entry])
  }

  /// One key of a mapping with its value.
  struct Entry: Sendable, Hashable {
    var key: String
    var keyOrigin: Origin
    var value: ScenarioNode
  }

  /// Where a key or value comes from.
  enum Origin: Sendable, Hashable {
    case file(SourceLocation)
    /// From the command line, as `--set KEY=VALUE`.
    case override(String)
    case table

    var isOverride: Bool {
      if case .override = self { return true }
      return false
    }
  }

  var content: Content
  var origin: Origin

  static func plain(_ text: String, _ origin: Origin) -> ScenarioNode {
    ScenarioNode(content: .scalar(text, isPlain: true), origin: origin)
  }

  var entries: [Entry]? {
    if case .mapping(let entries) = content { return entries }
    return nil
  }

  var list: [ScenarioNode]? {
    if case .list(let list) = content { return list }
    return nil
  }

  /// The text of an unquoted single value.
  var plainText: String? {
    if case .scalar(let text, isPlain: true) = content { return text }
    return nil
  }

  /// Whether the value is missing (`key:`), `~` or `null`.
  var isNull: Bool {
    guard let plainText else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(plainText)
  }

  /// The value as YAML text on one line.
  var text: String {
    switch content {
    case .scalar(let text, let isPlain):
      return isPlain ? (text.isEmpty ? "null" : text) : ScenarioYAML.quoted(text)
    case .list(let list): return "[" + list.map(\.text).joined(separator: ", ") + "]"
    case .mapping(let entries):
      return "{" + entries.map { "\(ScenarioYAML.text($0.key)): \($0.value.text)" }.joined(separator: ", ")
        + "}"
    }
  }

  /// The beginning of the value as YAML text, for messages; does not visit more of a long value than needed.
  var excerpt: String {
    switch content {
    case .list(let list) where list.count > 40:
      return ScenarioNode(content: .list(Array(list[..<40])), origin: origin).text
    case .mapping(let entries) where entries.count > 20:
      return ScenarioNode(content: .mapping(Array(entries[..<20])), origin: origin).text
    default: return text
    }
  }

  /// The entry at a path of keys.
  func entry(_ path: [String]) -> Entry? {
    guard let first = path.first, let found = entries?.first(where: { $0.key == first }) else { return nil }
    return path.count == 1 ? found : found.value.entry(Array(path.dropFirst()))
  }

  /// Removes the entry at a path of keys.
  mutating func remove(_ path: [String]) {
    guard case .mapping(var entries) = content, let first = path.first,
      let index = entries.firstIndex(where: { $0.key == first })
    else { return }
    if path.count == 1 {
      entries.remove(at: index)
    } else {
      entries[index].value.remove(Array(path.dropFirst()))
    }
    content = .mapping(entries)
  }

  /// Sets the value at a path of keys, making mappings on the way.
  ///
  /// Returns false, and changes nothing, where something else than a mapping is in the way.
  mutating func set(_ path: [String], to value: ScenarioNode, keyOrigin: Origin) -> Bool {
    guard let first = path.first else { return false }
    if isNull { content = .mapping([]) }
    guard case .mapping(var entries) = content else { return false }
    let index = entries.firstIndex { $0.key == first }
    if path.count == 1 {
      let entry = Entry(key: first, keyOrigin: keyOrigin, value: value)
      if let index { entries[index] = entry } else { entries.append(entry) }
    } else {
      let empty = ScenarioNode(content: .mapping([]), origin: keyOrigin)
      var entry = index.map { entries[$0] } ?? Entry(key: first, keyOrigin: keyOrigin, value: empty)
      guard entry.value.set(Array(path.dropFirst()), to: value, keyOrigin: keyOrigin) else { return false }
      if let index { entries[index] = entry } else { entries.append(entry) }
    }
    content = .mapping(entries)
    return true
  }
}
