/// Straight segments.
public enum Chord {
  /// The distance of a point to a segment, from the lengths of the triangle that they make.
  ///
  /// Where the foot of the perpendicular lies outside the segment, the distance to the nearer end; else the
  /// triangle's height 2 A / |chord|, with the area by Kahan's arrangement of Heron's formula, which is
  /// accurate for thin triangles. Lengths that make no triangle, by rounding, have area 0.
  ///
  /// Source: Kahan, *Miscalculating Area and Angles of a Needle-like Triangle* (2014),
  /// <https://people.eecs.berkeley.edu/~wkahan/Triangle.pdf>.
  ///
  /// - Parameters:
  ///   - start: The point's distance to the segment's first end.
  ///   - end: The point's distance to the segment's last end.
  ///   - length: The segment's length.
  /// - Returns: NaN where a length is not finite.
  public static func distance(fromStart start: Double, fromEnd end: Double, length: Double) -> Double {
    guard start.isFinite, end.isFinite, length.isFinite else { return .nan }
    // (start^2 - end^2) / length^2 in [-1, 1] where the foot lies inside; without squares of large numbers.
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
