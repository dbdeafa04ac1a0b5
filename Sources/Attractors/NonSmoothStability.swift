import Dynamics

/// The stability of sets whose points lie on kinks.
extension OneSidedDerivative {
  /// What follows from the one-sided derivative D.
  enum Verdict {
    /// D is linear, because the kinks cancel.
    case smooth(SmallMatrix)
    /// There is no Jacobian.
    case nonSmooth(InvariantSet.Stability)
    /// D(v) = v in some direction, so there is a line of fixed points.
    case notIsolated
  }

  /// The number of directions in which D is evaluated, besides the positive and negative axes.
  private static var directionCount: Int { 64 }
  /// The largest amount of work for a search for all pieces, in data values x kinks x pieces.
  private static var workLimit: Int { 40_000_000 }

  /// Distinguishes smooth points from others, and finds the stability of the others.
  ///
  /// - They are *stable* if one norm |v|_P contracts the Jacobians of all pieces (`CommonNorm`).
  /// - They are *unstable* if D(v) = l v with l > 1 for some v, and *semi-stable* if D nevertheless draws
  ///   directions nearby to 0.
  /// - Otherwise they are *undecided*. The pieces' eigenvalues do not decide (doi:10.1103/PhysRevLett.92.070201),
  ///   and whether products of several matrices shrink is undecidable in general (doi:10.1145/2491491.2491493).
  ///
  /// In one dimension the two slopes decide.
  func verdict() -> Verdict {
    let axes = SmallMatrix.identity(dimension).rows
    let directions = axes + axes.map { $0.map { -$0 } } + addressedDirections(Self.directionCount)
    let images = self(directions)
    if let jacobian = linearPart(directions, images) { return .smooth(jacobian) }
    if dimension == 1 { return verdict(rightSlope: images[0][0], leftSlope: -images[1][0]) }
    var rays = Rays(derivative: self)
    rays.follow(directions)
    let search = PieceSearch(derivative: self)
    let limit = min(20_000, max(64, Self.workLimit / max(map.dataDimension * kinkCount, 1)))
    let (pieces, isComplete) = rays.isUnstable ? ([], false) : search.pieces(limit: limit)
    for piece in pieces where !rays.isUnstable { rays.examine(piece) }
    if rays.isUnstable {
      let draws = addressedDirections(Self.directionCount).contains { attracts($0) }
      return .nonSmooth(draws ? .semiStable : .unstable)
    }
    if rays.isNeutral { return .notIsolated }
    return .nonSmooth(
      isComplete && CommonNorm.exists(for: pieces.map { $0.jacobian }) ? .stable : .undecided)
  }

  /// The Jacobian, if D is linear in all these directions; otherwise nil. The axes are the first directions.
  private func linearPart(_ directions: [[Double]], _ images: [[Double]]) -> SmallMatrix? {
    let n = dimension
    var jacobian = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    for k in 0..<n {
      for i in 0..<n { jacobian[i, k] = images[k][i] }
    }
    let size = images.map(norm).max() ?? 0
    let isLinear = zip(directions, images).allSatisfy { direction, image in
      norm(difference(image, jacobian.times(direction))) <= 1e-9 * size
    }
    return isLinear ? jacobian : nil
  }

  /// The verdict in one dimension. An orbit leaves a side at once if its slope is negative.
  private func verdict(rightSlope right: Double, leftSlope left: Double) -> Verdict {
    let margin = InvariantSet.neutralMargin
    if abs(right - 1) <= margin || abs(left - 1) <= margin { return .notIsolated }
    if right < 0, left < 0 {
      let product = right * left
      return .nonSmooth(product < 1 - margin ? .stable : product > 1 + margin ? .unstable : .undecided)
    }
    if max(right, left) < 1 { return .nonSmooth(.stable) }
    // One side expands. An orbit on the other side stays there, or comes over.
    return .nonSmooth((0..<1).contains(min(right, left)) ? .semiStable : .unstable)
  }
}

/// The directions that D maps to multiples of themselves, D(v) = l v, where l is at least 1.
private struct Rays<Map: DifferentiableMap> {
  let derivative: OneSidedDerivative<Map>
  /// Whether there is such a direction with l > 1.
  var isUnstable = false
  /// Whether there is such a direction with l = 1.
  var isNeutral = false

  init(derivative: OneSidedDerivative<Map>) { self.derivative = derivative }

  /// Follows directions under D, which often leads to the ray that grows most.
  mutating func follow(_ directions: [[Double]]) {
    var states = directions
    for _ in 0..<100 {
      states = derivative(states).compactMap { unit($0) }
      if states.isEmpty { return }
    }
    note(states)
  }

  /// Examines the eigenvectors of a piece's Jacobian with real eigenvalues of at least 1.
  mutating func examine(_ piece: DirectionPiece) {
    guard let eigenvalues = piece.jacobian.eigenvalues() else { return }
    let margin = InvariantSet.neutralMargin
    for value in eigenvalues where value.imaginary == 0 && value.real >= 1 - margin {
      // The iteration starts inside the piece, because one of several eigenvectors with this eigenvalue may lie
      // there.
      for start in [piece.direction] + derivative.addressedDirections(1) {
        guard let vector = eigenvector(of: piece.jacobian, value.real, from: start) else { continue }
        note([vector, vector.map { -$0 }])
      }
    }
  }

  private mutating func note(_ directions: [[Double]]) {
    let margin = InvariantSet.neutralMargin
    for (direction, image) in zip(directions, derivative(directions)) {
      let factor = product(direction, image)
      let rest = difference(image, direction.map { factor * $0 })
      guard factor >= 1 - margin, norm(rest) <= 1e-9 * factor else { continue }
      if factor > 1 + margin { isUnstable = true } else { isNeutral = true }
    }
  }

  /// An eigenvector of a known eigenvalue, by inverse iteration; nil if the iteration fails.
  private func eigenvector(of matrix: SmallMatrix, _ value: Double, from start: [Double]) -> [Double]? {
    var vector = start
    for shift in [1e-11, 1e-9] {
      var system = matrix
      for i in 0..<system.n { system[i, i] -= value * (1 + shift) }
      guard let factors = LUFactors(system) else { continue }
      for _ in 0..<4 {
        guard let solution = factors.solve(vector), let next = unit(solution) else { return nil }
        vector = next
      }
      return vector
    }
    return nil
  }
}
