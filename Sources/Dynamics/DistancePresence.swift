/// Which of its distances to centres a member has, and whether that changes in time.
///
/// A distance that is there at some times and missing at others, as that of a member which diverges, belongs to no
/// average that is compared over time.
struct DistancePresence: BitwiseCopyable, Sendable {
  /// One bit per approach: whether the distance was there at t = 0.
  private var first: UInt64 = 0
  /// One bit per approach: whether it was otherwise at a later time.
  private var changed: UInt64 = 0

  /// The most approaches that are followed.
  static let mostApproaches = 64

  /// Takes whether a distance is there at the next time.
  @inline(__always)
  mutating func follow(_ isPresent: Bool, approach: Int, time: Int) {
    let bit: UInt64 = (isPresent ? 1 : 0) &<< UInt64(truncatingIfNeeded: approach)
    if time == 0 {
      first |= bit
    } else {
      changed |= bit ^ (first & 1 &<< UInt64(truncatingIfNeeded: approach))
    }
  }

  /// Whether a distance was there at one time and missing at another.
  var isUnsteady: Bool { changed != 0 }
}
