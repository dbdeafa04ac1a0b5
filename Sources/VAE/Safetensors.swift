import Foundation
import Numerics

/// What is wrong with a model file, in one line.
public struct ModelFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file.
  public var path: String
  /// Whether the file is not there (as opposed to wrong in itself).
  public var isMissing: Bool
  /// What is wrong, with what was expected.
  public var problem: String

  /// The line; names and shapes come from the file, so that they may hold anything, and any amount of it.
  public var description: String {
    let shown = problem.unicodeScalars.prefix(400).map {
      $0.properties.isWhitespace || $0.properties.generalCategory == .control ? " " : $0
    }
    let text = String(String.UnicodeScalarView(shown))
    return "\(path): \(text)" + (problem.unicodeScalars.count > 400 ? "..." : "")
  }
}

/// Models as safetensors files, interchangeable with PyTorch.
///
/// An 8-byte little-endian length, a JSON header, then the tensors. Names, shapes and metadata are those
/// of NOTATION.md, section "Model files".
public enum Safetensors {
  /// The longest header that is read, in bytes.
  static let headerLimit = 16 << 20
  /// The longest file that is read, in bytes.
  static let fileLimit = 4 << 30

  /// The file's bytes for a model.
  public static func encode(_ model: Autoencoder) throws -> Data {
    var header: [String: Any] = [:]
    var metadata = model.metadata
    metadata["activation"] = model.architecture.activation.rawValue
    metadata["likelihood"] = model.architecture.likelihood.rawValue
    metadata["format"] = "pt"
    header["__metadata__"] = metadata
    var body = Data()
    func append(_ name: String, _ shape: [Int], _ values: [Float]) {
      let start = body.count
      for value in values {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { body.append(contentsOf: $0) }
      }
      header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [start, body.count]] as [String: Any]
    }
    for (shape, layer) in zip(model.architecture.layers, model.layers) {
      append(shape.name + ".weight", [shape.outputs, shape.inputs], layer.weight)
      append(shape.name + ".bias", [shape.outputs], layer.bias)
    }
    var json = try JSONSerialization.data(
      withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
    while json.count % 8 != 0 { json.append(0x20) }
    var file = Data()
    withUnsafeBytes(of: UInt64(json.count).littleEndian) { file.append(contentsOf: $0) }
    file.append(json)
    file.append(body)
    return file
  }

  /// A model and the SHA-256 of its file.
  ///
  /// - Throws: `ModelFileError` where the file is missing, truncated, inconsistent, or no autoencoder.
  public static func read(path: String) throws -> (model: Autoencoder, sha256: String) {
    func failure(_ problem: String, isMissing: Bool = false) -> ModelFileError {
      ModelFileError(path: path, isMissing: isMissing, problem: problem)
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw failure(
        "no such model file; train one with 'simulate train', or correct model.file", isMissing: true)
    }
    guard !isFolder.boolValue else { throw failure("is a folder; expected a safetensors file") }
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: target)
    guard attributes?[.type] as? FileAttributeType == .typeRegular else {
      throw failure("is no regular file; expected a safetensors file")
    }
    let size = attributes?[.size] as? Int ?? 0
    guard size <= fileLimit else {
      throw failure("\(size) bytes; expected a model of at most \(fileLimit) bytes")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw failure("cannot be read; check its permissions")
    }
    let model = try decode(data, path: path)
    return (model, sha256(data))
  }

  /// The SHA-256 of a file's bytes.
  public static func sha256(_ data: Data) -> String {
    var hash = ContentHash()
    data.withUnsafeBytes { hash.update($0) }
    return hash.hexadecimal()
  }

  private struct Tensor {
    var shape: [Int]
    var range: Range<Int>
  }

  /// Reads a model from a file's bytes.
  ///
  /// - Throws: `ModelFileError`.
  public static func decode(_ data: Data, path: String) throws -> Autoencoder {
    func failure(_ problem: String) -> ModelFileError {
      ModelFileError(path: path, isMissing: false, problem: problem)
    }
    let bytes = [UInt8](data)
    guard bytes.count >= 8 else { throw failure("\(bytes.count) bytes; too short for a safetensors file") }
    let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << (8 * UInt64($1)) }
    guard length <= headerLimit, Int(length) <= bytes.count - 8 else {
      throw failure(
        "not a safetensors file, or truncated: header length \(length) of a file of \(bytes.count) bytes")
    }
    let headerEnd = 8 + Int(length)
    let headerBytes = Data(bytes[8..<headerEnd])
    guard let header = (try? JSONSerialization.jsonObject(with: headerBytes)) as? [String: Any] else {
      throw failure("the header is not a JSON object; not a safetensors file")
    }
    var metadata: [String: String] = [:]
    if let entry = header["__metadata__"] {
      guard let strings = entry as? [String: String] else {
        throw failure("__metadata__ holds values that are not text")
      }
      metadata = strings
    }
    let bodyLength = bytes.count - headerEnd
    var tensors: [String: Tensor] = [:]
    for (name, entry) in header where name != "__metadata__" {
      tensors[name] = try tensor(name, entry, bodyLength: bodyLength, failure)
    }
    let ordered = tensors.sorted { $0.value.range.lowerBound < $1.value.range.lowerBound }
    var end = 0
    for (name, tensor) in ordered {
      guard tensor.range.lowerBound == end else {
        throw failure(
          "tensor '\(name)' starts at byte \(tensor.range.lowerBound); expected \(end): tensors overlap or leave a gap"
        )
      }
      end = tensor.range.upperBound
    }
    guard end == bodyLength else {
      throw failure("\(bodyLength) bytes of tensors; expected \(end): truncated, or with something appended")
    }
    let architecture = try architecture(tensors, metadata, failure)
    var layers: [LayerParameters] = []
    var expected = Set<String>()
    for shape in architecture.layers {
      func values(_ suffix: String, _ dimensions: [Int]) throws -> [Float] {
        let name = shape.name + suffix
        expected.insert(name)
        guard let tensor = tensors[name] else { throw failure("tensor '\(name)' is missing") }
        guard tensor.shape == dimensions else {
          throw failure("tensor '\(name)' has shape \(tensor.shape); expected \(dimensions)")
        }
        let base = headerEnd + tensor.range.lowerBound
        return try (0..<tensor.range.count / 4).map { k in
          let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[base + 4 * k + $1]) << (8 * UInt32($1)) }
          let value = Float(bitPattern: word)
          guard value.isFinite else {
            throw failure("tensor '\(name)' holds \(value) at element \(k); expected finite weights")
          }
          return value
        }
      }
      layers.append(
        LayerParameters(
          weight: try values(".weight", [shape.outputs, shape.inputs]),
          bias: try values(".bias", [shape.outputs])))
    }
    if let extra = tensors.keys.filter({ !expected.contains($0) }).sorted().first {
      throw failure(
        "tensor '\(extra)' has no place in an autoencoder of \(architecture.hidden.count) hidden layers")
    }
    return Autoencoder(architecture: architecture, layers: layers, metadata: metadata)
  }

  private static func tensor(
    _ name: String, _ entry: Any, bodyLength: Int, _ failure: (String) -> ModelFileError
  ) throws -> Tensor {
    // JSON's true and false would pass as 1 and 0.
    func integers(_ value: Any?) -> [Int]? {
      guard let numbers = value as? [NSNumber],
        numbers.allSatisfy({ String(cString: $0.objCType) != "c" && String(cString: $0.objCType) != "B" })
      else { return nil }
      return value as? [Int]
    }
    guard let fields = entry as? [String: Any], let type = fields["dtype"] as? String,
      let shape = integers(fields["shape"]), let offsets = integers(fields["data_offsets"]),
      offsets.count == 2
    else { throw failure("tensor '\(name)' lacks dtype, shape or data_offsets") }
    guard type == "F32" else {
      throw failure("tensor '\(name)' is \(type); expected F32 (in PyTorch: tensor.float())")
    }
    var elements = 1
    for length in shape {
      let (product, overflow) = elements.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else {
        throw failure("tensor '\(name)' has the impossible shape \(shape)")
      }
      elements = product
    }
    guard offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= bodyLength else {
      throw failure(
        "tensor '\(name)' lies at bytes \(offsets[0])..<\(offsets[1]) of \(bodyLength): truncated, or wrong offsets"
      )
    }
    let (size, overflow) = elements.multipliedReportingOverflow(by: 4)
    guard !overflow, size == offsets[1] - offsets[0] else {
      throw failure("tensor '\(name)' of shape \(shape) has \(offsets[1] - offsets[0]) bytes")
    }
    return Tensor(shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func architecture(
    _ tensors: [String: Tensor], _ metadata: [String: String], _ failure: (String) -> ModelFileError
  ) throws -> Architecture {
    func shape(_ name: String) throws -> (outputs: Int, inputs: Int) {
      guard let tensor = tensors[name] else {
        throw failure("tensor '\(name)' is missing; expected an autoencoder")
      }
      guard tensor.shape.count == 2, tensor.shape[0] > 0, tensor.shape[1] > 0 else {
        throw failure("tensor '\(name)' has shape \(tensor.shape); expected [outputs, inputs]")
      }
      return (tensor.shape[0], tensor.shape[1])
    }
    var hidden: [Int] = []
    while tensors["encoder.\(hidden.count).weight"] != nil {
      hidden.append(try shape("encoder.\(hidden.count).weight").outputs)
    }
    let mean = try shape("encoder.mean.weight")
    let first = hidden.isEmpty ? mean : try shape("encoder.0.weight")
    let activationName = metadata["activation"] ?? "tanh"
    guard let activation = Activation(rawValue: activationName),
      [.tanh, .relu, .gelu, .softplus].contains(activation)
    else {
      throw failure("metadata: activation '\(activationName)'; expected tanh, relu, gelu or softplus")
    }
    let likelihoodName = metadata["likelihood"] ?? "bernoulli"
    guard let likelihood = Likelihood(rawValue: likelihoodName) else {
      throw failure("metadata: likelihood '\(likelihoodName)'; expected bernoulli or gaussian")
    }
    return Architecture(
      dataDimension: first.inputs, latentDimension: mean.outputs, hidden: hidden, activation: activation,
      likelihood: likelihood)
  }
}
