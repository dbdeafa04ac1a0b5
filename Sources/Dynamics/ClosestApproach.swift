/// How near one member has come to a point: the smallest distance and its first time, and the distances at both ends of
/// the trajectory. Distances arrive one time after another.
struct ClosestApproach: BitwiseCopyable, Sendable {
  private var least = Double.infinity
  private var timeOfLeast = 0
  /// The distance at t = 0; NaN where it was missing.
  private(set) var first = Double.nan
  /// The distance at the latest time; NaN where it was missing.
  private(set) var last = Double.nan

  /// Takes the distance at the next time; NaN where it is missing.
  @inline(__always)
  mutating func follow(_ distance: Double, time: Int) {
    if time == 0 { first = distance }
    last = distance
    guard distance < least else { return }
    least = distance
    timeOfLeast = time
  }

  /// The smallest distance; NaN where there was none.
  var smallest: Double { least.isFinite ? least : .nan }
  /// The first time of the smallest distance; NaN where there was none.
  var timeOfSmallest: Double { least.isFinite ? Double(timeOfLeast) : .nan }
}
