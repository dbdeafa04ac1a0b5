import Numerics
import Vocabulary

/// Each pixel x is replaced by 1 - x with probability p.
///
/// The level is p, in [0, 1]. The region is the flipped pixels.
///
/// - Complexity: O(D).
public struct Flip: Corruption {
  public static let name = "flip"
  public static let summary = "each pixel x, with probability p, replaced by 1 - x"
  public static let levelDomain = LevelDomain.probability
  public static let hasRegion = true

  public static let isPixelBound = true

  public init() {}

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    for i in state.indices where random.uniform() < level {
      state[i] = 1 - state[i]
      region?[i] = 1
    }
  }
}
