import Dynamics
import Numerics
import TestSupport
import Testing
import VAE

/// Linear autoencoders, whose dynamics and optimum are known in closed form.
@Suite struct LinearModelTests {
  /// m(x) = A x + b_m, g(z) = W z + b_g with D = 3, N = 2.
  static let a: [[Double]] = [[0.5, 0.25, 0], [-0.125, 0.5, 0.25]]
  static let w: [[Double]] = [[0.75, 0.5], [0.25, 0.5], [0, -0.5]]
  static let meanBias = [0.5, -0.25]
  static let dataBias = [1.0, 0, -0.5]

  static var model: Autoencoder {
    let architecture = Architecture(
      dataDimension: 3, latentDimension: 2, hidden: [], activation: .tanh, likelihood: .gaussian)
    func layer(_ weight: [[Double]], _ bias: [Double]) -> LayerParameters {
      var layer = Autoencoder(initializing: architecture, seed: 0).layers[0]
      layer.weight = weight.flatMap { $0.map { Float($0) } }
      layer.bias = bias.map { Float($0) }
      return layer
    }
    return Autoencoder(
      architecture: architecture,
      layers: [
        layer(a, meanBias), layer([[0, 0, 0], [0, 0, 0]], [0, 0]), layer(w, dataBias),
      ])
  }

  @Test func fixedPointAndRateAreTheClosedForms() throws {
    // J = A W by hand: [[.4375, .375], [.03125, .0625]]; all numbers are exact in binary.
    let j = [[0.4375, 0.375], [0.03125, 0.0625]]
    // c = A b_g + b_m = [.5 + .5, -.125 - .125 - .25] = [1, -.5].
    let c = [1.0, -0.5]
    let determinant = (1 - j[0][0]) * (1 - j[1][1]) - j[0][1] * j[1][0]
    let fixedPoint = [
      ((1 - j[1][1]) * c[0] + j[0][1] * c[1]) / determinant,
      (j[1][0] * c[0] + (1 - j[0][0]) * c[1]) / determinant,
    ]
    let trace = j[0][0] + j[1][1]
    let area = j[0][0] * j[1][1] - j[0][1] * j[1][0]
    let radius = trace / 2 + (trace * trace / 4 - area).squareRoot()

    let starts = normalRows(20, 2)
    let states = try record(
      InferenceMap<DenseNetwork<Double>>(Self.model), from: GivenStart(RowTable(starts), space: .latent),
      items: 20,
      steps: 80)
    for m in 0..<20 {
      // radius^80 = 1e-27: what remains is rounding, some units divided by 1 - radius.
      #expect(norm(difference(states[m][80], fixedPoint)) <= 50 * 0x1p-53)
      // The second eigenvalue is 0.034: after 10 steps the first rules to (0.034 / 0.466)^10 = 4e-12, times
      // the ratio of the two components (below 1e3 for these starts). Rounding at t = 15, where
      // |z - z*| is 1e-5: 1e-11 relative.
      let first = norm(difference(states[m][14], fixedPoint))
      let second = norm(difference(states[m][15], fixedPoint))
      #expect(abs(second / first - radius) <= 1e-8)
      // Each step is the affine map itself.
      let image = (0..<2).map { j[$0][0] * starts[m][0] + j[$0][1] * starts[m][1] + c[$0] }
      #expect(norm(difference(states[m][1], image)) <= 20 * 0x1p-53 * max(1, norm(image)))
    }
    let single = try record(
      InferenceMap<DenseNetwork<Float>>(Self.model), from: GivenStart(RowTable(starts), space: .latent),
      items: 20,
      steps: 80)
    for m in 0..<20 { #expect(norm(difference(single[m][80], fixedPoint)) <= 50 * 0x1p-24) }
  }

  /// Normal numbers, decorrelated by Gram-Schmidt and scaled, so that the sample itself has mean 0 and the
  /// given variances up to rounding: the optimum below is exact for it.
  static func whitened(_ count: Int, variances: [Double]) -> [[Double]] {
    let d = variances.count
    var columns = (0..<d).map { k in normalRows(count, d, seed: 77).map { $0[k] } }
    for k in 0..<d {
      let mean = columns[k].reduce(0, +) / Double(count)
      for i in 0..<count { columns[k][i] -= mean }
      for earlier in 0..<k {
        let product = zip(columns[k], columns[earlier]).reduce(0) { $0 + $1.0 * $1.1 }
        let square = columns[earlier].reduce(0) { $0 + $1 * $1 }
        for i in 0..<count { columns[k][i] -= product / square * columns[earlier][i] }
      }
    }
    for k in 0..<d {
      let scale = (variances[k] * Double(count) / columns[k].reduce(0) { $0 + $1 * $1 }).squareRoot()
      for i in 0..<count { columns[k][i] *= scale }
    }
    return (0..<count).map { i in columns.map { $0[i] } }
  }

  /// The optimum of a linear VAE whose decoder has unit variance.
  ///
  /// p(x) = Normal(b, W W' + I). With N columns the covariance's eigenvalues are free where at least 1 on N
  /// axes and 1 on the others, so the likelihood is greatest (as in Tipping and Bishop 1999,
  /// doi:10.1111/1467-9868.00196, with the noise variance held at 1) at W = U (L - I)^(1/2) of the N
  /// largest sample variances l_i above 1:
  ///
  ///     -ln p = (D/2) ln 2 pi + 1/2 [ sum_(i <= N, l_i > 1) (ln l_i + 1) + sum_others l_i ]
  ///
  /// per item. With orthogonal columns the posterior is diagonal with a variance that does not depend on x,
  /// which the linear encoder has, so the bound is tight: min(-ELBO) = -ln p. The latent map's
  /// eigenvalues are there 1 - 1 / l_i, by W'W / (W'W + 1).
  ///
  /// The retained variances are equal here: with different ones the columns must also turn towards the
  /// axes for the posterior to be diagonal, which descent does very slowly (PyTorch, too, is 0.02 nats
  /// above the optimum after 30,000 steps for 16, 9, 4).
  @Test(.tags(.training), .slow) func trainingReachesProbabilisticPCA() throws {
    let variances = [9.0, 9, 9, 0.5, 0.25, 0.25]
    let count = 2000
    let rows = Self.whitened(count, variances: variances)
    let architecture = Architecture(
      dataDimension: 6, latentDimension: 4, hidden: [], activation: .tanh, likelihood: .gaussian)
    let table = RowTable(rows)
    let result = try Training(epochs: 400, batch: 100, learningRate: 0.002).run(
      architecture, train: table, trainCount: count, test: table, testCount: 0, seed: 3, threads: 1)
    let optimum =
      3 * logarithm(2 * .pi)
      + 0.5 * (logarithm(9 * 9 * 9) + 3 + variances[3...].reduce(0, +))
    // Averaged over 40 draws: the noise of one sample per item is below 3 nats, hence a standard error
    // of 3 / sqrt(80,000) = 0.01 nats at most.
    let evidence = (0..<40).map {
      Evidence(of: result.model, on: table, count: count, seed: 9, draw: $0, threads: 1).negativeELBO
    }
    let reached = evidence.reduce(0, +) / 40
    #expect(reached > optimum - 5 * 0.01, "below the exact optimum")
    #expect(reached < optimum * 1.005, "\(reached), optimum \(optimum)")

    // Trace of A W: sum of 1 - 1 / l_i over the retained axes; the fourth latent is unused.
    let a = result.model.layers[0].weight
    let w = result.model.layers[2].weight
    var trace = 0.0
    for i in 0..<4 { for k in 0..<6 { trace += Double(a[i * 6 + k]) * Double(w[k * 4 + i]) } }
    let expected = 3 * (1 - 1 / 9.0)
    // The loss is flat at the optimum: 0.5 % of it (0.06 nats) allow errors of about a tenth per axis.
    #expect(abs(trace - expected) < 0.1)
  }
}
