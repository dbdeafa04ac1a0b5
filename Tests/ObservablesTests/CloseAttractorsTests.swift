import Dynamics
import Numerics
import Observables
import Testing
import VAE

/// Attractors nearer to one another than `mergeDistance`, and numbers whose squares underflow.
@Suite struct CloseAttractorsTests {
  /// 1.5 z - relu(z - k) + relu(-z - k), k = d/2: slope 1.5 within k, 0.5 outside, attractors at +-d.
  static func pair(_ d: Double, sign: Double = 1) -> DenseMap {
    piecewiseLinearMap(
      1,
      [
        Bend([1.5 * sign], [1]), Bend([-1.5 * sign], [-1]), Bend([-sign], [1], d / 2),
        Bend([sign], [-1], d / 2),
      ])
  }

  @Test(arguments: [4e-3, 4e-7, 4e-9], [true, false])
  func closeFixedPointsAreToldApart(d: Double, balls: Bool) throws {
    let starts = [[0.3], [-0.2], [d / 4], [-d / 4], [1], [0]]
    let (search, decisions) = try explore(Self.pair(d), from: starts, usesTrappingBalls: balls)
    let found = search.sets.sorted { $0.points[0][0] < $1.points[0][0] }
    #expect(found.map(\.kind) == [.stableFixedPoint, .repeller, .stableFixedPoint])
    for (set, place) in zip(found, [-d, 0, d]) { #expect(abs(set.points[0][0] - place) <= 1e-15) }
    for (start, decision) in zip(starts.dropLast(), decisions) {
      #expect(decision.outcome == .converged)
      #expect(search.set(decision).map { ($0.points[0][0] > 0) == (start[0] > 0) } == true)
    }
    #expect(decisions.last?.outcome == .slow)
  }

  /// Without a bound on the remainder there are no balls: the saddle between tells the attractors apart.
  @Test func withoutBallsTheSaddleTellsThemApart() throws {
    let d = 1e-7
    let map = ToyMap(
      1, { [$0[0] + 0.3 * $0[0] * (1 - $0[0] * $0[0] / (d * d))] },
      jacobian: { [[1.3 - 0.9 * $0[0] * $0[0] / (d * d)]] })
    let (search, decisions) = try findAttractors(map, from: [[0.3 * d], [-0.5 * d], [0.9 * d], [1.2 * d]])
    #expect(decisions.allSatisfy { $0.outcome == .converged })
    let stable = search.sets.filter(\.isStable).map { $0.points[0][0] }.sorted()
    #expect(stable.count == 2)
    #expect(zip(stable, [-d, d]).allSatisfy { abs($0 - $1) <= 1e-15 })
  }

  /// With slopes of the other sign +-d is a 2-cycle, of multiplier 1/4, around a repelling fixed point.
  @Test(arguments: [4e-3, 4e-8]) func aNarrowCycleIsToldFromItsFixedPoint(d: Double) throws {
    let (search, decisions) = try explore(Self.pair(d, sign: -1), from: [[0.3], [-0.2], [d / 3]])
    #expect(decisions.allSatisfy { $0.outcome == .cycle })
    let set = try #require(search.set(decisions[0]))
    #expect(set.period == 2 && abs(set.eigenvalues[0].real - 0.25) <= 1e-9)
    #expect(abs(set.points[0][0] + d) <= 1e-15 && abs(set.points[1][0] - d) <= 1e-15)
    #expect(search.sets.count { $0.period == 2 } == 1)
    #expect(search.sets.filter { $0.period == 1 }.map(\.kind) == [.repeller])
  }

  /// From 1e-200 beside a repeller with multiplier 2 an orbit takes ln(1e200 / 2) / ln 2 = 663 steps to the kinks at
  /// +-1/2, from where it goes to +-3/2.
  @Test func stepsWhoseSquaresUnderflowAreSteps() throws {
    let map = piecewiseLinearMap(
      1, [Bend([2], [1]), Bend([-2], [-1]), Bend([-1.5], [1], 0.5), Bend([1.5], [-1], 0.5)])
    let (search, decisions) = try explore(map, from: [[1e-200], [-1e-170], [1e-310], [0]])
    #expect(decisions.map(\.outcome) == [.converged, .converged, .converged, .slow])
    for (decision, place) in zip(decisions, [1.5, -1.5, 1.5]) {
      #expect(search.set(decision).map { abs($0.points[0][0] - place) <= 1e-14 } == true)
    }
    // Halved from 1 to below 1e-10 at the end: 34 steps more.
    #expect((690...705).contains(decisions[0].time))
  }

  /// Large numbers are no infinite ones: 1e200 halves at each step.
  @Test func statesWhoseSquaresOverflowAreStates() throws {
    let (_, decisions) = try explore(kink(right: 0.5, left: 0.5), from: [[1e200], [-1e300]])
    #expect(decisions.allSatisfy { $0.outcome == .converged })
  }
}
