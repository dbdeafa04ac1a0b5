import Numerics

/// One averaged series: an observable over all members of a level, or over a group of them.
public struct SeriesStatistics: Sendable {
  /// Finite values at each time.
  public var count: [Int]
  /// The mean over members; NaN where there is none.
  public var mean: [Double]
  /// Sample standard deviation over members (divisor n - 1); NaN for fewer than two.
  public var standardDeviation: [Double]
  /// Standard error over items, whose realizations are averaged first; NaN for fewer than two items.
  public var standardError: [Double]
}

/// The approach to one centre: how much nearer the ensemble's mean distance gets than it was.
///
///     A = 1 - min_t <d(t)> / <d(0)>
public struct Approach: Sendable {
  /// The mean distance at each time; NaN where there is none.
  public var meanDistance: [Double]
  /// A; NaN where the mean distance at t = 0 is 0 or missing.
  public var value: Double
  /// The 2.5 % quantile of the bootstrap over items; NaN for fewer than two items.
  public var lower: Double
  /// The 97.5 % quantile.
  public var upper: Double
  /// The first time of the minimum; nil where there is none.
  public var time: Int?
  /// Whether the minimum lies at t = 0 or at the last step, where it might lie beyond.
  public var isCensored: Bool
}

/// The averages of one corruption level.
public struct LevelStatistics: Sendable {
  /// The level's value.
  public var level: Double
  /// Members in all.
  public var memberCount: Int
  /// Members whose state stopped being finite.
  public var divergedCount: Int
  /// Per observable of the plan.
  public var overall: [SeriesStatistics]
  /// Per grouping, observable, group.
  public var grouped: [[[SeriesStatistics]]]
  /// Per observable, where the splitting observable is 1; empty without a splitting.
  public var retained: [SeriesStatistics]
  /// Per observable, where the splitting observable is 0.
  public var lost: [SeriesStatistics]
  /// Per approach of the plan.
  public var approaches: [Approach]
  /// Per case of `MemberScalar`, in their order.
  public var scalars: [ScalarStatistics]
}

/// A sum of finite values, and how many they are.
struct CountedSum: BitwiseCopyable, Sendable {
  var sum = 0.0
  var count = 0

  @inline(__always)
  mutating func add(_ value: Double) {
    sum += value
    count += 1
  }

  mutating func merge(_ other: CountedSum) {
    sum += other.sum
    count += other.count
  }

  /// nil where nothing was added.
  var mean: Double? { count > 0 ? sum / Double(count) : nil }
}

/// Sums over the realizations so far of an item.
struct OpenItem: Sendable {
  /// `[observables, parts (all; retained, lost), times]`; empty for single realizations.
  var observables: [CountedSum] = []
  /// `[scalars]`; empty for single realizations.
  var scalars: [CountedSum] = []
  /// `[approaches * times]`.
  var distances: [CountedSum] = []

  var isEmpty: Bool { scalars.isEmpty }

  init() {}

  /// Nothing yet of an item of the plan.
  init(_ plan: EnsemblePlan, _ layout: Accumulator.Layout) {
    distances = Array(repeating: CountedSum(), count: layout.approaches * layout.times)
    guard plan.realizations > 1 else { return }
    observables = Array(repeating: CountedSum(), count: layout.observables * layout.parts * layout.times)
    scalars = Array(repeating: CountedSum(), count: MemberScalar.allCases.count)
  }

  mutating func merge(_ other: OpenItem) {
    for k in observables.indices { observables[k].merge(other.observables[k]) }
    for k in scalars.indices { scalars[k].merge(other.scalars[k]) }
    for k in distances.indices { distances[k].merge(other.distances[k]) }
  }
}

/// Accumulators of one unit, segment or level; units are merged in the order of the plan.
struct Accumulator {
  /// Which averages there are, and where each is kept.
  struct Layout: Sendable {
    let observables: Int
    let approaches: Int
    let times: Int
    let groupCounts: [Int]
    let groupOffsets: [Int]
    let isSplit: Bool
    /// Series per observable: overall, groups, retained, lost.
    let seriesPerObservable: Int
    let splitOffset: Int

    init(_ plan: EnsemblePlan) {
      observables = plan.observables.count
      approaches = plan.approaches.count
      times = plan.times
      groupCounts = plan.groupings.map(\.count)
      isSplit = plan.splitting != nil
      var offset = 1
      groupOffsets = groupCounts.map { count in
        defer { offset += count }
        return offset
      }
      splitOffset = offset
      seriesPerObservable = offset + (isSplit ? 2 : 0)
    }

    var slots: Int { observables * seriesPerObservable * times }
    /// Kinds of averages over members: all, and where there is a splitting retained and lost.
    var parts: Int { isSplit ? 3 : 1 }

    @inline(__always)
    func slot(observable: Int, series: Int, time: Int) -> Int {
      (observable * seriesPerObservable + series) * times + time
    }
  }

  let layout: Layout
  let hasRealizations: Bool
  var members: [RunningMoments]
  /// Item averages; empty where every item has one realization, for then they are the members.
  var items: [RunningMoments]
  /// Per case of `MemberScalar`.
  var scalars = [RunningMoments](repeating: RunningMoments(), count: MemberScalar.allCases.count)
  /// Item averages of the scalars; empty where `items` is.
  var itemScalars: [RunningMoments]
  /// Over items, of their mean distances: `[approaches * times]`.
  var distances: [CountedSum]
  var diverged = 0

  init(layout: Layout, hasRealizations: Bool) {
    self.layout = layout
    self.hasRealizations = hasRealizations
    members = Array(repeating: RunningMoments(), count: layout.slots)
    items = hasRealizations ? members : []
    itemScalars = hasRealizations ? scalars : []
    distances = Array(repeating: CountedSum(), count: layout.approaches * layout.times)
  }

  mutating func reset() {
    for i in members.indices { members[i] = RunningMoments() }
    for i in items.indices { items[i] = RunningMoments() }
    for i in scalars.indices { scalars[i] = RunningMoments() }
    for i in itemScalars.indices { itemScalars[i] = RunningMoments() }
    for i in distances.indices { distances[i] = CountedSum() }
    diverged = 0
  }

  mutating func merge(_ other: Accumulator) {
    for i in members.indices { members[i].merge(other.members[i]) }
    for i in items.indices { items[i].merge(other.items[i]) }
    for i in scalars.indices { scalars[i].merge(other.scalars[i]) }
    for i in itemScalars.indices { itemScalars[i].merge(other.itemScalars[i]) }
    for i in distances.indices { distances[i].merge(other.distances[i]) }
    diverged += other.diverged
  }

  /// Adds the means of the scalars over an item's realizations, where there are any.
  mutating func addItem(scalars sums: [CountedSum]) {
    for k in sums.indices {
      if let mean = sums[k].mean { itemScalars[k].add(mean) }
    }
  }

  /// Adds the mean over an item's realizations, where there is one.
  ///
  /// - Parameter part: 0: over all, 1: retained, 2: lost.
  mutating func addItem(
    _ item: CountedSum, observable: Int, part: Int, time: Int, position: Int, plan: EnsemblePlan
  ) {
    guard let mean = item.mean else { return }
    guard part == 0 else {
      items[layout.slot(observable: observable, series: layout.splitOffset + part - 1, time: time)].add(mean)
      return
    }
    items[layout.slot(observable: observable, series: 0, time: time)].add(mean)
    for g in plan.groupings.indices {
      let series = layout.groupOffsets[g] + Int(plan.groupings[g].groupOfPosition[position])
      items[layout.slot(observable: observable, series: series, time: time)].add(mean)
    }
  }

  func statistics(observable: Int, series: Int) -> SeriesStatistics {
    var result = SeriesStatistics(count: [], mean: [], standardDeviation: [], standardError: [])
    for time in 0..<layout.times {
      let slot = layout.slot(observable: observable, series: series, time: time)
      let moments = members[slot]
      result.count.append(moments.count)
      result.mean.append(moments.mean ?? .nan)
      result.standardDeviation.append(moments.standardDeviation ?? .nan)
      result.standardError.append((hasRealizations ? items[slot] : moments).standardError ?? .nan)
    }
    return result
  }

  func levelStatistics(level: Double, memberCount: Int, approaches: [Approach]) -> LevelStatistics {
    let all = 0..<layout.observables
    return LevelStatistics(
      level: level, memberCount: memberCount, divergedCount: diverged,
      overall: all.map { statistics(observable: $0, series: 0) },
      grouped: layout.groupCounts.indices.map { g in
        all.map { observable in
          (0..<layout.groupCounts[g]).map {
            statistics(observable: observable, series: layout.groupOffsets[g] + $0)
          }
        }
      },
      retained: layout.isSplit ? all.map { statistics(observable: $0, series: layout.splitOffset) } : [],
      lost: layout.isSplit ? all.map { statistics(observable: $0, series: layout.splitOffset + 1) } : [],
      approaches: approaches,
      scalars: scalars.indices.map { k in
        ScalarStatistics(
          count: scalars[k].count, mean: scalars[k].mean ?? .nan,
          standardError: (hasRealizations ? itemScalars[k] : scalars[k]).standardError ?? .nan)
      })
  }
}
