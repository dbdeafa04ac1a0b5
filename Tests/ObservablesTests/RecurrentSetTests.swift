import Attractors
import Dynamics
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// Sets on which orbits move for ever, against maps where they are known.
@Suite struct RecurrentSetTests {
  private func motion(_ search: ToySearch, _ decision: ToySearch.Decision) -> RecurrentMotion? {
    guard case .recurrent(let motion)? = search.set(decision)?.motion else { return nil }
    return motion
  }

  @Test(arguments: [(0.1, 0.7), (0.02, 2.1), (0.3, 3.0), (0.1, 0.05)])
  func aCircleHasItsExponentAndRotationNumber(e: Double, w: Double) throws {
    let starts = [[0.01, 0.0], [0.3, 0.2], [-0.5, 0.4], [0.1, -0.6]]
    for threads in [1, 2] {
      let (search, decisions) = try findAttractors(
        .radial(e, turning: w), from: starts, maximumSteps: 100_000, threads: threads)
      #expect(decisions.allSatisfy { $0.outcome == .recurrent && $0.set == decisions[0].set })
      #expect(search.sets.count { $0.isStable } == 1)
      let set = try #require(search.set(decisions[0]))
      let found = try #require(motion(search, decisions[0]))
      #expect(set.kind == .stableCurve && set.period == 0 && found.pieces == 1)
      #expect(abs(found.exponents[0]) <= 1e-7)
      #expect(abs(found.exponents[1] - logarithm(1 - 2 * e)) <= 1e-7)
      #expect(abs(found.rotationNumber - w / (2 * Double.pi)) <= 1e-9)
      #expect(found.mean.allSatisfy { abs($0) <= 1e-5 })
      for deviation in found.standardDeviations {
        #expect(abs(deviation - (e / 2).squareRoot()) <= 1e-4 * e.squareRoot())
      }
      // Far from max-steps.
      #expect(search.iterations < 40_000)
    }
  }

  @Test(arguments: [(2.02, 0.16478415), (2.1, 0.15610602)])
  func theDelayedLogisticMapHasItsRotationNumber(a: Double, rotation: Double) throws {
    let (search, decisions) = try findAttractors(
      .delayedLogistic(a), from: [[0.5, 0.5], [0.6, 0.4], [0.45, 0.52]], maximumSteps: 100_000)
    #expect(decisions.allSatisfy { $0.outcome == .recurrent && $0.set == decisions[0].set })
    let found = try #require(motion(search, decisions[0]))
    #expect(found.kind == .stableCurve)
    #expect(abs(found.rotationNumber - rotation) <= 1e-8)
    #expect(found.rotationNumberError <= 1e-6)
    #expect(abs(found.exponents[0]) <= 1e-6 && found.exponents[1] < -0.01)
  }

  @Test(arguments: [3, 8]) func theDelayedLogisticMapLocksToSevenSteps(maximumPeriod: Int) throws {
    let (search, decisions) = try findAttractors(
      .delayedLogistic(2.2), from: [[0.5, 0.5], [0.6, 0.4], [0.45, 0.52]], maximumSteps: 100_000,
      maximumPeriod: maximumPeriod)
    for decision in decisions {
      #expect(decision.outcome == .cycle)
      let set = try #require(search.set(decision))
      #expect(set.kind == .stableCycle && set.period == 7)
      #expect(abs(set.spectralRadius - 0.7504) <= 5e-5)
    }
    #expect(Set(decisions.map(\.set)).count == 1)
  }

  @Test func theDelayedLogisticMapIsChaoticBeyond() throws {
    let (search, decisions) = try findAttractors(
      .delayedLogistic(2.27), from: [[0.5, 0.5], [0.6, 0.4], [0.45, 0.52]], maximumSteps: 100_000)
    #expect(decisions.allSatisfy { $0.outcome == .recurrent && $0.set == decisions[0].set })
    let found = try #require(motion(search, decisions[0]))
    #expect(found.kind == .chaoticSet)
    #expect(abs(found.exponents[0] - 0.184) <= 3 * found.exponentErrors[0] + 0.01)
    #expect(found.rotationNumber.isNaN)
  }

  @Test func henonsSetIsChaoticAndContractsAreas() throws {
    let starts = (0..<12).map { [0.05 * Double($0), 0.1] }
    let (search, decisions) = try findAttractors(.henon, from: starts, maximumSteps: 100_000)
    #expect(decisions.allSatisfy { $0.outcome == .recurrent && $0.set == decisions[0].set })
    let found = try #require(motion(search, decisions[0]))
    #expect(found.kind == .chaoticSet)
    #expect(abs(found.exponents[0] - 0.4192) <= 3 * found.exponentErrors[0] + 0.005)
    #expect(abs(found.exponents[0] + found.exponents[1] - logarithm(0.3)) <= 1e-10)
  }

  @Test func logisticMapsHaveBandsAndAWindow() throws {
    let starts = spaced(12, from: 0.05, to: 0.95).map { [$0] }
    // The bands merge at 3.6786: two below, one above; in the window at 3.84 there is a 3-cycle.
    for (r, pieces) in [(3.6, 2), (3.58, 4), (3.9, 1)] {
      let (search, decisions) = try findAttractors(.logistic(r), from: starts, maximumSteps: 100_000)
      #expect(decisions.allSatisfy { $0.outcome == .recurrent && $0.set == decisions[0].set }, "r = \(r)")
      let found = try #require(motion(search, decisions[0]))
      #expect(found.kind == .chaoticSet && found.pieces == pieces, "r = \(r)")
    }
    let (search, decisions) = try findAttractors(
      .logistic(3.84), from: starts, maximumSteps: 100_000, maximumPeriod: 2)
    #expect(decisions.allSatisfy { $0.outcome == .cycle })
    #expect(decisions.allSatisfy { search.set($0)?.period == 3 })
  }

  /// Beyond r = 4 orbits of the logistic map leave [0, 1] through a hole about 1/2, whose measure 2 ((r - 4) / r)^(1/2) / pi
  /// is their rate.
  @Test func aLongTransientIsNoChaoticSet() throws {
    let starts = spaced(12, from: 0.05, to: 0.95).map { [$0] }
    // A mean lifetime of 25,000 steps: most orbits are still there when they are looked at first. That none of the 16
    // watched orbits leaves has a probability of exp(-10) at each look.
    let (_, transient) = try findAttractors(.logistic(4 + 1.6e-8), from: starts, maximumSteps: 20_000)
    #expect(Set(transient.map(\.outcome)) == [.diverged, .undecided])
    // One of 5 million is not told from a set; what is said of it holds.
    let (search, lasting) = try findAttractors(.logistic(4 + 4e-13), from: starts, maximumSteps: 20_000)
    #expect(lasting.allSatisfy { $0.outcome == .recurrent })
    let found = try #require(motion(search, lasting[0]))
    #expect(abs(found.leastLifetime - 16 * 16_384 / logarithm(20)) < 1e-6)
    let (other, curve) = try findAttractors(.delayedLogistic(2.1), from: [[0.5, 0.4]])
    #expect(try #require(motion(other, curve[0])).leastLifetime.isNaN)
  }

  @Test func twoSetsStayTwo() throws {
    // A curve for y < 0 and the mirrored one for y > 0, chosen by a bistable third component.
    let well = ToyMap(
      1, { [1.4 * $0[0] - 0.4 * $0[0] * $0[0] * $0[0]] }, jacobian: { [[1.4 - 1.2 * $0[0] * $0[0]]] })
    let map = ToyMap.radial(0.1, turning: 0.7).beside(well)
    let starts = spaced(10, from: -0.9, to: 0.9).map { [0.2, 0.1, $0] }
    let (search, decisions) = try findAttractors(map, from: starts, maximumSteps: 100_000)
    for (start, decision) in zip(starts, decisions) {
      #expect(decision.outcome == .recurrent)
      let found = try #require(motion(search, decision))
      #expect(abs(found.mean[2] - (start[2] < 0 ? -1 : 1)) <= 1e-6)
      #expect(abs(found.rotationNumber - 0.7 / (2 * Double.pi)) <= 1e-9)
    }
    #expect(Set(decisions.map(\.set)).count == 2)
  }

  @Test func twoFrequenciesAreAQuasiPeriodicSet() throws {
    let map = ToyMap.radial(0.1, turning: 0.7).beside(.radial(0.2, turning: 2.1 * 2.0.squareRoot()))
    let starts = [[0.1, 0.1, 0.1, 0.2], [0.3, 0, -0.2, 0.1], [-0.2, 0.1, 0.3, 0.3]]
    let (search, decisions) = try findAttractors(map, from: starts, maximumSteps: 100_000)
    #expect(decisions.allSatisfy { $0.outcome == .recurrent && $0.set == decisions[0].set })
    let found = try #require(motion(search, decisions[0]))
    #expect(found.kind == .quasiPeriodicSet && found.rotationNumber.isNaN)
    #expect(abs(found.exponents[0]) <= 1e-6 && abs(found.exponents[1]) <= 1e-6)
    #expect(abs(found.exponents[2] - logarithm(0.8)) <= 1e-6)
    #expect(abs(found.exponents[3] - logarithm(0.6)) <= 1e-6)
  }

  @Test func turningWithoutAttractionIsNoSet() throws {
    let (sine, cosine) = sineAndCosine(ofTurns: 0.7 / (2 * Double.pi))
    let turn = ToyMap.affine([[cosine, -sine], [sine, cosine]], [0, 0])
    let contraction = ToyMap.affine([[0.5]], [0])
    for map in [turn.withoutBound(), turn.beside(contraction)] {
      let starts = [0.01, 0.1, 1.0].map { [$0, 0] + Array(repeating: 0.2, count: map.dimension - 2) }
      let (search, decisions) = try findAttractors(map, from: starts, maximumSteps: 20_000)
      #expect(decisions.allSatisfy { $0.outcome == .undecided && $0.set == -1 })
      #expect(!search.sets.contains { $0.isStable })
    }
  }

  @Test(arguments: [0.99, 0.999, 0.9999, 0.99999, 0.999999, 1])
  func slowConvergenceIsNoSet(modulus: Double) throws {
    // A weak spiral, and a weak approach from alternating sides, beside a fast direction.
    let (sine, cosine) = sineAndCosine(ofTurns: 0.7 / (2 * Double.pi))
    let (c, s) = (modulus * cosine, modulus * sine)
    let spiral = ToyMap.affine([[c, -s, 0], [s, c, 0], [0, 0, 0.5]], [0, 0, 0]).withoutBound()
    let alternating = ToyMap.affine([[-modulus, 0], [0, 0.5]], [0, 0]).withoutBound()
    let creeping = ToyMap.affine([[modulus, 0], [0, 0.5]], [0, 0]).withoutBound()
    for map in [spiral, alternating, creeping] {
      let start = [1, 0.3] + Array(repeating: 0.2, count: map.dimension - 2)
      for maximumSteps in [3000, 20_000] {
        let (search, decisions) = try findAttractors(map, from: [start], maximumSteps: maximumSteps)
        #expect(decisions[0].outcome != .recurrent && decisions[0].outcome != .ambiguous)
        #expect(search.sets.allSatisfy { $0.period > 0 })
        if modulus == 0.99, maximumSteps == 20_000 { #expect(decisions[0].outcome == .converged) }
      }
    }
  }

  /// A small network whose latent states end on a closed curve, against plain iteration and plain averages.
  @Test func aSmallNetworkHasAClosedCurve() throws {
    let (search, decisions) = try searchOfNetwork(gain: 4, seed: 21)
    #expect(decisions.allSatisfy { $0.outcome == .recurrent && $0.set == 0 })
    guard case .recurrent(let found) = search.sets[0].motion else {
      Issue.record("no recurrent set")
      return
    }
    #expect(found.kind == .stableCurve && found.pieces == 1)
    let orbit = Linearization(map: search.map)
    var state = search.sets[0].points[0]
    let steps = 40_000
    var mean = [0.0, 0, 0]
    var turns = 0.0
    func angle(_ z: [Double]) -> Double {
      arctangent(z[0] - found.mean[0], z[1] - found.mean[1]) / (2 * Double.pi)
    }
    for _ in 0..<steps {
      let next = orbit.image(state)
      let step = angle(next) - angle(state)
      turns += step - step.rounded(.down)
      state = next
      for i in 0..<3 { mean[i] += state[i] / Double(steps) }
    }
    // Plain averages converge as 1 / steps.
    let rotation = turns / Double(steps)
    #expect(abs(min(rotation, 1 - rotation) - found.rotationNumber) <= 2 / Double(steps))
    for i in 0..<3 { #expect(abs(mean[i] - found.mean[i]) <= 20 / Double(steps)) }
    let plain = lyapunovExponents(of: search.map, from: state, count: 3, steps: 20_000, transient: 100)
    for (a, b) in zip(plain, found.exponents) { #expect(abs(a - b) <= 1e-3) }
  }

  private typealias NetworkSearch = AttractorSearch<
    DifferentiableInferenceMap<DenseNetwork<Double>>, GivenStart
  >

  private func searchOfNetwork(gain: Double, seed: UInt64) throws -> (
    search: NetworkSearch, decisions: [NetworkSearch.Decision]
  ) {
    let model = randomNetwork(
      data: 12, latent: 3, hidden: [10], .tanh, .bernoulli, gain: gain, seed: seed)
    var settings = NetworkSearch.Settings()
    settings.maximumSteps = 20_000
    let starts = (0..<24).map { k in
      (0..<3).map { 2 * sineAndCosine(ofTurns: Double((k + 1) * ($0 + 2) * 7) / (2 * Double.pi)).cosine }
    }
    let search = NetworkSearch(
      map: DifferentiableInferenceMap(DenseNetwork<Double>(model)),
      start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: 2, settings: settings)
    return (
      search,
      try search.decide(starts.indices.map { Member(level: 0, item: Int32($0), realization: 0) })
    )
  }

  @Test func aFewThousandStepsGiveTheSameLabels() throws {
    let starts = spaced(20, from: 0.05, to: 0.95).map { [$0, 0.4] }
    let (_, few) = try findAttractors(.delayedLogistic(2.1), from: starts, maximumSteps: 3000)
    let (_, many) = try findAttractors(.delayedLogistic(2.1), from: starts, maximumSteps: 100_000)
    #expect(few.map(\.outcome) == many.map(\.outcome) && few.map(\.set) == many.map(\.set))
  }
}
