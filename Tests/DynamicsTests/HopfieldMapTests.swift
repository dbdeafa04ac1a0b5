import Kinds
import Corruptions
import Dynamics
import Kinds
import Numerics
import Testing

/// The associative memory against brute force and Amari's theory.
@Suite struct HopfieldMapTests {
  /// Independent fair signs, `[count][n]`.
  private static func patterns(_ count: Int, _ n: Int, seed: UInt64) -> [[Double]] {
    let field = RandomField(seed: seed, purpose: .user)
    return (0..<count).map { p in
      var random = field.stream(UInt32(p))
      return (0..<n).map { _ in random.uniform() < 0.5 ? 1 : -1 }
    }
  }

  /// Each sign turned with probability q.
  private static func flipped(_ row: [Double], _ q: Double, seed: UInt64, number: Int) -> [Double] {
    var random = RandomField(seed: seed, purpose: .user, context: 1).stream(UInt32(number))
    return row.map { random.uniform() < q ? -$0 : $0 }
  }

  private static func table(_ rows: [[Double]]) -> RowTable {
    RowTable(rows: rows.count, columns: rows[0].count, elements: rows.flatMap { $0 })
  }

  private static func overlap(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / Double(a.count)
  }

  /// `[member][time][N]`.
  private static func run(_ map: some EncodingMap, from starts: [[Double]], steps: Int) throws -> [[[Double]]]
  {
    var plan = EnsemblePlan(
      levels: [0], items: starts.indices.map { Int32($0) }, steps: steps, seed: 1, observables: [])
    plan.recordsLatentStates = true
    let collector = RecordCollector()
    _ = try Ensemble(map: map, start: given(starts), plan: plan, threads: 1).run(observer: collector)
    let n = map.dimension
    return collector.all.flatMap { records in
      records.members.indices.map { k in
        (0...steps).map { t in
          Array(records.latentStates[(k * (steps + 1) + t) * n..<(k * (steps + 1) + t + 1) * n])
        }
      }
    }
  }

  private static func moments(_ x: [Double]) -> (mean: Double, standardError: Double) {
    let n = Double(x.count)
    let mean = x.reduce(0, +) / n
    let square = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (square / (n - 1) / n).squareRoot())
  }

  @Test(arguments: [(1, 7), (3, 20), (9, 20), (10, 20), (40, 20), (25, 1), (0, 5)])
  func stepsAreThoseOfTheWeights(patterns p: Int, units n: Int) throws {
    let xi = Self.patterns(p, n, seed: 3)
    let starts = Self.patterns(150, n, seed: 4)
    let patterns = p > 0 ? Self.table(xi) : RowTable(rows: 0, columns: n)
    let map = HopfieldMap<Double>(patterns: patterns)
    #expect(map.patternCount == p)
    let states = try Self.run(map, from: starts, steps: 3)
    // Fields are whole numbers, exact in both precisions.
    #expect(try Self.run(HopfieldMap<Float>(patterns: patterns), from: starts, steps: 3) == states)
    for m in starts.indices {
      #expect(states[m][0] == starts[m])
      for t in 0..<3 {
        var expected = states[m][t]
        for i in 0..<n {
          var h = 0.0
          for j in 0..<n where j != i {
            h += xi.reduce(0) { $0 + $1[i] * $1[j] } * states[m][t][j]
          }
          if h != 0 { expected[i] = h > 0 ? 1 : -1 }
        }
        #expect(states[m][t + 1] == expected)
      }
    }
  }

  @Test func theMapKeepsWhatEveryMapMust() throws {
    for p in [5, 30] {
      let patterns = Self.table(Self.patterns(p, 24, seed: 8))
      let items = Self.table(Self.patterns(200, 24, seed: 9).map { $0.map { 0.5 + 0.4 * $0 } })
      let start = CorruptedStart(UniformReplacement(), source: items, imageShape: nil)
      try checkMapConformance(HopfieldMap<Double>(patterns: patterns), start: NoisyStart(dimension: 24))
      try checkMapConformance(HopfieldMap<Double>(patterns: patterns), start: start)
      try checkMapConformance(HopfieldMap<Float>(patterns: patterns), start: start)
    }
  }

  @Test func picturesAreReadAtOneHalf() throws {
    let xi = Self.patterns(2, 12, seed: 5)
    let signs = HopfieldPatterns.signs(
      of: Self.table(xi.map { $0.map { 0.5 + 0.1 * $0 } }), count: 2, dimension: 12)
    for p in 0..<2 { #expect(Array(UnsafeBufferPointer(start: signs.row(p), count: 12)) == xi[p]) }
    // Sum of x(t) and of x(t + 1): numbers of units that are +1.
    let map = HopfieldMap<Double>(patterns: Self.table(xi))
    let data = Self.patterns(20, 12, seed: 6)
    let plan = { (steps: Int) in
      EnsemblePlan(
        levels: [0], items: (0..<20).map { $0 }, steps: steps, seed: 1,
        observables: [
          FieldSum(field: .dataState, width: 12), FieldSum(field: .nextDataState, width: 12),
          Measure("sum") { state, _, _ in (0..<12).reduce(0) { $0 + state[$1] } },
        ])
    }
    let start = GivenStart(Self.table(data.map { $0.map { $0 > 0 ? 0.75 : 0.5 } }), space: .data)
    var asked = plan(2)
    asked.recordsMembers = true
    let collector = RecordCollector()
    _ = try Ensemble(map: map, start: start, plan: asked, threads: 1).run(observer: collector)
    let (x, next, s) = (
      collector.series(0, times: 3), collector.series(1, times: 3), collector.series(2, times: 3)
    )
    for m in 0..<20 {
      let up = Double(data[m].count { $0 > 0 })
      // x(0) is the input as it is, z(0) its signs: quarters and whole numbers, exact.
      #expect(x[m][0] == 6 + 0.25 * up)
      #expect(s[m][0] == 2 * up - 12)
      for t in 1..<3 { #expect(x[m][t] == 0.5 * (12 + s[m][t])) }
      for t in 0..<2 { #expect(next[m][t] == x[m][t + 1]) }
    }
  }

  @Test func memoriesAreTheStatesOfCleanItems() throws {
    let items = Self.table(Self.patterns(300, 10, seed: 17).map { $0.map { 0.5 + 0.5 * $0 } })
    let map = HopfieldMap<Float>(patterns: Self.table(Self.patterns(4, 10, seed: 18)))
    for threads in [1, 3] {
      let memories = map.memories(of: items, count: 300, threads: threads)
      #expect(
        Array(memories.storage.buffer) == items.storage.buffer.map { 2 * $0 - 1 }, "\(threads) threads")
    }
    // 2^24 is the last number to which single precision counts; 2^53 that of double precision.
    #expect(HopfieldMap<Float>.isExact(patterns: 1 << 14, units: 1 << 10))
    #expect(!HopfieldMap<Float>.isExact(patterns: 1 << 14, units: 1 << 10 + 1))
    #expect(HopfieldMap<Double>.isExact(patterns: 1 << 43, units: 1 << 10))
    #expect(!HopfieldMap<Double>.isExact(patterns: .max, units: 2))
  }

  @Test func aFieldOfZeroKeepsTheUnit() throws {
    // (1, 1) and (1, -1): J_12 = 1 - 1 = 0.
    let map = HopfieldMap<Double>(patterns: Self.table([[1, 1], [1, -1]]))
    for start in [[1.0, 1], [1, -1], [-1, 1], [-1, -1]] {
      #expect(try Self.run(map, from: [start], steps: 2)[0] == [start, start, start])
    }
  }

  @Test func twoCyclesExist() throws {
    // J_12 = 1: (1, -1) turns both units, for ever. In parallel, not one after the other.
    let map = HopfieldMap<Double>(patterns: Self.table([[1, 1]]))
    #expect(try Self.run(map, from: [[1, -1]], steps: 3)[0] == [[1, -1], [-1, 1], [1, -1], [-1, 1]])
    // Symmetric weights: no longer period (Goles and Olivos 1980). Overloaded, so that some of each appear.
    let large = HopfieldMap<Double>(patterns: Self.table(Self.patterns(60, 100, seed: 12)))
    let states = try Self.run(large, from: Self.patterns(100, 100, seed: 13), steps: 200)
    #expect(states.allSatisfy { $0[200] == $0[198] })
    #expect(states.contains { $0[200] != $0[199] })
    #expect(states.contains { $0[200] == $0[199] })
  }

  /// m(1) = erf(m(0) / sqrt(2 a)) for independent patterns.
  ///
  /// With P - 1 other patterns and no self-coupling the field's mean is m (N - 1) / N and its variance
  /// (P - 1)(N - 1) / N^2: corrections of the order 1/N; the sum is one of many independent signs, so a lattice of
  /// spacing 2/N whose continuity correction is of the same order. The derivative of erf(u) with respect to
  /// ln u is at most 0.5: 2/N is enough for all. The scatter between members (each with a pattern and a
  /// start of its own) is measured; 4 standard errors.
  @Test(arguments: [0.05, 0.1, 0.25, 0.5], [0.3, 0.6, 1])
  func theFirstStepFollowsTheErrorFunction(load: Double, overlap: Double) throws {
    let n = 1000
    let p = Int(load * Double(n))
    let xi = Self.patterns(p, n, seed: 21)
    let map = HopfieldMap<Double>(patterns: Self.table(xi))
    let members = min(p, 50)
    let starts = (0..<members).map { Self.flipped(xi[$0], 0.5 * (1 - overlap), seed: 22, number: $0) }
    let states = try Self.run(map, from: starts, steps: 1)
    // m(0) scatters; the law holds for each member's own.
    let differences = (0..<members).map { m in
      let before = Self.overlap(states[m][0], xi[m])
      return Self.overlap(states[m][1], xi[m]) - errorFunction(before / (2 * load).squareRoot())
    }
    let (mean, standardError) = Self.moments(differences)
    #expect(abs(mean) <= 4 * standardError + 2 / Double(n), "\(mean) +- \(standardError)")
    #expect(standardError < 0.02)
  }

  /// Beyond the load 0.138 memories are lost (Amit, Gutfreund and Sompolinsky 1985,
  /// doi:10.1103/PhysRevLett.55.1530).
  @Test func memoriesAreLostBeyondTheCriticalLoad() throws {
    let n = 1000
    for (load, isRetrieved) in [(0.05, true), (0.1, true), (0.25, false), (0.4, false)] {
      let xi = Self.patterns(Int(load * Double(n)), n, seed: 31)
      let states = try Self.run(
        HopfieldMap<Double>(patterns: Self.table(xi)), from: Array(xi.prefix(20)), steps: 60)
      let (mean, standardError) = Self.moments((0..<20).map { Self.overlap(states[$0][60], xi[$0]) })
      if isRetrieved {
        #expect(mean - 3 * standardError > 0.95, "load \(load): \(mean)")
      } else {
        #expect(mean + 3 * standardError < 0.5, "load \(load): \(mean)")
      }
    }
  }

  /// One cluster of p memories that each share the overlap b with a concept: `p` rows after the concept's.
  private static func cluster(_ p: Int, _ b: Double, _ n: Int, seed: UInt64) -> (
    concept: [Double], memories: [[Double]]
  ) {
    let concept = patterns(1, n, seed: seed)[0]
    return (concept, (0..<p).map { flipped(concept, 0.5 * (1 - b), seed: seed, number: $0) })
  }

  /// Amari 1977, doi:10.1007/BF00365229: m(1) = (1 - q) erf((1 + B) / (s sqrt 2)) + q erf((1 - B) / (s sqrt 2)).
  @Test(arguments: [(20, 0.3), (30, 0.3), (60, 0.3), (12, 0.5)])
  func theFirstStepInAClusterFollowsAmari(p: Int, b: Double) throws {
    let n = 4000
    let (_, memories) = Self.cluster(p, b, n, seed: 41)
    let states = try Self.run(HopfieldMap<Double>(patterns: Self.table(memories)), from: memories, steps: 1)
    let (mean, standardError) = Self.moments(
      (0..<p).map { Self.overlap(states[$0][1], memories[$0]) })
    // Without Gauss: k of the p - 1 others agree with the concept at a unit, each with probability 1 - q; given
    // them the own sign is right where 1 + (+-1) b^2 (2 k - p + 1) + noise > 0. The noise of the overlaps has
    // variance (p - 1)(1 - b^4) / N.
    let q = 0.5 * (1 - b)
    let width = (Double(p - 1) * (1 - b * b * b * b) / Double(n)).squareRoot()
    var exact = 0.0
    var weight = power(q, Double(p - 1))
    for k in 0..<p {
      let sum = b * b * Double(2 * k - p + 1)
      exact +=
        weight
        * ((1 - q) * errorFunction((1 + sum) / (width * 2.0.squareRoot()))
          + q * errorFunction((1 - sum) / (width * 2.0.squareRoot())))
      weight *= Double(p - 1 - k) / Double(k + 1) * (1 - q) / q
    }
    // Members share the memories, so that their errors do, too: the common fluctuation of the N counts k
    // adds 1 / sqrt(N) at most.
    #expect(abs(mean - exact) <= 4 * standardError + 1 / Double(n).squareRoot(), "\(mean), exactly \(exact)")
    // The formula takes the sum over k for a normal number: its distribution function jumps by at most the
    // largest weight, of which half is the error at a jump; erf is twice the distribution function.
    let bigB = b * b * b * Double(p - 1)
    let s = b * b * (Double(p - 1) * (1 - b * b)).squareRoot()
    let root = 2.0.squareRoot()
    let formula =
      (1 - q) * errorFunction((1 + bigB) / (s * root)) + q * errorFunction((1 - bigB) / (s * root))
    let largest = 1 / (2 * Double.pi * Double(p - 1) * q * (1 - q)).squareRoot()
    #expect(abs(exact - formula) <= largest, "\(exact), formula \(formula)")
  }

  @Test func conceptsReplaceMemories() throws {
    let n = 2000
    let b = 0.3
    // B = b^3 (p - 1): 0.05 and 2.1.
    for (p, isLost) in [(3, false), (80, true)] {
      let (concept, memories) = Self.cluster(p, b, n, seed: 51)
      let states = try Self.run(
        HopfieldMap<Double>(patterns: Self.table(memories)), from: Array(memories.prefix(10)), steps: 30)
      for (k, orbit) in states.enumerated() {
        let own = Self.overlap(orbit[30], memories[k])
        let toConcept = Self.overlap(orbit[30], concept)
        if isLost {
          // The majority of p memories: wrong at a unit with probability Phi(-b sqrt(p) / sqrt(1 - b^2)) = 0.0025.
          #expect(toConcept > 0.95)
          #expect(abs(own - b) < 5 / Double(n).squareRoot() + 0.02)
        } else {
          #expect(own > 0.95)
          #expect(toConcept < 0.6)
        }
      }
    }
  }
}
