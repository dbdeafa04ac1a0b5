import Numerics
import Vocabulary

/// Exactly round(p D) pixels x, drawn without replacement, are replaced by 1 - x.
///
/// The level is p, in [0, 1]. The region is the flipped pixels.
///
/// - Complexity: O(D), and it allocates an array of D whole numbers.
public struct ExactFlip: Corruption {
  public static let name = "flip-exact"
  public static let summary = "exactly round(p D) pixels x, drawn at random, replaced by 1 - x"
  public static let levelDomain = LevelDomain.probability
  public static let hasRegion = true

  public static let isPixelBound = true

  public init() {}

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    let dimension = state.count
    let number = Int((level * Double(dimension)).rounded())
    var order = Array(0..<dimension)
    for k in 0..<number {
      order.swapAt(k, k + random.below(dimension - k))
      let i = order[k]
      state[i] = 1 - state[i]
      region?[i] = 1
    }
  }
}
