import Dynamics
import Numerics

/// How inference is repeated.
public enum InferenceMode: Sendable, Hashable {
  /// z(t) = m(x(t)), x(t+1) = g(z(t)).
  case mean
  /// z(t) = m(x(t)) + T s(x(t)) Normal(0, I); x(t+1) = g(z(t)), or drawn from p(x|z(t)).
  case sample(temperature: Double, decoder: Bool)
  /// As `mean`, but pixels outside the corrupted region are reset to the input at each step.
  case clamped
}

/// Repeated inference in a variational autoencoder, F = m . g on the latent space.
///
///     x(t + 1) = g(z(t)),   z(t + 1) = m(x(t + 1))
///
/// `Scalar` is the precision of the networks; latent states pass through double precision exactly.
///
/// - Complexity: per member and step `architecture.operationsPerStep` floating-point operations.
///
/// Source: Nagano, Karakida, Okada 2020, doi:10.1038/s41598-020-72593-4.
public struct InferenceMap<Scalar: NetworkScalar>: EncodingMap {
  let network: PackedNetwork<Scalar>
  /// How inference is repeated.
  public let mode: InferenceMode

  /// Packs the model's weights.
  public init(_ model: Autoencoder, mode: InferenceMode = .mean) {
    network = PackedNetwork(model)
    self.mode = mode
  }

  public var dimension: Int { network.architecture.latentDimension }
  public var dataDimension: Int { network.architecture.dataDimension }
  public var isAutonomous: Bool { mode == .mean }
  public var availableFields: StateFields {
    [.dataState, .nextDataState, .encoderMean, .encoderLogVariance, .crossEntropy, .inputEntropy]
  }

  /// Scratch memory of one worker.
  public final class Workspace {
    let hidden: PackedNetwork<Scalar>.Hidden
    /// x(t).
    var x: Rows<Scalar>
    /// x(t+1), where it has been computed already.
    var next: Rows<Scalar>
    let z: Rows<Scalar>
    /// m(x(t)).
    let mean: Rows<Scalar>
    let logVariance: Rows<Scalar>
    /// The output layer's plain values.
    let logits: Rows<Scalar>
    /// One row in double precision, for what is computed pixel by pixel.
    let row: AlignedBuffer<Double>
    /// The last encoder layer at x(t).
    var features: Rows<Scalar>?
    /// The time t for which `next` holds x(t+1).
    var decodedTime = -1
    var hasDataState = false

    init(_ architecture: Architecture, capacity: Int) {
      hidden = PackedNetwork<Scalar>.Hidden(architecture, capacity: capacity)
      x = Rows(capacity: capacity, width: architecture.dataDimension)
      next = Rows(capacity: capacity, width: architecture.dataDimension)
      logits = Rows(capacity: capacity, width: architecture.dataDimension)
      row = AlignedBuffer(count: 2 * max(architecture.dataDimension, architecture.latentDimension))
      z = Rows(capacity: capacity, width: architecture.latentDimension)
      mean = Rows(capacity: capacity, width: architecture.latentDimension)
      logVariance = Rows(capacity: capacity, width: architecture.latentDimension)
    }
  }

  public func makeWorkspace(capacity: Int) -> Workspace {
    Workspace(network.architecture, capacity: capacity)
  }

  public func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace) {
    precondition(
      mode != .clamped || block.region.count >= block.count * dataDimension && block.start == .data,
      "the clamped mode needs data-space starts with a region")
    workspace.decodedTime = -1
    workspace.hasDataState = block.start == .data
    guard block.start == .data else {
      // Rounded to the networks' precision, like every latent state.
      workspace.z.load(block.states.pointer, rows: block.count)
      workspace.z.store(block.states.pointer, rows: block.count)
      return
    }
    workspace.x.load(block.input.pointer, rows: block.count)
    encode(block, time: 0, noise: noise, workspace)
  }

  public func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace) {
    if workspace.decodedTime != time { decode(block, time: time, noise: noise, workspace) }
    swap(&workspace.x, &workspace.next)
    workspace.decodedTime = -1
    workspace.hasDataState = true
    encode(block, time: time + 1, noise: noise, workspace)
  }

  /// z(t) from x(t).
  private func encode(_ block: StateBlock, time: Int, noise: NoiseSource, _ w: Workspace) {
    let rows = block.count
    let features = network.encodeHidden(w.x, rows: rows, hidden: w.hidden)
    w.features = features
    network.mean.apply(features, to: w.mean, rows: rows)
    w.mean.store(block.states.pointer, rows: rows)
    guard case .sample(let temperature, _) = mode else { return }
    network.logVariance.apply(features, to: w.logVariance, rows: rows)
    for m in 0..<rows {
      var random = noise.stream(.latentSample, block.members.pointer[m], time: time)
      let z = block.states.pointer + m * dimension
      let logVariance = w.row.pointer
      Scalar.convert(UnsafePointer(w.logVariance.row(m)), to: logVariance, count: dimension)
      for i in 0..<dimension {
        z[i] += temperature * exponential(0.5 * logVariance[i]) * random.normal()
      }
    }
    // Rounded to the networks' precision, like every latent state.
    w.z.load(block.states.pointer, rows: rows)
    w.z.store(block.states.pointer, rows: rows)
  }

  /// x(t+1) from z(t), into `next`.
  private func decode(
    _ block: StateBlock, time: Int, noise: NoiseSource, _ w: Workspace, keepsLogits: Bool = false
  ) {
    let rows = block.count
    w.z.load(block.states.pointer, rows: rows)
    if keepsLogits {
      network.decode(w.z, to: w.logits, rows: rows, hidden: w.hidden, activation: .identity)
      for m in 0..<rows {
        w.next.row(m).update(from: w.logits.row(m), count: dataDimension)
        Scalar.activate(w.next.row(m), count: dataDimension, network.outputActivation)
      }
    } else {
      network.decode(w.z, to: w.next, rows: rows, hidden: w.hidden, activation: network.outputActivation)
    }
    switch mode {
    case .mean: break
    case .sample(_, let samplesDecoder): if samplesDecoder { sampleData(block, time: time, noise: noise, w) }
    case .clamped: clamp(block, w)
    }
    w.decodedTime = time
  }

  private func sampleData(_ block: StateBlock, time: Int, noise: NoiseSource, _ w: Workspace) {
    for m in 0..<block.count {
      var random = noise.stream(.decoderSample, block.members.pointer[m], time: time + 1)
      let x = w.row.pointer
      Scalar.convert(UnsafePointer(w.next.row(m)), to: x, count: dataDimension)
      switch network.architecture.likelihood {
      case .bernoulli: for i in 0..<dataDimension { x[i] = random.uniform() < x[i] ? 1 : 0 }
      case .gaussian: for i in 0..<dataDimension { x[i] += random.normal() }
      }
      Scalar.convert(UnsafePointer(x), to: w.next.row(m), count: dataDimension)
    }
  }

  private func clamp(_ block: StateBlock, _ w: Workspace) {
    for m in 0..<block.count {
      let x = w.row.pointer
      Scalar.convert(UnsafePointer(w.next.row(m)), to: x, count: dataDimension)
      let input = block.input.pointer + m * dataDimension
      let region = block.region.pointer + m * dataDimension
      for i in 0..<dataDimension where region[i] == 0 { x[i] = input[i] }
      Scalar.convert(UnsafePointer(x), to: w.next.row(m), count: dataDimension)
    }
  }

  public func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource, workspace w: inout Workspace
  ) {
    let rows = block.count
    if w.hasDataState {
      if let out = store.fill(.dataState) { w.x.store(out, rows: rows) }
      if let out = store.fill(.encoderMean) { w.mean.store(out, rows: rows) }
      if let out = store.fill(.encoderLogVariance), let features = w.features {
        network.logVariance.apply(features, to: w.logVariance, rows: rows)
        w.logVariance.store(out, rows: rows)
      }
      if network.architecture.likelihood == .bernoulli, let out = store.fill(.inputEntropy) {
        inputEntropy(w, rows: rows, into: out)
      }
      if let out = store.fill(.crossEntropy) {
        if case .sample = mode {
          network.decode(w.mean, to: w.logits, rows: rows, hidden: w.hidden, activation: .identity)
        } else {
          decode(block, time: time, noise: noise, w, keepsLogits: true)
        }
        crossEntropy(w, rows: rows, into: out)
      }
    }
    if let out = store.fill(.nextDataState) {
      if w.decodedTime != time { decode(block, time: time, noise: noise, w) }
      w.next.store(out, rows: rows)
    }
  }

  /// H(x) = -sum_i x_i ln x_i + (1 - x_i) ln(1 - x_i) in nats, with 0 ln 0 = 0.
  private func inputEntropy(_ w: Workspace, rows: Int, into out: UnsafeMutablePointer<Double>) {
    func term(_ p: Double) -> Double { p > 0 ? -p * logarithm(p) : p == 0 ? 0 : .nan }
    for m in 0..<rows {
      let x = w.row.pointer
      Scalar.convert(UnsafePointer(w.x.row(m)), to: x, count: dataDimension)
      var sum = 0.0
      for i in 0..<dataDimension { sum += term(x[i]) + term(1 - x[i]) }
      out[m] = sum
    }
  }

  /// -ln p(x | z) in nats.
  private func crossEntropy(_ w: Workspace, rows: Int, into out: UnsafeMutablePointer<Double>) {
    for m in 0..<rows {
      out[m] = network.architecture.likelihood.negativeLogLikelihood(
        outputs: w.logits.row(m), targets: w.x.row(m), count: dataDimension, scratch: w.row.pointer)
    }
  }

  /// The encoder's means of clean items: the memories xi_i = m(x_i).
  public func memories(of source: some ItemSource, count: Int, threads: Int) -> RowTable {
    let table = RowTable(rows: count, columns: dimension)
    let grain = 126
    Parallel.forEach(pieces: (count + grain - 1) / grain, threads: threads) { _, piece in
      let w = Workspace(network.architecture, capacity: grain)
      let input = AlignedBuffer<Double>(count: grain * dataDimension)
      let first = piece * grain
      let rows = min(grain, count - first)
      for m in 0..<rows {
        source.copy(item: first + m, into: input.slice(from: m * dataDimension, count: dataDimension))
      }
      w.x.load(input.pointer, rows: rows)
      let features = network.encodeHidden(w.x, rows: rows, hidden: w.hidden)
      network.mean.apply(features, to: w.mean, rows: rows)
      w.mean.store(table.row(first), rows: rows)
    }
    return table
  }
}

extension Likelihood {
  /// -ln p(x | z) in nats from the output layer's values: stable, through logits for Bernoulli.
  ///
  /// Gaussian: |x - g|^2 / 2 + (D / 2) ln 2 pi.
  /// - Parameter scratch: Room for 2 `count` numbers.
  func negativeLogLikelihood<Scalar: NetworkScalar>(
    outputs: UnsafePointer<Scalar>, targets: UnsafePointer<Scalar>, count: Int,
    scratch: UnsafeMutablePointer<Double>
  ) -> Double {
    switch self {
    case .bernoulli:
      return Scalar.bernoulliCrossEntropy(
        logits: outputs, targets: targets, count: count, scale: 1, gradient: nil)
    case .gaussian:
      let x = scratch
      let mean = scratch + count
      Scalar.convert(targets, to: x, count: count)
      Scalar.convert(outputs, to: mean, count: count)
      var sum = 0.0
      for i in 0..<count { sum += (x[i] - mean[i]) * (x[i] - mean[i]) }
      return 0.5 * sum + 0.5 * Double(count) * logarithm(2 * .pi)
    }
  }
}
