import Foundation
import Output
import VAE

/// The checked-in numbers of PyTorch: a model, and what it computes in double precision.
struct ReferenceFile {
  static let tiny = ["tiny-tanh", "tiny-relu", "tiny-gelu", "tiny-softplus", "tiny-gaussian", "tiny-linear"]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures").path

  let modelPath: String
  let model: Autoencoder
  let reader: NetCDFReader

  init(model: String, numbers: String) throws {
    modelPath = Self.folder + "/" + model
    self.model = try Safetensors.read(path: modelPath).model
    reader = try NetCDFReader(path: Self.folder + "/" + numbers)
  }

  init(tiny name: String) throws { try self.init(model: name + ".safetensors", numbers: name + ".nc") }

  static func fashionSmall() throws -> ReferenceFile {
    try ReferenceFile(model: "fashion-small/model.safetensors", numbers: "fashion-small/expected.nc")
  }

  func numbers(_ name: String) throws -> [Double] { try reader.variable(name).readDoubles() }

  /// A variable cut along its first dimension.
  func rows(_ name: String) throws -> [[Double]] {
    let variable = try reader.variable(name)
    let values = try variable.readDoubles()
    let width = values.count / variable.shape[0]
    return (0..<variable.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}

/// A folder of its own for one test, removed afterwards.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "vae-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
