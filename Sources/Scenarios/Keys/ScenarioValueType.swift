import Vocabulary

/// What kind of value a scenario key takes.
public enum ScenarioValueType: Sendable, Hashable {
  /// A mapping of further keys.
  case section
  /// Any text.
  case text
  /// A word of the letters a-z, digits and hyphens.
  case name
  /// A path, relative to the scenario file's folder.
  case path
  /// `true` or `false`.
  case boolean
  /// An integer from 0 to 2^64 - 1.
  case seed
  /// An integer within bounds.
  case integer(ClosedRange<Int>)
  /// A finite number within bounds.
  case number(NumberRange)
  /// A finite number within bounds, or the word `none`.
  case numberOrNone(NumberRange)
  /// A list of integers within bounds.
  case integers(ClosedRange<Int>, count: ClosedRange<Int>)
  /// A list of finite numbers within bounds.
  case numbers(NumberRange, count: ClosedRange<Int>)
  /// One of a few words.
  case word([String])
  /// One of a few words, or a list of them.
  case words([String])
  /// The name of a corruption.
  case corruption
  /// A list of names of observables.
  case observables
  /// `all`, a count, or `{random: COUNT}`.
  case items
  /// A mapping from a name to a list of labels within bounds.
  case labelGroups(ClosedRange<Int>)
  /// A list of texts, all different.
  case texts(count: ClosedRange<Int>)
  /// A list of finite numbers within bounds, or the word `none`.
  case numbersOrNone(NumberRange, count: ClosedRange<Int>)
  /// A finite number within bounds, which stands for a list of one, or a list of such numbers.
  case numberOrNumbers(NumberRange, count: ClosedRange<Int>)
  /// A mapping of a few fields.
  case fields([ScenarioField])
  /// One of a few words, alone or, where it takes one, with an argument in a mapping.
  case choice([ScenarioChoice])
  /// A mapping from a dotted key to a list of values.
  case sweep
  /// A mapping from a name to a claim.
  case claims

  /// Bounds of a finite number.
  public typealias NumberRange = Vocabulary.NumberRange

  /// The values in words, as in `expected ...`.
  public var description: String {
    switch self {
    case .section: return "a mapping of keys"
    case .text: return "a text"
    case .name: return "a name of at most 100 letters a-z, digits and hyphens"
    case .path: return "a path"
    case .boolean: return "true or false"
    case .seed: return "an integer between 0 and \(UInt64.max)"
    case .integer(let range): return "an integer between \(range.lowerBound) and \(range.upperBound)"
    case .number(let range): return "a number \(range.description)"
    case .numberOrNone(let range): return "a number \(range.description), or none"
    case .integers(let range, let count):
      return "a list of \(Self.text(count))integers between \(range.lowerBound) and \(range.upperBound)"
    case .numbers(let range, let count):
      return "a list of \(Self.text(count))numbers \(range.description)"
    case .word(let words): return Self.text(words)
    case .words(let words):
      return words.count == 1
        ? "\(words[0]), or a list of it" : "one or more of " + words.joined(separator: ", ")
    case .corruption: return "the name of a corruption"
    case .observables: return "a list of names of observables"
    case .items: return "all, a count of at least 1, or {random: COUNT}"
    case .labelGroups(let range):
      return "a mapping from names to lists of labels between \(range.lowerBound) and \(range.upperBound)"
    case .texts(let count): return "a list of \(Self.text(count))texts"
    case .numbersOrNone(let range, let count):
      return "a list of \(Self.text(count))numbers \(range.description), or none"
    case .numberOrNumbers(let range, let count):
      return "a number \(range.description), or a list of \(Self.text(count))such numbers"
    case .fields(let fields):
      return "a mapping {" + fields.map { "\($0.name): \($0.value.description)" }.joined(separator: ", ")
        + "}"
    case .choice(let choices): return Self.text(choices.map(\.description))
    case .sweep: return "a mapping from dotted keys to lists of values"
    case .claims:
      return
        "a mapping from names to claims {statement, estimate, threshold or smallest-effect, levels, over, against, controls, compare}"
    }
  }

  /// Whether its values are mappings.
  var isMapping: Bool {
    switch self {
    case .section, .labelGroups, .fields, .sweep, .claims: true
    default: false
    }
  }

  /// Whether the keys inside its values are not keys of scenarios.
  var isOpaque: Bool { isMapping && self != .section }

  private static func text(_ count: ClosedRange<Int>) -> String {
    if count.lowerBound == count.upperBound { return "\(count.lowerBound) " }
    return count.lowerBound == 0 ? "at most \(count.upperBound) " : "1 to \(count.upperBound) "
  }

  private static func text(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }
}
