import Attractors
import Dynamics
import Foundation
import Numerics
import Observables
import TestSupport
import Testing

/// A search that is interrupted between rounds and continued, and one that is divided into lots.
@Suite struct AttractorsContinuedTests {
  /// Fixed points and cycles, close attractors, a closed curve beside a fixed point, a chaotic set, a rotation that no
  /// set explains.
  private static let maps: [(map: ToyMap, starts: [[Double]])] = [
    (.fixedPointBesideCycle, grid(0.05...0.95, -1.5...1.5)),
    (.doubleWell(0.95, 0.1), grid(-0.9...0.9, -1...1)),
    (.delayedLogistic(2.1), grid(0.05...0.9, 0.05...0.9)),
    (.delayedLogistic(2.27), grid(0.3...0.7, 0.3...0.7)),
    (ToyMap.radial(0.2, turning: 1).beside(.doubleWell(0.3, 0.1)), curveBesideWells),
    (.affine([[0.6, -0.8], [0.8, 0.6]], [0, 0]), grid(-1...1, -1...1)),
  ]

  private static func grid(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>) -> [[Double]] {
    spaced(9, from: x.lowerBound, to: x.upperBound).flatMap { a in
      spaced(8, from: y.lowerBound, to: y.upperBound).map { [a, $0] }
    }
  }

  private static let curveBesideWells: [[Double]] = spaced(12, from: -0.5, to: 0.5).flatMap { a in
    spaced(6, from: -1.1, to: 1.1).map { [a + 0.01, 0.2, $0, 0.3] }
  }

  private func search(_ index: Int, threads: Int = 1) -> (search: ToySearch, members: [Member]) {
    let (map, starts) = Self.maps[index]
    var settings = ToySearch.Settings()
    settings.maximumSteps = 6000
    return (
      ToySearch(
        map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: threads,
        settings: settings),
      starts.indices.map { Member(level: 0, item: Int32($0), realization: 0) }
    )
  }

  private final class Bytes { var bytes: [UInt8] = [] }

  private func bytes(_ body: (inout ByteEncoder) throws -> Void) throws -> [UInt8] {
    let gathered = Bytes()
    var encoder = ByteEncoder { gathered.bytes.append(contentsOf: $0) }
    try body(&encoder)
    try encoder.finish()
    return gathered.bytes
  }

  /// The catalogue and everything else that a search holds, after a census.
  private func whole(_ search: ToySearch, _ index: Int) throws -> [UInt8] {
    try search.census(from: Self.maps[index].starts, budget: 40)
    return try bytes { try search.encode(to: &$0) }
  }

  @Test(.slow, arguments: maps.indices) func continuingAfterAnyRoundGivesTheSameBits(_ index: Int) throws {
    let (one, members) = search(index, threads: 2)
    var rounds = 0
    let expected = try one.decide(
      members,
      progress: { _ in
        rounds += 1
        return true
      })
    let catalogue = try whole(one, index)
    #expect(rounds > 1)
    for end in Set([1, 2, rounds / 2, rounds - 1]) where end < rounds {
      let (broken, _) = search(index)
      var (saved, passed) = ([UInt8](), 0)
      #expect(throws: CancellationError.self) {
        try broken.decide(
          members,
          progress: { _ in
            passed += 1
            guard passed == end else { return true }
            saved = (try? bytes { try broken.encode(to: &$0) }) ?? []
            return false
          })
      }
      let (continued, _) = search(index)
      var decoder = ByteDecoder(Data(saved))
      try continued.restore(from: &decoder)
      #expect(decoder.remaining == 0)
      #expect(try continued.decide(members) == expected, "after round \(end)")
      #expect(try whole(continued, index) == catalogue, "after round \(end)")
    }
  }

  /// The labels' meaning: outcome and place, whatever the catalogue's order.
  private func meaning(_ search: ToySearch, _ decisions: [AttractorDecision]) -> [String] {
    decisions.map { decision in
      guard let set = search.set(decision) else { return "\(decision.outcome)" }
      let places = set.period == 0 ? [set.meanPosition.map { $0 * 1e-4 }] : set.points
      return "\(decision.outcome) "
        + places.map { $0.map { "\(Int(($0 * 1e7).rounded()))" }.joined(separator: " ") }
        .sorted().joined(separator: ", ")
    }
  }

  @Test(.slow, arguments: maps.indices) func lotsThatKnowNothingOfEachOtherAreUnited(_ index: Int) throws {
    let (single, members) = search(index)
    let expected = meaning(single, try single.decide(members))
    let cuts = [0, 10, 40, members.count]
    func united(_ order: [Int]) throws -> (ToySearch, [AttractorDecision]) {
      let (search, _) = search(index)
      var decisions = try search.decide(Array(members[..<cuts[1]]))
      let known = search.sets.count
      var lots: [Int: [UInt8]] = [:]
      // Whichever lot is decided first, and whoever decides it.
      for lot in order {
        let branch = search.branch(knowing: known)
        let found = branch.findings(
          beside: known, try branch.decide(Array(members[cuts[lot]..<cuts[lot + 1]])))
        lots[lot] = try bytes { try found.encode(to: &$0) }
      }
      for lot in [1, 2] {
        var decoder = ByteDecoder(Data(try #require(lots[lot])))
        decisions += search.absorb(try search.findings(from: &decoder), after: cuts[lot])
      }
      return (search, decisions)
    }
    let (one, forward) = try united([1, 2])
    let (other, backward) = try united([2, 1])
    #expect(forward == backward)
    #expect(try whole(one, index) == whole(other, index))
    // A set of its own for every lot would be another one.
    #expect(meaning(one, forward) == expected)
  }

  @Test func placesAreAtAttractorsWithinTheRadius() throws {
    // Attractors at (+-1, 0), a saddle at the origin, which attracts the line x = 0 only.
    let map = ToyMap.doubleWell(0.3, 0.1)
    let search = ToySearch(
      map: map, start: GivenStart(RowTable([[0.5, 0]]), space: .latent), seed: 1, threads: 2)
    _ = try search.decide([Member(level: 0, item: 0, realization: 0)])
    #expect(search.sets.filter(\.isStable).count == 1)
    let places = [[1, 0.01], [-1.05, 0], [0, 0], [0.5, 0], [-0.97, -0.04], [3, 3]]
    #expect(
      try search.haveAttractors(near: places, within: 0.03) == [true, false, false, false, false, false])
    // No start has reached the other one.
    #expect(search.sets.filter(\.isStable).count == 1)
    #expect(try search.haveAttractors(near: places, within: 0.06) == [true, true, false, false, true, false])
    #expect(search.sets.filter(\.isStable).count == 2)
    #expect(!search.sets.contains { $0.kind == .saddle }, "only stable sets join the catalogue")
    #expect(try search.haveAttractors(near: [], within: 1).isEmpty)
    #expect(throws: CancellationError.self) {
      try search.haveAttractors(near: places, within: 0.01, shouldStop: { true })
    }
    // At a saddle-node's ghost there is no attractor, however near the place is.
    let ghost = ToySearch(
      map: .ghost(1e-13), start: GivenStart(RowTable([[0.0]]), space: .latent), seed: 1, threads: 1)
    #expect(try ghost.haveAttractors(near: [[0], [1e-9]], within: 1) == [false, false])
  }

  @Test func bytesOfOtherMapsAreRefused() throws {
    let (search, members) = search(0)
    _ = try search.decide(members)
    let saved = try bytes { try search.encode(to: &$0) }
    for count in [0, 7, saved.count / 2, saved.count - 1] {
      var decoder = ByteDecoder(Data(saved.prefix(count)))
      #expect(throws: ByteDecodingError.self) { try self.search(0).search.restore(from: &decoder) }
    }
    var decoder = ByteDecoder(Data(saved))
    #expect(throws: ByteDecodingError.self) { try self.search(4).search.restore(from: &decoder) }
  }

  /// The fraction grows with the steps, and is small while orbits that never settle are waited for.
  @Test func theFractionCountsStepsAndNotOrbits() throws {
    let starts = (0..<200).map { [0.01 + 0.004 * Double($0), 0.3] }
    var settings = ToySearch.Settings()
    settings.maximumSteps = 20_000
    settings.looksForRecurrence = false
    // Beside a rotation that never ends, half of the starts are at a fixed point at once.
    let map = ToyMap(
      2,
      { z in z[0] < 0.4 ? [0.2, 0.3] : [0.6 + 0.05 * (z[1] - 0.3), 0.3 - 20 * (z[0] - 0.6) + 0 * z[1]] },
      jacobian: { $0[0] < 0.4 ? [[0, 0], [0, 0]] : [[0, 0.05], [-20, 0]] })
    settings.maximumPeriod = 1
    let search = ToySearch(
      map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: 1, settings: settings)
    var seen: [ToySearch.Progress] = []
    _ = try search.decide(
      starts.indices.map { Member(level: 0, item: Int32($0), realization: 0) },
      progress: {
        seen.append($0)
        return true
      })
    let early = try #require(seen.first { $0.unsettled > 90 })
    #expect(early.decided > 90 && early.fraction < 0.2, "\(early)")
    // From the first look on, the fraction is that of the steps.
    let late = seen.filter { $0.unsettled > 90 }.map(\.fraction)
    #expect(late == late.sorted() && late.count > 20)
  }
}
