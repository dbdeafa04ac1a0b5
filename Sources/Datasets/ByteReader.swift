internal import CZlib

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Reads the bytes of a regular file, and inflates them if they are gzip data (RFC 1952).
///
/// Gzip data are recognized by their first two bytes, not by the file's name. Several gzip members in a row count
/// as one. No more is inflated than is asked for, so that a small file cannot fill the memory.
package final class ByteReader {
  /// The file's path.
  package let path: String
  /// The size of the file itself, in bytes.
  package let fileSize: Int
  /// Whether the file holds gzip data.
  package private(set) var isCompressed = false
  /// The number of bytes that have been handed out, after inflation.
  package private(set) var bytesDelivered = 0

  /// The largest number of bytes that one byte of deflate data can become. Deflate needs at least two bits for a
  /// match, which has 258 bytes at most, so it is 1032.
  package static let largestInflation = 1032

  private let descriptor: Int32
  private let input: UnsafeMutableBufferPointer<UInt8>
  private var inputStart = 0
  private var inputEnd = 0
  /// It is on the heap, because zlib keeps its address.
  private let stream: UnsafeMutablePointer<z_stream>
  private var streamIsOpen = false
  private var memberIsOpen = false

  /// Opens a file.
  ///
  /// - Throws: `DatasetError`: missing, if there is no such file or it may not be opened; invalid, if it is not a
  ///   regular file; unreadable, if reading fails.
  package init(path: String) throws(DatasetError) {
    // The file is opened without blocking, because opening a pipe without a writer would wait for ever.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      let reason = errno
      throw DatasetError(
        kind: .missing, path: path, problem: "cannot open the file (\(Self.text(reason)))",
        expected: "a readable file", remedy: "check the path and the permissions")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw DatasetError(
        kind: .invalid, path: path, problem: "not a regular file",
        expected: "a file, not a folder, pipe or device", remedy: "check the path")
    }
    self.path = path
    self.fileSize = Int(status.st_size)
    self.descriptor = descriptor
    // From here on `deinit` frees everything, whatever fails.
    input = .allocate(capacity: 1 << 18)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    try refill()
    isCompressed = inputEnd >= 2 && input[0] == 0x1f && input[1] == 0x8b
    if isCompressed {
      guard czlib_begin_inflating_gzip(stream) == Z_OK else {
        throw DatasetError(
          kind: .unreadable, path: path, problem: "zlib cannot begin inflating",
          expected: "enough memory for zlib's window", remedy: "free some memory")
      }
      streamIsOpen = true
      memberIsOpen = true
    }
  }

  deinit {
    if streamIsOpen { inflateEnd(stream) }
    stream.deinitialize(count: 1)
    stream.deallocate()
    input.deallocate()
    close(descriptor)
  }

  /// Reads until `target` is full or the data end.
  ///
  /// - Returns: The number of bytes read, less than `target.count` only at the end of the data.
  /// - Throws: `DatasetError`: invalid, if gzip data are damaged or truncated; unreadable, if reading
  ///   fails.
  /// - Complexity: O(bytes read).
  package func read(into target: UnsafeMutableBufferPointer<UInt8>) throws(DatasetError) -> Int {
    var filled = 0
    while filled < target.count {
      if inputStart == inputEnd { try refill() }
      let room = UnsafeMutableBufferPointer(rebasing: target[filled...])
      let atEnd = inputStart == inputEnd
      if atEnd, !memberIsOpen { break }
      let count = isCompressed ? try inflateSome(into: room, atEnd: atEnd) : copySome(into: room)
      filled += count
      bytesDelivered += count
    }
    return filled
  }

  private func copySome(into target: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let count = min(target.count, inputEnd - inputStart)
    _ = target.update(fromContentsOf: input[inputStart..<inputStart + count])
    inputStart += count
    return count
  }

  private func inflateSome(
    into target: UnsafeMutableBufferPointer<UInt8>, atEnd: Bool
  ) throws(DatasetError) -> Int {
    if !memberIsOpen {
      guard input[inputStart] == 0x1f else {
        throw invalid(
          "bytes that are not gzip data come after the end of the gzip data", "nothing after the end")
      }
      inflateReset(stream)
      memberIsOpen = true
    }
    let room = min(target.count, 1 << 30)
    stream.pointee.next_in = input.baseAddress! + inputStart
    stream.pointee.avail_in = UInt32(inputEnd - inputStart)
    stream.pointee.next_out = target.baseAddress!
    stream.pointee.avail_out = UInt32(room)
    let status = inflate(stream, Z_NO_FLUSH)
    inputStart = inputEnd - Int(stream.pointee.avail_in)
    let produced = room - Int(stream.pointee.avail_out)
    switch status {
    case Z_STREAM_END:
      memberIsOpen = false
    case Z_OK:
      break
    case Z_BUF_ERROR:
      // There was no progress, because zlib needs more input.
      if atEnd { throw invalid("the gzip data end too early", "an undamaged gzip file") }
    case Z_MEM_ERROR:
      throw DatasetError(
        kind: .unreadable, path: path, problem: "zlib found no memory",
        expected: "enough memory for zlib's window", remedy: "free some memory")
    default:
      let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib's status \(status)"
      throw invalid("the gzip data are damaged (\(reason))", "an undamaged gzip file")
    }
    return produced
  }

  private func refill() throws(DatasetError) {
    inputStart = 0
    inputEnd = 0
    while true {
      let count = systemRead(descriptor, input.baseAddress!, input.count)
      if count >= 0 {
        inputEnd = count
        return
      }
      let reason = errno
      if reason == EINTR { continue }
      throw DatasetError(
        kind: .unreadable, path: path, problem: "reading failed (\(Self.text(reason)))",
        expected: "a file that can be read to its end", remedy: "check the disk")
    }
  }

  private func invalid(_ problem: String, _ expected: String) -> DatasetError {
    DatasetError(
      kind: .invalid, path: path, problem: problem, expected: expected,
      remedy: "fetch or write the file again")
  }

  private static func text(_ errorNumber: Int32) -> String {
    String(cString: strerror(errorNumber))
  }
}

/// The system's `read`, under a name that no method hides.
private func systemRead(_ descriptor: Int32, _ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, target, count)
}
