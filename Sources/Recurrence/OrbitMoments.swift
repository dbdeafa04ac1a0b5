/// The mean and the covariance of an orbit's states.
package struct OrbitMoments: Sendable, Hashable {
  /// <z>, shape `[N]`.
  package var mean: [Double]
  /// <(z - <z>)(z - <z>)'>, shape `[N, N]`, row-major.
  package var covariance: [Double]

  package init(mean: [Double], covariance: [Double]) {
    precondition(covariance.count == mean.count * mean.count)
    self.mean = mean
    self.covariance = covariance
  }

  /// The moments of states about an origin.
  ///
  /// - Parameters:
  ///   - first: <z - o>, shape `[N]`.
  ///   - second: <(z - o)(z - o)'>, shape `[N, N]`, of which the lower triangle is read.
  ///   - origin: o, shape `[N]`. It should lie on the orbit, so that no digits cancel.
  package init(first: [Double], second: [Double], about origin: [Double]) {
    let n = origin.count
    mean = zip(origin, first).map { $0 + $1 }
    covariance = Array(repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0...i {
        let entry = second[i * n + j] - first[i] * first[j]
        covariance[i * n + j] = entry
        covariance[j * n + i] = entry
      }
    }
  }

  /// The moments halfway between two.
  package init(between a: OrbitMoments, _ b: OrbitMoments) {
    mean = zip(a.mean, b.mean).map { 0.5 * ($0 + $1) }
    covariance = zip(a.covariance, b.covariance).map { 0.5 * ($0 + $1) }
  }

  /// The orbit's size: the root of the mean squared distance from the mean.
  package var size: Double {
    let n = mean.count
    return max((0..<n).reduce(0) { $0 + covariance[$1 * n + $1] }, 0).squareRoot()
  }

  /// The standard deviation of each component, shape `[N]`.
  package var standardDeviations: [Double] {
    let n = mean.count
    return (0..<n).map { max(covariance[$0 * n + $0], 0).squareRoot() }
  }

  /// How much two orbits' moments differ, in units of their size.
  ///
  ///     max(|m - m'| / s, |C - C'| / s^2),   s the mean of both sizes
  package func difference(from other: OrbitMoments) -> Double {
    let size = 0.5 * (size + other.size)
    guard size > 0 else { return length(mean, other.mean) == 0 ? 0 : .infinity }
    return max(length(mean, other.mean) / size, length(covariance, other.covariance) / (size * size))
  }

  private func length(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }
}
