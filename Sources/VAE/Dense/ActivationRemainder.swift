import Numerics

/// Bounds on how far activations depart from their Taylor expansions.
extension Activation {
  /// The slopes to the left and to the right of 0, where they differ; nil for a function without a kink.
  var kink: (left: Double, right: Double)? { self == .relu ? (0, 1) : nil }

  /// An upper bound on |f(x + d) - f(x) - f'(x) d| over |d| <= reach, which relu attains.
  func linearizationRemainder(at x: Double, within reach: Double) -> Double {
    switch self {
    case .identity: return 0
    case .relu: return max(0, reach - abs(x))
    default: return 0.5 * largestCurvature(from: x - reach, to: x + reach) * reach * reach
    }
  }

  /// An upper bound on |f(x + d) - f(x) - f'(x) d - f''(x) d^2 / 2| over |d| <= reach, which relu attains.
  func quadraticRemainder(at x: Double, within reach: Double) -> Double {
    switch self {
    case .identity: return 0
    case .relu: return max(0, reach - abs(x))
    default:
      let near = max(0, abs(x) - reach)
      let far = abs(x) + reach
      var largest = max(abs(thirdDerivative(at: near)), abs(thirdDerivative(at: far)))
      for peak in thirdDerivativePeaks where near <= peak && peak <= far {
        largest = max(largest, abs(thirdDerivative(at: peak)))
      }
      return largest * reach * reach * reach / 6
    }
  }

  /// f''(x); 0 for relu, even at its kink.
  func secondDerivative(at x: Double) -> Double {
    switch self {
    case .identity, .relu: return 0
    case .tanh:
      let t = hyperbolicTangent(x)
      return -2 * t * (1 - t * t)
    case .logistic:
      let t = hyperbolicTangent(0.5 * x)
      return -0.25 * t * (1 - t * t)
    case .softplus:
      let t = hyperbolicTangent(0.5 * x)
      return 0.25 * (1 - t * t)
    case .gelu: return (2 - x * x) * exponential(-0.5 * x * x) * 0.3989422804014327
    }
  }

  /// f'''(x).
  private func thirdDerivative(at x: Double) -> Double {
    switch self {
    case .identity, .relu: return 0
    case .tanh:
      let t = hyperbolicTangent(x)
      return (1 - t * t) * (6 * t * t - 2)
    case .logistic: return Activation.tanh.thirdDerivative(at: 0.5 * x) / 16
    case .softplus: return Activation.logistic.secondDerivative(at: x)
    case .gelu: return x * (x * x - 4) * exponential(-0.5 * x * x) * 0.3989422804014327
    }
  }

  /// The positive x at which |f'''| has its maxima.
  private var thirdDerivativePeaks: [Double] {
    switch self {
    case .identity, .relu: return []
    case .tanh: return [1.1462158347805889]  // tanh^2 = 2/3
    case .logistic: return [2.2924316695611777]
    case .softplus: return [1.316957896924817]  // ln(2 + sqrt 3)
    case .gelu: return [0.7922869913932613, 2.5243377989621387]  // x^2 = (7 -+ sqrt 33) / 2
    }
  }

  /// The largest |f''| on an interval.
  private func largestCurvature(from lower: Double, to upper: Double) -> Double {
    // Each second derivative is an even or an odd function, so its magnitude depends only on the distance from 0.
    let near = lower <= 0 && upper >= 0 ? 0 : min(abs(lower), abs(upper))
    let far = max(abs(lower), abs(upper))
    func peaked(at peak: Double, _ curvature: (Double) -> Double) -> Double {
      curvature(near > peak ? near : far < peak ? far : peak)
    }
    switch self {
    case .tanh:
      return peaked(at: 0.658478948462408) { x in
        let t = hyperbolicTangent(x)
        return 2 * t * (1 - t * t)
      }
    case .logistic:
      return peaked(at: 1.316957896924817) { x in
        let e = exponential(-x)
        return e * (1 - e) / ((1 + e) * (1 + e) * (1 + e))
      }
    case .softplus:
      return peaked(at: 0) { x in
        let e = exponential(-x)
        return e / ((1 + e) * (1 + e))
      }
    case .gelu:
      // |2 - x^2| n(x) falls to 0 at sqrt 2 and then has a second maximum at 2.
      let density = { (x: Double) in exponential(-0.5 * x * x) * 0.3989422804014327 }
      let curvature = { (x: Double) in abs(2 - x * x) * density(x) }
      let inner = max(curvature(near), curvature(far))
      return near <= 2 && far >= 2 ? max(inner, curvature(2)) : inner
    case .identity, .relu: return 0
    }
  }
}
