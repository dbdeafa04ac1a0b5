import Corruptions
import Dynamics
import Foundation
import Numerics
import Synchronization
import Testing

private func run<Map: DiscreteMap>(
  _ map: Map, _ start: some InitialCondition, _ plan: EnsemblePlan, threads: Int = 2,
  into collector: RecordCollector? = nil
) throws -> [LevelStatistics] {
  try Ensemble(map: map, start: start, plan: plan, threads: threads).run(observer: collector)
}

/// Cases whose answers are known in closed form.
@Suite struct ExactEnsembleTests {
  /// At r = 4, x_n = sin^2(2^n theta). An error grows at most fourfold per step: 4^n times a few roundings.
  @Test func logisticMapIsConjugateToDoubling() throws {
    let items = 300
    let angles = (0..<items).map { 0.001 + 1.5 * Double($0) / Double(items) }
    var plan = EnsemblePlan(
      levels: [0], items: Array(0..<Int32(items)), steps: 10, seed: 1, observables: [Measure.component(0)])
    plan.recordsMembers = true
    let collector = RecordCollector()
    let result = try run(LogisticMap(), given(angles.map { [pow(sin($0), 2)] }), plan, into: collector)
    let series = collector.series(0, times: 11)
    for t in 0...10 {
      let exact = angles.map { pow(sin(pow(2, Double(t)) * $0), 2) }
      let bound = pow(4, Double(t)) * 4 * 0x1p-52
      for i in 0..<items { #expect(abs(series[i][t] - exact[i]) <= bound) }
      #expect(abs(result[0].overall[0].mean[t] - exact.reduce(0, +) / Double(items)) <= bound + 1e-15 * 10)
    }
  }

  /// Factors that are powers of two scale every number, hence the averages, without any rounding.
  @Test func scalingByPowersOfTwoIsExact() throws {
    let items = 500
    var random = RandomField(seed: 2, purpose: .user).stream(0)
    let rows = (0..<items).map { _ in [random.normal(), 3 + random.normal()] }
    let plan = EnsemblePlan(
      levels: [0], items: Array(0..<Int32(items)), steps: 12, seed: 1,
      observables: [Measure.component(0), Measure.component(1)])
    let result = try run(LinearMap(diagonal: [0.5, -2]), given(rows), plan)[0]
    for (i, factor) in [0.5, -2.0].enumerated() {
      let series = result.overall[i]
      // At t = 0: two passes; Welford's mean errs by at most n roundings of |z| <= 8, in practice few.
      let mean = rows.reduce(0) { $0 + $1[i] } / Double(items)
      let deviation = (rows.reduce(0) { $0 + pow($1[i] - mean, 2) } / Double(items - 1)).squareRoot()
      #expect(abs(series.mean[0] - mean) <= Double(items) * 8 * 0x1p-53)
      #expect(agree(series.standardDeviation[0], deviation, ulps: Double(items)))
      #expect(agree(series.standardError[0], deviation / Double(items).squareRoot(), ulps: Double(items)))
      for t in 0...12 {
        #expect(series.count[t] == items)
        #expect(series.mean[t] == series.mean[0] * pow(factor, Double(t)))
        #expect(series.standardDeviation[t] == series.standardDeviation[0] * pow(abs(factor), Double(t)))
        #expect(series.standardError[t] == series.standardError[0] * pow(abs(factor), Double(t)))
      }
    }
  }

  /// A^t in closed form for A = [[a, c], [0, b]]: a^t, b^t and c (a^t - b^t) / (a - b).
  @Test func linearMapsCarryMeanAndCovariance() throws {
    let (a, b, c) = (0.9, 0.5, 0.3)
    let items = 400
    var random = RandomField(seed: 3, purpose: .user).stream(0)
    let rows = (0..<items).map { _ in [1 + random.normal(), random.uniform()] }
    let n = Double(items)
    let mean = (0..<2).map { i in rows.reduce(0) { $0 + $1[i] } / n }
    func covariance(_ i: Int, _ j: Int) -> Double {
      rows.reduce(0) { $0 + ($1[i] - mean[i]) * ($1[j] - mean[j]) } / (n - 1)
    }
    let plan = EnsemblePlan(
      levels: [0], items: Array(0..<Int32(items)), steps: 15, seed: 1, observables: [Measure.component(0)])
    let series = try run(LinearMap([[a, c], [0, b]]), given(rows), plan)[0].overall[0]
    for t in 0...15 {
      let p = pow(a, Double(t))
      let q = c * (p - pow(b, Double(t))) / (a - b)
      let variance = p * p * covariance(0, 0) + 2 * p * q * covariance(0, 1) + q * q * covariance(1, 1)
      // Sums of 400 numbers of size 1, and t steps: (n + 4t) roundings at most.
      let roundings = (n + 4 * Double(t)) * 0x1p-52
      #expect(abs(series.mean[t] - (p * mean[0] + q * mean[1])) <= 4 * roundings)
      #expect(abs(series.standardDeviation[t] - variance.squareRoot()) <= 4 * roundings)
    }
  }

  /// Stationary moments of z -> a z + s Normal(0, 1) from 0: variance s^2 (1 - a^(2t)) / (1 - a^2).
  @Test func noiseAccumulates() throws {
    let map = NoisyMap()
    let items = 4000
    let plan = EnsemblePlan(
      levels: [0], items: Array(0..<Int32(items)), steps: 20, seed: 5, observables: [Measure.component(0)])
    let series = try run(map, given(Array(repeating: [0, 0], count: items)), plan)[0].overall[0]
    for t in 1...20 {
      let variance = 0.25 * (1 - pow(0.81, Double(t))) / (1 - 0.81)
      #expect(abs(series.mean[t]) < 5 * (variance / Double(items)).squareRoot())
      // A sample variance of n normal numbers has relative standard error sqrt(2 / (n - 1)).
      let sample = series.standardDeviation[t] * series.standardDeviation[t]
      #expect(abs(sample / variance - 1) < 5 * (2 / Double(items - 1)).squareRoot())
    }
  }

  @Test func dataSpaceFieldsReachObservables() throws {
    let rows = RowTable(rows: 3, columns: 2, elements: [0, 1, 0.5, 0.25, 1, 1])
    let plan = EnsemblePlan(
      levels: [0], items: [0, 1, 2], steps: 3, seed: 1,
      observables: [
        FieldSum(field: .dataState, width: 2), FieldSum(field: .nextDataState, width: 2),
        FieldSum(field: .previousState, width: 2),
      ])
    let result = try run(
      PixelMap(dimension: 2), CorruptedStart(Flip(), source: rows, imageShape: nil), plan)[0].overall
    // Sums 1, 3/4, 2: the mean is 5/4, halved at each step; all exact but the division by 3.
    for t in 0...3 {
      let factor = pow(0.5, Double(t))
      #expect(agree(result[0].mean[t], 1.25 * factor, ulps: 2))
      #expect(agree(result[1].mean[t], 0.625 * factor, ulps: 2))
      #expect(agree(result[2].mean[t], t == 0 ? .nan : 2.5 * factor, ulps: 2))
      #expect(result[2].count[t] == (t == 0 ? 0 : 3))
    }
  }

  @Test func oneItemWithoutStepsIsUndecidedAndWithoutError() throws {
    var plan = EnsemblePlan(
      levels: [0, 1], items: [0], steps: 0, seed: 1, observables: [Measure.component(0)])
    plan.approaches = ApproachTable(own: [Measure.component(0)])
    plan.conceptDistance = Measure.component(0)
    plan.convergence = .steps(below: 1)
    plan.recordsMembers = true
    let collector = RecordCollector()
    let result = try run(LogisticMap(), given([[0.25]]), plan, threads: 8, into: collector)
    #expect(result.map(\.level) == [0, 1])
    for level in result {
      #expect(level.memberCount == 1)
      #expect(level.overall[0].mean == [0.25])
      #expect(level.overall[0].count == [1])
      #expect(level.overall[0].standardDeviation.map(\.isNaN) == [true])
      #expect(level.overall[0].standardError.map(\.isNaN) == [true])
      #expect(level.approaches[.own, 0].value == 0)
      #expect(level.approaches[.own, 0].time == 0)
      #expect(level.approaches[.own, 0].isCensored)
      #expect(level.approaches[.own, 0].lower.isNaN && level.approaches[.own, 0].upper.isNaN)
      #expect(level.grouped.isEmpty && level.series(of: .retained).isEmpty && level.series(of: .lost).isEmpty)
    }
    #expect(collector.closestTimes == [0, 0])
    #expect(collector.closestDistances == [0.25, 0.25])
    #expect(collector.convergenceTimes == [-1, -1])
    #expect(collector.outcomes == [.undecided, .undecided])
  }
}

/// Per-member scalars.
@Suite struct MemberScalarTests {
  private func scalars<Map: DiscreteMap>(
    _ map: Map, _ rows: [[Double]], steps: Int, tolerance: Double? = nil, closest: (any Observable)? = nil
  ) throws -> RecordCollector {
    var plan = EnsemblePlan(
      levels: [0], items: Array(0..<Int32(rows.count)), steps: steps, seed: 1, observables: [])
    if let tolerance { plan.convergence = .steps(below: tolerance) }
    plan.conceptDistance = closest
    plan.recordsMembers = true
    let collector = RecordCollector()
    _ = try run(map, given(rows), plan, into: collector)
    return collector
  }

  /// z -> z / 2 from z0: the step length at t is z0 2^-t, exactly.
  @Test func aContractionConvergesInClosedForm() throws {
    let half = LinearMap(diagonal: [0.5])
    let starts = [[1.0], [-1], [1024], [0], [0x1p-20]]
    let result = try scalars(half, starts, steps: 30, tolerance: 0x1p-10)
    // First t with z0 2^-t < 2^-10: strictly below.
    #expect(result.convergenceTimes == [11, 11, 21, 1, 1])
    #expect(result.outcomes == Array(repeating: .converged, count: 5))
    let short = try scalars(half, starts, steps: 10, tolerance: 0x1p-10)
    #expect(short.convergenceTimes == [-1, -1, -1, 1, 1])
    #expect(short.outcomes == [.undecided, .undecided, .undecided, .converged, .converged])
    let unasked = try scalars(half, starts, steps: 30)
    #expect(unasked.convergenceTimes == [-1, -1, -1, -1, -1])
    #expect(unasked.outcomes == Array(repeating: .undecided, count: 5))
  }

  /// At rest but for the step from t = 5 to t = 6.
  @Test func convergenceIsForGood() throws {
    let hiccup = ScheduledMap { $0 == 5 ? 1 : 0 }
    #expect(try scalars(hiccup, [[0]], steps: 10, tolerance: 0.5).convergenceTimes == [7])
    #expect(try scalars(hiccup, [[0]], steps: 6, tolerance: 0.5).convergenceTimes == [-1])
    #expect(try scalars(hiccup, [[0]], steps: 5, tolerance: 0.5).convergenceTimes == [1])
    #expect(try scalars(hiccup, [[0]], steps: 10, tolerance: 1.5).convergenceTimes == [1])
  }

  @Test func theFirstOfEqualClosestTimesCounts() throws {
    let distance = Measure("distance") { state, _, _ in abs(state[0]) }
    let result = try scalars(
      ScheduledMap { _ in 1 }, [[-3.5], [-2], [0], [1], [-100]], steps: 6, closest: distance)
    #expect(result.closestTimes == [3, 2, 0, 0, 6])
    #expect(result.closestDistances == [0.5, 0, 0, 1, 94])
  }

  @Test func missingDistancesHaveNoClosestTime() throws {
    let late = Measure("distance") { state, _, time in time < 2 || state[0] < -50 ? .nan : abs(state[0]) }
    let result = try scalars(ScheduledMap { _ in 1 }, [[0], [-100]], steps: 3, closest: late)
    #expect(result.closestTimes == [2, -1])
    #expect(result.closestDistances[0] == 2)
    #expect(result.closestDistances[1].isNaN)
  }

  @Test func divergedMembersDoNotConverge() throws {
    let result = try scalars(
      SquareMap(), [[10], [0.5], [1], [-10]], steps: 12, tolerance: 1e-3, closest: Measure.component(0))
    #expect(result.outcomes == [.diverged, .converged, .converged, .diverged])
    // 0.5^(2^t): steps |z(t) - z(t-1)| are 1/4, 3/16, 0.0586, 0.0039 (t = 4), 1.5e-5 (t = 5).
    #expect(result.convergenceTimes == [-1, 5, 1, -1])
    #expect(result.closestTimes[0] == 0)
    #expect(result.closestTimes[3] == 0)
    #expect(result.closestDistances[3] == -10)
  }
}

/// Averages against plain loops over the members' recorded series.
@Suite struct StatisticsTests {
  /// Missing for a third of the members, and at some times.
  static let sparse = Measure("sparse") { state, member, time in
    (Int(member.item) + Int(member.realization) + time) % 3 == 0 ? .nan : state[0]
  }
  /// 1, 0 or missing.
  static let split = Measure("split") { state, member, _ in
    member.item % 11 == 0 ? .nan : state[1] > 0.3 ? 1 : 0
  }

  /// Mean and deviation by two passes, and the standard error of the ratio sum y_i / sum m_i over `items` items.
  static func bruteForce(_ values: [(item: Int, x: Double)], items: Int) -> (
    count: Int, mean: Double, sd: Double, se: Double, items: Int
  ) {
    func moments(_ x: [Double]) -> (mean: Double, variance: Double) {
      guard !x.isEmpty else { return (.nan, .nan) }
      let mean = x.reduce(0, +) / Double(x.count)
      guard x.count > 1 else { return (mean, .nan) }
      return (mean, x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count - 1))
    }
    let present = values.filter { $0.x.isFinite }
    let members = moments(present.map(\.x))
    let byItem = Dictionary(grouping: present, by: \.item).values
    // An item without a value has y = 0 and m = 0.
    let squares = byItem.reduce(0) { sum, item in
      let residual = item.reduce(0) { $0 + $1.x } - members.mean * Double(item.count)
      return sum + residual * residual
    }
    let (n, total) = (Double(items), Double(present.count))
    let error = byItem.count > 1 ? (n / (n - 1) * squares / (total * total)).squareRoot() : .nan
    return (present.count, members.mean, members.variance.squareRoot(), error, byItem.count)
  }

  static func compare(
    _ series: SeriesStatistics, _ values: [[(item: Int, x: Double)]], items: Int, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (t, atTime) in values.enumerated() {
      let expected = bruteForce(atTime, items: items)
      // Numbers are of size 4 at most; sums of n of them have n roundings in either way of computing.
      let bound = Double(atTime.count + 4) * 8 * 0x1p-52
      func close(_ a: Double, _ b: Double) -> Bool { a.isNaN ? b.isNaN : abs(a - b) <= bound }
      #expect(series.count[t] == expected.count, "\(what) count at \(t)", sourceLocation: sourceLocation)
      #expect(close(series.mean[t], expected.mean), "\(what) mean at \(t)", sourceLocation: sourceLocation)
      #expect(
        close(series.standardDeviation[t], expected.sd), "\(what) deviation at \(t)",
        sourceLocation: sourceLocation)
      #expect(
        close(series.standardError[t], expected.se), "\(what) error at \(t)", sourceLocation: sourceLocation)
      #expect(
        series.itemCount[t] == expected.items, "\(what) items at \(t)", sourceLocation: sourceLocation)
    }
  }

  /// One item, one unit, several units; single realizations, several, and more than a block holds.
  @Test(arguments: [(1, 1), (1, 3), (2, 130), (150, 1), (150, 3), (40, 17), (3, 127)])
  func averagesAgreeWithLoops(items: Int, realizations: Int) throws {
    let chosen = (0..<Int32(items)).map { 3 * $0 + 2 }
    var plan = EnsemblePlan(
      levels: [0.2, 0.7], items: chosen, realizations: realizations, steps: 4, seed: 12,
      observables: [Measure.component(0), Self.sparse])
    plan.groupings = [
      ItemGrouping(by: .class, count: 4, groupOfPosition: (0..<Int32(items)).map { $0 % 3 }),
      ItemGrouping(by: .superclass, count: 1, groupOfPosition: Array(repeating: 0, count: items)),
    ]
    // The splitting observable is recorded as well.
    plan.observables.append(Self.split)
    plan.splitting = Self.split
    plan.recordsMembers = true
    let collector = RecordCollector()
    let results = try run(NoisyMap(), NoisyStart(dimension: 2), plan, into: collector)
    let members = collector.members
    let splits = collector.series(2, times: 5)
    for (l, result) in results.enumerated() {
      #expect(result.level == plan.levels[l])
      #expect(result.memberCount == items * realizations)
      #expect(result.divergedCount == 0)
      let own = members.indices.filter { members[$0].level == result.level }
      #expect(own.count == items * realizations)
      for o in 0..<2 {
        let series = collector.series(o, times: 5)
        func values(_ keep: (Int, Int) -> Bool) -> [[(item: Int, x: Double)]] {
          (0..<5).map { t in own.filter { keep($0, t) }.map { (Int(members[$0].item), series[$0][t]) } }
        }
        Self.compare(result.overall[o], values { _, _ in true }, items: items, "overall")
        for g in 0..<4 {
          Self.compare(
            result.grouped[0][o][g], values { k, _ in (Int(members[k].item) - 2) / 3 % 3 == g },
            items: (0..<items).count { $0 % 3 == g }, "class \(g)")
        }
        #expect(result.grouped[1][o][0].fingerprint == result.overall[o].fingerprint)
        for (part, choice) in [(SeriesPart.retained, 1.0), (.lost, 0)] {
          Self.compare(
            result.series(of: part)[o], values { k, t in splits[k][t] == choice }, items: items, "\(part)")
        }
        // The same members at all times.
        for (part, choice) in [(SeriesPart.initiallyRetained, 1.0), (.initiallyLost, 0)] {
          Self.compare(
            result.series(of: part)[o], values { k, _ in splits[k][0] == choice }, items: items, "\(part)")
        }
      }
    }
  }

  /// Four items of four realizations with values 1, 2, 3 and 10; of the last, one realization is there, of one more none.
  @Test func errorsBelongToTheMeanOverMembers() throws {
    var plan = EnsemblePlan(
      levels: [0], items: [0, 1, 2, 3, 4], realizations: 4, steps: 0, seed: 1,
      observables: [
        Measure("value") { state, member, _ in
          member.item == 4 || member.item == 3 && member.realization > 0 ? .nan : state[0]
        }
      ])
    plan.splitting = Measure("split") { _, member, _ in member.realization == 0 ? 1 : 0 }
    let result = try run(ScheduledMap { _ in 0 }, given([[1], [2], [3], [10], [0]]), plan)[0]
    let all = result.overall[0]
    // R = (4 + 8 + 12 + 10) / 13 = 34/13; residuals y - R m times 13: -84, -32, 20, 96, 0.
    #expect(all.count == [13] && all.itemCount == [4])
    #expect(agree(all.mean[0], 34.0 / 13, ulps: 4))
    let residuals: [Double] = [-84, -32, 20, 96]
    let squares = residuals.reduce(0) { $0 + $1 * $1 } / 169
    #expect(agree(all.standardError[0], (1.25 * squares).squareRoot() / 13, ulps: 8))
    // One of each item that is there: R = 4, sum of squares 9 + 4 + 1 + 36 = 50.
    let one = result.series(of: .retained)[0]
    #expect(one.mean == [4] && one.itemCount == [4])
    #expect(agree(one.standardError[0], 62.5.squareRoot() / 4, ulps: 8))
    // Three whole items of five: R = 2, y - R m = -3, 0, 3.
    let others = result.series(of: .lost)[0]
    #expect(others.mean == [2] && others.count == [9] && others.itemCount == [3])
    #expect(agree(others.standardError[0], 22.5.squareRoot() / 9, ulps: 8))
  }

  /// The error of a mean of which only one item has members says nothing of other items.
  @Test func oneItemHasNoError() throws {
    var plan = EnsemblePlan(
      levels: [0], items: [0, 1, 2], realizations: 3, steps: 0, seed: 1, observables: [Measure.component(0)])
    plan.splitting = Measure("split") { _, member, _ in member.item == 1 ? 1 : 0 }
    let result = try run(ScheduledMap { _ in 0 }, given([[1], [5], [3]]), plan)[0]
    let alone = result.series(of: .retained)[0]
    #expect(alone.mean == [5] && alone.itemCount == [1] && alone.standardError[0].isNaN)
    #expect(result.series(of: .lost)[0].standardError[0] > 0)
  }

  /// Members that change sides stay in the set that they were in at the start.
  @Test func setsAtTheStartDoNotChange() throws {
    var plan = EnsemblePlan(
      levels: [0], items: [0, 1, 2, 3], steps: 2, seed: 1, observables: [Measure.component(0)])
    plan.splitting = Measure("split") { state, _, _ in state[0] < 2 ? 1 : 0 }
    // Starts 0, 1, 2, 5; one step to the right each time.
    let result = try run(ScheduledMap { _ in 1 }, given([[0], [1], [2], [5]]), plan)[0]
    let kept = result.series(of: .initiallyRetained)[0]
    #expect(kept.mean == [0.5, 1.5, 2.5] && kept.count == [2, 2, 2])
    #expect(result.series(of: .initiallyLost)[0].mean == [3.5, 4.5, 5.5])
    let now = result.series(of: .retained)[0]
    #expect(now.count == [2, 1, 0] && now.mean[1] == 1 && now.mean[2].isNaN)
  }

  @Test func divergedMembersAreCountedAndLeftOut() throws {
    let items = 260
    let rows = (0..<items).map { $0 % 2 == 0 ? [10.0] : [0.5] }
    var plan = EnsemblePlan(
      levels: [0], items: Array(0..<Int32(items)), steps: 12, seed: 1,
      observables: [
        Measure.component(0), Measure("one") { _, _, _ in 1 }, Measure("square") { z, _, _ in z[0] * z[0] },
      ])
    plan.recordsMembers = true
    let collector = RecordCollector()
    let result = try run(SquareMap(), given(rows), plan, into: collector)[0]
    #expect(result.divergedCount == 130)
    #expect(result.memberCount == 260)
    for t in 0...12 {
      // 10^(2^t) is finite up to t = 8 (1e256).
      let count = t <= 8 ? 260 : 130
      #expect(result.overall[0].count[t] == count)
      // An observable that does not look at the state is missing for them, too.
      #expect(result.overall[1].count[t] == count)
      if t > 8 {
        #expect(result.overall[0].mean[t] == pow(0.5, pow(2, Double(t))))
        #expect(result.overall[0].standardDeviation[t] == 0)
      }
    }
    #expect(collector.outcomes.count { $0 == .diverged } == 130)
    for (k, series) in collector.series(0, times: 13).enumerated() {
      #expect(series.map(\.isNaN) == (0...12).map { k % 2 == 0 && $0 > 8 })
    }
    // An observable that overflows where the state does not is missing, too.
    for (k, series) in collector.series(2, times: 13).enumerated() {
      #expect(series.map(\.isNaN) == (0...12).map { k % 2 == 0 && $0 > 7 })
    }
  }

  /// Infinite at odd times only: once diverged, a member stays out.
  @Test func divergenceIsForGood() throws {
    let plan = EnsemblePlan(
      levels: [0], items: [0, 1], steps: 4, seed: 1, observables: [Measure.component(0)])
    let result = try run(ReciprocalMap(), given([[0], [2]]), plan)[0]
    #expect(result.overall[0].count == [2, 1, 1, 1, 1])
    #expect(result.overall[0].mean == [1, 0.5, 2, 0.5, 2])
    #expect(result.divergedCount == 1)
    let start = try run(ReciprocalMap(), given([[.nan], [.infinity]]), plan)[0]
    #expect(start.overall[0].count == [0, 0, 0, 0, 0])
    #expect(start.overall[0].mean.allSatisfy { $0.isNaN })
    #expect(start.divergedCount == 2)
  }
}
