import Corruptions
import Attractors
import Dynamics
import Numerics
import Observables
import Statistics
import TestSupport
import Testing

/// The first component of z.
private struct FirstComponent: Observable {
  let name = "first"
  let longName = "first component"
  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    for m in 0..<snapshot.count { values[m] = snapshot.states[m * snapshot.dimension] }
  }
}

/// 1 where the first component is positive, else 0.
private struct IsPositive: Observable {
  let name = "positive"
  let isIndicator = true
  let longName = "whether the first component is positive"
  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    for m in 0..<snapshot.count { values[m] = snapshot.states[m * snapshot.dimension] > 0 ? 1 : 0 }
  }
}

/// Items from a known population, again and again: how often do the intervals hold the truth?
@Suite(.tags(.manyTrials), .slow) struct IntervalCoverageTests {
  /// An ensemble of items with memories Normal(0, 1), and members around them with deviation 0.8.
  private static func averages(items: Int, realizations: Int, number: Int, isSplit: Bool = false) throws
    -> LevelStatistics
  {
    var plan = EnsemblePlan(
      levels: [0.8], items: (0..<Int32(items)).map { $0 }, realizations: realizations, steps: 1,
      seed: UInt64(number), observables: [FirstComponent(), IsPositive()])
    if isSplit { plan.splitting = IsPositive() }
    let start = CorruptedStart(
      LatentGaussian(), source: memories(items: items, number: number), imageShape: nil)
    return try Ensemble(map: Resting(dimension: 1), start: start, plan: plan, threads: 1).run()[0]
  }

  private static func memories(items: Int, number: Int) -> RowTable {
    var random = RandomField(seed: 17, purpose: .user).stream(UInt32(number), UInt32(items))
    return RowTable((0..<items).map { _ in [random.normal()] })
  }

  /// The share of 300 intervals that hold the truth.
  private static func coverage(_ truth: Double, _ interval: (Int) throws -> StudentInterval) rethrows
    -> Double
  {
    let trials = 300
    let covered = try (0..<trials).count { number in
      let interval = try interval(number)
      return interval.lower <= truth && truth <= interval.upper
    }
    return Double(covered) / Double(trials)
  }

  /// 0.95 and three standard errors of a share of 300.
  private static let accepted = 0.912...0.988

  @Test(arguments: [2, 3, 5, 10, 30], [1, 3]) func meansAreCovered(items: Int, realizations: Int) throws {
    let share = try Self.coverage(0) { number in
      let average = try Self.averages(items: items, realizations: realizations, number: number).overall[0]
      #expect(average.itemCount == [items, items])
      return average.intervals[1]
    }
    #expect(Self.accepted.contains(share), "\(share)")
  }

  /// Half of the members are positive. The intervals hold the truth in 95 % at least, and with few trials in more.
  @Test(arguments: [(5, 1), (30, 1), (5, 10), (30, 10)])
  func fractionsAreCovered(items: Int, realizations: Int) throws {
    let trials = 300
    let covered = try (0..<trials).count { number in
      let level = try Self.averages(items: items, realizations: realizations, number: number)
      let interval = level.overall[1].fractionIntervals[1]
      #expect(interval.lower >= 0 && interval.upper <= 1 && interval.halfWidth > 0.05)
      return interval.lower <= 0.5 && 0.5 <= interval.upper
    }
    let share = Double(covered) / Double(trials)
    #expect(share >= 0.912, "\(share)")
    if items == 30 { #expect(share <= 0.988, "\(share)") }
  }

  @Test func fractionsOfCompleteItemsAreThoseOfBasins() throws {
    for (items, realizations) in [(12, 1), (12, 7), (2, 9)] {
      let level = try Self.averages(items: items, realizations: realizations, number: 3)
      let average = level.overall[1]
      // The same members once more, as starts that reach attractor 0 or another.
      let members = try measure(
        [IsPositive()], Resting(dimension: 1),
        from: CorruptedStart(
          LatentGaussian(), source: Self.memories(items: items, number: 3), imageShape: nil),
        items: items, realizations: realizations, levels: [0.8], seed: 3)
      let labels = members.series[0].map { $0[0] == 1 ? Int32(0) : 1 }
      let basins = FractionInterval.ofBasins(labels: labels, startsPerItem: realizations, attractors: 2)[0]
      let found = average.fractionIntervals[0]
      #expect(abs(found.lower - basins.lower) < 1e-9 && abs(found.upper - basins.upper) < 1e-9)
    }
    let alone = try Self.averages(items: 1, realizations: 9, number: 3).overall[1].fractionIntervals[0]
    #expect(alone.lower.isNaN && alone.upper.isNaN)
  }

  /// Items whose memory is large have more positive members, which are larger: mean and weight go together.
  @Test(arguments: [SeriesPart.retained, .lost, .initiallyRetained, .initiallyLost])
  func splitMeansAreCovered(part: SeriesPart) throws {
    // The mean of the positive half of Normal(0, 1 + 0.8^2).
    let size = (1.64 * 2 / Double.pi).squareRoot()
    let truth = part == .retained || part == .initiallyRetained ? size : -size
    let share = try Self.coverage(truth) { number in
      try Self.averages(items: 60, realizations: 10, number: number, isSplit: true)
        .series(of: part)[0].intervals[1]
    }
    #expect(Self.accepted.contains(share), "\(share)")
  }

  @Test func intervalsAreStudents() throws {
    let level = try Self.averages(items: 4, realizations: 3, number: 1)
    let average = level.overall[0]
    // The 97.5 % quantile with three degrees of freedom (tables, and scipy.stats.t.ppf).
    let half = 3.182446305284263 * average.standardError[0]
    #expect(abs(average.intervals[0].lower - (average.mean[0] - half)) <= 1e-9 * half)
    #expect(abs(average.intervals[0].upper - (average.mean[0] + half)) <= 1e-9 * half)
    // Nothing is known from one item.
    let alone = try Self.averages(items: 1, realizations: 3, number: 1).overall[0].intervals[0]
    #expect(alone.mean.isFinite && alone.lower.isNaN && alone.upper.isNaN && alone.standardError.isNaN)
    // A scalar that no member has.
    let none = level.scalars.entries[0].interval
    #expect(none.count == 0 && none.mean.isNaN && none.lower.isNaN)
  }
}
