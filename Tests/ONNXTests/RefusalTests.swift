import Foundation
import ONNX
import TestSupport
import Testing
import VAE

/// Files that cannot be models are refused in one line, within bounded memory.
@Suite struct RefusalTests {
  /// What reading and lowering say; nil: the file is taken.
  private func refusal(_ data: Data) -> String? {
    do {
      _ = try ONNXFunction<Float>(ONNXFile(data, path: "a.onnx"))
      return nil
    } catch let error as ModelFileError {
      #expect(!error.description.contains { $0.isNewline })
      return error.description
    } catch {
      Issue.record("no ModelFileError: \(error)")
      return nil
    }
  }

  private func expect(
    _ part: String, _ data: Data, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    let refusal = refusal(data)
    #expect(refusal?.contains(part) ?? false, "\(refusal ?? "taken")", sourceLocation: sourceLocation)
  }

  @Test func soundModelsAreTaken() {
    let data = WireWriter.model { graph in
      graph.node("Relu", ["x"], ["y"])
      graph.port(11, "x", [0, 4])
      graph.port(12, "y", [0, 4])
    }
    #expect(refusal(data) == nil)
  }

  @Test func everyCutOfAFileIsRefused() throws {
    let whole = try #require(OperatorCase.all.first { $0.name == "Conv" }).model
    #expect(refusal(whole) == nil)
    var taken = 0
    for length in 0..<whole.count where refusal(whole.prefix(length)) == nil { taken += 1 }
    // What follows the graph may be missing, but not the operator set.
    #expect(taken == 0)
  }

  @Test func hostileLengthsAreRefused() {
    var writer = WireWriter()
    writer.varint(7 << 3 | 2)
    writer.varint(1 << 62)
    expect("a length of 4611686018427387904 bytes exceeds", Data(writer.bytes))
    expect("a number is cut off", Data([0x08, 0xFF]))
    expect("more than 64 bits", Data([0x08] + [UInt8](repeating: 0x80, count: 10) + [0x01]))
    expect("wire type 3", Data([0x0B]))
    expect("no graph", Data([0x08, 0x08]))
    expect("no graph", Data())
  }

  @Test func circularGraphsAreRefused() {
    expect(
      "circular",
      WireWriter.model { graph in
        graph.node("Add", ["x", "b"], ["a"])
        graph.node("Relu", ["a"], ["b"])
        graph.port(11, "x", [0, 4])
        graph.port(12, "b", [0, 4])
      })
    expect(
      "nothing computes 'nowhere'",
      WireWriter.model { graph in
        graph.node("Add", ["x", "nowhere"], ["y"])
        graph.port(11, "x", [0, 4])
        graph.port(12, "y", [0, 4])
      })
    expect(
      "two nodes compute 'y'",
      WireWriter.model { graph in
        graph.node("Relu", ["x"], ["y"])
        graph.node("Tanh", ["x"], ["y"])
        graph.port(11, "x", [0, 4])
        graph.port(12, "y", [0, 4])
      })
  }

  @Test func hugeShapesAreRefused() {
    func reshaped(_ target: [Int]) -> Data {
      WireWriter.model { graph in
        graph.node("Reshape", ["x", "s"], ["y"])
        graph.tensor("s", target)
        graph.port(11, "x", [0, 4])
        graph.port(12, "y", [])
      }
    }
    expect("too large a shape", reshaped([-1, 1 << 40]))
    expect("too large a shape", reshaped([-1, 1 << 40, 1 << 40]))
    expect("makes [-1, 3] of 4 numbers", reshaped([-1, 3]))
    expect("has the target [-1, -2]", reshaped([-1, -2]))
    expect(
      "expected 1 to",
      WireWriter.model {
        $0.port(11, "x", [0, 1 << 40]); $0.port(12, "x", [0, 1 << 40])
      })
    expect(
      "expected 1 to",
      WireWriter.model { graph in
        graph.node("Expand", ["x", "s"], ["y"])
        graph.tensor("s", [1, 1 << 31])
        graph.port(11, "x", [0, 1])
        graph.port(12, "y", [])
      })
    expect(
      "too large a shape",
      WireWriter.model { graph in
        graph.node("ConstantOfShape", ["s"], ["c"])
        graph.node("Add", ["x", "c"], ["y"])
        graph.tensor("s", [1 << 20, 1 << 20])
        graph.port(11, "x", [0, 4])
        graph.port(12, "y", [])
      })
    expect(
      "has 0 bytes",
      WireWriter.model { graph in
        graph.node("Add", ["x", "w"], ["y"])
        graph.message(5) { tensor in
          tensor.number(1, 1 << 20)
          tensor.number(2, 1)
          tensor.text(8, "w")
          tensor.message(9) { _ in }
        }
        graph.port(11, "x", [0, 4])
        graph.port(12, "y", [])
      })
  }

  @Test func missingOperatorsAreNamed() {
    func model(_ operation: String, domain: String = "", version: Int = 17) -> Data {
      WireWriter.model(version: version) { graph in
        graph.node(operation, ["x"], ["y"], domain: domain)
        graph.port(11, "x", [0, 4])
        graph.port(12, "y", [0, 4])
      }
    }
    expect("a node LSTM is an operator that is not read", model("LSTM"))
    expect("foreign domain 'com.microsoft'", model("FusedGemm", domain: "com.microsoft"))
    expect("onnx.inliner", model("FusedGemm", domain: "com.microsoft"))
    expect("operator set 8", model("Relu", version: 8))
    expect("operator set 99", model("Relu", version: 99))
    expect("defined in other operator sets than 17", model("Gelu"))
    #expect(refusal(model("Gelu", version: 20)) == nil)
    #expect(refusal(model("Gelu", domain: "ai.onnx", version: 20)) == nil)
  }

  @Test func membersThatWouldMixAreRefused() {
    func model(_ batch: Int, _ body: (inout WireWriter) -> Void) -> Data {
      WireWriter.model { graph in
        body(&graph)
        graph.port(11, "x", [batch, 4])
        graph.port(12, "y", [])
      }
    }
    let mean = { (graph: inout WireWriter) in
      graph.node("ReduceMean", ["x"], ["y"]) { $0.attribute("axes", integers: [0]) }
    }
    expect("works along the batch dimension", model(0, mean))
    expect("dynamic_axes", model(1, mean))
    let reshape = { (graph: inout WireWriter) in
      graph.node("Reshape", ["x", "s"], ["y"])
      graph.tensor("s", [1, 2, 2])
    }
    expect("works along the batch dimension", model(0, reshape))
    #expect(refusal(model(1, reshape)) == nil)
    expect(
      "works along the batch dimension",
      model(0) { $0.node("Transpose", ["x"], ["y"]) { $0.attribute("perm", integers: [1, 0]) } })
  }

  // MARK: Files

  @Test func externalDataStayInTheFolder() throws {
    let folder = try TemporaryFolder()
    func model(_ location: String, length: Int = 16) -> Data {
      WireWriter.model { graph in
        graph.node("Add", ["x", "w"], ["y"])
        graph.message(5) { tensor in
          tensor.number(1, 4)
          tensor.number(2, 1)
          tensor.text(8, "w")
          for (key, value) in [("location", location), ("offset", "4"), ("length", "\(length)")] {
            tensor.message(13) {
              $0.text(1, key)
              $0.text(2, value)
            }
          }
          tensor.number(14, 1)
        }
        graph.port(11, "x", [0, 4])
        graph.port(12, "y", [0, 4])
      }
    }
    func read(_ data: Data) throws -> ONNXFile { try ONNXFile(path: folder.put(data, at: "model.onnx")) }
    let numbers: [Float] = [9, 1, 2, 3, 4]
    try folder.put(
      numbers.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } }, at: "w.data")
    let file = try read(model("w.data"))
    #expect(try ONNXFunction<Float>(file)([0, 0, 0, 0]) == [1, 2, 3, 4])
    // The hash covers both files.
    try folder.put([UInt8](repeating: 0, count: 20), at: "w.data")
    #expect(try read(model("w.data")).sha256 != file.sha256)
    for location in ["../w.data", "/etc/passwd", "a/../../w.data", ""] {
      #expect(throws: ModelFileError.self, "\(location)") { try read(model(location)) }
    }
    try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: "/etc/hostname")
    #expect(throws: ModelFileError.self) { try read(model("link")) }
    #expect(throws: ModelFileError.self) { try read(model("missing.data")) }
    #expect(throws: ModelFileError.self) { try ONNXFunction<Float>(read(model("w.data", length: 1 << 40))) }
    try folder.put([UInt8](repeating: 0, count: 10), at: "w.data")
    #expect(throws: ModelFileError.self) { try ONNXFunction<Float>(read(model("w.data"))) }
  }

  @Test func missingFilesAreSaidToBeMissing() {
    let error = #expect(throws: ModelFileError.self) { try ONNXFile(path: "/nowhere/encoder.onnx") }
    #expect(error?.isMissing == true)
  }

  @Test func filesDescribeThemselves() throws {
    let example = try #require(ModelCase.all.first { $0.name == "convolutional-dynamo" })
    let rows = ONNXDescription(try ONNXFile(path: example.source.encoder.file)).rows
    let words = Dictionary(rows.map { ($0.word, $0.value) }) { a, b in a + "; " + b }
    #expect(words["input"] == "x [batch, 1, 8, 8], float")
    #expect(words["output"]?.hasPrefix("mean [batch, 3], float; log_variance") ?? false)
    #expect(words["operators"]?.contains("Conv x 2") ?? false)
    #expect(words["parameters"] == "698")
    let missing = WireWriter.model { graph in
      graph.node("LSTM", ["x"], ["y"])
      graph.port(11, "x", [0, 4])
      graph.port(12, "y", [0, 4])
    }
    #expect(ONNXDescription(try ONNXFile(missing, path: "a.onnx")).obstacles == ["LSTM, node 'y'"])
  }

  /// Names of the file stay within their lines. (Found by the fuzzer, in a node's domain.)
  @Test func descriptionsHaveOneLineEach() throws {
    let file = try ONNXFile(
      WireWriter.model { graph in
        graph.node("LS\nTM", ["x"], ["y\u{2028}z"])
        graph.port(11, "x\r\n", [0, 4])
        graph.port(12, "y\u{2028}z", [0, 4])
      }, path: "a.onnx")
    let description = ONNXDescription(file)
    #expect(description.obstacles == ["LS TM, node 'y z'"])
    #expect(!description.rows.contains { $0.value.contains(where: \.isNewline) })
    #expect(description.rows.contains { $0.value.hasPrefix("x  ") })
  }
}
