import Dynamics

/// Finds roots of F^p(z) - z by Newton's method with a line search.
///
///     (J_p - I) d = -(F^p(z) - z),   z <- z + lambda d,   J_p = J(z_{p-1}) ... J(z_0)
///
/// lambda is halved until the residual falls (Armijo's rule with 1e-4). The Jacobian is the map's own, and GSL's LU
/// decomposition solves the linear systems. The iteration goes on until the residual is as small as rounding errors
/// allow.
///
/// A small residual alone does not make a root, because that of a saddle-node's ghost can be arbitrarily small. A
/// root counts only if it is isolated, in the manner of Newton's and Kantorovich's theorem: within twice the last
/// correction the Jacobian must not change so much that the linear system loses its meaning. If the map has a kink
/// there, the Jacobian jumps, and `InvariantSet.classified(by:)` tells whether the root is isolated.
struct NewtonSolver {
  /// The largest number of Newton steps.
  var maximumSteps = 30
  /// A root has |F^p(z) - z| below this number times max(1, |z|).
  var accuracy = 1e-11

  /// How accurately the place must be determined, relative to max(1, |z|).
  var placement = 1e-6

  /// How far from its start an iterate may lead before the method gives up.
  var farthest = Double.infinity

  /// A root that the method found.
  struct Root {
    var state: [Double]
    var residual: Double
    /// How far away the true root may be.
    var uncertainty: Double
    /// The kinks that pass through each point of its orbit.
    var kinks: [[Int]]
  }

  /// Finds a root from `start`; nil if none is found.
  ///
  /// - Complexity: O(steps x p x (N x parameters + N^3)).
  func root<Map>(from start: [Double], period: Int, _ orbit: LinearizedOrbit<Map>) -> Root? {
    var state = start
    var best: (state: [Double], residual: Double, image: [Double], jacobian: SmallMatrix)?
    var stalled = 0
    for _ in 0..<maximumSteps {
      let (image, jacobian) = Self.iterated(state, period: period, orbit)
      let residualVector = difference(image, state)
      let residual = norm(residualVector)
      guard residual.isFinite else { break }
      if best.map({ residual < $0.residual }) ?? true {
        // Close to a root each step gains digits, until only rounding errors remain.
        stalled = best.map { residual > 0.5 * $0.residual } ?? false ? stalled + 1 : 0
        best = (state, residual, image, jacobian)
      } else {
        stalled += 1
      }
      let isRoot = residual <= accuracy * max(1, norm(state))
      if residual == 0 || isRoot && stalled >= 1 { break }
      if stalled >= 5 { break }  // a minimum of the residual that is not a root
      var system = jacobian
      for i in 0..<system.n { system[i, i] -= 1 }
      guard let correction = LUFactors(system)?.solve(residualVector.map { -$0 }) else { break }
      guard
        let next = Self.searchLine(
          from: state, along: correction, residual: residual, period: period, isRoot: isRoot, orbit)
      else { break }
      guard norm(difference(next, start)) <= farthest else { return nil }
      state = next
    }
    guard let best, best.residual <= accuracy * max(1, norm(best.state)) else { return nil }
    return root(best.state, image: best.image, jacobian: best.jacobian, period: period, orbit)
  }

  /// The root at a state whose residual is small; nil if there is no isolated root.
  private func root<Map>(
    _ state: [Double], image: [Double], jacobian: SmallMatrix, period: Int, _ orbit: LinearizedOrbit<Map>
  ) -> Root? {
    var system = jacobian
    for i in 0..<system.n { system[i, i] -= 1 }
    let inverse = system.inverse()
    let scale = max(1, norm(state))
    let rounding = 8 * 0x1p-53 * scale
    let correction = inverse?.times(difference(image, state))
    let reach = max(correction.map(norm) ?? 0, rounding * (inverse.map { norm($0.elements) } ?? 1))
    let residual = norm(difference(image, state))
    var kinks = [[Int]](repeating: [], count: period)
    if orbit.map.isPiecewiseSmooth {
      var point = state
      for step in 0..<period {
        (point, kinks[step]) = orbit.kinks(at: point, reach: 4 * min(reach, 1e-9 * scale))
      }
    }
    if kinks.allSatisfy(\.isEmpty) {
      guard let inverse, let correction,
        isIsolated(
          state, correction: correction, reach: reach, inverse: inverse, jacobian: jacobian, period: period,
          orbit)
      else { return nil }
    }
    return Root(state: state, residual: residual, uncertainty: min(reach, placement * scale), kinks: kinks)
  }

  /// Whether there is exactly one root here, as far as the arithmetic can tell.
  ///
  ///     |(J - I)^-1 (J(z + 2 d) - J(z))| <= 1/2,   d = -(J - I)^-1 (F^p(z) - z)
  ///
  /// For x + e + x^2 with e > 0 the left side is (e + x^2) / x^2 > 1 everywhere, however small e is. |d| is taken
  /// to be at least what rounding errors of F make it.
  private func isIsolated<Map>(
    _ state: [Double], correction: [Double], reach: Double, inverse: SmallMatrix, jacobian: SmallMatrix,
    period: Int, _ orbit: LinearizedOrbit<Map>
  ) -> Bool {
    guard reach <= placement * max(1, norm(state)) else { return false }
    var direction = correction
    if norm(correction) == 0 { direction = inverse.times([Double](repeating: 1, count: jacobian.n)) }
    let factor = -2 * reach / norm(direction)
    let probe = zip(state, direction).map { $0 + factor * $1 }
    let (_, other) = Self.iterated(probe, period: period, orbit)
    let change = inverse.times(other.plus(jacobian.scaled(by: -1)))
    return norm(change.elements) <= 0.5
  }

  /// The next state along a Newton step; nil if the residual does not fall.
  private static func searchLine<Map>(
    from state: [Double], along direction: [Double], residual: Double, period: Int, isRoot: Bool,
    _ orbit: LinearizedOrbit<Map>
  ) -> [Double]? {
    var lambda = 1.0
    while lambda >= 0x1p-10 {
      let trial = zip(state, direction).map { $0 + lambda * $1 }
      if isRoot { return trial }  // this is polishing, and the caller keeps the best state
      let trialResidual = norm(difference(orbit.image(of: trial, steps: period), trial))
      if trialResidual <= (1 - 1e-4 * lambda) * residual { return trial }
      lambda /= 2
    }
    return nil
  }

  /// F^p(z) and its Jacobian.
  static func iterated<Map>(_ state: [Double], period: Int, _ orbit: LinearizedOrbit<Map>)
    -> (image: [Double], jacobian: SmallMatrix)
  {
    let n = state.count
    var rows = SmallMatrix.identity(n).elements
    var image = state
    for _ in 0..<period { orbit.apply(&image, &rows, count: n) }
    var jacobian = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    for k in 0..<n {
      for i in 0..<n { jacobian[i, k] = rows[k * n + i] }
    }
    return (image, jacobian)
  }
}
