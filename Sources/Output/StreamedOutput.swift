#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Writes to what cannot be replaced as a whole, such as pipes and devices.
package enum StreamedOutput {
  /// Whether a path leads, through symbolic links, to something other than a regular file or a folder.
  package static func isNeeded(_ path: String) -> Bool {
    var target = stat()
    guard stat(path, &target) == 0 else { return false }
    return target.st_mode & S_IFMT != S_IFDIR && target.st_mode & S_IFMT != S_IFREG
  }

  /// Whether a path leads to this process's standard output.
  package static func isStandardOutput(_ path: String) -> Bool {
    var (target, output) = (stat(), stat())
    return stat(path, &target) == 0 && fstat(STDOUT_FILENO, &output) == 0 && output.st_dev == target.st_dev
      && output.st_ino == target.st_ino
  }

  /// Writes texts one after another. Opening a pipe waits until somebody reads from it.
  ///
  /// - Parameter body: Receives a function that appends a text.
  /// - Throws: `FileError`, and what `body` throws.
  package static func write(to path: String, _ body: (_ write: (String) throws -> Void) throws -> Void) throws
  {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, doing: "opening it", errorNumber: errno) }
    defer { close(descriptor) }
    try body { text in
      var text = text
      try text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty {
          let count = writeBytes(descriptor, rest)
          if count < 0, errno != EINTR { throw FileError(path: path, doing: "writing", errorNumber: errno) }
          rest = UnsafeRawBufferPointer(rebasing: rest[max(count, 0)...])
        }
      }
    }
  }
}

/// The system's `write`, under a name that the functions above do not hide.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
