import Dynamics
import Numerics

/// Ellipsoids around the points of a stable set in which the map is proven to contract. An orbit that enters one of
/// them converges to the set.
///
///     |F(z_i + v) - z_{i+1}|_{i+1} <= q |v|_i + bound(|v|_i) < |v|_i   for 0 < |v|_i <= r,   |v|_i = |L_i v|
///
/// The norms solve P_i = L_i'L_i = I + gamma^-2 J_i' P_{i+1} J_i, where the spectral radius is below gamma^p < 1.
/// In these norms the linear map contracts by q < 1, and the map's `remainderBound` then gives r. A tenth of the
/// margin 1 - q is left for rounding errors.
package struct TrappingBall: Sendable {
  private let centres: [[Double]]
  private let factors: [SmallMatrix]
  /// r, in the norms of the ellipsoids.
  package let radius: Double
  /// The Euclidean distance from each point within which every state is inside.
  package let innerRadius: Double
  /// The Euclidean distance from each point beyond which no state is inside.
  private let outerRadii: [Double]

  /// Returns nil if the set is not stable or lies on a kink, or if no useful bound is known.
  package init?<Map: DifferentiableMap>(around set: InvariantSet, of map: Map) {
    guard set.isStable, !set.liesOnKink else { return nil }
    let gamma = power(1 - 0.1 * (1 - max(set.spectralRadius, 1e-3)), 1 / Double(set.period))
    guard let factors = Self.norms(set, gamma: gamma) else { return nil }
    let inverses = factors.compactMap { $0.inverse() }
    guard inverses.count == factors.count else { return nil }
    var radius = Double.infinity
    for i in 0..<set.period {
      let next = factors[(i + 1) % set.period]
      let contraction = next.times(set.jacobians[i]).times(inverses[i])
      guard let q = contraction.largestSingularValue(), q < 1,
        let bound = map.remainderBound(
          at: set.points[i], source: inverses[i].elements, target: next.elements)
      else { return nil }
      radius = min(radius, Self.largestRadius(margin: 0.9 * (1 - q), bound: bound))
    }
    outerRadii = inverses.map { ($0.largestSingularValue() ?? .infinity) * radius * (1 + 1e-9) }
    // A ball as small as the map's rounding errors is of no use and cannot be trusted.
    guard outerRadii[0] > 1e-8 * max(1, norm(set.points[0])), radius.isFinite else { return nil }
    innerRadius = factors.map { radius / ($0.largestSingularValue() ?? .infinity) }.min() ?? 0
    centres = set.points
    self.factors = factors
    self.radius = radius
  }

  /// The number of the point whose ellipsoid contains the state; nil if none does.
  package func phase(of state: UnsafePointer<Double>, scratch: UnsafeMutablePointer<Double>) -> Int? {
    for (i, centre) in centres.enumerated() {
      let n = centre.count
      var square = 0.0
      for k in 0..<n {
        let delta = state[k] - centre[k]
        scratch[k] = delta
        square += delta * delta
      }
      guard square <= outerRadii[i] * outerRadii[i] else { continue }
      let inside = factors[i].elements.withUnsafeBufferPointer { factor in
        var total = 0.0
        for row in 0..<n {
          var sum = 0.0
          for column in row..<n { sum += factor[row * n + column] * scratch[column] }
          total += sum * sum
        }
        return total <= radius * radius
      }
      if inside { return i }
    }
    return nil
  }

  /// Whether a state lies in one of the ellipsoids.
  func contains(_ state: [Double]) -> Bool {
    var scratch = state
    return phase(of: state, scratch: &scratch) != nil
  }

  /// Whether a state lies within `factor` times the outer radius of one of the points.
  func isNear(_ state: [Double], factor: Double) -> Bool {
    zip(centres, outerRadii).contains { norm(difference(state, $0)) <= factor * $1 }
  }

  /// The largest r between 1e-14 and 1e4 with bound(r) <= margin r, by bisection of its logarithm; 0 if there is
  /// none.
  private static func largestRadius(margin: Double, bound: @Sendable (Double) -> Double) -> Double {
    var low = -14.0
    var high = 4.0
    func isGood(_ exponent: Double) -> Bool {
      let r = power(10, exponent)
      return bound(r) <= margin * r
    }
    guard isGood(low) else { return 0 }
    if isGood(high) { return power(10, high) }
    for _ in 0..<14 {
      let middle = 0.5 * (low + high)
      if isGood(middle) { low = middle } else { high = middle }
    }
    return power(10, low)
  }

  /// The factor L_i for each point of the set; nil if they cannot be computed.
  private static func norms(_ set: InvariantSet, gamma: Double) -> [SmallMatrix]? {
    let p = set.period
    let n = set.points[0].count
    // P_0 = Q + M'P_0 M, where M = gamma^-p J_p and Q is the sum over one period. It is computed by doubling.
    var q = SmallMatrix.identity(n)
    var passed = SmallMatrix.identity(n)
    for i in 0..<p {
      passed = set.jacobians[i].times(passed).scaled(by: 1 / gamma)
      if i < p - 1 { q = q.plus(passed.times(passed, transposed: true)) }
    }
    var sum = q
    var map = passed
    for _ in 0..<60 {
      let term = map.times(sum.times(map), transposed: true)
      sum = sum.plus(term)
      guard sum.isFinite else { return nil }
      if norm(term.elements) <= 1e-17 * norm(sum.elements) { break }
      map = map.times(map)
    }
    var matrices = [SmallMatrix](repeating: sum, count: p)
    for i in stride(from: p - 1, to: 0, by: -1) {
      let next = matrices[(i + 1) % p]
      let pulled = set.jacobians[i].times(next.times(set.jacobians[i]), transposed: true)
      matrices[i] = SmallMatrix.identity(n).plus(pulled.scaled(by: 1 / (gamma * gamma)))
    }
    let factors = matrices.compactMap { $0.upperCholeskyFactor() }
    return factors.count == p ? factors : nil
  }
}

extension SmallMatrix {
  func scaled(by factor: Double) -> SmallMatrix { SmallMatrix(elements.map { $0 * factor }, n: n) }
  func plus(_ other: SmallMatrix) -> SmallMatrix {
    SmallMatrix(zip(elements, other.elements).map { $0 + $1 }, n: n)
  }
}
