/// An error in drawing a figure or making a report.
public struct FigureError: Error, CustomStringConvertible, Sendable {
  /// The kinds of errors, which call for different answers.
  public enum Kind: Sendable {
    /// The file is not a run file, or it lacks or contradicts what the figure needs.
    case invalid
    /// gnuplot is not installed.
    case missingProgram
    /// gnuplot ended with an error.
    case programFailed
  }

  /// The kind of the error.
  public let kind: Kind
  /// The run file, or the program.
  public let path: String
  /// What happened, in words.
  public let message: String
  /// What the user can do about it.
  public let remedy: String

  /// One line: the path, what happened, and what to do about it.
  public var description: String { "\(path): \(message); \(remedy)" }

  /// Creates an error about a run file or a program.
  package init(_ kind: Kind, path: String, message: String, remedy: String) {
    self.kind = kind
    self.path = path
    self.message = message
    self.remedy = remedy
  }
}
