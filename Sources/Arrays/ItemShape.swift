import Datasets
import Numerics

/// The sizes of an item, and where its components stand in an array.
///
/// Components are in the order channel, row, column, whatever the array's order is.
public struct ItemShape: Sendable, Hashable {
  /// Where the channels of colour pictures are in an array.
  public enum Channels: String, Sendable, CaseIterable {
    /// `[items, channels, height, width]`.
    case first
    /// `[items, height, width, channels]`.
    case last
  }

  /// The picture; nil where items are no pictures.
  public let picture: ImageShape?
  /// D.
  public let dimension: Int
  /// The sizes of an item in the array.
  let stored: [Int]
  private let channels: Channels

  /// The shape of an array's items.
  ///
  /// - Parameters:
  ///   - given: Height and width, or height, width and channels; nil: by the array.
  ///   - channels: Where the array has the channels.
  /// - Throws: `DatasetError` where the shape does not fit the array.
  init(of source: any ArraySource, given: [Int]?, channels: Channels) throws(DatasetError) {
    self.channels = channels
    stored = Array(source.shape.dropFirst())
    guard source.shape.count >= 2, source.count > 0 else {
      throw source.invalid(
        "the array is \(source.summary)", expected: "items and their components, such as (1000, 28, 28)",
        remedy: "choose an array of at least two sizes, none of them 0")
    }
    dimension = stored.reduce(1, *)
    guard dimension <= Self.largestDimension, source.shape[0] <= Int(Int32.max) else {
      throw source.invalid(
        "the array is \(source.summary)",
        expected: "at most \(Int32.max) items of at most \(Self.largestDimension) components",
        remedy: "is the first size the number of items?")
    }
    if let given {
      let wanted = given.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
      guard wanted == dimension else {
        throw source.invalid(
          "the array is \(source.summary), items of \(dimension) components",
          expected: "dataset.shape \(given), items of \(wanted) components",
          remedy: "correct dataset.shape: height and width, or height, width and channels")
      }
      picture = ImageShape(rows: given[0], columns: given[1], channels: given.count == 3 ? given[2] : 1)
    } else {
      switch stored.count {
      case 2: picture = ImageShape(rows: stored[0], columns: stored[1])
      case 3 where channels == .last:
        picture = ImageShape(rows: stored[0], columns: stored[1], channels: stored[2])
      case 3: picture = ImageShape(rows: stored[1], columns: stored[2], channels: stored[0])
      default: picture = nil
      }
    }
  }

  /// The largest number of components of an item.
  static let largestDimension = 1 << 24

  /// Where each component goes, by its place in the array's rows (the last size fastest); nil where all stay.
  ///
  /// - Complexity: O(dimension).
  func destinations(isColumnMajor: Bool) -> [Int]? {
    let movesChannels = channels == .last && (picture?.channels ?? 1) > 1
    if !movesChannels, !isColumnMajor || stored.count == 1 { return nil }
    return (0..<dimension).map { place in
      let rowMajor = isColumnMajor ? ArrayShape.rowMajorPlace(ofColumnMajor: place, in: stored) : place
      guard movesChannels, let picture else { return rowMajor }
      let (pixel, channel) = rowMajor.quotientAndRemainder(dividingBy: picture.channels)
      return channel * picture.rows * picture.columns + pixel
    }
  }
}
