import Numerics
import Vocabulary

/// z(0) = xi + p Normal(0, I), where xi is the item's memory.
///
/// The level is p, the standard deviation of each latent variable, at least 0.
///
/// - Complexity: O(N).
public struct LatentGaussian: Corruption {
  public static let name = "latent-gaussian"
  public static let summary = "z(0) = memory + p Normal(0, I)"
  public static let levelDomain = LevelDomain.nonnegative
  public static let origin = CorruptionOrigin.memory

  public init() {}

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    for i in state.indices { state[i] += level * random.normal() }
  }
}
