import Numerics

/// Orthonormal directions that are carried along an orbit.
///
///     J(z(t)) Q(t) = Q(t+1) R(t+1)
///
/// Gram and Schmidt's orthogonalization makes Q and R.
struct TangentFrame {
  /// The number of directions.
  let count: Int
  private let dimension: Int
  /// The directions, shape `[count, N]`, row-major.
  private var rows: [Double]
  /// The logarithms of r_kk after the last step; minus infinity for a direction that has vanished. Shape `[count]`.
  private(set) var growth: [Double]

  /// The first `count` coordinate directions.
  init(count: Int, dimension: Int) {
    self.count = min(count, dimension)
    self.dimension = dimension
    rows = Array(repeating: 0, count: self.count * dimension)
    growth = Array(repeating: 0, count: self.count)
    for k in 0..<self.count { rows[k * dimension + k] = 1 }
  }

  /// `count` directions that favour no coordinate. They become orthonormal in the first step.
  init(genericDirections count: Int, dimension: Int) {
    self.init(count: count, dimension: dimension)
    for k in 0..<self.count {
      for i in 0..<dimension {
        let turns = Double((k + 1) * (i + 2) * (i + 3)) / (2 * Double.pi)
        rows[k * dimension + i] += 0.5 * sineAndCosine(ofTurns: turns).cosine
      }
    }
  }

  /// Replaces z by F(z), and carries the directions along. Returns whether all numbers are finite.
  ///
  /// - Complexity: O(count x parameters + count^2 N).
  mutating func advance<Map>(_ state: inout [Double], _ orbit: LinearizedOrbit<Map>) -> Bool {
    orbit.apply(&state, &rows, count: count)
    guard state.allSatisfy(\.isFinite), rows.allSatisfy(\.isFinite) else { return false }
    let n = dimension
    for k in 0..<count {
      for earlier in 0..<k {
        var product = 0.0
        for i in 0..<n { product += rows[k * n + i] * rows[earlier * n + i] }
        for i in 0..<n { rows[k * n + i] -= product * rows[earlier * n + i] }
      }
      var square = 0.0
      for i in 0..<n { square += rows[k * n + i] * rows[k * n + i] }
      let length = square.squareRoot()
      growth[k] = logarithm(length)
      guard length > 0 else { continue }  // a superstable direction has the exponent minus infinity
      for i in 0..<n { rows[k * n + i] /= length }
    }
    return true
  }
}
