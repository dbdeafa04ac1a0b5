/// Points of an orbit, in the order in which it passed them.
package struct PointSet: Sendable, Hashable {
  /// N, the number of components of a point.
  package let dimension: Int
  /// The points' components, shape `[points, N]`.
  package let elements: [Double]

  package init(dimension: Int, elements: [Double]) {
    precondition(dimension >= 1 && elements.count % dimension == 0)
    self.dimension = dimension
    self.elements = elements
  }

  /// The number of points.
  package var count: Int { elements.count / dimension }

  /// The components of one point.
  package subscript(index: Int) -> [Double] {
    Array(elements[index * dimension..<(index + 1) * dimension])
  }

  /// The points of a range.
  package func part(_ range: Range<Int>) -> PointSet {
    PointSet(
      dimension: dimension,
      elements: Array(elements[range.lowerBound * dimension..<range.upperBound * dimension]))
  }

  /// The largest distance of a point from the nearest of `others`; 0 without points.
  ///
  /// - Complexity: O(points x others x N) at most. A point is left as soon as one of the others is nearer to it than
  ///   the largest distance so far.
  package func farthestDistance(from others: PointSet) -> Double {
    let n = dimension
    precondition(others.dimension == n)
    var largest = 0.0
    elements.withUnsafeBufferPointer { mine in
      others.elements.withUnsafeBufferPointer { theirs in
        for i in 0..<mine.count / n {
          var nearest = Double.infinity
          for j in 0..<theirs.count / n {
            var square = 0.0
            for k in 0..<n {
              let delta = mine[i * n + k] - theirs[j * n + k]
              square += delta * delta
            }
            if square < nearest {
              nearest = square
              if nearest <= largest { break }
            }
          }
          if nearest > largest { largest = nearest }
        }
      }
    }
    return largest.squareRoot()
  }

  /// The largest distance of a point of either half from the nearest one of the other.
  package var distanceOfHalves: Double {
    let half = count / 2
    let (first, second) = (part(0..<half), part(half..<count))
    return max(first.farthestDistance(from: second), second.farthestDistance(from: first))
  }

  /// The largest sampling gap: the distance of the halves or, if that is more, half the longest link that joins all
  /// points.
  ///
  /// The links are those of the minimum spanning tree. They matter on a closed curve whose rotation number is close to a
  /// fraction, where the second half of an orbit comes close to the points of the first one.
  ///
  /// - Complexity: O(points^2 N), by Prim's method.
  package var largestGap: Double {
    guard count > 1 else { return 0 }
    var distances = [Double](repeating: .infinity, count: count)
    var isJoined = [Bool](repeating: false, count: count)
    var (current, longest) = (0, 0.0)
    for _ in 1..<count {
      isJoined[current] = true
      var next = -1
      for other in 0..<count where !isJoined[other] {
        distances[other] = min(distances[other], squaredDistance(current, other))
        if next < 0 || distances[other] < distances[next] { next = other }
      }
      longest = max(longest, distances[next])
      current = next
    }
    return max(distanceOfHalves, 0.5 * longest.squareRoot())
  }

  /// The number of pieces that the orbit visits one after another; 1 if it is in one piece.
  ///
  /// Points belong to one piece if a chain of points joins them, with links of at most twice the distance of the halves.
  /// The pieces count only if each step leads from a piece to the next one, in one cycle, and if each piece has enough
  /// points for them to be no more than close returns.
  ///
  /// - Complexity: O(points^2 N).
  package var cyclicPieces: Int {
    let link = 2 * distanceOfHalves
    var piece = [Int](repeating: -1, count: count)
    var pieces = 0
    for seed in 0..<count where piece[seed] < 0 {
      piece[seed] = pieces
      var waiting = [seed]
      while let current = waiting.popLast() {
        for other in 0..<count where piece[other] < 0 && squaredDistance(current, other) <= link * link {
          piece[other] = pieces
          waiting.append(other)
        }
      }
      pieces += 1
    }
    guard pieces * Self.leastPointsOfPiece <= count else { return 1 }
    // Pieces are numbered in the order in which the orbit first meets them.
    return piece.indices.allSatisfy { piece[$0] == $0 % pieces } ? pieces : 1
  }

  private static let leastPointsOfPiece = 16

  /// The squared distance of two points.
  func squaredDistance(_ a: Int, _ b: Int) -> Double {
    elements.withUnsafeBufferPointer { elements in
      var square = 0.0
      for k in 0..<dimension {
        let delta = elements[a * dimension + k] - elements[b * dimension + k]
        square += delta * delta
      }
      return square
    }
  }
}
