/// One key of a scenario file.
public struct ScenarioKey: Sendable, Hashable {
  /// A key that must have one of a few values for another key to make sense.
  public struct Condition: Sendable, Hashable {
    /// The dotted key that decides.
    public var key: String
    /// The values with which the other key makes sense.
    public var values: [String]

    /// The condition in words, such as `dataset.kind: idx`.
    public var description: String { "\(key): \(values.joined(separator: " or "))" }
  }

  /// What changes with a key's value.
  public enum Influence: Sendable, Hashable {
    /// The run's numbers, and what it takes in time and memory.
    case numbersAndCost
    /// The run's numbers alone.
    case numbers
    /// The contents of the file that the value names. They are hashed, so the path itself changes nothing.
    case fileContents
    /// Names and places; no number.
    case nothing
  }

  /// The dotted name, as in `--set`.
  public var name: String
  /// What kind of value the key takes.
  public var type: ScenarioValueType
  /// The default as YAML text; nil where the key is required or where leaving it out means none.
  public var defaultValue: String?
  /// Whether the key must be given (where its condition and its enclosing section apply).
  public var isRequired: Bool
  /// One line on what the key means.
  public var meaning: String
  /// Where the key makes sense; nil: always.
  public var condition: Condition?
  /// What changes with its value.
  public var influence: Influence
  /// Whether the key stands alone: where it is given, the other keys of its section make no sense.
  public var isExclusive: Bool

  /// Makes a key that a kind of models or data sets declares.
  ///
  /// - Parameters:
  ///   - name: Without the name of the section; `noise.amount` is a key of the section `noise`, which is declared
  ///     before its keys.
  ///   - type: What it takes: a section, or what `KindValues` can give.
  ///   - defaultValue: As YAML text; nil where leaving the key out means none.
  ///   - meaning: One line, without a full stop.
  ///   - required: Whether it must be given; in a section: where the section is.
  ///   - influence: What changes with its value.
  ///   - exclusive: Whether it stands alone, without the others of `model`.
  public init(
    _ name: String, _ type: ScenarioValueType, default defaultValue: String? = nil, _ meaning: String,
    required: Bool = false, influence: Influence = .numbersAndCost, exclusive: Bool = false
  ) {
    self.init(
      name, type, default: defaultValue, meaning, required: required, only: nil, influence: influence,
      exclusive: exclusive)
  }

  init(
    _ name: String, _ type: ScenarioValueType, default defaultValue: String?, _ meaning: String,
    required: Bool, only condition: Condition?, influence: Influence, exclusive: Bool = false
  ) {
    self.name = name
    self.type = type
    self.defaultValue = defaultValue
    isRequired = required
    self.meaning = meaning
    self.condition = condition
    self.influence = influence
    isExclusive = exclusive
  }

  /// The name of the enclosing section; empty at the top.
  public var section: String {
    guard let dot = name.lastIndex(of: ".") else { return "" }
    return String(name[..<dot])
  }

  /// The last part of the name.
  var lastPart: String { name.split(separator: ".").last.map(String.init) ?? name }

  /// A kind's key with its whole name, and the condition that this kind is chosen.
  func declared(in section: String, by kind: String) -> ScenarioKey {
    var key = self
    key.name = section + "." + name
    key.condition = Condition(key: section + ".kind", values: [kind])
    return key
  }
}
