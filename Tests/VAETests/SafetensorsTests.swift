import Foundation
import Numerics
import TestSupport
import Testing
import VAE

@Suite struct SafetensorsTests {
  let model = randomModel(dimension: 4, latent: 2, hidden: [3])

  /// A file from a header's text and a body.
  static func file(_ header: String, body: [UInt8] = []) -> Data {
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header.utf8)
    data.append(contentsOf: body)
    return data
  }

  /// A linear model D = 2, N = 1 as text: each tensor's entry can be replaced or dropped.
  static func linear(
    _ changes: [String: String?] = [:], metadata: String = #"{"activation":"tanh"}"#,
    body: [UInt8] = Array(repeating: 0, count: 40), extra: String = ""
  ) -> Data {
    let tensors: [(String, String)] = [
      ("encoder.mean.weight", #"{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}"#),
      ("encoder.mean.bias", #"{"dtype":"F32","shape":[1],"data_offsets":[8,12]}"#),
      ("encoder.log_variance.weight", #"{"dtype":"F32","shape":[1,2],"data_offsets":[12,20]}"#),
      ("encoder.log_variance.bias", #"{"dtype":"F32","shape":[1],"data_offsets":[20,24]}"#),
      ("decoder.output.weight", #"{"dtype":"F32","shape":[2,1],"data_offsets":[24,32]}"#),
      ("decoder.output.bias", #"{"dtype":"F32","shape":[2],"data_offsets":[32,40]}"#),
    ]
    var entries = ["\"__metadata__\":" + metadata]
    for (name, entry) in tensors {
      if let change = changes[name] {
        if let change { entries.append("\"\(name)\":\(change)") }
      } else {
        entries.append("\"\(name)\":\(entry)")
      }
    }
    return file("{" + entries.joined(separator: ",") + extra + "}", body: body)
  }

  static let zeros = [UInt8](repeating: 0, count: 40)

  func problem(_ data: Data) -> String? {
    do {
      _ = try Safetensors.decode(data, path: "m.safetensors")
      return nil
    } catch let error as ModelFileError {
      #expect(error.path == "m.safetensors" && !error.isMissing)
      #expect(!error.description.contains("\n"))
      return error.problem
    } catch {
      Issue.record("not a ModelFileError: \(error)")
      return nil
    }
  }

  @Test func roundTripIsExact() throws {
    for hidden in [[], [3], [7, 5], Array(repeating: 2, count: 12)] {
      for activation in [Activation.tanh, .relu, .gelu, .softplus] {
        for likelihood in Likelihood.allCases {
          var model = randomModel(
            dimension: 4, latent: 2, hidden: hidden, activation: activation, likelihood: likelihood)
          model.metadata = ["note": "ünïcode \"quoted\" / \\ \n", "empty": ""]
          let data = try Safetensors.encode(model)
          let back = try Safetensors.decode(data, path: "p")
          #expect(back.architecture == model.architecture)
          #expect(back.layers == model.layers)
          #expect(back.metadata.merging(model.metadata) { a, b in a == b ? a : "?" } == back.metadata)
          #expect(back.metadata.count == model.metadata.count + 3)
          #expect(try Safetensors.encode(back) == data)
        }
      }
    }
  }

  @Test func specialFiniteNumbersSurvive() throws {
    var layers = model.layers
    layers[0].weight[0] = -0.0
    layers[0].weight[1] = .leastNonzeroMagnitude
    layers[0].weight[2] = -.greatestFiniteMagnitude
    let special = Autoencoder(architecture: model.architecture, layers: layers)
    let back = try Safetensors.decode(Safetensors.encode(special), path: "p")
    #expect(back.layers[0].weight.map(\.bitPattern) == layers[0].weight.map(\.bitPattern))
  }

  @Test func headerIsAlignedSortedAndWithoutGaps() throws {
    let data = [UInt8](try Safetensors.encode(model))
    let length = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
    #expect(length % 8 == 0)
    let text = try #require(String(bytes: data[8..<8 + length], encoding: .utf8))
    let header = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: Any]])
    var end = 0
    var places: [(name: String, offset: String.Index)] = []
    for shape in model.architecture.layers {
      for (suffix, dimensions) in [(".weight", [shape.outputs, shape.inputs]), (".bias", [shape.outputs])] {
        let name = shape.name + suffix
        let entry = try #require(header[name])
        #expect(entry["dtype"] as? String == "F32")
        #expect(entry["shape"] as? [Int] == dimensions)
        let offsets = try #require(entry["data_offsets"] as? [Int])
        #expect(offsets == [end, end + 4 * dimensions.reduce(1, *)])
        end = offsets[1]
        places.append((name, try #require(text.range(of: "\"\(name)\"")).lowerBound))
      }
    }
    #expect(header.count == places.count + 1)
    #expect(8 + length + end == data.count)
    let byPlace = places.sorted { $0.offset < $1.offset }.map(\.name)
    #expect(byPlace == byPlace.sorted())
    // The first weight's four bytes, little-endian.
    let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[8 + length + $1]) << (8 * UInt32($1)) }
    #expect(Float(bitPattern: word) == model.layers[0].weight[0])
  }

  @Test(arguments: ReferenceFile.tiny)
  func readsPyTorchsFiles(_ name: String) throws {
    let reference = try ReferenceFile(tiny: name)
    let a = reference.model.architecture
    #expect(a.dataDimension == 36 && a.latentDimension == 4)
    #expect(a.hidden == (name == "tiny-linear" ? [] : [16, 8]))
    #expect(a.activation.rawValue == (try reference.reader.attribute("activation").text))
    #expect(a.likelihood.rawValue == (try reference.reader.attribute("likelihood").text))
    let (_, sha256) = try Safetensors.read(path: reference.modelPath)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sha256sum", reference.modelPath]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(String(decoding: output.prefix(64), as: UTF8.self) == sha256)
  }

  @Test func plainLinearFileIsAccepted() throws {
    #expect(problem(Self.linear(body: Self.zeros)) == nil)
  }

  struct Broken: Sendable, CustomTestStringConvertible {
    var name: String
    var data: Data
    /// A word of the message.
    var says: String
    var testDescription: String { name }
  }

  static func tensor(_ shape: String, _ offsets: String, dtype: String = "\"F32\"") -> String {
    "{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  static func mean(_ entry: String) -> Data { linear(["encoder.mean.weight": entry], body: zeros) }

  static var broken: [Broken] {
    var cases: [Broken] = [
      Broken(name: "empty", data: Data(), says: "too short"),
      Broken(name: "seven bytes", data: Data([1, 0, 0, 0, 0, 0, 0]), says: "too short"),
      Broken(name: "no header", data: Data([0, 0, 0, 0, 0, 0, 0, 0]), says: "JSON"),
      Broken(name: "longest length", data: Data(repeating: 0xff, count: 8), says: "header length"),
      Broken(
        name: "length of Int.max", data: Data(Array(repeating: 0xff, count: 7) + [0x7f] + [1, 2, 3]),
        says: "header length"),
      Broken(name: "not JSON", data: file("hello"), says: "JSON"),
      Broken(name: "an array", data: file("[1, 2]"), says: "JSON"),
      Broken(name: "a number", data: file("17"), says: "JSON"),
      Broken(name: "half a UTF-8 character", data: file("{\"a\": \"") + Data([0xc3]), says: ""),
      Broken(name: "no tensors", data: file("{}"), says: "missing"),
      Broken(
        name: "100,000 brackets", data: file(String(repeating: "[", count: 100_000)), says: "JSON"),
      Broken(
        name: "100,000 objects", data: file(String(repeating: "{\"a\":", count: 100_000)), says: "JSON"),
      Broken(name: "metadata is a number", data: linear(metadata: "7", body: zeros), says: "__metadata__"),
      Broken(
        name: "metadata holds a number", data: linear(metadata: "{\"a\": 1}", body: zeros),
        says: "__metadata__"),
      Broken(
        name: "unknown activation", data: linear(metadata: #"{"activation":"swish"}"#, body: zeros),
        says: "swish"),
      Broken(
        name: "identity is no hidden activation",
        data: linear(metadata: #"{"activation":"identity"}"#, body: zeros), says: "identity"),
      Broken(
        name: "unknown likelihood", data: linear(metadata: #"{"likelihood":"poisson"}"#, body: zeros),
        says: "poisson"),
      Broken(name: "tensor is a number", data: mean("3"), says: "lacks"),
      Broken(name: "no dtype", data: mean(#"{"shape":[1,2],"data_offsets":[0,8]}"#), says: "lacks"),
      Broken(name: "no shape", data: mean(#"{"dtype":"F32","data_offsets":[0,8]}"#), says: "lacks"),
      Broken(name: "no offsets", data: mean(#"{"dtype":"F32","shape":[1,2]}"#), says: "lacks"),
      Broken(name: "dtype F64", data: mean(tensor("[1,1]", "[0,8]", dtype: "\"F64\"")), says: "F64"),
      Broken(name: "dtype is null", data: mean(tensor("[1,2]", "[0,8]", dtype: "null")), says: "lacks"),
      Broken(name: "one offset", data: mean(tensor("[1,2]", "[0]")), says: "lacks"),
      Broken(name: "three offsets", data: mean(tensor("[1,2]", "[0,8,9]")), says: "lacks"),
      Broken(name: "offset is text", data: mean(tensor("[1,2]", "[\"0\",8]")), says: "lacks"),
      Broken(name: "fraction of a length", data: mean(tensor("[1.5,2]", "[0,8]")), says: ""),
      Broken(name: "fraction of an offset", data: mean(tensor("[1,2]", "[0.5,8.5]")), says: ""),
      Broken(name: "length is a truth value", data: mean(tensor("[true,2]", "[0,8]")), says: ""),
      Broken(name: "offset is a truth value", data: mean(tensor("[1,2]", "[false,8]")), says: ""),
      Broken(name: "length is null", data: mean(tensor("[null,2]", "[0,8]")), says: "lacks"),
      Broken(name: "huge length", data: mean(tensor("[1e300,2]", "[0,8]")), says: ""),
      Broken(
        name: "length beyond 64 bits", data: mean(tensor("[18446744073709551617,2]", "[0,8]")), says: ""),
      Broken(name: "length of 2^63", data: mean(tensor("[9223372036854775808,2]", "[0,8]")), says: ""),
      Broken(
        name: "product overflows", data: mean(tensor("[4611686018427387904,4611686018427387904]", "[0,8]")),
        says: "impossible shape"),
      Broken(
        name: "bytes overflow", data: mean(tensor("[4611686018427387905,1]", "[0,8]")), says: "bytes"),
      Broken(name: "negative length", data: mean(tensor("[-1,-2]", "[0,8]")), says: "impossible shape"),
      Broken(name: "negative offset", data: mean(tensor("[1,2]", "[-8,0]")), says: "lies at"),
      Broken(name: "reversed offsets", data: mean(tensor("[1,2]", "[8,0]")), says: "lies at"),
      Broken(name: "offset beyond the end", data: mean(tensor("[1,2]", "[400,408]")), says: "lies at"),
      Broken(name: "overlap", data: mean(tensor("[1,2]", "[8,16]")), says: "overlap"),
      Broken(name: "size against shape", data: mean(tensor("[1,3]", "[0,8]")), says: "bytes"),
      Broken(name: "one dimension", data: mean(tensor("[2]", "[0,8]")), says: "expected [outputs, inputs]"),
      Broken(
        name: "three dimensions", data: mean(tensor("[1,2,1]", "[0,8]")),
        says: "of shape [1, 2, 1] belongs to a convolution; expected fully connected layers"),
      Broken(
        name: "transposed", data: mean(tensor("[2,1]", "[0,8]")),
        says: "'encoder.mean.weight' has shape [2, 1], transposed; expected [1, 2], as its bias"),
      Broken(name: "gap", data: linear(body: zeros + [0, 0, 0, 0]), says: "appended"),
      Broken(
        name: "extra tensor",
        data: linear(body: zeros + [0, 0, 0, 0], extra: ",\"more\":" + tensor("[1]", "[40,44]")),
        says: "'more' has no place"),
      Broken(
        name: "extra empty tensor", data: linear(body: zeros, extra: ",\"more\":" + tensor("[0]", "[40,40]")),
        says: "'more' has no place"),
      Broken(
        name: "gap between", data: linear(["encoder.mean.bias": tensor("[0]", "[8,8]")], body: zeros),
        says: "gap"),
      Broken(
        name: "wrong bias shape",
        data: linear(["decoder.output.bias": tensor("[1,2]", "[32,40]")], body: zeros),
        says: "'decoder.output.bias' has shape"),
      Broken(
        name: "hidden layer without bias",
        data: linear(
          body: zeros + zeros.prefix(16), extra: ",\"encoder.0.weight\":" + tensor("[2,2]", "[40,56]")),
        says: "'decoder.0.weight', 'encoder.0.bias' and 1 more are missing; expected encoder.0"),
      Broken(
        name: "names of a module",
        data: linear(
          ["encoder.mean.weight": nil], body: zeros,
          extra: ",\"encoder.net.0.weight\":" + tensor("[1,2]", "[0,8]")),
        says: "'encoder.net.0.weight' has no place in an autoencoder of 0 hidden layers, which lacks"
          + " 'encoder.mean.weight'; expected encoder.0, encoder.1, ..."),
      Broken(
        name: "another name of the log variance",
        data: linear(
          ["encoder.log_variance.weight": nil, "encoder.log_variance.bias": nil], body: zeros,
          extra: ",\"encoder.logvar.weight\":" + tensor("[1,2]", "[12,20]")
            + ",\"encoder.logvar.bias\":" + tensor("[1]", "[20,24]")),
        says:
          "'encoder.logvar.weight', 'encoder.logvar.bias' have no place in an autoencoder of 0 hidden layers,"
          + " which lacks 'encoder.log_variance.weight', 'encoder.log_variance.bias'; expected"),
      Broken(
        name: "another name of the first layer",
        data: linear(
          body: zeros + zeros.prefix(16),
          extra: ",\"encoder.net.0.weight\":" + tensor("[1,2]", "[40,48]")
            + ",\"decoder.0.weight\":" + tensor("[2,1]", "[48,56]")),
        says: "'encoder.net.0.weight' has no place in an autoencoder of 1 hidden layer, which lacks"
          + " 'encoder.0.weight', 'encoder.0.bias' and 1 more; expected"),
      Broken(
        name: "no bias",
        data: linear(
          ["encoder.mean.bias": nil, "encoder.mean.weight": tensor("[1,3]", "[0,12]")], body: zeros),
        says: "'encoder.mean.bias' is missing; write zeros for a layer without bias"),
      Broken(
        name: "PyTorch's zip format", data: Data([0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0]),
        says:
          "PyTorch's zip format (torch.save), no safetensors file; write its tensors with safetensors.torch"),
      Broken(
        name: "HDF5", data: Data([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]),
        says: "an HDF5 file, no safetensors file"),
    ]
    for name in [
      "encoder.mean.weight", "encoder.mean.bias", "encoder.log_variance.weight", "encoder.log_variance.bias",
      "decoder.output.weight", "decoder.output.bias",
    ] {
      cases.append(
        Broken(name: "without \(name)", data: linear([name: nil], body: zeros), says: ""))
    }
    for value in [Float.nan, .infinity, -.infinity] {
      var body = zeros
      withUnsafeBytes(of: value.bitPattern.littleEndian) { body.replaceSubrange(36..<40, with: $0) }
      cases.append(Broken(name: "\(value)", data: linear(body: body), says: "finite"))
    }
    return cases
  }

  @Test(arguments: broken)
  func brokenFilesAreTypedErrors(_ broken: Broken) throws {
    let message = try #require(problem(broken.data), "accepted")
    #expect(broken.says.isEmpty || message.contains(broken.says), "\(message)")
    // A remedy follows.
    #expect(message.contains("; "), "\(message)")
  }

  /// A file of zeros with tensors of these shapes; whole numbers where a name says that it counts.
  private static func zeros(_ shapes: KeyValuePairs<String, [Int]>) -> Data {
    var end = 0
    let entries = shapes.map { name, shape in
      let isCount = name.hasSuffix("num_batches_tracked")
      let start = end
      end += shape.reduce(isCount ? 8 : 4, *)
      return "\"\(name)\":" + tensor("\(shape)", "[\(start),\(end)]", dtype: isCount ? "\"I64\"" : "\"F32\"")
    }
    return file("{" + entries.joined(separator: ",") + "}", body: Array(repeating: 0, count: end))
  }

  /// The message is about the decoder, whichever names the file lacks.
  @Test func decodersThatDoNotMirrorTheEncoderAreCalledSo() throws {
    let other = Self.zeros([
      "encoder.0.weight": [3, 4], "encoder.0.bias": [3], "encoder.mean.weight": [2, 3],
      "encoder.mean.bias": [2],
      "encoder.log_variance.weight": [2, 3], "encoder.log_variance.bias": [2], "decoder.0.weight": [5, 2],
      "decoder.0.bias": [5], "decoder.output.weight": [4, 5], "decoder.output.bias": [4],
    ])
    #expect(
      problem(other)
        == "the decoder's hidden widths are [5], the encoder's [3]; expected a decoder that mirrors the encoder: [3];"
        + " train a model with such a decoder")
    let deeper = Self.zeros([
      "encoder.0.weight": [3, 4], "encoder.0.bias": [3], "encoder.mean.weight": [2, 3],
      "encoder.mean.bias": [2],
      "encoder.log_variance.weight": [2, 3], "encoder.log_variance.bias": [2], "decoder.0.weight": [3, 2],
      "decoder.0.bias": [3], "decoder.1.weight": [4, 3], "decoder.1.bias": [4],
      "decoder.output.weight": [4, 4],
      "decoder.output.bias": [4],
    ])
    let message = try #require(problem(deeper))
    #expect(
      message.hasPrefix("the decoder's hidden widths are [3, 4], the encoder's [3]; expected"), "\(message)")
    #expect(!message.contains("rename"))
    // A decoder of one layer for an encoder of two.
    let linear = Self.zeros([
      "encoder.0.weight": [3, 4], "encoder.0.bias": [3], "encoder.mean.weight": [2, 3],
      "encoder.mean.bias": [2],
      "encoder.log_variance.weight": [2, 3], "encoder.log_variance.bias": [2],
      "decoder.output.weight": [4, 2],
      "decoder.output.bias": [4],
    ])
    #expect(
      try #require(problem(linear)).hasPrefix(
        "the decoder's hidden widths are [], the encoder's [3]; expected"))
  }

  /// The message says so whatever the tensors are called.
  @Test func convolutionsAndBatchNormalizationsAreCalledSo() throws {
    let convolution = Self.zeros([
      "encoder.0.weight": [8, 1, 4, 4], "encoder.0.bias": [8], "fc_mu.weight": [2, 8], "fc_mu.bias": [2],
    ])
    #expect(
      problem(convolution)
        == "tensor 'encoder.0.weight' of shape [8, 1, 4, 4] belongs to a convolution; expected fully connected layers,"
        + " whose weights are [outputs, inputs]; train a model of fully connected layers")
    let normalized = Self.zeros([
      "encoder.0.weight": [3, 4], "encoder.0.bias": [3], "encoder.1.weight": [3], "encoder.1.bias": [3],
      "encoder.1.running_mean": [3], "encoder.1.running_var": [3], "encoder.1.num_batches_tracked": [],
    ])
    let message = try #require(problem(normalized))
    #expect(
      message.hasPrefix("tensor 'encoder.1.num_batches_tracked' belongs to a batch normalization;"),
      "\(message)")
    #expect(message.contains("fold it into the weights") && !message.contains("float()"), "\(message)")
    for (type, remedy) in [("I64", "no whole number"), ("F16", "tensor.float()"), ("BF16", "tensor.float()")]
    {
      let typed = try #require(problem(Self.mean(Self.tensor("[1,2]", "[0,8]", dtype: "\"\(type)\""))))
      #expect(typed.contains("is \(type); expected F32") && typed.contains(remedy), "\(typed)")
    }
  }

  @Test func namesOfTheFileStayOnOneShortLine() throws {
    let name = "a\\nb\\u001b[31m" + String(repeating: "x", count: 10_000)
    let data = Self.linear(body: Self.zeros, extra: ",\"\(name)\":" + Self.tensor("[0]", "[40,40]"))
    let error = try #require(throws: ModelFileError.self) {
      try Safetensors.decode(data, path: "m.safetensors")
    }
    #expect(!error.description.unicodeScalars.contains { $0.properties.generalCategory == .control })
    #expect(error.description.count < 500)
  }

  /// Duplicate names are not valid safetensors. Whichever of the two is kept, an accepted file is the
  /// model without the other one, and never a mixture: where the ranges differ there is a gap or overlap.
  @Test func duplicateNamesAreRefused() throws {
    let data = Self.linear(
      body: Self.zeros + [0, 0, 0, 0, 0, 0, 0, 0],
      extra: ",\"encoder.mean.weight\":" + Self.tensor("[1,2]", "[40,48]"))
    #expect(problem(data) != nil)
  }

  @Test func wholeNumbersWithAPointAreTheirIntegers() throws {
    // Nobody writes this, but 2.0 is the number 2 in JSON.
    let model = try Safetensors.decode(Self.mean(Self.tensor("[1.0,2.0]", "[0.0,8.0]")), path: "p")
    #expect(model.architecture.dataDimension == 2 && model.architecture.latentDimension == 1)
  }

  @Test func filesTruncatedAnywhereAreRefused() throws {
    let data = try Safetensors.encode(model)
    for count in 0..<data.count { #expect(problem(data.prefix(count)) != nil, "\(count) bytes") }
    #expect(problem(data + Data([0])) != nil)
  }

  @Test func slicesOfDataAreRead() throws {
    let data = try Safetensors.encode(model)
    let slice = (Data([1, 2, 3]) + data)[3...]
    #expect(try Safetensors.decode(slice, path: "p").layers == model.layers)
  }

  @Test func mutationsNeverCrash() throws {
    let data = [UInt8](try Safetensors.encode(model))
    var random = RandomField(seed: 99, purpose: .user).stream(0)
    var refused = 0
    for _ in 0..<2000 {
      var mutated = data
      for _ in 0...random.below(3) {
        let place = random.below(random.below(2) == 0 ? data.count : 700)
        mutated[min(place, data.count - 1)] = UInt8(random.below(256))
      }
      switch random.below(6) {
      case 0: mutated.removeLast(random.below(mutated.count))
      case 1: mutated.insert(UInt8(random.below(256)), at: random.below(mutated.count))
      default: break
      }
      if problem(Data(mutated)) == nil {
        let model = try Safetensors.decode(Data(mutated), path: "p")
        #expect(model.isFinite)
      } else {
        refused += 1
      }
    }
    #expect(refused > 500)
  }

  @Test func missingFilesAndFoldersAreToldApart() throws {
    let folder = try TemporaryFolder()
    let missing = try #require(throws: ModelFileError.self) {
      try Safetensors.read(path: folder.path + "/none.safetensors")
    }
    #expect(missing.isMissing)
    #expect(missing.description.contains(folder.path + "/none.safetensors"))
    let isFolder = try #require(throws: ModelFileError.self) { try Safetensors.read(path: folder.path) }
    #expect(!isFolder.isMissing)
    #expect(isFolder.problem.contains("folder"))
    let path = folder.path + "/m.safetensors"
    try Safetensors.encode(model).write(to: URL(fileURLWithPath: path))
    #expect(try Safetensors.read(path: path).model.layers == model.layers)
    let special = try #require(throws: ModelFileError.self) { try Safetensors.read(path: "/dev/null") }
    #expect(!special.isMissing)
  }
}
