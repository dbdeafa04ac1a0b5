/// Why work cannot be continued or merged.
public struct CheckpointError: Error, CustomStringConvertible, Sendable {
  /// What is wrong, in kinds that call for different answers.
  public enum Kind: Sendable, Hashable {
    /// It belongs to other work, or is incomplete or damaged (exit code 65).
    case mismatch
    /// There is no such file (66).
    case missing
    /// There is unfinished work, which would be lost (73).
    case exists
  }

  /// What is wrong.
  public let kind: Kind
  /// The file concerned.
  public let path: String
  /// What is wrong, in words.
  public let problem: String
  /// What to do about it.
  public let remedy: String

  /// One line: the file, what is wrong, what to do about it.
  public var description: String { "\(path): \(problem); \(remedy)" }

  package init(_ kind: Kind, path: String, problem: String, remedy: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.remedy = remedy
  }

  /// Refuses to continue from the checkpoint or output of other work.
  package static func differs(_ path: String, _ what: String, _ differences: [String]) -> CheckpointError {
    let shown = differences.prefix(3).joined(separator: ", ")
    let more = differences.count > 3 ? " and \(differences.count - 3) more differences" : ""
    return CheckpointError(
      .mismatch, path: path, problem: "\(what): \(shown)\(more)",
      remedy: "restore what it was, or start afresh with --overwrite instead of --resume")
  }
}

/// Work that was asked to end before it was done. It can be continued.
public struct RunInterrupted: Error, Sendable {
  /// Where the state was saved.
  public let checkpoint: String

  /// Work that can be continued from a file or folder.
  package init(checkpoint: String) { self.checkpoint = checkpoint }
}
