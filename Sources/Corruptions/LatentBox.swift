import Numerics
import Vocabulary

/// z(0) is uniform in [-a, a]^N. No item is needed.
///
/// The level is a, at least 0.
///
/// - Complexity: O(N).
public struct LatentBox: Corruption {
  public static let name = "latent-box"
  public static let summary = "z(0) uniform in [-a, a]^N, from no item; the level is a"
  public static let levelDomain = LevelDomain.nonnegative
  public static let origin = CorruptionOrigin.nothing

  public init() {}

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    for i in state.indices { state[i] = level * (2 * random.uniform() - 1) }
  }
}
