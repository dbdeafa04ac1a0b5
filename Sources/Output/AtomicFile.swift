#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Writes whole files, so that a reader sees either the old content or the new one, never a part.
///
/// The bytes go to a temporary file in the same folder (`.NAME.partial-WHERE-PID-N`). It reaches the disk (`fsync`)
/// before it takes the final name. On an error the temporary file is removed, and what was at the path before stays
/// as it was.
public enum AtomicFile {
  /// Writes bytes to a file.
  ///
  /// - Parameters:
  ///   - bytes: The whole content.
  ///   - path: The file's path. If it is a symbolic link to a file, the link is followed.
  ///   - overwrite: Whether an existing file may be replaced.
  /// - Throws: `FileError`; of kind `exists` if there is a file and `overwrite` is false.
  public static func write(_ bytes: [UInt8], to path: String, overwrite: Bool) throws(FileError) {
    // This is needed because the standard library's closure throws no typed error.
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { buffer in
      Result { () throws(FileError) in try write(buffer, to: path, overwrite: overwrite) }
    }
    try result.get()
  }

  /// Writes a text to a file, in UTF-8.
  ///
  /// - Parameters:
  ///   - text: The whole content.
  ///   - path: The file's path. If it is a symbolic link to a file, the link is followed.
  ///   - overwrite: Whether an existing file may be replaced.
  /// - Throws: `FileError`; of kind `exists` if there is a file and `overwrite` is false.
  public static func write(_ text: String, to path: String, overwrite: Bool) throws(FileError) {
    try write(Array(text.utf8), to: path, overwrite: overwrite)
  }

  /// Writes raw memory to a file.
  ///
  /// - Parameters:
  ///   - buffer: The whole content.
  ///   - path: The file's path. If it is a symbolic link to a file, the link is followed.
  ///   - overwrite: Whether an existing file may be replaced.
  /// - Throws: `FileError`; of kind `exists` if there is a file and `overwrite` is false.
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
  ///   - path: The file's path. If it is a symbolic link to a file, the link is followed.
  ///   - overwrite: Whether an existing file may be replaced.
  ///   - body: Appends the content to the file that it is given.
  /// - Throws: `FileError`, of kind `exists` if there is a file and `overwrite` is false, and what `body` throws.
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

  /// Gives a finished file of this program its final name.
  ///
  /// - Throws: `FileError`. The file is then where it was before.
  package static func publish(
    _ file: AppendFile, as path: String, overwrite: Bool
  ) throws(FileError) {
    let temporary = try TemporaryFile(for: path, overwrite: overwrite)
    do throws(FileError) {
      try temporary.exchange(with: file.path)
      try temporary.publish()
    } catch {
      // If the file was moved, it goes back to where it was. If not, the empty temporary file is removed.
      if !temporary.isEmpty { _ = try? temporary.giveBack(to: file.path) } else { temporary.discard() }
      throw error
    }
  }

  /// Finds out, before long work, whether a file could be written now. It writes nothing.
  ///
  /// - Parameters:
  ///   - path: The file's path. If it is a symbolic link to a file, the link is followed.
  ///   - overwrite: Whether an existing file may be replaced.
  ///   - ending: The longest ending that the work appends to the file's name for files beside it.
  /// - Throws: `FileError`, like `write`.
  public static func checkWritable(
    _ path: String, overwrite: Bool, ending: String = ""
  ) throws(FileError) {
    try checkName(path, ending: ending)
    try TemporaryFile(for: path, overwrite: overwrite).discard()
  }

  /// Removes the temporary files that killed processes left beside a file. Those of other machines stay.
  package static func removeOrphans(beside path: String) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    TemporaryName.removeOrphans(in: slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".")
  }

  /// Checks that the file system accepts a file's name with an ending.
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

  /// Checks that an output is none of the inputs, even under another name.
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
