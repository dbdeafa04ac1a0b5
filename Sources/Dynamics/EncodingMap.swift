import Numerics

/// A map in whose state space every data item has a place: its memory.
///
///     xi_i = z(0) of the uncorrupted item i
///
/// With memories come concepts, overlaps and distances: what scenarios measure.
public protocol EncodingMap: DiscreteMap {
  /// The memories of clean items.
  ///
  /// - Parameters:
  ///   - source: Rows of length D.
  ///   - count: Items `0..<count` are encoded.
  ///   - threads: The result does not depend on it.
  /// - Returns: Shape `[count, N]`; the same bits as z(0) of uncorrupted members.
  func memories(of source: some ItemSource, count: Int, threads: Int) -> RowTable
}
