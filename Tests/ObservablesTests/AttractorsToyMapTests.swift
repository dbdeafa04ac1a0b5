import Foundation
import Attractors
import Dynamics
import Numerics
import Observables
import TestSupport
import Testing

private let unit = 0x1p-53

/// The search against maps whose invariant sets are known in closed form.
@Suite struct AttractorsToyMapTests {
  @Test(arguments: [true, false]) func theLogisticFixedPointHasItsClosedForm(hasBound: Bool) throws {
    for r in [0.5, 1.5, 2, 2.5, 2.9] {
      let map = hasBound ? ToyMap.logistic(r) : ToyMap.logistic(r).withoutBound()
      let (search, decisions) = try findAttractors(map, from: spaced(40, from: 0, to: 1).map { [$0] })
      let expected = r > 1 ? 1 - 1 / r : 0
      let multiplier = r > 1 ? 2 - r : r
      for decision in decisions {
        #expect(decision.outcome == .converged)
        let set = try #require(search.set(decision))
        #expect(set.kind == .stableFixedPoint && set.period == 1 && set.stabilityIndex == 0)
        // An evaluation of F rounds by some units, which 1 / (1 - multiplier) <= 2 magnifies.
        #expect(abs(set.points[0][0] - expected) <= 8 * unit)
        #expect(abs(set.eigenvalues[0].real - multiplier) <= 2 * r * 8 * unit + 4 * unit)
        #expect(set.eigenvalues[0].imaginary == 0)
        #expect(set.residual <= 4 * unit)
      }
      // At r = 2 (superstable) and 0.5 orbits arrive within the first round, before there is a ball.
      if r > 2 { #expect(hasBound == (search.decidedByBall > 0)) }
    }
  }

  @Test func logisticCensusFindsTheOtherFixedPoint() throws {
    let (search, decisions) = try findAttractors(
      .logistic(2.5), from: spaced(20, from: 0, to: 1).map { [$0] })
    #expect(decisions.allSatisfy { $0.outcome == .converged })
    try search.census(from: spaced(16, from: -0.5, to: 1.5).map { [$0] }, budget: 64)
    let fixed = search.sets.filter { $0.period == 1 }.sorted { $0.points[0][0] < $1.points[0][0] }
    #expect(fixed.map(\.kind) == [.repeller, .stableFixedPoint])
    #expect(abs(fixed[0].points[0][0]) <= 4 * unit)
    #expect(abs(fixed[0].eigenvalues[0].real - 2.5) <= 32 * unit)
  }

  @Test(arguments: [true, false]) func theLogisticTwoCycleHasItsClosedForm(hasBound: Bool) throws {
    let r = 3.2
    let map = hasBound ? ToyMap.logistic(r) : ToyMap.logistic(r).withoutBound()
    // Not 40: then the unstable fixed point 0.6875 would be one of them.
    let (search, decisions) = try findAttractors(map, from: spaced(41, from: 0, to: 1).map { [$0] })
    // x = (r + 1 -+ sqrt((r + 1)(r - 3))) / (2 r).
    let root = ((r + 1) * (r - 3)).squareRoot()
    for decision in decisions {
      #expect(decision.outcome == .cycle)
      let set = try #require(search.set(decision))
      #expect(set.kind == .stableCycle && set.period == 2 && set.points.count == 2)
      #expect(abs(set.points[0][0] - (r + 1 - root) / (2 * r)) <= 16 * unit)
      #expect(abs(set.points[1][0] - (r + 1 + root) / (2 * r)) <= 16 * unit)
      #expect(abs(set.eigenvalues[0].real - (4 + 2 * r - r * r)) <= 200 * unit)
    }
    try search.census(from: spaced(16, from: -0.2, to: 1.2).map { [$0] }, budget: 200)
    let fixed = search.sets.filter { $0.period == 1 }.sorted { $0.points[0][0] < $1.points[0][0] }
    try #require(fixed.count == 2)
    #expect(abs(fixed[0].points[0][0]) <= 4 * unit && fixed[0].kind == .repeller)
    #expect(abs(fixed[1].points[0][0] - (1 - 1 / r)) <= 4 * unit && fixed[1].kind == .repeller)
  }

  @Test func theLogisticFourCycleHasAnUnstableParent() throws {
    let r = 3.5
    let (search, decisions) = try findAttractors(.logistic(r), from: spaced(60, from: 0, to: 1).map { [$0] })
    for decision in decisions {
      #expect(decision.outcome == .cycle)
      let set = try #require(search.set(decision))
      #expect(set.period == 4 && set.kind == .stableCycle)
      // By brute force: the orbit of 1/2, which contracts by |multiplier| < 1 each 4 steps.
      let orbit = ToyMap.logistic(r).iterated([0.5], 4000)
      let cycle = (0..<4).map { ToyMap.logistic(r).iterated(orbit, $0)[0] }
      #expect(zip(set.points.map { $0[0] }.sorted(), cycle.sorted()).allSatisfy { abs($0 - $1) <= 64 * unit })
      let multiplier = cycle.reduce(1) { $0 * r * (1 - 2 * $1) }
      #expect(abs(set.eigenvalues[0].real - multiplier) <= 1e3 * unit)
    }
    try search.census(from: spaced(16, from: -0.2, to: 1.2).map { [$0] }, budget: 200)
    let two = search.sets.filter { $0.period == 2 }
    #expect(two.count == 1)
    let set = try #require(two.first)
    #expect(set.kind == .unstableCycle && set.stabilityIndex == 1)
    // 4 + 2 r - r^2 = -1.25.
    #expect(abs(set.eigenvalues[0].real + 1.25) <= 200 * unit)
  }

  @Test(arguments: [2.0, 1 + 5.0.squareRoot(), 3.498_561_699_327_702])
  func superstableSetsHoldTheCriticalPoint(r: Double) throws {
    // 1/2 belongs to the fixed point, the 2-cycle, the 4-cycle: the multiplier is 0.
    let (search, decisions) = try findAttractors(.logistic(r), from: spaced(30, from: 0, to: 1).map { [$0] })
    let period = r == 2 ? 1 : r < 3.4 ? 2 : 4
    for decision in decisions {
      let set = try #require(search.set(decision))
      #expect(set.period == period && set.isStable)
      // r itself is known to some units only, and the points' distance from 1/2 enters with r^(p-1).
      #expect(set.spectralRadius <= 1e4 * unit)
      #expect(set.points.contains { abs($0[0] - 0.5) <= 1e3 * unit })
    }
  }

  @Test func aStartOnTheRepellerHasNotConverged() throws {
    // 0 is exact; at r = 3.5 the image of the fixed point 1 - 1/r = 5/7 is not exact, and the orbit leaves it.
    for map in [ToyMap.logistic(2.5), .logistic(3.2), .logistic(3.5)] {
      let (_, decisions) = try findAttractors(map, from: [[0], [1]])
      #expect(decisions.map(\.outcome) == [.slow, .slow])
      #expect(decisions.map(\.set) == [-1, -1])
    }
    let (other, decisions) = try findAttractors(.logistic(3.5), from: [[5 / 7.0]])
    #expect(decisions[0].outcome == .cycle)
    #expect(other.set(decisions[0])?.period == 4)
    // The unstable 2-cycle of r = 3.5: its points 3/7 and 6/7 as doubles. Whatever the roundings do,
    // it must not be called an attractor.
    let (third, cycle) = try findAttractors(.logistic(3.5), from: [[3 / 7.0], [6 / 7.0]], maximumSteps: 3000)
    for decision in cycle {
      let period = third.set(decision)?.period
      #expect(decision.set < 0 || period == 4)
      #expect(decision.outcome != .converged)
    }
  }

  @Test func convergenceTimesAreThoseOfPlainIteration() throws {
    for r in [1.2, 2.5, 2.9, 2.99] {
      let map = ToyMap.logistic(r)
      let starts = spaced(25, from: 0.05, to: 0.95).map { [$0] }
      let (_, plain) = try findAttractors(map.withoutBound(), from: starts)
      let (_, balls) = try findAttractors(map, from: starts)
      for (k, start) in starts.enumerated() {
        var z = start
        var time = 0
        var step = Double.infinity
        while step >= 1e-10 {
          let next = map.image(z)
          step = abs(next[0] - z[0])
          z = next
          time += 1
        }
        #expect(Int(plain[k].time) == time, "r = \(r)")
        // In a ball the linearized map takes over: a displacement d is wrong by a relative error that is at
        // most bound(d)/d <= 1 - q summed over the way, i.e. some e-foldings at most.
        #expect(abs(Double(balls[k].time) - Double(time)) <= 2 + 2 / (1 - abs(2 - r)), "r = \(r)")
      }
    }
  }

  @Test func lyapunovExponentsHaveTheirClosedForms() throws {
    let map = ToyMap.logistic(4)
    for start in [0.1234, 0.4, 0.7171] {
      let steps = 2000
      var x = [start]
      // x (1 - x) is known to a relative error of some units / (x (1 - x)), which enters with 1 / (2 n).
      var error = 0.0
      for _ in 0..<steps {
        error += 4 * unit / (x[0] * (1 - x[0]))
        x = map.image(x)
      }
      let expected =
        logarithm(2) + logarithm(x[0] * (1 - x[0]) / (start * (1 - start))) / (2 * Double(steps))
      let exponents = lyapunovExponents(of: map, from: [start], count: 1, steps: steps)
      #expect(exponents.count == 1)
      #expect(abs(exponents[0] - expected) <= error / Double(steps) + 100 * unit)
    }
    // A 2-cycle: half the logarithm of its multiplier.
    let r = 3.2
    let root = ((r + 1) * (r - 3)).squareRoot()
    let cycle = lyapunovExponents(
      of: ToyMap.logistic(r), from: [(r + 1 - root) / (2 * r)], count: 1, steps: 100)
    #expect(abs(cycle[0] - 0.5 * logarithm(abs(4 + 2 * r - r * r))) <= 1e3 * unit)
    // Divergence.
    #expect(lyapunovExponents(of: ToyMap.logistic(5), from: [0.4], count: 1, steps: 100) == [])
  }

  @Test func henonsFixedPointsAreFoundExactly() throws {
    // Starts on the strange attractor (after a transient).
    let starts = (0..<8).map { ToyMap.henon.iterated([0.05 * Double($0), 0.1], 200) }
    let (search, decisions) = try findAttractors(
      .henon, from: starts, maximumSteps: 3000, maximumPeriod: 6, looksForRecurrence: false)
    #expect(decisions.allSatisfy { $0.outcome == .undecided && $0.set == -1 && $0.time == -1 })
    #expect(search.unsettled.count == 8)
    try search.census(from: spaced(40, from: -1.5, to: 1.5).map { [$0, 0.3 * $0] }, budget: 400)

    let fixed = search.sets.filter { $0.period == 1 }.sorted { $0.points[0][0] > $1.points[0][0] }
    try #require(fixed.count == 2)
    // a x^2 + (1 - b) x - 1 = 0; eigenvalues of [[-2 a x, 1], [b, 0]].
    for (set, sign) in zip(fixed, [1.0, -1]) {
      let x = (-0.7 + sign * (0.49 + 5.6).squareRoot()) / 2.8
      #expect(abs(set.points[0][0] - x) <= 16 * unit && abs(set.points[0][1] - 0.3 * x) <= 8 * unit)
      let half = -1.4 * x
      let spread = (half * half + 0.3).squareRoot()
      let larger = half < 0 ? half - spread : half + spread
      #expect(abs(set.eigenvalues[0].real - larger) <= 64 * unit)
      #expect(abs(set.eigenvalues[1].real + 0.3 / larger) <= 64 * unit)
      #expect(set.kind == .saddle && set.stabilityIndex == 1)
    }
    #expect(abs(fixed[0].eigenvalues[0].real + 1.923739) < 5e-7)  // to six digits
    #expect(abs(fixed[1].eigenvalues[0].real - 3.259822) < 5e-7)
    // One cycle of period 2, none of 3 and 5, one of 4, two of 6 (Biham and Wenzel 1989,
    // doi:10.1103/PhysRevLett.63.819).
    for (period, most) in [(2, 1), (3, 0), (4, 1), (5, 0), (6, 2)] {
      #expect(search.sets.count { $0.period == period } <= most, "period \(period)")
    }
    #expect(search.sets.contains { $0.period == 2 })
    for set in search.sets where set.period > 1 {
      #expect(set.kind == .unstableCycle)
      // The map contracts areas by b per step: the product of a cycle's multipliers is (-b)^p.
      let product = set.eigenvalues[0].real * set.eigenvalues[1].real
      #expect(abs(product - power(-0.3, Double(set.period))) <= 1e-12 * set.spectralRadius)
      for (k, point) in set.points.enumerated() {
        let next = set.points[(k + 1) % set.period]
        #expect(norm(difference(ToyMap.henon.image(point), next)) <= 1e-9)
      }
    }
    // The sum of both exponents is the logarithm of the contraction of areas at every step.
    let steps = 5000
    let exponents = lyapunovExponents(
      of: ToyMap.henon, from: starts[0], count: 2, steps: steps, transient: 50)
    // Gram and Schmidt's second vector loses the digits that the first one's stretching takes: a factor
    // |J|^2 / 0.3 <= 60 of some units per step, on average over steps.
    #expect(abs(exponents[0] + exponents[1] - logarithm(0.3)) <= 500 * unit)
    // 0.419, with a scatter of about 1 / sqrt(steps) between orbits.
    #expect(abs(exponents[0] - 0.419) < 3 / Double(steps).squareRoot())
    // One at a time gives the same leading exponent.
    let leading = lyapunovExponents(of: ToyMap.henon, from: starts[0], count: 1, steps: steps, transient: 50)
    #expect(abs(leading[0] - exponents[0]) <= 500 * unit)
  }

  @Test func spiralsHaveTheirModulusAndAngle() throws {
    for (modulus, angle) in [(0.9, 2.0), (0.95, 2 * Double.pi / 3), (0.99, 0.5), (0.5, 3.0)] {
      let (c, s) = (modulus * cos(angle), modulus * sin(angle))
      // A quadratic part, so that the map is not linear.
      let map = ToyMap(
        2, hessians: [[[0.02, 0], [0, 0]], [[0, 0.01], [0.01, 0]]],
        { [c * $0[0] - s * $0[1] + 0.01 * $0[0] * $0[0], s * $0[0] + c * $0[1] + 0.01 * $0[0] * $0[1]] },
        jacobian: { [[c + 0.02 * $0[0], -s], [s + 0.01 * $0[1], c + 0.01 * $0[0]]] })
      let starts = spaced(20, from: -0.8, to: 0.8).map { [$0, 0.3] }
      for map in [map, map.withoutBound()] {
        let (search, decisions) = try findAttractors(map, from: starts)
        for (start, decision) in zip(starts, decisions) {
          #expect(decision.outcome == .converged)
          let set = try #require(search.set(decision))
          #expect(norm(set.points[0]) <= 1e-14)  // residuals of some units / (1 - modulus)
          #expect(abs(set.spectralRadius - modulus) <= 32 * unit)
          #expect(abs(set.eigenvalues[0].real - c) <= 1e-15 + 32 * unit)
          #expect(abs(abs(set.eigenvalues[0].imaginary) - abs(s)) <= 1e-15 + 32 * unit)
          #expect(set.eigenvalues[0].imaginary == -set.eigenvalues[1].imaginary)
          var z = start
          var time = 0
          var step = Double.infinity
          while step >= 1e-10 {
            let next = map.image(z)
            step = norm(difference(next, z))
            z = next
            time += 1
          }
          #expect(abs(Int(decision.time) - time) <= (map.hessians == nil ? 0 : 2 + Int(1 / (1 - modulus))))
        }
      }
    }
  }

  @Test func aFixedPointAndACycleAreToldApart() throws {
    let starts = spaced(10, from: 0.1, to: 0.9).flatMap { x in [-0.9, -0.2, 0.2, 0.9].map { [x, $0] } }
    for threads in [1, 2] {
      let (search, decisions) = try findAttractors(.fixedPointBesideCycle, from: starts, threads: threads)
      for (start, decision) in zip(starts, decisions) {
        let set = try #require(search.set(decision))
        if start[1] < 0 {
          #expect(decision.outcome == .converged && set.period == 1)
          #expect(norm(difference(set.points[0], [0.6, -1])) <= 16 * unit)
          // Triangular Jacobian: 2 - r and 1.4 - 1.2.
          #expect(abs(set.eigenvalues[0].real + 0.5) <= 32 * unit)
          #expect(abs(set.eigenvalues[1].real - 0.2) <= 32 * unit)
        } else {
          #expect(decision.outcome == .cycle && set.period == 2)
          #expect(set.points.allSatisfy { abs($0[1] - 1) <= 16 * unit })
          #expect(abs(set.eigenvalues[0].real - (4 + 6.4 - 3.2 * 3.2)) <= 300 * unit)
          #expect(abs(set.eigenvalues[1].real - 0.04) <= 32 * unit)
        }
      }
      #expect(Set(decisions.map(\.set)).count == 2)
    }
  }

  @Test func escapeIsDivergence() throws {
    let (_, decisions) = try findAttractors(.logistic(5), from: [[0.4], [1.5], [-0.3]])
    #expect(decisions.map(\.outcome) == [.diverged, .diverged, .diverged])
    #expect(decisions.allSatisfy { $0.set == -1 && $0.time > 0 && $0.time < 40 })
    let (_, doubled) = try findAttractors(.affine([[2]], [0]), from: [[1], [-1], [0]], maximumSteps: 2000)
    #expect(doubled.map(\.outcome) == [.diverged, .diverged, .slow])
    // 2^1024 is not finite; the square of a step is not from 2^512 on.
    #expect(doubled[0].time >= 512 && doubled[0].time <= 1024)
    let (_, given) = try findAttractors(.logistic(2.5), from: [[.nan], [.infinity], [0.5]])
    #expect(given.map(\.outcome) == [.diverged, .diverged, .converged])
    // For ever on its way, without an end.
    let (_, moving) = try findAttractors(.affine([[1]], [1]), from: [[0]], maximumSteps: 5000)
    #expect(moving.map(\.outcome) == [.undecided])
  }

  @Test func nearlyDoubledPeriodIsStillAFixedPoint() throws {
    // Multiplier 2 - r = -0.999: every second step nearly returns.
    let map = ToyMap.logistic(2.999).withoutBound()
    let (search, decisions) = try findAttractors(map, from: [[0.3], [0.7]], maximumSteps: 100_000)
    for (start, decision) in zip([0.3, 0.7], decisions) {
      #expect(decision.outcome == .converged)
      #expect(search.set(decision)?.period == 1)
      var x = [start]
      var time = 0
      var step = Double.infinity
      while step >= 1e-10 {
        let next = map.image(x)
        step = abs(next[0] - x[0])
        x = next
        time += 1
      }
      #expect(Int(decision.time) == time)
    }
    // Just after the doubling: a 2-cycle whose points are 0.02 apart, multiplier 4 + 2 r - r^2 = 0.996.
    let (cycles, after) = try findAttractors(
      .logistic(3.001), from: [[0.3], [0.7]], maximumSteps: 100_000)
    #expect(after.allSatisfy { $0.outcome == .cycle })
    #expect(after.allSatisfy { cycles.set($0)?.period == 2 })
  }

  @Test func twoClosePointsOfDifferentStabilityAreTwo() throws {
    // After the saddle-node bifurcation: -sqrt(-e) stable, sqrt(-e) unstable, 4e-6 and 4e-7 apart.
    for e in [-4e-12, -4e-14] {
      let place = (-e).squareRoot()
      // Just beyond the unstable point the step is as small as just before the stable one, and the orbit escapes,
      // after some 1 / sqrt(-e) steps.
      let starts = [[-place * 1.01], [place * 1.01], [place * 1.3], [place * 3]]
      let (search, decisions) = try findAttractors(.ghost(e), from: starts, maximumSteps: 100)
      for decision in decisions.dropFirst() { #expect(decision.outcome == .slow && decision.set == -1) }
      try search.census(from: [[place * 1.2], [-place * 1.2]], budget: 8)
      let kinds = search.sets.map { ($0.points[0][0] < 0, $0.kind) }
      // Closer than 1e-6 they may be refused as not to be told apart, but never be one.
      #expect(kinds.allSatisfy { $0.0 == ($0.1 == .stableFixedPoint) })
      if e < -1e-12 { #expect(kinds.count == 2) }
    }
  }
}
