import Dynamics
import Numerics

/// Initial states made by corrupting what the corruption starts from: the member's source item, its memory, or
/// nothing.
public struct CorruptedStart: InitialCondition {
  private let corruption: any Corruption
  private let source: (any ItemSource)?
  private let imageShape: ImageShape?

  /// - Parameters:
  ///   - corruption: How the source is corrupted.
  ///   - source: Clean items `[items, D]` for corruptions of items, memories `[items, N]` for corruptions of
  ///     memories. nil for corruptions that start from nothing.
  ///   - imageShape: The picture's shape; required by corruptions whose `needsImageShape` is true.
  /// - Precondition: There is a source, unless the corruption starts from nothing.
  public init(_ corruption: any Corruption, source: (any ItemSource)?, imageShape: ImageShape?) {
    precondition(type(of: corruption).origin == .nothing || source != nil)
    self.corruption = corruption
    self.source = source
    self.imageShape = imageShape
  }

  /// The data space for corruptions of items, otherwise the latent space.
  public var space: StateSpace { type(of: corruption).origin == .item ? .data : .latent }
  /// Whether the corruption marks the pixels that it changes.
  public var hasRegion: Bool { type(of: corruption).hasRegion }

  /// Copies the member's source into `state` and corrupts it with the random numbers of the member's address.
  ///
  /// - Parameters:
  ///   - member: The level, item and realization of the member.
  ///   - state: Shape `[D]` or `[N]`, by `space`.
  ///   - region: Shape `[D]`, zeroed; receives 1 where the corruption has changed a pixel.
  ///   - noise: The source of the member's random numbers.
  /// - Complexity: O(D) or O(N).
  public func prepare(
    _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource
  ) {
    if let source {
      source.copy(item: Int(member.item), into: state)
    } else {
      state.update(repeating: 0)
    }
    var random = noise.stream(.corruption, member, time: 0)
    corruption.apply(
      level: member.level, to: state, region: region, imageShape: imageShape, random: &random)
  }
}
