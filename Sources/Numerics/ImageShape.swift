/// The rows, columns and channels of a data set whose items can be looked at as pictures.
///
/// Components are in the order channel, row, column.
public struct ImageShape: Sendable, Hashable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The number of channels: 1 of grey pictures, 3 of colour pictures.
  public let channels: Int

  /// Creates a shape from its sizes.
  public init(rows: Int, columns: Int, channels: Int = 1) {
    self.rows = rows
    self.columns = columns
    self.channels = channels
  }

  /// The number of components.
  public var count: Int { rows * columns * channels }

  /// The shape of a square picture of `dimension` pixels; nil if `dimension` is not a square number.
  ///
  /// - Precondition: `dimension >= 0`.
  public init?(squareOf dimension: Int) {
    let side = Int(Double(dimension).squareRoot().rounded())
    guard side > 0, side * side == dimension else { return nil }
    self.init(rows: side, columns: side)
  }
}
