import Datasets
import Dynamics

/// The rows of a split as engine and networks read them.
public struct SplitSource: ItemSource {
  let split: ItemSplit

  /// The rows of a split.
  public init(split: ItemSplit) { self.split = split }

  public func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>) {
    split.copy(item: item, into: row)
  }

  public func copy(item: Int, into row: UnsafeMutableBufferPointer<Float>) {
    split.copy(item: item, into: row)
  }
}
