import Output
import VAE

/// The checked-in numbers of PyTorch: a model, and what it computes in double precision.
public struct ReferenceFile {
  /// The names of the small models.
  public static let tiny = [
    "tiny-tanh", "tiny-relu", "tiny-gelu", "tiny-softplus", "tiny-gaussian", "tiny-linear",
  ]

  /// The model's file.
  public let modelPath: String
  /// The model.
  public let model: Autoencoder
  /// The file of the numbers.
  public let reader: NetCDFReader

  /// Reads a model and its numbers, named relative to the fixtures.
  public init(model: String, numbers: String) throws {
    modelPath = SourceTree.fixtures + "/" + model
    self.model = try Safetensors.read(path: modelPath).model
    reader = try NetCDFReader(path: SourceTree.fixtures + "/" + numbers)
  }

  /// Reads one of the small models.
  public init(tiny name: String) throws { try self.init(model: name + ".safetensors", numbers: name + ".nc") }

  /// The model of Fashion-MNIST.
  public static func fashionSmall() throws -> ReferenceFile {
    try ReferenceFile(model: "fashion-small/model.safetensors", numbers: "fashion-small/expected.nc")
  }

  /// The values of a variable.
  public func numbers(_ name: String) throws -> [Double] { try reader.variable(name).readDoubles() }

  /// A variable cut along its first dimension.
  public func rows(_ name: String) throws -> [[Double]] {
    let variable = try reader.variable(name)
    let values = try variable.readDoubles()
    let width = values.count / variable.shape[0]
    return (0..<variable.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}
