import Numerics
import Vocabulary

/// A square of area fraction p, with side round(sqrt(p D)), is set to 0 at a uniform place inside the picture.
///
/// The level is p, in [0, 1]. The region is the square. In a picture that is not square the side is at most the
/// shorter edge. D counts the pixels of one channel, and the square is the same in all channels.
///
/// - Precondition: The picture's shape is given.
/// - Complexity: O(D).
public struct Occlusion: Corruption {
  public static let name = "occlusion"
  public static let summary =
    "a square of area fraction p, side round(sqrt(p D)), at a uniform place, set to 0"
  public static let levelDomain = LevelDomain.probability
  public static let hasRegion = true
  public static let needsImageShape = true

  public static let isPixelBound = true

  public init() {}

  public func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream
  ) {
    guard let shape = imageShape else { preconditionFailure("occlusion needs the picture's shape") }
    let pixels = shape.rows * shape.columns
    let wanted = Int((level * Double(pixels)).squareRoot().rounded())
    let side = min(wanted, shape.rows, shape.columns)
    let top = random.below(shape.rows - side + 1)
    let left = random.below(shape.columns - side + 1)
    for channel in 0..<shape.channels {
      for row in top..<top + side {
        for column in left..<left + side {
          let place = channel * pixels + row * shape.columns + column
          state[place] = 0
          region?[place] = 1
        }
      }
    }
  }
}
