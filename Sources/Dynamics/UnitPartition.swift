/// How a plan's members are cut into units, the grain of parallel work, and into segments, the grain of shards.
///
/// A *unit* holds whole items, as many as make about `EnsemblePlan.membersPerUnit` members, or a part of the
/// realizations of one item. A *segment* holds consecutive units of one level that make up whole items. Units are
/// merged into their segment in order, and segments into their level in order, so that averages have the same bits
/// wherever the segments were computed. The partition depends on the plan alone.
public struct UnitPartition: Sendable, Hashable {
  /// Members that are computed and merged together.
  package struct Unit: Sendable, Hashable {
    /// The index of the level.
    package var level: Int
    /// The positions of the items in the plan.
    package var positions: Range<Int>
    /// The realizations of each item, or of the part of one item. For whole items that differ in their number, a range
    /// from 0 as long as all their members.
    package var realizations: Range<Int>
    /// The number of the first member within its level.
    package var firstMember: Int
    /// The number of members. They follow each other item by item, and within an item by realization.
    package var memberCount: Int
    /// Whether the item has other realizations in other units.
    package var isPart: Bool
    /// Whether no other unit of the item follows.
    package var isLastPart: Bool
  }

  /// The groups of items that differ in the number of their realizations. A group is the whole items of one unit, or
  /// one item that is cut into parts. All arrays have one entry more than there are groups.
  private struct Groups: Sendable, Hashable {
    /// The position of each group's first item.
    var positions = [0]
    /// The number of each group's first unit, within the level.
    var units = [0]
    /// The number of each group's first member, within the level.
    var members = [0]

    /// - Complexity: O(items).
    init(_ realizations: [Int], unitSize: Int) {
      // The number of members of whole items that are not in a group yet.
      var pending = 0
      for (position, count) in realizations.enumerated() {
        if pending > 0, pending + count > unitSize {
          close(at: position, members: pending, parts: 1)
          pending = 0
        }
        if count > unitSize {
          close(at: position + 1, members: count, parts: (count + unitSize - 1) / unitSize)
        } else {
          pending += count
        }
      }
      if pending > 0 { close(at: realizations.count, members: pending, parts: 1) }
    }

    private mutating func close(at position: Int, members count: Int, parts: Int) {
      positions.append(position)
      units.append(units[units.count - 1] + parts)
      members.append(members[members.count - 1] + count)
    }

    var count: Int { positions.count - 1 }
    /// The largest number of items in a group.
    var mostItems: Int { zip(positions.dropFirst(), positions).map { $0 - $1 }.max() ?? 1 }

    /// The group that holds a unit of the level.
    func group(ofUnit unit: Int) -> Int {
      var (low, high) = (0, count)
      while high - low > 1 {
        let middle = (low + high) / 2
        if units[middle] <= unit { low = middle } else { high = middle }
      }
      return low
    }
  }

  /// The largest number of segments of a level.
  private static let mostSegments = 64
  /// The largest number of segments of a level for which `mostSegments` would take more than `mostBytesOfLevel`.
  private static let segmentsOfLongRuns = 16
  /// The most bytes that a level's sums may take with `mostSegments` segments.
  private static let mostBytesOfLevel = 0x1p30

  private let itemCount: Int
  private let realizations: Int
  private let levels: Int
  /// The groups if items differ in the number of their realizations; nil if all have the same.
  private let groups: Groups?
  /// The number of items in a unit that holds whole items.
  private let itemsPerUnit: Int
  /// The number of units of one item; 1 if a unit holds whole items.
  private let partsPerItem: Int
  /// The number of units of each level, where an item's parts count as one.
  private let groupsPerLevel: Int
  /// The number of segments of each level.
  public let segmentsPerLevel: Int
  /// Whether a segment has so few items that their mean distances take less memory than the bootstrap's weighted sums.
  let keepsItemDistances: Bool

  /// The partition of a plan.
  public init(_ plan: EnsemblePlan) {
    itemCount = plan.items.count
    realizations = plan.realizations
    levels = plan.levels.count
    let unitSize = plan.membersPerUnit
    itemsPerUnit = max(1, unitSize / plan.realizations)
    partsPerItem = (plan.realizations + unitSize - 1) / unitSize
    groups = plan.unevenRealizations.map { Groups($0, unitSize: unitSize) }
    groupsPerLevel = groups?.count ?? (plan.items.count + itemsPerUnit - 1) / itemsPerUnit
    let replicates = plan.hasBootstrap ? plan.bootstrapReplicates : 0
    let width = plan.approaches.elements.count * ApproachBootstrap.searchedTimes(plan.times).count
    // An estimate of the bytes. The last bits of results depend on what segments hold, so this formula must not change.
    let moments =
      Double(Accumulator.Layout(plan).slots) * (plan.realizations > 1 ? 48 : 24)
      + Double(plan.approaches.elements.count * plan.times) * 16
    // The bytes that the files of all shards take for a level. Long runs are cut less finely.
    let sums =
      Double(width) * 8 * min(Double(plan.items.count), Double(Self.mostSegments) * 2 * Double(replicates))
    let bytes = Double(Self.mostSegments) * moments + sums
    segmentsPerLevel = min(
      groupsPerLevel, bytes < Self.mostBytesOfLevel ? Self.mostSegments : Self.segmentsOfLongRuns)
    let itemsPerSegment =
      (groupsPerLevel + segmentsPerLevel - 1) / segmentsPerLevel * (groups?.mostItems ?? itemsPerUnit)
    keepsItemDistances = replicates > 0 && itemsPerSegment <= 2 * replicates
  }

  /// The number of units of each level.
  var unitsPerLevel: Int { firstUnit(ofGroup: groupsPerLevel) }
  /// The number of units of all levels.
  public var unitCount: Int { levels * unitsPerLevel }
  /// The number of segments of all levels.
  public var segmentCount: Int { levels * segmentsPerLevel }

  /// The number of a group's first unit, within the level.
  private func firstUnit(ofGroup group: Int) -> Int { groups?.units[group] ?? group * partsPerItem }

  /// The members of a unit.
  package func unit(_ index: Int) -> Unit {
    if let groups { return unit(index % unitsPerLevel, ofLevel: index / unitsPerLevel, groups) }
    let group = index % unitsPerLevel / partsPerItem
    let part = index % partsPerItem
    let first = group * itemsPerUnit
    let positions = first..<min(first + itemsPerUnit, itemCount)
    let range = part * realizations / partsPerItem..<(part + 1) * realizations / partsPerItem
    return Unit(
      level: index / unitsPerLevel, positions: positions, realizations: range,
      firstMember: first * realizations + range.lowerBound, memberCount: positions.count * range.count,
      isPart: partsPerItem > 1, isLastPart: part == partsPerItem - 1)
  }

  private func unit(_ index: Int, ofLevel level: Int, _ groups: Groups) -> Unit {
    let group = groups.group(ofUnit: index)
    let parts = groups.units[group + 1] - groups.units[group]
    let part = index - groups.units[group]
    let count = groups.members[group + 1] - groups.members[group]
    let range = part * count / parts..<(part + 1) * count / parts
    return Unit(
      level: level, positions: groups.positions[group]..<groups.positions[group + 1], realizations: range,
      firstMember: groups.members[group] + range.lowerBound, memberCount: range.count, isPart: parts > 1,
      isLastPart: part == parts - 1)
  }

  /// The units of a segment.
  package func units(ofSegment index: Int) -> Range<Int> {
    let (level, segment) = (index / segmentsPerLevel, index % segmentsPerLevel)
    let first = segment * groupsPerLevel / segmentsPerLevel
    let end = (segment + 1) * groupsPerLevel / segmentsPerLevel
    let base = level * unitsPerLevel
    return base + firstUnit(ofGroup: first)..<base + firstUnit(ofGroup: end)
  }

  /// The units of consecutive segments.
  public func units(ofSegments range: Range<Int>) -> Range<Int> {
    guard let last = range.last else { return 0..<0 }
    return units(ofSegment: range.lowerBound).lowerBound..<units(ofSegment: last).upperBound
  }

  /// How many members the consecutive segments hold.
  public func memberCount(ofSegments range: Range<Int>) -> Int {
    memberCount(ofUnits: units(ofSegments: range))
  }

  func memberCount(ofUnits range: Range<Int>) -> Int { range.reduce(0) { $0 + unit($1).memberCount } }

  /// The consecutive segments of shard `number` (from 1) of `count`.
  ///
  /// - Precondition: `1 <= number <= count <= segmentCount`.
  public func segments(ofShard number: Int, of count: Int) -> Range<Int> {
    precondition(1 <= number && number <= count && count <= segmentCount)
    return (number - 1) * segmentCount / count..<number * segmentCount / count
  }
}
