import CZlib
import Foundation
import Testing

/// A folder for one test's files, removed at the end of its life.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "DatasetsTests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and gives its path.
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// Writes a gzip file through zlib and gives its path.
  func writeGzip(_ parts: [[UInt8]], to name: String) throws -> String {
    let file = path + "/" + name
    let handle = try #require(gzopen(file, "wb"))
    for part in parts {
      #expect(gzwrite(handle, part, UInt32(part.count)) == part.count)
    }
    #expect(gzclose(handle) == Z_OK)
    return file
  }

  func bytes(of file: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: file)))
  }
}

/// The bytes of an IDX file's header.
func header(_ shape: [Int], type: UInt8 = 0x08) -> [UInt8] {
  [0, 0, type, UInt8(shape.count)]
    + shape.flatMap { size in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } }
}
