import Numerics

/// The weights of a weighted Birkhoff average over a window of T steps of an orbit.
///
///     w(t) = exp(-1 / (s (1 - s))) / sum,   s = (t + 1) / (T + 1),   t = 0 ..< T
///
/// On a quasi-periodic orbit the weighted average of a smooth function converges faster than any power of 1 / T,
/// while the plain one converges as 1 / T. On a chaotic orbit both converge as 1 / sqrt(T).
///
/// Source: Das, Saiki, Sander and Yorke 2017, doi:10.1088/1361-6544/aa84c2.
package struct BirkhoffWeights: Sendable {
  /// The weights, which sum to 1. Shape `[T]`.
  package let values: [Double]

  /// - Parameter count: T, at least 1.
  package init(_ count: Int) {
    precondition(count >= 1)
    let raw = (0..<count).map { t in
      let s = Double(t + 1) / Double(count + 1)
      return exponential(-1 / (s * (1 - s)))
    }
    let sum = raw.reduce(0, +)
    values = raw.map { $0 / sum }
  }

  /// The weighted average of T numbers.
  package func average(_ value: (Int) -> Double) -> Double {
    values.indices.reduce(0) { $0 + values[$1] * value($1) }
  }
}

/// A weighted Birkhoff average with its error, which is the difference of the averages over the window's two halves.
package struct BirkhoffAverage: Sendable, Hashable {
  /// The average over the whole window.
  package var value: Double
  /// The distance between the averages over both halves.
  package var error: Double

  package init(value: Double, error: Double) {
    self.value = value
    self.error = error
  }

  /// Averages 2T numbers.
  ///
  /// - Parameters:
  ///   - whole: The weights of 2T steps.
  ///   - half: The weights of T steps.
  ///   - value: The number at each of the 2T steps.
  package init(whole: BirkhoffWeights, half: BirkhoffWeights, _ value: (Int) -> Double) {
    let steps = half.values.count
    precondition(whole.values.count == 2 * steps)
    self.value = whole.average(value)
    error = abs(half.average(value) - half.average { value(steps + $0) })
  }
}
