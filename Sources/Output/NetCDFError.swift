internal import CNetCDF
import Vocabulary

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// An error in reading or writing a NetCDF file.
public struct NetCDFError: Error, CustomStringConvertible, Sendable {
  /// The kinds of errors, which call for different answers.
  public enum Kind: Sendable {
    /// There is no file at the path.
    case notFound
    /// The file exists but is not a NetCDF-4 file, is truncated or damaged, or may not be read.
    case notReadable
    /// The file cannot be created: its folder is missing or not writable, or the file exists.
    case cannotCreate
    /// The disk failed: full, over quota, or broken.
    case inputOutput
    /// A variable, dimension, attribute or group is absent.
    case missingName
    /// A name is already taken, or NetCDF does not allow it.
    case invalidName
    /// The values' type does not fit the variable's.
    case typeMismatch
    /// The number of values or a region does not fit the variable's shape.
    case shapeMismatch
    /// There are more elements than the reader's limit or the memory allow.
    case tooLarge
  }

  /// The kind of the error.
  public let kind: Kind
  /// The path of the file.
  public let path: String
  /// What was being done, such as "read variable".
  public let operation: String
  /// The variable, dimension, attribute or group concerned.
  public let name: String?
  /// What happened, in words. They are the C library's if it reported the error.
  public let message: String
  /// What the user can do about it.
  public let remedy: String

  /// One line: what was being done, the path, what happened, and what to do about it.
  public var description: String {
    let object = name.map { " \"\($0)\" in" } ?? ""
    return "cannot \(operation)\(object) \(path.isEmpty ? "\"\"" : path): \(message); \(remedy)"
  }

  package init(
    _ kind: Kind, path: String, operation: String, name: String? = nil, message: String, remedy: String? = nil
  ) {
    self.kind = kind
    self.path = path
    self.operation = operation
    self.name = name
    self.message = message
    self.remedy = remedy ?? Self.defaultRemedy(kind)
  }

  private static func defaultRemedy(_ kind: Kind) -> String {
    switch kind {
    case .notFound: "check the path"
    case .notReadable: "check that it is a whole NetCDF-4 file (ncdump -h shows it) and write it again if not"
    case .cannotCreate: "choose another folder or name, or change the permissions"
    case .inputOutput: "check the disk's free space, quota and health"
    case .missingName: "check the name (ncdump -h lists those of a file)"
    case .invalidName: "choose another name"
    case .typeMismatch: "use the type of the variable"
    case .shapeMismatch: "match the shape of the variable"
    case .tooLarge: "read a part with start and count, or raise the limit"
    }
  }

  /// Creates the error that a status code of the C library stands for.
  init(_ code: Int32, writing: Bool, path: String, operation: String, name: String?) {
    let kind: Kind =
      switch code {
      case NC_ENOTVAR, NC_EBADDIM, NC_ENOTATT, NC_ENOGRP: .missingName
      case NC_ENAMEINUSE, NC_EBADNAME, NC_EMAXNAME: .invalidName
      case NC_ECHAR, NC_ERANGE, NC_EBADTYPE: .typeMismatch
      case NC_EINVALCOORDS, NC_EEDGE, NC_EBADCHUNK: .shapeMismatch
      case NC_ENOMEM, ENOMEM: .tooLarge
      case ENOENT: writing ? .cannotCreate : .notFound
      case EACCES, EPERM: writing ? .cannotCreate : .notReadable
      case EIO: .inputOutput
      default: writing ? .inputOutput : .notReadable
      }
    self.init(
      kind, path: path, operation: operation, name: name, message: NetCDFLibrary.message(code))
  }

  /// Creates the error for a name that is not among the existing ones.
  static func missing(
    _ sort: String, _ name: String, among existing: [String], path: String, operation: String
  ) -> NetCDFError {
    // The list is kept short enough for one line, because a run file has two hundred variables.
    let shown = existing.prefix(10).map { "\"\($0)\"" }.joined(separator: ", ")
    let list =
      existing.isEmpty
      ? "there is no \(sort) at all"
      : "there is \(shown)\(existing.count > 10 ? " and \(existing.count - 10) more" : "")"
    let nearest = Spelling.nearest(to: name, among: existing).map { "did you mean \"\($0)\"? " } ?? ""
    return NetCDFError(
      .missingName, path: path, operation: operation, name: name, message: "no \(sort) of this name",
      remedy: nearest + list)
  }
}
