import Dynamics
import Numerics

/// The one-sided derivative of F^p at a point on kinks,
///
///     D(v) = lim (F^p(z + h v) - F^p(z)) / h,   h -> 0 from above
///
/// D is positively homogeneous, D(s v) = s D(v) for s >= 0, and it is linear in each of finitely many cones of
/// directions. It is propagated exactly, because each direction passes a kink on the side to which it leads.
final class OneSidedDerivative<Map: DifferentiableMap> {
  let dimension: Int
  let map: Map
  private let points: [[Double]]
  private let kinks: [[Int]]
  private let capacity: Int
  private var workspace: Map.TangentWorkspace
  private var rows: [Double]

  /// - Parameters:
  ///   - points: The points of the set, in order.
  ///   - kinks: The kinks that pass through each point.
  init(_ map: Map, points: [[Double]], kinks: [[Int]]) {
    self.map = map
    self.points = points
    self.kinks = kinks
    dimension = map.dimension
    capacity = max(dimension + 1, 32)
    workspace = map.makeTangentWorkspace(directions: capacity)
    rows = Array(repeating: 0, count: capacity * dimension)
  }

  /// The number of kinks at all points.
  var kinkCount: Int { kinks.reduce(0) { $0 + $1.count } }

  /// D(v) of each direction v, shape `[directions][N]`.
  func callAsFunction(_ directions: [[Double]]) -> [[Double]] {
    var result: [[Double]] = []
    for first in stride(from: 0, to: directions.count, by: capacity) {
      let some = directions[first..<min(first + capacity, directions.count)]
      _ = pass(some, .ownSide)
      result += some.indices.map { row($0 - first) }
    }
    return result
  }

  /// The piece that lies along a direction of length 1. A direction on borders between pieces gives one of the
  /// adjacent pieces.
  func piece(along direction: [Double]) -> DirectionPiece {
    let n = dimension
    let slopes = pass([direction] + SmallMatrix.identity(n).rows, .firstSide)
    var jacobian = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    for k in 0..<n {
      let column = row(k + 1)
      for i in 0..<n { jacobian[i, k] = column[i] }
    }
    var walls: [[Double]] = []
    var sides: [Int8] = []
    for first in stride(from: 0, to: slopes.count, by: n + 1) {
      let gradient = Array(slopes[first + 1..<first + n + 1])
      let size = norm(gradient)
      guard size > 0 else {
        sides.append(0)
        continue
      }
      let side: Double = slopes[first] > 0 ? 1 : -1
      sides.append(Int8(side))
      let wall = gradient.map { side * $0 / size }
      if !walls.contains(where: { isClose($0, wall) }) { walls.append(wall) }
    }
    return DirectionPiece(direction: direction, jacobian: jacobian, walls: walls, sides: sides)
  }

  /// Passes directions through all points. Returns the slopes of the kinks' arguments along them.
  private func pass(_ directions: some Collection<[Double]>, _ rule: KinkPass.Rule) -> [Double] {
    for (k, direction) in directions.enumerated() {
      for i in 0..<dimension { rows[k * dimension + i] = direction[i] }
    }
    var slopes: [Double] = []
    for (point, kinks) in zip(points, kinks) {
      var kinkPass = KinkPass(rule, kinks: kinks)
      var image = point
      image.withUnsafeMutableBufferPointer { image in
        rows.withUnsafeMutableBufferPointer { rows in
          guard let state = image.baseAddress, let rows = rows.baseAddress else { return }
          map.linearize(
            at: state, image: state, directions: rows, count: directions.count, kinks: &kinkPass,
            workspace: &workspace)
        }
      }
      slopes += kinkPass.slopes
    }
    return slopes
  }

  private func row(_ k: Int) -> [Double] { Array(rows[k * dimension..<(k + 1) * dimension]) }

  /// Directions of length 1 that are distributed isotropically. They are the same in every run.
  func addressedDirections(_ count: Int) -> [[Double]] {
    let field = RandomField(seed: 0, purpose: .kinkDirection)
    return (0..<count).map { k in
      var random = field.stream(UInt32(truncatingIfNeeded: k))
      return unit((0..<dimension).map { _ in random.normal() }) ?? SmallMatrix.identity(dimension).rows[0]
    }
  }

  /// Whether the orbits of D from a direction and from all directions nearby go to 0.
  ///
  /// The direction and eight others that differ from it by 1e-4 are followed until each has shrunk to 1e-6, or
  /// until its image is a shorter multiple of itself. By then differences that grow have become visible.
  func attracts(_ direction: [Double]) -> Bool {
    guard let start = unit(direction) else { return false }
    let others = dimension == 1 ? [] : addressedDirections(8)
    var states =
      [start]
      + others.map { other in
        let moved = zip(start, other).map { $0 + 1e-4 * $1 }
        return unit(moved) ?? start
      }
    var sizes = [Double](repeating: 1, count: states.count)
    for _ in 0..<2000 {
      let images = self(states)
      var next: [[Double]] = []
      var nextSizes: [Double] = []
      for ((state, image), size) in zip(zip(states, images), sizes) {
        let factor = norm(image)
        guard let turned = unit(image) else {
          if factor == 0 { continue }  // the orbit has arrived at 0
          return false
        }
        if norm(difference(turned, state)) <= 1e-9 {
          guard factor < 1 - InvariantSet.neutralMargin else { return false }
          continue
        }
        if size * factor > 1e6 { return false }
        if size * factor <= 1e-6 { continue }
        next.append(turned)
        nextSizes.append(size * factor)
      }
      if next.isEmpty { return true }
      (states, sizes) = (next, nextSizes)
    }
    return false
  }
}

/// A cone of directions in which a one-sided derivative is linear.
struct DirectionPiece {
  /// A direction inside the cone, of length 1.
  var direction: [Double]
  /// The derivative in the cone, as a matrix.
  var jacobian: SmallMatrix
  /// The vectors w, of length 1 and all different, for which the cone is { v: w . v > 0 for each w }.
  var walls: [[Double]]
  /// The side of each kink on which the cone lies, 0 if the kink is no border here. These numbers are unique for
  /// each piece.
  var sides: [Int8]
}

/// s a + t b.
func combined(_ s: Double, _ a: [Double], _ t: Double, _ b: [Double]) -> [Double] {
  a.indices.map { s * a[$0] + t * b[$0] }
}

/// v / |v|; nil if v is 0 or not finite.
func unit(_ v: [Double]) -> [Double]? {
  let length = norm(v)
  guard length > 0, length.isFinite else { return nil }
  return v.map { $0 / length }
}

/// a . b.
func product(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for i in a.indices { sum += a[i] * b[i] }
  return sum
}

/// Whether all components differ by less than 1e-12.
private func isClose(_ a: [Double], _ b: [Double]) -> Bool {
  for i in a.indices where abs(a[i] - b[i]) >= 1e-12 { return false }
  return true
}
