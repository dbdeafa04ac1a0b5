import Numerics
import Vocabulary

/// Normal(0, p^2) is added to each component, and the sum is clipped to [0, 1] if the data are kept to it.
///
/// The level is p, the standard deviation in units of the components, at least 0. There is no region.
///
/// - Complexity: O(D).
public struct GaussianNoise: Corruption {
  public static let name = "gaussian"
  public static let summary = "Normal(0, p^2) added to each component, clipped to [0, 1] where the data are"
  public static let levelDomain = LevelDomain.nonnegative

  private var isClipped = true

  public init() {}

  public func fitted(to data: CorruptionData) -> any Corruption {
    var result = self
    result.isClipped = data.isUnitInterval
    return result
  }

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    for i in state.indices {
      let sum = state[i] + level * random.normal()
      state[i] = isClipped ? min(max(sum, 0), 1) : sum
    }
  }
}
