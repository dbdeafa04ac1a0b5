import Vocabulary

/// Reads keys whose values are small mappings, or lists of texts.
extension ScenarioReader {
  /// The fields of a mapping, each by its type, in the order of their declaration.
  func fields(_ key: String, _ declared: [ScenarioField]) throws -> [ScenarioFieldValue] {
    let node = try node(key)
    let expected = type(key).description
    guard let entries = node.entries else {
      throw failure(
        key, node, expected: expected,
        remedy: "write {\(declared.first.map { "\($0.name): ..." } ?? "")}")
    }
    for entry in entries where !declared.contains(where: { $0.name == entry.key }) {
      throw failure(
        "\(key).\(entry.key)", at: entry.keyOrigin, problem: "unknown key", expected: expected,
        remedy: "write one of \(declared.map(\.name).joined(separator: ", "))")
    }
    return try declared.compactMap { field in
      let name = "\(key).\(field.name)"
      guard let entry = entries.first(where: { $0.key == field.name }) else {
        guard field.isRequired else { return nil }
        throw failure(
          name, node, problem: "missing", expected: field.value.description,
          remedy: "write \(field.name): followed by \(field.value.description)")
      }
      switch field.value {
      case .array:
        return ScenarioFieldValue(name: field.name, value: .path(try path(name, entry.value)))
      case .number(let range):
        let number = try number(name, entry.value, range, expected: field.value.description)
        return ScenarioFieldValue(name: field.name, value: .number(number))
      }
    }
  }

  /// A word, alone or with its argument.
  func choice(
    _ key: String, _ choices: [ScenarioChoice]
  ) throws -> (name: String, argument: ScenarioChoiceArgument) {
    let node = try node(key)
    let expected = type(key).description
    guard let entries = node.entries else {
      return (try word(key, node, among: choices.map(\.name), expected: expected), .none)
    }
    guard entries.count == 1, let entry = entries.first,
      let choice = choices.first(where: { $0.name == entry.key }), let range = choice.number
    else {
      let example = choices.first { $0.number != nil }?.name ?? ""
      throw failure(key, node, expected: expected, remedy: "write a word, or {\(example): 1}")
    }
    if case .scalar(let text, _) = entry.value.content, choice.words.contains(text) {
      return (choice.name, .word(text))
    }
    return (choice.name, .number(try number(key, entry.value, range, expected: expected)))
  }

  /// A list of numbers, or nothing for the word `none`.
  func numbersOrNone(
    _ key: String, _ range: ScenarioValueType.NumberRange, _ count: ClosedRange<Int>
  ) throws -> [Double]? {
    let node = try node(key)
    if case .scalar("none", _) = node.content { return nil }
    let expected = type(key).description
    return try list(key, count).map { try number(key, $0, range, expected: expected) }
  }

  /// A list of numbers, or one number.
  func numberOrNumbers(
    _ key: String, _ range: ScenarioValueType.NumberRange, _ count: ClosedRange<Int>
  ) throws -> [Double] {
    let node = try node(key)
    let expected = type(key).description
    let nodes = if case .scalar = node.content { [node] } else { try list(key, count) }
    return try nodes.map { try number(key, $0, range, expected: expected) }
  }

  /// A list of different printable texts.
  func texts(_ key: String, _ count: ClosedRange<Int>) throws -> [String] {
    var seen: Set<String> = []
    return try list(key, count).map { node in
      guard case .scalar(let text, _) = node.content, !text.isEmpty, text == ScenarioError.escaped(text),
        text.unicodeScalars.count <= 100
      else {
        throw failure(
          key, node, expected: "texts of 1 to 100 printable characters", remedy: "write one in quotes")
      }
      guard seen.insert(text).inserted else {
        throw failure(
          key, node, problem: "given twice", expected: "different texts", remedy: "rename one of them")
      }
      return text
    }
  }
}
