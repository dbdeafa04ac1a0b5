import Dynamics
import Foundation
import Numerics
import TestSupport
import Testing
import VAE

/// The standard deviation S of a Gaussian decoder.
@Suite struct LikelihoodScaleTests {
  static let architecture = Architecture(
    dataDimension: 5, latentDimension: 2, hidden: [6], activation: .tanh, likelihood: .gaussian)
  static let items = normalRows(7, 5)
  static let noise = normalRows(7, 2, seed: 3)

  static func gradient(scale: Double, beta: Double) -> LossGradient {
    var model = Autoencoder(initializing: architecture, seed: 4)
    model.likelihoodScale = scale
    return LossGradient(of: model, items: items, noise: noise, beta: beta, precision: Double.self)
  }

  /// -ln p(x|z) = |x - g|^2 / (2 S^2) + D ln S + (D/2) ln 2 pi: from that of S = 1, without the divergence.
  @Test(arguments: [0.1, 0.5, 1, 3]) func lossAndGradientFollowFromThoseOfScaleOne(_ scale: Double) throws {
    let (unit, scaled) = (Self.gradient(scale: 1, beta: 0), Self.gradient(scale: scale, beta: 0))
    let constant = 2.5 * log(2 * Double.pi)
    let expected = (unit.loss - constant) / (scale * scale) + constant + 5 * log(scale)
    // A few hundred roundings.
    #expect(abs(scaled.loss - expected) <= 1e-13 * abs(expected))
    for (tensor, gradient) in scaled.gradient {
      let other = try #require(unit.gradient[tensor])
      for (a, b) in zip(gradient, other) { #expect(abs(a - b / (scale * scale)) <= 1e-12 * (abs(a) + 1e-3)) }
    }
    #expect(abs(scaled.scaleGradient - (5 - 2 * (unit.loss - constant) / (scale * scale))) <= 1e-12)
  }

  @Test func theDerivativeByTheScaleIsTheCentralDifference() {
    let (scale, step) = (0.7, 1e-5)
    let above = Self.gradient(scale: scale * exp(step), beta: 1).loss
    let below = Self.gradient(scale: scale * exp(-step), beta: 1).loss
    // Third derivatives of order 10 times step^2, and 1e-15 / step of rounding.
    #expect(abs((above - below) / (2 * step) - Self.gradient(scale: scale, beta: 1).scaleGradient) <= 1e-8)
  }

  /// The linear model is probabilistic PCA: at the optimum S^2 is the mean of the discarded variances, and the negative
  /// ELBO the negative log-likelihood (Tipping and Bishop 1999, doi:10.1111/1467-9868.00196).
  @Test(.tags(.training), .slow) func aLearnedScaleIsThatOfProbabilisticPCA() throws {
    let (d, n) = (6, 2)
    // Independent components with these variances: the axes are the principal ones up to sampling.
    let variances = [4.0, 2, 0.3, 0.25, 0.2, 0.15]
    let rows = normalRows(3000, d, seed: 9).map { row in zip(row, variances).map { $0 * $1.squareRoot() } }
    var covariance = [[Double]](repeating: [Double](repeating: 0, count: d), count: d)
    let means = (0..<d).map { j in rows.reduce(0) { $0 + $1[j] } / 3000 }
    for row in rows {
      for i in 0..<d {
        for j in 0..<d { covariance[i][j] += (row[i] - means[i]) * (row[j] - means[j]) / 3000 }
      }
    }
    let eigenvalues = symmetricEigenvalues(covariance).sorted(by: >)
    let discarded = eigenvalues[n...].reduce(0, +) / Double(d - n)
    let likelihood =
      0.5
      * (Double(d) * log(2 * Double.pi) + eigenvalues[..<n].reduce(0) { $0 + log($1) }
        + Double(d - n) * log(discarded) + Double(d))
    var training = Training(epochs: 150, batch: 100, learningRate: 0.003)
    training.likelihoodScale = .learned
    let source = RowTable(rows)
    let result = try training.run(
      Architecture(
        dataDimension: d, latentDimension: n, hidden: [], activation: .tanh, likelihood: .gaussian),
      train: source, trainCount: 3000, test: source, testCount: 0, seed: 2, threads: 2)
    let scale = result.model.likelihoodScale
    #expect(Double(result.model.metadata["likelihood_scale"] ?? "") == scale)
    // Adam leaves some per cent, as the minibatches' gradients of ln S scatter by sqrt(2 D / 100) = 0.35 around D = 6.
    #expect(abs(scale * scale / discarded - 1) < 0.05, "\(scale * scale) instead of \(discarded)")
    #expect(
      abs(result.train.negativeELBO - likelihood) < 4 * result.train.standardError + 0.05,
      "\(result.train.negativeELBO) instead of \(likelihood)")
  }

  @Test func aScaleIsWrittenAndReadAgain() throws {
    var model = Autoencoder(initializing: Self.architecture, seed: 4)
    model.likelihoodScale = 0.125
    let again = try Safetensors.decode(try Safetensors.encode(model), path: "again")
    #expect(again.likelihoodScale == 0.125 && again.metadata["likelihood_scale"] == "0.125")
    for text in ["0", "-1", "nan", "inf", "x"] {
      model.metadata["likelihood_scale"] = text
      model.likelihoodScale = 1
      let file = try Safetensors.encode(model)
      let error = #expect(throws: ModelFileError.self) { try Safetensors.decode(file, path: "bad") }
      #expect("\(String(describing: error))".contains("likelihood_scale"))
    }
  }

  /// Training that was broken off goes on with the same bits.
  @Test(.tags(.training), .slow) func aTrainingOfTheScaleContinues() throws {
    var training = Training(epochs: 6, batch: 20, learningRate: 0.01)
    training.likelihoodScale = .learned
    let source = RowTable(normalRows(100, 5))
    func run(
      _ epochs: Int, resuming state: TrainingState? = nil, _ checkpoints: TrainingCheckpoints? = nil
    ) throws -> Training.Result {
      var plan = training
      plan.epochs = epochs
      return try plan.run(
        Self.architecture, train: source, trainCount: 100, test: source, testCount: 0, seed: 1, threads: 1,
        resuming: state, checkpoints: checkpoints)
    }
    let whole = try run(6)
    var saved: TrainingState?
    var asked = 0
    _ = try? run(
      6, resuming: nil,
      TrainingCheckpoints(
        shouldStop: {
          asked += 1
          return asked == 13
        }, save: { saved = $0 }))
    let state = try #require(saved)
    let continued = try run(6, resuming: state)
    #expect(continued.model.layers == whole.model.layers)
    #expect(
      continued.model.likelihoodScale == whole.model.likelihoodScale && whole.model.likelihoodScale != 1)
  }

  /// Eigenvalues by Jacobi's rotations.
  private func symmetricEigenvalues(_ matrix: [[Double]]) -> [Double] {
    var a = matrix
    let n = a.count
    for _ in 0..<50 {
      for p in 0..<n {
        for q in p + 1..<n where abs(a[p][q]) > 1e-300 {
          let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
          let t = (theta >= 0 ? 1.0 : -1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
          for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
        }
      }
    }
    return (0..<n).map { a[$0][$0] }
  }
}
