import Attractors

/// Single numbers of a study, per level and of the whole model.
extension AttractorStudy {
  /// How many attracting sets of each kind there are.
  public struct SetCounts: Sendable, Hashable {
    /// Fixed points.
    public var fixedPoints = 0
    /// Cycles.
    public var cycles = 0
    /// Closed curves.
    public var curves = 0
    /// Quasi-periodic sets with several frequencies.
    public var quasiPeriodicSets = 0
    /// Chaotic sets.
    public var chaoticSets = 0

    /// Sets of all kinds.
    public var all: Int { fixedPoints + cycles + curves + quasiPeriodicSets + chaoticSets }

    init(_ sets: some Sequence<InvariantSet>) {
      for set in sets {
        switch set.kind {
        case .stableFixedPoint, .saddle, .repeller, .nonSmoothFixedPoint: fixedPoints += 1
        case .stableCycle, .unstableCycle, .nonSmoothCycle: cycles += 1
        case .stableCurve: curves += 1
        case .quasiPeriodicSet: quasiPeriodicSets += 1
        case .chaoticSet: chaoticSets += 1
        }
      }
    }
  }

  /// The sets that starts of a level reached.
  public func reachedSets(atLevel level: Int) -> SetCounts { SetCounts(reached(level)) }

  /// All stable sets that were found, whether a start reached them or not.
  public var stableSets: SetCounts { SetCounts(sets.filter(\.isStable)) }

  /// The largest spectral radius of the fixed points and cycles that starts of a level reached; NaN if there is none.
  public func largestSpectralRadius(atLevel level: Int) -> Double { Self.largestRadius(reached(level)) }

  /// The largest spectral radius of all stable fixed points and cycles; NaN if there is none.
  public var largestSpectralRadius: Double { Self.largestRadius(sets.filter(\.isStable)) }

  /// The corruption level at which starts are as far from their memories as a distance, on average, by linear
  /// interpolation between the levels and 0; NaN if they never are.
  public func noise(reaching distance: Double) -> Double {
    var (level, reach) = (0.0, 0.0)
    for (next, far) in zip(levels, basins.map(\.displacement)).sorted(by: { $0.0 < $1.0 }) where far > reach {
      if distance <= far { return level + (next - level) * (distance - reach) / (far - reach) }
      (level, reach) = (next, far)
    }
    return .nan
  }

  private func reached(_ level: Int) -> [InvariantSet] {
    zip(sets, basins[level].counts).filter { $0.1 > 0 }.map(\.0)
  }

  private static func largestRadius(_ sets: [InvariantSet]) -> Double {
    sets.map(\.spectralRadius).filter(\.isFinite).max() ?? .nan
  }
}
