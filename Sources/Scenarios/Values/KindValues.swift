import Vocabulary

/// The checked values of the keys that a kind of models or data sets declares.
///
/// Reading a key that the kind does not declare, or as another type, is a programmer's error and traps.
public struct KindValues: Sendable, Hashable {
  /// A key with its value.
  struct Entry: Sendable, Hashable {
    var key: ScenarioKey
    var value: ScenarioValue
  }

  /// The kind's name.
  public let kind: String
  /// Whether a scenario that names no kind means this one.
  let isDefaultKind: Bool
  /// The names of the keys that the kind declares.
  private let declared: Set<String>
  /// In the kind's order of keys; keys that are neither given nor have a default are missing.
  let entries: [Entry]

  init(kind: String, isDefaultKind: Bool, keys: [String], entries: [Entry]) {
    self.kind = kind
    self.isDefaultKind = isDefaultKind
    declared = Set(keys)
    self.entries = entries
  }

  /// Values of a kind's keys, for programs and tests that make kinds without a scenario.
  ///
  /// - Parameters:
  ///   - kind: The name of the kind.
  ///   - keys: The keys that the kind declares.
  ///   - values: The values of some of them, by name.
  public init(kind: String, keys: [ScenarioKey], values: [String: ScenarioValue]) {
    self.init(
      kind: kind, isDefaultKind: false, keys: keys.map(\.name),
      entries: keys.compactMap { key in values[key.name].map { Entry(key: key, value: $0) } })
  }

  /// Whether there is a value, given or by default.
  ///
  /// - Parameter name: The key without the name of the section.
  public func contains(_ name: String) -> Bool { self[name] != nil }

  /// The value of a key; nil where it is neither given nor has a default.
  public subscript(_ name: String) -> ScenarioValue? {
    precondition(declared.contains(name), "the kind \(kind) declares no such key: \(name)")
    return entries.first { $0.key.name == name }?.value
  }

  /// The key that stands for itself, without the others of the section, and its value; nil where it is not given.
  var exclusive: Entry? { entries.first { $0.key.isExclusive } }

  /// Whether the kind is told by such a key, such as `model.file`.
  public var isExclusive: Bool { exclusive != nil }

  /// The names of files whose contents count.
  public var inputPaths: [String] {
    entries.filter { $0.key.influence == .fileContents }.flatMap { entry in
      if case .path(let path) = entry.value { return [path] }
      return entry.value.arrays.map { ArrayReference($0).file }
    }
  }

  /// The arrays in files that the values name.
  package var arrays: [ArrayReference] { entries.flatMap { $0.value.arrays.map { ArrayReference($0) } } }

  private func required<Value>(_ name: String, _ value: (ScenarioValue) -> Value?) -> Value {
    guard let found = self[name], let result = value(found) else {
      preconditionFailure("the kind \(kind) declares \(name) with another type, or it has no value")
    }
    return result
  }

  /// The value of a key of type `boolean`.
  public func boolean(_ name: String) -> Bool {
    required(name) { if case .boolean(let value) = $0 { value } else { nil } }
  }

  /// The value of a key of type `integer`.
  public func integer(_ name: String) -> Int {
    required(name) { if case .integer(let value) = $0 { value } else { nil } }
  }

  /// The value of a key of type `number`.
  public func number(_ name: String) -> Double {
    required(name) { if case .number(let value) = $0 { value } else { nil } }
  }

  /// The value of a key of type `integers`.
  public func integers(_ name: String) -> [Int] {
    required(name) { if case .integers(let value) = $0 { value } else { nil } }
  }

  /// The value of a key of type `numbers`.
  public func numbers(_ name: String) -> [Double] {
    required(name) { if case .numbers(let value) = $0 { value } else { nil } }
  }

  /// The value of a key of type `word`, as a case of an enumeration.
  public func word<Choice: RawRepresentable>(_ name: String, as type: Choice.Type) -> Choice
  where Choice.RawValue == String {
    required(name) { if case .word(let value) = $0 { Choice(rawValue: value) } else { nil } }
  }

  /// The value of a key of type `text` without a default; nil where it is not given.
  public func optionalText(_ name: String) -> String? { contains(name) ? text(name) : nil }

  /// The value of a key of type `text`.
  public func text(_ name: String) -> String {
    required(name) { if case .text(let value) = $0 { value } else { nil } }
  }

  /// The value of a key of type `path`, absolute.
  public func path(_ name: String) -> String {
    required(name) { if case .path(let value) = $0 { value } else { nil } }
  }

  /// The value of a key of type `integer` without a default; nil where it is not given.
  public func optionalInteger(_ name: String) -> Int? { contains(name) ? integer(name) : nil }

  /// The value of a key of type `word` as text.
  public func word(_ name: String) -> String {
    required(name) { if case .word(let value) = $0 { value } else { nil } }
  }

  /// The value of a key of type `integers` without a default; nil where it is not given.
  public func optionalIntegers(_ name: String) -> [Int]? { contains(name) ? integers(name) : nil }

  /// The value of a key of type `texts` without a default; nil where it is not given.
  public func optionalTexts(_ name: String) -> [String]? {
    guard let value = self[name] else { return nil }
    guard case .texts(let texts) = value else { preconditionFailure("\(name) is no key of type texts") }
    return texts
  }

  /// The field of a key of type `fields`; nil where the key or the field is not given.
  public func field(_ name: String, of key: String) -> ScenarioValue? {
    guard case .fields(let fields)? = self[key] else { return nil }
    return fields.first { $0.name == name }?.value
  }

  /// The value of a key of type `choice`.
  public func choice(_ name: String) -> (name: String, argument: ScenarioChoiceArgument) {
    required(name) { if case .choice(let word, let argument) = $0 { (word, argument) } else { nil } }
  }

  /// The value of a key of type `labelGroups`.
  public func labelGroups(_ name: String) -> [LabelGroup] {
    required(name) { if case .labelGroups(let value) = $0 { value } else { nil } }
  }
}

/// The value of one key, by its type.
public indirect enum ScenarioValue: Sendable, Hashable {
  /// Of type `boolean`.
  case boolean(Bool)
  /// Of type `integer`.
  case integer(Int)
  /// Of type `number`.
  case number(Double)
  /// Of type `integers`.
  case integers([Int])
  /// Of type `numbers`.
  case numbers([Double])
  /// Of type `word`.
  case word(String)
  /// Of type `text`.
  case text(String)
  /// Of type `path`, absolute.
  case path(String)
  /// Of type `labelGroups`.
  case labelGroups([LabelGroup])
  /// Of type `texts`.
  case texts([String])
  /// The word `none` of type `numbersOrNone`; lists of numbers are `numbers`.
  case noNumbers
  /// Of type `fields`; arrays are paths, absolute.
  case fields([ScenarioFieldValue])
  /// Of type `choice`.
  case choice(String, ScenarioChoiceArgument)

  /// The arrays in files that the value names, each with an absolute path.
  var arrays: [String] {
    guard case .fields(let fields) = self else { return [] }
    return fields.compactMap { if case .path(let path) = $0.value { path } else { nil } }
  }

  /// The value as YAML text on one line.
  package var yaml: String {
    switch self {
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): ScenarioYAML.text(value)
    case .integers(let values): "\(values)"
    case .numbers(let values): "[" + values.map { ScenarioYAML.text($0) }.joined(separator: ", ") + "]"
    case .word(let value), .text(let value), .path(let value): ScenarioYAML.text(value)
    case .labelGroups(let groups):
      "{" + groups.map { "\(ScenarioYAML.text($0.name)): \($0.labels)" }.joined(separator: ", ") + "}"
    case .texts(let texts): "[" + texts.map { ScenarioYAML.text($0) }.joined(separator: ", ") + "]"
    case .noNumbers: "none"
    case .fields(let fields):
      "{" + fields.map { "\(ScenarioYAML.text($0.name)): \($0.value.yaml)" }.joined(separator: ", ") + "}"
    case .choice(let word, .none): ScenarioYAML.text(word)
    case .choice(let word, .number(let number)): "{\(word): \(ScenarioYAML.text(number))}"
    case .choice(let word, .word(let argument)): "{\(word): \(argument)}"
    }
  }
}

/// A field of a key of type `fields`, with its value.
public struct ScenarioFieldValue: Sendable, Hashable {
  /// The field's name.
  public var name: String
  /// A path or a number.
  public var value: ScenarioValue

  /// Makes a value.
  public init(name: String, value: ScenarioValue) {
    self.name = name
    self.value = value
  }
}

/// A named group of class labels, such as a superclass.
public struct LabelGroup: Sendable, Hashable {
  /// What the group is called.
  public var name: String
  /// Its labels.
  public var labels: [Int]

  /// Makes a group.
  public init(name: String, labels: [Int]) {
    self.name = name
    self.labels = labels
  }
}
