import Dynamics
import Numerics

/// Repeated inference in mean mode, in double precision, together with its derivative.
///
///     F = m . g,   J = dF/dz = (dm/dx)(g(z)) (dg/dz)(z)
///
/// All directions are propagated at once, as rows of a block.
public struct DifferentiableInferenceMap<Network: DifferentiableNetwork>: DifferentiableMap {
  public let dimension: Int
  public let dataDimension: Int
  private let network: Network
  private let base: InferenceMap<Network>

  /// Creates the map that iterates a network.
  public init(_ network: Network) {
    dimension = network.latentDimension
    dataDimension = network.dataDimension
    self.network = network
    base = InferenceMap(network, mode: .mean)
  }

  public var availableFields: StateFields { base.availableFields }

  public func makeWorkspace(capacity: Int) -> InferenceMap<Network>.Workspace {
    base.makeWorkspace(capacity: capacity)
  }

  public func begin(
    _ block: StateBlock, noise: NoiseSource, workspace: inout InferenceMap<Network>.Workspace
  ) {
    base.begin(block, noise: noise, workspace: &workspace)
  }

  public func step(
    _ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout InferenceMap<Network>.Workspace
  ) {
    base.step(block, at: time, noise: noise, workspace: &workspace)
  }

  public func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource,
    workspace: inout InferenceMap<Network>.Workspace
  ) {
    base.supply(store, of: block, at: time, noise: noise, workspace: &workspace)
  }

  /// The decoder's means g(z), `[rows, D]`.
  ///
  /// - Parameter states: Latent states, `[rows, N]`.
  public func dataStates(of states: RowTable) -> RowTable {
    let table = RowTable(rows: states.rows, columns: dataDimension)
    let grain = BlockSize.standard
    let w = base.makeWorkspace(capacity: grain)
    for first in stride(from: 0, to: states.rows, by: grain) {
      let rows = min(grain, states.rows - first)
      w.z.load(states.row(first), rows: rows)
      network.decode(w.z, to: w.next, as: .means, rows: rows, workspace: &w.network)
      w.next.store(table.row(first), rows: rows)
    }
    return table
  }

  /// Scratch memory for one state and its directions. Row 0 is the state, and the other rows are directions.
  public final class TangentWorkspace {
    let latent: Rows<Double>
    let data: Rows<Double>
    let image: Rows<Double>
    /// The network's own scratch memory.
    var network: Network.TangentWorkspace

    init(_ network: Network, directions: Int) {
      latent = Rows(capacity: directions + 1, width: network.latentDimension)
      data = Rows(capacity: directions + 1, width: network.dataDimension)
      image = Rows(capacity: directions + 1, width: network.latentDimension)
      self.network = network.makeTangentWorkspace(directions: directions)
    }

    /// Loads z `[N]` and directions `[count, N]`.
    fileprivate func load(
      _ state: UnsafePointer<Double>, _ directions: UnsafePointer<Double>, count: Int
    ) {
      let n = latent.width
      latent.row(0).update(from: state, count: n)
      for k in 0..<count { latent.row(k + 1).update(from: directions + k * n, count: n) }
    }

    /// Stores F(z) `[N]` and the directions' images `[count, N]`.
    fileprivate func store(
      _ state: UnsafeMutablePointer<Double>, _ directions: UnsafeMutablePointer<Double>, count: Int
    ) {
      let n = image.width
      state.update(from: image.row(0), count: n)
      for k in 0..<count { (directions + k * n).update(from: image.row(k + 1), count: n) }
    }
  }

  public func makeTangentWorkspace(directions: Int) -> TangentWorkspace {
    TangentWorkspace(network, directions: directions)
  }

  public func linearize(
    at state: UnsafePointer<Double>, image: UnsafeMutablePointer<Double>,
    directions: UnsafeMutablePointer<Double>, count: Int, workspace w: inout TangentWorkspace
  ) {
    w.load(state, directions, count: count)
    network.linearizeDecoder(w.latent, to: w.data, directions: count, workspace: &w.network)
    network.linearizeEncoder(w.data, to: w.image, directions: count, workspace: &w.network)
    w.store(image, directions, count: count)
  }

  public var isPiecewiseSmooth: Bool { network.isPiecewiseSmooth }

  public func linearize(
    at state: UnsafePointer<Double>, image: UnsafeMutablePointer<Double>,
    directions: UnsafeMutablePointer<Double>, count: Int, kinks: inout KinkPass,
    workspace w: inout TangentWorkspace
  ) {
    w.load(state, directions, count: count)
    network.linearizeDecoder(w.latent, to: w.data, directions: count, kinks: &kinks, workspace: &w.network)
    network.linearizeEncoder(w.data, to: w.image, directions: count, kinks: &kinks, workspace: &w.network)
    w.store(image, directions, count: count)
  }

  public func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
  {
    network.remainderBound(at: state, source: source, target: target)
  }
}
