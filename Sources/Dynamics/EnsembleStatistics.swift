import Numerics

/// One averaged series: an observable over all members of a level, or over a group of them.
public struct SeriesStatistics: Sendable {
  /// Finite values at each time.
  public var count: [Int]
  /// The mean over members; NaN where there is none.
  public var mean: [Double]
  /// Sample standard deviation over members (divisor n - 1); NaN for fewer than two.
  public var standardDeviation: [Double]
  /// Standard error over items of the mean: that of a ratio of sums over items (see `ItemMoments`); NaN for fewer than two
  /// items with a finite value.
  public var standardError: [Double]
  /// Items with a finite value at each time: an interval has one degree of freedom less.
  public var itemCount: [Int]
}

/// The approach to one centre: how much nearer the ensemble's mean distance gets than it was.
///
///     A = 1 - min_t <d(t)> / <d(0)>
///
/// The same members are averaged at all times: those that have the distance at each of them. A member that diverges is
/// left out at t = 0, too.
public struct Approach: Sendable {
  /// The members that are averaged.
  public var memberCount: Int
  /// The items of these members; each has the same weight.
  public var itemCount: Int
  /// The mean distance at each time; NaN where there is none.
  public var meanDistance: [Double]
  /// A; NaN where the mean distance at t = 0 is 0 or missing.
  public var value: Double
  /// The 2.5 % quantile of the bootstrap over items; NaN where no interval is known that covers A in 95 % of samples:
  /// for fewer than `leastItems`, and where the minimum is at the first or the last time.
  public var lower: Double
  /// The 97.5 % quantile.
  public var upper: Double
  /// The first time of the minimum; nil where there is none.
  public var time: Int?
  /// Whether the minimum lies at t = 0 or at the last step, where it might lie beyond.
  public var isCensored: Bool
  /// The changes of the same distance, at each of `EnsemblePlan.changeTimes`.
  public var changes: [DistanceChange]

  /// Items below which A has no interval: the bootstrap's covers too rarely.
  public static let leastItems = 10
}

/// The averages of one corruption level.
public struct LevelStatistics: Sendable {
  /// The level's value.
  public var level: Double
  /// Members in all.
  public var memberCount: Int
  /// Members whose state stopped being finite.
  public var divergedCount: Int
  /// Per case of `SeriesPart` and observable of the plan; only `all` without a splitting.
  let parts: [[SeriesStatistics]]
  /// Per grouping, observable, group.
  public var grouped: [[[SeriesStatistics]]]
  /// Per approach of the plan.
  public var approaches: ApproachTable<Approach>
  /// Per scalar of `MemberScalar.averaged`.
  public var scalars: ScalarColumns<ScalarStatistics>
  /// Members by the group of their item and their label, `[times, groups, labels + 1]`, those without a label first;
  /// empty without a labelling. Diverged members are not counted from then on.
  public var labelCounts: [Int]

  /// Per observable of the plan, over all members.
  public var overall: [SeriesStatistics] { series(of: .all) }

  /// Per observable of the plan, over one part of the members; empty where the plan does not split them.
  public func series(of part: SeriesPart) -> [SeriesStatistics] {
    part.rawValue < parts.count ? parts[part.rawValue] : []
  }
}
