import Vocabulary

/// Reads the keys that kinds of models and data sets declare, each by its type.
extension ScenarioReader {
  /// The values of a kind's keys: those given, and defaults.
  func values(of keys: [ScenarioKey], declaredBy kind: String, in section: String) throws -> KindValues {
    let alone = keys.first { $0.isExclusive && gives("\(section).\($0.name)") }
    let entries = try keys.compactMap { key -> KindValues.Entry? in
      let isWanted = alone.map { $0 == key } ?? !key.isExclusive
      guard isWanted, !isLeftOut(key, of: keys, in: section), let value = try value(of: key, in: section)
      else { return nil }
      return KindValues.Entry(key: key, value: value)
    }
    return KindValues(
      kind: kind, isDefaultKind: kind == self.keys.defaultKind(of: section), keys: keys.map(\.name),
      entries: entries)
  }

  /// Whether a key is in a section that is not given and has no meaning without what it requires.
  private func isLeftOut(_ key: ScenarioKey, of keys: [ScenarioKey], in section: String) -> Bool {
    !key.section.isEmpty && !gives("\(section).\(key.section)")
      && keys.contains { $0.isRequired && $0.section == key.section }
  }

  /// The value of a key, given or by default; nil where there is neither, and for sections.
  private func value(of key: ScenarioKey, in section: String) throws -> ScenarioValue? {
    if key.type == .section { return nil }
    let name = "\(section).\(key.name)"
    guard gives(name) || key.defaultValue != nil || key.isRequired else { return nil }
    try checkForm(of: key, name)
    switch key.type {
    case .boolean: return .boolean(try boolean(name))
    case .integer: return .integer(try integer(name))
    case .number: return .number(try number(name))
    case .integers: return .integers(try integers(name))
    case .numbers: return .numbers(try numbers(name))
    case .word: return .word(try word(name))
    case .text: return .text(try text(name))
    case .path: return .path(try path(name))
    case .labelGroups(let range): return .labelGroups(try labelGroups(name, range))
    case .texts(let count): return .texts(try texts(name, count))
    case .numbersOrNone(let range, let count):
      return try numbersOrNone(name, range, count).map { .numbers($0) } ?? .noNumbers
    case .numberOrNumbers(let range, let count): return .numbers(try numberOrNumbers(name, range, count))
    case .fields(let declared): return .fields(try fields(name, declared))
    case .choice(let choices):
      let (word, argument) = try choice(name, choices)
      return .choice(word, argument)
    case .section, .name, .seed, .numberOrNone, .words, .corruption, .observables, .items, .sweep, .claims:
      preconditionFailure("the registry refuses keys of this type: \(name)")
    }
  }

  /// Throws if the chosen kind takes a single value and the scenario gives a mapping, which another kind
  /// would take.
  private func checkForm(of key: ScenarioKey, _ name: String) throws {
    guard let node = given(name), node.entries != nil, !key.type.isMapping else { return }
    let others = keys.declarations(of: name).filter(\.type.isMapping).flatMap { $0.condition?.values ?? [] }
    guard !others.isEmpty else { return }
    throw failure(
      name, node, expected: expected(name),
      remedy: "write a single value; a mapping belongs to \(others.joined(separator: " and "))")
  }

  private func labelGroups(_ key: String, _ range: ClosedRange<Int>) throws -> [LabelGroup] {
    let node = try node(key)
    guard let entries = node.entries else {
      throw failure(
        key, node, expected: "a mapping from names to lists of labels",
        remedy: "write {tops: [0, 2], shoes: [7, 9]}")
    }
    var seen: [Int: String] = [:]
    return try entries.map { entry in
      LabelGroup(name: entry.key, labels: try labels(of: entry, in: key, range, seen: &seen))
    }
  }

  private func labels(
    of entry: ScenarioNode.Entry, in key: String, _ range: ClosedRange<Int>, seen: inout [Int: String]
  ) throws -> [Int] {
    let name = "\(key).\(entry.key)"
    let expected = "a list of labels between \(range.lowerBound) and \(range.upperBound)"
    let isTooLong = entry.key.unicodeScalars.count > 100
    guard !entry.key.isEmpty, !isTooLong, entry.key == ScenarioError.escaped(entry.key) else {
      throw failure(
        name, at: entry.keyOrigin, expected: "a name of 1 to 100 printable characters", remedy: "write one")
    }
    guard let list = entry.value.list, !list.isEmpty else {
      throw failure(name, entry.value, expected: expected, remedy: "write \(entry.key): [0, 2]")
    }
    return try list.map { element in
      let label = try integer(name, element, range, expected: expected)
      if let other = seen.updateValue(entry.key, forKey: label) {
        throw failure(
          name, element, problem: "label given twice (first for \(other))", expected: "different labels",
          remedy: "keep one of them")
      }
      return label
    }
  }
}
