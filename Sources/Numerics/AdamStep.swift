internal import CKernels

/// The constants of one step of Adam.
///
///     m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
///     theta -= learningRate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
///
/// Source: Kingma and Ba 2014, arXiv:1412.6980. The constants and the place of epsilon are those of PyTorch.
public struct AdamStep: Sendable, Hashable {
  /// b1, the decay of the gradient's running mean.
  public static let beta1 = 0.9
  /// b2, the decay of the gradient's running mean square.
  public static let beta2 = 0.999
  /// Keeps the quotient finite where the mean square is 0.
  public static let epsilon = 1e-8
  /// The learning rate divided by the first moment's bias correction, 1 - b1^t.
  public let rate: Double
  /// The second moment's bias correction, 1 / sqrt(1 - b2^t).
  public let secondCorrection: Double

  /// - Parameters:
  ///   - number: t, the number of this step; the first is 1.
  ///   - learningRate: The step length before corrections.
  public init(number: Int, learningRate: Double) {
    precondition(number >= 1)
    rate = learningRate / (1 - power(Self.beta1, Double(number)))
    secondCorrection = 1 / (1 - power(Self.beta2, Double(number))).squareRoot()
  }

  /// The constants in the form that the kernels take.
  var constants: ckernels_adam {
    ckernels_adam(
      rate: rate, second_correction: secondCorrection, beta1: Self.beta1, beta2: Self.beta2,
      epsilon: Self.epsilon)
  }
}
