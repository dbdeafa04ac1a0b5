/// Continues an orbit inside a trapping ball with the linearized map, to find out when its steps become small.
///
///     z(t + k p) - z* = M^k (z(t) - z*),   M = dF^p/dz
///
/// It jumps by powers of two, which takes O(log(steps) N^2) per orbit.
final class LinearContinuation {
  private let set: InvariantSet
  /// The matrices M^(2^k), `[phase][k]`.
  private var powers: [Int: [SmallMatrix]] = [:]
  /// z(t) - z*, as far as the orbit has jumped.
  private var delta: [Double]
  /// M^(2^k) delta.
  private var jumped: [Double]
  /// M delta or M jumped.
  private var image: [Double]

  init(_ set: InvariantSet) {
    self.set = set
    delta = Array(repeating: 0, count: set.points[0].count)
    jumped = delta
    image = delta
  }

  /// The smallest multiple m of the period for which |z(t+m) - z(t+m-p)| is below the tolerance; `limit` at most.
  func stepsUntil(tolerance: Double, from state: [Double], phase: Int, limit: Int) -> Int {
    for i in delta.indices { delta[i] = state[i] - set.points[phase][i] }
    var squarings = powers[phase] ?? [set.jacobian(fromPhase: phase)]
    // The number of whole periods k for which the step from k to k + 1 is not yet small.
    var passed = 0
    if step(squarings[0], from: delta) >= tolerance {
      var exponent = 0
      while (1 << exponent) <= limit {
        if squarings.count <= exponent {
          let last = squarings[exponent - 1]
          squarings.append(last.times(last))
        }
        squarings[exponent].multiply(delta, into: &jumped)
        if step(squarings[0], from: jumped) < tolerance { break }
        exponent += 1
      }
      for k in stride(from: min(exponent, squarings.count) - 1, through: 0, by: -1) {
        squarings[k].multiply(delta, into: &jumped)
        if step(squarings[0], from: jumped) >= tolerance {
          swap(&delta, &jumped)
          passed += 1 << k
        }
      }
      passed += 1
    }
    powers[phase] = squarings
    return min((passed + 1) * set.period, limit)
  }

  /// |M v - v|.
  private func step(_ matrix: SmallMatrix, from vector: [Double]) -> Double {
    matrix.multiply(vector, into: &image)
    var sum = 0.0
    for i in vector.indices {
      let moved = image[i] - vector[i]
      sum += moved * moved
    }
    return sum.squareRoot()
  }
}
