/// One field of a key whose value is a mapping of a few fields, such as `dataset.train: {items: ..., labels: ...}`.
public struct ScenarioField: Sendable, Hashable {
  /// What a field takes.
  public enum Value: Sendable, Hashable {
    /// An array in a file: `FILE`, `FILE:VARIABLE` or `FILE:VARIABLE:COLUMN`, relative to the scenario file's folder.
    case array
    /// A finite number within bounds.
    case number(NumberRange)

    /// The values in words, as in `expected ...`.
    package var description: String {
      switch self {
      case .array: "an array (FILE or FILE:VARIABLE)"
      case .number(let range): "a number \(range.description)"
      }
    }
  }

  /// The name in the mapping.
  public var name: String
  /// What it takes.
  public var value: Value
  /// Whether the mapping must have it.
  public var isRequired: Bool

  /// Makes a field.
  public init(_ name: String, _ value: Value, required: Bool = false) {
    self.name = name
    self.value = value
    isRequired = required
  }
}

/// One of the words that a key takes, some of which may have an argument, such as `{gaussian: 0.1}`.
public struct ScenarioChoice: Sendable, Hashable {
  /// The word.
  public var name: String
  /// The bounds of a number that may follow it in a mapping; nil: none may.
  public var number: NumberRange?
  /// The words that may stand in the number's place.
  public var words: [String]

  /// Makes a choice.
  public init(_ name: String, number: NumberRange? = nil, words: [String] = []) {
    self.name = name
    self.number = number
    self.words = words
  }

  /// The choice in words, as in `expected ...`.
  package var description: String {
    guard let number else { return name }
    let argument = (["a number \(number.description)"] + words).joined(separator: " or ")
    return "\(name), {\(name): \(argument)}"
  }
}

/// What follows the word of a `ScenarioChoice`.
public enum ScenarioChoiceArgument: Sendable, Hashable {
  /// Nothing: the word stands alone.
  case none
  /// A number.
  case number(Double)
  /// A word.
  case word(String)
}
