/// What two consecutive windows of an orbit show of the set on which it moves.
package struct OrbitSample: Sendable {
  /// Weighted Birkhoff averages over both windows.
  package let moments: OrbitMoments
  /// How much the averages of both windows differ, in units of the orbit's size.
  package let error: Double
  /// Points of the orbit, half of them from each window.
  package let points: PointSet
  /// The points' largest sampling gap.
  package let gap: Double

  /// - Parameters:
  ///   - moments: The averages over both windows.
  ///   - error: How much those of the two windows differ, in units of the orbit's size.
  ///   - points: Points of the orbit, half of them from each window.
  package init(moments: OrbitMoments, error: Double, points: PointSet) {
    self.moments = moments
    self.error = error
    self.points = points
    gap = points.largestGap
  }

  /// Whether all numbers are finite.
  package var isFinite: Bool { moments.size.isFinite && error.isFinite }

  /// Whether the orbit moves about in a bounded set without drifting: whether the averages of both windows agree as
  /// far as those of a chaotic orbit would, and rounding errors do not explain the motion.
  package var isCandidate: Bool {
    let scale = max(1, moments.mean.reduce(0) { max($0, abs($1)) })
    return isFinite && error <= Self.largestError && moments.size > Self.smallestSize * scale
  }

  /// The largest difference between two windows' averages, in units of the size, of an orbit that does not drift.
  private static let largestError = 0.25
  /// The size below which a set cannot be told from a point, relative to max(1, |z|).
  private static let smallestSize = 1e-9

  /// The steps of a window at which points are kept.
  ///
  /// They are spread evenly but irregularly, so that they meet each piece of a set whose pieces are visited in turn.
  package static func keptSteps(_ count: Int, of window: Int) -> [Int] {
    guard count < window else { return Array(0..<window) }
    let golden = 0.618_033_988_749_894_9
    return (0..<count).map { k in
      let offset = Double(k) * golden
      let place = (Double(k) + offset - offset.rounded(.down)) * Double(window) / Double(count)
      return min(Int(place), window - 1)
    }
  }
}

/// Whether two orbits move on the same set.
package enum SetComparison: Sendable, Hashable {
  /// Their averages agree within errors, and the points of each lie within the other's largest sampling gap.
  case same
  /// Their averages or places differ clearly.
  case separate
  /// Neither is shown.
  case undecided

  /// Compares two orbits.
  ///
  /// They share a set if their averages differ by three errors at most and no point is farther from the other
  /// orbit's points than twice the largest sampling gap. They do not if a point is farther away than six gaps, or if
  /// averages with errors below 1 % differ by more than ten errors. Between these limits the identity is undecided.
  ///
  /// - Complexity: O(points^2 N) at most.
  package init(_ a: OrbitSample, _ b: OrbitSample) {
    let difference = a.moments.difference(from: b.moments)
    let error = a.error + b.error + Self.rounding
    if error < 0.01 ? difference > 10 * error : difference > 0.5 {
      self = .separate
      return
    }
    let least = Self.rounding * max(a.moments.size, b.moments.size)
    let reach = max(
      a.points.farthestDistance(from: b.points) / max(b.gap, least),
      b.points.farthestDistance(from: a.points) / max(a.gap, least))
    if reach > 6 {
      self = .separate
    } else {
      self = difference <= 3 * error && reach <= 2 ? .same : .undecided
    }
  }

  /// The difference of averages, in units of the size, that rounding errors may cause.
  private static let rounding = 1e-9
}
