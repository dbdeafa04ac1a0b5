import Numerics

/// A discrete-time dynamical system that advances a block of members at once.
///
///     z(t + 1) = F(z(t), noise(t))
///
/// Conformers are immutable. The evolving state belongs to the caller, and scratch memory is a `Workspace`, which is
/// allocated once per worker. A minimal conformer implements `dimension` and `step`.
///
/// The image of a member must not depend on which other members share its block.
public protocol DiscreteMap: Sendable {
  /// The scratch memory of `step` and `supply`; `Void` if none is needed.
  associatedtype Workspace = Void

  /// The dimension N of the state space.
  var dimension: Int { get }
  /// The dimension D of the data space; 0, which is the default, if there is none.
  var dataDimension: Int { get }
  /// The fields that `supply` can write. The engine itself adds `StateFields.kept`.
  var availableFields: StateFields { get }
  /// Whether F depends only on the state: there is no noise, and the map is the same for every member.
  var isAutonomous: Bool { get }

  /// Creates scratch memory for blocks of at most `capacity` members.
  func makeWorkspace(capacity: Int) -> Workspace

  /// Turns the initial states into z(0). Needed only by maps with a data space.
  func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace)

  /// Replaces each z(t) of the block by z(t + 1).
  ///
  /// The result depends only on the block and `time`, not on what earlier calls left in the workspace. A run that is
  /// continued calls `begin` and then goes on with the states of a later time.
  ///
  /// - Complexity: O(members x parameters). Allocates nothing.
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace)

  /// Writes the fields of the present time for which `store` has memory.
  func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace)
}

extension DiscreteMap {
  /// By default, there is no data space.
  public var dataDimension: Int { 0 }
  /// By default, no fields can be supplied.
  public var availableFields: StateFields { [] }
  /// By default, the map is autonomous.
  public var isAutonomous: Bool { true }
  /// Does nothing by default, because the initial states are already latent.
  public func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace) {}
  /// Supplies nothing by default.
  public func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace
  ) {}
}

extension DiscreteMap where Workspace == Void {
  /// No scratch memory is needed.
  public func makeWorkspace(capacity: Int) {}
}
