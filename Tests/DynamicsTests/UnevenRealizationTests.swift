import Dynamics
import Numerics
import Testing

/// Items that differ in their number of noisy copies, and labels that are counted.
@Suite struct UnevenRealizationTests {
  static let counts = [1, 3, 130, 2, 300, 7, 1, 1, 64]

  static func plan() -> EnsemblePlan {
    var plan = ReproducibilityTests.plan(items: counts.indices.map { Int32(3 * $0) }, levels: [0.3])
    plan.setRealizations(counts)
    return plan
  }

  @Test func threadsAndBlocksDoNotMatter() throws {
    let expected = try ReproducibilityTests.run(Self.plan(), threads: 1, blockSize: 126)
    for threads in [1, 2, 7] {
      for blockSize in [1, 7, 126, 1000] {
        let result = try ReproducibilityTests.run(Self.plan(), threads: threads, blockSize: blockSize)
        #expect(result.levels == expected.levels, "\(threads) threads, blocks of \(blockSize)")
        #expect(result.records == expected.records, "\(threads) threads, blocks of \(blockSize)")
      }
    }
  }

  /// Each member once, in order, wherever items are cut.
  @Test func membersAreThoseOfTheItems() throws {
    let plan = Self.plan()
    let collector = try ReproducibilityTests.run(plan, threads: 2, blockSize: 126).collector
    let expected = zip(plan.items, Self.counts).flatMap { item, count in
      (0..<Int32(count)).map { Member(level: 0.3, item: item, realization: $0) }
    }
    #expect(collector.members == expected)
    #expect(plan.membersPerLevel == 509 && plan.realizations == 300)
    #expect(
      collector.all.map(\.firstMember)
        == collector.all.indices.map { k in
          collector.all[..<k].reduce(0) { $0 + $1.members.count }
        })
    let partition = UnitPartition(plan)
    #expect(partition.memberCount(ofSegments: 0..<partition.segmentCount) == 509)
  }

  /// Equal numbers are the plan that says so once.
  @Test func equalNumbersAreNoException() throws {
    var plan = ReproducibilityTests.plan(items: [4, 5, 6])
    plan.setRealizations([130, 130, 130])
    #expect(plan.unevenRealizations == nil)
    let expected = ReproducibilityTests.plan(items: [4, 5, 6], realizations: 130)
    #expect(
      try ReproducibilityTests.run(plan, threads: 2, blockSize: 126).levels
        == ReproducibilityTests.run(expected, threads: 2, blockSize: 126).levels)
  }

  /// Mean, error and mean distance against their definitions, from the members' records.
  @Test func averagesAreThoseOfItems() throws {
    let plan = Self.plan()
    let collector = RecordCollector()
    let level = try #require(
      try Ensemble(map: NoisyMap(), start: NoisyStart(dimension: 2), plan: plan).run(observer: collector)
        .first)
    let series = collector.series(0, times: plan.times)
    for time in 0..<plan.times {
      var first = 0
      let items = Self.counts.map { count in
        defer { first += count }
        return series[first..<first + count].map { $0[time] }
      }
      let total = items.joined().reduce(0, +)
      let mean = total / 509
      // Sums of 509 numbers below 10.
      #expect(abs(level.overall[0].mean[time] - mean) <= 509 * 0x1p-49)
      let squares = items.map { values in
        let residual = values.reduce(0, +) - mean * Double(values.count)
        return residual * residual
      }
      let square: Double = squares.reduce(0, +)
      let error = (9.0 / 8 * square).squareRoot() / 509
      #expect(abs(level.overall[0].standardError[time] - error) <= 1e-12 * error)
      #expect(level.overall[0].itemCount[time] == 9)
    }
    // The plan's first distance is |z|. Members that lose the second distance on the way are left out of both at all
    // times; each item weighs the same.
    let members = collector.members
    let isKept = members.map { member in
      let number = Int(member.item) + Int(member.realization)
      return number % 7 == 0 || number % 5 != 0
    }
    let states = collector.all.flatMap(\.latentStates)
    let distances: [Double] = stride(from: 0, to: states.count, by: 2).map { k in
      let (x, y) = (states[k], states[k + 1])
      return (x * x + y * y).squareRoot()
    }
    for time in 0..<plan.times {
      var first = 0
      let means = Self.counts.compactMap { count -> Double? in
        defer { first += count }
        let kept = (first..<first + count).filter { isKept[$0] }
        let sum = kept.reduce(0.0) { $0 + distances[$1 * plan.times + time] }
        return kept.isEmpty ? nil : sum / Double(kept.count)
      }
      let expected = means.reduce(0, +) / Double(means.count)
      #expect(abs(level.approaches.elements[0].meanDistance[time] - expected) <= 1e-12 * expected)
    }
  }

  /// Counts are those of the recorded labels; who has no value is not counted.
  @Test func countsAreThoseOfTheMembers() throws {
    for plan in [Self.plan(), ReproducibilityTests.plan(items: (0..<97).map { $0 }, realizations: 3)] {
      let collector = RecordCollector()
      let levels = try Ensemble(map: NoisyMap(), start: NoisyStart(dimension: 2), plan: plan, threads: 3)
        .run(observer: collector)
      var expected = [[Int]](
        repeating: Array(repeating: 0, count: plan.times * 3 * 5), count: plan.levels.count)
      var missing = 0
      for records in collector.all {
        for (m, member) in records.members.enumerated() {
          for time in 0..<plan.times {
            let label = Int(records.labels[m * plan.times + time])
            if member.item % 11 == 0 && time > 2 {
              missing += 1
              #expect(label == -1)
              continue
            }
            let level = try #require(plan.levels.firstIndex(of: member.level))
            expected[level][(time * 3 + Int(member.item % 3)) * 5 + label + 1] += 1
          }
        }
      }
      #expect(levels.map(\.labelCounts) == expected)
      #expect(missing > 0 && expected.joined().reduce(0, +) == plan.memberCount * plan.times - missing)
      // Every column occurs, so that none is lost unseen.
      for column in 0..<5 {
        #expect(expected[0].indices.contains { $0 % 5 == column && expected[0][$0] > 0 })
      }
    }
  }

  /// States of a file: an item's realizations start from its rows, in order.
  @Test func givenRowsAreRealizations() throws {
    let rows = RowTable(rows: 4, columns: 1, elements: [0.1, 0.2, 0.3, 0.4])
    let start = GivenStart(rows, space: .latent, rowsOfItem: [7: [2, 0], 9: [3]], repetitions: 2)
    let state = AlignedBuffer<Double>(count: 1)
    for (item, realization, expected) in [(7, 0, 0.3), (7, 1, 0.3), (7, 2, 0.1), (7, 3, 0.1), (9, 1, 0.4)] {
      start.prepare(
        Member(level: 0, item: Int32(item), realization: Int32(realization)), into: state.buffer, region: nil,
        noise: NoiseSource(seed: 1))
      #expect(state.pointer[0] == expected)
    }
  }
}
