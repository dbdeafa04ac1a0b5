#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// An empty file that only this process owns, beside the file that it is to become.
package struct TemporaryFile {
  /// How a temporary file takes a name that must still be free.
  package enum Exclusion: Sendable {
    /// By a hard link, which the file system refuses if the name exists.
    case hardLink
    /// By creating an empty file of that name exclusively and renaming over it. This works on file systems without
    /// hard links, but others may see the empty file for a moment.
    case placeholder
  }

  /// The path as the caller gave it, which messages show.
  package let requestedPath: String
  /// The path that the file will have in the end.
  package let target: String
  /// The path of the temporary file, in the same folder.
  package let path: String
  private let folder: String
  private let overwrite: Bool

  /// Creates the temporary file, so that a missing folder, or one that may not be written to, is noticed at once.
  ///
  /// - Throws: `FileError`; of kind `exists` if there is already a file and `overwrite` is false.
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
      // A killed process with the same number has left a file of this name, so the next name is tried.
      if errorNumber == EEXIST || errorNumber == EINTR { continue }
      throw FileError(path: requestedPath, doing: "creating a file in \(folder)", errorNumber: errorNumber)
    }
  }

  /// The path that a path leads to after symbolic links, and the permissions of the file there if there is one.
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
    // The system's links to open pipes and files have targets that only the system can follow.
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

  /// The path that a symbolic link leads to, if there is no file there yet.
  private static func destination(ofLink link: String) throws(FileError) -> String {
    var path = link
    // Linux follows at most 40 links, too.
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

  /// Moves another file to the path of the temporary file.
  func exchange(with other: String) throws(FileError) {
    guard rename(other, path) == 0 else { throw failure("moving \(other)") }
  }

  /// Whether nothing was written to the file, or it is gone.
  var isEmpty: Bool {
    var information = stat()
    return stat(path, &information) != 0 || information.st_size == 0
  }

  /// Moves the temporary file to another name.
  func giveBack(to other: String) throws(FileError) {
    guard rename(path, other) == 0 else { throw failure("moving it back to \(other)") }
  }

  /// Brings the content to the disk and gives it the final name, in a single step for every observer.
  ///
  /// - Throws: `FileError`. The temporary file then still exists.
  package func publish(exclusion: Exclusion = .hardLink) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("opening the temporary file") }
    var status = fsync(descriptor)
    while status != 0 && errno == EINTR { status = fsync(descriptor) }
    // Some file systems have no fsync (EINVAL). Then there is nothing to wait for.
    let synchronized: FileError? = status == 0 || errno == EINVAL ? nil : failure("bringing it to the disk")
    close(descriptor)
    if let synchronized { throw synchronized }

    if overwrite {
      guard rename(path, target) == 0 else { throw failure("renaming the temporary file") }
    } else {
      try takeFreeName(exclusion)
    }

    // The name itself is durable once the folder is. Not every file system supports that, so failures are ignored.
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
      // After any other refusal (no hard links here, too many of them) a placeholder is tried, because its errors
      // tell more.
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
