import Arrays
import CFuzzer
import Datasets
import Foundation

// Each input is a file in numpy's format (.npy).
//
// Anything but a data set or a DatasetError of one line is a crash, and so is a data set whose items do not fit its
// shape.

private func test(_ data: UnsafePointer<UInt8>?, _ size: Int) {
  var path = [CChar](repeating: 0, count: 32)
  let descriptor = fuzzer_memory_file(data, size, &path)
  guard descriptor >= 0 else { fatalError("no memory file") }
  defer { close(descriptor) }
  let name = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  var dataset = ArrayDataset(file: name)
  for scale in [ComponentScale.byType, .from(lower: -8, upper: 300), .none] {
    dataset.scale = scale
    do {
      let found = try dataset.load(seed: 1)
      guard found.train.count > 0,
        found.train.components(ofItem: found.train.count - 1).count == found.dimension
      else { fatalError("\(found.train.count) items of \(found.dimension)") }
    } catch let error as DatasetError {
      guard !error.description.contains(where: \.isNewline) else { fatalError("lines: \(error)") }
    } catch {
      fatalError("no DatasetError: \(error)")
    }
  }
  // As labels, too: of texts there are no items.
  _ = try? ArrayDescription.all(of: name)
}

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  test(data, size)
  return 0
}
