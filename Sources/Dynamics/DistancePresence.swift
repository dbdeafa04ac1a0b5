/// The distances to centres that a member has, and whether that set changes in time.
///
/// A distance that is present at some times and missing at others, as in a member that diverges, must not enter
/// averages that are compared over time.
struct DistancePresence: BitwiseCopyable, Sendable {
  /// One bit per approach: whether the distance was present at t = 0.
  private var first: UInt64 = 0
  /// One bit per approach: whether that was different at a later time.
  private var changed: UInt64 = 0

  /// The most approaches that are followed.
  static let mostApproaches = 64

  /// Takes note of whether a distance is present at the next time.
  @inline(__always)
  mutating func follow(_ isPresent: Bool, approach: Int, time: Int) {
    let bit: UInt64 = (isPresent ? 1 : 0) &<< UInt64(truncatingIfNeeded: approach)
    if time == 0 {
      first |= bit
    } else {
      changed |= bit ^ (first & 1 &<< UInt64(truncatingIfNeeded: approach))
    }
  }

  /// Whether a distance was present at one time and missing at another.
  var isUnsteady: Bool { changed != 0 }
}
