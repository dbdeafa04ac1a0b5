import Numerics

/// A bound on how far a chain of fully connected layers, a decoder and then an encoder, departs from its
/// linearization.
///
/// With preactivations a_l, slopes D_l and weights W_l, a displacement v of z displaces a_l by
///
///     delta_1 = W_1 v,   delta_{l+1} = W_{l+1} (D_l delta_l + rho_l),
///     rho_l = f(a_l + delta_l) - f(a_l) - D_l delta_l
///
/// exactly. Unrolled, this is delta_l = A_l v + e_l, where A_l is the linearized network up to layer l. The map's
/// remainder is R = sum_l G_l rho_l, where G_l is the linearization of everything after layer l. From this follow
/// two bounds, and the smaller one is used:
///
/// - First order: |rho| <= |f''| delta^2 / 2 with the largest second derivative on the reachable interval (for
///   relu, what lies beyond the kink).
/// - Second order: rho = f''(a) (A v)^2 / 2 + ... . The first term, summed over all layers, is the map's exact
///   second derivative, a quadratic form whose norm is computed. The rest is bounded by e_l and the largest third
///   derivatives.
///
/// Both are bounds in exact arithmetic. They do not account for rounding errors.
struct RemainderBound: Sendable {
  /// All layers of the chain except the last.
  private var layers: [Layer]
  /// An upper bound on |(u'H_i u)_i| for |u| = 1, where (u'H_i u)_i is the second-order part of T R(S u). Infinite
  /// if it was not computed.
  private var quadraticNorm: Double
  /// N.
  private var dimension: Int

  /// What one nonlinear layer contributes to the bounds.
  private struct Layer: Sendable {
    var activation: Activation
    /// a_l at z.
    var preactivation: [Double]
    /// D_l.
    var slope: [Double]
    /// The largest |(A_l S u)_j| for |u| = 1.
    var reach: [Double]
    /// An upper bound on |A_l S u| for |u| = 1.
    var reachNorm: Double
    /// The absolute values of T G_l, `[N, width]`, row-major.
    var effect: [Double]
    /// An upper bound on |T G_l rho| for |rho| = 1.
    var effectNorm: Double
    /// f''(a_l).
    var curvature: [Double]
    /// For each earlier nonlinear layer k, the largest |(B_lk rho)_j| for |rho| = 1. B_lk is the linearization of
    /// what lies between k and l, so that e_l = sum_k B_lk rho_k.
    var inherited: [[Double]]

    /// A layer's contribution except `effect` and `inherited`. Its tangents must just have been computed.
    ///
    /// - Parameter directions: Rows 1 to `n` are A_l S, before the slopes.
    /// - Returns: The layer and (A_l S)', `[N, width]`.
    static func expanding(
      _ layer: DenseLayer<Double>, _ tangents: LayerTangents, directions: Rows<Double>, _ n: Int
    ) -> (layer: Layer, reach: [Double]) {
      let width = layer.outputs
      var squares = [Double](repeating: 0, count: width)
      var reach = [Double](repeating: 0, count: n * width)
      for k in 0..<n {
        let row = directions.row(k + 1)
        for j in 0..<width {
          squares[j] += row[j] * row[j]
          reach[k * width + j] = row[j]
        }
      }
      let preactivation = Array(tangents.preactivation.slice(from: 0, count: width))
      let expanded = Layer(
        activation: layer.activation, preactivation: preactivation,
        slope: layer.activation == .identity
          ? Array(repeating: 1, count: width) : Array(tangents.slope.slice(from: 0, count: width)),
        reach: squares.map { $0.squareRoot() },
        reachNorm: spectralNormBound(reach, rows: n, columns: width), effect: [], effectNorm: 0,
        curvature: preactivation.map { layer.activation.secondDerivative(at: $0) }, inherited: [])
      return (expanded, reach)
    }

    /// An upper bound on |T G_l rho| over all rho whose components do not exceed the given ones.
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

  /// Expands the chain around a state.
  ///
  /// - Parameters:
  ///   - state: z, shape `[N]`.
  ///   - source: S, shape `[N, N]`, row-major.
  ///   - target: T, shape `[N, N]`, row-major.
  init(ofChain chain: [DenseLayer<Double>], at state: [Double], source: [Double], target: [Double]) {
    dimension = state.count
    let weights = chain.map { $0.weights() }
    let reaches: [[Double]]
    (layers, reaches) = Self.expand(chain, at: state, source: source)
    Self.inherit(&layers, chain, weights)
    quadraticNorm = .infinity
    let takesSecondOrder =
      dimension <= Self.secondOrderLimit && layers.contains { $0.curvature.contains { $0 != 0 } }
    if takesSecondOrder {
      var forms = [Double](repeating: 0, count: dimension * dimension * dimension)
      linearizeBackwards(chain, weights, target: target) { [n = dimension] effect, layer, l in
        Self.addQuadraticForms(
          &forms, effect: effect, curvature: layer.curvature, reach: reaches[l], n: n)
      }
      quadraticNorm = Self.norm(ofForms: forms, dimension)
    } else {
      linearizeBackwards(chain, weights, target: target) { _, _, _ in }
    }
  }

  /// bound(r), an upper bound on |T R(S u)| for |u| <= r.
  func callAsFunction(_ radius: Double) -> Double {
    let (first, rest) = Self.bounds(layers, dimension: dimension, radius: radius)
    let second = quadraticNorm * radius * radius + rest
    return second < first ? second : first
  }

  /// The contributions of all layers except the last, as far as they follow from earlier layers, and (A_l S)' of
  /// each layer, `[N, width]`.
  private static func expand(_ chain: [DenseLayer<Double>], at state: [Double], source: [Double])
    -> (layers: [Layer], reaches: [[Double]])
  {
    let n = state.count
    let tangents = LayerTangents(chain)
    var x = Rows<Double>(capacity: n + 1, width: n)
    x.row(0).update(from: state, count: n)
    for k in 0..<n {
      for i in 0..<n { x.row(k + 1)[i] = source[i * n + k] }
    }
    var layers: [Layer] = []
    var reaches: [[Double]] = []
    for layer in chain.dropLast() {
      let y = Rows<Double>(capacity: n + 1, width: layer.outputs)
      tangents.passBeforeSlopes(x, through: layer, to: y, directions: n)
      let (expanded, reach) = Layer.expanding(layer, tangents, directions: y, n)
      layers.append(expanded)
      reaches.append(reach)
      tangents.multiplyBySlopes(y, layer, directions: n)
      x = y
    }
    return (layers, reaches)
  }

  /// Computes T W_L and then T G_l = (T G_{l+1}) D_{l+1} W_{l+1}, from the last layer to the first.
  ///
  /// - Parameter visit: Is called with T G_l of each layer, `[N, width]`, the layer, and its number.
  private mutating func linearizeBackwards(
    _ chain: [DenseLayer<Double>], _ weights: [AlignedBuffer<Double>], target: [Double],
    visit: (_ effect: [Double], Layer, _ l: Int) -> Void
  ) {
    let n = dimension
    var effect = target
    var width = n
    for l in stride(from: chain.count - 1, to: 0, by: -1) {
      let inputs = chain[l].inputs
      var product = [Double](repeating: 0, count: n * inputs)
      Double.multiply(
        .none, .none, m: n, n: inputs, k: width, alpha: 1, effect, width, weights[l].pointer, inputs,
        beta: 0, &product, inputs)
      layers[l - 1].effectNorm = spectralNormBound(product, rows: n, columns: inputs)
      layers[l - 1].effect = product.map { abs($0) }
      visit(product, layers[l - 1], l - 1)
      for i in 0..<n {
        for j in 0..<inputs { product[i * inputs + j] *= layers[l - 1].slope[j] }
      }
      effect = product
      width = inputs
    }
  }

  /// A bound on |(u'H_i u)_i| for |u| = 1: the norm of H unfolded to `[N, N^2]` or, if it is smaller, the root of the
  /// sum of the squared norms of all H_i.
  private static func norm(ofForms forms: [Double], _ n: Int) -> Double {
    let unfolded = spectralNormBound(forms, rows: n, columns: n * n)
    var squares = 0.0
    for i in 0..<n {
      let form = Array(forms[i * n * n..<(i + 1) * n * n])
      let norm = spectralNormBound(form, rows: n, columns: n)
      squares += norm * norm
    }
    return min(unfolded, squares.squareRoot())
  }

  /// The largest number of latent variables for which the N^3 numbers of the second derivative save more than they
  /// cost.
  private static var secondOrderLimit: Int { 64 }

  /// H_i += sum_j (T G)_ij f''_j / 2 a_j a_j', where a_j is column j of `reach` `[N, width]`.
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

  /// Computes `inherited` for all layers.
  ///
  /// - Complexity: For each layer l and each earlier layer k, one matrix product of O(width_l width_(l-1) width_k).
  private static func inherit(
    _ layers: inout [Layer], _ chain: [DenseLayer<Double>], _ weights: [AlignedBuffer<Double>]
  ) {
    var linearizations: [[Double]] = []  // B_lk, `[width l, width k]`
    for l in layers.indices.dropFirst() {
      let width = chain[l].outputs
      let inputs = chain[l].inputs
      let slope = layers[l - 1].slope
      for k in linearizations.indices {
        let columns = layers[k].slope.count
        for i in 0..<inputs {
          for j in i * columns..<(i + 1) * columns { linearizations[k][j] *= slope[i] }
        }
        var product = [Double](repeating: 0, count: width * columns)
        Double.multiply(
          .none, .none, m: width, n: columns, k: inputs, alpha: 1, weights[l].pointer, inputs,
          linearizations[k],
          columns, beta: 0, &product, columns)
        linearizations[k] = product
      }
      linearizations.append(Array(weights[l].buffer))
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
      // Both values bound |rho|: the first component by component, the second through the joint size of all
      // displacements.
      let norm = min(
        squares.squareRoot(), largestRatio * (layer.reachNorm * radius + extraSquares.squareRoot()))
      norms.append(norm)
      first += min(layer.effectBound(remainder, n), layer.effectNorm * norm)
      rest += min(layer.effectBound(higher, n), layer.effectNorm * higherSquares.squareRoot())
    }
    return (first.isNaN ? .infinity : first, rest.isNaN ? .infinity : rest)
  }
}
