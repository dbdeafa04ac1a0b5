import Dynamics
import Numerics
import Vocabulary

/// Each component is, with probability p, replaced by that of a training item, which is drawn once for the state.
public struct ItemReplacement: Corruption {
  public static let name = "item-replacement"
  public static let summary =
    "each component, with probability p, replaced by that of a training item drawn at random"
  public static let levelDomain = LevelDomain.probability
  public static let hasRegion = true

  /// The training items; nil before the data are known.
  private var data: CorruptionData?

  public init() {}

  public func fitted(to data: CorruptionData) -> any Corruption {
    var result = self
    result.data = data
    return result
  }

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    guard let data else { preconditionFailure("item-replacement needs the training items") }
    let other = random.below(data.count)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: data.dimension) { row in
      data.items.copy(item: other, into: row)
      for i in state.indices where random.uniform() < level {
        state[i] = row[i]
        region?[i] = 1
      }
    }
  }
}
