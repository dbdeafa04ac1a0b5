#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A file that grows at its end and can be cut back to an earlier length. If its process is killed at any moment,
/// what was synchronized before survives.
///
/// A writer holds an advisory lock, which ends with its process.
package final class AppendFile: @unchecked Sendable {
  /// The file's path.
  package let path: String
  /// The number of bytes that it has so far.
  package private(set) var length: Int
  private var descriptor: Int32
  private let pathInMessages: String

  /// Creates a file, which must not exist yet.
  package convenience init(creating path: String) throws(FileError) {
    try self.init(path, flags: O_RDWR | O_CREAT | O_EXCL, length: 0, isLocked: true)
  }

  /// Opens a file to continue after its first `length` bytes. What follows them is cut off.
  ///
  /// - Throws: `FileError`; of kind `inputOutput` if the file is shorter, of kind `cannotCreate` if another process
  ///   is writing it.
  package convenience init(continuing path: String, length: Int) throws(FileError) {
    try self.init(path, flags: O_RDWR, length: length, isLocked: true)
    guard ftruncate(descriptor, length) == 0 else { throw failure("cutting it to \(length) bytes") }
  }

  /// Opens a file for reading.
  package convenience init(reading path: String) throws(FileError) {
    try self.init(path, flags: O_RDONLY, length: 0, isLocked: false)
    length = max(0, size)
  }

  /// Opens an empty temporary file. Errors name the file that it is to become.
  convenience init(filling temporary: TemporaryFile) throws(FileError) {
    try self.init(
      temporary.path, flags: O_WRONLY | O_TRUNC, length: 0, isLocked: false,
      pathInMessages: temporary.requestedPath)
  }

  private init(
    _ path: String, flags: Int32, length: Int, isLocked: Bool, pathInMessages: String? = nil
  ) throws(FileError) {
    self.path = path
    self.pathInMessages = pathInMessages ?? path
    self.length = length
    descriptor = open(path, flags | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw FileError(path: self.pathInMessages, doing: "opening it", errorNumber: errno)
    }
    if isLocked, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      throw FileError(
        .cannotCreate, path: path, message: "another process is at work on it",
        remedy: "wait for it, or choose another name")
    }
    guard length <= max(0, size) else {
      throw FileError(.inputOutput, path: path, message: "it has \(size) bytes; expected \(length)")
    }
  }

  deinit { close() }

  private var size: Int { Int(lseek(descriptor, 0, SEEK_END)) }

  /// Appends bytes.
  ///
  /// - Throws: `FileError`.
  package func append(_ buffer: UnsafeRawBufferPointer) throws(FileError) {
    var written = 0
    while written < buffer.count {
      let step = pwrite(
        descriptor, buffer.baseAddress! + written, min(buffer.count - written, 1 << 30), length)
      if step < 0 {
        if errno == EINTR { continue }
        throw failure("writing")
      }
      written += step
      length += step
    }
  }

  /// Waits until all that was appended is on the disk.
  ///
  /// - Throws: `FileError`.
  package func synchronize() throws(FileError) {
    var status = fsync(descriptor)
    while status != 0 && errno == EINTR { status = fsync(descriptor) }
    // Some file systems have no fsync (EINVAL). Then there is nothing to wait for.
    if status != 0 && errno != EINVAL { throw failure("bringing it to the disk") }
  }

  /// Reads bytes.
  ///
  /// - Throws: `FileError`, also if the file ends before the last byte.
  package func read(count: Int, at position: Int) throws(FileError) -> [UInt8] {
    guard position >= 0, count >= 0, count <= length, position <= length - count else {
      throw FileError(
        .inputOutput, path: path, message: "it ends at byte \(length); expected \(count) from \(position)")
    }
    var done = 0
    var status = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while done < count {
        status = pread(descriptor, buffer.baseAddress! + done, min(count - done, 1 << 30), position + done)
        if status < 0, errno == EINTR { continue }
        if status <= 0 { break }
        done += status
      }
      initialized = done
    }
    guard done == count else {
      throw status < 0
        ? failure("reading") : FileError(.inputOutput, path: path, message: "it was cut while being read")
    }
    return bytes
  }

  /// Closes the file. A second call does nothing.
  package func close() {
    guard descriptor >= 0 else { return }
    #if canImport(Darwin)
      Darwin.close(descriptor)
    #else
      Glibc.close(descriptor)
    #endif
    descriptor = -1
  }

  /// Closes and removes the file.
  package func remove() {
    unlink(path)
    close()
  }

  /// Removes a file, unless a process is writing it.
  package static func removeUnlessInUse(_ path: String) {
    guard let file = try? AppendFile(path, flags: O_RDWR, length: 0, isLocked: true) else { return }
    file.remove()
  }

  private func failure(_ doing: String) -> FileError {
    FileError(path: pathInMessages, doing: doing, errorNumber: errno)
  }
}
