import Numerics

/// A number of a whole trajectory, kept for each member and averaged over the members of a level.
///
/// With the own concept c, the own memory xi, times t = 0...T, and the chord, the straight segment from z(0)
/// to z(T).
public enum MemberScalar: Int, Sendable, CaseIterable {
  /// First time of the smallest |z(t) - c|.
  case timeOfClosestConcept
  /// min_t |z(t) - c|.
  case closestConceptDistance
  /// First time of the smallest |z(t) - xi|.
  case timeOfClosestMemory
  /// min_t |z(t) - xi|.
  case closestMemoryDistance
  /// The distance of c to the chord.
  case chordConceptDistance
  /// That distance minus min_t |z(t) - c|: positive where the path came nearer than the straight line.
  case chordExcess
  /// 1 where the time of the closest memory is later than that of the closest concept, else 0.
  case memoryAfterConcept
}

/// The average of one scalar over the members of a level.
public struct ScalarStatistics: Sendable {
  /// Members that have the scalar.
  public var count: Int
  /// Their mean; NaN where there is none.
  public var mean: Double
  /// Standard error over items, whose realizations are averaged first; NaN for fewer than two items.
  public var standardError: Double
}

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
  ///   - start, end: The point's distances to the segment's ends.
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
