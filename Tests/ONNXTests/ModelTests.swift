import Dynamics
import Foundation
import Numerics
import ONNX
import Programs
import TestSupport
import Testing
import VAE

/// A pair of files of make_models.py, with what others compute with them.
struct ModelCase: Decodable, Sendable, CustomTestStringConvertible {
  var name: String
  /// Channels, rows, columns, or components.
  var shape: [Int]
  var latent: Int
  var x: Data
  var orbit: Data
  var logVariance: Data
  var jacobian: Data

  var testDescription: String { name }

  static func numbers(_ data: Data) -> [Double] {
    data.withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
  }

  /// What the files mean.
  var source: AutoencoderSource {
    let folder = SourceTree.fixtures + "/onnx/"
    var source = AutoencoderSource(
      encoder: .init(file: folder + name + "-encoder.onnx"),
      decoder: .init(file: folder + name + "-decoder.onnx"))
    source.likelihood = .bernoulli
    return source
  }

  static let all: [ModelCase] = {
    let path = SourceTree.fixtures + "/onnx/models.json"
    guard let data = FileManager.default.contents(atPath: path),
      let cases = try? JSONDecoder().decode([ModelCase].self, from: data)
    else { fatalError("cannot read \(path); make it with Tests/ONNXTests/make_models.py") }
    return cases
  }()
}

/// Autoencoders of both of PyTorch's exporters, against onnx's reference evaluator and PyTorch.
@Suite struct ModelTests {
  private func orbit<Scalar: GraphScalar>(
    _ example: ModelCase, _ type: Scalar.Type, steps: Int
  ) throws -> (means: [Double], logVariances: [Double]) {
    let model = try ONNXAutoencoder(reading: example.source)
    #expect(model.latentDimension == example.latent && model.hasVariance)
    let network = ProgramNetwork<Scalar>(model.plan)
    let data = ModelCase.numbers(example.x)
    let rows = data.count / model.dataDimension
    var workspace = network.makeWorkspace(capacity: rows)
    let x = Rows<Scalar>(capacity: rows, width: model.dataDimension)
    let z = Rows<Scalar>(capacity: rows, width: model.latentDimension)
    x.load(data, rows: rows)
    var (means, logVariances): ([Double], [Double]) = ([], [])
    var values = [Double](repeating: 0, count: rows * model.latentDimension)
    for t in 0...steps {
      if t > 0 { network.decode(z, to: x, as: .means, rows: rows, workspace: &workspace) }
      network.encode(x, to: z, rows: rows, workspace: &workspace)
      z.store(&values, rows: rows)
      means += values
      if t == 0 {
        network.logVariance(to: z, rows: rows, workspace: &workspace)
        z.store(&values, rows: rows)
        logVariances = values
        network.encode(x, to: z, rows: rows, workspace: &workspace)
      }
    }
    return (means, logVariances)
  }

  private func difference(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? .infinity
  }

  /// The maps contract, so that rounding errors do not grow.
  @Test(arguments: ModelCase.all)
  func orbitsAreThoseOfTheReferenceEvaluator(_ example: ModelCase) throws {
    let orbit = try orbit(example, Double.self, steps: 10)
    let expected = ModelCase.numbers(example.orbit)
    #expect(orbit.means.count == expected.count)
    #expect(difference(orbit.means, expected) <= 1e-12)
    #expect(difference(orbit.logVariances, ModelCase.numbers(example.logVariance)) <= 1e-12)
  }

  @Test(arguments: ModelCase.all)
  func orbitsInSinglePrecisionAreNear(_ example: ModelCase) throws {
    let orbit = try orbit(example, Float.self, steps: 10)
    #expect(difference(orbit.means, ModelCase.numbers(example.orbit)) <= 1e-5)
  }

  /// PyTorch differentiates the module's own weights, which exporters fold with batch normalization in single precision.
  @Test(arguments: ModelCase.all)
  func jacobiansAreThoseOfPyTorch(_ example: ModelCase) throws {
    let map = DifferentiableInferenceMap(
      DifferentiableProgramNetwork(try ONNXAutoencoder(reading: example.source).plan))
    let n = example.latent
    let rows = ModelCase.numbers(example.x).count / example.shape.reduce(1, *)
    let state = Array(ModelCase.numbers(example.orbit)[3 * rows * n..<(3 * rows + 1) * n])
    var workspace = map.makeTangentWorkspace(directions: n)
    var image = state
    var directions = [Double](repeating: 0, count: n * n)
    for k in 0..<n { directions[k * n + k] = 1 }
    map.linearize(at: state, image: &image, directions: &directions, count: n, workspace: &workspace)
    let transposed = (0..<n * n).map { directions[$0 % n * n + $0 / n] }
    let bound = example.name.hasPrefix("residual") ? 1e-10 : 1e-6
    #expect(difference(transposed, ModelCase.numbers(example.jacobian)) <= bound)
    #expect(
      difference(image, Array(ModelCase.numbers(example.orbit)[4 * rows * n..<(4 * rows + 1) * n])) <= 1e-12)
    #expect(map.isPiecewiseSmooth == !example.name.hasPrefix("residual"))
  }

  @Test func rowsHaveTheSameBitsInAnyBlock() throws {
    let example = try #require(ModelCase.all.first { $0.name == "residual-dynamo" })
    let network = ProgramNetwork<Float>(try ONNXAutoencoder(reading: example.source).plan)
    let d = network.dataDimension
    let count = 200
    func encode(_ block: Int) -> [UInt32] {
      var bits: [UInt32] = []
      var workspace = network.makeWorkspace(capacity: block)
      let x = Rows<Float>(capacity: block, width: d)
      let z = Rows<Float>(capacity: block, width: network.latentDimension)
      for first in stride(from: 0, to: count, by: block) {
        let rows = min(block, count - first)
        for r in 0..<rows {
          for i in 0..<d { x.row(r)[i] = Float((first + r) * 31 % 97) / 97 + Float(i % 7) / 14 }
        }
        network.encode(x, to: z, rows: rows, workspace: &workspace)
        for r in 0..<rows { for i in 0..<z.width { bits.append(z.row(r)[i].bitPattern) } }
      }
      return bits
    }
    let whole = encode(count)
    for block in [1, 3, 64, 126] { #expect(encode(block) == whole, "blocks of \(block)") }
  }

  // MARK: What the scenario says of the files

  /// Logits and means of the same decoder have the same likelihood; so does a mean that its last step does not tell.
  @Test func formsOfTheDecoderAgree() throws {
    let example = try #require(ModelCase.all.first { $0.name == "dense-legacy" })
    func bounds(_ change: (inout AutoencoderSource) -> Void) throws -> (Double, [Double]) {
      var source = example.source
      change(&source)
      let network = ProgramNetwork<Double>(try ONNXAutoencoder(reading: source).plan)
      let z = Rows<Double>(capacity: 1, width: 2)
      let plain = Rows<Double>(capacity: 1, width: 16)
      let means = Rows<Double>(capacity: 1, width: 16)
      var workspace = network.makeWorkspace(capacity: 1)
      z.row(0)[0] = 0.3
      z.row(0)[1] = -0.7
      let x = Rows<Double>(capacity: 1, width: 16)
      for i in 0..<16 { x.row(0)[i] = Double(i) / 16 }
      network.decode(z, to: plain, as: .plainValues, rows: 1, workspace: &workspace)
      network.means(of: plain, to: means, rows: 1)
      var result = 0.0
      let scratch = AlignedBuffer<Double>(count: 32)
      network.negativeLogLikelihood(
        of: x, plainValues: plain, rows: 1, into: &result, scratch: scratch.pointer)
      return (result, (0..<16).map { means.row(0)[$0] })
    }
    let (logits, means) = try bounds { _ in }
    let (scaled, restored) = try bounds {
      $0.decoder.gives = .normalizedMean
      $0.normalization = .init(means: [0], deviations: [1])
    }
    #expect(abs(logits - scaled) < 1e-11 && difference(means, restored) < 1e-15)
    let (gaussian, _) = try bounds {
      $0.likelihood = .gaussian
      $0.likelihoodScale = 0.5
    }
    var expected = 16 * (0.5 * (2 * Double.pi * 0.25).logarithmOfTest)
    for i in 0..<16 { expected += pow(Double(i) / 16 - means[i], 2) / (2 * 0.25) }
    #expect(abs(gaussian - expected) < 1e-12)
  }

  /// (x - mean) / deviation per channel, with channels first.
  @Test func dataAreNormalizedPerChannel() throws {
    let example = try #require(ModelCase.all.first { $0.name == "residual-legacy" })
    var source = example.source
    let plain = ProgramNetwork<Double>(try ONNXAutoencoder(reading: source).plan)
    source.normalization = .init(means: [0.1, 0.2, 0.3], deviations: [0.5, 1, 2])
    let normalized = ProgramNetwork<Double>(try ONNXAutoencoder(reading: source).plan)
    let x = Rows<Double>(capacity: 2, width: 192)
    for i in 0..<192 {
      let channel = i / 64
      let value = Double(i % 37) / 37
      x.row(0)[i] = value
      x.row(1)[i] = (value - [0.1, 0.2, 0.3][channel]) / [0.5, 1, 2][channel]
    }
    func encode(_ network: ProgramNetwork<Double>) -> [[Double]] {
      let z = Rows<Double>(capacity: 2, width: 4)
      var workspace = network.makeWorkspace(capacity: 2)
      network.encode(x, to: z, rows: 2, workspace: &workspace)
      return (0..<2).map { r in (0..<4).map { z.row(r)[$0] } }
    }
    #expect(difference(encode(normalized)[0], encode(plain)[1]) < 1e-14)
  }
}

extension Double {
  fileprivate var logarithmOfTest: Double { Foundation.log(self) }
}
