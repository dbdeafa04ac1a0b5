#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// An error in writing a file.
public struct FileError: Error, CustomStringConvertible, Sendable {
  /// The kinds of errors, which call for different answers.
  public enum Kind: Sendable {
    /// The file already exists and may not be overwritten.
    case exists
    /// The folder may not be written to, or the path names something that is not a regular file.
    case cannotCreate
    /// The disk failed: full, over quota, or broken.
    case inputOutput
    /// The folder of the file does not exist.
    case notFound
  }

  /// The kind of the error.
  public let kind: Kind
  /// The file that was to be written.
  public let path: String
  /// What happened, in words.
  public let message: String
  /// What the user can do about it.
  public let remedy: String

  /// One line: the path, what happened, and what to do about it.
  public var description: String {
    "cannot write \(path.isEmpty ? "\"\"" : path): \(message); \(remedy)"
  }

  init(_ kind: Kind, path: String, message: String, remedy: String? = nil) {
    self.kind = kind
    self.path = path
    self.message = message
    self.remedy =
      remedy
      ?? {
        switch kind {
        case .exists: "choose another name, or replace it with --overwrite"
        case .cannotCreate: "choose another folder or name, or change the permissions"
        case .inputOutput: "check the disk's free space, quota and health"
        case .notFound: "create the folder, or correct the path"
        }
      }()
  }

  /// Creates the error that a value of the C library's `errno` stands for.
  package init(path: String, doing: String, errorNumber: Int32) {
    let kind: Kind =
      switch errorNumber {
      case EEXIST: .exists
      case ENOENT, ENOTDIR: .notFound
      case EACCES, EPERM, EROFS, ENAMETOOLONG, EISDIR, ELOOP, EINVAL, ETXTBSY, EBUSY: .cannotCreate
      default: .inputOutput
      }
    self.init(
      kind, path: path, message: "\(doing): \(String(cString: strerror(errorNumber)))",
      remedy: errorNumber == EMFILE || errorNumber == ENFILE
        ? "raise the limit of open files (ulimit -n 1024)" : nil)
  }
}
