import Foundation
import Logging
import Numerics
import Output

/// The checkpoint beside an output, `OUTPUT.checkpoint`. If members are written or a shard is computed, the
/// data so far are in `OUTPUT.checkpoint-data-XXXXXXXX`.
///
/// A checkpoint is one file, which is written under another name and then renamed. It holds a text that tells
/// what it is, a header (JSON), the state, and a SHA-256 of these. It names its data file, with the length
/// and the hash of the part that belongs to the checkpoint; anything after that part is cut off.
package final class Checkpoints: @unchecked Sendable {
  /// What is being done.
  package enum Stage: String, Codable, Sendable { case training, ensemble }

  /// The part of a data file that belongs to a checkpoint.
  package struct DataPart: Codable, Sendable {
    package var name: String
    package var length: Int
    package var sha256: String
  }

  package struct Header: Codable, Sendable {
    package var stage: Stage
    package var identity: RunIdentity
    package var shard: Shard?
    package var data: DataPart?

    package init(stage: Stage, identity: RunIdentity, shard: Shard? = nil, data: DataPart? = nil) {
      self.stage = stage
      self.identity = identity
      self.shard = shard
      self.data = data
    }
  }

  /// A checkpoint that was read.
  package struct Loaded: Sendable {
    package var header: Header
    /// At the state.
    package var body: ByteDecoder

    /// The state of an ensemble; nil if the checkpoint holds another kind of state.
    package var ensembleBody: ByteDecoder? { header.stage == .ensemble ? body : nil }
  }

  /// What every version's checkpoint begins with.
  static let signature = "repeated-inference checkpoint"
  private static let magic = Array("\(signature) 4\n".utf8)
  private static let hashLength = 64
  private static let ending = ".checkpoint"
  /// The longest ending of a file beside an output: that of a data file.
  package static let longestEnding = ending + dataInfix + String(repeating: "0", count: dataNameLength)
  private static let dataInfix = "-data-"
  private static let dataNameLength = 8

  /// The checkpoint's file.
  package let path: String
  private let interval: Duration
  private var last: ContinuousClock.Instant
  /// Whether there is a checkpoint of this work.
  package private(set) var isSaved = false

  package init(for output: String, interval: Double) {
    path = output + Self.ending
    self.interval = .seconds(interval)
    last = ContinuousClock.now
  }

  /// Whether the interval has passed since the last checkpoint, or the start.
  package func isDue() -> Bool { ContinuousClock.now - last >= interval }

  /// Whether a time has passed since the last checkpoint, or the start.
  package func isDue(after time: Duration) -> Bool { ContinuousClock.now - last >= time }

  /// Writes a checkpoint in place of the former.
  package func save(_ header: Header, _ body: (inout ByteEncoder) throws -> Void) throws {
    let json = try JSONEncoder().encode(header)
    try AtomicFile.write(to: path, overwrite: true) { file in
      let hashing = Hashing(file)
      var encoder = ByteEncoder { try hashing.append($0) }
      for byte in Self.magic { try encoder.encode(byte) }
      try encoder.encode([UInt8](json))
      try body(&encoder)
      try encoder.finish()
      try Array(hashing.hash.hexadecimalSoFar().utf8).withUnsafeBytes { try file.append($0) }
    }
    isSaved = true
    last = .now
  }

  private final class Hashing {
    let file: AppendFile
    var hash = ContentHash()
    init(_ file: AppendFile) { self.file = file }
    func append(_ bytes: UnsafeRawBufferPointer) throws {
      hash.update(bytes)
      try file.append(bytes)
    }
  }

  /// Takes over the checkpoint that an earlier process left, or refuses to lose it.
  ///
  /// - Parameters:
  ///   - resume: Whether the checkpoint is continued. If not, it is an error, or is removed with `overwrite`.
  ///   - overwrite: Whether a checkpoint that is not continued may be removed.
  ///   - logger: Receives a warning about a damaged checkpoint.
  /// - Returns: The last good checkpoint, or nil.
  /// - Throws: `CheckpointError` of kind `exists` where there is one that would be lost.
  package func takeOver(resume: Bool, overwrite: Bool, logger: Logger) throws -> Loaded? {
    let loaded: Loaded?
    do {
      loaded = try load()
    } catch {
      logger.warning("\(path) is damaged (\(error)); starting afresh")
      loaded = nil
    }
    if loaded != nil, !resume {
      guard overwrite else {
        throw CheckpointError(
          .exists, path: path, problem: "an unfinished run is there",
          remedy: "continue it with --resume, or start afresh with --overwrite")
      }
      remove()
      return nil
    }
    isSaved = loaded != nil
    for name in dataFiles where name != loaded?.header.data?.name {
      AppendFile.removeUnlessInUse(folder + name)
    }
    return loaded
  }

  private func load() throws -> Loaded? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    let end = file.count - Self.hashLength
    guard end >= Self.magic.count, Array(file.prefix(Self.magic.count)) == Self.magic else {
      throw ByteDecodingError("it is not a checkpoint of this program")
    }
    var hash = ContentHash()
    file.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[0..<end])) }
    guard Array(hash.hexadecimal().utf8) == Array(file.suffix(Self.hashLength)) else {
      throw ByteDecodingError("its checksum is wrong")
    }
    var decoder = ByteDecoder(file)
    for _ in Self.magic { _ = try decoder.decode(UInt8.self) }
    let json: [UInt8] = try decoder.decode()
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(json)) else {
      throw ByteDecodingError("its header cannot be read")
    }
    return Loaded(header: header, body: decoder)
  }

  /// Removes the checkpoint, its data, and half-written files that killed processes left beside it.
  package func remove() {
    try? FileManager.default.removeItem(atPath: path)
    AtomicFile.removeOrphans(beside: path)
    for name in dataFiles { AppendFile.removeUnlessInUse(folder + name) }
    isSaved = false
  }

  // MARK: Data files

  /// The folder, with a slash; empty for the working directory.
  var folder: String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }
  private var dataPrefix: String { path.dropFirst(folder.count) + Self.dataInfix }

  private var dataFiles: [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)
    return (names ?? []).filter { $0.hasPrefix(dataPrefix) }
  }

  /// An empty data file.
  package func createData() throws -> FrameFile {
    let name = dataPrefix + UUID().uuidString.prefix(Self.dataNameLength).lowercased()
    return try FrameFile(creating: folder + name)
  }
}
