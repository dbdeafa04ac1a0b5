import Experiments
import Foundation
import Logging
import Numerics
import Output
import Synchronization
import TestSupport
import Testing

/// Checkpoints as files: what is kept, what is refused, what is removed.
@Suite struct CheckpointTests {
  private let folder: TemporaryFolder
  private let header: Checkpoints.Header

  init() throws {
    folder = try TemporaryFolder()
    header = Checkpoints.Header(stage: .ensemble, identity: try experiment(in: folder).identity())
  }

  /// The checkpoint of an output in the folder that is due at once.
  private func checkpoints() -> Checkpoints { Checkpoints(for: folder("run.nc"), interval: 0) }

  /// Saves a checkpoint whose state is three numbers.
  private func save(_ values: [Double] = [1, -0.0, .nan], data: Checkpoints.DataPart? = nil) throws {
    var header = header
    header.data = data
    try checkpoints().save(header) { try $0.encode(values) }
  }

  private let silent = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })

  @Test func whatWasSavedIsOpened() throws {
    try save()
    let opened = try #require(try checkpoints().takeOver(resume: true, overwrite: false, logger: silent))
    #expect(opened.header.stage == .ensemble && opened.header.shard == nil)
    #expect(opened.header.identity == header.identity)
    var body = try #require(opened.ensembleBody)
    let values: [Double] = try body.decode()
    #expect(values.map(\.bitPattern) == [1, -0.0, .nan].map { (x: Double) in x.bitPattern })
    #expect(try folder.names == ["run.nc.checkpoint"])
  }

  @Test func theNewCheckpointTakesThePlaceOfTheFormer() throws {
    try save([1])
    try save([2])
    var body = try #require(try checkpoints().takeOver(resume: true, overwrite: false, logger: silent)).body
    let values: [Double] = try body.decode()
    #expect(values == [2])
  }

  @Test func whereThereIsNoneNothingIsOpened() throws {
    let checkpoints = checkpoints()
    #expect(try checkpoints.takeOver(resume: true, overwrite: false, logger: silent) == nil)
    #expect(!checkpoints.isSaved)
  }

  @Test func unfinishedWorkIsNotLostWithoutBeingAsked() throws {
    try save()
    let error = #expect(throws: CheckpointError.self) {
      try checkpoints().takeOver(resume: false, overwrite: false, logger: silent)
    }
    #expect(error?.kind == .exists)
    #expect(try folder.names == ["run.nc.checkpoint"])
    #expect(try checkpoints().takeOver(resume: false, overwrite: true, logger: silent) == nil)
    #expect(try folder.names == [])
  }

  /// The run starts afresh, and says why.
  @Test func aDamagedCheckpointIsReportedAndNotUsed() throws {
    try save()
    let bytes = try folder.bytes("run.nc.checkpoint")
    for place in stride(from: 0, to: bytes.count, by: 7) {
      var damaged = bytes
      damaged[place] ^= 0x20
      try folder.put(damaged, at: "run.nc.checkpoint")
      let log = RecordedLog()
      #expect(
        try checkpoints().takeOver(resume: true, overwrite: false, logger: log.logger) == nil, "\(place)")
      #expect(log.lines.count == 1 && log.lines[0].contains("is damaged"), "\(log.lines)")
    }
    for length in [0, 10, bytes.count / 2, bytes.count - 1] {
      try folder.put(bytes.prefix(length), at: "run.nc.checkpoint")
      #expect(try checkpoints().takeOver(resume: true, overwrite: false, logger: silent) == nil, "\(length)")
    }
  }

  @Test func dataOfOtherCheckpointsAreRemoved() throws {
    var kept: FrameFile? = try checkpoints().createData()
    try kept?.append(.header) { try $0.encode([UInt8]()) }
    let part = try kept?.synchronized()
    kept = nil
    _ = try checkpoints().createData()
    #expect(try folder.names.count == 2)
    try save(data: part)
    _ = try checkpoints().takeOver(resume: true, overwrite: false, logger: silent)
    #expect(try folder.names == ["run.nc.checkpoint", try #require(part).name].sorted())
    checkpoints().remove()
    #expect(try folder.names == [])
  }

  /// The advisory lock of the writer ends with it.
  @Test func dataThatAreBeingWrittenStay() throws {
    let open = try checkpoints().createData()
    checkpoints().remove()
    #expect(try folder.names.count == 1)
    withExtendedLifetime(open) {}
  }

  @Test func theStateOfATrainingIsNoStateOfAnEnsemble() throws {
    var training = header
    training.stage = .training
    try checkpoints().save(training) { try $0.encode([1.0]) }
    let opened = try #require(try checkpoints().takeOver(resume: true, overwrite: false, logger: silent))
    #expect(opened.header.stage == .training && opened.ensembleBody == nil)
  }

  /// A name beside which no checkpoint fits is refused before anything is computed.
  @Test func theLongestNameIsThatOfADataFile() throws {
    let data = try checkpoints().createData().file.path
    #expect(data.count == folder("run.nc").count + Checkpoints.longestEnding.count)
  }

  @Test(arguments: ["run.nc.checkpoint", "run.nc.checkpoint-data-00000000", "run.shard"])
  func workFilesAreNoRunFiles(_ name: String) throws {
    if name == "run.nc.checkpoint" {
      try save()
    } else {
      try FrameFile(creating: folder(name)).append(.header) { try $0.encode([UInt8]("{\"a\":1}".utf8)) }
    }
    let error = #expect(throws: CheckpointError.self) { try WorkFile.refuse(folder(name)) }
    #expect(error?.kind == .mismatch)
    #expect(error?.remedy.contains(name.hasSuffix("shard") ? "simulate merge" : "--resume") == true)
  }

  @Test func otherFilesAreNoWorkFiles() throws {
    for (name, bytes) in [("empty", []), ("short", [1, 2, 3]), ("hdf", Array("\u{89}HDF\r\n".utf8))] {
      try WorkFile.refuse(folder.put(bytes, at: name))
    }
    try WorkFile.refuse(folder("missing"))
  }
}

/// Keeps what is logged.
private final class RecordedLog: Sendable {
  private let messages = Mutex<[String]>([])

  var lines: [String] { messages.withLock { $0 } }

  var logger: Logger { Logger(label: "tests", factory: { _ in Handler(log: self) }) }

  private struct Handler: LogHandler {
    let log: RecordedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(
      level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String,
      function: String, line: UInt
    ) { log.messages.withLock { $0.append("\(message)") } }
  }
}
