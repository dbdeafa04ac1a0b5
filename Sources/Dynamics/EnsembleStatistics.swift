import Numerics

/// One averaged series: an observable averaged over all members of a level or over a group of them.
public struct SeriesStatistics: Sendable {
  /// The number of finite values at each time.
  public var count: [Int]
  /// The mean over members; NaN where there is none.
  public var mean: [Double]
  /// The sample standard deviation over members (divisor n - 1); NaN for fewer than two.
  public var standardDeviation: [Double]
  /// The standard error of the mean over items, that of a ratio of sums over items (see `ItemMoments`); NaN for fewer
  /// than two items with a finite value.
  public var standardError: [Double]
  /// The number of items with a finite value at each time. An interval has one degree of freedom less.
  public var itemCount: [Int]
}

/// The approach to one centre: how much nearer the ensemble's mean distance comes than it was at the start.
///
///     A = 1 - min_t <d(t)> / <d(0)>
///
/// The same members are averaged at all times: those that have the distance at all times. A member that diverges is
/// left out even at t = 0.
public struct Approach: Sendable {
  /// The number of members that are averaged.
  public var memberCount: Int
  /// The number of items of these members. All items have the same weight.
  public var itemCount: Int
  /// The mean distance at each time; NaN where there is none.
  public var meanDistance: [Double]
  /// A; NaN where the mean distance at t = 0 is 0 or missing.
  public var value: Double
  /// The 2.5 % quantile of the bootstrap over items. NaN where no interval is known that covers A in 95 % of samples:
  /// for fewer than `leastItems`, and where the minimum is at the first or the last time.
  public var lower: Double
  /// The 97.5 % quantile of the bootstrap; NaN where `lower` is NaN.
  public var upper: Double
  /// The first time of the minimum; nil if there is none.
  public var time: Int?
  /// Whether the minimum lies at t = 0 or at the last time, after which a smaller distance may follow.
  public var isCensored: Bool
  /// The changes of the same distance, one for each of `EnsemblePlan.changeTimes`.
  public var changes: [DistanceChange]

  /// With fewer items A has no interval, because the bootstrap's would cover too rarely.
  public static let leastItems = 10
}

/// The averages of one corruption level.
public struct LevelStatistics: Sendable {
  /// The level's value.
  public var level: Double
  /// The number of members in all.
  public var memberCount: Int
  /// The number of members whose state stopped being finite.
  public var divergedCount: Int
  /// The series per case of `SeriesPart` and observable of the plan; without a splitting only those of `all`.
  let parts: [[SeriesStatistics]]
  /// The series per grouping, observable and group.
  public var grouped: [[[SeriesStatistics]]]
  /// The approaches of the plan.
  public var approaches: ApproachTable<Approach>
  /// The average of each scalar of `MemberScalar.averaged`.
  public var scalars: ScalarColumns<ScalarStatistics>
  /// The number of members by the group of their item and their label, `[times, groups, labels + 1]`, those without a
  /// label first; empty without a labelling. Members are not counted once they have diverged.
  public var labelCounts: [Int]

  /// The series of each observable of the plan, over all members.
  public var overall: [SeriesStatistics] { series(of: .all) }

  /// The series of each observable of the plan, over one part of the members; empty if the plan does not split them.
  public func series(of part: SeriesPart) -> [SeriesStatistics] {
    part.rawValue < parts.count ? parts[part.rawValue] : []
  }
}
