import Foundation
import ONNX
import VAE

// Anything but a model or a ModelFileError of one line is a crash. What is taken is described, and lowered as both
// encoder and decoder, with at most 2^20 numbers of activations, tables and constants.

private func test(_ bytes: UnsafeBufferPointer<UInt8>) {
  do {
    let file = try ONNXFile(Data(bytes), path: "fuzz.onnx")
    let description = ONNXDescription(file, maximum: 1 << 20)
    guard !description.obstacles.contains(where: { $0.contains(where: \.isNewline) }) else {
      fatalError("lines: \(description.obstacles)")
    }
    var source = AutoencoderSource(encoder: .init(file: "fuzz.onnx"), decoder: .init(file: "other.onnx"))
    source.likelihood = .bernoulli
    // z as a value within the graph, under a name that many of the seeds have.
    var inner = source
    inner.decoder.input = "a"
    inner.normalization = .init(means: [0.5], deviations: [0.5])
    _ = try? ONNXAutoencoder(file, file, inner, maximum: 1 << 20)
    _ = try ONNXAutoencoder(file, file, source, maximum: 1 << 20)
  } catch let error as ModelFileError {
    guard !error.description.contains(where: \.isNewline) else { fatalError("lines: \(error)") }
  } catch {
    fatalError("no ModelFileError: \(error)")
  }
}

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  test(UnsafeBufferPointer(start: data, count: size))
  return 0
}
