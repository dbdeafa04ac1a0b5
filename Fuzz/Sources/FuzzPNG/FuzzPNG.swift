import Datasets
import Foundation
import Pictures

// Each input is a PNG file.
//
// Anything but a picture or a DatasetError of one line is a crash.

private func test(_ bytes: UnsafeBufferPointer<UInt8>) {
  do {
    let picture = try Picture(png: Array(bytes), path: "fuzz.png")
    guard picture.pixels.count == picture.height * picture.width * picture.channels else {
      fatalError("\(picture.pixels.count) pixels")
    }
    let small = picture.resized(height: 3, width: 2)
    guard small.pixels.count == 6 * picture.channels else { fatalError("\(small.pixels.count) pixels") }
  } catch {
    guard !error.description.contains(where: \.isNewline) else { fatalError("lines: \(error)") }
  }
}

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  test(UnsafeBufferPointer(start: data, count: size))
  return 0
}
