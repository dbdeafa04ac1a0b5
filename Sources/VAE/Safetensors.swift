import Foundation
import Numerics

/// An error in a model file, described in one line.
public struct ModelFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file.
  public var path: String
  /// Whether the file does not exist, rather than being wrong in itself.
  public var isMissing: Bool
  /// What is wrong, what was expected, and the remedy.
  public var problem: String

  /// Makes an error.
  public init(path: String, isMissing: Bool, problem: String) {
    self.path = path
    self.isMissing = isMissing
    self.problem = problem
  }

  public var description: String { "\(path): \(Self.line(problem))" }

  /// One line of limited length, because names and shapes come from the file and may contain anything.
  package static func line(_ text: String, limit: Int = 400) -> String {
    let shown = text.unicodeScalars.prefix(limit).map {
      $0.properties.isWhitespace || $0.properties.generalCategory == .control ? " " : $0
    }
    return String(String.UnicodeScalarView(shown)) + (text.unicodeScalars.count > limit ? "..." : "")
  }
}

/// Reads and writes models as safetensors files, which can be exchanged with PyTorch.
///
/// A file is an 8-byte little-endian length, a JSON header of that length, and the tensors. Names, shapes and
/// metadata are those of NOTATION.md, section "Model files".
public enum Safetensors {
  /// The length of the longest header that is read, in bytes.
  static let headerLimit = 16 << 20
  /// The first bytes of a zip archive. All four are compared, because fewer could be the length of a safetensors
  /// header.
  public static let zipSignature: [UInt8] = [0x50, 0x4B, 3, 4]
  /// The length of the longest file that is read, in bytes.
  static let fileLimit = 4 << 30

  /// The bytes of a file for the model.
  public static func encode(_ model: Autoencoder) throws -> Data {
    var header: [String: Any] = [:]
    var metadata = model.metadata
    metadata["activation"] = model.architecture.activation.rawValue
    metadata["likelihood"] = model.architecture.likelihood.rawValue
    if model.likelihoodScale != 1 { metadata[scaleKey] = "\(model.likelihoodScale)" }
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

  /// Reads a model, and computes the SHA-256 of its file.
  ///
  /// - Throws: `ModelFileError` if the file is missing, truncated, inconsistent, or not an autoencoder.
  public static func read(path: String) throws -> (model: Autoencoder, sha256: String) {
    let failure = Failure(path: path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw failure(
        "no such model file", "train one with 'simulate train', or correct model.file", isMissing: true)
    }
    guard !isFolder.boolValue else {
      throw failure("is a folder; expected a safetensors file", "name a file in it")
    }
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: target)
    guard attributes?[.type] as? FileAttributeType == .typeRegular else {
      throw failure("is no regular file; expected a safetensors file", "correct the path")
    }
    let size = attributes?[.size] as? Int ?? 0
    guard size <= fileLimit else {
      throw failure("\(size) bytes; expected a model of at most \(fileLimit) bytes", "choose a smaller model")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw failure("cannot be read", "check its permissions")
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
    /// The type as the header spells it.
    var type: String
    var shape: [Int]
    var range: Range<Int>
  }

  /// Creates the errors of one file.
  private struct Failure {
    var path: String

    func callAsFunction(
      _ problem: String,
      _ remedy: String = "copy it again, or write it with safetensors.torch.save_file(tensors, path)",
      isMissing: Bool = false
    ) -> ModelFileError {
      ModelFileError(path: path, isMissing: isMissing, problem: "\(problem); \(remedy)")
    }
  }

  /// The first 40 characters of a tensor's name, which may have any length.
  private static func excerpt(_ name: String) -> String {
    name.count > 40 ? "'\(name.prefix(40))...'" : "'\(name)'"
  }

  /// The first two names, and how many more there are.
  private static func list(_ names: [String]) -> String {
    names.prefix(2).map(excerpt).joined(separator: ", ")
      + (names.count > 2 ? " and \(names.count - 2) more" : "")
  }

  /// Reads a model from a file's bytes.
  ///
  /// - Throws: `ModelFileError`.
  public static func decode(_ data: Data, path: String) throws -> Autoencoder {
    let failure = Failure(path: path)
    let bytes = [UInt8](data)
    let (header, headerEnd) = try header(bytes, failure)
    let metadata = try metadata(header, failure)
    let bodyLength = bytes.count - headerEnd
    var tensors: [String: Tensor] = [:]
    for (name, entry) in header.sorted(by: { $0.key < $1.key }) where name != "__metadata__" {
      tensors[name] = try tensor(name, entry, bodyLength: bodyLength, failure)
    }
    if let layer = ForeignLayer.first(in: tensors.mapValues(\.shape)) {
      throw failure(layer.problem, layer.remedy)
    }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      try checkType(name, tensor, failure)
    }
    try checkPlaces(tensors, bodyLength: bodyLength, failure)
    try checkNames(tensors, failure)
    let architecture = try architecture(tensors, metadata, failure)
    let layers = try architecture.layers.map { shape in
      LayerParameters(
        weight: try values(
          shape.name + ".weight", [shape.outputs, shape.inputs], tensors, bytes[headerEnd...], failure),
        bias: try values(shape.name + ".bias", [shape.outputs], tensors, bytes[headerEnd...], failure))
    }
    var model = Autoencoder(architecture: architecture, layers: layers, metadata: metadata)
    model.likelihoodScale = try scale(metadata, architecture.likelihood, failure)
    return model
  }

  /// The key of a Gaussian decoder's standard deviation in the metadata.
  static let scaleKey = "likelihood_scale"

  private static func scale(
    _ metadata: [String: String], _ likelihood: Likelihood, _ failure: Failure
  ) throws -> Double {
    guard likelihood == .gaussian, let text = metadata[scaleKey] else { return 1 }
    guard let scale = Double(text), scale > 0, scale.isFinite else {
      throw failure(
        "metadata: \(scaleKey) \(excerpt(text)); expected a positive number",
        "write the standard deviation of the decoder, or leave it out for 1")
    }
    return scale
  }

  /// The header as JSON, and the position where the tensors begin.
  private static func header(_ bytes: [UInt8], _ failure: Failure) throws -> (
    fields: [String: Any], end: Int
  ) {
    for (beginning, format) in [
      (zipSignature, "in PyTorch's zip format (torch.save)"),
      ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
    ] where bytes.starts(with: beginning) {
      throw failure(
        "is \(format), no safetensors file",
        "write its tensors with safetensors.torch.save_file(tensors, path)")
    }
    guard bytes.count >= 8 else { throw failure("\(bytes.count) bytes; too short for a safetensors file") }
    let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << (8 * UInt64($1)) }
    guard length <= headerLimit, Int(length) <= bytes.count - 8 else {
      throw failure(
        "not a safetensors file, or truncated: header length \(length) of a file of \(bytes.count) bytes")
    }
    let end = 8 + Int(length)
    let headerBytes = Data(bytes[8..<end])
    guard let fields = (try? JSONSerialization.jsonObject(with: headerBytes)) as? [String: Any] else {
      throw failure("the header is not a JSON object; not a safetensors file")
    }
    return (fields, end)
  }

  private static func metadata(_ header: [String: Any], _ failure: Failure) throws -> [String: String] {
    guard let entry = header["__metadata__"] else { return [:] }
    guard let strings = entry as? [String: String] else {
      throw failure("__metadata__ holds values that are not text", "write all of them as text")
    }
    return strings
  }

  /// Throws if tensors overlap or leave a gap.
  private static func checkPlaces(_ tensors: [String: Tensor], bodyLength: Int, _ failure: Failure) throws {
    let ordered = tensors.sorted { $0.value.range.lowerBound < $1.value.range.lowerBound }
    var end = 0
    for (name, tensor) in ordered {
      guard tensor.range.lowerBound == end else {
        throw failure(
          "tensor \(excerpt(name)) starts at byte \(tensor.range.lowerBound); expected \(end): tensors overlap or leave a gap"
        )
      }
      end = tensor.range.upperBound
    }
    guard end == bodyLength else {
      throw failure("\(bodyLength) bytes of tensors; expected \(end): truncated, or with something appended")
    }
  }

  /// The numbers of a tensor. Throws if it does not have the shape `dimensions`, or has numbers that are not
  /// finite.
  private static func values(
    _ name: String, _ dimensions: [Int], _ tensors: [String: Tensor], _ body: ArraySlice<UInt8>,
    _ failure: Failure
  ) throws -> [Float] {
    guard let tensor = tensors[name] else { throw failure("tensor '\(name)' is missing", naming) }
    guard tensor.shape == dimensions else {
      throw failure(
        "tensor '\(name)' has shape \(tensor.shape); expected \(dimensions), as the shapes of other layers say",
        "weights are [outputs, inputs], and the decoder's hidden widths are the encoder's in reverse order")
    }
    let base = body.startIndex + tensor.range.lowerBound
    return try (0..<tensor.range.count / 4).map { k in
      let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(body[base + 4 * k + $1]) << (8 * UInt32($1)) }
      let value = Float(bitPattern: word)
      guard value.isFinite else {
        throw failure(
          "tensor '\(name)' holds \(value) at element \(k); expected finite weights",
          "train it again, with a lower learning rate")
      }
      return value
    }
  }

  /// The remedy for tensors with other names.
  private static let naming =
    "expected encoder.0, encoder.1, ... (hidden layers), encoder.mean, encoder.log_variance, decoder.0, ...,"
    + " decoder.output, each with .weight and .bias: rename them"

  /// Throws if tensors are missing, do not belong to an autoencoder, or are transposed.
  private static func checkNames(_ tensors: [String: Tensor], _ failure: Failure) throws {
    func layerCount(_ part: String) -> Int {
      var k = 0
      while tensors["\(part).\(k).weight"] != nil || tensors["\(part).\(k).bias"] != nil { k += 1 }
      return k
    }
    // If the encoder's layers have other names, the decoder tells how many there are.
    let depth = layerCount("encoder") > 0 ? layerCount("encoder") : layerCount("decoder")
    let hidden = 0..<depth
    let layers =
      hidden.map { "encoder.\($0)" } + ["encoder.mean", "encoder.log_variance"]
      + hidden.map { "decoder.\($0)" }
      + ["decoder.output"]
    // Weights come first, because they tell which layers there are.
    let expected = [".weight", ".bias"].flatMap { suffix in layers.map { $0 + suffix } }
    let missing = expected.filter { tensors[$0] == nil }
    let unexpected = Set(tensors.keys).subtracting(expected).sorted {
      ($0.hasSuffix(".bias") ? 1 : 0, $0) < ($1.hasSuffix(".bias") ? 1 : 0, $1)
    }
    if !unexpected.isEmpty {
      let verb = unexpected.count == 1 ? "has" : "have"
      throw failure(
        "\(list(unexpected)) \(verb) no place in an autoencoder of \(depth) hidden layer\(depth == 1 ? "" : "s")"
          + (missing.isEmpty ? "" : ", which lacks \(list(missing))"), naming)
    }
    if !missing.isEmpty {
      let areBiases = missing.allSatisfy { $0.hasSuffix(".bias") }
      throw failure(
        "\(list(missing)) \(missing.count == 1 ? "is" : "are") missing",
        areBiases ? "write zeros for a layer without bias" : naming)
    }
    for layer in layers {
      guard let weight = tensors[layer + ".weight"]?.shape, let bias = tensors[layer + ".bias"]?.shape,
        weight.count == 2, bias.count == 1, weight[0] != bias[0], weight[1] == bias[0]
      else { continue }
      throw failure(
        "tensor '\(layer).weight' has shape \(weight), transposed; expected \([weight[1], weight[0]]), as its bias has"
          + " shape \(bias)", "weights are [out, in]: write weight.T.contiguous()")
    }
  }

  private static func tensor(
    _ name: String, _ entry: Any, bodyLength: Int, _ failure: Failure
  ) throws -> Tensor {
    // Without this check, JSON's true and false would pass as 1 and 0.
    func integers(_ value: Any?) -> [Int]? {
      guard let numbers = value as? [NSNumber],
        numbers.allSatisfy({ String(cString: $0.objCType) != "c" && String(cString: $0.objCType) != "B" })
      else { return nil }
      return value as? [Int]
    }
    guard let fields = entry as? [String: Any], let type = fields["dtype"] as? String,
      let shape = integers(fields["shape"]), let offsets = integers(fields["data_offsets"]),
      offsets.count == 2
    else { throw failure("tensor \(excerpt(name)) lacks dtype, shape or data_offsets") }
    var elements = 1
    for length in shape {
      let (product, overflow) = elements.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else {
        throw failure("tensor \(excerpt(name)) has the impossible shape \(shape)")
      }
      elements = product
    }
    guard offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= bodyLength else {
      throw failure(
        "tensor \(excerpt(name)) lies at bytes \(offsets[0])..<\(offsets[1]) of \(bodyLength): truncated, or wrong offsets"
      )
    }
    return Tensor(type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// Throws if a tensor's numbers are not of type `Float`, or its bytes do not fit its shape.
  private static func checkType(_ name: String, _ tensor: Tensor, _ failure: Failure) throws {
    guard tensor.type == "F32" else {
      let isFloating = tensor.type.contains("F")
      throw failure(
        "tensor \(excerpt(name)) is \(tensor.type.prefix(40)); expected F32",
        isFloating
          ? "write tensor.float()" : "a weight is no whole number: leave the tensor out, or correct it")
    }
    let elements = tensor.shape.reduce(1, *)
    let (size, overflow) = elements.multipliedReportingOverflow(by: 4)
    guard !overflow, size == tensor.range.count else {
      throw failure("tensor \(excerpt(name)) of shape \(tensor.shape) has \(tensor.range.count) bytes")
    }
  }

  private static func architecture(
    _ tensors: [String: Tensor], _ metadata: [String: String], _ failure: Failure
  ) throws -> Architecture {
    func shape(_ name: String) throws -> (outputs: Int, inputs: Int) {
      guard let tensor = tensors[name] else { throw failure("tensor '\(name)' is missing", naming) }
      guard tensor.shape.count == 2, tensor.shape[0] > 0, tensor.shape[1] > 0 else {
        throw failure(
          "tensor '\(name)' has shape \(tensor.shape); expected [outputs, inputs]", "weights are [out, in]")
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
      Activation.ofHiddenLayers.contains(activation)
    else {
      throw failure(
        "metadata: activation \(excerpt(activationName)); expected tanh, relu, gelu or softplus",
        "correct it, or train with one of them")
    }
    let likelihoodName = metadata["likelihood"] ?? "bernoulli"
    guard let likelihood = Likelihood(rawValue: likelihoodName) else {
      throw failure(
        "metadata: likelihood \(excerpt(likelihoodName)); expected bernoulli or gaussian",
        "correct it, or train with one of them")
    }
    return Architecture(
      dataDimension: first.inputs, latentDimension: mean.outputs, hidden: hidden, activation: activation,
      likelihood: likelihood)
  }
}
