import Dynamics
import Numerics
import Observables
import TestSupport
import Testing

/// Threads, the order of starts, and how many there are: what must not matter to the search.
@Suite struct AttractorsOrderTests {
  private static let mixed: [[Double]] = spaced(12, from: 0.05, to: 0.95).flatMap { x in
    spaced(11, from: -1.5, to: 1.5).map { [x, $0] }
  }

  @Test func threadsDoNotMatter() throws {
    for map in [ToyMap.fixedPointBesideCycle, .henon, .henon.withoutBound(), .doubleWell(0.95, 0.1)] {
      let results = try [1, 2, 3, 7].map { threads in
        let (search, decisions) = try findAttractors(
          map, from: Self.mixed, maximumSteps: 600, threads: threads)
        try search.census(from: Self.mixed, budget: 100)
        return (search, decisions)
      }
      let bits = results.map { search, _ in
        search.sets.flatMap { set -> [UInt64] in
          (set.points.flatMap { $0 } + [set.residual, set.spectralRadius] + set.eigenvalues.map(\.real))
            .map(\.bitPattern)
        }
      }
      for k in results.indices {
        #expect(results[k].1 == results[0].1)
        #expect(bits[k] == bits[0])
        #expect(results[k].0.iterations == results[0].0.iterations)
        #expect(results[k].0.decidedByBall == results[0].0.decidedByBall)
      }
    }
  }

  /// The labels' meaning: outcome and place, whatever the catalogue's order.
  private func meaning(_ search: ToySearch, _ decisions: [ToySearch.Decision]) -> [String] {
    decisions.map { decision in
      let points = search.set(decision)?.points ?? []
      // Which point of a cycle comes first may hang on a rounding.
      let place = points.map { point in point.map { "\(Int(($0 * 1e9).rounded()))" }.joined(separator: " ") }
      return "\(decision.outcome) \(place.sorted())"
    }
  }

  @Test func orderAndHalvesDoNotMatter() throws {
    for (map, shift) in [
      (ToyMap.fixedPointBesideCycle, 0), (.doubleWell(0.95, 0.1), -0.5), (.logistic2D, 0),
    ] {
      let starts = Self.mixed.map { [$0[0] + shift, $0[1]] }
      let (one, decisions) = try findAttractors(map, from: starts)
      let expected = meaning(one, decisions)
      #expect(Set(expected).count > 1)
      let (two, reversed) = try findAttractors(map, from: starts.reversed())
      #expect(meaning(two, reversed).reversed() == expected)
      let (three, none) = try findAttractors(
        map, from: starts, usesTrappingBalls: false, refillsBlocks: false)
      #expect(meaning(three, none) == expected)
      // In two halves, the second first.
      let halves = ToySearch(
        map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: 2)
      let members = starts.indices.map { Member(level: 0, item: Int32($0), realization: 0) }
      let middle = starts.count / 2
      let second = try halves.decide(Array(members[middle...]))
      let first = try halves.decide(Array(members[..<middle]))
      #expect(meaning(halves, first + second) == expected)
      // And as states.
      let states = ToySearch(
        map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: 2)
      let given = try states.decide(from: starts)
      #expect(meaning(states, given) == expected)
      // None at all.
      let nobody = try states.decide([]) + states.decide(from: [])
      #expect(nobody.isEmpty)
    }
  }

  @Test func moreStartsThanThePoolHoldsAreDecided() throws {
    let starts = (0..<9000).map { k -> [Double] in
      let x = 0.05 + 0.9 * Double(k) / 9000
      return [x, k % 2 == 0 ? 0.5 : -0.5]
    }
    let (search, decisions) = try findAttractors(.fixedPointBesideCycle, from: starts, threads: 2)
    for (k, decision) in decisions.enumerated() {
      #expect(decision.outcome == (k % 2 == 0 ? .cycle : .converged))
      #expect(search.set(decision)?.period == (k % 2 == 0 ? 2 : 1))
    }
  }

  @Test func cancellationThrows() throws {
    let starts = GivenStart(RowTable(Self.mixed), space: .latent)
    let members = Self.mixed.indices.map { Member(level: 0, item: Int32($0), realization: 0) }
    let search = ToySearch(map: .henon, start: starts, seed: 1, threads: 2)
    #expect(throws: CancellationError.self) { try search.decide(members, shouldStop: { true }) }
    #expect(throws: CancellationError.self) { try search.decide(members, progress: { _ in false }) }
    #expect(throws: CancellationError.self) {
      try search.census(from: Self.mixed, budget: 10, shouldStop: { true })
    }
  }
}
