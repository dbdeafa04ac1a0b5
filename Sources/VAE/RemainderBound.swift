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
/// R = sum_l G_l rho_l with G_l the linearization of all that follows layer l. Two bounds follow, of which the
/// smaller is given:
///
/// - first order: |rho| <= |f''| delta^2 / 2 with the largest second derivative on the reachable interval
///   (for relu, what lies beyond the kink);
/// - second order: rho = f''(a) (A v)^2 / 2 + ..., whose first term summed over all layers is the map's exact
///   second derivative, a quadratic form whose norm is computed, and whose rest is bounded by e_l and the
///   largest third derivatives.
///
/// Nothing here is an approximation; roundings are not followed.
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
    /// f''(a_l).
    var curvature: [Double]
    /// For each earlier nonlinear layer k the largest |(B_lk rho)_j| for |rho| = 1, where B_lk is the linearization of
    /// what lies between: e_l = sum_k B_lk rho_k.
    var inherited: [[Double]]

    /// At least the largest |T G_l rho| for all rho with these components at most.
    func effectBound(_ components: [Double], _ n: Int) -> Double {
      let width = components.count
      var squares = 0.0
      for i in 0..<n {
        var sum = 0.0
        for j in 0..<width { sum += effect[i * width + j] * components[j] }
        squares += sum * sum
      }
      return squares.squareRoot()
    }
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
    var reaches: [[Double]] = []  // (A_l S)', `[N, width]`
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
      reaches.append(directions)
      layers.append(
        Layer(
          activation: layer.activation, preactivation: Array(w.preactivation.slice(from: 0, count: width)),
          slope: layer.activation == .identity
            ? Array(repeating: 1, count: width) : Array(w.slope.slice(from: 0, count: width)),
          reach: squares.map { $0.squareRoot() },
          reachNorm: spectralNormBound(directions, rows: n, columns: width), effect: [], effectNorm: 0,
          curvature: (0..<width).map { layer.activation.secondDerivative(at: w.preactivation.pointer[$0]) },
          inherited: []))
    }
    inherit(&layers)
    let takesSecondOrder =
      n <= Self.secondOrderLimit && layers.contains { $0.curvature.contains { $0 != 0 } }
    var quadratic = [Double](repeating: 0, count: takesSecondOrder ? n * n * n : 0)
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
      if takesSecondOrder {
        Self.addQuadraticForms(
          &quadratic, effect: product, curvature: layers[l - 1].curvature, reach: reaches[l - 1], n: n)
      }
      for i in 0..<n {
        for j in 0..<inputs { product[i * inputs + j] *= layers[l - 1].slope[j] }
      }
      effect = product
      width = inputs
    }
    // |(u'H_i u)_i| <= |H| for |u| = 1, with H unfolded to `[N, N^2]`, or the norms of all H_i together.
    var quadraticNorm = Double.infinity
    if takesSecondOrder {
      let unfolded = spectralNormBound(quadratic, rows: n, columns: n * n)
      var squares = 0.0
      for i in 0..<n {
        let form = Array(quadratic[i * n * n..<(i + 1) * n * n])
        let norm = spectralNormBound(form, rows: n, columns: n)
        squares += norm * norm
      }
      quadraticNorm = min(unfolded, squares.squareRoot())
    }
    return { [layers, quadraticNorm] radius in
      let (first, rest) = Self.bounds(layers, dimension: n, radius: radius)
      let second = quadraticNorm * radius * radius + rest
      return second < first ? second : first
    }
  }

  /// Above this many latent variables the N^3 numbers of the second derivative cost more than they save.
  private static var secondOrderLimit: Int { 64 }

  /// H_i += sum_j (T G)_ij f''_j / 2 a_j a_j', a_j the column j of `reach` `[N, width]`.
  private static func addQuadraticForms(
    _ forms: inout [Double], effect: [Double], curvature: [Double], reach: [Double], n: Int
  ) {
    let width = curvature.count
    guard curvature.contains(where: { $0 != 0 }) else { return }
    var scaled = [Double](repeating: 0, count: n * width)
    var form = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for k in 0..<n {
        for j in 0..<width {
          scaled[k * width + j] = 0.5 * effect[i * width + j] * curvature[j] * reach[k * width + j]
        }
      }
      Double.multiply(
        .none, .transposed, m: n, n: n, k: width, alpha: 1, scaled, width, reach, width, beta: 0, &form, n)
      for k in form.indices { forms[i * n * n + k] += form[k] }
    }
  }

  /// Computes `inherited` of all layers.
  ///
  /// - Complexity: O(layers x sum of width products of neighbours and of all layers before), by matrix products.
  private func inherit(_ layers: inout [Layer]) {
    var linearizations: [[Double]] = []  // B_lk, `[width l, width k]`
    for l in layers.indices.dropFirst() {
      let weights = chain[l].weights
      let width = chain[l].packed.outputs
      let inputs = chain[l].packed.inputs
      let slope = layers[l - 1].slope
      for k in linearizations.indices {
        let columns = layers[k].slope.count
        for i in 0..<inputs {
          for j in i * columns..<(i + 1) * columns { linearizations[k][j] *= slope[i] }
        }
        var product = [Double](repeating: 0, count: width * columns)
        Double.multiply(
          .none, .none, m: width, n: columns, k: inputs, alpha: 1, weights.pointer, inputs, linearizations[k],
          columns, beta: 0, &product, columns)
        linearizations[k] = product
      }
      linearizations.append(Array(weights.buffer))
      layers[l].inherited = linearizations.enumerated().map { k, matrix in
        let columns = layers[k].slope.count
        return (0..<width).map { row in
          var square = 0.0
          for j in row * columns..<(row + 1) * columns { square += matrix[j] * matrix[j] }
          return square.squareRoot()
        }
      }
    }
  }

  /// The first-order bound, and what the second-order bound adds to the quadratic form.
  private static func bounds(_ layers: [Layer], dimension n: Int, radius: Double) -> (
    first: Double, rest: Double
  ) {
    var first = 0.0
    var rest = 0.0
    var norms: [Double] = []  // |rho_k|
    for layer in layers {
      let width = layer.preactivation.count
      var extra = [Double](repeating: 0, count: width)  // |e_l,j|
      for (factors, norm) in zip(layer.inherited, norms) {
        for j in 0..<width { extra[j] += factors[j] * norm }
      }
      var remainder = [Double](repeating: 0, count: width)
      var higher = [Double](repeating: 0, count: width)
      var (squares, higherSquares, extraSquares, largestRatio) = (0.0, 0.0, 0.0, 0.0)
      for j in 0..<width {
        let linear = layer.reach[j] * radius
        let reach = linear + extra[j]
        let curvature = abs(layer.curvature[j])
        let rho = layer.activation.linearizationRemainder(at: layer.preactivation[j], within: reach)
        remainder[j] = rho
        higher[j] = min(
          rho + 0.5 * curvature * linear * linear,
          curvature * (linear + 0.5 * extra[j]) * extra[j]
            + layer.activation.quadraticRemainder(at: layer.preactivation[j], within: reach))
        squares += rho * rho
        higherSquares += higher[j] * higher[j]
        extraSquares += extra[j] * extra[j]
        if reach > 0 { largestRatio = max(largestRatio, rho / reach) }
      }
      // Both bound |rho|: component by component, or through the joint size of all displacements.
      let norm = min(
        squares.squareRoot(), largestRatio * (layer.reachNorm * radius + extraSquares.squareRoot()))
      norms.append(norm)
      first += min(layer.effectBound(remainder, n), layer.effectNorm * norm)
      rest += min(layer.effectBound(higher, n), layer.effectNorm * higherSquares.squareRoot())
    }
    return (first.isNaN ? .infinity : first, rest.isNaN ? .infinity : rest)
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

  /// The largest |f(x + d) - f(x) - f'(x) d - f''(x) d^2 / 2| over |d| <= reach.
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

  /// f''(x); 0 for relu, also at its kink.
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

  /// Where |f'''| has its maxima at x > 0.
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
