import CZlib
import Foundation
import TestSupport
import Testing

extension TemporaryFolder {
  /// Writes a gzip file through zlib and gives its path.
  func writeGzip(_ parts: [[UInt8]], to name: String) throws -> String {
    let file = self(name)
    let handle = try #require(gzopen(file, "wb"))
    for part in parts {
      #expect(gzwrite(handle, part, UInt32(part.count)) == part.count)
    }
    #expect(gzclose(handle) == Z_OK)
    return file
  }

  /// The bytes of a file by its path.
  func bytes(of file: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: file)))
  }
}

/// The bytes of an IDX file's header.
func header(_ shape: [Int], type: UInt8 = 0x08) -> [UInt8] {
  [0, 0, type, UInt8(shape.count)]
    + shape.flatMap { size in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } }
}
