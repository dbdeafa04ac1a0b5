import Numerics
import Vocabulary

/// Each component is, with probability p, missing: it is set to its mean over the training items.
public struct MissingComponents: Corruption {
  public static let name = "missing-components"
  public static let summary = "each component, with probability p, set to its mean over the training items"
  public static let levelDomain = LevelDomain.probability
  public static let hasRegion = true

  /// `[D]`; zeros before the data are known.
  private var means: [Double] = []

  public init() {}

  public func fitted(to data: CorruptionData) -> any Corruption {
    let row = AlignedBuffer<Double>(count: data.dimension)
    var sums = [Double](repeating: 0, count: data.dimension)
    for item in 0..<data.count {
      data.items.copy(item: item, into: row.buffer)
      for i in sums.indices { sums[i] += row.pointer[i] }
    }
    var result = self
    result.means = sums.map { $0 / Double(max(data.count, 1)) }
    return result
  }

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    for i in state.indices where random.uniform() < level {
      state[i] = means.isEmpty ? 0 : means[i]
      region?[i] = 1
    }
  }
}
