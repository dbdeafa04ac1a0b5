extension Accumulator {
  /// The averages that a plan asks for, and the place where each of them is kept.
  ///
  /// A *series* is an observable's average over one set of members, at each time. The series of an observable are, in
  /// this order: all members, the groups of each grouping, and the parts into which the plan splits the members.
  struct Layout: Sendable {
    let observables: Int
    let approaches: Int
    let times: Int
    /// `EnsemblePlan.changeTimes`.
    let changeTimes: [Int]
    /// The number of groups of each grouping.
    let groupCounts: [Int]
    /// The number of the first group's series, per grouping.
    private let groupOffsets: [Int]
    /// The number of groups of the plan's labelling; 0 without one.
    private let labelGroups: Int
    /// The number of labels, plus one for members without a label; 0 without a labelling.
    private let labelColumns: Int
    /// The number of realizations of each item, or the most of them where items differ.
    let realizations: Int
    /// The number of items in the plan.
    private let itemCount: Int
    /// The number of items in each group, per grouping.
    private let groupSizes: [[Int]]
    /// The sets of members that are averaged: all members, and also the parts if the plan splits them.
    let parts: ArraySlice<SeriesPart>
    /// The number of series of each observable.
    let seriesPerObservable: Int
    /// The number of the series of the first part other than all members.
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

    /// The number of averages in all: `observables x series x times`.
    var slots: Int { observables * seriesPerObservable * times }

    /// The series of a part of the members, among those of an observable.
    @inline(__always)
    func series(of part: SeriesPart) -> Int { part == .all ? 0 : splitOffset + part.rawValue - 1 }

    /// The series of a group, among those of an observable.
    @inline(__always)
    func series(ofGroup group: Int32, of grouping: Int) -> Int { groupOffsets[grouping] + Int(group) }

    /// The number of items that have members in a series, including items without a value.
    func items(ofSeries series: Int) -> Int {
      guard let g = groupOffsets.lastIndex(where: { $0 <= series }), series < splitOffset else {
        return itemCount
      }
      return groupSizes[g][series - groupOffsets[g]]
    }

    /// Where an average is kept, in `[observables, series, times]`.
    @inline(__always)
    func slot(observable: Int, series: Int, time: Int) -> Int {
      (observable * seriesPerObservable + series) * times + time
    }

    /// The number of counts of labels in all: `times x groups x (labels + 1)`.
    var labelSlots: Int { times * labelGroups * labelColumns }

    /// The place of a count of members by their item's group and their label (or -1): `[times, groups, labels + 1]`.
    @inline(__always)
    func labelSlot(time: Int, group: Int32, label: Int32) -> Int {
      (time * labelGroups + Int(group)) * labelColumns + Int(label) + 1
    }

    /// The place of a sum in an `UnfinishedItem`, in `[observables, parts, times]`.
    @inline(__always)
    func itemSlot(observable: Int, part: SeriesPart, time: Int) -> Int {
      (observable * parts.count + part.rawValue) * times + time
    }

    /// The place of the sums over distances to a centre, in `[approaches, times]`.
    @inline(__always)
    func distanceSlot(approach: Int, time: Int) -> Int { approach * times + time }
  }
}
