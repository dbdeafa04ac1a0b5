import Numerics

/// The address of one trajectory of an ensemble: (corruption level, source item, realization).
public struct Member: Sendable, Hashable, BitwiseCopyable {
  /// The corruption level's value, e.g. a probability.
  public var level: Double
  /// The index of the source item in its split; the number of the start if there is no item.
  public var item: Int32
  /// The number of the noisy copy among those of the item, from 0.
  public var realization: Int32

  /// Creates an address.
  public init(level: Double, item: Int32, realization: Int32) {
    self.level = level
    self.item = item
    self.realization = realization
  }
}

/// The random numbers of an ensemble, addressed by purpose, member and time.
///
/// Every number is a function of (seed, purpose, bits of the level's value, item, realization, time, draw). It does not
/// depend on threads, blocks, the ensemble's size or the other levels.
public struct NoiseSource: Sendable, Hashable {
  /// The scenario's seed.
  public let seed: UInt64

  /// Creates the source of a scenario's noise.
  public init(seed: UInt64) { self.seed = seed }

  /// The numbers of one member at one time for one purpose.
  public func stream(_ purpose: RandomPurpose, _ member: Member, time: Int) -> RandomStream {
    RandomField(seed: seed, purpose: purpose, context: member.level.bitPattern)
      .stream(
        UInt32(bitPattern: member.item), UInt32(bitPattern: member.realization),
        UInt32(truncatingIfNeeded: time))
  }
}
