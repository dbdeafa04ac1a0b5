/// An error in a data set, described in one line that names the file (or the parameter), the value, what was
/// expected, and the remedy.
public struct DatasetError: Error, CustomStringConvertible, Sendable, Hashable {
  /// The kinds of failure, which the program turns into exit codes.
  public enum Kind: Sendable, Hashable {
    /// A file that does not exist or may not be opened (exit code 66).
    case missing
    /// A file or a parameter that is wrong in itself (exit code 65).
    case invalid
    /// A file that could not be read to its end because the device failed (exit code 74).
    case unreadable
  }

  /// The kind of failure.
  public var kind: Kind
  /// The path of the file or, for data that come from no file, the name of the parameter.
  public var path: String
  /// What is wrong, with the value that was found.
  public var problem: String
  /// What was expected instead.
  public var expected: String
  /// What the user can do about it.
  public var remedy: String

  /// Creates an error from its parts.
  public init(kind: Kind, path: String, problem: String, expected: String, remedy: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }

  /// The error of a file or a parameter that is wrong in itself.
  package static func invalid(
    _ path: String, _ problem: String, _ expected: String, _ remedy: String
  ) -> DatasetError {
    DatasetError(kind: .invalid, path: path, problem: problem, expected: expected, remedy: remedy)
  }

  /// The whole message, on one line: `PATH: PROBLEM; expected EXPECTED; REMEDY`.
  public var description: String {
    let text = "\(path): \(problem); expected \(expected); \(remedy)"
    return String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 })
  }
}
