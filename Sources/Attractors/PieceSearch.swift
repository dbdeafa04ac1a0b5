import Dynamics

/// Finds all pieces of a one-sided derivative, by going from each piece to its neighbours.
///
/// Cones that share a facet are neighbours, and every cone can be reached through neighbours. A wall w of a cone is
/// a facet unless it is a sum of the cone's other walls with coefficients >= 0 (Farkas's lemma). If it is a facet,
/// what remains of w after subtracting the best such sum points to a place on the facet. There is exactly one piece
/// on the other side of a facet, because all other borders pass through the facet's plane at the same places on
/// both sides.
struct PieceSearch<Map: DifferentiableMap> {
  let derivative: OneSidedDerivative<Map>

  /// Finds the pieces.
  ///
  /// - Parameter limit: The largest number of pieces.
  /// - Returns: The pieces, and whether they are all that there are.
  /// - Complexity: O(pieces x kinks x (evaluations of D + kinks N^2)).
  func pieces(limit: Int) -> (pieces: [DirectionPiece], isComplete: Bool) {
    var known: Set<[Int8]> = []
    var pieces: [DirectionPiece] = []
    var isComplete = true
    func add(_ piece: DirectionPiece) {
      if pieces.count < limit {
        if known.insert(piece.sides).inserted { pieces.append(centred(piece)) }
      } else if !known.contains(piece.sides) {
        isComplete = false
      }
    }
    for direction in derivative.addressedDirections(64) { add(derivative.piece(along: direction)) }
    var next = 0
    while next < pieces.count, isComplete {
      let piece = pieces[next]
      next += 1
      for wall in piece.walls.indices where isComplete {
        guard let onto = separation(of: wall, in: piece.walls) else { continue }
        guard let neighbour = neighbour(of: piece, across: wall, towards: onto) else {
          isComplete = false
          break
        }
        add(neighbour)
      }
    }
    return (pieces, isComplete)
  }

  /// The piece on the other side of a facet; nil if it is not found.
  ///
  /// - Parameter outside: A direction that lies beyond this wall and beyond no other.
  private func neighbour(of piece: DirectionPiece, across wall: Int, towards outside: [Double])
    -> DirectionPiece?
  {
    let normal = piece.walls[wall]
    let (inner, outer) = (product(normal, piece.direction), -product(normal, outside))
    let share = inner / (inner + outer)
    guard let facet = unit(combined(1 - share, piece.direction, share, outside)) else {
      return nil
    }
    let room = piece.walls.indices.filter { $0 != wall }.map { product(piece.walls[$0], facet) }.min() ?? 1
    var beyond = 0.5 * min(max(room, 1e-9), 1)
    for _ in 0..<8 {
      if let direction = unit(combined(1, facet, -beyond, normal)) {
        let other = derivative.piece(along: direction)
        if other.sides != piece.sides, other.walls.allSatisfy({ product($0, facet) >= -1e-9 }) {
          return other
        }
      }
      beyond *= 0.1
    }
    return nil
  }

  /// The piece with a direction that keeps away from its walls, as far as a few steps of Gilbert's method can find
  /// one.
  private func centred(_ piece: DirectionPiece) -> DirectionPiece {
    func room(_ v: [Double]) -> Double { piece.walls.map { product($0, v) }.min() ?? 1 }
    guard piece.walls.count > 1 else { return piece }
    // Of all averages of the walls, the shortest vector has the largest distance from the nearest wall.
    var centre = piece.walls[0]
    for _ in 0..<60 {
      let distances = piece.walls.map { product($0, centre) }
      guard let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }) else { break }
      let step = difference(piece.walls[nearest], centre)
      let square = product(step, step)
      guard square > 0 else { break }
      let share = min(max(-product(step, centre) / square, 0), 1)
      centre = combined(1, centre, share, step)
    }
    guard let direction = unit(centre), room(direction) > room(piece.direction) else { return piece }
    var result = piece
    result.direction = direction
    return result
  }

  /// A direction beyond wall `index` and beyond no other wall; nil if there is none.
  ///
  /// |w - sum_i c_i w_i| is minimized over c >= 0 by Lawson's and Hanson's method (doi:10.1137/1.9781611971217,
  /// chapter 23). The direction is what remains of w, with its sign reversed.
  private func separation(of index: Int, in walls: [[Double]]) -> [Double]? {
    let target = walls[index]
    var passive: [Int] = []
    var coefficients: [Double] = []
    var rest = target
    for _ in 0..<3 * walls.count {
      var best = (wall: -1, slope: 1e-10)
      for i in walls.indices where i != index && !passive.contains(i) {
        let slope = product(walls[i], rest)
        if slope > best.slope { best = (i, slope) }
      }
      guard best.wall >= 0 else { break }
      passive.append(best.wall)
      coefficients.append(0)
      while !passive.isEmpty {
        guard let solution = leastSquares(passive.map { walls[$0] }, target) else { return nil }
        if solution.allSatisfy({ $0 > 0 }) {
          coefficients = solution
          break
        }
        var share = 1.0
        for (old, new) in zip(coefficients, solution) where new <= 0 {
          share = min(share, old / (old - new))
        }
        coefficients = combined(1 - share, coefficients, share, solution)
        for k in passive.indices.reversed() where coefficients[k] <= 1e-14 {
          passive.remove(at: k)
          coefficients.remove(at: k)
        }
      }
      rest = target
      for (wall, coefficient) in zip(passive, coefficients) {
        for i in rest.indices { rest[i] -= coefficient * walls[wall][i] }
      }
    }
    return norm(rest) > 1e-7 ? rest.map { -$0 } : nil
  }

  /// The c that minimize |target - sum_k c_k rows_k|; nil if the rows depend on one another.
  ///
  /// The normal equations are solved by Gauss's elimination, because they are few: N at most.
  private func leastSquares(_ rows: [[Double]], _ target: [Double]) -> [Double]? {
    let n = rows.count
    let width = n + 1
    var system = [Double](repeating: 0, count: n * width)
    for i in 0..<n {
      for j in 0..<n { system[i * width + j] = product(rows[i], rows[j]) }
      system[i * width + n] = product(rows[i], target)
    }
    for k in 0..<n {
      var pivot = k
      for i in k..<n where abs(system[i * width + k]) > abs(system[pivot * width + k]) { pivot = i }
      guard abs(system[pivot * width + k]) > 1e-13 else { return nil }
      if pivot != k { for j in k..<width { system.swapAt(k * width + j, pivot * width + j) } }
      for i in 0..<n where i != k {
        let factor = system[i * width + k] / system[k * width + k]
        if factor != 0 { for j in k..<width { system[i * width + j] -= factor * system[k * width + j] } }
      }
    }
    return (0..<n).map { system[$0 * width + n] / system[$0 * width + $0] }
  }
}
