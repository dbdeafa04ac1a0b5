import Corruptions
import Attractors
import Vocabulary
import Dynamics
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// Networks that are not the model files' dense ones: the seam of `InferenceNetwork` and `DifferentiableNetwork`.
@Suite struct OtherNetworkTests {
  let model = ConvolutionalModel(seed: 21)
  let input = randomRows(40, 12)
  var start: GivenStart { GivenStart(RowTable(input), space: .data) }

  static let modes: [InferenceMode] = [
    .mean, .clamped, .sample(temperature: 1, decoder: false), .sample(temperature: 1, decoder: true),
  ]
  static let fields: [(StateFields, Int)] = [
    (.dataState, 12), (.nextDataState, 12), (.encoderMean, 3), (.encoderLogVariance, 3), (.crossEntropy, 1),
    (.inputEntropy, 1),
  ]

  // MARK: Inference

  @Test(arguments: Likelihood.allCases) func trajectoriesAreThoseOfPlainLoops(_ likelihood: Likelihood) throws
  {
    let mild = ConvolutionalModel(gain: 0.5, seed: 21)
    func run<Scalar: NetworkScalar>(_ precision: Scalar.Type, tolerance: Double) throws {
      let network = ConvolutionalNetwork<Scalar>(mild, decoder: .likelihood(likelihood))
      let states = try record(InferenceMap(network), from: start, items: 40, steps: 3)
      for (x, trajectory) in zip(input, states) {
        var z = mild.encode(x).mean
        for state in trajectory {
          #expect(norm(difference(state, z)) <= tolerance * max(1, norm(z)))
          z = mild.encode(mild.decode(z, likelihood)).mean
        }
      }
    }
    // Sums of at most 16 terms in four layers, of gains that stay below 4, over four steps: 4^4 x 64 units.
    try run(Double.self, tolerance: 0x1p-53 * 16384)
    try run(Float.self, tolerance: 0x1p-24 * 16384)
  }

  @Test func allModesWorkInBothPrecisions() throws {
    func run<Scalar: NetworkScalar>(_ precision: Scalar.Type, _ mode: InferenceMode) throws {
      let map = InferenceMap(ConvolutionalNetwork<Scalar>(model), mode: mode)
      let start = CorruptedStart(UniformReplacement(), source: RowTable(input), imageShape: nil)
      let bare = try record(map, from: start, items: 40, realizations: 2, levels: [0.3], steps: 4)
      #expect(bare.allSatisfy { $0.allSatisfy { $0.allSatisfy(\.isFinite) } })
      // Neither blocks, threads nor fields that are asked for change a bit.
      let probes = Self.fields.map { FieldProbe(field: $0.0, width: $0.1) }
      let asked = try record(
        map, from: start, items: 40, realizations: 2, levels: [0.3], steps: 4, probes: probes, threads: 2,
        blockSize: 37)
      #expect(bits(bare) == bits(asked), "\(mode)")
      for probe in probes { #expect(probe.row(level: 0.3, item: 7, time: 1) != nil) }
    }
    for mode in Self.modes {
      try run(Float.self, mode)
      try run(Double.self, mode)
    }
  }

  @Test func fieldsAreThoseOfPlainLoops() throws {
    let probes = Self.fields.map { FieldProbe(field: $0.0, width: $0.1) }
    let map = InferenceMap(ConvolutionalNetwork<Double>(model))
    let states = try record(map, from: start, items: 40, steps: 1, probes: probes)
    for m in 0..<40 {
      let rows = try probes.map { try #require($0.row(item: m, time: 1)) }
      let (mean, logVariance) = model.encode(rows[0])
      let energy = model.negativeLogLikelihood(rows[0], at: mean, .bernoulli)
      let expected = [
        model.decode(states[m][0]), model.decode(states[m][1]), mean, logVariance, [energy],
      ]
      // A few hundred units of numbers whose sizes are known.
      for (row, expected) in zip(rows, expected) {
        #expect(norm(difference(row, expected)) <= 0x1p-53 * 4096 * max(1, norm(expected)))
      }
    }
    let memories = map.memories(of: RowTable(input), count: 40, threads: 2)
    #expect(memories.storage.buffer.map(\.bitPattern) == bits(states.map { [$0[0]] }))
  }

  @Test(arguments: Likelihood.allCases) func evidenceIsThatOfPlainLoops(_ likelihood: Likelihood) throws {
    let network = ConvolutionalNetwork<Double>(model, decoder: .likelihood(likelihood))
    let rows = randomRows(300, 12, seed: 8)
    let evidence = Evidence(of: network, on: RowTable(rows), count: 300, seed: 3, draw: 2, threads: 2)
    let noise = RandomField(seed: 3, purpose: .evidenceSample)
    var (bound, divergence) = (0.0, 0.0)
    for (item, x) in rows.enumerated() {
      let (mean, logVariance) = model.encode(x)
      var random = noise.stream(UInt32(item), 2)
      let z = zip(mean, logVariance).map { $0 + exponential(0.5 * $1) * random.normal() }
      let kl = zip(mean, logVariance).reduce(0) { $0 + 0.5 * ($1.0 * $1.0 + exponential($1.1) - 1 - $1.1) }
      divergence += kl / 300
      bound += (kl + model.negativeLogLikelihood(x, at: z, likelihood)) / 300
    }
    #expect(abs(evidence.negativeELBO - bound) <= 1e-12 * bound)
    #expect(abs(evidence.kullbackLeibler - divergence) <= 1e-12 * divergence)
    #expect(evidence.standardError > 0)
  }

  @Test func deterministicAutoencodersHaveNoDistributions() throws {
    let network = ConvolutionalNetwork<Double>(model, encoder: .deterministic, decoder: .deterministic)
    #expect(!network.hasEvidence)
    #expect(network.supports(.mean) && network.supports(.clamped))
    #expect(!network.supports(.sample(temperature: 1, decoder: false)))
    let map = InferenceMap(network)
    #expect(map.availableFields == [.dataState, .nextDataState, .encoderMean])
    // g is the output layer's plain values.
    let states = try record(map, from: start, items: 40, steps: 1)
    for (m, x) in input.enumerated() {
      let next = model.encode(model.plainValues(model.encode(x).mean)).mean
      #expect(norm(difference(states[m][1], next)) <= 0x1p-53 * 4096 * max(1, norm(next)))
    }
    let halves: [(EncoderDistribution, DecoderDistribution)] = [
      (.normal, .deterministic), (.deterministic, .likelihood(.gaussian)),
    ]
    for (encoder, decoder) in halves {
      let network = ConvolutionalNetwork<Float>(model, encoder: encoder, decoder: decoder)
      #expect(!network.hasEvidence)
      #expect(network.supports(.sample(temperature: 1, decoder: false)) == (encoder == .normal))
      #expect(!network.supports(.sample(temperature: 1, decoder: true)))
    }
  }

  // MARK: The derivative

  /// F(z), and the columns of J(z).
  private func linearized(_ map: some DifferentiableMap, _ z: [Double]) -> (
    image: [Double], columns: [[Double]]
  ) {
    let n = map.dimension
    var directions = [Double](repeating: 0, count: n * n)
    for i in 0..<n { directions[i * n + i] = 1 }
    var image = z
    var workspace = map.makeTangentWorkspace(directions: n)
    map.linearize(at: z, image: &image, directions: &directions, count: n, workspace: &workspace)
    return (image, (0..<n).map { Array(directions[$0 * n..<($0 + 1) * n]) })
  }

  /// Compares the image with a step, and the derivative with central differences.
  private func check(_ map: some DifferentiableMap) throws {
    let n = map.dimension
    func images(_ states: [[Double]]) throws -> [[Double]] {
      try record(map, from: GivenStart(RowTable(states), space: .latent), items: states.count, steps: 1)
        .map { $0[1] }
    }
    let points = normalRows(12, n, seed: 61)
    let steps = try images(points)
    let h = 0x1p-10
    for (z, step) in zip(points, steps) {
      let (image, columns) = linearized(map, z)
      #expect(norm(difference(image, step)) <= 1e3 * 0x1p-53 * max(1, norm(step)))
      for j in 0..<n {
        let moved = try images([-2, -1, 1, 2].map { s in z.indices.map { z[$0] + ($0 == j ? s * h : 0) } })
        let slope = z.indices.map { i in
          (8 * (moved[2][i] - moved[1][i]) - (moved[3][i] - moved[0][i])) / (12 * h)
        }
        // The rule's error is h^4 / 30 times the fifth derivative: of tanh(k x) at most 16 k^5, here with k up to
        // about 6, hence 4e-9; rounding adds 40 units / h = 5e-12.
        #expect(norm(difference(columns[j], slope)) <= 1e-8 * max(1, norm(slope)))
      }
    }
  }

  @Test func linearizationIsTheDerivative() throws {
    for likelihood in Likelihood.allCases {
      try check(
        DifferentiableInferenceMap(
          ConvolutionalNetwork<Double>(model, decoder: .likelihood(likelihood))))
    }
    try check(DifferentiableInferenceMap(Self.asymmetric(Double.self, .tanh, .gaussian)))
    try check(DifferentiableInferenceMap(Self.asymmetric(Double.self, .gelu, .bernoulli)))
  }

  @Test func attractorsAreFoundByPlainIteration() throws {
    let tied = ConvolutionalModel(gain: 1.5, seed: 3).tied
    let map = DifferentiableInferenceMap(ConvolutionalNetwork<Double>(tied))
    let identity = (0..<9).map { $0 % 4 == 0 ? 1.0 : 0 }
    #expect(map.remainderBound(at: [0, 0, 0], source: identity, target: identity) == nil)
    let starts = normalRows(100, 3, seed: 15).map { $0.map { 3 * $0 } }
    let search = AttractorSearch(
      map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: 2)
    let decisions = try search.decide((0..<100).map { Member(level: 0, item: $0, realization: 0) })
    let stable = search.sets.filter(\.isStable)
    #expect(stable.count > 1)
    #expect(search.decidedByBall == 0)
    for (decision, start) in zip(decisions, starts) {
      #expect(decision.outcome == .converged)
      let set = search.sets[Int(decision.set)]
      var z = start
      for _ in 0..<Int(decision.time) + 200 { z = tied.encode(tied.decode(z)).mean }
      #expect(norm(difference(z, set.points[0])) <= 1e-8 * max(1, norm(z)))
    }
    for set in stable where set.period == 1 {
      let (image, columns) = linearized(map, set.points[0])
      #expect(norm(difference(image, set.points[0])) <= 1e-12 * max(1, norm(image)))
      let trace = columns.indices.reduce(0) { $0 + columns[$1][$1] }
      #expect(abs(set.eigenvalues.reduce(0) { $0 + $1.real } - trace) <= 1e-10)
    }
  }

  // MARK: Dense networks whose decoder is not the encoder mirrored

  /// A layer with random weights.
  private static func layer<Scalar: NetworkScalar>(
    _ inputs: Int, _ outputs: Int, _ activation: Activation, _ number: UInt64
  ) -> DenseLayer<Scalar> {
    let weights = normalRows(outputs, inputs, seed: 100 + number).flatMap { $0 }
    return DenseLayer(
      weights: weights.map { Scalar(1.5 * $0 / Double(inputs).squareRoot()) },
      biases: normalRows(1, outputs, seed: 200 + number)[0].map { Scalar(0.3 * $0) }, activation: activation)
  }

  /// 12 - 9 - 3 and 3 - 5 - 7 - 8 - 12.
  private static func asymmetric<Scalar: NetworkScalar>(
    _ precision: Scalar.Type, _ activation: Activation, _ likelihood: Likelihood
  ) -> DenseNetwork<Scalar> {
    DenseNetwork(
      encoder: [layer(12, 9, activation, 1)], mean: layer(9, 3, .identity, 2),
      logVariance: layer(9, 3, .identity, 3),
      decoder: [layer(3, 5, activation, 4), layer(5, 7, .softplus, 5), layer(7, 8, activation, 6)],
      output: layer(8, 12, likelihood.meanFunction, 7), likelihood: likelihood)
  }

  @Test func asymmetricDenseNetworksWork() throws {
    for likelihood in Likelihood.allCases {
      for mode in Self.modes {
        let network = Self.asymmetric(Float.self, .tanh, likelihood)
        #expect(network.workspaceBytesPerRow == 4 * (16 + 32) * 4)
        let states = try record(InferenceMap(network, mode: mode), from: regionStart, items: 40, steps: 3)
        #expect(states.allSatisfy { $0.allSatisfy { $0.allSatisfy(\.isFinite) } })
      }
    }
    // The remainder of the linearization stays below its bound.
    let map = DifferentiableInferenceMap(Self.asymmetric(Double.self, .tanh, .bernoulli))
    let identity = (0..<9).map { $0 % 4 == 0 ? 1.0 : 0 }
    for (z, direction) in zip(normalRows(10, 3, seed: 71), normalRows(10, 3, seed: 72)) {
      let bound = try #require(map.remainderBound(at: z, source: identity, target: identity))
      let (image, columns) = linearized(map, z)
      // Of second order: about r^2.
      #expect(bound(0.01) < 1e-3)
      for radius in [0.001, 0.01, 0.1] {
        let v = direction.map { radius * $0 / norm(direction) }
        let moved = linearized(map, zip(z, v).map { $0 + $1 }).image
        let linear = z.indices.map { i in image[i] + v.indices.reduce(0) { $0 + columns[$1][i] * v[$1] } }
        let remainder = norm(difference(moved, linear))
        #expect(remainder <= bound(radius) + 1e-13)
      }
    }
  }

  /// Corrupted starts, which have a region.
  private var regionStart: CorruptedStart {
    CorruptedStart(Flip(), source: RowTable(input), imageShape: nil)
  }
}
