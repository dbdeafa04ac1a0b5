#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Why a file could not be written.
public struct FileError: Error, CustomStringConvertible, Sendable {
  /// What is wrong, in kinds that call for different answers.
  public enum Kind: Sendable {
    /// The file is there already and may not be overwritten.
    case exists
    /// The folder may not be written to, or the path names something that is no regular file.
    case cannotCreate
    /// The disk failed: full, over quota, or broken.
    case inputOutput
    /// The folder of the file does not exist.
    case notFound
  }

  /// What is wrong.
  public let kind: Kind
  /// The file that was to be written.
  public let path: String
  /// What happened, in words.
  public let message: String
  /// What to do about it.
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

  /// The error that the C library's `errno` stands for.
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

/// Writes whole files so that a reader sees the old content or the new, never a part.
///
/// The bytes go to a temporary file in the same folder (`.NAME.partial-WHERE-PID-N`), which reaches the disk
/// (`fsync`) before it takes the final name. On an error the temporary file is removed, and what was at the
/// path before stays as it was.
public enum AtomicFile {
  /// Writes bytes to a file.
  ///
  /// - Parameters:
  ///   - bytes: The whole content.
  ///   - path: Where it goes. A symbolic link to a file is followed.
  ///   - overwrite: Whether an existing file may be replaced.
  /// - Throws: `FileError`; with kind `exists` where there is a file and `overwrite` is false.
  public static func write(_ bytes: [UInt8], to path: String, overwrite: Bool) throws(FileError) {
    // The standard library's closure throws no typed error.
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { buffer in
      Result { () throws(FileError) in try write(buffer, to: path, overwrite: overwrite) }
    }
    try result.get()
  }

  /// Writes a text to a file, in UTF-8.
  ///
  /// - Parameters:
  ///   - text: The whole content.
  ///   - path: Where it goes. A symbolic link to a file is followed.
  ///   - overwrite: Whether an existing file may be replaced.
  /// - Throws: `FileError`; with kind `exists` where there is a file and `overwrite` is false.
  public static func write(_ text: String, to path: String, overwrite: Bool) throws(FileError) {
    try write(Array(text.utf8), to: path, overwrite: overwrite)
  }

  /// Writes raw memory to a file.
  ///
  /// - Parameters:
  ///   - buffer: The whole content.
  ///   - path: Where it goes. A symbolic link to a file is followed.
  ///   - overwrite: Whether an existing file may be replaced.
  /// - Throws: `FileError`; with kind `exists` where there is a file and `overwrite` is false.
  public static func write(
    _ buffer: UnsafeRawBufferPointer, to path: String, overwrite: Bool
  ) throws(FileError) {
    let temporary = try TemporaryFile(for: path, overwrite: overwrite)
    do throws(FileError) {
      try temporary.fill(with: buffer)
      try temporary.publish()
    } catch {
      temporary.discard()
      throw error
    }
  }
}

extension AtomicFile {
  /// Writes a file piece by piece.
  ///
  /// - Parameters:
  ///   - path: Where it goes. A symbolic link to a file is followed.
  ///   - overwrite: Whether an existing file may be replaced.
  ///   - body: Appends the content.
  /// - Throws: `FileError`, with kind `exists` where there is a file and `overwrite` is false; and what `body`
  ///   throws.
  package static func write(to path: String, overwrite: Bool, _ body: (AppendFile) throws -> Void) throws {
    let temporary = try TemporaryFile(for: path, overwrite: overwrite)
    do {
      let file = try AppendFile(filling: temporary)
      defer { file.close() }
      try body(file)
      try temporary.publish()
    } catch {
      temporary.discard()
      throw error
    }
  }

  /// Gives a finished file of ours its final name.
  ///
  /// - Throws: `FileError`, after which the file is where it was.
  package static func publish(
    _ file: AppendFile, as path: String, overwrite: Bool
  ) throws(FileError) {
    let temporary = try TemporaryFile(for: path, overwrite: overwrite)
    do throws(FileError) {
      try temporary.exchange(with: file.path)
      try temporary.publish()
    } catch {
      // Back to where it was, if it was moved; else the empty temporary file goes.
      if !temporary.isEmpty { _ = try? temporary.giveBack(to: file.path) } else { temporary.discard() }
      throw error
    }
  }

  /// Finds out before long work whether a file could be written now; writes nothing.
  ///
  /// - Parameter ending: The longest ending that the work adds to its name for files beside it.
  /// - Throws: `FileError`, as `write` would.
  public static func checkWritable(
    _ path: String, overwrite: Bool, ending: String = ""
  ) throws(FileError) {
    try checkName(path, ending: ending)
    try TemporaryFile(for: path, overwrite: overwrite).discard()
  }

  /// Removes temporary files beside a file that killed processes left there; those of other machines stay.
  package static func removeOrphans(beside path: String) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    TemporaryName.removeOrphans(in: slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".")
  }

  /// Makes sure that the file system takes a file's name with an ending.
  ///
  /// - Throws: `FileError` of kind `cannotCreate`.
  package static func checkName(_ path: String, ending: String = "") throws(FileError) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let name = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
    let limit = pathconf(slash.map { String(path[...$0]) } ?? ".", Int32(_PC_NAME_MAX))
    let most = (limit > 0 ? limit : 255) - ending.utf8.count
    guard name.utf8.count > most else { return }
    throw FileError(
      .cannotCreate, path: path,
      message: "its name has \(name.utf8.count) bytes; expected at most \(most)"
        + (ending.isEmpty ? "" : ", for files beside it add '\(ending)'"),
      remedy: "choose a shorter name")
  }

  /// Makes sure that an output is none of the inputs, under whatever name.
  ///
  /// - Throws: `FileError` of kind `cannotCreate`.
  public static func checkDistinct(_ output: String, from inputs: [String]) throws(FileError) {
    var (target, source) = (stat(), stat())
    guard stat(output, &target) == 0 else { return }
    for input in inputs where stat(input, &source) == 0 {
      guard target.st_dev != source.st_dev || target.st_ino != source.st_ino else {
        throw FileError(
          .cannotCreate, path: output, message: "it is an input: \(input)", remedy: "choose another name")
      }
    }
  }
}

/// An empty file that this process alone owns, beside the file that it is to become.
package struct TemporaryFile {
  /// How a temporary file takes a name that must not be taken yet.
  package enum Exclusion: Sendable {
    /// By a hard link, which the file system refuses where the name exists.
    case hardLink
    /// By creating an empty file of that name exclusively and renaming over it: for file systems without hard
    /// links. Others may see the empty file for a moment.
    case placeholder
  }

  /// The path as the caller gave it, for messages.
  package let requestedPath: String
  /// The final place.
  package let target: String
  /// The temporary place, in the same folder.
  package let path: String
  private let folder: String
  private let overwrite: Bool

  /// Creates the temporary file, so that a missing or unwritable folder shows at once.
  ///
  /// - Throws: `FileError`; with kind `exists` where there is a file already and `overwrite` is false.
  package init(for requestedPath: String, overwrite: Bool) throws(FileError) {
    self.requestedPath = requestedPath
    self.overwrite = overwrite
    try AtomicFile.checkName(requestedPath)
    let (target, existingMode) = try Self.place(of: requestedPath, overwrite: overwrite)
    self.target = target

    let slash = target.utf8.lastIndex(of: UInt8(ascii: "/"))
    let name = slash.map { String(target[target.utf8.index(after: $0)...]) } ?? target
    switch slash {
    case nil: folder = "."
    case target.startIndex?: folder = "/"
    case let slash?: folder = String(target[..<slash])
    }
    guard !name.isEmpty, name != ".", name != ".." else {
      throw FileError(.cannotCreate, path: requestedPath, message: "the path names no file")
    }

    TemporaryName.removeOrphansOnce(in: folder)
    while true {
      let candidate = "\(folder)/\(TemporaryName.make(for: name))"
      let descriptor = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 {
        if let existingMode { _ = fchmod(descriptor, existingMode) }
        close(descriptor)
        path = candidate
        return
      }
      let errorNumber = errno
      // Left over by a killed process of the same number: count on.
      if errorNumber == EEXIST || errorNumber == EINTR { continue }
      throw FileError(path: requestedPath, doing: "creating a file in \(folder)", errorNumber: errorNumber)
    }
  }

  /// Where the file that a path names is, symbolic links followed, and the permissions of one that is there already.
  private static func place(
    of requestedPath: String, overwrite: Bool
  ) throws(FileError) -> (path: String, mode: mode_t?) {
    if requestedPath == "-" || StreamedOutput.isStandardOutput(requestedPath) {
      throw FileError(
        .cannotCreate, path: requestedPath, message: "it stands for standard output",
        remedy: "name a file (./- where it is called so)")
    }
    var information = stat()
    guard lstat(requestedPath, &information) == 0 else { return (requestedPath, nil) }
    if information.st_mode & S_IFMT == S_IFDIR {
      throw FileError(
        .cannotCreate, path: requestedPath, message: "it is a folder", remedy: "name a file in it")
    }
    let isLink = information.st_mode & S_IFMT == S_IFLNK
    let exists = stat(requestedPath, &information) == 0
    // Links of the system to open pipes and files have targets that only it can follow.
    if exists, information.st_mode & S_IFMT != S_IFREG {
      throw FileError(
        .cannotCreate, path: requestedPath, message: "it leads to something that is no regular file",
        remedy: "name a file")
    }
    guard overwrite else { throw existing(requestedPath) }
    let mode = exists ? information.st_mode & 0o777 : nil
    guard isLink else { return (requestedPath, mode) }
    if exists {
      guard let resolved = realpath(requestedPath, nil) else {
        throw FileError(path: requestedPath, doing: "following the link", errorNumber: errno)
      }
      defer { free(resolved) }
      return (String(cString: resolved), mode)
    }
    return (try destination(ofLink: requestedPath), nil)
  }

  /// Where a symbolic link leads at which there is nothing yet.
  private static func destination(ofLink link: String) throws(FileError) -> String {
    var path = link
    // As many as Linux follows.
    for _ in 0..<40 {
      var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = bytes.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
      guard count >= 0 else {
        if errno == EINVAL || errno == ENOENT { return path }
        throw FileError(path: link, doing: "following the link", errorNumber: errno)
      }
      let target = String(decoding: bytes.prefix(count), as: UTF8.self)
      let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
      path = target.hasPrefix("/") ? target : folder + target
    }
    throw FileError(path: link, doing: "following the link", errorNumber: ELOOP)
  }

  private static func existing(_ path: String) -> FileError {
    FileError(.exists, path: path, message: "the file exists")
  }

  /// Replaces the temporary file's content.
  package func fill(with buffer: UnsafeRawBufferPointer) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("opening the temporary file") }
    var written = 0
    while written < buffer.count {
      let step = write(descriptor, buffer.baseAddress! + written, min(buffer.count - written, 1 << 30))
      if step < 0 {
        if errno == EINTR { continue }
        let error = failure("writing")
        close(descriptor)
        throw error
      }
      written += step
    }
    guard close(descriptor) == 0 || errno == EINTR else { throw failure("closing") }
  }

  /// Moves another file to the temporary place.
  fileprivate func exchange(with other: String) throws(FileError) {
    guard rename(other, path) == 0 else { throw failure("moving \(other)") }
  }

  fileprivate var isEmpty: Bool {
    var information = stat()
    return stat(path, &information) != 0 || information.st_size == 0
  }

  /// Moves the temporary file to another name.
  fileprivate func giveBack(to other: String) throws(FileError) {
    guard rename(path, other) == 0 else { throw failure("moving it back to \(other)") }
  }

  /// Brings the content to the disk and gives it the final name, in one step for every observer.
  ///
  /// - Throws: `FileError`, after which the temporary file is still there.
  package func publish(exclusion: Exclusion = .hardLink) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("opening the temporary file") }
    var status = fsync(descriptor)
    while status != 0 && errno == EINTR { status = fsync(descriptor) }
    // Some file systems know no fsync (EINVAL); there is nothing to wait for then.
    let synchronized: FileError? = status == 0 || errno == EINVAL ? nil : failure("bringing it to the disk")
    close(descriptor)
    if let synchronized { throw synchronized }

    if overwrite {
      guard rename(path, target) == 0 else { throw failure("renaming the temporary file") }
    } else {
      try takeFreeName(exclusion)
    }

    // The name itself is durable once the folder is; not every file system can, so this is best effort.
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if directory >= 0 {
      _ = fsync(directory)
      close(directory)
    }
  }

  /// Removes the temporary file.
  package func discard() { unlink(path) }

  private func takeFreeName(_ exclusion: Exclusion) throws(FileError) {
    if exclusion == .hardLink {
      if link(path, target) == 0 {
        unlink(path)
        return
      }
      if errno == EEXIST { throw Self.existing(requestedPath) }
      // Any other refusal (no hard links here, too many of them) leaves the other way, which tells more.
    }
    let placeholder = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard placeholder >= 0 else {
      throw errno == EEXIST ? Self.existing(requestedPath) : failure("taking the final name")
    }
    close(placeholder)
    guard rename(path, target) == 0 else {
      let error = failure("renaming the temporary file")
      unlink(target)
      throw error
    }
  }

  private func failure(_ doing: String) -> FileError {
    FileError(path: requestedPath, doing: doing, errorNumber: errno)
  }
}
