extension Accumulator {
  /// Which averages a plan asks for, and where each of them is kept.
  ///
  /// A *series* is an observable's average over one set of members, at each time. Those of an observable are, in this
  /// order: all members, the groups of each grouping, and the parts by which the plan splits the members.
  struct Layout: Sendable {
    let observables: Int
    let approaches: Int
    let times: Int
    /// `EnsemblePlan.changeTimes`.
    let changeTimes: [Int]
    /// Groups of each grouping.
    let groupCounts: [Int]
    /// The series of the first group of each grouping.
    private let groupOffsets: [Int]
    /// Groups of the plan's labelling; 0 without one.
    private let labelGroups: Int
    /// Labels, and one for members without; 0 without a labelling.
    private let labelColumns: Int
    /// Realizations of each item; the most where items differ.
    let realizations: Int
    /// Items of the plan.
    private let itemCount: Int
    /// Items of each group, per grouping.
    private let groupSizes: [[Int]]
    /// The sets of members that are averaged: all of them alone, or with the parts by which the plan splits them.
    let parts: ArraySlice<SeriesPart>
    /// Series of each observable.
    let seriesPerObservable: Int
    /// The series of the first part that is not all members.
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

    /// Averages in all: `observables x series x times`.
    var slots: Int { observables * seriesPerObservable * times }

    /// The series of a part of the members, among those of an observable.
    @inline(__always)
    func series(of part: SeriesPart) -> Int { part == .all ? 0 : splitOffset + part.rawValue - 1 }

    /// The series of a group, among those of an observable.
    @inline(__always)
    func series(ofGroup group: Int32, of grouping: Int) -> Int { groupOffsets[grouping] + Int(group) }

    /// How many items have members in a series, those without a value among them.
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

    /// Counts of labels in all: `times x groups x (labels + 1)`.
    var labelSlots: Int { times * labelGroups * labelColumns }

    /// Where members are counted whose item is of a group and who have a label, -1 for none, in `[times, groups, labels + 1]`.
    @inline(__always)
    func labelSlot(time: Int, group: Int32, label: Int32) -> Int {
      (time * labelGroups + Int(group)) * labelColumns + Int(label) + 1
    }

    /// Where an `UnfinishedItem` keeps a sum, in `[observables, parts, times]`.
    @inline(__always)
    func itemSlot(observable: Int, part: SeriesPart, time: Int) -> Int {
      (observable * parts.count + part.rawValue) * times + time
    }

    /// Where sums over distances to a centre are kept, in `[approaches, times]`.
    @inline(__always)
    func distanceSlot(approach: Int, time: Int) -> Int { approach * times + time }
  }
}
