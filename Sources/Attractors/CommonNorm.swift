/// Whether there is one norm |v|_P = (v'P v)^(1/2) in which each of several matrices shrinks all vectors:
///
///     J_i' P J_i < P   for all i
///
/// This is a convex problem for P. First P = I is tried, then the solution of the Lyapunov equation P = I + mean_i
/// J_i'P J_i. Then follows the ellipsoid method with deep cuts (Bland, Goldfarb, Todd 1981,
/// doi:10.1287/opre.29.6.1039), which proves that there is no such norm if the ellipsoid misses a half space. A
/// matrix joins the calculation when its inequality is violated.
struct CommonNorm {
  private let n: Int
  private let matrices: [SmallMatrix]
  private static let margin = InvariantSet.neutralMargin

  /// Returns true if such a norm was found.
  static func exists(for matrices: [SmallMatrix]) -> Bool {
    guard let first = matrices.first else { return true }
    // It is necessary that each matrix shrinks by itself, and that the mean of the maps P -> J_i'P J_i does.
    for matrix in matrices {
      guard let radius = matrix.eigenvalues()?.first?.modulus, radius < 1 - margin else { return false }
    }
    if isContracted(matrices) { return true }
    guard let factor = meanFactor(matrices), let inverse = factor.inverse() else { return false }
    let turned = matrices.map { factor.times($0).times(inverse) }
    if isContracted(turned) { return true }
    return first.n > 1 && CommonNorm(n: first.n, matrices: turned).ellipsoidFinds()
  }

  private static func isContracted(_ matrices: [SmallMatrix]) -> Bool {
    matrices.allSatisfy { $0.largestSingularValue().map { $0 < 1 - margin } ?? false }
  }

  /// L with L'L = P, where P = I + mean_i J_i'P J_i as far as 300 iterations come; nil if P grows beyond all
  /// bounds.
  private static func meanFactor(_ matrices: [SmallMatrix]) -> SmallMatrix? {
    let stride = max(1, matrices.count / 64)
    let some = Swift.stride(from: 0, to: matrices.count, by: stride).map { matrices[$0] }
    var p = SmallMatrix.identity(matrices[0].n)
    for _ in 0..<300 {
      var next = SmallMatrix.identity(p.n)
      for j in some {
        next = next.plus(j.times(p.times(j), transposed: true).scaled(by: 1 / Double(some.count)))
      }
      guard next.isFinite, norm(next.elements) < 1e12 else { return nil }
      let change = norm(difference(next.elements, p.elements))
      p = next
      if change <= 1e-12 * norm(p.elements) { break }
    }
    return p.upperCholeskyFactor()
  }

  /// An orthonormal basis of the symmetric matrices of trace 0. They are the directions in which P may differ from
  /// the identity.
  private var basis: [SmallMatrix] {
    var result: [SmallMatrix] = []
    let zero = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    for i in 0..<n {
      for j in 0..<i {
        var element = zero
        element[i, j] = 0.5.squareRoot()
        element[j, i] = 0.5.squareRoot()
        result.append(element)
      }
      if i > 0 {
        var element = zero
        let scale = 1 / Double(i * (i + 1)).squareRoot()
        for j in 0..<i { element[j, j] = scale }
        element[i, i] = -Double(i) * scale
        result.append(element)
      }
    }
    return result
  }

  /// The largest eigenvalue of J'P J - (1 - 2 margin) P, and its gradient with respect to P.
  private func violation(_ j: SmallMatrix, _ p: SmallMatrix) -> (value: Double, gradient: SmallMatrix)? {
    let shrink = 1 - 2 * Self.margin
    let matrix = j.times(p.times(j), transposed: true).plus(p.scaled(by: -shrink))
    guard let (value, vector) = matrix.largestSymmetricEigenpair() else { return nil }
    return (value, SmallMatrix.outer(j.times(vector)).plus(SmallMatrix.outer(vector).scaled(by: -shrink)))
  }

  private func ellipsoidFinds() -> Bool {
    let basis = basis
    let m = basis.count
    // All positive P of trace n lie within a distance n of the identity.
    var centre = [Double](repeating: 0, count: m)
    var shape = [Double](repeating: 0, count: m * m)
    for i in 0..<m { shape[i * m + i] = Double(n * n) }
    var working = Array(stride(from: 0, to: matrices.count, by: max(1, matrices.count / 16)))
    for _ in 0..<min(60 * m * m + 200, 20_000) {
      var p = SmallMatrix.identity(n)
      for (c, element) in zip(centre, basis) { p = p.plus(element.scaled(by: c)) }
      var worst: (value: Double, gradient: SmallMatrix)?
      if let (value, vector) = p.scaled(by: -1).largestSymmetricEigenpair(), value > -1e-9 {
        worst = (value + 2e-9, SmallMatrix.outer(vector).scaled(by: -1))
      } else {
        for index in working {
          guard let found = violation(matrices[index], p) else { return false }
          if found.value >= 0, found.value > worst?.value ?? -1 { worst = found }
        }
        if worst == nil {
          // P contracts for all matrices of the working set. The worst of the others joins the set.
          var added = -1
          for index in matrices.indices {
            guard let found = violation(matrices[index], p) else { return false }
            if found.value >= 0, found.value > worst?.value ?? -1 { (worst, added) = (found, index) }
          }
          if added < 0 { return true }
          working.append(added)
        }
      }
      guard let worst else { return false }
      let gradient = basis.map { product($0.elements, worst.gradient.elements) }
      guard cut(&centre, &shape, gradient: gradient, value: worst.value) else { return false }
    }
    return false
  }

  /// Replaces the ellipsoid by the smallest one around its part where value + gradient . (x - centre) <= 0. Returns
  /// false if there is no such part.
  private func cut(
    _ centre: inout [Double], _ shape: inout [Double], gradient: [Double], value: Double
  ) -> Bool {
    let count = gradient.count
    let m = Double(count)
    var image = [Double](repeating: 0, count: count)
    for i in 0..<count {
      for j in 0..<count { image[i] += shape[i * count + j] * gradient[j] }
    }
    let width = product(image, gradient).squareRoot()
    guard width > 1e-14 else { return false }
    let depth = value / width
    guard depth < 1 else { return false }
    let step = (1 + m * depth) / (m + 1)
    let sigma = 2 * (1 + m * depth) / ((m + 1) * (1 + depth))
    let delta = m * m * (1 - depth * depth) / (m * m - 1)
    for i in 0..<count { centre[i] -= step * image[i] / width }
    for i in 0..<count {
      for j in 0..<count {
        let change = sigma * image[i] * image[j] / (width * width)
        shape[i * count + j] = delta * (shape[i * count + j] - change)
      }
    }
    return true
  }
}
