import Numerics

/// A map whose state space has a place for every data item: the item's memory.
///
///     xi_i = z(0) of the uncorrupted item i
///
/// Concepts, overlaps and distances, which scenarios measure, all follow from memories.
public protocol EncodingMap: DiscreteMap {
  /// The memories of clean items.
  ///
  /// - Parameters:
  ///   - source: Rows of length D.
  ///   - count: Items `0..<count` are encoded.
  ///   - threads: The number of threads; the result does not depend on it.
  /// - Returns: Shape `[count, N]`, with the same bits as z(0) of uncorrupted members.
  func memories(of source: some ItemSource, count: Int, threads: Int) -> RowTable
}
