import Foundation
import ONNX
import TestSupport
import Testing

/// A graph of operators.json with what onnx's reference evaluator computes.
struct OperatorCase: Decodable, Sendable, CustomTestStringConvertible {
  var name: String
  var opset: Int
  /// With the batch as axis 0.
  var shape: [Int]
  var outputShape: [Int]
  var model: Data
  /// `double`: onnx's reference evaluator on the file cast to double; `single`: ONNX Runtime.
  var precision: String
  /// Little-endian doubles.
  var output: Data

  var testDescription: String { name }

  var file: ONNXFile { get throws { try ONNXFile(model, path: name + ".onnx") } }

  /// The input that make_onnx.py gives the evaluator.
  var input: [Double] { Self.numbers(shape.reduce(1, *)) }

  /// The function `numbers` of make_onnx.py.
  static func numbers(_ count: Int, seed: Int = 0) -> [Double] {
    (0..<count).map {
      let i = $0 + 1 + 977 * seed
      return Double((i * 7919 + (i * i) % 1013 * 31) % 1024) / 256 - 2
    }
  }

  var expected: [Double] {
    output.withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
  }

  /// All cases.
  static let all: [OperatorCase] = {
    let path = SourceTree.fixtures + "/onnx/operators.json"
    guard let data = FileManager.default.contents(atPath: path),
      let cases = try? JSONDecoder().decode([OperatorCase].self, from: data)
    else { fatalError("cannot read \(path); make it with Tests/ONNXTests/make_onnx.py") }
    return cases
  }()
}
