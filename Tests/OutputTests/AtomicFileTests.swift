import Foundation
import Output
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func failure(_ body: () throws -> Void) throws -> FileError {
    try #require(#expect(throws: FileError.self) { try body() })
  }

  @Test func bytesAndTextsArrive() throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try AtomicFile.write(bytes, to: folder("bytes"), overwrite: false)
    try AtomicFile.write("level,ζ\n0.5,1\n", to: folder("table.csv"), overwrite: false)
    try AtomicFile.write([UInt8](), to: folder("empty"), overwrite: false)
    #expect(try folder.bytes("bytes") == bytes)
    #expect(try folder.bytes("table.csv") == Array("level,ζ\n0.5,1\n".utf8))
    #expect(try folder.bytes("empty") == [])
    #expect(try folder.names == ["bytes", "empty", "table.csv"])
  }

  @Test func overwritingIsAsked() throws {
    try AtomicFile.write("old", to: folder("f"), overwrite: false)
    let error = try failure { try AtomicFile.write("new", to: folder("f"), overwrite: false) }
    #expect(error.kind == .exists)
    #expect(error.description.contains(folder("f")))
    #expect(try folder.bytes("f") == Array("old".utf8))
    try AtomicFile.write("new", to: folder("f"), overwrite: true)
    #expect(try folder.bytes("f") == Array("new".utf8))
    #expect(try folder.names == ["f"])
  }

  @Test func aPlaceThatCannotBeWrittenIsAnError() throws {
    #expect(try failure { try AtomicFile.write("x", to: folder("no/f"), overwrite: true) }.kind == .notFound)
    #expect(try failure { try AtomicFile.write("x", to: folder.path, overwrite: true) }.kind == .cannotCreate)
    #expect(try failure { try AtomicFile.write("x", to: "/dev/null", overwrite: true) }.kind == .cannotCreate)
    #expect(try failure { try AtomicFile.write("x", to: "/proc/f", overwrite: true) }.kind != .exists)
    #expect(try folder.names == [])
  }

  @Test func longNamesAreTaken() throws {
    // 255 bytes are the limit of a name; the temporary one must not exceed it.
    let name = String(repeating: "ü", count: 127) + "x"
    try AtomicFile.write("x", to: folder(name), overwrite: false)
    #expect(try folder.names == [name])
    let error = try failure { try AtomicFile.write("x", to: folder(name + "y"), overwrite: false) }
    #expect(error.kind == .cannotCreate)
    #expect(try folder.names == [name])
  }

  @Test(arguments: [TemporaryFile.Exclusion.hardLink, .placeholder])
  func aFreeNameIsTakenAndATakenOneIsNot(exclusion: TemporaryFile.Exclusion) throws {
    let first = try TemporaryFile(for: folder("f"), overwrite: false)
    let second = try TemporaryFile(for: folder("f"), overwrite: false)
    #expect(first.path != second.path)
    try Array("first".utf8).withUnsafeBytes { try first.fill(with: $0) }
    try Array("second".utf8).withUnsafeBytes { try second.fill(with: $0) }
    try first.publish(exclusion: exclusion)
    let error = try failure { try second.publish(exclusion: exclusion) }
    #expect(error.kind == .exists)
    second.discard()
    #expect(try folder.bytes("f") == Array("first".utf8))
    #expect(try folder.names == ["f"])
  }

  @Test func staleTemporaryFilesAreNoObstacle() throws {
    // As a killed process of the same number would leave them.
    let probe = try TemporaryFile(for: folder("f"), overwrite: false)
    probe.discard()
    let name = try #require(probe.path.split(separator: "/").last)
    let parts = name.split(separator: "-")
    let number = try #require(parts.last.flatMap { Int($0) })
    for next in number + 1..<number + 200 {
      try folder.put("stale".utf8, at: parts.dropLast().joined(separator: "-") + "-\(next)")
    }
    try AtomicFile.write("x", to: folder("f"), overwrite: false)
    #expect(try folder.bytes("f") == Array("x".utf8))
    #expect(try folder.names.count == 200)
  }

  /// Whose process is gone, that is removed; what is of a living process, of another machine, or of somebody else stays.
  @Test func orphansAreRemoved() throws {
    let probe = try TemporaryFile(for: folder("f"), overwrite: false)
    probe.discard()
    let place = try #require(probe.path.split(separator: "-").dropLast(2).last.map(String.init))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let gone = process.processIdentifier
    let kept = [
      ".f.partial-\(place)-\(getppid())-1", ".f.partial-0123456789abcdef-\(gone)-1", ".f.partial-\(gone)-1",
      "f.partial-\(place)-\(gone)-1", ".f.partial-\(place)-\(gone)-1x", ".partial",
    ]
    let orphans = [
      ".f.partial-\(place)-\(gone)-1", ".a-b.nc.checkpoint.partial-\(place)-\(gone)-12",
    ]
    for name in kept + orphans { try folder.put("x".utf8, at: name) }
    AtomicFile.removeOrphans(beside: folder("other"))
    #expect(try folder.names == kept.sorted())
  }

  @Test func linksAreWrittenThrough() throws {
    let manager = FileManager.default
    try manager.createDirectory(atPath: folder("elsewhere"), withIntermediateDirectories: false)
    try manager.createSymbolicLink(atPath: folder("link"), withDestinationPath: "elsewhere/f")
    // A link to nothing yet, then to a file.
    for text in ["new", "newer"] {
      #expect(try failure { try AtomicFile.write("x", to: folder("link"), overwrite: false) }.kind == .exists)
      try AtomicFile.write(text, to: folder("link"), overwrite: true)
      #expect(try folder.bytes("elsewhere/f") == Array(text.utf8))
      #expect(try manager.destinationOfSymbolicLink(atPath: folder("link")) == "elsewhere/f")
    }
    #expect(try manager.contentsOfDirectory(atPath: folder("elsewhere")) == ["f"])
    try manager.createSymbolicLink(atPath: folder("circle"), withDestinationPath: "circle")
    #expect(
      try failure { try AtomicFile.write("x", to: folder("circle"), overwrite: true) }.kind == .cannotCreate)
  }

  /// A link to a pipe or device is left alone, as these are.
  @Test func whatIsNoRegularFileIsNotReplaced() throws {
    try FileManager.default.createSymbolicLink(atPath: folder("null"), withDestinationPath: "/dev/null")
    #expect(mkfifo(folder("pipe"), 0o600) == 0)
    try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: "pipe")
    let names = try folder.names
    for name in names {
      for overwrite in [false, true] {
        let error = try failure { try AtomicFile.write("x", to: folder(name), overwrite: overwrite) }
        #expect(error.kind == .cannotCreate, "\(error)")
      }
    }
    #expect(try folder.names == names)
  }

  @Test func oneOfManyWritersWins() async throws {
    let folder = folder
    let winners = await withTaskGroup(of: Bool.self) { group in
      for task in 0..<16 {
        group.addTask {
          (try? AtomicFile.write(
            [UInt8](repeating: UInt8(task), count: 5000), to: folder("f"), overwrite: false))
            != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(winners == 1)
    let bytes = try folder.bytes("f")
    #expect(bytes.count == 5000 && Set(bytes).count == 1)
    #expect(try folder.names == ["f"])
  }
}
