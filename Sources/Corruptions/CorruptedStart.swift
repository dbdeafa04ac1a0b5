import Dynamics
import Numerics

/// Initial states made by corrupting a member's source item (or its memory, or nothing).
public struct CorruptedStart: InitialCondition {
  private let corruption: any Corruption
  private let source: (any ItemSource)?
  private let imageShape: ImageShape?

  /// - Parameters:
  ///   - corruption: How the source is corrupted.
  ///   - source: Clean items `[items, D]` for data-space corruptions, memories `[items, N]` for
  ///     `latent-gaussian`; nil where the corruption needs no source.
  ///   - imageShape: The picture's shape, for corruptions that need one.
  public init(_ corruption: any Corruption, source: (any ItemSource)?, imageShape: ImageShape?) {
    precondition(type(of: corruption).origin == .nothing || source != nil)
    self.corruption = corruption
    self.source = source
    self.imageShape = imageShape
  }

  public var space: StateSpace { type(of: corruption).origin == .item ? .data : .latent }
  public var hasRegion: Bool { type(of: corruption).hasRegion }

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
