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
