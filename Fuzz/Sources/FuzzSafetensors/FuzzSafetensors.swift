import Dynamics
import Foundation
import VAE

// Anything but a model or a ModelFileError of one line is a crash, and so is a model that is not written and
// read back as it is, or that cannot be packed for inference.

private func test(_ bytes: UnsafeBufferPointer<UInt8>) {
  let model: Autoencoder
  do {
    model = try Safetensors.decode(Data(bytes), path: "fuzz.safetensors")
  } catch let error as ModelFileError {
    guard !error.description.contains(where: \.isNewline) else { fatalError("lines: \(error)") }
    return
  } catch {
    fatalError("no ModelFileError: \(error)")
  }
  do {
    let again = try Safetensors.decode(try Safetensors.encode(model), path: "again")
    guard again.architecture == model.architecture, again.layers == model.layers else {
      fatalError("read back: \(again.architecture) instead of \(model.architecture)")
    }
  } catch {
    fatalError("not read back: \(error)")
  }
  let map = InferenceMap<DenseNetwork<Float>>(model)
  guard map.dimension == model.architecture.latentDimension else { fatalError("the map's dimension") }
  _ = DifferentiableInferenceMap(model)
}

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  test(UnsafeBufferPointer(start: data, count: size))
  return 0
}
