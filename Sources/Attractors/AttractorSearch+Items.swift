import Dynamics
import Numerics

/// Places that are themselves at attractors.
extension AttractorSearch {
  /// Whether a stable set lies within a radius of each place, such as an item's memory.
  ///
  /// Newton's method is applied where no known set lies so near and one step leads at most eleven radii away. Farther steps
  /// exclude a fixed point within the radius, unless the map stretches distances tenfold there. Newton's method gives up
  /// four radii away from the place. What it finds within the radius joins the catalogue if it is stable.
  ///
  /// - Parameters:
  ///   - places: States, shape `[places][N]`.
  ///   - radius: A Euclidean length of latent states.
  ///   - shouldStop: Asked between places. True cancels.
  /// - Throws: `CancellationError` if `shouldStop` returns true.
  /// - Complexity: O(places x (sets x N + parameters)), and O(Newton steps x (N x parameters + N^3)) for each place at
  ///   which Newton's method is applied.
  public func haveAttractors(
    near places: [[Double]], within radius: Double, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> [Bool] {
    let open = places.filter { place in
      !shouldStop() && !isAttractor(near: place, within: radius)
        && norm(difference(evaluator.image(of: place), place)) <= 11 * radius
    }
    let found = solve(open.map { ($0, 1) }, by: NewtonSolver(farthest: 4 * radius), shouldStop: shouldStop)
    if shouldStop() { throw CancellationError() }
    let near = zip(open, found).map { place, finding -> InvariantSet? in
      guard let set = finding?.set, set.farthestDistance(from: place) <= radius else { return nil }
      return set.liesOnKink || set.isStable ? set : nil
    }
    _ = addToCatalogue(near)
    return places.map { isAttractor(near: $0, within: radius) }
  }

  private func isAttractor(near place: [Double], within radius: Double) -> Bool {
    sets.contains { $0.isStable && $0.farthestDistance(from: place) <= radius }
  }
}

extension InvariantSet {
  /// The distance of the set's farthest point from a place. A set that moves is near to a place only if all of it is.
  public func farthestDistance(from place: [Double]) -> Double {
    points.reduce(0) { max($0, norm(difference($1, place))) }
  }
}
