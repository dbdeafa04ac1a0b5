import Attractors
import Dynamics
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// Fixed points on the kinks of piecewise linear networks.
@Suite struct NonSmoothPointTests {
  struct Example: CustomTestStringConvertible, Sendable {
    var right: Double
    var left: Double
    var stability: InvariantSet.Stability
    /// Of starts to the left, at the point, to the right.
    var outcomes: [Outcome]
    var testDescription: String { "\(right) | \(left)" }

    init(_ right: Double, _ left: Double, _ stability: InvariantSet.Stability, _ outcomes: [Outcome]) {
      (self.right, self.left) = (right, left)
      (self.stability, self.outcomes) = (stability, outcomes)
    }
  }

  /// In one dimension orbits can be followed by hand: a side with slope in [0, 1) contracts, one above 1 expands, a
  /// negative slope changes sides.
  static let examples = [
    Example(0.5, 2, .semiStable, [.diverged, .slow, .converged]),
    Example(2, 0.5, .semiStable, [.converged, .slow, .diverged]),
    Example(0.999, 2, .semiStable, [.diverged, .slow, .converged]),
    Example(0, 2, .semiStable, [.diverged, .slow, .converged]),
    Example(0.2, 0.9, .stable, [.converged, .converged, .converged]),
    Example(-2, -0.4, .stable, [.converged, .converged, .converged]),
    Example(-0.4, -2, .stable, [.converged, .converged, .converged]),
    Example(0.5, -3, .stable, [.converged, .converged, .converged]),
    Example(-3, 0.5, .stable, [.converged, .converged, .converged]),
    Example(-2, -0.6, .unstable, [.diverged, .slow, .diverged]),
    Example(3, -0.5, .unstable, [.diverged, .slow, .diverged]),
    Example(2, 3, .unstable, [.diverged, .slow, .diverged]),
  ]

  @Test(arguments: examples) func slopesOfAKinkDecideOnItsStability(_ example: Example) throws {
    for c in [0, 0.3, -7.1] {
      // At 7.1 the point's image need not be the point: roundings may drive an unstable one away.
      let starts = [[c - 0.3], [c], [c + 0.3]]
      let (search, decisions) = try explore(
        kink(right: example.right, left: example.left, at: c), from: starts, maximumSteps: 40_000)
      #expect(search.sets.count == 1, "at \(c): \(search.sets.map(\.points))")
      let set = try #require(search.sets.first)
      #expect(set.kind == .nonSmoothFixedPoint && set.stability == example.stability, "at \(c)")
      #expect(abs(set.points[0][0] - c) <= 1e-13)
      #expect(set.eigenvalues.count == 1 && set.eigenvalues[0].real.isNaN && set.spectralRadius.isNaN)
      #expect(set.isStable == (example.stability == .stable) && set.stabilityIndex == -1)
      for (k, decision) in decisions.enumerated() where c == 0 || k != 1 || example.stability == .stable {
        #expect(decision.outcome == example.outcomes[k], "at \(c), start \(k)")
        #expect((decision.set == 0) == (example.outcomes[k] == .converged))
      }
    }
  }

  /// s |z| by way of the decoder: the encoder's unit sees relu(z) + relu(-z), whose slopes from the right cancel.
  @Test(arguments: [(2.0, InvariantSet.Stability.unstable), (0.5, .stable)])
  func kinksBeyondKinksAreFound(slope: Double, stability: InvariantSet.Stability) throws {
    func layer(_ weights: [Double], outputs: Int, _ activation: Activation) -> DenseLayer<Double> {
      DenseLayer(weights: weights, biases: Array(repeating: 0, count: outputs), activation: activation)
    }
    let map = DifferentiableInferenceMap(
      DenseNetwork(
        encoder: [layer([1], outputs: 1, .relu)], mean: layer([slope], outputs: 1, .identity),
        logVariance: layer([0], outputs: 1, .identity), decoder: [layer([1, -1], outputs: 2, .relu)],
        output: layer([1, 1], outputs: 1, .identity), likelihood: .gaussian))
    let set = try #require(try explore(map, from: [[0], [0.3], [-0.3]]).search.sets.first)
    #expect(set.kind == .nonSmoothFixedPoint && set.stability == stability && abs(set.points[0][0]) < 1e-12)
  }

  /// 0.8 relu(z) - 0.8 relu(-z) is 0.8 z.
  @Test func kinksThatCancelAreNone() throws {
    for c in [0, 0.3] {
      let (search, decisions) = try explore(
        kink(right: 0.8, left: 0.8, at: c), from: [[c], [0.9], [c], [-2]])
      #expect(search.sets.count == 1)
      let set = try #require(search.sets.first)
      #expect(set.kind == .stableFixedPoint && set.stability == .stable)
      #expect(abs(set.eigenvalues[0].real - 0.8) <= 1e-12 && abs(set.points[0][0] - c) <= 1e-13)
      #expect(decisions.allSatisfy { $0.outcome == .converged && $0.set == 0 })
      let (repelling, away) = try explore(kink(right: 1.5, left: 1.5, at: c), from: [[c], [0.9]])
      #expect(repelling.sets.map(\.kind) == [.repeller] && away[1].outcome == .diverged)
    }
  }

  /// F(z) = z for z > 0: 0 is the end of a line of fixed points.
  @Test func theEndOfALineIsNoPoint() throws {
    for left in [0.5, 2, -0.5] {
      let (search, decisions) = try explore(kink(right: 1, left: left), from: [[0], [0.3], [-0.3]])
      #expect(search.sets.isEmpty)
      #expect(decisions.allSatisfy { $0.set == -1 && $0.outcome != .converged })
    }
  }

  /// A node and a repeller on the two sides of a kink, 2e-8 apart, just after they were born there.
  @Test func twoPointsBesideAKinkAreTwo() throws {
    // Left of 0: -m/2 + z/2, fixed at -m. Right: -m/2 + 3z/2, fixed at m.
    let m = 1e-8
    let map = polyline([(0, -m / 2)], left: 0.5, right: 1.5)
    let (search, decisions) = try explore(map, from: [[-0.3], [m / 2], [0.4], [m * 1.2]])
    let found = search.sets.sorted { $0.points[0][0] < $1.points[0][0] }
    #expect(found.map(\.kind) == [.stableFixedPoint, .repeller])
    #expect(decisions.map(\.outcome) == [.converged, .converged, .diverged, .diverged])
  }

  /// 1 and -1 change places; 1 lies on a kink, with slopes -1/2 and -9/10, and -1 on none, with slope -4/5.
  @Test func aCycleOnAKinkIsFoundOnce() throws {
    let map = polyline([(-0.5, 0.6), (0.5, -0.55), (1, -1)], left: -0.8, right: -0.5)
    let (search, decisions) = try explore(map, from: [[1.4], [-1.3], [0.9], [2]])
    #expect(decisions.allSatisfy { $0.outcome == .cycle })
    let set = try #require(search.set(decisions[0]))
    #expect(set.kind == .nonSmoothCycle && set.stability == .stable && set.period == 2)
    #expect(abs(set.points[0][0] + 1) <= 1e-12 && abs(set.points[1][0] - 1) <= 1e-12)
    #expect(Set(decisions.map(\.set)).count == 1)
    // The fixed point between, -1.15 (z - 1/2) - 0.55 = z, repels; nothing else is there.
    #expect(search.sets.filter { $0.period == 1 }.map(\.kind) == [.repeller])
    #expect(search.sets.count { $0.period == 2 } == 1)
  }

  // MARK: Several dimensions

  /// |x - y| - |x + y| vanishes on both axes.
  static func crossed(_ k: Double) -> DenseMap {
    func absolute(_ gradient: [Double], _ output: [Double]) -> [Bend] {
      [Bend(output, gradient), Bend(output, gradient.map { -$0 })]
    }
    return piecewiseLinearMap(
      2,
      [
        Bend([0.5, 0], [1, 0]), Bend([-0.5, 0], [-1, 0]), Bend([0, 0.5], [0, 1]),
        Bend([0, -0.5], [0, -1]),
      ] + absolute([1, -1], [k, 0]) + absolute([1, 1], [-k, 0]))
  }

  @Test func theAxesDoNotTell() throws {
    let starts = normalRows(20, 2, seed: 5) + [[0, 0]]
    // |J| is at most 0.5 + 0.3 for k = 0.1.
    let (weak, decisions) = try explore(Self.crossed(0.1), from: starts)
    #expect(weak.sets.count == 1 && weak.sets[0].kind == .nonSmoothFixedPoint && weak.sets[0].isStable)
    #expect(decisions.allSatisfy { $0.outcome == .converged && $0.set == 0 })
    // With k = 0.4 two pieces have the eigenvalue 1.3, whose eigenvectors (+-1, 0) lie in other pieces; y halves at each step,
    // and then x does: all orbits go to 0, though no norm shows it.
    let (strong, others) = try explore(Self.crossed(0.4), from: starts)
    #expect(strong.sets.count == 1 && strong.sets[0].stability == .undecided)
    #expect(others.dropLast().allSatisfy { $0.outcome == .converged && $0.set == 0 })
    #expect(others.last?.outcome == .slow)
  }

  /// Both pieces have complex eigenvalues, of modulus 0.95 and 0.84, and yet orbits grow by 1.1155 a step
  /// (by iterating the map alone; doi:10.1103/PhysRevLett.92.070201).
  @Test func eigenvaluesOfThePiecesDoNotTell() throws {
    let map = twoPieces(positive: [[-1.6, 1], [-0.7, 0]], output: [-1.2, 0.2], gradient: [1, 0])
    // Check of the map: A = ((-0.4, 1), (-0.9, 0)) at the left.
    let linearization = Linearization(map: map)
    #expect(norm(difference(linearization.image([1, 0]), [-1.6, -0.7])) <= 1e-15)
    #expect(norm(difference(linearization.image([-1, 0]), [0.4, 0.9])) <= 1e-15)
    let (search, decisions) = try explore(map, from: normalRows(10, 2, seed: 6))
    #expect(search.sets.count == 1 && search.sets[0].kind == .nonSmoothFixedPoint)
    #expect(search.sets[0].stability == .undecided)
    #expect(decisions.allSatisfy { $0.outcome == .diverged })
  }

  /// |J| is above 10 in both pieces; with P = diag(1, 10^4) both contract.
  @Test func aShearedNormTells() throws {
    let map = twoPieces(positive: [[0.5, 10], [0, 0.5]], output: [0.2, 0], gradient: [1, 0])
    let (search, decisions) = try explore(map, from: normalRows(10, 2, seed: 7) + [[0, 0]])
    #expect(search.sets.count == 1 && search.sets[0].stability == .stable)
    #expect(decisions.allSatisfy { $0.outcome == .converged })
  }

  /// Three dimensions, of which one expands on one side: D(v) = 2 v for v = (1, 0, 0).
  @Test func aRayThatGrowsMakesUnstable() throws {
    let map = twoPieces(
      positive: [[2, 0, 0], [0, 0.3, 0], [0, 0, 0.4]], output: [1.5, 0, 0], gradient: [1, 0, 0])
    let (search, decisions) = try explore(map, from: [[-1, 0.3, 2], [1, 0.2, 0.1], [0, 0, 0]])
    #expect(search.sets.count == 1 && search.sets[0].stability == .semiStable)
    #expect(decisions.map(\.outcome) == [.converged, .diverged, .slow])
    // A saddle on a kink draws nothing.
    let saddle = twoPieces(positive: [[2, 0], [0, 0.3]], output: [-1, 0], gradient: [1, 0])
    let (other, _) = try explore(saddle, from: [[1, 1], [-1, 2]])
    #expect(other.sets.count == 1 && other.sets[0].stability == .unstable)
  }

  /// Without biases the origin is a fixed point on all kinks.
  @Test(.tags(.manyTrials), .slow, arguments: [1, 2, 3] as [UInt64], [0.8, 1.3, 2.5])
  func networksWithoutBiasesHaveAKinkAtTheOrigin(seed: UInt64, gain: Double) throws {
    var model = randomNetwork(
      data: 20, latent: 4, hidden: [16], .relu, .gaussian, gain: gain, seed: seed)
    model = Autoencoder(
      architecture: model.architecture,
      layers: model.layers.map { layer in
        var layer = layer
        layer.bias = layer.bias.map { _ in 0 }
        return layer
      })
    let map = DifferentiableInferenceMap(model)
    let starts = normalRows(60, 4, seed: seed) + Array(repeating: [0.0, 0, 0, 0], count: 4)
    let (search, decisions) = try explore(map, from: starts, census: 100)
    let origins = search.sets.filter { norm($0.points[0]) < 1e-6 }
    #expect(origins.count == 1)
    let origin = try #require(origins.first)
    #expect(origin.kind == .nonSmoothFixedPoint)
    // F is homogeneous: what is not drawn to 0 grows, or keeps its size.
    let linearization = Linearization(map: map)
    for (start, decision) in zip(starts, decisions) where norm(start) > 0 {
      var z = start
      for _ in 0..<2000 { z = linearization.image(z) }
      #expect((norm(z) < 1e-9) == (decision.outcome == .converged))
      if origin.stability == .stable { #expect(decision.outcome == .converged) }
    }
    let atRest = decisions.suffix(4)
    #expect(atRest.allSatisfy { $0.outcome == (origin.isStable ? .converged : .slow) })
  }

  @Test func recordedMembersHaveTheSameOutcomes() throws {
    func outcome(_ map: DenseMap, _ z: [Double]) -> Outcome {
      var state = z
      return FixedPointConfirmation(map).outcome(ofSettled: &state, hasMoved: true)
    }
    #expect(outcome(kink(right: 0.8, left: 0.8), [0]) == .converged)
    #expect(outcome(kink(right: 2, left: 0.5), [-1e-11]) == .converged)
    #expect(outcome(kink(right: 2, left: 0.5), [1e-11]) == .slow)
    #expect(outcome(kink(right: -2, left: -0.4), [1e-11]) == .converged)
    #expect(outcome(kink(right: 1, left: 0.4), [1e-11]) == .slow)
  }
}
