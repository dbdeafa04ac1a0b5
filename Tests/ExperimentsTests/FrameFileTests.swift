import Experiments
import Foundation
import Numerics
import Output
import TestSupport
import Testing

/// Files of frames: shards, and the data beside checkpoints.
@Suite struct FrameFileTests {
  /// Writes a header, two frames of records and, if asked, the end.
  private func write(_ path: String, isComplete: Bool = true) throws {
    let file = try FrameFile(creating: path)
    try file.append(.header) { try $0.encode([UInt8]("{}".utf8)) }
    try file.append(.records) { try $0.encode([1.5, -0.0, .nan]) }
    try file.append(.records) { _ in }
    if isComplete { try file.appendEnd() }
  }

  /// The kinds of a file's frames, and how many bytes each holds.
  private func frames(_ path: String, checked: Bool = true) throws -> [(FrameFile.Kind, Int)] {
    var result: [(FrameFile.Kind, Int)] = []
    try FrameFile(reading: path).forEachFrame(checked: checked) { kind, decoder in
      var decoder = decoder
      var count = 0
      while (try? decoder.decode(UInt8.self)) != nil { count += 1 }
      result.append((kind, count))
    }
    return result
  }

  @Test func framesAreReadInOrder() throws {
    let folder = try TemporaryFolder()
    try write(folder("a"))
    let result = try frames(folder("a"))
    #expect(result.map(\.0) == [.header, .records, .records])
    // The length of a list (8 bytes), and its elements.
    #expect(result.map(\.1) == [8 + 2, 8 + 3 * 8, 0])
  }

  @Test func valuesKeepTheirBits() throws {
    let folder = try TemporaryFolder()
    try write(folder("a"))
    var values: [Double] = []
    try FrameFile(reading: folder("a")).forEachFrame(checked: true) { kind, decoder in
      var decoder = decoder
      if kind == .records, values.isEmpty { values = try decoder.decode() }
    }
    #expect(values.map(\.bitPattern) == [1.5, -0.0, .nan].map { (x: Double) in x.bitPattern })
  }

  @Test func aFileThatIsCutAnywhereIsRefused() throws {
    let folder = try TemporaryFolder()
    try write(folder("a"))
    let bytes = try folder.bytes("a")
    for length in 0..<bytes.count {
      let path = try folder.put(bytes.prefix(length), at: "cut")
      #expect(throws: ByteDecodingError.self, "cut to \(length) of \(bytes.count) bytes") {
        _ = try frames(path)
      }
    }
  }

  /// Each bit counts, but for the end's own length and digest, which are compared as a whole.
  @Test func aFileWithAFlippedBitIsRefused() throws {
    let folder = try TemporaryFolder()
    try write(folder("a"))
    let bytes = try folder.bytes("a")
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 0x10
      let path = try folder.put(damaged, at: "damaged")
      #expect(throws: ByteDecodingError.self, "byte \(place)") { _ = try frames(path) }
    }
  }

  @Test func anIncompleteFileIsReadWhereThatIsAllowed() throws {
    let folder = try TemporaryFolder()
    try write(folder("a"), isComplete: false)
    #expect(throws: ByteDecodingError.self) { _ = try frames(folder("a")) }
    #expect(try frames(folder("a"), checked: false).count == 3)
  }

  /// What was appended after a checkpoint is cut off, and the sum goes on from there.
  @Test func writingGoesOnAfterACheckpointsPart() throws {
    let folder = try TemporaryFolder()
    try write(folder("whole"))
    var file: FrameFile? = try FrameFile(creating: folder("a"))
    try file?.append(.header) { try $0.encode([UInt8]("{}".utf8)) }
    let part = try #require(try file?.synchronized())
    #expect(part.name == "a" && part.length == file?.file.length)
    try file?.append(.segment) { try $0.encode([7.0]) }
    file = nil
    let continued = try FrameFile(continuing: folder("a"), part)
    try continued.append(.records) { try $0.encode([1.5, -0.0, .nan]) }
    try continued.append(.records) { _ in }
    try continued.appendEnd()
    #expect(try folder.bytes("a") == folder.bytes("whole"))
  }

  @Test func aPartWithOtherContentsIsRefused() throws {
    let folder = try TemporaryFolder()
    var file: FrameFile? = try FrameFile(creating: folder("a"))
    try file?.append(.header) { try $0.encode([UInt8]("{}".utf8)) }
    let part = try #require(try file?.synchronized())
    file = nil
    var bytes = try folder.bytes("a")
    bytes[bytes.count - 1] ^= 1
    try folder.put(bytes, at: "a")
    #expect(throws: ByteDecodingError.self) { _ = try FrameFile(continuing: folder("a"), part) }
    try folder.put(bytes.dropLast(), at: "a")
    #expect(throws: FileError.self) { _ = try FrameFile(continuing: folder("a"), part) }
  }
}
