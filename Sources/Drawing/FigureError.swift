/// Why a figure or a report could not be made.
public struct FigureError: Error, CustomStringConvertible, Sendable {
  /// What is wrong, in kinds that call for different answers.
  public enum Kind: Sendable {
    /// The file is no run file, or lacks or contradicts what the figure needs.
    case invalid
    /// gnuplot is not installed.
    case missingProgram
    /// gnuplot ended with an error.
    case programFailed
  }

  /// What is wrong.
  public let kind: Kind
  /// The run file, or the program.
  public let path: String
  /// What happened, in words.
  public let message: String
  /// What to do about it.
  public let remedy: String

  /// One line: the path, what happened, and what to do about it.
  public var description: String { "\(path): \(message); \(remedy)" }

  /// What went wrong with a run file or a program.
  package init(_ kind: Kind, path: String, message: String, remedy: String) {
    self.kind = kind
    self.path = path
    self.message = message
    self.remedy = remedy
  }
}
