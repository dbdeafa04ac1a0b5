import Numerics
import Recurrence

/// Numbers that all kinds of sets have.
extension InvariantSet {
  /// The average of the states along an orbit on the set, shape `[N]`.
  public var meanPosition: [Double] {
    if case .recurrent(let motion) = motion { return motion.mean }
    let count = Double(points.count)
    return points[0].indices.map { i in points.reduce(0) { $0 + $1[i] } / count }
  }

  /// The standard deviation of each component along an orbit on the set, shape `[N]`.
  public var positionDeviations: [Double] {
    if case .recurrent(let motion) = motion { return motion.standardDeviations }
    let (mean, count) = (meanPosition, Double(points.count))
    return mean.indices.map { i in
      (points.reduce(0) { $0 + ($1[i] - mean[i]) * ($1[i] - mean[i]) } / count).squareRoot()
    }
  }

  /// The leading Lyapunov exponents with their errors, in nats per step: `RecurrentMotion.exponents(of:)` of them.
  ///
  /// Those of fixed points and cycles are the logarithms of the eigenvalues' moduli, divided by the period. They are
  /// NaN for sets without a Jacobian.
  public var lyapunovSpectrum: [(value: Double, error: Double)] {
    if case .recurrent(let motion) = motion {
      return zip(motion.exponents, motion.exponentErrors).map { ($0, $1) }
    }
    return eigenvalues.prefix(RecurrentMotion.exponents(of: eigenvalues.count)).map {
      (logarithm($0.modulus) / Double(period), isSmooth ? 0 : .nan)
    }
  }
}

extension RecurrentMotion {
  /// The number of leading exponents that are computed in N dimensions.
  public static func exponents(of dimension: Int) -> Int { min(dimension, 8) }
}
