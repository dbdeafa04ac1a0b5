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
/// The same members are averaged at all times: those whose distance is there at each of them. Who diverges is left out
/// at t = 0 as well.
public struct Approach: Sendable {
  /// The members that are averaged.
  public var memberCount: Int
  /// Their items, which weigh the same.
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
  /// Of the same distance, at each of the plan's `changeTimes`.
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

extension Accumulator {
  /// Empties what was summed of distances to centres.
  mutating func forgetDistances() {
    for i in distances.indices { distances[i] = CountedSum() }
    for a in approachMembers.indices { approachMembers[a] = 0 }
  }
}

/// Sums over the realizations so far of an item.
struct OpenItem: Sendable {
  /// `[observables, parts, times]`, see `Accumulator.Layout.openSlot`; empty for single realizations.
  var observables: [CountedSum] = []
  /// `[averaged scalars]`; empty for single realizations.
  var scalars: [CountedSum] = []
  /// `[approaches * times]`.
  var distances: [CountedSum] = []

  var isEmpty: Bool { scalars.isEmpty }

  init() {}

  /// Nothing yet of an item of the plan.
  init(_ plan: EnsemblePlan, _ layout: Accumulator.Layout) {
    distances = Array(repeating: CountedSum(), count: layout.approaches * layout.times)
    guard plan.realizations > 1 else { return }
    observables = Array(
      repeating: CountedSum(), count: layout.observables * layout.parts.count * layout.times)
    scalars = Array(repeating: CountedSum(), count: MemberScalar.averaged.count)
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
    /// `EnsemblePlan.changeTimes`.
    let changeTimes: [Int]
    let groupCounts: [Int]
    let groupOffsets: [Int]
    /// Groups and labels of the plan's labelling, and one for those without a label; 0 without one.
    let labelGroups: Int
    private let labelColumns: Int
    /// Realizations of each item; the most where they differ.
    let realizations: Int
    /// Items of the plan.
    private let itemCount: Int
    /// Items of each group.
    private let groupSizes: [[Int]]
    /// Parts of the members that are averaged: all of them alone, or with retained and lost ones.
    let parts: ArraySlice<SeriesPart>
    /// Series per observable: of all members, of groups, of retained and of lost members.
    let seriesPerObservable: Int
    private let splitOffset: Int

    init(_ plan: EnsemblePlan) {
      observables = plan.observables.count
      approaches = plan.approaches.elements.count
      times = plan.times
      changeTimes = EnsemblePlan.changeTimes(steps: plan.steps)
      groupCounts = plan.groupings.map(\.count)
      labelGroups = plan.labelling?.groupCount ?? 0
      labelColumns = (plan.labelling?.count ?? -1) + 1
      realizations = plan.realizations
      itemCount = plan.items.count
      groupSizes = plan.groupings.map(\.sizes)
      parts = SeriesPart.parts(isSplit: plan.splitting != nil)
      var offset = 1
      groupOffsets = groupCounts.map { count in
        defer { offset += count }
        return offset
      }
      splitOffset = offset
      seriesPerObservable = offset + parts.count - 1
    }

    var slots: Int { observables * seriesPerObservable * times }

    var labelSlots: Int { times * labelGroups * labelColumns }

    /// Where members are counted whose item is of a group and who have a label; -1 is none.
    @inline(__always)
    func labelSlot(time: Int, group: Int32, label: Int32) -> Int {
      (time * labelGroups + Int(group)) * labelColumns + Int(label) + 1
    }

    /// The series of a part of the members, among those of an observable.
    @inline(__always)
    func series(of part: SeriesPart) -> Int { part == .all ? 0 : splitOffset + part.rawValue - 1 }

    /// The series of a group.
    @inline(__always)
    func series(ofGroup group: Int32, of grouping: Int) -> Int { groupOffsets[grouping] + Int(group) }

    /// The items of which a series averages the members, those without a value among them.
    func items(ofSeries series: Int) -> Int {
      guard let g = groupOffsets.lastIndex(where: { $0 <= series }), series < splitOffset else {
        return itemCount
      }
      return groupSizes[g][series - groupOffsets[g]]
    }

    @inline(__always)
    func slot(observable: Int, series: Int, time: Int) -> Int {
      (observable * seriesPerObservable + series) * times + time
    }

    /// Where an `OpenItem` keeps a sum.
    @inline(__always)
    func openSlot(observable: Int, part: SeriesPart, time: Int) -> Int {
      (observable * parts.count + part.rawValue) * times + time
    }
  }

  let layout: Layout
  let hasRealizations: Bool
  var members: [RunningMoments]
  /// Of items' means; empty where every item has one realization, for then they are the members.
  var items: [ItemMoments]
  /// Per scalar of `MemberScalar.averaged`.
  var scalars = [RunningMoments](repeating: RunningMoments(), count: MemberScalar.averaged.count)
  /// Of items' means of the scalars; empty where `items` is.
  var itemScalars: [ItemMoments]
  /// Over items, of their mean distances: `[approaches * times]`.
  var distances: [CountedSum]
  /// The members that enter them, per approach.
  var approachMembers: [Int]
  /// Over items, of their mean distances at t = 0 and at later times: `[approaches * change times]`. Added where units
  /// are merged.
  var changes: [ChangeMoments]
  /// Members by time, the group of their item, and their label.
  var labelCounts: [Int]
  var diverged = 0

  init(layout: Layout, hasRealizations: Bool) {
    self.layout = layout
    self.hasRealizations = hasRealizations
    members = Array(repeating: RunningMoments(), count: layout.slots)
    items = hasRealizations ? members.map { _ in ItemMoments() } : []
    itemScalars = hasRealizations ? scalars.map { _ in ItemMoments() } : []
    distances = Array(repeating: CountedSum(), count: layout.approaches * layout.times)
    approachMembers = Array(repeating: 0, count: layout.approaches)
    changes = Array(repeating: ChangeMoments(), count: layout.approaches * layout.changeTimes.count)
    labelCounts = Array(repeating: 0, count: layout.labelSlots)
  }

  mutating func reset() {
    for i in members.indices { members[i] = RunningMoments() }
    for i in items.indices { items[i] = ItemMoments() }
    for i in scalars.indices { scalars[i] = RunningMoments() }
    for i in itemScalars.indices { itemScalars[i] = ItemMoments() }
    forgetDistances()
    for i in changes.indices { changes[i] = ChangeMoments() }
    for i in labelCounts.indices { labelCounts[i] = 0 }
    diverged = 0
  }

  mutating func merge(_ other: Accumulator) {
    for i in members.indices { members[i].merge(other.members[i]) }
    for i in items.indices { items[i].merge(other.items[i]) }
    for i in scalars.indices { scalars[i].merge(other.scalars[i]) }
    for i in itemScalars.indices { itemScalars[i].merge(other.itemScalars[i]) }
    for i in distances.indices { distances[i].merge(other.distances[i]) }
    for a in approachMembers.indices { approachMembers[a] += other.approachMembers[a] }
    for i in changes.indices { changes[i].merge(other.changes[i]) }
    for i in labelCounts.indices { labelCounts[i] += other.labelCounts[i] }
    diverged += other.diverged
  }

  /// Adds the means of the scalars over an item's realizations, where there are any.
  mutating func addItem(scalars sums: [CountedSum]) {
    for k in sums.indices { itemScalars[k].add(sums[k], realizations: layout.realizations) }
  }

  /// Adds the mean over an item's realizations in one part of the members, where there is one.
  mutating func addItem(
    _ item: CountedSum, observable: Int, part: SeriesPart, time: Int, position: Int, plan: EnsemblePlan
  ) {
    guard item.count > 0 else { return }
    items[layout.slot(observable: observable, series: layout.series(of: part), time: time)].add(
      item, realizations: layout.realizations)
    guard part == .all else { return }
    for g in plan.groupings.indices {
      let series = layout.series(ofGroup: plan.groupings[g].groupOfPosition[position], of: g)
      items[layout.slot(observable: observable, series: series, time: time)].add(
        item, realizations: layout.realizations)
    }
  }

  func statistics(observable: Int, series: Int) -> SeriesStatistics {
    var result = SeriesStatistics(
      count: [], mean: [], standardDeviation: [], standardError: [], itemCount: [])
    let itemsInAll = layout.items(ofSeries: series)
    for time in 0..<layout.times {
      let slot = layout.slot(observable: observable, series: series, time: time)
      let moments = members[slot]
      result.count.append(moments.count)
      result.mean.append(moments.mean ?? .nan)
      result.standardDeviation.append(moments.standardDeviation ?? .nan)
      let ofItems = hasRealizations ? items[slot] : ItemMoments(moments)
      result.standardError.append(
        ofItems.standardError(of: moments, items: itemsInAll, realizations: layout.realizations) ?? .nan)
      result.itemCount.append(ofItems.count)
    }
    return result
  }

  func levelStatistics(
    level: Double, memberCount: Int, approaches: ApproachTable<Approach>
  ) -> LevelStatistics {
    let all = 0..<layout.observables
    let itemsInAll = layout.items(ofSeries: layout.series(of: .all))
    let averages = scalars.indices.map { k in
      let ofItems = hasRealizations ? itemScalars[k] : ItemMoments(scalars[k])
      return ScalarStatistics(
        count: scalars[k].count, mean: scalars[k].mean ?? .nan,
        standardError: ofItems.standardError(
          of: scalars[k], items: itemsInAll, realizations: layout.realizations) ?? .nan,
        itemCount: ofItems.count)
    }
    return LevelStatistics(
      level: level, memberCount: memberCount, divergedCount: diverged,
      parts: layout.parts.map { part in
        all.map { statistics(observable: $0, series: layout.series(of: part)) }
      },
      grouped: layout.groupCounts.indices.map { g in
        all.map { observable in
          (0..<layout.groupCounts[g]).map {
            statistics(observable: observable, series: layout.series(ofGroup: Int32($0), of: g))
          }
        }
      },
      approaches: approaches, scalars: ScalarColumns(MemberScalar.averaged, entries: averages),
      labelCounts: labelCounts)
  }
}
