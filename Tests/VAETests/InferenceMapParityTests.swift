import Dynamics
import Numerics
import TestSupport
import Testing
import VAE

/// Mean mode against PyTorch's double precision.
@Suite struct InferenceMapParityTests {
  @Test(arguments: ReferenceFile.tiny)
  func doublePrecisionTrajectoriesArePyTorchs(_ name: String) throws {
    let reference = try ReferenceFile(tiny: name)
    let result = try run(reference, Double.self, steps: 5)
    let plain = PlainNetwork(model: reference.model, unit: 0x1p-53)
    for m in result.input.indices {
      let model = plain.trajectory(from: result.input[m], steps: 5)
      for t in 0...5 {
        for i in result.states[m][t].indices {
          // Two programs with independent rounding errors of the modelled size; 10 standard deviations
          // for some hundred numbers, and never more than 1e-12 of the states' size (at most 5).
          let deviation = model.states[t].variance[i].squareRoot()
          let error = abs(result.states[m][t][i] - result.expected[m][t][i])
          #expect(error <= 10 * 2.0.squareRoot() * deviation)
          #expect(error <= 1e-12 * 5)
        }
      }
      for (i, x) in result.output[m].enumerated() {
        let deviation = model.output.variance[i].squareRoot()
        #expect(abs(x - result.expectedOutput[m][i]) <= 10 * 2.0.squareRoot() * deviation + 0x1p-50)
      }
    }
  }

  @Test(arguments: ReferenceFile.tiny)
  func singlePrecisionTrajectoriesArePyTorchs(_ name: String) throws {
    let reference = try ReferenceFile(tiny: name)
    let result = try run(reference, Float.self, steps: 5)
    let plain = PlainNetwork(model: reference.model, unit: 0x1p-24)
    var largest = 0.0
    for m in result.input.indices {
      let model = plain.trajectory(from: result.input[m], steps: 5)
      for t in 0...5 {
        for i in result.states[m][t].indices {
          let error = abs(result.states[m][t][i] - result.expected[m][t][i])
          #expect(error <= 10 * model.states[t].variance[i].squareRoot())
          largest = max(largest, error)
        }
      }
      for (i, x) in result.output[m].enumerated() {
        #expect(abs(x - result.expectedOutput[m][i]) <= 10 * model.output.variance[i].squareRoot() + 0x1p-22)
      }
    }
    #expect(largest > 0x1p-40, "was it computed in single precision?")
    // The rounding model itself must stay sharp: its worst standard deviation below 1e-4.
    let worst = result.input.flatMap { plain.trajectory(from: $0, steps: 5).states.flatMap(\.variance) }.max()
    #expect(try #require(worst).squareRoot() < 1e-4)
  }

  @Test(arguments: ReferenceFile.tiny)
  func fieldsAlongTrajectoriesArePyTorchs(_ name: String) throws {
    let reference = try ReferenceFile(tiny: name)
    let a = reference.model.architecture
    let logVariance = FieldProbe(field: .encoderLogVariance, width: a.latentDimension)
    let mean = FieldProbe(field: .encoderMean, width: a.latentDimension)
    let crossEntropy = FieldProbe(field: .crossEntropy, width: 1)
    let entropy = FieldProbe(field: .inputEntropy, width: 1)
    let data = FieldProbe(field: .dataState, width: a.dataDimension)
    let next = FieldProbe(field: .nextDataState, width: a.dataDimension)
    let input = try reference.rows("input")
    let states = try record(
      InferenceMap<DenseNetwork<Double>>(reference.model), from: GivenStart(RowTable(input), space: .data),
      items: 7,
      steps: 5, probes: [logVariance, mean, crossEntropy, entropy, data, next])
    let expectedLogVariance = try reference.rows("encoder_log_variance")
    let expectedLikelihood = try reference.numbers("reconstruction_negative_log_likelihood")
    let expectedEnergy = try reference.rows("energy")
    let expectedDivergence = try reference.rows("kullback_leibler_series")
    let expectedError = try reference.rows("reconstruction_error")
    let isBernoulli = a.likelihood == .bernoulli
    let expectedEntropy = isBernoulli ? try reference.rows("input_entropy") : []
    for m in 0..<7 {
      let row = try #require(logVariance.row(item: m, time: 0))
      // 36 products in three layers: some tens of units.
      #expect(norm(difference(row, expectedLogVariance[m])) <= 1e-14 * max(1, norm(row)) * 10)
      #expect(data.row(item: m, time: 0) == input[m])
      let likelihood = try #require(crossEntropy.row(item: m, time: 0)?[0])
      #expect(abs(likelihood - expectedLikelihood[m]) <= 1e-13 * expectedLikelihood[m])
      for t in 0...5 {
        #expect(mean.row(item: m, time: t) == states[m][t])
        // Sums of 36 terms of order 1 at states that agree to about 1e-12.
        let now = try #require(crossEntropy.row(item: m, time: t)?[0])
        #expect(abs(now - (expectedEnergy[m][t] - expectedDivergence[m][t])) <= 1e-12 * expectedEnergy[m][t])
        if isBernoulli {
          let h = try #require(entropy.row(item: m, time: t)?[0])
          #expect(abs(h - expectedEntropy[m][t]) <= 1e-12 * 36)
        } else {
          #expect(entropy.row(item: m, time: t) == nil)
        }
        let x = try #require(data.row(item: m, time: t))
        let y = try #require(next.row(item: m, time: t))
        if t < 5 { #expect(data.row(item: m, time: t + 1) == y) }
        let error = difference(x, y).reduce(0) { $0 + $1 * $1 } / Double(x.count)
        #expect(abs(error - expectedError[m][t]) <= 1e-12 * max(1, expectedError[m][t]))
      }
    }
  }

  @Test func fashionSmallIsPyTorchsInDoublePrecision() throws {
    let (states, output) = try relativeErrors(Double.self)
    // Some 50 units per step after sums of 784 products, amplified by passing slow points.
    #expect(median(states) < 1e-12)
    #expect(states.allSatisfy { $0 < 1e-9 })
    #expect(median(output) < 1e-12)
  }

  @Test func fashionSmallIsPyTorchsInSinglePrecision() throws {
    let (states, output) = try relativeErrors(Float.self)
    // The same with 2^-24, and 10 units for the elementary functions: 50 units are 3e-6.
    #expect(median(states) < 5e-6)
    #expect(states.allSatisfy { $0 < 1e-2 })
    #expect(median(output) < 5e-6)
    #expect(median(states) > 1e-9, "was it computed in single precision?")
  }

  @Test func fashionSmallsInformationIsPyTorchs() throws {
    let reference = try ReferenceFile.fashionSmall()
    let crossEntropy = FieldProbe(field: .crossEntropy, width: 1)
    let mean = FieldProbe(field: .encoderMean, width: 8)
    let logVariance = FieldProbe(field: .encoderLogVariance, width: 8)
    let input = try reference.rows("input")
    _ = try record(
      InferenceMap<DenseNetwork<Double>>(reference.model), from: GivenStart(RowTable(input), space: .data),
      items: 32,
      steps: 0, probes: [crossEntropy, mean, logVariance])
    let likelihood = try reference.numbers("reconstruction_negative_log_likelihood")
    let divergence = try reference.numbers("kullback_leibler")
    for m in 0..<32 {
      let value = try #require(crossEntropy.row(item: m, time: 0)?[0])
      // Sums of 784 numbers: at most 784 units relative, 1e-13.
      #expect(abs(value - likelihood[m]) <= 1e-13 * likelihood[m])
      let mu = try #require(mean.row(item: m, time: 0))
      let l = try #require(logVariance.row(item: m, time: 0))
      let kl = zip(mu, l).reduce(0) { $0 + 0.5 * ($1.0 * $1.0 + exponential($1.1) - 1 - $1.1) }
      #expect(abs(kl - divergence[m]) <= 1e-12 * divergence[m])
    }
  }

  // MARK: Parts

  private struct Run {
    var input: [[Double]]
    var states: Trajectories
    var expected: Trajectories
    var output: [[Double]]
    var expectedOutput: [[Double]]
  }

  private func run<Scalar: NetworkScalar>(
    _ reference: ReferenceFile, _ precision: Scalar.Type, steps: Int
  ) throws -> Run {
    let input = try reference.rows("input")
    let a = reference.model.architecture
    let probe = FieldProbe(field: .nextDataState, width: a.dataDimension)
    let states = try record(
      InferenceMap<DenseNetwork<Scalar>>(reference.model), from: GivenStart(RowTable(input), space: .data),
      items: input.count, steps: steps, probes: [probe])
    let n = a.latentDimension
    let expected = try reference.rows("latent_state").map { row in
      (0...steps).map { Array(row[$0 * n..<($0 + 1) * n]) }
    }
    return Run(
      input: input, states: states, expected: expected,
      output: try input.indices.map { try #require(probe.row(item: $0, time: steps)) },
      expectedOutput: try reference.rows("output"))
  }

  private func relativeErrors<Scalar: NetworkScalar>(
    _ precision: Scalar.Type
  ) throws -> (states: [Double], output: [Double]) {
    let result = try run(ReferenceFile.fashionSmall(), precision, steps: 30)
    func error(_ a: [Double], _ b: [Double]) -> Double { norm(difference(a, b)) / norm(b) }
    #expect(result.states.count == 32)
    return (
      zip(result.states, result.expected).flatMap { zip($0, $1).map(error) },
      zip(result.output, result.expectedOutput).map(error)
    )
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
