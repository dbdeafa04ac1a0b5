import Dynamics
import Numerics

/// How far the inference map departs from its linearization.
///
/// With preactivations a_l, slopes D_l and weights W_l, a displacement v of z displaces a_l by
///
///     delta_1 = W_1 v,   delta_{l+1} = W_{l+1} (D_l delta_l + rho_l),
///     rho_l = f(a_l + delta_l) - f(a_l) - D_l delta_l
///
/// exactly. Unrolled, delta_l = A_l v + e_l with the linearized network A_l, and the map's remainder is
/// R = sum_l G_l rho_l with G_l the linearization of all that follows layer l. Each rho is at most half the
/// largest second derivative on the reachable interval times delta squared (for relu, what lies beyond the
/// kink). Nothing here is an approximation; roundings are not followed.
extension DifferentiableInferenceMap {
  /// What one nonlinear layer contributes.
  private struct Layer: Sendable {
    var activation: Activation
    /// a_l at z.
    var preactivation: [Double]
    /// D_l.
    var slope: [Double]
    /// The largest |(A_l S u)_j| for |u| = 1.
    var reach: [Double]
    /// At least the largest |A_l S u| for |u| = 1.
    var reachNorm: Double
    /// T G_l, `[N, width]`, row-major, absolute values.
    var effect: [Double]
    /// At least the largest |T G_l rho| for |rho| = 1.
    var effectNorm: Double
    /// Norms of the next layer's rows and of the whole next layer.
    var nextRowNorms: [Double]
    var nextNorm: Double
  }

  public func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
  {
    let n = dimension
    let w = makeTangentWorkspace(directions: n)
    w.rows[0].row(0).update(from: state, count: n)
    for k in 0..<n {
      for i in 0..<n { w.rows[0].row(k + 1)[i] = source[i * n + k] }
    }
    var layers: [Layer] = []
    propagate(count: n, w) { l in
      let layer = chain[l]
      guard l + 1 < chain.count else { return }
      let width = layer.packed.outputs
      let y = w.rows[l + 1]
      var squares = [Double](repeating: 0, count: width)
      var directions = [Double](repeating: 0, count: n * width)
      for k in 0..<n {
        let row = y.row(k + 1)
        for j in 0..<width {
          squares[j] += row[j] * row[j]
          directions[k * width + j] = row[j]
        }
      }
      layers.append(
        Layer(
          activation: layer.activation, preactivation: Array(w.preactivation.slice(from: 0, count: width)),
          slope: layer.activation == .identity
            ? Array(repeating: 1, count: width) : Array(w.slope.slice(from: 0, count: width)),
          reach: squares.map { $0.squareRoot() },
          reachNorm: spectralNormBound(directions, rows: n, columns: width), effect: [], effectNorm: 0,
          nextRowNorms: chain[l + 1].rowNorms, nextNorm: chain[l + 1].spectralNorm))
    }
    // Backwards: T W_L, then T G_l = (T G_{l+1}) D_{l+1} W_{l+1}.
    var effect = target
    var width = n
    for l in stride(from: chain.count - 1, to: 0, by: -1) {
      let next = chain[l]
      let inputs = next.packed.inputs
      var product = [Double](repeating: 0, count: n * inputs)
      Double.multiply(
        .none, .none, m: n, n: inputs, k: width, alpha: 1, effect, width, next.weights.pointer, inputs,
        beta: 0, &product, inputs)
      layers[l - 1].effectNorm = spectralNormBound(product, rows: n, columns: inputs)
      layers[l - 1].effect = product.map { abs($0) }
      for i in 0..<n {
        for j in 0..<inputs { product[i * inputs + j] *= layers[l - 1].slope[j] }
      }
      effect = product
      width = inputs
    }
    return { [layers] radius in Self.bound(layers, dimension: n, radius: radius) }
  }

  private static func bound(_ layers: [Layer], dimension n: Int, radius: Double) -> Double {
    var total = 0.0
    var extraNorm = 0.0  // |e_l|
    var extra: [Double]? = nil  // |e_l,j|
    for layer in layers {
      let width = layer.preactivation.count
      var remainder = [Double](repeating: 0, count: width)
      var squares = 0.0
      var largestRatio = 0.0
      var carried = 0.0
      for j in 0..<width {
        let reach = layer.reach[j] * radius + (extra?[j] ?? 0)
        let rho = layer.activation.linearizationRemainder(at: layer.preactivation[j], within: reach)
        remainder[j] = rho
        squares += rho * rho
        if reach > 0 { largestRatio = max(largestRatio, rho / reach) }
        let sum = abs(layer.slope[j]) * (extra?[j] ?? 0) + rho
        carried += sum * sum
      }
      // Both bound |rho|: component by component, or through the joint size of all displacements.
      let remainderNorm = min(
        squares.squareRoot(), largestRatio * (layer.reachNorm * radius + extraNorm))
      var direct = 0.0
      for i in 0..<n {
        var sum = 0.0
        let row = i * width
        for j in 0..<width { sum += layer.effect[row + j] * remainder[j] }
        direct += sum * sum
      }
      total += min(direct.squareRoot(), layer.effectNorm * remainderNorm)
      let largestSlope = layer.slope.reduce(0) { max($0, abs($1)) }
      let carriedNorm = min(carried.squareRoot(), largestSlope * extraNorm + remainderNorm)
      extra = layer.nextRowNorms.map { $0 * carriedNorm }
      extraNorm = layer.nextNorm * carriedNorm
    }
    return total.isNaN ? .infinity : total
  }
}

extension Activation {
  /// The largest |f(x + d) - f(x) - f'(x) d| over |d| <= reach.
  func linearizationRemainder(at x: Double, within reach: Double) -> Double {
    switch self {
    case .identity: return 0
    case .relu: return max(0, reach - abs(x))
    default: return 0.5 * largestCurvature(from: x - reach, to: x + reach) * reach * reach
    }
  }

  /// The largest |f''| on an interval.
  private func largestCurvature(from lower: Double, to upper: Double) -> Double {
    // All second derivatives are even or odd: only distances from 0 count.
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
      // |2 - x^2| n(x): falls to 0 at sqrt 2, then has a second maximum at 2.
      let density = { (x: Double) in exponential(-0.5 * x * x) * 0.3989422804014327 }
      let curvature = { (x: Double) in abs(2 - x * x) * density(x) }
      let inner = max(curvature(near), curvature(far))
      return near <= 2 && far >= 2 ? max(inner, curvature(2)) : inner
    case .identity, .relu: return 0
    }
  }
}
