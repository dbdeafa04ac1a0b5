import Foundation
import Numerics
import Output

/// A file of frames, one after another: a kind (1 byte), a length (8 bytes), and so many bytes. The last
/// frame of a complete file holds the SHA-256 of all before it.
package final class FrameFile {
  package enum Kind: UInt8 {
    /// What the file is (JSON).
    case header = 1
    /// The model.
    case model = 2
    /// Records of one unit's members.
    case records = 3
    /// The sums of a segment.
    case segment = 4
    /// What a shard's lots of starts showed in the search for attractors.
    case search = 5
    /// SHA-256 of everything before, in hexadecimal digits.
    case end = 255
  }

  private static let frameHeader = 9

  package let file: AppendFile
  private var hash = ContentHash()

  package init(creating path: String) throws { file = try AppendFile(creating: path) }

  /// Continues after the part that belongs to a checkpoint.
  ///
  /// - Throws: `FileError`, or `ByteDecodingError` where that part is not what it was.
  package init(continuing path: String, _ part: Checkpoints.DataPart) throws {
    file = try AppendFile(continuing: path, length: part.length)
    let grain = 1 << 22
    for position in stride(from: 0, to: part.length, by: grain) {
      hash.update(try file.read(count: min(grain, part.length - position), at: position))
    }
    guard hash.hexadecimalSoFar() == part.sha256 else {
      throw ByteDecodingError("the checksum of \(path) is wrong")
    }
  }

  package init(reading path: String) throws { file = try AppendFile(reading: path) }

  /// Appends a frame.
  package func append(_ kind: Kind, _ body: (inout ByteEncoder) throws -> Void) throws {
    let gathered = Gathered()
    var encoder = ByteEncoder { gathered.bytes.append(contentsOf: $0) }
    try body(&encoder)
    try encoder.finish()
    var header: [UInt8] = [kind.rawValue]
    withUnsafeBytes(of: UInt64(gathered.bytes.count)) { header.append(contentsOf: $0) }
    for bytes in [header, gathered.bytes] {
      hash.update(bytes)
      try bytes.withUnsafeBytes { try file.append($0) }
    }
  }

  private final class Gathered { var bytes: [UInt8] = [] }

  /// Marks the file as complete.
  package func appendEnd() throws {
    let digest = hash.hexadecimalSoFar()
    try append(.end) { encoder in for byte in digest.utf8 { try encoder.encode(byte) } }
  }

  /// Writes everything so far to the disk, and returns the part that a checkpoint may name.
  package func synchronized() throws -> Checkpoints.DataPart {
    try file.synchronize()
    let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
    return Checkpoints.DataPart(name: name, length: file.length, sha256: hash.hexadecimalSoFar())
  }

  /// Reads all frames in order.
  ///
  /// - Parameter checked: Whether the file must be complete, with the right checksum at its end. Frames are
  ///   handed out before the end is checked.
  /// - Throws: `FileError`, `ByteDecodingError`, and what `body` throws.
  package func forEachFrame(checked: Bool, _ body: (Kind, ByteDecoder) throws -> Void) throws {
    var position = 0
    var hash = ContentHash()
    while position < file.length {
      guard file.length - position >= Self.frameHeader else {
        throw ByteDecodingError("it is cut off at byte \(file.length)")
      }
      let header = try file.read(count: Self.frameHeader, at: position)
      let length = header.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 1, as: UInt64.self) }
      guard let kind = Kind(rawValue: header[0]), let count = Int(exactly: length),
        count <= file.length - position - Self.frameHeader
      else { throw ByteDecodingError("it is cut off, or damaged, at byte \(position)") }
      let payload = try file.read(count: count, at: position + Self.frameHeader)
      position += Self.frameHeader + count
      if kind == .end {
        guard checked else { return }
        guard position == file.length, hash.hexadecimalSoFar() == String(decoding: payload, as: UTF8.self)
        else { throw ByteDecodingError("its checksum is wrong") }
        return
      }
      if checked {
        hash.update(header)
        hash.update(payload)
      }
      try body(kind, ByteDecoder(Data(payload)))
    }
    if checked { throw ByteDecodingError("it is not complete") }
  }
}
