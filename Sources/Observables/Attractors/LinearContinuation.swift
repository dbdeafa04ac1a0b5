/// Continues an orbit inside a trapping ball with the linearized map, to tell when its steps become small.
///
///     z(t + k p) - z* = M^k (z(t) - z*),   M = dF^p/dz
///
/// Jumps by powers of two: O(log(steps) N^2) per orbit.
final class LinearContinuation {
  private let set: InvariantSet
  /// `[phase][k]`: M^(2^k).
  private var powers: [Int: [SmallMatrix]] = [:]

  init(_ set: InvariantSet) { self.set = set }

  /// The smallest multiple m of the period with |z(t+m) - z(t+m-p)| below the tolerance, at most `limit`.
  func stepsUntil(tolerance: Double, from state: [Double], phase: Int, limit: Int) -> Int {
    var delta = difference(state, set.points[phase])
    var squarings = powers[phase] ?? [set.jacobian(fromPhase: phase)]
    func step(_ delta: [Double]) -> Double { norm(difference(squarings[0].times(delta), delta)) }
    // Number of whole periods k for which the step from k to k + 1 is not yet small.
    var passed = 0
    if step(delta) >= tolerance {
      var exponent = 0
      while (1 << exponent) <= limit {
        if squarings.count <= exponent {
          let last = squarings[exponent - 1]
          squarings.append(last.times(last))
        }
        if step(squarings[exponent].times(delta)) < tolerance { break }
        exponent += 1
      }
      for k in stride(from: min(exponent, squarings.count) - 1, through: 0, by: -1) {
        let jumped = squarings[k].times(delta)
        if step(jumped) >= tolerance {
          delta = jumped
          passed += 1 << k
        }
      }
      passed += 1
    }
    powers[phase] = squarings
    return min((passed + 1) * set.period, limit)
  }
}
