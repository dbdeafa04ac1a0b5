import Vocabulary

/// What is wrong with a scenario: where, which key and value, what was expected, and what to write instead.
///
/// The description is always a single line, such as
///
///     scenarios/a.yaml:12:11: initial.levels: 1.5: expected probabilities between 0 and 1; write levels: [0, 0.5]
public struct ScenarioError: Error, CustomStringConvertible, Sendable, Equatable {
  /// Whether the scenario is wrong in itself, or its file is not there.
  public enum Kind: Sendable, Hashable {
    /// The scenario is wrong in itself (exit code 65).
    case invalid
    /// There is no such file (exit code 66).
    case missing
  }

  /// Whether the scenario is wrong in itself, or its file is not there.
  public var kind: Kind
  /// The scenario file as the user gave it, or `--set KEY=VALUE` for a value from the command line.
  public var path: String
  /// The 1-based line, where one is known.
  public var line: Int?
  /// The 1-based column, counted in Unicode scalars, where one is known.
  public var column: Int?
  /// The dotted key, where one is concerned.
  public var key: String?
  /// The offending value as YAML text.
  public var value: String?
  /// What is wrong, where that says more than what was expected (`unknown key`); shown in its place.
  public var problem: String?
  /// What would have been right, such as `probabilities between 0 and 1`.
  public var expected: String
  /// What to do about it; may be empty.
  public var remedy: String

  /// Makes an error from its parts.
  public init(
    kind: Kind = .invalid, path: String, line: Int? = nil, column: Int? = nil, key: String? = nil,
    value: String? = nil, problem: String? = nil, expected: String, remedy: String
  ) {
    self.kind = kind
    self.path = path
    self.line = line
    self.column = column
    self.key = key
    self.value = value
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }

  /// The exit code of a program that stops because of this error: 65 or 66.
  public var exitCode: Int32 { kind == .missing ? 66 : 65 }

  /// The error as one line; values are cut at about 60 characters, control characters escaped.
  public var description: String {
    var place = path.hasPrefix("--") ? Self.excerpt(path) : Self.escaped(path)
    if let line { place += ":\(line)" }
    if let line = line, let column, line > 0 { place += ":\(column)" }
    var parts = [place]
    if let key { parts.append(Self.excerpt(key)) }
    if let value { parts.append(Self.excerpt(value)) }
    let statement = Self.escaped(problem ?? "expected \(expected)")
    parts.append(remedy.isEmpty ? statement : "\(statement); \(Self.escaped(remedy))")
    return parts.joined(separator: ": ")
  }

  /// The first characters of a text, on one line and without control characters.
  package static func excerpt(_ text: String, limit: Int = 60) -> String {
    let head = text.unicodeScalars.prefix(limit + 1)
    guard head.count > limit else { return escaped(text) }
    return escaped(String(String.UnicodeScalarView(head.dropLast()))) + "..."
  }

  /// A text with control, format and line-breaking characters escaped.
  package static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate:
        result += scalar.escapeSequence
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension Scenario {
  /// An error about a key of this scenario, for checks made after loading.
  ///
  /// The place is that of the key or, where the key is not in the file, of the nearest enclosing key; for
  /// a key given on the command line it is `--set KEY=VALUE`.
  public func error(
    key: String, value: String? = nil, expected: String, remedy: String
  ) -> ScenarioError {
    var result = ScenarioError(path: path, key: key, value: value, expected: expected, remedy: remedy)
    var enclosing = Substring(key)
    while !enclosing.isEmpty {
      if let override = overriddenKeys[String(enclosing)] {
        result.path = override
        break
      }
      if let location = locations[String(enclosing)] {
        result.line = location.line
        result.column = location.column
        break
      }
      guard let dot = enclosing.lastIndex(of: ".") else { break }
      enclosing = enclosing[..<dot]
    }
    return result
  }
}
