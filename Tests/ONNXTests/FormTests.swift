import Dynamics
import Numerics
import ONNX
import Programs
import TestSupport
import Testing
import VAE

/// One model in other forms (make_forms.py): both halves in one file, a whole autoencoder, and channels last.
@Suite struct FormTests {
  private static let folder = SourceTree.fixtures + "/onnx/"
  /// The pictures of the model.
  private static let image = ImageShape(rows: 8, columns: 8, channels: 3)

  private func network(_ source: AutoencoderSource, image: ImageShape? = FormTests.image) throws
    -> ProgramNetwork<Double>
  {
    var source = source
    source.likelihood = .bernoulli
    return ProgramNetwork(try ONNXAutoencoder(reading: source, image: image).plan)
  }

  private static func source(_ encoder: String, _ decoder: String) -> AutoencoderSource {
    AutoencoderSource(
      encoder: .init(file: folder + encoder + ".onnx"), decoder: .init(file: folder + decoder + ".onnx"))
  }

  private static var original: AutoencoderSource {
    source("residual-legacy-encoder", "residual-legacy-decoder")
  }

  /// m(x), ln s^2(x) and g(m(x)) of a picture in the order channel, row, column.
  private func results(_ network: ProgramNetwork<Double>) throws -> (codes: [Double], picture: [Double]) {
    try #require(network.dataDimension == 192 && network.latentDimension == 4)
    let x = Rows<Double>(capacity: 1, width: 192)
    let (z, variance) = (Rows<Double>(capacity: 1, width: 4), Rows<Double>(capacity: 1, width: 4))
    var workspace = network.makeWorkspace(capacity: 1)
    for i in 0..<192 { x.row(0)[i] = Double(i * 37 % 101) / 101 }
    network.encode(x, to: z, rows: 1, workspace: &workspace)
    network.logVariance(to: variance, rows: 1, workspace: &workspace)
    network.decode(z, to: x, as: .means, rows: 1, workspace: &workspace)
    return (
      (0..<4).map { z.row(0)[$0] } + (0..<4).map { variance.row(0)[$0] }, (0..<192).map { x.row(0)[$0] }
    )
  }

  @Test func oneFileHoldsBothHalves() throws {
    var source = Self.source("residual-one", "residual-one")
    source.encoder.input = "x"
    source.encoder.mean = "mean"
    source.encoder.spread = "log_variance"
    source.decoder.input = "z"
    source.decoder.output = "y"
    #expect(try results(network(source)) == results(network(Self.original)))
    // Names that are left out cannot be guessed.
    source.encoder.input = nil
    #expect(throws: ModelFileError.self) { try network(source) }
  }

  /// What torch.onnx.export makes of a whole autoencoder has one input, and z is a value within the graph.
  @Test func theLatentStateMayBeAValueWithinAFile() throws {
    var source = Self.source("residual-whole", "residual-whole")
    source.encoder.mean = "mean"
    source.encoder.spread = "log_variance"
    source.decoder.input = "mean"
    source.decoder.output = "y"
    #expect(try results(network(source)) == results(network(Self.original)))
    source.decoder.input = "nowhere"
    let error = #expect(throws: ModelFileError.self) { try network(source) }
    #expect(error?.description.contains("has no input 'nowhere'") == true)
  }

  /// The state is in the order channel, row, column, and the graph's own order is another. Dense layers add up their
  /// 32 terms in another order, so that the last bits differ.
  @Test(arguments: [FormTests.image, nil]) func channelsMayBeLast(_ image: ImageShape?) throws {
    // Without the shape of the data, transpositions at the graph's edges tell.
    let last = try results(
      network(Self.source("residual-last-encoder", "residual-last-decoder"), image: image))
    let first = try results(network(Self.original))
    #expect(zip(last.codes, first.codes).allSatisfy { abs($0 - $1) < 1e-13 })
    #expect(zip(last.picture, first.picture).allSatisfy { abs($0 - $1) < 1e-14 })
    #expect(last.codes != first.codes)
    // One half of each form.
    let mixed = try results(
      network(Self.source("residual-legacy-encoder", "residual-last-decoder"), image: image))
    #expect(mixed == first)
  }

  /// A normalization is given per channel, and channels are those of the state, not of the graph's last axis.
  @Test func channelsAreNormalizedBeforeTheyAreLast() throws {
    var last = Self.source("residual-last-encoder", "residual-last-decoder")
    var first = Self.original
    let normalization = AutoencoderSource.Normalization(means: [0.1, 0.2, 0.3], deviations: [0.5, 1, 2])
    (last.normalization, first.normalization) = (normalization, normalization)
    let (a, b) = (try results(network(last)), try results(network(first)))
    #expect(zip(a.codes, b.codes).allSatisfy { abs($0 - $1) < 1e-13 })
    #expect(try a.codes != results(network(Self.original)).codes)
  }
}
