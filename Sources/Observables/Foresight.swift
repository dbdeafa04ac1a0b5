import Dynamics
import Numerics

/// A map that looks ahead: before a block begins, it carries the block to the last time, and tells observables how each path
/// will end.
///
/// What a member is to be averaged with may be known only at its end, such as the memory that it reaches. Keeping all states until
/// then would take memory that grows with the steps, and so the block goes along its path twice: twice the time, and the same
/// memory. Both ways have the same bits, because random numbers are addressed.
public struct Foresight<Base: DiscreteMap>: DiscreteMap {
  private let base: Base
  private let measurement: PathMeasurement
  private let steps: Int

  /// Looks ahead in a map; nil if members have no own items.
  ///
  /// - Parameters:
  ///   - base: The map.
  ///   - steps: The last time.
  ///   - context: What observables are made from.
  ///   - threads: The number of workers, which changes no number.
  public init?(in base: Base, steps: Int, _ context: ObservableContext, threads: Int) {
    guard let measurement = PathMeasurement(context, threads: threads) else { return nil }
    self.base = base
    self.steps = steps
    self.measurement = measurement
  }

  public var dimension: Int { base.dimension }
  public var dataDimension: Int { base.dataDimension }
  public var availableFields: StateFields { base.availableFields }
  public var isAutonomous: Bool { base.isAutonomous }

  /// Scratch memory of one worker.
  public struct Workspace {
    var base: Base.Workspace
    /// Latent initial states, `[capacity, N]`.
    let given: AlignedBuffer<Double>
    let track: PathMeasurement.Track
    let paths: PathSummaries
  }

  public func makeWorkspace(capacity: Int) -> Workspace {
    Workspace(
      base: base.makeWorkspace(capacity: capacity), given: AlignedBuffer(count: capacity * dimension),
      track: measurement.makeTrack(capacity: capacity),
      paths: PathSummaries(capacity: capacity, steps: steps))
  }

  public func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace) {
    let numbers = block.count * dimension
    // Those of data-space starts are not states yet.
    workspace.given.pointer.update(from: block.states.pointer, count: numbers)
    base.begin(block, noise: noise, workspace: &workspace.base)
    measurement.follow(block, at: 0, workspace.track, into: workspace.paths)
    for time in 0..<steps {
      base.step(block, at: time, noise: noise, workspace: &workspace.base)
      measurement.follow(block, at: time + 1, workspace.track, into: workspace.paths)
    }
    measurement.finish(block, workspace.track, into: workspace.paths)
    block.states.pointer.update(from: workspace.given.pointer, count: numbers)
    base.begin(block, noise: noise, workspace: &workspace.base)
  }

  public func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace) {
    base.step(block, at: time, noise: noise, workspace: &workspace.base)
  }

  public func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace
  ) {
    base.supply(store, of: block, at: time, noise: noise, workspace: &workspace.base)
    store.supplement = workspace.paths
  }
}
