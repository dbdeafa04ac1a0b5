import Dynamics
import Numerics
import VAE

/// The derivative of a graph: each step hands the state and its directions on to the next.
package struct DifferentiableProgramNetwork: DifferentiableNetwork {
  private let network: ProgramNetwork<Double>
  /// The steps with functions on their own, whose arguments the derivative needs.
  private let encoder: Program<Double>
  private let decoder: Program<Double>

  /// Packs a model's weights.
  package init(_ model: AutoencoderPlan) {
    network = ProgramNetwork(model)
    var means = model.encoder
    means.outputs = [model.encoder.outputs[0]]
    encoder = Program(means, isFused: false)
    decoder = Program(network.decoderOfMeans(model), isFused: false)
  }

  package typealias Scalar = Double
  package typealias Workspace = ProgramNetwork<Double>.Workspace

  package var dataDimension: Int { network.dataDimension }
  package var latentDimension: Int { network.latentDimension }
  package var encoderDistribution: EncoderDistribution { network.encoderDistribution }
  package var decoderDistribution: DecoderDistribution { network.decoderDistribution }
  package var likelihoodScale: Double { network.likelihoodScale }
  package var workspaceBytesPerRow: Int { network.workspaceBytesPerRow }

  package func makeWorkspace(capacity: Int) -> Workspace { network.makeWorkspace(capacity: capacity) }

  package func encode(_ x: Rows<Double>, to mean: Rows<Double>, rows: Int, workspace: inout Workspace) {
    network.encode(x, to: mean, rows: rows, workspace: &workspace)
  }

  package func logVariance(to logVariance: Rows<Double>, rows: Int, workspace: inout Workspace) {
    network.logVariance(to: logVariance, rows: rows, workspace: &workspace)
  }

  package func decode(
    _ z: Rows<Double>, to output: Rows<Double>, as form: DecoderOutput, rows: Int, workspace: inout Workspace
  ) {
    network.decode(z, to: output, as: form, rows: rows, workspace: &workspace)
  }

  package func means(of plainValues: Rows<Double>, to means: Rows<Double>, rows: Int) {
    network.means(of: plainValues, to: means, rows: rows)
  }

  package func negativeLogLikelihood(
    of x: Rows<Double>, plainValues: Rows<Double>, rows: Int, into result: UnsafeMutablePointer<Double>,
    scratch: UnsafeMutablePointer<Double>
  ) {
    network.negativeLogLikelihood(of: x, plainValues: plainValues, rows: rows, into: result, scratch: scratch)
  }

  // MARK: Directions

  /// Memory for one state and its directions.
  package final class TangentWorkspace {
    let encoder: TangentMemory
    let decoder: TangentMemory

    init(_ network: DifferentiableProgramNetwork, directions: Int) {
      encoder = TangentMemory(network.encoder, directions: directions)
      decoder = TangentMemory(network.decoder, directions: directions)
    }
  }

  package func makeTangentWorkspace(directions: Int) -> TangentWorkspace {
    TangentWorkspace(self, directions: directions)
  }

  package func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, workspace: inout TangentWorkspace
  ) {
    var none: KinkPass?
    run(decoder, workspace.decoder, z, to: x, directions: directions, &none)
  }

  package func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, workspace: inout TangentWorkspace
  ) {
    var none: KinkPass?
    run(encoder, workspace.encoder, x, to: mean, directions: directions, &none)
  }

  package var isPiecewiseSmooth: Bool { encoder.isPiecewiseSmooth || decoder.isPiecewiseSmooth }

  package func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace
  ) {
    var pass: KinkPass? = kinks
    run(decoder, workspace.decoder, z, to: x, directions: directions, &pass)
    kinks = pass ?? kinks
  }

  package func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace
  ) {
    var pass: KinkPass? = kinks
    run(encoder, workspace.encoder, x, to: mean, directions: directions, &pass)
    kinks = pass ?? kinks
  }

  private func run(
    _ program: Program<Double>, _ memory: TangentMemory, _ source: Rows<Double>,
    to target: Rows<Double>, directions: Int, _ kinks: inout KinkPass?
  ) {
    let (input, output) = (program.input, program.outputs[0])
    for r in 0...directions {
      memory.row(input.slot, r).update(from: source.row(r), count: input.count)
    }
    Tangents(program: program, memory: memory, directions: directions).run(kinks: &kinks)
    for r in 0...directions {
      target.row(r).update(from: memory.row(output.slot, r), count: output.count)
    }
  }
}

extension ProgramNetwork where Scalar == Double {
  /// The decoder's steps to g(z) itself.
  func decoderOfMeans(_ model: AutoencoderPlan) -> LoweredGraph {
    var plan = model.decoder
    guard model.plainForm == .logits else { return plan }
    plan.slots.append(model.dataDimension)
    plan.steps.append(
      Step(
        kind: .function(.logistic), inputs: [.slot(plan.outputs[0])], output: plan.slots.count - 1))
    plan.outputs = [plan.slots.count - 1]
    return plan
  }
}
