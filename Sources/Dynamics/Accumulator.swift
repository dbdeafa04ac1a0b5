import Numerics

/// The sums from which the averages over the members of a unit, a segment or a level follow.
///
/// The sums of several units are merged in the plan's order, so that their bits do not depend on the workers.
///
/// Memory: `Layout.slots` moments, twice as many where items have several realizations.
struct Accumulator {
  let layout: Layout
  /// Whether items have several realizations.
  let hasRealizations: Bool
  /// Moments of the observables' values over members: `[observables, series, times]`.
  var members: [RunningMoments]
  /// Moments of the items' means over items, in the shape of `members`. Empty where each item has one realization,
  /// because its mean is then that member's value.
  var items: [ItemMoments]
  /// Moments of each scalar of `MemberScalar.averaged` over members.
  var scalars = [RunningMoments](repeating: RunningMoments(), count: MemberScalar.averaged.count)
  /// Moments of the items' means of the scalars over items; empty where `items` is empty.
  var itemScalars: [ItemMoments]
  /// Sums of the items' mean distances over items: `[approaches, times]`.
  var distances: [CountedSum]
  /// The number of members that enter `distances`, per approach.
  var approachMembers: [Int]
  /// Moments of pairs of an item's mean distances at t = 0 and at a later time, over items: `[approaches, change
  /// times]`. Pairs are added where units are merged.
  var changes: [ChangeMoments]
  /// The number of members by time, group of their item, and label: see `Layout.labelSlot`.
  var labelCounts: [Int]
  /// The number of members with a state that is not finite.
  var diverged = 0

  /// Creates empty sums.
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

  /// Empties all sums.
  mutating func reset() {
    for i in members.indices { members[i] = RunningMoments() }
    for i in items.indices { items[i] = ItemMoments() }
    for i in scalars.indices { scalars[i] = RunningMoments() }
    for i in itemScalars.indices { itemScalars[i] = ItemMoments() }
    resetDistances()
    for i in changes.indices { changes[i] = ChangeMoments() }
    for i in labelCounts.indices { labelCounts[i] = 0 }
    diverged = 0
  }

  /// Empties the sums of distances to centres.
  mutating func resetDistances() {
    for i in distances.indices { distances[i] = CountedSum() }
    for a in approachMembers.indices { approachMembers[a] = 0 }
  }

  /// Adds the sums of members that follow in the plan's order.
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

  // MARK: Finished items

  /// Adds the means of the scalars over an item's realizations. A scalar that no realization has is left out.
  mutating func addItem(scalars sums: [CountedSum]) {
    for k in sums.indices { itemScalars[k].add(sums[k], realizations: layout.realizations) }
  }

  /// Adds an observable's mean over an item's realizations in one part of the members, if any of them has a value.
  ///
  /// - Parameter position: The item's position in the plan, which determines its groups.
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

  // MARK: Bytes

  /// Writes the sums.
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(members)
    try encoder.encode(items)
    try encoder.encode(scalars)
    try encoder.encode(itemScalars)
    try encoder.encode(distances)
    try encoder.encode(approachMembers)
    try encoder.encode(changes)
    try encoder.encode(labelCounts)
    try encoder.encode(diverged)
  }

  /// Reads what `encode` wrote for sums of the same layout.
  ///
  /// - Throws: `ByteDecodingError`.
  mutating func decode(from decoder: inout ByteDecoder) throws {
    members = try decoder.decode(count: members.count)
    items = try decoder.decode(count: items.count)
    scalars = try decoder.decode(count: scalars.count)
    itemScalars = try decoder.decode(count: itemScalars.count)
    distances = try decoder.decode(count: distances.count)
    approachMembers = try decoder.decode(count: approachMembers.count)
    changes = try decoder.decode(count: changes.count)
    labelCounts = try decoder.decode(count: labelCounts.count)
    diverged = try decoder.decode()
  }
}
