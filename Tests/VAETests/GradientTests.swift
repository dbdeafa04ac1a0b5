import Numerics
import TestSupport
import Testing
import VAE

@Suite struct GradientTests {
  @Test(arguments: ReferenceFile.tiny)
  func lossAndGradientArePyTorchs(_ name: String) throws {
    let reference = try ReferenceFile(tiny: name)
    let beta = try #require(reference.reader.attribute("beta").numbers?.first)
    let expectedLosses = try reference.numbers("negative_elbo")
    let items = try reference.rows("input")
    let noise = try reference.rows("eps")
    let whole = LossGradient(
      of: reference.model, items: items, noise: noise, beta: beta, precision: Double.self)
    // Sums of at most 36 products in five layers, in two programs: about 100 units of 1.1e-16, and
    // relative to a tensor's norm, for single elements may cancel.
    let bound = 1e-13
    let mean = expectedLosses.reduce(0, +) / Double(expectedLosses.count)
    #expect(abs(whole.loss - mean) <= bound * mean)
    for (m, expected) in expectedLosses.enumerated() {
      let one = LossGradient(
        of: reference.model, items: [items[m]], noise: [noise[m]], beta: beta, precision: Double.self)
      #expect(abs(one.loss - expected) <= bound * expected)
    }
    #expect(whole.gradient.count == 2 * reference.model.architecture.layers.count)
    for (tensor, gradient) in whole.gradient {
      let expected = try reference.numbers(
        "gradient_" + String(tensor.map { $0 == "." ? "_" : $0 }))
      #expect(expected.count == gradient.count)
      #expect(norm(difference(gradient, expected)) <= bound * norm(expected), "\(tensor)")
    }

    // Single precision: 2^-24 times about 10 units for the elementary functions times an amplification
    // of some 30 by five layers: 2e-5. (relu: a preactivation within rounding of 0 would void this.)
    let single = LossGradient(
      of: reference.model, items: items, noise: noise, beta: beta, precision: Float.self)
    #expect(abs(single.loss - mean) <= 2e-5 * mean)
    for (tensor, gradient) in single.gradient {
      let expected = try #require(whole.gradient[tensor])
      #expect(norm(difference(gradient, expected)) <= 2e-5 * norm(expected), "\(tensor)")
      #expect(gradient != expected, "\(tensor): was it computed in single precision?")
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var activation: Activation
    var likelihood: Likelihood
    var hidden: [Int]
    var testDescription: String { "\(activation) \(likelihood) \(hidden)" }

    static let all: [Case] = [Activation.tanh, .relu, .gelu, .softplus].flatMap { activation in
      Likelihood.allCases.flatMap { likelihood in
        [[], [6], [7, 5]].map { Case(activation: activation, likelihood: likelihood, hidden: $0) }
      }
    }
  }

  @Test(arguments: Case.all)
  func everyDerivativeIsTheCentralDifference(_ c: Case) throws {
    let model = randomModel(
      dimension: 6, latent: 2, hidden: c.hidden, activation: c.activation, likelihood: c.likelihood)
    let items = randomRows(3, 6)
    let noise = normalRows(3, 2)
    // [L(+h) - L(-h)] / 2h differs from L' by h^2 L'''/6 + 2^-53 k |L| / h, with |L| about 10 and k about
    // 10 roundings: at h = 2e-5 that is 7e-11 L''' + 6e-10. Third derivatives of these networks (weights
    // of order 1, at most five layers) stay below about 1e3 times the gradient's scale, hence 1e-7.
    // A wrong factor in any term changes some element by far more. relu's kinks would show as failures: with
    // this seed no preactivation lies within h of 0.
    let h = 2e-5
    func loss(_ tensor: String, _ index: Int, _ by: Double) -> LossGradient {
      LossGradient(
        of: model, items: items, noise: noise, beta: 0.7, precision: Double.self,
        perturbing: (tensor: tensor, index: index, by: by))
    }
    let analytic = LossGradient(of: model, items: items, noise: noise, beta: 0.7, precision: Double.self)
    for (tensor, gradient) in analytic.gradient {
      #expect(norm(gradient) > 1e-3, "\(tensor): nothing to compare")
      for (index, derivative) in gradient.enumerated() {
        let difference = (loss(tensor, index, h).loss - loss(tensor, index, -h).loss) / (2 * h)
        #expect(
          abs(difference - derivative) <= 1e-7 * max(1, norm(gradient)),
          "\(tensor)[\(index)]: \(derivative), difference \(difference)")
      }
    }
  }

  @Test func gradientIsTheMeanOverItems() throws {
    let model = randomModel()
    let items = randomRows(5, 12)
    let noise = normalRows(5, 3)
    let whole = LossGradient(of: model, items: items, noise: noise, beta: 1, precision: Double.self)
    let parts = (0..<5).map {
      LossGradient(of: model, items: [items[$0]], noise: [noise[$0]], beta: 1, precision: Double.self)
    }
    for (tensor, gradient) in whole.gradient {
      for i in gradient.indices {
        let mean = parts.reduce(0) { $0 + ($1.gradient[tensor]?[i] ?? .nan) } / 5
        // Two orders of summation of five numbers: a few units of the largest.
        #expect(abs(mean - gradient[i]) <= 20 * 0x1p-53 * max(1, norm(gradient)))
      }
    }
  }
}
