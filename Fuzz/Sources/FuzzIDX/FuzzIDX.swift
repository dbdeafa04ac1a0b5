import CFuzzer
import Datasets
import Foundation

// Each input is read as it is and, compressed, as gzip data, whose checksums no mutation would meet otherwise.
//
// Anything but an array or a DatasetError of one line is a crash, and so is an array whose sizes do not fit its
// elements, or that differs between both ways.

private func read(_ data: UnsafePointer<UInt8>?, _ size: Int) -> IDXArray? {
  var path = [CChar](repeating: 0, count: 32)
  let descriptor = fuzzer_memory_file(data, size, &path)
  guard descriptor >= 0 else { fatalError("no memory file") }
  defer { close(descriptor) }
  do {
    let array = try IDXReader.read(
      path: String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
      types: Set(IDXElementType.allCases))
    let count = array.shape.reduce(1, *)
    guard array.elements.count == count * array.elementType.width, array.count == count else {
      fatalError("\(array.elements.count) bytes of \(array.shape)")
    }
    for index in [0, count / 2, count - 1] where (0..<count).contains(index) {
      _ = array.integer(at: index)
    }
    return array
  } catch {
    guard !error.description.contains(where: \.isNewline) else { fatalError("lines: \(error)") }
    return nil
  }
}

private func test(_ data: UnsafePointer<UInt8>?, _ size: Int) {
  let plain = read(data, size)
  var compressedSize = 0
  guard let compressed = fuzzer_gzip(data, size, &compressedSize) else { fatalError("no gzip") }
  defer { free(compressed) }
  let inflated = read(compressed, compressedSize)
  let isGzip = size >= 2 && data?[0] == 0x1F && data?[1] == 0x8B
  guard isGzip || plain == inflated else { fatalError("plain and gzip differ") }
}

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  test(data, size)
  return 0
}
