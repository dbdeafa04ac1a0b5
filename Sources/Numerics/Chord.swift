/// Straight segments.
public enum Chord {
  /// The distance of a point from a segment, computed from the sides of the triangle that they form.
  ///
  /// Where the foot of the perpendicular lies outside the segment, this is the distance to the nearer end.
  /// Otherwise it is the triangle's height 2 A / |chord|. The area A comes from Kahan's arrangement of Heron's
  /// formula, which is accurate for thin triangles. Lengths that form no triangle because of rounding have area 0.
  ///
  /// Source: Kahan, *Miscalculating Area and Angles of a Needle-like Triangle* (2014),
  /// <https://people.eecs.berkeley.edu/~wkahan/Triangle.pdf>.
  ///
  /// - Parameters:
  ///   - start: The point's distance from the segment's start.
  ///   - end: The point's distance from the segment's end.
  ///   - length: The segment's length.
  /// - Returns: The distance, or NaN where a length is not finite.
  public static func distance(fromStart start: Double, fromEnd end: Double, length: Double) -> Double {
    guard start.isFinite, end.isFinite, length.isFinite else { return .nan }
    // The foot lies inside where (start^2 - end^2) / length^2 is in [-1, 1]. Large numbers are not squared.
    guard length > 0, abs((start - end) / length * ((start + end) / length)) <= 1 else {
      return min(start, end)
    }
    let low = min(start, end, length)
    let high = max(start, end, length)
    let middle = max(min(start, end), min(max(start, end), length))
    let product =
      (high + (middle + low)) * (low - (high - middle)) * (low + (high - middle)) * (high + (middle - low))
    return min(max(product, 0).squareRoot() / (2 * length), min(start, end))
  }
}
