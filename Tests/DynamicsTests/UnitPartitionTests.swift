import Dynamics
import Numerics
import Testing

/// How plans are cut into units, segments and shards: each member is in exactly one, in the plan's order.
@Suite struct UnitPartitionTests {
  /// The size of a plan.
  struct Size: Sendable, CustomTestStringConvertible {
    var items: Int
    var realizations: Int
    var levels = 2
    /// The realizations of each item, where they differ.
    var uneven: [Int]?

    var testDescription: String { "\(levels) x \(items) x \(uneven.map { "\($0)" } ?? "\(realizations)")" }

    var plan: EnsemblePlan {
      var plan = EnsemblePlan(
        levels: (0..<levels).map(Double.init), items: (0..<Int32(items)).map { $0 },
        realizations: realizations, steps: 3, seed: 1, observables: [])
      if let uneven { plan.setRealizations(uneven) }
      return plan
    }
  }

  static let sizes = [
    Size(items: 1, realizations: 1), Size(items: 1, realizations: 1000), Size(items: 125, realizations: 1),
    Size(items: 126, realizations: 1), Size(items: 127, realizations: 1, levels: 3),
    Size(items: 10_000, realizations: 1), Size(items: 40, realizations: 126),
    Size(items: 40, realizations: 127), Size(items: 333, realizations: 7),
    Size(items: 5, realizations: 1, uneven: [3, 500, 1, 1, 127]),
    Size(items: 60, realizations: 1, uneven: (1...60).map { $0 * $0 % 41 + 1 }),
    Size(items: 1, realizations: 1, uneven: [9]),
  ]

  /// The members of a unit as (level, number within the level).
  private func numbers(_ unit: UnitPartition.Unit) -> Range<Int> {
    unit.firstMember..<unit.firstMember + unit.memberCount
  }

  @Test(arguments: sizes) func unitsHoldEachMemberOnce(_ size: Size) {
    let plan = size.plan
    let partition = UnitPartition(plan)
    var next = [Int](repeating: 0, count: plan.levels.count)
    for index in 0..<partition.unitCount {
      let unit = partition.unit(index)
      #expect(unit.memberCount > 0 && numbers(unit).lowerBound == next[unit.level])
      next[unit.level] += unit.memberCount
    }
    #expect(next == plan.levels.map { _ in plan.membersPerLevel })
  }

  @Test(arguments: sizes) func segmentsHoldEachUnitOnceAndWholeItems(_ size: Size) {
    let partition = UnitPartition(size.plan)
    var next = 0
    for segment in 0..<partition.segmentCount {
      let units = partition.units(ofSegment: segment)
      #expect(!units.isEmpty && units.lowerBound == next)
      next = units.upperBound
      #expect(partition.unit(units.lowerBound).realizations.lowerBound == 0, "it begins with an item")
      #expect(partition.unit(units.upperBound - 1).isLastPart, "it ends with an item")
      #expect(Set(units.map { partition.unit($0).level }).count == 1)
    }
    #expect(next == partition.unitCount)
  }

  /// Whole items share a unit, the parts of a large item have units of their own.
  @Test(arguments: sizes) func unitsHoldWholeItemsOrAPartOfOne(_ size: Size) {
    let partition = UnitPartition(size.plan)
    for index in 0..<partition.unitCount {
      let unit = partition.unit(index)
      if unit.isPart { #expect(unit.positions.count == 1 && unit.memberCount == unit.realizations.count) }
      #expect(unit.memberCount <= BlockSize.standard)
    }
  }

  @Test(arguments: sizes, [1, 2, 3, 7, 64]) func shardsHoldEachSegmentOnce(_ size: Size, shards: Int) {
    let partition = UnitPartition(size.plan)
    let count = min(shards, partition.segmentCount)
    var next = 0
    var members = 0
    for number in 1...count {
      let segments = partition.segments(ofShard: number, of: count)
      #expect(!segments.isEmpty && segments.lowerBound == next)
      next = segments.upperBound
      members += partition.memberCount(ofSegments: segments)
    }
    #expect(next == partition.segmentCount && members == size.plan.memberCount)
  }

  /// Fewer members than two blocks are still cut, so that a few threads have work.
  @Test func smallPlansAreCutForSeveralThreads() {
    #expect(UnitPartition(Size(items: 126, realizations: 1, levels: 1).plan).unitCount == 5)
    #expect(UnitPartition(Size(items: 126 * 64, realizations: 1, levels: 1).plan).unitCount == 64)
    #expect(UnitPartition(Size(items: 126 * 100, realizations: 1, levels: 1).plan).unitCount == 100)
  }
}
