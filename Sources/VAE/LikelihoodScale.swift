import Numerics

/// The standard deviation S of a Gaussian decoder in training, one for all components.
public enum LikelihoodScale: Sendable, Hashable {
  /// This number.
  case fixed(Double)
  /// A parameter of the model: ln S is trained with the others, from S = 1.
  case learned

  /// Where training begins.
  var initial: Double { if case .fixed(let scale) = self { scale } else { 1 } }
}

/// The scale S of a Gaussian decoder while its model is trained: ln S with the moments of Adam.
///
///     d(-ln p(x | z)) / d(ln S) = D - |x - g(z)|^2 / S^2
struct ScaleParameter: Sendable, Hashable {
  /// ln S.
  var logarithm: Double
  /// Adam's mean gradient.
  var firstMoment = 0.0
  /// Adam's mean square of the gradient.
  var secondMoment = 0.0
  /// Whether it is trained.
  let isLearned: Bool

  init(_ scale: LikelihoodScale) {
    isLearned = scale == .learned
    // Not the logarithm of 1, whose last bit would be a matter of the library.
    logarithm = scale.initial == 1 ? 0 : Numerics.logarithm(scale.initial)
    fixed = scale.initial
  }

  private let fixed: Double

  /// S.
  var value: Double { isLearned ? exponential(logarithm) : fixed }

  /// The gradient of the loss per item.
  ///
  /// - Parameter halfSquares: Half the sum of the squared distances, in units of 1, over the rows.
  func gradient(halfSquares: Double, rows: Int, dimension: Int) -> Double {
    let scale = value
    return Double(dimension) - 2 * halfSquares / (Double(rows) * scale * scale)
  }

  /// One step of Adam.
  mutating func step(_ step: AdamStep, gradient: Double) {
    guard isLearned else { return }
    firstMoment = AdamStep.beta1 * firstMoment + (1 - AdamStep.beta1) * gradient
    secondMoment = AdamStep.beta2 * secondMoment + (1 - AdamStep.beta2) * gradient * gradient
    logarithm -=
      step.rate * firstMoment / (secondMoment.squareRoot() * step.secondCorrection + AdamStep.epsilon)
  }
}
