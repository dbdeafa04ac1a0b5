import Dynamics
import Numerics

/// Coordinates in which the training memories have the covariance I over the active latent variables.
///
///     w = R^-1 (z - r)_A,   R R' = C_AA,   C = covariance of the memories (divisor n)
///
/// A are the active variables, R is Cholesky's factor, lower triangular. Distances there are Mahalanobis's: no direction counts more
/// because the network stretches it, and variables that have collapsed to the prior count for nothing.
///
/// All sums are in one order, so that the bits are the same everywhere. Source: Mahalanobis 1936, Proc. Natl. Inst. Sci. India 2, 49.
struct WhitenedSpace: Sendable {
  /// The indices of the active variables.
  let active: [Int]
  /// R, row by row: row i has i + 1 numbers.
  private let factor: [[Double]]

  /// Returns nil where no variable is active, or where the memories do not fill the space of the active ones.
  init?(_ geometry: LatentGeometry) {
    let activity = geometry.latentActivity
    active = activity.indices.filter { activity[$0] > LatentGeometry.activityThreshold }
    guard !active.isEmpty else { return nil }
    let covariance = geometry.covariance(of: active)
    var factor: [[Double]] = []
    for i in active.indices {
      var row: [Double] = []
      for j in 0...i {
        var sum = covariance[i][j]
        for k in 0..<j { sum -= row[k] * (j == i ? row[k] : factor[j][k]) }
        if j < i {
          row.append(sum / factor[j][j])
        } else {
          // Rounding leaves something of a pivot that is zero.
          guard sum > 1e-12 * covariance[i][i] else { return nil }
          row.append(sum.squareRoot())
        }
      }
      factor.append(row)
    }
    self.factor = factor
  }

  /// The length of z - y in these coordinates.
  ///
  /// - Parameter scratch: As many numbers as there are active variables.
  @inline(__always)
  func distance(
    _ z: UnsafePointer<Double>, _ y: UnsafePointer<Double>, scratch w: UnsafeMutablePointer<Double>
  ) -> Double {
    var square = 0.0
    for i in 0..<active.count {
      var sum = z[active[i]] - y[active[i]]
      factor[i].withUnsafeBufferPointer { row in
        for k in 0..<i { sum -= row[k] * w[k] }
        w[i] = sum / row[i]
      }
      square += w[i] * w[i]
    }
    return square.squareRoot()
  }
}

extension LatentGeometry {
  /// The covariance of some components of the memories, divisor n, `[components, components]`, lower triangle.
  fileprivate func covariance(of components: [Int]) -> [[Double]] {
    components.indices.map { i in
      (0...i).map { j in
        var sum = 0.0
        for row in 0..<memories.rows {
          let memory = memories.row(row)
          sum +=
            (memory[components[i]] - root.row(0)[components[i]])
            * (memory[components[j]] - root.row(0)[components[j]])
        }
        return sum / Double(memories.rows)
      }
    }
  }

  /// How many directions the memories fill: (tr C)^2 / tr C^2, C their covariance; from 1 to N, and N where all directions are
  /// alike. NaN where all memories are at one place.
  ///
  /// - Complexity: O(items x N^2).
  public var participationRatio: Double {
    let covariance = covariance(of: Array(0..<dimension))
    var (trace, squares) = (0.0, 0.0)
    for i in 0..<dimension {
      trace += covariance[i][i]
      for j in 0...i { squares += (i == j ? 1 : 2) * covariance[i][j] * covariance[i][j] }
    }
    return trace * trace / squares
  }
}
