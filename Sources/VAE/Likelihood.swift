import Numerics

/// The decoder's distribution p(x|z). The network's plain output is its natural parameters.
public enum Likelihood: String, Sendable, Hashable, CaseIterable {
  /// Independent Bernoulli pixels. The network's outputs are logits, and g(z) is their logistic function.
  case bernoulli
  /// Independent normal components of one standard deviation, the scale S, which is 1 by default. The network's output
  /// is the mean g(z).
  case gaussian

  /// The function that turns natural parameters into the mean g(z).
  public var meanFunction: Activation {
    switch self {
    case .bernoulli: return .logistic
    case .gaussian: return .identity
    }
  }

  /// -ln p(x|z) in nats, computed from the output layer's values. For Bernoulli pixels it is computed from logits,
  /// which is numerically stable.
  ///
  /// For Gaussian components it is |x - g|^2 / (2 S^2) + D ln S + (D / 2) ln 2 pi.
  ///
  /// - Parameters:
  ///   - outputs: The natural parameters, shape `[count]`.
  ///   - targets: x, shape `[count]`.
  ///   - scale: S. A Bernoulli decoder ignores it.
  ///   - scratch: Memory for 2 `count` numbers.
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
