import Numerics
import Vocabulary

/// z(0) ~ Normal(0, I), a draw from the prior. No item is needed, and there are no levels.
///
/// - Complexity: O(N).
public struct PriorDraw: Corruption {
  public static let name = "prior"
  public static let summary = "z(0) ~ Normal(0, I), from no item; has no levels"
  public static let levelDomain = LevelDomain.none
  public static let origin = CorruptionOrigin.nothing

  public init() {}

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    for i in state.indices { state[i] = random.normal() }
  }
}
