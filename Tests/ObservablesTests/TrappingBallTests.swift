import Attractors
import Dynamics
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// States that lie in a ball go nowhere else: checked by iterating them.
@Suite struct TrappingBallTests {
  private func phase(_ ball: TrappingBall, _ state: [Double]) -> Int? {
    var scratch = state
    return ball.phase(of: state, scratch: &scratch)
  }

  /// Points just inside the ellipsoid around `centre`, in random directions and along the axes.
  private func boundary(_ ball: TrappingBall, _ centre: [Double], phase wanted: Int, seed: UInt64)
    -> [[Double]]
  {
    let n = centre.count
    var directions = normalRows(24, n, seed: seed)
    for i in 0..<n { directions.append((0..<n).map { $0 == i ? 1 : 0 }) }
    return directions.map { direction in
      var inside = 0.0
      var outside = 1e-12
      while phase(ball, zip(centre, direction).map { $0 + outside * $1 }) == wanted, outside < 1e6 {
        inside = outside
        outside *= 2
      }
      for _ in 0..<50 {
        let middle = 0.5 * (inside + outside)
        if phase(ball, zip(centre, direction).map { $0 + middle * $1 }) == wanted {
          inside = middle
        } else {
          outside = middle
        }
      }
      return zip(centre, direction).map { $0 + 0.999 * inside * $1 }
    }
  }

  /// Iterates boundary points of each phase: each image lies in the next ball, and in the end at the set.
  private func check<Map: DifferentiableMap>(
    _ set: InvariantSet, of map: Map, image: ([Double]) -> [Double],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let ball = try #require(TrappingBall(around: set, of: map), sourceLocation: sourceLocation)
    #expect(ball.radius > 0, sourceLocation: sourceLocation)
    for (i, centre) in set.points.enumerated() {
      #expect(phase(ball, centre) == i, sourceLocation: sourceLocation)
      for start in boundary(ball, centre, phase: i, seed: UInt64(i)) {
        var z = start
        var expected = i
        var away = Double.infinity
        for t in 0..<100_000 {
          #expect(phase(ball, z) == expected, "after \(t) steps", sourceLocation: sourceLocation)
          away = norm(difference(z, set.points[expected]))
          if away < 1e-9 { break }
          z = image(z)
          expected = (expected + 1) % set.period
        }
        #expect(away < 1e-9, sourceLocation: sourceLocation)
      }
    }
  }

  @Test func ballsTrapAroundFixedPointsOfQuadraticMaps() throws {
    for r in [0.5, 1.2, 2, 2.5, 2.9, 2.99] {
      let map = ToyMap.logistic(r)
      let (search, _) = try findAttractors(map, from: [[0.4]])
      let stable = search.sets.filter(\.isStable)
      #expect(stable.count == 1, "r = \(r)")
      for set in stable { try check(set, of: map) { map.image($0) } }
    }
    // Near the bifurcation of the ghost the ball must not hold the unstable point.
    for e in [-1e-2, -1e-4, -1e-6] {
      let map = ToyMap.ghost(e)
      let place = (-e).squareRoot()
      let (search, _) = try findAttractors(map, from: [[-place]])
      let set = try #require(search.sets.first)
      let ball = try #require(TrappingBall(around: set, of: map))
      #expect(phase(ball, [place]) == nil)
      // In one dimension the best ball is |v| < 2 sqrt(-e), up to the unstable point; most of it is used.
      #expect(phase(ball, [-place + 1.2 * place]) == 0)
      try check(set, of: map) { map.image($0) }
    }
  }

  @Test func ballsTrapAroundCyclesOfQuadraticMaps() throws {
    for (r, period) in [(3.1, 2), (3.2, 2), (3.4, 2), (3.5, 4), (3.83, 3), (3.55, 8)] {
      let map = ToyMap.logistic(r)
      let (search, decisions) = try findAttractors(map, from: [[0.4], [0.123]])
      let set = try #require(search.set(decisions[0]))
      #expect(set.period == period)
      try check(set, of: map) { map.image($0) }
    }
    let (search, decisions) = try findAttractors(
      .logistic2D, from: [[0.4, 0.3], [0.4, 0.8], [0.2, 0.25], [0.9, 0.6]])
    for set in Set(decisions.map(\.set)).map({ search.sets[Int($0)] }) {
      try check(set, of: ToyMap.logistic2D) { ToyMap.logistic2D.image($0) }
    }
  }

  /// Strongly sheared: |J| is 20 although the spectral radius is 0.9, so that only an ellipsoid contracts.
  @Test func anEllipsoidTrapsWhereTheMapShears() throws {
    let map = ToyMap(
      2, hessians: [[[0.2, 0], [0, 0.1]], [[0, 0.1], [0.1, 0]]],
      {
        [
          0.9 * $0[0] + 20 * $0[1] + 0.1 * $0[0] * $0[0] + 0.05 * $0[1] * $0[1],
          0.5 * $0[1] + 0.1 * $0[0] * $0[1],
        ]
      },
      jacobian: { [[0.9 + 0.2 * $0[0], 20 + 0.1 * $0[1]], [0.1 * $0[1], 0.5 + 0.1 * $0[0]]] })
    let (search, decisions) = try findAttractors(map, from: [[0.001, 0.001]])
    let set = try #require(search.set(decisions[0]))
    #expect(set.largestSingularValue > 20 && set.largestSingularValue < 20.1)
    try check(set, of: map) { map.image($0) }
    // The largest amplification, by brute force.
    var power = [[1.0, 0], [0, 1]]
    var largest = (factor: 1.0, time: 0)
    for t in 1...200 {
      power = product([[0.9, 20], [0, 0.5]], power)
      let (a, b, c, d) = (power[0][0], power[0][1], power[1][0], power[1][1])
      let squares = a * a + b * b + c * c + d * d
      let determinant = a * d - b * c
      let norm = (0.5 * (squares + (squares * squares - 4 * determinant * determinant).squareRoot()))
        .squareRoot()
      if norm > largest.factor { largest = (norm, t) }
    }
    let growth = set.transientGrowth()
    #expect(growth.time == largest.time)
    #expect(abs(growth.factor / largest.factor - 1) < 1e-12)
  }

  @Test func ballsTrapAroundAttractorsOfNetworks() throws {
    for (activation, likelihood) in AttractorsNetworkTests.kinds {
      let model = randomNetwork(
        data: 24, latent: 3, hidden: [16], activation, likelihood,
        gain: likelihood == .bernoulli ? 4 : activation == .tanh ? 2.5 : 1.5, seed: 44)
      let map = DifferentiableInferenceMap(model)
      let linearization = Linearization(map: map)
      let search = AttractorSearch(
        map: map, start: GivenStart(RowTable(normalRows(20, 3)), space: .latent), seed: 1, threads: 1)
      let decisions = try search.decide((0..<20).map { Member(level: 0, item: $0, realization: 0) })
      let reached = Set(decisions.filter { $0.set >= 0 }.map(\.set)).map { search.sets[Int($0)] }
      #expect(!reached.isEmpty, "\(activation), \(likelihood)")
      for set in reached {
        try check(set, of: map) { linearization.image($0) }
      }
    }
  }

  @Test func whereNothingIsProvenThereIsNoBall() throws {
    // Not stable; no bound known.
    let (search, _) = try findAttractors(.logistic(2.5), from: [[0.4]])
    try search.census(from: [[0.01], [-0.1]], budget: 8)
    let repeller = try #require(search.sets.first { !$0.isStable })
    #expect(TrappingBall(around: repeller, of: ToyMap.logistic(2.5)) == nil)
    let stable = try #require(search.sets.first { $0.isStable })
    #expect(TrappingBall(around: stable, of: ToyMap.logistic(2.5).withoutBound()) == nil)
    #expect(TrappingBall(around: stable, of: ToyMap.logistic(2.5)) != nil)
  }

  @Test func theEdgeOfABasinLiesBetweenItsBounds() throws {
    // The basin of 1 - 1/r is (0, 1): the boundary is at a distance of 1/r from it, beyond 1.
    for r in [1.5, 2.5, 2.9] {
      let starts = [[-0.3], [-0.05], [0.02], [0.3], [0.7], [0.99], [1.02], [1.4]]
      let (search, decisions) = try findAttractors(.logistic(r), from: starts)
      let members = starts.indices.map { Member(level: 0, item: Int32($0), realization: 0) }
      let edge = try #require(search.edges(of: members, decisions).first)
      let point = 1 - 1 / r
      let boundary = min(point, 1 / r)
      #expect(edge.provenDistance > 0 && edge.provenDistance <= boundary)
      #expect(edge.leavingDistance >= boundary)
      let away = starts.map { abs($0[0] - point) }
      let leaving = starts.indices.filter { decisions[$0].outcome == .diverged }
      #expect(edge.leavingStart == leaving.min { away[$0] < away[$1] })
      #expect(abs(edge.leavingDistance - away[edge.leavingStart]) <= 1e-15)
    }
  }
}
