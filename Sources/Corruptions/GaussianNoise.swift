import Numerics
import Vocabulary

/// Normal(0, p^2) is added to each pixel, and the sum is clipped to [0, 1].
///
/// The level is p, the standard deviation in units of the pixels' range, at least 0. There is no region.
///
/// - Complexity: O(D).
public struct GaussianNoise: Corruption {
  public static let name = "gaussian"
  public static let summary = "Normal(0, p^2) added to each pixel, clipped to [0, 1]"
  public static let levelDomain = LevelDomain.nonnegative

  public init() {}

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    for i in state.indices {
      state[i] = min(max(state[i] + level * random.normal(), 0), 1)
    }
  }
}
