import Vocabulary

/// Reads typed values of a scenario's tree by dotted key, by the types and defaults of the table of keys.
struct ScenarioReader {
  let path: String
  let tree: ScenarioNode
  let vocabulary: ScenarioVocabulary
  /// What distinguishes this point of a sweep, for messages; empty outside sweeps.
  let sweepPoint: String

  var keys: ScenarioKeys { vocabulary.keys }

  // MARK: - Errors

  /// An error at a node's place. For a default, or if there is no node, the place is that of the nearest key
  /// in the file.
  func failure(
    _ key: String, _ node: ScenarioNode? = nil, problem: String? = nil, expected: String, remedy: String
  ) -> ScenarioError {
    let shown = node.flatMap { $0.origin == .table && problem != nil ? nil : $0.excerpt }
    let origin = node.flatMap { $0.origin == .table ? nil : $0.origin } ?? nearestOrigin(key)
    return failure(key, at: origin, value: shown, problem: problem, expected: expected, remedy: remedy)
  }

  /// An error at a place.
  func failure(
    _ key: String, at origin: ScenarioNode.Origin, value: String? = nil, problem: String? = nil,
    expected: String, remedy: String
  ) -> ScenarioError {
    var error = ScenarioError(
      path: path, key: key, value: value, problem: problem, expected: expected,
      remedy: sweepPoint.isEmpty ? remedy : "\(remedy) (in the sweep's run with \(sweepPoint))")
    switch origin {
    case .file(let location):
      error.line = location.line
      error.column = location.column
    case .override(let text): error.path = text
    case .table: break
    }
    return error
  }

  /// The place of a key, or of the nearest enclosing section, or of the whole.
  func nearestOrigin(_ key: String) -> ScenarioNode.Origin {
    var path = keys.components(of: key)
    while !path.isEmpty {
      if let entry = tree.entry(path) { return entry.keyOrigin }
      path.removeLast()
    }
    return tree.origin
  }

  // MARK: - Nodes

  /// Whether the scenario gives the key itself.
  func gives(_ key: String) -> Bool { given(key) != nil }

  /// The value that the scenario gives, if any.
  func given(_ key: String) -> ScenarioNode? { tree.entry(keys.components(of: key))?.value }

  /// The value given, or the default.
  func node(_ key: String) throws -> ScenarioNode {
    if let node = given(key) ?? keys.defaultNode(of: declaration(key)) { return node }
    let expected = type(key).description
    throw failure(
      key, problem: "missing", expected: expected,
      remedy: "write \(Self.lastPart(key)): followed by \(expected)")
  }

  /// The declaration of a key: where kinds give it different types, that of the chosen kind.
  func declaration(_ key: String) -> ScenarioKey {
    let candidates = keys.declarations(of: key)
    guard let first = candidates.first else { preconditionFailure("no such key: \(key)") }
    guard candidates.count > 1 else { return first }
    return candidates.first { isMet($0.condition) } ?? first
  }

  /// Whether a key applies in this scenario.
  func isMet(_ condition: ScenarioKey.Condition?) -> Bool {
    guard let condition else { return true }
    return word(deciding: condition).map(condition.values.contains) ?? false
  }

  /// The word that decides a condition; nil if the value is not a word.
  func word(deciding condition: ScenarioKey.Condition) -> String? {
    if let section = keys.kindSection(of: condition.key) { return kind(of: section) }
    guard case .scalar(let word, _)? = (try? node(condition.key))?.content else { return nil }
    return word
  }

  /// The kind of a section: the one that it names, or the one that has the given stand-alone key, or the default.
  func kind(of section: String) -> String {
    if case .scalar(let word, _)? = given(section + ".kind")?.content { return word }
    let usual = keys.defaultKind(of: section)
    guard let alone = keys.all.first(where: { $0.isExclusive && $0.section == section && gives($0.name) }),
      let kinds = alone.condition?.values, !kinds.contains(usual)
    else { return usual }
    return kinds[0]
  }

  func type(_ key: String) -> ScenarioValueType { declaration(key).type }

  /// The type of a key's values in words, with the kind if kinds give the key different types.
  func expected(_ key: String) -> String {
    let declaration = declaration(key)
    guard keys.declarations(of: key).count > 1, let condition = declaration.condition else {
      return declaration.type.description
    }
    return "\(declaration.type.description) (\(condition.description))"
  }

  static func lastPart(_ key: String) -> String { key.split(separator: ".").last.map(String.init) ?? key }

  // MARK: - Single values

  func boolean(_ key: String) throws -> Bool {
    let node = try node(key)
    do throws(ScenarioScalars.Refusal) { return try ScenarioScalars.boolean(node) } catch {
      throw failure(key, node, expected: type(key).description, remedy: error.remedy)
    }
  }

  func integer(_ key: String) throws -> Int {
    guard case .integer(let range) = type(key) else { preconditionFailure("not an integer: \(key)") }
    return try integer(key, try node(key), range, expected: expected(key))
  }

  func seed(_ key: String) throws -> UInt64 {
    let node = try node(key)
    let expected = type(key).description
    let value: (isNegative: Bool, magnitude: UInt64)
    do throws(ScenarioScalars.Refusal) { value = try ScenarioScalars.integer(node) } catch {
      throw failure(key, node, expected: expected, remedy: error.remedy)
    }
    guard !value.isNegative else {
      throw failure(key, node, expected: expected, remedy: "leave the sign out")
    }
    return value.magnitude
  }

  func number(_ key: String) throws -> Double {
    guard case .number(let range) = type(key) else { preconditionFailure("not a number: \(key)") }
    return try number(key, try node(key), range, expected: type(key).description)
  }

  /// A number, or nil for the word `none`.
  func numberOrNone(_ key: String) throws -> Double? {
    guard case .numberOrNone(let range) = type(key) else {
      preconditionFailure("not a number or none: \(key)")
    }
    let node = try node(key)
    if case .scalar("none", _) = node.content { return nil }
    return try number(key, node, range, expected: type(key).description)
  }

  func text(_ key: String) throws -> String {
    let node = try node(key)
    guard case .scalar(let text, let isPlain) = node.content, !isPlain || text.isEmpty || !node.isNull else {
      throw failure(key, node, expected: type(key).description, remedy: "put the text in double quotes")
    }
    return text
  }

  /// A text that is not empty, if the scenario gives one.
  func optionalText(_ key: String) throws -> String? {
    guard let node = given(key) else { return nil }
    let text = try text(key)
    guard !text.isEmpty else {
      throw failure(
        key, node, expected: "a text that is not empty", remedy: "write one, or leave the key out")
    }
    return text
  }

  /// A word of the table's list.
  func word(_ key: String) throws -> String {
    guard case .word(let words) = type(key) else { preconditionFailure("not a word: \(key)") }
    return try word(key, try node(key), among: words, expected: type(key).description)
  }

  /// A word as a case of an enumeration.
  func word<Choice: RawRepresentable>(_ key: String, as: Choice.Type) throws -> Choice
  where Choice.RawValue == String {
    guard let choice = Choice(rawValue: try word(key)) else {
      preconditionFailure("table and type differ: \(key)")
    }
    return choice
  }

  /// A word, or a list of different words, as cases of an enumeration.
  func words<Choice: RawRepresentable>(_ key: String, as: Choice.Type) throws -> [Choice]
  where Choice.RawValue == String {
    guard case .words(let words) = type(key) else { preconditionFailure("not a list of words: \(key)") }
    let node = try node(key)
    var choices: [Choice] = []
    for element in node.list ?? [node] {
      let word = try word(key, element, among: words, expected: type(key).description)
      guard let choice = Choice(rawValue: word) else { preconditionFailure("table and type differ: \(key)") }
      guard !choices.contains(where: { $0.rawValue == word }) else {
        throw failure(
          key, element, problem: "given twice", expected: "different words", remedy: "keep one of them")
      }
      choices.append(choice)
    }
    return choices
  }

  func word(_ key: String, _ node: ScenarioNode, among words: [String], expected: String) throws -> String {
    guard case .scalar(let text, _) = node.content else {
      throw failure(key, node, expected: expected, remedy: "write a single word such as \(words.first ?? "")")
    }
    guard words.contains(text) else {
      let near = Spelling.nearest(to: text, among: words)
      throw failure(
        key, node, expected: expected, remedy: near.map { "did you mean '\($0)'?" } ?? "write one of them")
    }
    return text
  }

  // MARK: - Elements of lists

  func integer(
    _ key: String, _ node: ScenarioNode, _ range: ClosedRange<Int>, expected: String
  ) throws -> Int {
    let value: (isNegative: Bool, magnitude: UInt64)
    do throws(ScenarioScalars.Refusal) { value = try ScenarioScalars.integer(node) } catch {
      throw failure(key, node, expected: expected, remedy: error.remedy)
    }
    let integer = Int(exactly: value.magnitude).map { value.isNegative ? -$0 : $0 }
    guard let integer, range.contains(integer) else {
      let isLow = value.isNegative || (integer.map { $0 < range.lowerBound } ?? false)
      throw failure(
        key, node, expected: expected,
        remedy: isLow ? "write \(range.lowerBound) or more" : "write \(range.upperBound) or less")
    }
    return integer
  }

  func number(
    _ key: String, _ node: ScenarioNode, _ range: ScenarioValueType.NumberRange, expected: String
  ) throws -> Double {
    let number: Double
    do throws(ScenarioScalars.Refusal) { number = try ScenarioScalars.number(node) } catch {
      throw failure(key, node, expected: expected, remedy: error.remedy)
    }
    guard range.contains(number) else {
      let bound =
        number > range.upper
        ? "\(ScenarioYAML.text(range.upper)) or less" : "\(ScenarioYAML.text(range.lower)) or more"
      let low = range.excludesLower && number <= range.lower
      throw failure(
        key, node, expected: expected,
        remedy: low ? "write more than \(ScenarioYAML.text(range.lower))" : "write \(bound)")
    }
    return number
  }

  func integers(_ key: String) throws -> [Int] {
    guard case .integers(let range, let count) = type(key) else {
      preconditionFailure("not integers: \(key)")
    }
    let expected = type(key).description
    return try list(key, count).map { try integer(key, $0, range, expected: expected) }
  }

  func numbers(_ key: String) throws -> [Double] {
    guard case .numbers(let range, let count) = type(key) else { preconditionFailure("not numbers: \(key)") }
    let expected = type(key).description
    return try list(key, count).map { try number(key, $0, range, expected: expected) }
  }

  /// The elements of a list of a permitted length.
  func list(_ key: String, _ count: ClosedRange<Int>) throws -> [ScenarioNode] {
    let node = try node(key)
    let expected = type(key).description
    guard let list = node.list else {
      let isOnlyElement = node.entries == nil && !node.isNull && count.contains(1)
      throw failure(
        key, node, expected: expected,
        remedy: isOnlyElement ? "write \(Self.lastPart(key)): [\(node.excerpt)]" : "write a list in brackets")
    }
    guard count.contains(list.count) else {
      let remedy =
        list.isEmpty
        ? "write at least one element" : "this has \(list.count) element\(list.count == 1 ? "" : "s")"
      throw failure(key, node, expected: expected, remedy: remedy)
    }
    return list
  }
}

extension ScenarioNode {
  /// The same value with another origin throughout.
  func withOrigin(_ origin: Origin) -> ScenarioNode {
    switch content {
    case .scalar: return ScenarioNode(content: content, origin: origin)
    case .list(let list):
      return ScenarioNode(content: .list(list.map { $0.withOrigin(origin) }), origin: origin)
    case .mapping(let entries):
      let changed = entries.map { Entry(key: $0.key, keyOrigin: origin, value: $0.value.withOrigin(origin)) }
      return ScenarioNode(content: .mapping(changed), origin: origin)
    }
  }
}
