import Dynamics
import Numerics
import Testing

@Suite struct ChordTests {
  /// Against the smallest of all distances, with the foot of the perpendicular computed from coordinates.
  @Test func isTheDistanceToTheSegment() {
    var random = RandomField(seed: 90, purpose: .user).stream(0)
    var inside = 0
    for _ in 0..<2000 {
      let n = 1 + random.below(4)
      func point() -> [Double] { (0..<n).map { _ in random.normal() } }
      let (a, b, c) = (point(), point(), point())
      func norm(_ x: [Double], _ y: [Double]) -> Double {
        zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      }
      let direction = zip(b, a).map { $0 - $1 }
      let along = zip(zip(c, a).map { $0 - $1 }, direction).reduce(0) { $0 + $1.0 * $1.1 }
      let s = min(max(along / (norm(a, b) * norm(a, b)), 0), 1)
      if s > 0, s < 1 { inside += 1 }
      let foot = zip(a, direction).map { $0 + s * $1 }
      let found = Chord.distance(fromStart: norm(a, c), fromEnd: norm(b, c), length: norm(a, b))
      // The square of the height is a difference of squares of lengths below 8, each with a few roundings:
      // 64 x 32 units; for a point on the line (n = 1) the root of that is left.
      let bound = 64 * 32 * 0x1p-53
      let expected = norm(c, foot)
      #expect(abs(found * found - expected * expected) <= bound, "\(a) \(b) \(c)")
    }
    #expect(inside > 300 && inside < 1700, "both cases must occur")
  }

  @Test func specialTrianglesHaveTheirDistances() {
    // A right triangle of sides 3, 4, 5: the height on the hypotenuse.
    #expect(abs(Chord.distance(fromStart: 3, fromEnd: 4, length: 5) - 2.4) <= 4 * 2.4.ulp)
    // A chord of length 0, and a foot beyond either end.
    #expect(Chord.distance(fromStart: 2, fromEnd: 2, length: 0) == 2)
    #expect(Chord.distance(fromStart: 1, fromEnd: 10, length: 9.5) == 1)
    #expect(Chord.distance(fromStart: 10, fromEnd: 1, length: 9.5) == 1)
    // On the chord, at its ends, and lengths that by rounding make no triangle.
    #expect(Chord.distance(fromStart: 1, fromEnd: 2, length: 3) == 0)
    #expect(Chord.distance(fromStart: 0, fromEnd: 3, length: 3) == 0)
    #expect(Chord.distance(fromStart: 1, fromEnd: 2, length: 3.0000000001) == 0)
    // Needles, by Kahan's formula accurate to a few ulps: height h = sqrt(1 - (1 - h^2)) of an
    // isosceles triangle of base 2, sides sqrt(1 + h^2), which double precision holds to 1/4 of h^2's ulps.
    let h = 0x1p-20
    let side = (1 + h * h).squareRoot()
    #expect(abs(Chord.distance(fromStart: side, fromEnd: side, length: 2) - h) <= 0x1p-53 / h)
    #expect(Chord.distance(fromStart: .nan, fromEnd: 1, length: 1).isNaN)
    #expect(Chord.distance(fromStart: 1, fromEnd: 1, length: .infinity).isNaN)
    #expect(Chord.distance(fromStart: 1e200, fromEnd: 1e200, length: 1e-200) == 1e200)
  }
}

/// Scalars of members and their averages over a level.
@Suite struct ScalarAverageTests {
  /// z(t) = z0 + t, concept at 3, memory at 5: everything follows from z0.
  private static func plan(_ count: Int, realizations: Int, steps: Int) -> EnsemblePlan {
    var plan = EnsemblePlan(
      levels: [0], items: Array(0..<Int32(count)), realizations: realizations, steps: steps, seed: 1,
      observables: [])
    plan.conceptDistance = Measure("concept") { state, _, _ in abs(state[0] - 3) }
    plan.memoryDistance = Measure("memory") { state, member, _ in
      member.item % 7 == 3 || member.realization == 2 ? .nan : abs(state[0] - 5)
    }
    plan.recordsMembers = true
    return plan
  }

  @Test(arguments: [(50, 1), (50, 4), (1, 4), (3, 200)])
  func averagesAreThoseOfTheMembers(items: Int, realizations: Int) throws {
    let steps = 6
    let plan = Self.plan(items, realizations: realizations, steps: steps)
    let collector = RecordCollector()
    let rows = (0..<items).map { [Double(($0 * 37) % 40) / 4 - 4] }
    let result = try Ensemble(
      map: ScheduledMap { _ in 1 }, start: given(rows), plan: plan, threads: 2, blockSize: 17
    ).run(observer: collector)[0]
    let members = collector.members
    let records = collector.all
    #expect(members.count == items * realizations)

    // By hand, from the starts.
    var values = [[Double]](repeating: [], count: MemberScalar.averaged.count)
    for member in members {
      let z = rows[Int(member.item)][0]
      func closest(_ target: Double) -> (Int, Double) {
        let all = (0...steps).map { abs(z + Double($0) - target) }
        return (all.firstIndex(of: all.min()!)!, all.min()!)
      }
      let (conceptTime, concept) = closest(3)
      let (memoryTime, memory) = closest(5)
      let hasMemory = !(member.item % 7 == 3 || member.realization == 2)
      let chord = max(0, z - 3, 3 - (z + Double(steps)))
      let row: [Double] = [
        Double(conceptTime), concept, hasMemory ? Double(memoryTime) : .nan, hasMemory ? memory : .nan, chord,
        chord - concept, hasMemory ? (memoryTime > conceptTime ? 1 : 0) : .nan,
      ]
      for k in row.indices { values[k].append(row[k]) }
    }
    let recorded: [[Double]] = [
      .timeOfClosestConcept, .closestConceptDistance, .timeOfClosestMemory, .closestMemoryDistance,
      .chordConceptDistance, .chordExcess,
    ].map { (scalar: MemberScalar) in records.flatMap { $0.scalars[scalar] } }
    // All numbers are quarters below 16: exact. Means: sums of at most 600 of them.
    let bound = 600 * 16 * 0x1p-52
    for (k, column) in recorded.enumerated() {
      for (a, b) in zip(column, values[k]) { #expect(a == b || a.isNaN && b.isNaN, "\(k)") }
    }
    for (k, column) in values.enumerated() {
      let statistics = result.scalars.entries[k]
      let finite = column.filter(\.isFinite)
      #expect(statistics.count == finite.count, "\(k)")
      guard !finite.isEmpty else {
        #expect(statistics.mean.isNaN && statistics.standardError.isNaN)
        continue
      }
      #expect(abs(statistics.mean - finite.reduce(0, +) / Double(finite.count)) <= bound, "\(k)")
      let values = zip(members, column).filter { $0.1.isFinite }.map { (item: Int($0.0.item), x: $0.1) }
      let expected = StatisticsTests.bruteForce(values, items: items)
      #expect(statistics.itemCount == expected.items, "\(k)")
      guard expected.items > 1 else {
        #expect(statistics.standardError.isNaN)
        continue
      }
      #expect(abs(statistics.standardError - expected.se) <= bound, "\(k)")
    }
    if items == 50 {
      #expect(result.scalars[.memoryAfterConcept].mean > 0.2)
      #expect(result.scalars[.chordConceptDistance].mean > 0.2)
      #expect(result.scalars[.closestMemoryDistance].count < items * realizations)
    }
  }

  /// Around the concept in a half circle: the path stays at distance 1, the chord goes through it.
  @Test func chordsSeeDetours() throws {
    var plan = EnsemblePlan(levels: [0], items: [0, 1], steps: 4, seed: 1, observables: [])
    plan.conceptDistance = Measure("concept") { state, _, _ in
      (state[0] * state[0] + state[1] * state[1]).squareRoot()
    }
    plan.recordsMembers = true
    let turn = 0.5.squareRoot()
    let collector = RecordCollector()
    _ = try Ensemble(
      map: LinearMap([[turn, -turn], [turn, turn]]), start: given([[1, 0], [0, 2]]), plan: plan, threads: 1
    ).run(observer: collector)
    // Four rotations round four times each; where the foot lies inside, the height is the root of a square
    // of that size.
    for (m, radius) in [1.0, 2].enumerated() {
      #expect(collector.scalars(.chordConceptDistance)[m] <= radius * 64 * 0x1p-26)
      #expect(abs(collector.scalars(.chordExcess)[m] + radius) <= radius * 64 * 0x1p-26)
    }
  }

  @Test func withoutAConceptThereAreNone() throws {
    var plan = EnsemblePlan(levels: [0], items: [0, 1], steps: 2, seed: 1, observables: [])
    plan.recordsMembers = true
    let collector = RecordCollector()
    let result = try Ensemble(map: LogisticMap(), start: given([[0.2], [0.3]]), plan: plan, threads: 1)
      .run(observer: collector)
    for scalar in result[0].scalars.entries {
      #expect(scalar.count == 0 && scalar.mean.isNaN && scalar.standardError.isNaN)
    }
    #expect(collector.scalars(.chordConceptDistance).map(\.isNaN) == [true, true])
    #expect(collector.times(.timeOfClosestMemory) == [-1, -1])
  }
}
