/// The rows and columns of a data set whose items can be looked at as pictures.
public struct ImageShape: Sendable, Hashable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int

  /// Creates a shape from its rows and columns.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  /// The shape of a square picture of `dimension` pixels; nil if `dimension` is not a square number.
  ///
  /// - Precondition: `dimension >= 0`.
  public init?(squareOf dimension: Int) {
    let side = Int(Double(dimension).squareRoot().rounded())
    guard side > 0, side * side == dimension else { return nil }
    self.init(rows: side, columns: side)
  }
}
