import Dynamics
import Numerics

/// The null N0 in which each state moves as all do.
///
///     n(t) = m(t) + b(t) (z(0) - m(0))
///
/// m(t) is the mean of all states of the level, and b(t) the ratio of their root mean square spread to that at t = 0. What an
/// observable shows on n(t) follows from a drift and a change of scale that all members have in common. n(0) = z(0).
///
/// m(t) and b(t) are known once all members have moved. As a map of its own, the null then needs z(0) of each member, which the
/// model's encoder makes, but no further step of the model.
public struct CommonMotion<Base: DiscreteMap>: DiscreteMap {
  private let base: Base
  /// The corruption levels.
  private let levels: [Double]
  /// Those of each level.
  private let moments: [StateMoments]

  /// - Parameters:
  ///   - base: The map whose members start.
  ///   - levels: The corruption levels.
  ///   - moments: Those of each level.
  public init(of base: Base, levels: [Double], moments: [StateMoments]) {
    precondition(levels.count == moments.count)
    self.base = base
    self.levels = levels
    self.moments = moments
  }

  public var dimension: Int { base.dimension }
  public var dataDimension: Int { base.dataDimension }
  public var isAutonomous: Bool { false }
  /// All of the base's, none of which it supplies: there is no x(t).
  public var availableFields: StateFields { base.availableFields }

  /// Scratch memory of one worker.
  public struct Workspace {
    var base: Base.Workspace
    /// z(0), `[capacity, N]`.
    let initial: AlignedBuffer<Double>
  }

  public func makeWorkspace(capacity: Int) -> Workspace {
    Workspace(
      base: base.makeWorkspace(capacity: capacity), initial: AlignedBuffer(count: capacity * dimension))
  }

  public func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace) {
    base.begin(block, noise: noise, workspace: &workspace.base)
    workspace.initial.pointer.update(from: block.states.pointer, count: block.count * dimension)
  }

  public func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace) {
    let n = dimension
    for m in 0..<block.count {
      let level = block.members.pointer[m].level
      guard let own = levels.firstIndex(of: level).map({ moments[$0] }) else {
        preconditionFailure("level \(level) has no moments")
      }
      let (first, mean, scale) = (own.mean.row(0), own.mean.row(time + 1), own.scale[time + 1])
      for i in 0..<n {
        block.states.pointer[m * n + i] = mean[i] + scale * (workspace.initial.pointer[m * n + i] - first[i])
      }
    }
  }
}
