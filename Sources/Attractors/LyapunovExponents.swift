import Dynamics

/// The Lyapunov exponents along an orbit, leading ones first.
///
///     lambda_k = (1/T) sum_t ln |r_kk(t)|,   J(z(t)) Q(t) = Q(t+1) R(t+1)
///
/// Source: Benettin, Galgani, Giorgilli, Strelcyn 1980, doi:10.1007/BF02128236 (with Gram and Schmidt's
/// orthogonalization at every step).
///
/// - Parameters:
///   - map: F, with its derivative.
///   - state: The orbit's start, on or near the set to which the orbit settles; shape `[N]`.
///   - count: The number of exponents; N at most.
///   - steps: T.
///   - transient: The number of steps before sums are taken, in which the directions align.
/// - Returns: The exponents in nats per step, in descending order up to statistical errors; empty if the orbit
///   diverges.
/// - Complexity: O(T x (count x parameters + count^2 N)).
public func lyapunovExponents<Map: DifferentiableMap>(
  of map: Map, from state: [Double], count: Int, steps: Int, transient: Int = 0
) -> [Double] {
  let n = map.dimension
  let directions = min(count, n)
  precondition(directions >= 1 && steps >= 1 && transient >= 0)
  let orbit = LinearizedOrbit(map)
  var frame = TangentFrame(count: directions, dimension: n)
  var z = state
  var sums = [Double](repeating: 0, count: directions)
  for t in 0..<(transient + steps) {
    guard frame.advance(&z, orbit) else { return [] }
    if t >= transient { for k in 0..<directions { sums[k] += frame.growth[k] } }
  }
  return sums.map { $0 / Double(steps) }
}
