import Arrays
import CFuzzer
import Datasets
import Foundation

// Each input is an archive of arrays (.npz): items in the array a, labels in the array b.
//
// Anything but a data set or a DatasetError of one line is a crash, and so is a description of several lines.

private func test(_ data: UnsafePointer<UInt8>?, _ size: Int) {
  var path = [CChar](repeating: 0, count: 32)
  let descriptor = fuzzer_memory_file(data, size, &path)
  guard descriptor >= 0 else { fatalError("no memory file") }
  defer { close(descriptor) }
  let name = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  for dataset in [ArrayDataset(file: name), ArrayDataset(file: name, items: "a", labels: "b")] {
    do {
      let found = try dataset.load(seed: 1)
      guard found.train.count > 0, found.train.classes.count == found.train.count else {
        fatalError("no items")
      }
    } catch let error as DatasetError {
      guard !error.description.contains(where: \.isNewline) else { fatalError("lines: \(error)") }
    } catch {
      fatalError("no DatasetError: \(error)")
    }
  }
  for array in (try? ArrayDescription.all(of: name)) ?? [] {
    guard !array.contents.contains(where: \.isNewline) else { fatalError("lines: \(array.contents)") }
  }
}

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  test(data, size)
  return 0
}
