import Numerics
import Vocabulary

/// Each pixel is replaced by a uniform number in (0, 1) with probability p.
///
/// The level is p, in [0, 1]. The region is the replaced pixels.
///
/// - Complexity: O(D).
public struct UniformReplacement: Corruption {
  public static let name = "uniform-replacement"
  public static let summary = "each pixel, with probability p, replaced by a uniform number in (0, 1)"
  public static let levelDomain = LevelDomain.probability
  public static let hasRegion = true

  public static let isPixelBound = true

  public init() {}

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    for i in state.indices {
      let isReplaced = random.uniform() < level
      let replacement = random.uniform()
      if isReplaced {
        state[i] = replacement
        region?[i] = 1
      }
    }
  }
}
