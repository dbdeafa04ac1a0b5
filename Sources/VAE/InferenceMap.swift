import Dynamics
import Numerics
import Vocabulary

/// Repeated inference in a variational autoencoder, F = m . g on the latent space.
///
///     x(t + 1) = g(z(t)),   z(t + 1) = m(x(t + 1))
///
/// `Network.Scalar` is the precision of the networks. Latent states are converted to double precision and back
/// exactly.
///
/// - Complexity: One decoding and one encoding per member and step.
///
/// Source: Nagano, Karakida, Okada 2020, doi:10.1038/s41598-020-72593-4.
public struct InferenceMap<Network: InferenceNetwork>: EncodingMap {
  typealias Scalar = Network.Scalar

  public let dimension: Int
  public let dataDimension: Int
  /// How inference is repeated.
  public let mode: InferenceMode
  /// The encoder and the decoder. It is the last member, so that the places of the others in memory depend on no
  /// generic type.
  public let network: Network

  /// Creates the map that iterates a network.
  ///
  /// - Precondition: The network supports the mode.
  public init(_ network: Network, mode: InferenceMode = .mean) {
    precondition(network.supports(mode), "samples need distributions")
    self.network = network
    self.mode = mode
    dimension = network.latentDimension
    dataDimension = network.dataDimension
  }

  public var isAutonomous: Bool { mode == .mean }
  public var availableFields: StateFields {
    var fields: StateFields = [.dataState, .nextDataState, .encoderMean]
    if network.encoderDistribution == .normal { fields.insert(.encoderLogVariance) }
    if network.decoderDistribution != .deterministic { fields.formUnion([.crossEntropy, .inputEntropy]) }
    return fields
  }

  /// Scratch memory of one worker, for the rows of a block.
  public final class Workspace {
    /// x(t).
    var x: Rows<Scalar>
    /// x(t+1), if it has already been computed.
    var next: Rows<Scalar>
    /// z(t).
    let z: Rows<Scalar>
    /// m(x(t)).
    let mean: Rows<Scalar>
    /// ln s^2(x(t)).
    let logVariance: Rows<Scalar>
    /// The values of the output layer before its last function.
    let plainValues: Rows<Scalar>
    /// Memory for two rows in double precision, for what is computed pixel by pixel.
    let row: AlignedBuffer<Double>
    /// Logarithms of some pixels.
    let logarithms = AlignedBuffer<Double>(count: 128)
    /// The time t for which `next` holds x(t+1); -1 if it holds none.
    var decodedTime = -1
    /// Whether there is an x(t), which a latent start does not have at t = 0.
    var hasDataState = false
    /// The network's own scratch memory. It is the last member, so that the places of the others depend on no
    /// generic type.
    var network: Network.Workspace

    init(_ network: Network, capacity: Int) {
      self.network = network.makeWorkspace(capacity: capacity)
      x = Rows(capacity: capacity, width: network.dataDimension)
      next = Rows(capacity: capacity, width: network.dataDimension)
      plainValues = Rows(capacity: capacity, width: network.dataDimension)
      row = AlignedBuffer(count: 2 * max(network.dataDimension, network.latentDimension))
      z = Rows(capacity: capacity, width: network.latentDimension)
      mean = Rows(capacity: capacity, width: network.latentDimension)
      logVariance = Rows(capacity: capacity, width: network.latentDimension)
    }
  }

  public func makeWorkspace(capacity: Int) -> Workspace { Workspace(network, capacity: capacity) }

  public func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace) {
    precondition(
      mode != .clamped || block.region.count >= block.count * dataDimension && block.start == .data,
      "the clamped mode needs data-space starts with a region")
    workspace.decodedTime = -1
    workspace.hasDataState = block.start == .data
    guard block.start == .data else {
      // States are rounded to the networks' precision, like every latent state.
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

  /// Computes z(t) from x(t).
  private func encode(_ block: StateBlock, time: Int, noise: NoiseSource, _ w: Workspace) {
    let rows = block.count
    network.encode(w.x, to: w.mean, rows: rows, workspace: &w.network)
    w.mean.store(block.states.pointer, rows: rows)
    // At temperature 0 nothing is added, however large a variance is.
    guard case .sample(let temperature, _) = mode, temperature > 0 else { return }
    network.logVariance(to: w.logVariance, rows: rows, workspace: &w.network)
    for m in 0..<rows {
      var random = noise.stream(.latentSample, block.members.pointer[m], time: time)
      let z = block.states.pointer + m * dimension
      let (deviations, normals) = (w.row.pointer, w.row.pointer + dimension)
      Scalar.convert(UnsafePointer(w.logVariance.row(m)), to: deviations, count: dimension)
      for i in 0..<dimension { deviations[i] *= 0.5 }
      replaceByExponentials(deviations, count: dimension)
      random.normals(to: normals, count: dimension)
      for i in 0..<dimension { z[i] += temperature * deviations[i] * normals[i] }
    }
    // States are rounded to the networks' precision, like every latent state.
    w.z.load(block.states.pointer, rows: rows)
    w.z.store(block.states.pointer, rows: rows)
  }

  /// Computes x(t+1) from z(t), and writes it to `next`.
  private func decode(
    _ block: StateBlock, time: Int, noise: NoiseSource, _ w: Workspace, keepsPlainValues: Bool = false
  ) {
    let rows = block.count
    w.z.load(block.states.pointer, rows: rows)
    if keepsPlainValues {
      network.decode(w.z, to: w.plainValues, as: .plainValues, rows: rows, workspace: &w.network)
      network.means(of: w.plainValues, to: w.next, rows: rows)
    } else {
      network.decode(w.z, to: w.next, as: .means, rows: rows, workspace: &w.network)
    }
    switch mode {
    case .mean: break
    case .sample(_, let samplesDecoder): if samplesDecoder { sampleData(block, time: time, noise: noise, w) }
    case .clamped: clamp(block, w)
    }
    w.decodedTime = time
  }

  private func sampleData(_ block: StateBlock, time: Int, noise: NoiseSource, _ w: Workspace) {
    guard case .likelihood(let likelihood) = network.decoderDistribution else {
      preconditionFailure("a deterministic decoder has no samples")
    }
    for m in 0..<block.count {
      var random = noise.stream(.decoderSample, block.members.pointer[m], time: time + 1)
      let x = w.row.pointer
      Scalar.convert(UnsafePointer(w.next.row(m)), to: x, count: dataDimension)
      switch likelihood {
      case .bernoulli: for i in 0..<dataDimension { x[i] = random.uniform() < x[i] ? 1 : 0 }
      case .gaussian:
        let (scale, normals) = (network.likelihoodScale, x + dataDimension)
        random.normals(to: normals, count: dataDimension)
        for i in 0..<dataDimension { x[i] += scale * normals[i] }
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
      if let out = store.fill(.encoderLogVariance) {
        network.logVariance(to: w.logVariance, rows: rows, workspace: &w.network)
        w.logVariance.store(out, rows: rows)
      }
      if network.decoderDistribution == .likelihood(.bernoulli), let out = store.fill(.inputEntropy) {
        inputEntropy(w, rows: rows, into: out)
      }
      if let out = store.fill(.crossEntropy) {
        if case .sample = mode {
          network.decode(w.mean, to: w.plainValues, as: .plainValues, rows: rows, workspace: &w.network)
        } else {
          decode(block, time: time, noise: noise, w, keepsPlainValues: true)
        }
        network.negativeLogLikelihood(
          of: w.x, plainValues: w.plainValues, rows: rows, into: out, scratch: w.row.pointer)
      }
    }
    if let out = store.fill(.nextDataState) {
      if w.decodedTime != time { decode(block, time: time, noise: noise, w) }
      w.next.store(out, rows: rows)
    }
  }

  /// H(x) = -sum_i x_i ln x_i + (1 - x_i) ln(1 - x_i) in nats, with 0 ln 0 = 0.
  private func inputEntropy(_ w: Workspace, rows: Int, into out: UnsafeMutablePointer<Double>) {
    func term(_ p: Double, _ logarithm: Double) -> Double { p > 0 ? -p * logarithm : p == 0 ? 0 : .nan }
    let chunk = 64
    let (x, logarithms) = (w.row.pointer, w.logarithms.pointer)
    for m in 0..<rows {
      Scalar.convert(UnsafePointer(w.x.row(m)), to: x, count: dataDimension)
      var sum = 0.0
      for first in stride(from: 0, to: dataDimension, by: chunk) {
        let count = min(chunk, dataDimension - first)
        for k in 0..<count { (logarithms[2 * k], logarithms[2 * k + 1]) = (x[first + k], 1 - x[first + k]) }
        replaceByLogarithms(logarithms, count: 2 * count)
        for k in 0..<count {
          let p = x[first + k]
          sum += term(p, logarithms[2 * k]) + term(1 - p, logarithms[2 * k + 1])
        }
      }
      out[m] = sum
    }
  }

  /// The encoder's means of clean items, which are the memories xi_i = m(x_i); shape `[count, N]`.
  public func memories(of source: some ItemSource, count: Int, threads: Int) -> RowTable {
    let table = RowTable(rows: count, columns: dimension)
    let grain = BlockSize.standard
    Parallel.forEach(pieces: (count + grain - 1) / grain, threads: threads) { _, piece in
      let w = Workspace(network, capacity: grain)
      let input = AlignedBuffer<Double>(count: grain * dataDimension)
      let first = piece * grain
      let rows = min(grain, count - first)
      for m in 0..<rows {
        source.copy(item: first + m, into: input.slice(from: m * dataDimension, count: dataDimension))
      }
      w.x.load(input.pointer, rows: rows)
      network.encode(w.x, to: w.mean, rows: rows, workspace: &w.network)
      w.mean.store(table.row(first), rows: rows)
    }
    return table
  }
}
