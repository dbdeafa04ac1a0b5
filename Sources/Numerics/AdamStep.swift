internal import CKernels

/// The constants of one step of Adam.
///
///     m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
///     theta -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
///
/// Source: Kingma and Ba 2014, arXiv:1412.6980; constants and form as in PyTorch.
public struct AdamStep: Sendable, Hashable {
  /// Decay of the gradient's mean.
  public static let beta1 = 0.9
  /// Decay of the gradient's mean square.
  public static let beta2 = 0.999
  /// Keeps the quotient finite.
  public static let epsilon = 1e-8
  /// The learning rate with the first moment's bias correction.
  public let rate: Double
  /// 1 / sqrt(1 - b2^t).
  public let secondCorrection: Double

  /// - Parameters:
  ///   - number: t, from 1.
  ///   - learningRate: The learning rate.
  public init(number: Int, learningRate: Double) {
    precondition(number >= 1)
    rate = learningRate / (1 - power(Self.beta1, Double(number)))
    secondCorrection = 1 / (1 - power(Self.beta2, Double(number))).squareRoot()
  }

  /// As the kernels take them.
  var constants: ckernels_adam {
    ckernels_adam(
      rate: rate, second_correction: secondCorrection, beta1: Self.beta1, beta2: Self.beta2,
      epsilon: Self.epsilon)
  }
}
