import Foundation
import Dynamics
import Numerics
import Observables
import TestSupport
import Testing

private let unit = 0x1p-53

/// The search at places where orbits linger, or do not settle at all.
@Suite struct AttractorsSlowPlaceTests {
  @Test(arguments: [1e-6, 1e-8, 1e-11, 3e-12, 1e-12, 1e-13, 1e-14])
  func ghostIsNeverConverged(e: Double) throws {
    // In the bottleneck |x| < sqrt(e) the step is at most 2 e; the passage takes pi / sqrt(e) >= 3141 steps.
    for map in [ToyMap.ghost(e), .ghost(e).withoutBound()] {
      for place in [-30, -10, -3, -1, -0.3, -0.1, 0, 0.1, 0.5] {
        let start = place * e.squareRoot()
        for tolerance in [1e-10, 1e-5] {
          let (search, decisions) = try findAttractors(
            map, from: [[start]], tolerance: tolerance, maximumSteps: 300)
          #expect(decisions[0].outcome == .slow, "from \(place) sqrt(e), tolerance \(tolerance)")
          #expect(decisions[0].set == -1 && decisions[0].time == -1)
          #expect(search.sets.isEmpty)
        }
      }
    }
  }

  @Test func ghostPassageTakesItsTime() throws {
    let e = 1e-6
    let whole = Double.pi / e.squareRoot()
    // From -0.1 the bottleneck's middle is reached after arccot(0.1 / sqrt(e)) / sqrt(e) = pi / (2 sqrt(e)) - 10
    // steps; the step is below 1e-5 (the root of the tolerance) for |x| < 3 sqrt(e), arctan(3) / sqrt(e) = 1249
    // steps before and after it.
    for (steps, outcome) in [
      (200, Outcome.undecided), (400, .slow), (1571, .slow), (2700, .slow), (2900, .undecided),
      (4000, .diverged), (100_000, .diverged),
    ] {
      let (_, decisions) = try findAttractors(.ghost(e), from: [[-0.1]], maximumSteps: steps)
      #expect(decisions[0].outcome == outcome, "\(steps) steps")
      if outcome == .diverged {
        #expect(abs(Double(decisions[0].time) / whole - 1) < 0.02)
      }
    }
    // A tolerance above the bottleneck's steps changes nothing.
    let (_, decisions) = try findAttractors(.ghost(e), from: [[-0.1]], tolerance: 1e-3, maximumSteps: 100_000)
    #expect(decisions[0].outcome == .diverged)
    #expect(abs(Double(decisions[0].time) / whole - 1) < 0.02)
  }

  /// Beyond the bifurcation the same map has a fixed point, and orbits of the same speed do converge.
  @Test(arguments: [-1e-4, -1e-6, -1e-8]) func afterTheBifurcationTheGhostIsReal(e: Double) throws {
    let (search, decisions) = try findAttractors(
      .ghost(e), from: [[-0.02], [0]], maximumSteps: 10_000_000)
    let place = (-e).squareRoot()
    for decision in decisions {
      #expect(decision.outcome == .converged)
      let set = try #require(search.set(decision))
      #expect(set.kind == .stableFixedPoint)
      #expect(abs(set.points[0][0] + place) <= 4 * unit / place)
      #expect(abs(set.spectralRadius - (1 - 2 * place)) <= 16 * unit / place)
    }
    try search.census(from: [[place * 1.1]], budget: 8)
    #expect(search.sets.contains { $0.kind == .repeller && abs($0.points[0][0] - place) <= 4 * unit / place })
  }

  /// x -> x + K (x + 0.08)(x + 0.05)(x^2 + e)(1 - x): a stable point at -0.08, an unstable one at -0.05, a ghost
  /// at 0, where Newton's corrections are large, and the attractor 1.
  ///
  /// A start to the right of -0.05 can only go to 1.
  @Test func newtonFromAGhostMustNotNameAnotherAttractor() throws {
    let k = 1.0
    for e in [1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-4] {
      let rate: @Sendable (Double) -> Double = { x in k * (x + 0.08) * (x + 0.05) * (x * x + e) * (1 - x) }
      let slope: @Sendable (Double) -> Double = { x in
        let (a, b, c, d) = (x + 0.08, x + 0.05, x * x + e, 1 - x)
        return k * (b * c * d + a * c * d + a * b * 2 * x * d - a * b * c)
      }
      let map = ToyMap(1, { [$0[0] + rate($0[0])] }, jacobian: { [[1 + slope($0[0])]] })
      let starts = [-0.04, -0.01, -1e-3, -1e-4, -1e-5, -1e-6, 0, 1e-6, 1e-5, 1e-4, 1e-3]
      let (search, decisions) = try findAttractors(
        map, from: starts.map { [$0] }, tolerance: 1e-7, maximumSteps: 200_000)
      for (start, decision) in zip(starts, decisions) {
        if let set = search.set(decision) {
          #expect(abs(set.points[0][0] - 1) < 1e-6, "from \(start) at e = \(e)")
        } else {
          #expect(decision.outcome == .slow || decision.outcome == .undecided)
        }
      }
      // The passage takes pi / (0.004 sqrt(e)) steps: 78,000 for the largest e, where everything arrives.
      if e == 1e-4 { #expect(decisions.allSatisfy { $0.outcome == .converged }) }
    }
  }

  @Test(arguments: [1e-10, 1e-6, 1e-3], [0.0, 0.3])
  func passingASaddleIsNotStaying(tolerance: Double, angle: Double) throws {
    // From (x, 1) with tiny x the orbit comes near the saddle at the origin, where the step falls to about
    // x^(ln 2 / ln 3) (multipliers 1.5 and 0.5), and leaves it after ln(1/x) / ln 1.5 steps.
    let well = ToyMap.doubleWell(0.5, 0.5)
    let map = angle == 0 ? well : well.rotated(by: angle)
    func turned(_ z: [Double]) -> [Double] {
      let (c, s) = (cos(angle), sin(angle))
      return [c * z[0] - s * z[1], s * z[0] + c * z[1]]
    }
    // Rotated coordinates hold 1e-14 of 1 only.
    let sizes = angle == 0 ? [1e-30, 1e-20, 1e-12, 1e-6] : [1e-14, 1e-12, 1e-6]
    let starts = sizes.flatMap { [turned([$0, 1]), turned([-$0, 1])] }
    let (search, decisions) = try findAttractors(map, from: starts, tolerance: tolerance)
    for (k, decision) in decisions.enumerated() {
      let x = sizes[k / 2]
      #expect(decision.outcome == .converged)
      let set = try #require(search.set(decision))
      #expect(set.kind == .stableFixedPoint)
      #expect(norm(difference(set.points[0], turned([k % 2 == 0 ? 1 : -1, 0]))) <= 16 * unit)
      // It arrives, not before it has left the saddle; superstable, so some steps later at most.
      let passage = logarithm(1 / x) / logarithm(1.5)
      #expect(Double(decision.time) >= 0.8 * passage - 2)
      #expect(Double(decision.time) <= 1.2 * passage + 40)
    }
    try search.census(from: [turned([0.1, 0.1])], budget: 8)
    #expect(search.sets.count { $0.kind == .saddle } == 1)
    // Exactly on the stable manifold it stays: slow, not converged.
    if angle == 0 {
      let (_, decisions) = try findAttractors(map, from: [[0, 1], [0, 0]], tolerance: tolerance)
      #expect(decisions.map(\.outcome) == [.slow, .slow])
    }
  }

  @Test func aPassageDoesNotDelayTheEnd() throws {
    // The attractor turns sides at every step (multiplier -0.9): roundings keep its last digits moving, so a
    // tolerance that the saddle's tiny steps have lowered might never be met.
    let map = ToyMap.doubleWell(0.95, 0.1).rotated(by: 0.3)
    let (c, s) = (cos(0.3), sin(0.3))
    let starts = (0..<40).map { k -> [Double] in
      let (x, y) = (1e-15 * Double(k + 1), 1.0)
      return [c * x - s * y, s * x + c * y]
    }
    let (_, decisions) = try findAttractors(map, from: starts, maximumSteps: 20_000)
    for decision in decisions {
      #expect(decision.outcome == .converged)
      // About ln(1e15) / ln 1.95 = 52 steps at the saddle, and ln(1e10) / -ln 0.9 = 219 to the end.
      #expect(decision.time < 400)
    }
  }

  @Test func neutralLinesAreSlow() throws {
    // Every point of the line y = 0 is fixed: the eigenvalue along it is 1.
    let line = ToyMap.affine([[1, 0], [0, 0.5]], [0, 0])
    let starts = spaced(20, from: -2, to: 2).map { [$0, 1] }
    for map in [
      line, line.withoutBound(), line.rotated(by: 0.3), line.rotated(by: 1), line.rotated(by: 2.5),
    ] {
      let (search, decisions) = try findAttractors(map, from: starts, maximumSteps: 500)
      #expect(decisions.allSatisfy { $0.outcome == .slow && $0.set == -1 })
      #expect(!search.sets.contains { $0.isStable })
    }
    // Linear in the plane with the same line, written as one matrix, so that a bound is known (0).
    for angle in [0.3, 1, 2.5] {
      let (c, s) = (cos(angle), sin(angle))
      let matrix = [[c * c + 0.5 * s * s, 0.5 * c * s], [0.5 * c * s, s * s + 0.5 * c * c]]
      let (search, decisions) = try findAttractors(.affine(matrix, [0, 0]), from: starts, maximumSteps: 500)
      #expect(decisions.allSatisfy { $0.outcome == .slow && $0.set == -1 }, "angle \(angle)")
      #expect(!search.sets.contains { $0.isStable }, "angle \(angle)")
    }
  }

  @Test func aCircleOfFixedPointsHoldsNoAttractor() throws {
    // z -> z (1 + (1 - |z|^2) / 4): attracted to the unit circle, of which every point is fixed.
    let map = ToyMap(
      2,
      { z in
        let factor = 1 + 0.25 * (1 - z[0] * z[0] - z[1] * z[1])
        return [factor * z[0], factor * z[1]]
      },
      jacobian: { z in
        let factor = 1 + 0.25 * (1 - z[0] * z[0] - z[1] * z[1])
        return [
          [factor - 0.5 * z[0] * z[0], -0.5 * z[0] * z[1]], [-0.5 * z[0] * z[1], factor - 0.5 * z[1] * z[1]],
        ]
      })
    let starts = (0..<60).map { k -> [Double] in
      let (radius, angle) = (0.5 + 0.01 * Double(k), Double(k))
      return [radius * cos(angle), radius * sin(angle)]
    }
    let (search, decisions) = try findAttractors(map, from: starts, maximumSteps: 500)
    #expect(decisions.allSatisfy { $0.outcome == .slow && $0.set == -1 })
    #expect(!search.sets.contains { $0.isStable })
  }

  @Test func turningWithoutContractionIsUndecided() throws {
    for angle in [0.1, 1, 2.0] {
      let (c, s) = (cos(angle), sin(angle))
      let map = ToyMap.affine([[c, -s], [s, c]], [0, 0])
      for map in [map, map.withoutBound()] {
        let starts = [0.001, 0.01, 0.1, 1].map { [$0, 0.0] }
        let (search, decisions) = try findAttractors(map, from: starts, maximumSteps: 2000)
        #expect(decisions.allSatisfy { $0.outcome == .undecided && $0.set == -1 }, "angle \(angle)")
        #expect(search.decidedByBall == 0)
        #expect(!search.sets.contains { $0.isStable })
      }
    }
  }

  @Test func algebraicDecayIsSlow() throws {
    // x -> x - x^3 goes to 0 as 1 / sqrt(2 t): its eigenvalue is 1.
    let map = ToyMap(1, { [$0[0] - $0[0] * $0[0] * $0[0]] }, jacobian: { [[1 - 3 * $0[0] * $0[0]]] })
    // x = 1e-5 after 5e9 steps; from 1e-4 the step is 1e-12, below the tolerance.
    let (search, decisions) = try findAttractors(
      map, from: [[0.3], [1e-2], [1e-4], [-1e-4]], maximumSteps: 10_000)
    #expect(decisions.allSatisfy { $0.outcome == .slow && $0.set == -1 })
    #expect(!search.sets.contains { $0.isStable })
  }

  @Test func withMaximumPeriodOneCyclesAreUndecided() throws {
    let starts = spaced(10, from: 0, to: 1).map { [$0] }
    let (search, decisions) = try findAttractors(
      .logistic(3.2), from: starts, maximumSteps: 500, maximumPeriod: 1)
    #expect(decisions.allSatisfy { $0.outcome == .undecided })
    #expect(!search.sets.contains { $0.period > 1 })
    try search.census(from: starts, budget: 40)
    #expect(search.sets.allSatisfy { $0.period == 1 && !$0.isStable })
    let (_, others) = try findAttractors(.logistic(2.5), from: starts, maximumPeriod: 1)
    #expect(others.allSatisfy { $0.outcome == .converged })
  }

  @Test func withoutLooksCyclesLongerThanTheMaximumPeriodAreUndecided() throws {
    let starts = spaced(10, from: 0, to: 1).map { [$0] }
    // The 4-cycle of r = 3.5, the 3-cycle of r = 3.83.
    for (r, period) in [(3.5, 4), (3.83, 3)] {
      for maximum in 1...5 {
        let (search, decisions) = try findAttractors(
          .logistic(r), from: starts, maximumSteps: 3000, maximumPeriod: maximum,
          looksForRecurrence: false)
        for decision in decisions {
          #expect(decision.outcome == (maximum >= period ? .cycle : .undecided), "\(r), \(maximum)")
          #expect(search.set(decision)?.period == (maximum >= period ? period : nil))
        }
      }
    }
  }

  @Test(arguments: 1...12) func tooFewStepsAreUndecided(steps: Int) throws {
    // 2.9: multiplier -0.9; 219 steps to the tolerance.
    let starts = spaced(30, from: 0.05, to: 0.95).map { [$0] }
    for map in [ToyMap.logistic(2.9).withoutBound(), .logistic(3.2).withoutBound()] {
      let (_, decisions) = try findAttractors(map, from: starts, maximumSteps: steps)
      #expect(decisions.allSatisfy { $0.outcome == .undecided && $0.set == -1 && $0.time == -1 })
    }
  }
}
