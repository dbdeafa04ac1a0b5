import Corruptions
import Numerics
import Vocabulary

/// Each pixel is, with probability p, replaced by 0 or 1, which are equally likely.
struct SaltAndPepper: Corruption {
  static let name = "salt-and-pepper"
  static let summary = "each pixel, with probability p, replaced by 0 or 1"
  static let levelDomain = LevelDomain.probability
  static let hasRegion = true

  func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    for i in state.indices where random.uniform() < level {
      state[i] = random.uniform() < 0.5 ? 0 : 1
      region?[i] = 1
    }
  }
}
