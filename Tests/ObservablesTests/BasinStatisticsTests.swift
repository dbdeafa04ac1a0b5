import Numerics
import Observables
import Testing

@Suite struct BasinStatisticsTests {
  // MARK: Clopper and Pearson

  /// scipy.stats.beta.ppf (SciPy 1.17.1), whose own accuracy is about 1e-12.
  static let published: [(k: Int, n: Int, u: Int, lower: Double, upper: Double)] = [
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

  @Test(arguments: published.indices) func clopperPearsonIsSciPys(index: Int) {
    let row = Self.published[index]
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

  @Test func everyNumberOfSuccessesOf500() {
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

  // MARK: Bootstrap

  /// Items with a fraction of their own (0.1 to 0.7), whose starts then reach attractor 0, 1 or none.
  private static func labels(items: Int, starts: Int, undecided: Double = 0, number: Int) -> [Int32] {
    var random = RandomField(seed: 71, purpose: .user).stream(UInt32(number), UInt32(items))
    return (0..<items).flatMap { _ -> [Int32] in
      let own = 0.1 + 0.6 * random.uniform()
      return (0..<starts).map { _ in
        let u = random.uniform()
        return random.uniform() < undecided ? -1 : u < own ? 0 : u < own + 0.1 ? 1 : -2
      }
    }
  }

  @Test func bootstrapIsABruteForceOnes() {
    let (items, starts) = (160, 5)
    let replicates = 20_000
    let labels = Self.labels(items: items, starts: starts, undecided: 0.1, number: 0)
    let intervals = FractionInterval.bootstrap(
      labels: labels, startsPerItem: starts, attractors: 2, replicates: replicates, seed: 3)
    // By other random numbers and other sums.
    var random = RandomField(seed: 1234, purpose: .user).stream(9)
    for attractor in 0..<2 {
      var sure: [Double] = []
      var possible: [Double] = []
      for _ in 0..<replicates {
        var (a, b) = (0, 0)
        for _ in 0..<items {
          let item = random.below(items)
          for label in labels[item * starts..<(item + 1) * starts] {
            if label == Int32(attractor) { a += 1 }
            if label == Int32(attractor) || label == -1 { b += 1 }
          }
        }
        sure.append(Double(a) / Double(items * starts))
        possible.append(Double(b) / Double(items * starts))
      }
      for (found, fractions, quantile) in [
        (intervals[attractor].lower, sure, 0.025), (intervals[attractor].upper, possible, 0.975),
      ] {
        let expected = fractions.sorted()[Int(quantile * Double(replicates))]
        let mean = fractions.reduce(0, +) / Double(replicates)
        let squares = fractions.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let deviation = (squares / Double(replicates - 1)).squareRoot()
        // The standard error of a 2.5 % quantile of 20,000 normal numbers of deviation s is
        // sqrt(0.025 0.975 / 20,000) / phi(1.96) s = 0.019 s, that of the difference of two 0.027 s. Four of them,
        // and the grid of 1/800.
        let allowance = 4 * 0.027 * deviation + 1 / Double(items * starts)
        #expect(abs(found - expected) <= allowance)
        // A quantile of 5 % is at 1.645 s instead of 1.96 s: the test must tell them apart.
        #expect(allowance < (1.96 - 1.645) * deviation)
      }
    }
  }

  @Test func bootstrapHasTheConfidenceItClaims() {
    // Simulation: 400 ensembles of 50 items; true fractions 0.4 and 0.1. A percentile bootstrap over 50 items covers
    // about 93 to 95 %; the standard error of a share of 400 is 0.011.
    var covered = [0, 0]
    let trials = 400
    for number in 0..<trials {
      let labels = Self.labels(items: 50, starts: 4, number: number)
      let intervals = FractionInterval.bootstrap(
        labels: labels, startsPerItem: 4, attractors: 2, replicates: 500, seed: UInt64(number))
      for (k, truth) in [0.4, 0.1].enumerated()
      where intervals[k].lower <= truth && truth <= intervals[k].upper {
        covered[k] += 1
      }
    }
    for k in 0..<2 {
      let share = Double(covered[k]) / Double(trials)
      #expect(share > 0.93 - 4 * 0.011 && share < 0.95 + 4 * 0.011, "\(share)")
    }
  }

  @Test func bootstrapCountsItemsNotStarts() {
    // Ten copies of each start add nothing.
    let single = (0..<60).map { Int32($0 % 3 == 0 ? 0 : 1) }
    let copies = single.flatMap { Array(repeating: $0, count: 10) }
    let a = FractionInterval.bootstrap(labels: single, startsPerItem: 1, attractors: 2, seed: 5)
    let b = FractionInterval.bootstrap(labels: copies, startsPerItem: 10, attractors: 2, seed: 5)
    for (x, y) in zip(a, b) { #expect(abs(x.lower - y.lower) < 1e-12 && abs(x.upper - y.upper) < 1e-12) }
    // Close to Clopper and Pearson's interval, which is a little wider.
    let exact = FractionInterval.clopperPearson(successes: 20, trials: 60)
    #expect(abs(a[0].lower - exact.lower) < 0.03 && abs(a[0].upper - exact.upper) < 0.03)
  }

  @Test func bootstrapWithoutSpreadIsClopperPearson() {
    // Nobody, and everybody: intervals of width 0 would be wrong.
    let all = [Int32](repeating: 0, count: 30)
    let intervals = FractionInterval.bootstrap(labels: all, startsPerItem: 3, attractors: 2, seed: 1)
    #expect(intervals[0] == .clopperPearson(successes: 10, trials: 10))
    #expect(intervals[1] == .clopperPearson(successes: 0, trials: 10))
    let some = all.indices.map { Int32($0 < 6 ? -1 : 0) }
    let widened = FractionInterval.bootstrap(labels: some, startsPerItem: 3, attractors: 2, seed: 1)
    #expect(widened[1] == .clopperPearson(successes: 0, trials: 10, undecided: 2))
    #expect(widened[0].upper == 1)
    #expect(widened[0].lower <= 0.8)
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

  @Test func chao1InItsOtherCases() {
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

  @Test func entropy() {
    #expect(basinEntropy([7]) == 0 && basinEntropy([7, 0, 0]) == 0)
    for n in 1...6 {
      #expect(abs(basinEntropy(Array(repeating: 5, count: n)) - logarithm(Double(n))) < 1e-15)
    }
    // 1/2, 1/4, 1/4: 3/2 ln 2.
    #expect(abs(basinEntropy([2, 1, 1]) - 1.5 * logarithm(2)) < 1e-15)
    #expect(basinEntropy([]).isNaN && basinEntropy([0]).isNaN)
  }
}
