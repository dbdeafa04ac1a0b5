import Foundation
import Output
import TestSupport
import Testing

@Suite struct NetCDFFailureTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func failure(_ body: () throws -> Void) throws -> NetCDFError {
    try #require(#expect(throws: NetCDFError.self) { try body() })
  }

  /// Writes 4,000 doubles, uncompressed, and a scalar.
  private func writeFile(_ name: String, overwrite: Bool = false) throws {
    let writer = try NetCDFWriter(path: folder(name), overwrite: overwrite)
    try writer.root.defineDimension("x", length: 4000)
    try writer.root.defineVariable("overlap_concept", type: .double, dimensions: ["x"], compression: false)
      .write((0..<4000).map(Double.init))
    try writer.root.defineVariable("seed", type: .int32).write([7])
    try writer.root.defineVariable("title", type: .string).write(["t"])
    _ = try writer.root.defineGroup("attractors")
    try writer.commit()
  }

  // MARK: All or nothing

  @Test func nothingIsAtThePathBeforeTheCommit() throws {
    let writer = try NetCDFWriter(path: folder("run.nc"))
    try writer.root.defineVariable("v", type: .double).write([1.0])
    let before = try folder.names
    #expect(before.count == 1)
    #expect(before[0].hasPrefix(".run.nc.partial-"))
    #expect(before[0].contains("-\(ProcessInfo.processInfo.processIdentifier)-"))
    try writer.commit()
    #expect(try folder.names == ["run.nc"])
    #expect(try NetCDFReader(path: folder("run.nc")).variable("v").readDoubles() == [1])
    writer.abandon()
    #expect(try folder.names == ["run.nc"])
  }

  @Test func abandoningLeavesTheOldFile() throws {
    try folder.put("old".utf8, at: "run.nc")
    let writer = try NetCDFWriter(path: folder("run.nc"), overwrite: true)
    try writer.root.defineVariable("v", type: .double).write([1.0])
    writer.abandon()
    writer.abandon()
    #expect(try folder.names == ["run.nc"])
    #expect(try folder.bytes("run.nc") == Array("old".utf8))
  }

  @Test func forgettingTheWriterAbandonsIt() throws {
    do {
      let writer = try NetCDFWriter(path: folder("run.nc"))
      try writer.root.defineVariable("v", type: .double).write([1.0])
    }
    #expect(try folder.names == [])
  }

  @Test func overwritingReplacesTheFileAndKeepsItsPermissions() throws {
    try folder.put("old".utf8, at: "run.nc")
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: folder("run.nc"))
    try writeFile("run.nc", overwrite: true)
    #expect(try folder.names == ["run.nc"])
    #expect(try NetCDFReader(path: folder("run.nc")).variable("seed").readInts() == [7])
    let attributes = try FileManager.default.attributesOfItem(atPath: folder("run.nc"))
    #expect(attributes[.posixPermissions] as? Int == 0o640)
  }

  @Test func overwritingReplacesTheTargetOfALink() throws {
    try folder.put("old".utf8, at: "target.nc")
    try FileManager.default.createSymbolicLink(atPath: folder("run.nc"), withDestinationPath: "target.nc")
    try writeFile("run.nc", overwrite: true)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder("run.nc")) == "target.nc")
    #expect(try NetCDFReader(path: folder("target.nc")).variable("seed").readInts() == [7])
  }

  @Test func anExistingFileIsFoundAtOnce() throws {
    try folder.put("old".utf8, at: "run.nc")
    let error = try failure { _ = try NetCDFWriter(path: folder("run.nc")) }
    #expect(error.kind == .cannotCreate)
    #expect(error.description.contains(folder("run.nc")))
    #expect(try folder.names == ["run.nc"])
    #expect(try folder.bytes("run.nc") == Array("old".utf8))
  }

  @Test func aFileThatCameMeanwhileIsKept() throws {
    let writer = try NetCDFWriter(path: folder("run.nc"))
    try writer.root.defineVariable("v", type: .double).write([1.0])
    try folder.put("other's".utf8, at: "run.nc")
    let error = try failure { try writer.commit() }
    #expect(error.kind == .cannotCreate)
    #expect(try folder.names == ["run.nc"])
    #expect(try folder.bytes("run.nc") == Array("other's".utf8))
  }

  @Test func missingFolderIsFoundAtOnce() throws {
    let error = try failure { _ = try NetCDFWriter(path: folder("no/run.nc")) }
    #expect(error.kind == .cannotCreate)
    #expect(error.description.contains(folder("no/run.nc")))
    #expect(error.description.contains("create the folder"))
    #expect(!error.description.contains("\n"))
  }

  @Test func whatIsNoRegularFileIsNeverReplaced() throws {
    // As root, a rename would happily replace the device.
    for path in ["/dev/null", folder.path, folder.path + "/", ""] {
      let error = try failure { _ = try NetCDFWriter(path: path, overwrite: true) }
      #expect(error.kind == .cannotCreate)
    }
    #expect(try folder.names == [])
  }

  @Test func aRelativePathIsTaken() throws {
    // The library would take some names for addresses, and skip leading spaces.
    for name in [" s.nc", "a#mode=zarr.nc", "50%.nc", "ü b[1].nc", "http:x.nc", "-o.nc"] {
      try writeFile(name)
      #expect(try folder.names == [name])
      #expect(try NetCDFReader(path: folder(name)).variable("seed").readInts() == [7])
      try FileManager.default.removeItem(atPath: folder(name))
    }
    let name = "output-tests-\(UUID().uuidString).nc"
    defer { try? FileManager.default.removeItem(atPath: name) }
    let writer = try NetCDFWriter(path: name)
    try writer.root.defineVariable("v", type: .int32).write([3])
    try writer.commit()
    #expect(try NetCDFReader(path: name).variable("v").readInts() == [3])
  }

  // MARK: Files that cannot be read

  @Test func aMissingFileIsNotFound() throws {
    for path in [folder("no.nc"), folder("no/no.nc"), ""] {
      let error = try failure { _ = try NetCDFReader(path: path) }
      #expect(error.kind == .notFound)
      #expect(error.description.hasPrefix("cannot open \(path.isEmpty ? "\"\"" : path): "))
    }
  }

  @Test(arguments: [0.1, 0.5, 0.9, 0.999])
  func aTruncatedFileIsNotReadable(part: Double) throws {
    try writeFile("run.nc")
    let bytes = try folder.bytes("run.nc")
    try folder.put(bytes.prefix(Int(Double(bytes.count) * part)), at: "run.nc")
    let error = try failure { _ = try NetCDFReader(path: folder("run.nc")) }
    #expect(error.kind == .notReadable)
    #expect(error.description.contains(folder("run.nc")))
  }

  @Test func whatIsNoNetCDFFileIsNotReadable() throws {
    try folder.put("a text that poses as a NetCDF file\n".utf8, at: "text.nc")
    try folder.put([], at: "empty.nc")
    try folder.put([0x89] + Array("HDF\r\n\u{1a}\n".utf8), at: "signature.nc")
    for path in [folder("text.nc"), folder("empty.nc"), folder("signature.nc"), folder.path, "/dev/null"] {
      let error = try failure { _ = try NetCDFReader(path: path) }
      #expect(error.kind == .notReadable, "\(path)")
      // One that begins like a NetCDF file may be cut off; another was never one.
      let isOther = path.hasSuffix("text.nc") || path.hasSuffix("empty.nc")
      #expect(error.description.contains("it is no NetCDF file") == isOther, "\(error)")
      #expect(error.description.contains("write it again") == path.hasSuffix("signature.nc"), "\(error)")
    }
  }

  @Test func classicFormatIsRefusedWithTheWayOut() throws {
    // An empty file of the classic format: no records, dimensions, attributes, variables.
    try folder.put(Array("CDF\u{1}".utf8) + [UInt8](repeating: 0, count: 28), at: "old.nc")
    let error = try failure { _ = try NetCDFReader(path: folder("old.nc")) }
    #expect(error.kind == .notReadable)
    #expect(error.remedy.contains("nccopy"))
  }

  @Test func damagedBytesGiveAnErrorOrValuesButNoCrash() throws {
    try writeFile("run.nc")
    let bytes = try folder.bytes("run.nc")
    // Bytes of the structure, not of the data; each place by itself.
    for place in stride(from: 0, to: min(bytes.count, 3000), by: 13) {
      var damaged = bytes
      damaged[place] ^= 0xff
      try folder.put(damaged, at: "damaged.nc")
      do {
        let reader = try NetCDFReader(path: folder("damaged.nc"), maximumElements: 1 << 20)
        for variable in reader.root.variables where variable.type == .double {
          _ = try variable.readDoubles()
        }
      } catch {
        #expect([.notReadable, .tooLarge, .inputOutput, .missingName].contains(error.kind), "\(error)")
      }
    }
  }

  // MARK: Names

  @Test func unknownNamesNameTheNearest() throws {
    try writeFile("run.nc")
    let reader = try NetCDFReader(path: folder("run.nc"))
    let variable = try failure { _ = try reader.variable("overlap-concept") }
    #expect(variable.kind == .missingName)
    #expect(variable.name == "overlap-concept")
    #expect(variable.description.contains("did you mean \"overlap_concept\"?"))
    #expect(variable.description.contains("\"seed\""))
    #expect(!variable.description.contains("\n"))
    let far = try failure { _ = try reader.variable("qqqqqqqq") }
    #expect(!far.description.contains("did you mean"))
    #expect(far.description.contains("\"seed\""))
    let group = try failure { _ = try reader.variable("atractors/position") }
    #expect(group.kind == .missingName)
    #expect(group.description.contains("did you mean \"attractors\"?"))
    let none = try failure { _ = try reader.variable("attractors/position") }
    #expect(none.kind == .missingName)
    #expect(try failure { _ = try reader.attribute("seed") }.kind == .missingName)
    #expect(try failure { _ = try reader.variable("seed").attribute("units") }.kind == .missingName)
    #expect(try failure { _ = try reader.variable("") }.kind == .missingName)
  }

  @Test func namesAreDefinedOnce() throws {
    let root = try NetCDFWriter(path: folder("run.nc")).root
    try root.defineDimension("time", length: 3)
    try root.defineVariable("v", type: .double, dimensions: ["time"])
    _ = try root.defineGroup("g")
    #expect(try failure { try root.defineDimension("time", length: 3) }.kind == .invalidName)
    #expect(try failure { try root.defineVariable("v", type: .int32) }.kind == .invalidName)
    #expect(try failure { _ = try root.defineGroup("g") }.kind == .invalidName)
    #expect(try failure { try root.defineDimension("a/b", length: 3) }.kind == .invalidName)
    #expect(try failure { try root.defineDimension("", length: 3) }.kind == .invalidName)
    let error = try failure { try root.defineVariable("w", type: .int32, dimensions: ["tine"]) }
    #expect(error.kind == .missingName)
    #expect(error.description.contains("did you mean \"time\"?"))
    #expect(
      try failure { try root.defineVariable("u", type: .double, attributes: [("_FillValue", 1.0)]) }.kind
        == .invalidName)
  }

  // MARK: Types and shapes

  @Test func typesMustFit() throws {
    let root = try NetCDFWriter(path: folder("run.nc")).root
    let double = try root.defineVariable("d", type: .double)
    let integer = try root.defineVariable("n", type: .int32)
    let text = try root.defineVariable("s", type: .string)
    for body in [
      { try double.write([1]) }, { try double.write(["a"]) }, { try integer.write([1.0]) },
      { try integer.write(["a"]) }, { try text.write([1.0]) }, { try text.write([1]) },
      { try integer.write([1 << 40]) }, { try text.write(["a\0b"]) },
    ] as [() throws -> Void] {
      #expect(try failure(body).kind == .typeMismatch)
    }
    #expect(try failure { try root.defineVariable("c", type: .character) }.kind == .typeMismatch)
    try writeFile("other.nc")
    let reader = try NetCDFReader(path: folder("other.nc"))
    #expect(try failure { _ = try reader.variable("overlap_concept").readInts() }.kind == .typeMismatch)
    #expect(try failure { _ = try reader.variable("seed").readStrings() }.kind == .typeMismatch)
    #expect(try failure { _ = try reader.variable("title").readDoubles() }.kind == .typeMismatch)
  }

  @Test func shapesMustFit() throws {
    let root = try NetCDFWriter(path: folder("run.nc")).root
    try root.defineDimension("i", length: 2)
    try root.defineDimension("j", length: 3)
    let v = try root.defineVariable("v", type: .double, dimensions: ["i", "j"])
    let six = [Double](repeating: 0, count: 6)
    for (start, count) in [
      ([0, 1], [2, 3]), ([0], [6]), ([-1, 0], [2, 3]), ([0, 0], [3, 2]), ([1, 1], [.max, .max]),
      ([0, 0, 0], [2, 3, 1]), ([.max, .max], [2, 3]), ([0, 0], [-2, -3]),
    ] {
      let error = try failure { try v.write(six, start: start, count: count) }
      #expect(error.kind == .shapeMismatch)
    }
    #expect(try failure { try v.write([1, 2, 3] as [Double]) }.kind == .shapeMismatch)
    #expect(try failure { try v.write([] as [Double]) }.kind == .shapeMismatch)
    #expect(try failure { try v.write(six, start: [0, 0], count: [2, 2]) }.kind == .shapeMismatch)
    for chunks in [[2], [0, 3], [3, 3], [2, 3, 1]] {
      let error = try failure {
        try root.defineVariable("c", type: .double, dimensions: ["i", "j"], chunks: chunks)
      }
      #expect(error.kind == .shapeMismatch)
    }
    try writeFile("other.nc")
    let variable = try NetCDFReader(path: folder("other.nc")).variable("overlap_concept")
    for (start, count) in [([1], [4000]), ([0, 0], [1, 1]), ([-1], [2]), ([.max], [2])] {
      let error = try failure { _ = try variable.readDoubles(start: start, count: count) }
      #expect(error.kind == .shapeMismatch)
    }
  }

  @Test func declaredShapesAreNotTrusted() throws {
    // A few kilobytes that declare more than any memory takes.
    let writer = try NetCDFWriter(path: folder("hostile.nc"))
    try writer.root.defineDimension("a", length: 1 << 20)
    try writer.root.defineDimension("b", length: 1 << 40)
    try writer.root.defineVariable("large", type: .double, dimensions: ["a", "a"], chunks: [64, 64])
    try writer.root.defineVariable("vast", type: .double, dimensions: ["b", "b"], chunks: [64, 64])
    try writer.root.defineVariable("string", type: .string, dimensions: ["a", "a"], chunks: [64, 64])
    try writer.root.defineVariable("integer", type: .int32, dimensions: ["b", "a"], chunks: [64, 64])
    try writer.commit()
    #expect(try folder.bytes("hostile.nc").count < 100_000)
    let reader = try NetCDFReader(path: folder("hostile.nc"))
    #expect(try failure { _ = try reader.variable("large").readDoubles() }.kind == .tooLarge)
    #expect(try failure { _ = try reader.variable("vast").readDoubles() }.kind == .tooLarge)
    #expect(try failure { _ = try reader.variable("string").readStrings() }.kind == .tooLarge)
    #expect(try failure { _ = try reader.variable("integer").readInts() }.kind == .tooLarge)
    #expect(try reader.variable("large").readDoubles(start: [9, 9], count: [1, 2]).count == 2)
    // Without the limit it is the address space that refuses: 2^60 elements take 2^63 bytes.
    let unlimited = try NetCDFReader(path: folder("hostile.nc"), maximumElements: .max)
    #expect(try failure { _ = try unlimited.variable("integer").readInts() }.kind == .tooLarge)

    try writeFile("small.nc")
    let limited = try NetCDFReader(path: folder("small.nc"), maximumElements: 3999)
    #expect(try failure { _ = try limited.variable("overlap_concept").readDoubles() }.kind == .tooLarge)
    let enough = try NetCDFReader(path: folder("small.nc"), maximumElements: 4000)
    #expect(try enough.variable("overlap_concept").readDoubles().count == 4000)
  }

  // MARK: Processes and threads

  /// A process that was started while a file was under way holds its descriptor, and with it any lock.
  @Test func aProcessStartedMeanwhileHoldsNoLock() throws {
    let path = folder("meanwhile.nc")
    let writer = try NetCDFWriter(path: path)
    try writer.root.defineDimension("x", length: 3)
    var process: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { for argument in arguments { free(argument) } }
    // Not Foundation's Process, which closes descriptors in the child.
    try #require(posix_spawnp(&process, "sleep", nil, nil, &arguments, environ) == 0)
    defer {
      kill(process, SIGKILL)
      waitpid(process, nil, 0)
    }
    try writer.commit()
    #expect(try NetCDFReader(path: path).root.dimensions.map(\.length) == [3])
  }

  @Test func filesMayBeWrittenInParallel() async throws {
    // The library without a lock fails here, or crashes: its tables of open files are shared.
    let folder = folder
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<2 {
        group.addTask {
          for round in 0..<20 {
            let path = folder("\(task)-\(round).nc")
            let writer = try NetCDFWriter(path: path)
            try writer.root.defineDimension("x", length: 3000)
            for index in 0..<10 {
              let v = try writer.root.defineVariable("v\(index)", type: .double, dimensions: ["x"])
              try v.setAttribute("units", "1")
              try v.write([Double](repeating: Double(task * 1000 + index), count: 3000))
            }
            try writer.commit()
            let reader = try NetCDFReader(path: path)
            for index in 0..<10 {
              let values = try reader.variable("v\(index)").readDoubles()
              #expect(values == [Double](repeating: Double(task * 1000 + index), count: 3000))
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try folder.names.count == 40)
  }
}
