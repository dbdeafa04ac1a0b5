import Numerics

/// A discrete-time dynamical system that advances a block of members at once.
///
///     z(t + 1) = F(z(t), noise(t))
///
/// Conformers are immutable; the evolving state belongs to the caller, scratch memory is a `Workspace`,
/// allocated once per worker. A minimal map has `dimension` and `step`.
///
/// The image of a member must not depend on which other members share its block.
public protocol DiscreteMap: Sendable {
  /// Scratch memory; `Void` where none is needed.
  associatedtype Workspace = Void

  /// The dimension N of the state space.
  var dimension: Int { get }
  /// The dimension D of the data space; 0 (the default) where there is none.
  var dataDimension: Int { get }
  /// The fields that `supply` can give; the engine adds `StateFields.kept`.
  var availableFields: StateFields { get }
  /// Whether F depends on nothing but the state: no noise, the same map for every member.
  var isAutonomous: Bool { get }

  /// Scratch memory for blocks of at most `capacity` members.
  func makeWorkspace(capacity: Int) -> Workspace

  /// Turns the initial states into z(0). Needed only by maps with a data space.
  func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace)

  /// Replaces each z(t) of the block by z(t + 1).
  ///
  /// The result depends on the block and `time`, not on what earlier calls left in the workspace: a run that is continued
  /// calls `begin`, and then goes on with the states of a later time.
  ///
  /// - Complexity: O(members x parameters). Allocates nothing.
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace)

  /// Writes the fields that `store` has memory for, at the present time.
  func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace)
}

extension DiscreteMap {
  /// 0: no data space.
  public var dataDimension: Int { 0 }
  /// None.
  public var availableFields: StateFields { [] }
  /// True.
  public var isAutonomous: Bool { true }
  /// Nothing to do: the initial states are latent.
  public func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace) {}
  /// Nothing to supply.
  public func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace
  ) {}
}

extension DiscreteMap where Workspace == Void {
  /// No scratch memory.
  public func makeWorkspace(capacity: Int) {}
}
