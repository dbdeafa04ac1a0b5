import Corruptions
import Vocabulary
import Dynamics
import Numerics
import TestSupport
import Testing
import VAE

/// Sample and clamped mode, latent starts, and what must not change a trajectory.
@Suite struct InferenceModeTests {
  let model = randomModel()
  let input = randomRows(40, 12)
  var start: GivenStart { GivenStart(RowTable(input), space: .data) }

  /// Every pixel, or none, is the corrupted region; the picture itself stays as it is.
  struct RegionStart: InitialCondition {
    let rows: RowTable
    let isFree: Bool
    var space: StateSpace { .data }
    var hasRegion: Bool { true }
    func prepare(
      _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
      region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource
    ) {
      rows.copy(item: Int(member.item), into: state)
      region?.update(repeating: isFree ? 1 : 0)
    }
  }

  @Test func temperatureZeroIsTheMeanBitForBit() throws {
    func run<Scalar: NetworkScalar>(_ precision: Scalar.Type) throws {
      let mean = try record(InferenceMap<DenseNetwork<Scalar>>(model), from: start, items: 40, steps: 6)
      let sample = try record(
        InferenceMap<DenseNetwork<Scalar>>(model, mode: .sample(temperature: 0, decoder: false)), from: start,
        items: 40,
        steps: 6)
      #expect(bits(mean) == bits(sample))
      let warm = try record(
        InferenceMap<DenseNetwork<Scalar>>(model, mode: .sample(temperature: 1, decoder: false)), from: start,
        items: 40,
        steps: 6)
      #expect(bits(mean) != bits(warm))
    }
    try run(Float.self)
    try run(Double.self)
  }

  /// ln s^2 = 1500: s overflows, and 0 times infinity is no number.
  @Test func temperatureZeroDoesNotAskForTheVariance() throws {
    var wide = model
    let head = wide.architecture.hidden.count + 1
    var layers = wide.layers
    layers[head].bias = layers[head].bias.map { _ in 1500 }
    wide = Autoencoder(architecture: wide.architecture, layers: layers)
    let mean = try record(InferenceMap<DenseNetwork<Double>>(wide), from: start, items: 40, steps: 6)
    let sample = try record(
      InferenceMap<DenseNetwork<Double>>(wide, mode: .sample(temperature: 0, decoder: false)), from: start,
      items: 40, steps: 6)
    #expect(bits(mean) == bits(sample))
    #expect(mean.allSatisfy { $0.allSatisfy { $0.allSatisfy(\.isFinite) } })
  }

  @Test(arguments: [1.0, 2.0])
  func latentSamplesHaveTheEncodersMoments(temperature: Double) throws {
    let realizations = 20_000
    let samples = try record(
      InferenceMap<DenseNetwork<Double>>(model, mode: .sample(temperature: temperature, decoder: false)),
      from: start,
      items: 1, realizations: realizations, steps: 1)
    let plain = PlainNetwork(model: model, unit: 0x1p-53)
    let (mean, logVariance) = plain.encode(.init(exact: input[0]))
    for i in 0..<3 {
      let deviation = temperature * exponential(0.5 * logVariance.value[i])
      let z = samples.map { ($0[0][i] - mean.value[i]) / deviation }
      // Standardized: mean 0 with standard error 1/sqrt(n), second moment 1 with sqrt(2/n), fourth 3 with
      // sqrt(96/n); five standard errors, the seed being fixed.
      let n = Double(realizations)
      #expect(abs(z.reduce(0, +) / n) < 5 / n.squareRoot())
      #expect(abs(z.reduce(0) { $0 + $1 * $1 } / n - 1) < 5 * (2 / n).squareRoot())
      #expect(abs(z.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n - 3) < 5 * (96 / n).squareRoot())
    }
    // Components and successive times are independent draws: correlations are 0 within 5 / sqrt(n).
    let deviations = (0..<3).map { temperature * exponential(0.5 * logVariance.value[$0]) }
    let cross = samples.reduce(0.0) {
      $0 + ($1[0][0] - mean.value[0]) / deviations[0] * ($1[0][1] - mean.value[1]) / deviations[1]
    }
    #expect(abs(cross) / Double(realizations) < 5 / Double(realizations).squareRoot())
    let lagged = samples.reduce((sum: 0.0, squares: 0.0)) { result, s in
      let next = plain.encode(plain.decode(.init(exact: s[0])))
      let deviation = temperature * exponential(0.5 * next.logVariance.value[2])
      let residual = (s[1][2] - next.mean.value[2]) / deviation
      let first = (s[0][2] - mean.value[2]) / deviations[2]
      return (result.sum + first * residual, result.squares + residual * residual)
    }
    #expect(abs(lagged.sum) / Double(realizations) < 5 / Double(realizations).squareRoot())
    #expect(abs(lagged.squares / Double(realizations) - 1) < 5 * (2 / Double(realizations)).squareRoot())
  }

  @Test(arguments: Likelihood.allCases)
  func decoderSamplesHaveTheDecodersMoments(_ likelihood: Likelihood) throws {
    let model = randomModel(likelihood: likelihood)
    let realizations = 20_000
    let next = FieldProbe(field: .nextDataState, width: 12)
    // Temperature 0: z(0) is the same for all, only x(1) differs.
    let states = try record(
      InferenceMap<DenseNetwork<Double>>(model, mode: .sample(temperature: 0, decoder: true)), from: start,
      items: 1,
      realizations: realizations, steps: 1, probes: [next])
    let plain = PlainNetwork(model: model, unit: 0x1p-53)
    let g = plain.decode(.init(exact: states[0][0])).value
    let rows = try (0..<realizations).map { try #require(next.row(item: 0, realization: $0, time: 0)) }
    let n = Double(realizations)
    for i in 0..<12 {
      let x = rows.map { $0[i] }
      let average = x.reduce(0, +) / n
      switch likelihood {
      case .bernoulli:
        #expect(x.allSatisfy { $0 == 0 || $0 == 1 })
        #expect(abs(average - g[i]) < 5 * (g[i] * (1 - g[i]) / n).squareRoot())
      case .gaussian:
        #expect(abs(average - g[i]) < 5 / n.squareRoot())
        let square = x.reduce(0) { $0 + ($1 - g[i]) * ($1 - g[i]) } / n
        #expect(abs(square - 1) < 5 * (2 / n).squareRoot())
      }
    }
    // z(1) is the encoder's mean of the sample that was reported.
    for m in [0, 1, 777] {
      let expected = plain.encode(.init(exact: rows[m])).mean.value
      #expect(norm(difference(states[m][1], expected)) <= 1e-13 * max(1, norm(expected)))
    }
  }

  @Test func clampedWithEverythingFreeIsTheMean() throws {
    func run<Scalar: NetworkScalar>(_ precision: Scalar.Type) throws {
      let table = RowTable(input)
      let mean = try record(InferenceMap<DenseNetwork<Scalar>>(model), from: start, items: 40, steps: 6)
      let free = try record(
        InferenceMap<DenseNetwork<Scalar>>(model, mode: .clamped),
        from: RegionStart(rows: table, isFree: true), items: 40,
        steps: 6)
      #expect(bits(mean) == bits(free))
      let fixed = try record(
        InferenceMap<DenseNetwork<Scalar>>(model, mode: .clamped),
        from: RegionStart(rows: table, isFree: false), items: 40,
        steps: 6)
      for m in 0..<40 {
        for t in 0...6 { #expect(fixed[m][t] == mean[m][0]) }
        #expect(mean[m][1] != mean[m][0])
      }
    }
    try run(Float.self)
    try run(Double.self)
  }

  @Test func clampedKeepsTheCleanPixels() throws {
    let data = FieldProbe(field: .dataState, width: 12)
    let plain = PlainNetwork(model: model, unit: 0x1p-53)
    let states = try record(
      InferenceMap<DenseNetwork<Double>>(model, mode: .clamped),
      from: CorruptedStart(Flip(), source: RowTable(input), imageShape: nil), items: 40, levels: [0.5],
      steps: 4, probes: [data])
    var kept = 0
    for m in 0..<40 {
      let first = try #require(data.row(level: 0.5, item: m, time: 0))
      for t in 1...4 {
        let x = try #require(data.row(level: 0.5, item: m, time: t))
        let g = plain.decode(.init(exact: states[m][t - 1])).value
        for i in 0..<12 {
          if first[i] == input[m][i] {
            #expect(x[i] == input[m][i])
            kept += 1
          } else {
            #expect(first[i] == 1 - input[m][i])
            #expect(abs(x[i] - g[i]) <= 1e-13)
          }
        }
      }
    }
    // 40 x 4 x 12 pixels, half of them in the region: 5 standard deviations are 4 x 5 x sqrt(480 / 4).
    #expect(abs(Double(kept) - 960) < 4 * 5 * 120.0.squareRoot())
  }

  @Test func latentStartsHaveNoDataAtFirst() throws {
    let fields: [StateFields] = [
      .dataState, .encoderMean, .encoderLogVariance, .crossEntropy, .inputEntropy,
    ]
    let probes = fields.map { FieldProbe(field: $0, width: 1) }
    let next = FieldProbe(field: .nextDataState, width: 12)
    let rows = normalRows(9, 3)
    let states = try record(
      InferenceMap<DenseNetwork<Double>>(model), from: GivenStart(RowTable(rows), space: .latent), items: 9,
      steps: 2,
      probes: probes + [next])
    let plain = PlainNetwork(model: model, unit: 0x1p-53)
    for m in 0..<9 {
      #expect(states[m][0] == rows[m])
      for probe in probes {
        #expect(probe.row(item: m, time: 0) == nil)
        #expect(probe.row(item: m, time: 1) != nil)
      }
      let x = try #require(next.row(item: m, time: 0))
      let expected = plain.decode(.init(exact: rows[m]))
      #expect(norm(difference(x, expected.value)) <= 1e-13)
      #expect(norm(difference(states[m][1], plain.encode(expected).mean.value)) <= 1e-13)
    }
  }

  @Test func askingForFieldsDoesNotChangeTrajectories() throws {
    let all: [(StateFields, Int)] = [
      (.previousState, 3), (.initialState, 3), (.dataState, 12), (.nextDataState, 12), (.encoderMean, 3),
      (.encoderLogVariance, 3), (.crossEntropy, 1), (.inputEntropy, 1),
    ]
    func run<Scalar: NetworkScalar>(
      _ precision: Scalar.Type, _ mode: InferenceMode, _ model: Autoencoder
    ) throws {
      let map = InferenceMap<DenseNetwork<Scalar>>(model, mode: mode)
      let start = CorruptedStart(UniformReplacement(), source: RowTable(input), imageShape: nil)
      let bare = try record(map, from: start, items: 40, realizations: 2, levels: [0.3], steps: 6)
      for (field, width) in all {
        let probe = FieldProbe(field: field, width: width)
        let asked = try record(
          map, from: start, items: 40, realizations: 2, levels: [0.3], steps: 6, probes: [probe], threads: 2,
          blockSize: 37)
        #expect(bits(bare) == bits(asked), "\(mode) \(field)")
      }
      let probes = all.map { FieldProbe(field: $0.0, width: $0.1) }
      let together = try record(
        map, from: start, items: 40, realizations: 2, levels: [0.3], steps: 6, probes: probes)
      #expect(bits(bare) == bits(together), "\(mode)")
    }
    let modes: [InferenceMode] = [
      .mean, .clamped, .sample(temperature: 1, decoder: false), .sample(temperature: 1, decoder: true),
    ]
    for mode in modes {
      for likelihood in Likelihood.allCases {
        for hidden in [[], [7, 5]] {
          let model = randomModel(hidden: hidden, likelihood: likelihood)
          try run(Float.self, mode, model)
          try run(Double.self, mode, model)
        }
      }
    }
  }

  @Test func energyInSampleModeIsTakenAtThePosteriorMean() throws {
    let crossEntropy = FieldProbe(field: .crossEntropy, width: 1)
    let data = FieldProbe(field: .dataState, width: 12)
    _ = try record(
      InferenceMap<DenseNetwork<Double>>(model, mode: .sample(temperature: 1, decoder: true)), from: start,
      items: 40,
      steps: 3, probes: [crossEntropy, data])
    let plain = PlainNetwork(model: model, unit: 0x1p-53)
    for m in 0..<40 {
      for t in 0...3 {
        let x = try #require(data.row(item: m, time: t))
        let expected = plain.negativeLogLikelihood(x, at: plain.encode(.init(exact: x)).mean.value)
        let value = try #require(crossEntropy.row(item: m, time: t)?[0])
        #expect(abs(value - expected) <= 1e-12 * expected)
      }
    }
  }

  @Test func memoriesAreTheFirstStatesBitForBit() throws {
    func run<Scalar: NetworkScalar>(_ precision: Scalar.Type) throws {
      let rows = randomRows(300, 12)
      let map = InferenceMap<DenseNetwork<Scalar>>(model)
      let states = try record(map, from: GivenStart(RowTable(rows), space: .data), items: 300, steps: 0)
      for threads in 1...3 {
        let memories = map.memories(of: RowTable(rows), count: 300, threads: threads)
        #expect(memories.rows == 300 && memories.columns == 3)
        #expect(memories.storage.buffer.map(\.bitPattern) == bits(states))
      }
      let corrupted = try record(
        map, from: CorruptedStart(Flip(), source: RowTable(rows), imageShape: nil), items: 300, steps: 0)
      #expect(bits(corrupted) == bits(states))
    }
    try run(Float.self)
    try run(Double.self)
  }

  @Test func onlyTheMeanModeIsAutonomous() {
    #expect(InferenceMap<DenseNetwork<Double>>(model).isAutonomous)
    #expect(!InferenceMap<DenseNetwork<Double>>(model, mode: .clamped).isAutonomous)
    #expect(
      !InferenceMap<DenseNetwork<Double>>(model, mode: .sample(temperature: 1, decoder: false)).isAutonomous)
  }
}
