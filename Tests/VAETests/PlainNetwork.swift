import Numerics
import VAE

/// A second algorithm: the autoencoder written out with loops in double precision, and a model of the
/// rounding errors of the same network in lower precision.
///
/// Rounding errors are taken as independent (Higham and Mary 2019, doi:10.1137/18M1226312): a sum of k
/// products has the variance u^2 (k + 2) sum_i (w_i x_i)^2, an incoming error enters with the weight or
/// derivative that it is multiplied by, and an activation adds its own error.
struct PlainNetwork {
  /// Values with the variances of their errors.
  struct Uncertain {
    var value: [Double]
    var variance: [Double]

    init(exact value: [Double]) {
      self.value = value
      variance = value.map { _ in 0 }
    }
  }

  let model: Autoencoder
  /// The unit roundoff u.
  let unit: Double

  var architecture: Architecture { model.architecture }

  /// The relative error of the kernels' elementary functions: 6e-7 is what `lanes.h` states for the
  /// worst of them in single precision (erf: 5e-7), about 10 units; double precision has the C library's.
  var functionError: Double { unit > 0x1p-30 ? 6e-7 : 4 * unit }

  func affine(_ x: Uncertain, _ k: Int) -> Uncertain {
    let layer = model.layers[k]
    let inputs = x.value.count
    var result = Uncertain(exact: layer.bias.map(Double.init))
    for o in layer.bias.indices {
      var squares = result.value[o] * result.value[o]
      var incoming = 0.0
      for i in 0..<inputs {
        let w = Double(layer.weight[o * inputs + i])
        let product = w * x.value[i]
        result.value[o] += product
        squares += product * product
        incoming += w * w * x.variance[i]
      }
      result.variance[o] = incoming + unit * unit * Double(inputs + 2) * squares
    }
    return result
  }

  func activated(_ x: Uncertain, _ activation: Activation) -> Uncertain {
    var result = x
    for i in x.value.indices {
      let (value, derivative) = Self.function(activation, x.value[i])
      result.value[i] = value
      let own = functionError * max(abs(value), activation == .identity ? 0 : min(abs(x.value[i]), 1))
      result.variance[i] =
        derivative * derivative * x.variance[i] + (activation == .identity ? 0 : own * own)
    }
    return result
  }

  /// The activation and its derivative.
  static func function(_ activation: Activation, _ x: Double) -> (Double, Double) {
    switch activation {
    case .identity: return (x, 1)
    case .tanh:
      let y = hyperbolicTangent(x)
      return (y, 1 - y * y)
    case .relu: return (max(x, 0), x > 0 ? 1 : 0)
    case .gelu:
      let distribution = 0.5 * (1 + errorFunction(x / 2.0.squareRoot()))
      return (x * distribution, distribution + x * exponential(-x * x / 2) / (2 * Double.pi).squareRoot())
    case .softplus: return (softplus(x), logistic(x))
    case .logistic:
      let y = logistic(x)
      return (y, y * (1 - y))
    }
  }

  /// m(x) and ln s^2(x).
  func encode(_ x: Uncertain) -> (mean: Uncertain, logVariance: Uncertain) {
    var h = x
    for k in architecture.hidden.indices { h = activated(affine(h, k), architecture.activation) }
    return (affine(h, architecture.hidden.count), affine(h, architecture.hidden.count + 1))
  }

  /// The output layer's plain values.
  func logits(_ z: Uncertain) -> Uncertain {
    var h = z
    let hidden = architecture.hidden.count
    for k in 0..<hidden { h = activated(affine(h, hidden + 2 + k), architecture.activation) }
    return affine(h, 2 * hidden + 2)
  }

  /// g(z).
  func decode(_ z: Uncertain) -> Uncertain {
    activated(logits(z), architecture.likelihood == .bernoulli ? .logistic : .identity)
  }

  /// z(0...steps) and x(steps + 1) in mean mode.
  func trajectory(from x: [Double], steps: Int) -> (states: [Uncertain], output: Uncertain) {
    var current = Uncertain(exact: x)
    var states: [Uncertain] = []
    for _ in 0...steps {
      let z = encode(current).mean
      states.append(z)
      current = decode(z)
    }
    return (states, current)
  }

  /// -ln p(x|z), nats.
  func negativeLogLikelihood(_ x: [Double], at z: [Double]) -> Double {
    let outputs = logits(Uncertain(exact: z)).value
    var sum = 0.0
    for (x, g) in zip(x, outputs) {
      switch architecture.likelihood {
      case .bernoulli:
        let p = logistic(g)
        sum -= (x > 0 ? x * logarithm(p) : 0) + (x < 1 ? (1 - x) * logarithm(logistic(-g)) : 0)
      case .gaussian: sum += 0.5 * (x - g) * (x - g) + 0.5 * logarithm(2 * .pi)
      }
    }
    return sum
  }

  /// KL(q(z|x) || Normal(0, I)), nats.
  func kullbackLeibler(_ x: [Double]) -> Double {
    let (mean, logVariance) = encode(Uncertain(exact: x))
    return zip(mean.value, logVariance.value).reduce(0) { sum, pair in
      sum + 0.5 * (pair.0 * pair.0 + exponential(pair.1) - 1 - pair.1)
    }
  }
}
