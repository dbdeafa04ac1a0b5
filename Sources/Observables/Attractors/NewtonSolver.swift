import Dynamics

/// Roots of F^p(z) - z by Newton's method with line search.
///
///     (J_p - I) d = -(F^p(z) - z),   z <- z + lambda d,   J_p = J(z_{p-1}) ... J(z_0)
///
/// lambda is halved until the residual falls (Armijo, 1e-4). The Jacobian is the map's own, the linear
/// systems are solved by GSL's LU decomposition. The iteration goes on until the residual is as small as
/// roundings let it become.
struct NewtonSolver {
  /// Newton steps at most.
  var maximumSteps = 30
  /// What counts as a root: |F^p(z) - z| below this times max(1, |z|).
  var accuracy = 1e-11

  /// What the method found.
  struct Root {
    var state: [Double]
    var residual: Double
    /// |d| of the first step: how far away the linearization expects the root.
    var firstCorrection: Double
  }

  /// Solves from `start`; nil where no root is found.
  ///
  /// - Complexity: O(steps x p x (N x parameters + N^3)).
  func root<Map>(from start: [Double], period: Int, _ orbit: LinearizedOrbit<Map>) -> Root? {
    var state = start
    var best: (state: [Double], residual: Double)?
    var firstCorrection = Double.nan
    var stalled = 0
    for step in 0..<maximumSteps {
      let (image, jacobian) = Self.iterated(state, period: period, orbit)
      let residualVector = difference(image, state)
      let residual = norm(residualVector)
      guard residual.isFinite else { break }
      if best.map({ residual < $0.residual }) ?? true {
        // Close to a root each step gains digits, until only roundings are left.
        stalled = best.map { residual > 0.5 * $0.residual } ?? false ? stalled + 1 : 0
        best = (state, residual)
      } else {
        stalled += 1
      }
      let isRoot = residual <= accuracy * max(1, norm(state))
      if residual == 0 || isRoot && stalled >= 1 { break }
      if stalled >= 5 { break }  // a minimum of the residual that is no root
      var system = jacobian
      for i in 0..<system.n { system[i, i] -= 1 }
      guard let correction = LUFactors(system)?.solve(residualVector.map { -$0 }) else { break }
      if step == 0 { firstCorrection = norm(correction) }
      guard
        let next = Self.searchLine(
          from: state, along: correction, residual: residual, period: period, isRoot: isRoot, orbit)
      else { break }
      state = next
    }
    guard let best, best.residual <= accuracy * max(1, norm(best.state)) else { return nil }
    return Root(
      state: best.state, residual: best.residual,
      firstCorrection: firstCorrection.isNaN ? 0 : firstCorrection)
  }

  private static func searchLine<Map>(
    from state: [Double], along direction: [Double], residual: Double, period: Int, isRoot: Bool,
    _ orbit: LinearizedOrbit<Map>
  ) -> [Double]? {
    var lambda = 1.0
    while lambda >= 0x1p-10 {
      let trial = zip(state, direction).map { $0 + lambda * $1 }
      if isRoot { return trial }  // polishing: the caller keeps the best
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
