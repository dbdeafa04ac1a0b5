import Dynamics
import Foundation
import Numerics
import Testing

@Suite struct ApproachTests {
  /// The approaches of latent rows whose component 0 at time t the map has put there.
  private func approach<Map: DiscreteMap>(
    _ map: Map, _ rows: [[Double]], steps: Int, seed: UInt64 = 1, replicates: Int = 1000,
    items: [Int32]? = nil,
    _ distance: any Observable = Measure.component(0)
  ) throws -> Approach {
    var plan = EnsemblePlan(
      levels: [0], items: items ?? Array(0..<Int32(rows.count)), steps: steps, seed: seed, observables: [])
    plan.approaches = ApproachTable(own: [distance])
    plan.bootstrapReplicates = replicates
    return try Ensemble(map: map, start: given(rows), plan: plan, threads: 1).run()[0].approaches[.own, 0]
  }

  /// The null model of ORACLES.md: members c + (+-sqrt(w_i)) in all combinations of signs, under
  /// z -> diag(mu) z, have the mean square distance sum_i (1 - mu_i^t)^2 c_i^2 + mu_i^(2t) w_i to c.
  @Test func aLinearGaussianModelApproachesItsCentre() throws {
    let mu = [0.8, 0.95, 0.3]
    let centre = [1.0, -0.5, 0.25]
    let within = [4.0, 1.0, 2.25]
    let rows = (0..<8).map { signs in
      (0..<3).map { centre[$0] + (signs >> $0 & 1 == 1 ? 1 : -1) * within[$0].squareRoot() }
    }
    let distance = Measure("square-distance") { state, _, _ in
      (0..<3).reduce(0) { $0 + (state[$1] - centre[$1]) * (state[$1] - centre[$1]) }
    }
    let steps = 60
    let result = try approach(LinearMap(diagonal: mu), rows, steps: steps, distance)
    let exact = (0...steps).map { t in
      (0..<3).reduce(0.0) { sum, i in
        let p = pow(mu[i], Double(t))
        return sum + (1 - p) * (1 - p) * centre[i] * centre[i] + p * p * within[i]
      }
    }
    for t in 0...steps {
      // Each power carries t roundings, each square doubles them; numbers are below 8.
      #expect(abs(result.meanDistance[t] - exact[t]) <= Double(2 * t + 16) * 8 * 0x1p-52)
    }
    let smallest = try #require(exact.min())
    let time = try #require(exact.firstIndex(of: smallest))
    #expect(time > 0 && time < steps, "the minimum is interior although nothing is remembered")
    #expect(result.time == time)
    #expect(!result.isCensored)
    #expect(abs(result.value - (1 - smallest / exact[0])) <= Double(2 * time + 40) * 0x1p-52)
    #expect(result.lower <= result.value && result.value <= result.upper)
  }

  @Test func theFirstOfEqualMinimaCounts() throws {
    // z(t) = 4, 3, 2, 3, 2, 5.
    let velocities = [-1.0, -1, 1, -1, 3]
    let result = try approach(ScheduledMap { velocities[$0] }, [[4], [4]], steps: 5)
    #expect(result.meanDistance == [4, 3, 2, 3, 2, 5])
    #expect(result.time == 2)
    #expect(result.value == 0.5)
    #expect(!result.isCensored)
    // Equal items: no spread at all.
    #expect(result.lower == 0.5 && result.upper == 0.5)
  }

  @Test func minimaAtTheEndsAreCensored() throws {
    let falling = try approach(ScheduledMap { _ in -1 }, [[4], [6]], steps: 3)
    #expect(falling.time == 3)
    #expect(falling.isCensored)
    #expect(falling.value == 1 - 2.0 / 5)
    let rising = try approach(ScheduledMap { _ in 1 }, [[4], [6]], steps: 3)
    #expect(rising.time == 0)
    #expect(rising.isCensored)
    #expect(rising.value == 0 && rising.lower == 0 && rising.upper == 0)
  }

  @Test func undefinedApproachesAreMissing() throws {
    let fromZero = try approach(ScheduledMap { _ in 1 }, [[0], [0]], steps: 2)
    #expect(fromZero.value.isNaN && fromZero.lower.isNaN && fromZero.upper.isNaN)
    #expect(fromZero.meanDistance == [0, 1, 2])
    let nothing = try approach(LogisticMap(), [[0.5], [0.25]], steps: 2, Measure { _, _, _ in .nan })
    #expect(nothing.value.isNaN && nothing.lower.isNaN && nothing.time == nil && !nothing.isCensored)
    #expect(nothing.meanDistance.allSatisfy { $0.isNaN })
    let lateStart = try approach(
      ScheduledMap { _ in -1 }, [[5], [7]], steps: 2, Measure { state, _, t in t == 0 ? .nan : state[0] })
    #expect(lateStart.value.isNaN)
    #expect(lateStart.meanDistance[0].isNaN && lateStart.meanDistance[1...] == [5, 4])
    let gap = try approach(
      ScheduledMap { _ in -1 }, [[5], [7]], steps: 3, Measure { state, _, t in t == 3 ? .nan : state[0] })
    #expect(gap.time == 2)
    #expect(gap.value == 1 - 4.0 / 6)
    let one = try approach(ScheduledMap { _ in -1 }, [[5]], steps: 3)
    #expect(one.value == 0.6 && one.lower.isNaN && one.upper.isNaN)
  }

  /// Realizations of an item are averaged first, over those that are present; items then weigh the same.
  @Test func itemsWeighTheSame() throws {
    let distance = Measure("distance") { _, member, time in
      // Item 0: 2, 4 and 6 at t = 0, of which only the first is present at t = 1; item 1: 10, then 7.
      if member.item == 1 { return time == 0 ? 10 : 7 }
      if time == 1 { return member.realization == 0 ? 1 : .nan }
      return 2 * Double(member.realization + 1)
    }
    var plan = EnsemblePlan(
      levels: [0], items: [0, 1], realizations: 3, steps: 1, seed: 1, observables: [distance])
    plan.approaches = ApproachTable(own: [distance])
    let result = try Ensemble(map: LogisticMap(), start: given([[0], [0]]), plan: plan, threads: 1).run()[0]
    #expect(result.approaches[.own, 0].meanDistance == [7, 4])
    #expect(agree(result.approaches[.own, 0].value, 1 - 4.0 / 7, ulps: 2))
    // The ensemble average weighs members: (2 + 4 + 6 + 30) / 6 and (1 + 21) / 4.
    #expect(result.overall[0].mean == [7, 5.5])
  }

  /// Independent pairs (a, b) with a uniform in (2, 3) and b uniform in (1/2, 3/2), exchanged by a step:
  /// A = 1 - <b> / <a>, truly 0.6, with the delta method's variance (1/12)(1 + 0.16) / 2.5^2 / n.
  private static let exchange = LinearMap([[0, 1], [1, 0]])
  private static func pairs(_ count: Int, experiment: UInt32) -> [[Double]] {
    var random = RandomField(seed: 50, purpose: .user).stream(experiment)
    return (0..<count).map { _ in [2 + random.uniform(), 0.5 + random.uniform()] }
  }
  private static func standardError(_ count: Int) -> Double {
    (1.16 / 12 / 6.25 / Double(count)).squareRoot()
  }

  @Test(arguments: [0, 1, 2, 3] as [UInt32]) func theIntervalHasTheNormalWidth(experiment: UInt32) throws {
    let count = 2000
    let rows = Self.pairs(count, experiment: experiment)
    let result = try approach(Self.exchange, rows, steps: 1, seed: UInt64(experiment))
    let sigma = Self.standardError(count)
    // A 2.5 % quantile of 1000 replicates has standard error sqrt(0.025 0.975 / 1000) / phi(1.96) = 0.084
    // sigma; the width, two of them, 0.12 of 3.92: 3 %. Four of these, and 3 % for the sample's own
    // variance (relative error of sigma: sqrt(0.8 / 2000) / 2 = 1 %, three of them).
    #expect(abs((result.upper - result.lower) / (2 * 1.95996 * sigma) - 1) < 0.15)
    #expect(abs((result.upper + result.lower) / 2 - result.value) < 4 * 0.084 / 2.0.squareRoot() * sigma)
    #expect(abs(result.value - 0.6) < 5 * sigma)
  }

  /// 400 experiments with 100 items each: the interval holds the truth in about 95 % of them.
  ///
  /// Percentile intervals of n = 100 fall short by less than 1 %; 4 standard errors of a binomial
  /// proportion are 4.4 %.
  @Test func theIntervalCoversTheTruth() throws {
    let experiments = 400
    var covered = 0
    for k in 0..<UInt32(experiments) {
      let result = try approach(
        Self.exchange, Self.pairs(100, experiment: 1000 + k), steps: 1, seed: UInt64(k), replicates: 400)
      if result.lower <= 0.6 && 0.6 <= result.upper { covered += 1 }
    }
    let fraction = Double(covered) / Double(experiments)
    #expect(fraction > 0.94 - 0.044 && fraction < 0.95 + 0.044, "covers in \(fraction)")
  }

  /// The interval by its definition, number by number: each item's own Poisson weights, found by inversion at the
  /// item's address, whatever the level; every replicate's own minimum; quantiles of type 7.
  ///
  /// The other tests only see the interval's width, and would take weights of another distribution with mean and
  /// variance 1, or a quantile of 3 % for one of 2.5 %.
  /// In a run of more than 63 steps replicates look at some times only (NOTATION.md), and the interval is shifted.
  @Test(arguments: [1, 3], [4, 63, 64, 300])
  func theIntervalIsThatOfPoissonWeights(realizations: Int, steps: Int) throws {
    // Items that are not their positions, in more than one unit of parallel work.
    let items = (0..<90).map { Int32(3 * $0 + 5) }
    let (levels, replicates, seed) = ([0.25, 0.75], 250, UInt64(20_171_204))
    let field = RandomField(seed: 51, purpose: .user)
    // Uniform in (1, 2) and lower at later times, with gaps; nothing depends on the state.
    @Sendable func value(_ level: Double, _ item: Int32, _ realization: Int32, _ time: Int) -> Double {
      var random = field.stream(UInt32(item), UInt32(realization), UInt32(1000 * level) + UInt32(time))
      let x = random.uniform()
      return time > 0 && random.uniform() < 0.1 ? .nan : 1 + x - 0.4 * Double(time) / Double(steps)
    }
    var searched = Array(0...min(steps, 63))
    if steps > 63 {
      searched = Array(0...31)
      for k in 1...32 {
        searched.append(
          max(searched.last! + 1, Int((31 * pow(Double(steps) / 31, Double(k) / 32)).rounded())))
      }
      #expect(searched.last == steps)
    }
    var plan = EnsemblePlan(
      levels: levels, items: items, realizations: realizations, steps: steps, seed: seed, observables: [])
    plan.approaches = ApproachTable(own: [
      Measure { _, member, time in value(member.level, member.item, member.realization, time) }
    ])
    plan.bootstrapReplicates = replicates
    let rows = [[Double]](repeating: [0.5], count: 3 * 90 + 5)
    let results = try Ensemble(map: LogisticMap(), start: given(rows), plan: plan, threads: 2).run()

    // P(K <= k) = sum_j exp(-1) / j!
    func weight(_ item: Int32, _ replicate: Int) -> Double {
      let words = RandomField(seed: seed, purpose: .bootstrap)
        .words(UInt32(item), UInt32(replicate / 4), 0, draw: 0)
      let u = (Double(words[replicate % 4]) + 0.5) / 4_294_967_296
      var (k, factorial, sum) = (0.0, 1.0, exp(-1.0))
      while u > sum {
        k += 1
        factorial *= k
        sum += exp(-1.0) / factorial
      }
      return k
    }
    for (level, result) in zip(levels, results) {
      let means = items.map { item in
        (0...steps).map { time -> Double in
          let present = (0..<Int32(realizations)).map { value(level, item, $0, time) }.filter { !$0.isNaN }
          return present.reduce(0, +) / Double(present.count)
        }
      }
      let average = (0...steps).map { time -> Double in
        let present = items.indices.map { means[$0][time] }.filter { !$0.isNaN }
        return present.reduce(0, +) / Double(present.count)
      }
      let shift = (searched.map { average[$0] }.min()! - average.min()!) / average[0]
      #expect(shift > 0 || steps < 300 || realizations > 1, "the minimum is between the searched times")
      let samples = (0..<replicates).map { replicate -> Double in
        let weights = items.map { weight($0, replicate) }
        let series = searched.map { time -> Double in
          let present = items.indices.filter { !means[$0][time].isNaN }
          let total = present.map { weights[$0] * means[$0][time] }.reduce(0, +)
          return total / present.map { weights[$0] }.reduce(0, +)
        }
        return 1 - series.min()! / series[0] + shift
      }.sorted()
      func quantile(_ q: Double) -> Double {
        let place = q * Double(replicates - 1)
        let (below, above) = (samples[Int(place.rounded(.down))], samples[Int(place.rounded(.up))])
        let share = place - place.rounded(.down)
        return (1 - share) * below + share * above
      }
      let approach = result.approaches[.own, 0]
      // Sums of 90 numbers below 2 with small integer weights, in another order, twice, and a few more roundings.
      let tolerance = 4 * 100 * 0x1p-52
      #expect(abs(approach.lower - quantile(0.025)) < tolerance, "level \(level)")
      #expect(abs(approach.upper - quantile(0.975)) < tolerance, "level \(level)")
      #expect(approach.lower < approach.value && approach.value < approach.upper)
    }
    #expect(results[0].approaches[.own, 0].lower != results[1].approaches[.own, 0].lower)
  }

  /// What is kept of a long run grows by its averages alone: here one distance's sum and count.
  @Test func theStateOfALongRunIsSmall() throws {
    func bytes(steps: Int) throws -> Int {
      var plan = EnsemblePlan(levels: [0], items: [0, 1], steps: steps, seed: 1, observables: [])
      plan.approaches = ApproachTable(own: [Measure.component(0)])
      return try ContinuationTests.bytes { try EnsembleState(merging: plan).encode(to: &$0) }.count
    }
    // The level's and the segment's.
    #expect(try bytes(steps: 100_000) - bytes(steps: 1000) == 99_000 * 2 * 16)
    #expect(try bytes(steps: 1000) - bytes(steps: 63) == (1000 - 63) * 2 * 16)
  }

  /// Weights belong to items: their order, and which stand beside them, only reorder sums.
  @Test func theOrderOfItemsHardlyMatters() throws {
    let rows = Self.pairs(300, experiment: 7)
    let items = Array(0..<Int32(300))
    let forward = try approach(Self.exchange, rows, steps: 1, items: items)
    let backward = try approach(Self.exchange, rows, steps: 1, items: items.reversed())
    // Sums of 300 numbers up to 3 with weights of mean 1, in another order: 300 roundings.
    for (a, b) in [
      (forward.value, backward.value), (forward.lower, backward.lower), (forward.upper, backward.upper),
    ] {
      #expect(abs(a - b) <= 4 * 300 * 0x1p-52)
    }
    let other = try approach(Self.exchange, rows, steps: 1, seed: 2, items: items)
    #expect(other.value == forward.value)
    #expect(other.lower != forward.lower)
  }
}
