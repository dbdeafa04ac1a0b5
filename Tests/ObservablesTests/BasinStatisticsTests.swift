import Attractors
import Numerics
import Observables
import Statistics
import Testing

@Suite struct BasinStatisticsTests {
  // MARK: Clopper and Pearson

  /// scipy.stats.beta.ppf (SciPy 1.17.1), whose own accuracy is about 1e-12.
  static let clopperPearsons: [(k: Int, n: Int, u: Int, lower: Double, upper: Double)] = [
    (0, 1, 0, 0, 0.975), (1, 1, 0, 0.025, 1),
    (0, 10, 0, 0, 0.3084971078187607), (10, 10, 0, 0.6915028921812392, 1),
    (5, 10, 0, 0.18708602844739855, 0.8129139715526015),
    (1, 10, 0, 0.0025285785444617848, 0.4450161170281954),
    (7, 31, 0, 0.09594216834575112, 0.41096386613867336),
    (16, 500, 0, 0.018399185323639905, 0.05144676829164562),
    (1, 500, 0, 5.0634334007415215e-05, 0.011092476898968787),
    (250, 500, 0, 0.4552855693242276, 0.5447144306757724),
    (499, 500, 0, 0.9889075231010312, 0.9999493656659926),
    (3, 1000, 0, 0.0006190999316495713, 0.008742023238478303),
    (37, 2000, 0, 0.013058315418332226, 0.025410378996541125),
    (16, 100_000, 0, 9.145650183632771e-05, 0.0002598170065129076),
    (50_000, 100_000, 0, 0.4968960624918004, 0.5031039375081996),
    (1, 1_000_000, 0, 2.5317807663794178e-08, 5.571630655166939e-06),
    (3, 20, 4, 0.0320709371854637, 0.5921885345328282), (0, 20, 5, 0, 0.49104587170795744),
    (16, 20, 4, 0.5633859970033317, 1),
  ]

  @Test(arguments: clopperPearsons.indices) func clopperPearsonIsSciPys(index: Int) {
    let row = Self.clopperPearsons[index]
    let interval = FractionInterval.clopperPearson(successes: row.k, trials: row.n, undecided: row.u)
    // Probabilities are met to 1e-9 of 0.025; quantiles to some 1e-7 of the interval's own width then, and the
    // two programs differ by as much.
    let width = row.upper - row.lower
    #expect(abs(interval.lower - row.lower) <= 1e-7 * width)
    #expect(abs(interval.upper - row.upper) <= 1e-7 * width)
    #expect(interval.halfWidth == 0.5 * (interval.upper - interval.lower))
  }

  /// P(X >= k) for X binomial(n, p), summed term by term.
  private static func tail(_ k: Int, _ n: Int, _ p: Double) -> Double {
    guard p > 0 else { return k == 0 ? 1 : 0 }
    guard p < 1 else { return 1 }
    var term = Double(n) * logarithm(1 - p)
    var sum = k == 0 ? exponential(term) : 0
    for j in 1...n {
      term += logarithm(Double(n - j + 1) / Double(j)) + logarithm(p) - logarithm(1 - p)
      if j >= k { sum += exponential(term) }
    }
    return sum
  }

  @Test(arguments: [0.05, 0.05 / 8, 0.3]) func clopperPearsonIsTheDefinition(error: Double) {
    for n in [1, 2, 3, 7, 20, 60, 311] {
      for k in 0...n {
        let interval = FractionInterval.clopperPearson(successes: k, trials: n, error: error)
        // Probabilities: 1e-9 by the quantile function, 1e-12 by the sum.
        if k == 0 {
          #expect(interval.lower == 0)
        } else {
          #expect(abs(Self.tail(k, n, interval.lower) - error / 2) < 2e-9, "\(k) of \(n)")
        }
        if k == n {
          #expect(interval.upper == 1)
        } else {
          #expect(abs(Self.tail(k + 1, n, interval.upper) - (1 - error / 2)) < 2e-9, "\(k) of \(n)")
        }
        #expect(interval.lower <= Double(k) / Double(n) && Double(k) / Double(n) <= interval.upper)
      }
    }
  }

  @Test func boundsAscendWithTheNumberOfSuccesses() {
    // GSL's own quantile function gives up for some of these.
    var last = (lower: -1.0, upper: -1.0)
    for k in 0...500 {
      let interval = FractionInterval.clopperPearson(successes: k, trials: 500)
      #expect(interval.lower > last.lower || k == 0)
      #expect(interval.upper > last.upper || interval.upper == 1)
      #expect(interval.lower.isFinite && interval.upper.isFinite)
      // x and 1 - x change places.
      let mirrored = FractionInterval.clopperPearson(successes: 500 - k, trials: 500)
      #expect(
        abs(interval.lower + mirrored.upper - 1) < 1e-7 && abs(interval.upper + mirrored.lower - 1) < 1e-7)
      last = (interval.lower, interval.upper)
    }
  }

  @Test func undecidedTrialsWidenTheUpperEndOnly() {
    for u in 0...10 {
      let interval = FractionInterval.clopperPearson(successes: 5, trials: 20, undecided: u)
      #expect(interval.lower == FractionInterval.clopperPearson(successes: 5, trials: 20).lower)
      #expect(interval.upper == FractionInterval.clopperPearson(successes: 5 + u, trials: 20).upper)
    }
    let nothing = FractionInterval.clopperPearson(successes: 0, trials: 0)
    #expect(nothing.lower == 0 && nothing.upper == 1)
    #expect(FractionInterval.clopperPearson(successes: 0, trials: 5, undecided: 5).upper == 1)
  }

  @Test func clopperPearsonCoversAtEveryFraction() {
    // The coverage is a sum over all outcomes: no chance in it. Never below 95 % is the interval's property.
    let n = 40
    let intervals = (0...n).map { FractionInterval.clopperPearson(successes: $0, trials: n) }
    var least = 1.0
    for p in spaced(300, from: 0, to: 1) {
      var coverage = 0.0
      for k in 0...n where intervals[k].lower <= p && p <= intervals[k].upper {
        coverage += Self.tail(k, n, p) - (k < n ? Self.tail(k + 1, n, p) : 0)
      }
      least = min(least, coverage)
    }
    #expect(least >= 0.95 - 1e-8)
    #expect(least < 0.97, "an interval that is never exceeded is no 95 % interval")
  }

  // MARK: Korn and Graubard

  /// Labels of items of which so many starts reach attractor 0, so many are undecided, and the others reach 1.
  private static func labels(_ reached: [Int], undecided: [Int] = [], starts: Int) -> [Int32] {
    reached.indices.flatMap { item -> [Int32] in
      let open = undecided.isEmpty ? 0 : undecided[item]
      return (0..<starts).map { $0 < reached[item] ? 0 : $0 < reached[item] + open ? -1 : 1 }
    }
  }

  private struct Case {
    var reached: [Int]
    var undecided: [Int] = []
    var starts: Int
    var error = 0.05
    var lower: Double
    var upper: Double
  }

  /// The definition with scipy.stats.t.ppf and scipy.stats.beta.ppf.
  private static let published = [
    // Alike by chance: n* = 2 and 12, not 20 and 120.
    Case(reached: [3, 3], starts: 10, lower: 0.000801603082576644, upper: 0.952329427855845),
    Case(
      reached: Array(repeating: 5, count: 12), starts: 10, lower: 0.210944638239297,
      upper: 0.789055361760703),
    Case(reached: [1, 2, 3, 4, 5], starts: 6, lower: 0.183949338393376, upper: 0.816050661606623),
    Case(reached: [6, 6, 6, 0, 1], starts: 6, lower: 0.0549644891915648, upper: 0.993524368738128),
    // n* beyond the starts that there are: 180 and 80.
    Case(
      reached: (0..<60).map { $0 % 2 }, starts: 3, lower: 0.115363984846246, upper: 0.229298219890111),
    Case(
      reached: [7, 7, 8, 7, 6, 7, 7, 8], starts: 10, lower: 0.60045488668798, upper: 0.808239528028035),
    // Whole numbers of items that hardly ever, and nearly always, reach it.
    Case(
      reached: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1], starts: 4, lower: 0.000256140430694415,
      upper: 0.154987843744536),
    Case(
      reached: [4, 4, 4, 4, 4, 4, 4, 4, 4, 3], starts: 4, lower: 0.845012156255464,
      upper: 0.999743859569306),
    Case(
      reached: [2, 0, 4, 1, 3, 3], undecided: [1, 2, 0, 0, 1, 0], starts: 5, lower: 0.150661205953577,
      upper: 0.798890409884445),
    Case(
      reached: [2, 0, 4, 1, 3, 3], starts: 5, error: 0.05 / 7, lower: 0.0558319630843503,
      upper: 0.886580785798343),
  ]

  @Test(arguments: published.indices) func kornGraubardIsTheDefinition(index: Int) {
    let one = Self.published[index]
    let labels = Self.labels(one.reached, undecided: one.undecided, starts: one.starts)
    let interval = FractionInterval.ofBasins(
      labels: labels, startsPerItem: one.starts, attractors: 2, error: one.error)[0]
    let width = one.upper - one.lower
    #expect(abs(interval.lower - one.lower) <= 1e-7 * width)
    #expect(abs(interval.upper - one.upper) <= 1e-7 * width)
  }

  @Test func oneStartPerItemIsClopperPearson() {
    let labels = (0..<40).map { Int32($0 % 5 == 0 ? -1 : $0 % 3 == 0 ? 0 : -2) }
    let found = FractionInterval.ofBasins(labels: labels, startsPerItem: 1, attractors: 2)
    let reached = labels.count { $0 == 0 }
    #expect(found[0] == .clopperPearson(successes: reached, trials: 40, undecided: 8))
    #expect(found[1] == .clopperPearson(successes: 0, trials: 40, undecided: 8))
    #expect(FractionInterval.ofBasins(labels: [0], startsPerItem: 1, attractors: 1)[0].upper == 1)
  }

  @Test func oneItemHasNoInterval() {
    // 14 of 20 starts of one item: nothing is known of other items, nor if all 20 were there.
    for reached in [0, 14, 20] {
      let labels = Self.labels([reached], starts: 20)
      let found = FractionInterval.ofBasins(labels: labels, startsPerItem: 20, attractors: 2)
      #expect(found.allSatisfy { $0.lower.isNaN && $0.upper.isNaN && $0.halfWidth.isNaN })
      #expect(found.widest == .infinity)
    }
    let known = FractionInterval.clopperPearson(successes: 1, trials: 4)
    let missing = FractionInterval.ofBasins(labels: [0, 0], startsPerItem: 2, attractors: 1)
    #expect([known].widest == known.halfWidth && [FractionInterval]().widest == nil)
    #expect(([known] + missing).widest == .infinity && (missing + [known]).widest == .infinity)
  }

  @Test func copiesOfStartsAddNothing() {
    // Ten copies of each start: n* is n - 1 times the squared ratio of two quantiles, and not 600.
    let copies = Self.labels((0..<60).map { $0 % 3 == 0 ? 10 : 0 }, starts: 10)
    let found = FractionInterval.ofBasins(labels: copies, startsPerItem: 10, attractors: 2)[0]
    let exact = FractionInterval.clopperPearson(successes: 20, trials: 60)
    #expect(abs(found.lower - exact.lower) < 0.01 && abs(found.upper - exact.upper) < 0.01)
    #expect(found.halfWidth > exact.halfWidth)
  }

  @Test func nobodyAndEverybodyCountAsItems() {
    let all = Self.labels(Array(repeating: 3, count: 10), starts: 3)
    let intervals = FractionInterval.ofBasins(labels: all, startsPerItem: 3, attractors: 2)
    #expect(intervals[0] == .clopperPearson(successes: 10, trials: 10))
    #expect(intervals[1] == .clopperPearson(successes: 0, trials: 10))
    // Undecided ones could be the rest.
    let some = Self.labels(
      Array(repeating: 3, count: 8) + [0, 0], undecided: Array(repeating: 0, count: 8) + [3, 3], starts: 3)
    let widened = FractionInterval.ofBasins(labels: some, startsPerItem: 3, attractors: 2)
    #expect(widened[0].upper == 1 && widened[0].lower <= 0.8)
    #expect(widened[1].lower == 0)
    #expect(widened[1].upper > intervals[1].upper)
  }

  /// Undecided starts widen the upper end, even where they make the items' shares alike.
  @Test func undecidedStartsNarrowNothing() {
    let without = FractionInterval.ofBasins(
      labels: Self.labels([10, 0, 10, 0], starts: 10), startsPerItem: 10, attractors: 2)[0]
    for open in 0...9 {
      let labels = Self.labels([10, 0, 10, 0], undecided: [0, open, 0, open], starts: 10)
      let found = FractionInterval.ofBasins(labels: labels, startsPerItem: 10, attractors: 2)[0]
      #expect(found.lower == without.lower && found.upper >= without.upper, "\(open)")
    }
  }

  /// 300 ensembles whose items have fractions of their own, uniform from 0.1 to 0.7: the truth is 0.4.
  @Test(arguments: [(3, 10), (5, 10), (20, 4), (60, 10)])
  func kornGraubardCovers(items: Int, starts: Int) {
    let trials = 300
    var covered = 0
    for number in 0..<trials {
      var random = RandomField(seed: 71, purpose: .user).stream(UInt32(number), UInt32(items))
      let reached = (0..<items).map { _ -> Int in
        let own = 0.1 + 0.6 * random.uniform()
        return (0..<starts).count { _ in random.uniform() < own }
      }
      let interval = FractionInterval.ofBasins(
        labels: Self.labels(reached, starts: starts), startsPerItem: starts, attractors: 2)[0]
      if interval.lower <= 0.4, 0.4 <= interval.upper { covered += 1 }
    }
    // 0.95 and three standard errors of a share of 300. With few items the interval is wider than it need be.
    let share = Double(covered) / Double(trials)
    #expect(share >= 0.912, "\(share)")
    if items >= 20 { #expect(share <= 0.988, "\(share)") }
  }

  // MARK: Chao1

  @Test func chao1IsThePublishedExample() {
    // scikit-bio's documented case, counts 1 1 4 2 5 2 4 1 2: f1 = 3, f2 = 3, chao1 = 9.75 with the interval
    // (9.07, 17.45) from T = chao1 - S, K = exp(1.96 sqrt(ln(1 + var / T^2))), (S + T / K, S + T K). It leaves out the
    // factor (n - 1) / n, which a common attractor brings to 1.
    let basins = [1, 1, 4, 2, 5, 2, 4, 1, 2, 0, 1_000_000_000]
    let unseen = UnseenAttractors(basins: basins)
    #expect(abs(unseen.estimate - 0.75) < 1e-8)
    let ratio = (unseen.standardError / unseen.estimate) * (unseen.standardError / unseen.estimate)
    let k = exponential(1.96 * logarithm(1 + ratio).squareRoot())
    #expect(abs(9 + unseen.estimate / k - 9.07) < 0.005)
    #expect(abs(9 + unseen.estimate * k - 17.45) < 0.005)
    // With the factor A = 21/22.
    let small = UnseenAttractors(basins: Array(basins.dropLast()))
    #expect(abs(small.estimate - 0.75 * 21 / 22) < 1e-15)
    // By hand: A 3 2 / (2 4) + A^2 3 25 / (4 16) + A^2 9 3 4 / (4 256).
    let a = 21 / 22.0
    let variance = a * 0.75 + a * a * (75 / 64.0 + 108 / 1024.0)
    #expect(abs(small.standardError - variance.squareRoot()) < 1e-15)
  }

  @Test func chao1FollowsItsFormulasInOtherCases() {
    // No attractor seen twice: A f1 (f1 - 1) / 2; n = 8, f1 = 3, S = 4: 7/8 3 = 2.625. Variance (EstimateS, equation 7):
    // A 3 + A^2 3 25 / 4 - A^2 81 / (4 (S + 2.625)).
    let none = UnseenAttractors(basins: [1, 1, 1, 5])
    #expect(abs(none.estimate - 2.625) < 1e-15)
    let variance = 0.875 * 3 + 0.765625 * 18.75 - 0.765625 * 81 / (4 * 6.625)
    #expect(abs(none.standardError - variance.squareRoot()) < 1e-14)
    // None seen once: 0, and S e^(-n/S) (1 - e^(-n/S)).
    let complete = UnseenAttractors(basins: [2, 3, 5])
    #expect(complete.estimate == 0)
    let missed = exponential(-10 / 3.0)
    #expect(abs(complete.standardError - (3 * missed * (1 - missed)).squareRoot()) < 1e-15)
    // One start.
    let one = UnseenAttractors(basins: [1])
    #expect(one.estimate == 0 && one.standardError.isFinite)
    #expect(
      UnseenAttractors(basins: []).estimate.isNaN && UnseenAttractors(basins: [0, 0]).standardError.isNaN)
  }

  @Test func chao1IsALowerBoundOnAverage() {
    // 30 attractors with basins falling by 0.8: after 60 starts some are unseen, and the estimate is on average neither
    // above their number nor idle. 300 ensembles.
    let weights = (0..<30).map { power(0.8, Double($0)) }
    let total = weights.reduce(0, +)
    var (estimates, unseen) = (0.0, 0.0)
    var squares = 0.0
    var errors = 0.0
    for number in 0..<300 {
      var random = RandomField(seed: 81, purpose: .user).stream(UInt32(number))
      var basins = [Int](repeating: 0, count: 30)
      for _ in 0..<60 {
        var u = random.uniform() * total
        var k = 0
        while k < 29, u >= weights[k] {
          u -= weights[k]
          k += 1
        }
        basins[k] += 1
      }
      let chao = UnseenAttractors(basins: basins)
      let missing = Double(basins.count { $0 == 0 })
      estimates += chao.estimate / 300
      squares += chao.estimate * chao.estimate / 300
      errors += chao.standardError / 300
      unseen += missing / 300
    }
    let deviation = (squares - estimates * estimates).squareRoot()
    #expect(estimates > 0.2 * unseen && estimates < unseen)
    // The standard error is of the right size: the deviation between ensembles within a factor of 2.
    #expect(errors > 0.5 * deviation && errors < 2 * deviation, "\(errors), \(deviation)")
  }

  // MARK: Entropy

  @Test func theEntropyIsThatOfTheShares() {
    func entropy(_ basins: [Int]) -> Double { BasinFractionEntropy(basins: basins).ofDecided }
    #expect(entropy([7]) == 0 && entropy([7, 0, 0]) == 0)
    for n in 1...6 {
      #expect(abs(entropy(Array(repeating: 5, count: n)) - logarithm(Double(n))) < 1e-15)
    }
    // 1/2, 1/4, 1/4: 3/2 ln 2.
    #expect(abs(entropy([2, 1, 1]) - 1.5 * logarithm(2)) < 1e-15)
    #expect(entropy([]).isNaN && entropy([0]).isNaN)
    // Three fixed points and a closed curve that 2,000 starts reach.
    #expect(abs(entropy([1185, 468, 267, 80]) - 1.048) < 5e-4)
  }

  @Test func undecidedStartsLeaveTheEntropyBetweenBounds() {
    let whole = BasinFractionEntropy(basins: [3, 2, 1])
    #expect(whole.least == whole.ofDecided && whole.largest == whole.ofDecided)
    // Every way to assign two undecided starts to the two sets, or to new ones, lies between the bounds.
    let found = BasinFractionEntropy(basins: [3, 2], undecided: 2)
    for basins in [[5, 2], [3, 4], [4, 3], [4, 2, 1], [3, 3, 1], [3, 2, 2], [3, 2, 1, 1]] {
      let entropy = BasinFractionEntropy(basins: basins).ofDecided
      #expect(entropy >= found.least - 1e-15 && entropy <= found.largest + 1e-15)
    }
    #expect(abs(found.least - BasinFractionEntropy(basins: [5, 2]).ofDecided) < 1e-15)
    #expect(abs(found.largest - BasinFractionEntropy(basins: [3, 2, 1, 1]).ofDecided) < 1e-15)
    let none = BasinFractionEntropy(basins: [], undecided: 4)
    #expect(none.ofDecided.isNaN && none.least == 0 && abs(none.largest - logarithm(4)) < 1e-15)
  }
}
