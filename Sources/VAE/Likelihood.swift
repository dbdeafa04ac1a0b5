import Numerics

/// The distribution p(x|z) of the decoder, with its natural parameters as the network's plain output.
public enum Likelihood: String, Sendable, Hashable, CaseIterable {
  /// Independent Bernoulli pixels; the network's output are logits, g(z) their logistic function.
  case bernoulli
  /// Independent normal components of one standard deviation, the scale S, by default 1; the network's output is the
  /// mean g(z).
  case gaussian

  /// The function that turns natural parameters into the mean g(z).
  public var meanFunction: Activation {
    switch self {
    case .bernoulli: return .logistic
    case .gaussian: return .identity
    }
  }

  /// -ln p(x | z) in nats from the output layer's values: stable, through logits for Bernoulli.
  ///
  /// Gaussian: |x - g|^2 / (2 S^2) + D ln S + (D / 2) ln 2 pi.
  /// - Parameters:
  ///   - scale: S; of a Bernoulli decoder it is not used.
  ///   - scratch: Room for 2 `count` numbers.
  func negativeLogLikelihood<Scalar: NetworkScalar>(
    outputs: UnsafePointer<Scalar>, targets: UnsafePointer<Scalar>, count: Int, scale: Double,
    scratch: UnsafeMutablePointer<Double>
  ) -> Double {
    switch self {
    case .bernoulli:
      return Scalar.bernoulliCrossEntropy(
        logits: outputs, targets: targets, count: count, scale: 1, gradient: nil)
    case .gaussian:
      let x = scratch
      let mean = scratch + count
      Scalar.convert(targets, to: x, count: count)
      Scalar.convert(outputs, to: mean, count: count)
      var sum = 0.0
      for i in 0..<count { sum += (x[i] - mean[i]) * (x[i] - mean[i]) }
      return 0.5 * sum / (scale * scale) + 0.5 * Double(count) * logarithm(2 * .pi)
        + Double(count) * logarithm(scale)
    }
  }
}
