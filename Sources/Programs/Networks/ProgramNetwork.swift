import Numerics
import VAE

/// An encoder and a decoder of steps in one precision.
package struct ProgramNetwork<Scalar: GraphScalar>: InferenceNetwork {
  package let dataDimension: Int
  package let latentDimension: Int
  package let encoderDistribution: EncoderDistribution
  package let decoderDistribution: DecoderDistribution
  package let likelihoodScale: Double
  let encoder: Program<Scalar>
  let decoder: Program<Scalar>
  private let plainForm: AutoencoderPlan.PlainForm
  /// Rows that pass through the steps together.
  private let tile: Int

  /// Packs a model's weights.
  package init(_ model: AutoencoderPlan) {
    dataDimension = model.dataDimension
    latentDimension = model.latentDimension
    encoderDistribution = model.hasVariance ? .normal : .deterministic
    decoderDistribution = model.likelihood.map { .likelihood($0) } ?? .deterministic
    likelihoodScale = model.likelihoodScale
    plainForm = model.plainForm
    encoder = Program(model.encoder)
    decoder = Program(model.decoder)
    let largest = max(encoder.layout.elementsPerMember, decoder.layout.elementsPerMember)
    tile = min(max(Self.tileBytes / (largest * MemoryLayout<Scalar>.stride), 1), BlockSize.standard)
  }

  /// Bytes of activations that stay in the second-level cache.
  private static var tileBytes: Int { 1 << 20 }

  /// Scratch memory: that of a tile of rows, and the log-variances of a whole block.
  package final class Workspace {
    let encoder: ProgramMemory<Scalar>
    let decoder: ProgramMemory<Scalar>
    let logVariance: Rows<Scalar>

    init(_ network: ProgramNetwork, capacity: Int) {
      let tile = min(network.tile, max(capacity, 1))
      encoder = ProgramMemory(network.encoder, capacity: tile)
      decoder = ProgramMemory(network.decoder, capacity: tile)
      logVariance = Rows(
        capacity: network.encoder.outputs.count > 1 ? capacity : 0, width: network.latentDimension)
    }
  }

  package func makeWorkspace(capacity: Int) -> Workspace { Workspace(self, capacity: capacity) }

  package var workspaceBytesPerRow: Int {
    (encoder.layout.elementsPerMember + decoder.layout.elementsPerMember) * MemoryLayout<Scalar>.stride
  }

  package func encode(_ x: Rows<Scalar>, to mean: Rows<Scalar>, rows: Int, workspace: inout Workspace) {
    var targets = [mean]
    if encoder.outputs.count > 1 { targets.append(workspace.logVariance) }
    run(encoder, workspace.encoder, x, to: targets, rows: rows)
  }

  package func logVariance(to logVariance: Rows<Scalar>, rows: Int, workspace: inout Workspace) {
    logVariance.copy(workspace.logVariance, rows: rows)
  }

  package func decode(
    _ z: Rows<Scalar>, to output: Rows<Scalar>, as form: DecoderOutput, rows: Int, workspace: inout Workspace
  ) {
    run(decoder, workspace.decoder, z, to: [output], rows: rows)
    if form == .means, plainForm == .logits {
      Scalar.activate(output.pointer, rows: rows, count: output.width, stride: output.stride, .logistic)
    }
  }

  private func run(
    _ program: Program<Scalar>, _ memory: ProgramMemory<Scalar>, _ source: Rows<Scalar>,
    to targets: [Rows<Scalar>], rows: Int
  ) {
    for first in stride(from: 0, to: rows, by: tile) {
      let members = min(tile, rows - first)
      for m in 0..<members {
        memory.rows(program.input.slot, m).pointer.update(
          from: source.row(first + m), count: program.input.count)
      }
      program.run(memory, members: members)
      for (target, output) in zip(targets, program.outputs) {
        for m in 0..<members {
          target.row(first + m).update(from: memory.rows(output.slot, m).pointer, count: output.count)
        }
      }
    }
  }

  package func means(of plainValues: Rows<Scalar>, to means: Rows<Scalar>, rows: Int) {
    means.copy(plainValues, rows: rows)
    guard plainForm == .logits else { return }
    Scalar.activate(means.pointer, rows: rows, count: means.width, stride: means.stride, .logistic)
  }

  package func negativeLogLikelihood(
    of x: Rows<Scalar>, plainValues: Rows<Scalar>, rows: Int, into result: UnsafeMutablePointer<Double>,
    scratch: UnsafeMutablePointer<Double>
  ) {
    guard case .likelihood(let likelihood) = decoderDistribution else {
      preconditionFailure("a deterministic decoder has no likelihood")
    }
    let (data, values) = (scratch, scratch + dataDimension)
    for r in 0..<rows {
      if likelihood == .bernoulli, plainForm == .logits {
        result[r] = Scalar.bernoulliCrossEntropy(
          logits: plainValues.row(r), targets: x.row(r), count: dataDimension, scale: 1, gradient: nil)
        continue
      }
      Scalar.convert(UnsafePointer(x.row(r)), to: data, count: dataDimension)
      Scalar.convert(UnsafePointer(plainValues.row(r)), to: values, count: dataDimension)
      if plainForm == .logits { Double.activate(values, count: dataDimension, .logistic) }
      result[r] =
        likelihood == .bernoulli
        ? Self.crossEntropy(data, means: values, count: dataDimension)
        : halfSquares(data, means: values)
    }
  }

  /// -sum x ln y + (1 - x) ln (1 - y), where logarithms are at least -100, as in PyTorch.
  private static func crossEntropy(
    _ x: UnsafePointer<Double>, means y: UnsafePointer<Double>, count: Int
  ) -> Double {
    var sum = 0.0
    for i in 0..<count {
      sum -= x[i] * max(logarithm(y[i]), -100) + (1 - x[i]) * max(logarithm(1 - y[i]), -100)
    }
    return sum
  }

  /// |x - y|^2 / (2 S^2) + D ln S + (D / 2) ln 2 pi.
  private func halfSquares(_ x: UnsafePointer<Double>, means y: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for i in 0..<dataDimension { sum += (x[i] - y[i]) * (x[i] - y[i]) }
    return 0.5 * sum / (likelihoodScale * likelihoodScale)
      + Double(dataDimension) * (logarithm(likelihoodScale) + 0.5 * logarithm(2 * .pi))
  }
}
