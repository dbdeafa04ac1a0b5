import Numerics

/// A lower bound on the number of attractors that no start has reached, estimated from those that were reached
/// rarely. Starts whose set is not decided are left out, so that sets which only those reach are not counted.
///
///     unseen = A f1 (f1 - 1) / (2 (f2 + 1)),   A = (n - 1) / n
///
/// f1 and f2 are the numbers of attractors that exactly one and exactly two of n independent starts reached. This
/// is the bias-corrected form of Chao1.
///
/// Sources: Chao 1984, Scand. J. Statist. 11, 265; for the variance Chao 1987, doi:10.2307/2531532, and Colwell's
/// EstimateS (appendix B, equations 5 to 8).
public struct UnseenAttractors: Sendable, Hashable {
  /// The estimated number of attractors that have not been seen. At least this many are expected.
  public var estimate: Double
  /// The estimate's standard error.
  public var standardError: Double

  /// - Parameter basins: The number of independent starts that reached each attractor; zeros are ignored.
  public init(basins: [Int]) {
    let seen = basins.filter { $0 > 0 }
    let n = Double(seen.reduce(0, +))
    guard n > 0 else {
      estimate = .nan
      standardError = .nan
      return
    }
    let observed = Double(seen.count)
    let a = (n - 1) / n
    let f1 = Double(seen.count { $0 == 1 })
    let f2 = Double(seen.count { $0 == 2 })
    estimate = f1 > 1 ? a * f1 * (f1 - 1) / (2 * (f2 + 1)) : 0
    var variance = 0.0
    if f1 == 0 {
      // Each attractor that was seen might have been missed by chance.
      let missed = exponential(-n / observed)
      variance = observed * missed * (1 - missed)
    } else if f2 == 0 {
      let total = observed + estimate
      variance =
        a * f1 * (f1 - 1) / 2 + a * a * f1 * power(2 * f1 - 1, 2) / 4 - a * a * power(f1, 4) / (4 * total)
    } else {
      variance =
        a * f1 * (f1 - 1) / (2 * (f2 + 1)) + a * a * f1 * power(2 * f1 - 1, 2) / (4 * power(f2 + 1, 2))
        + a * a * f1 * f1 * f2 * power(f1 - 1, 2) / (4 * power(f2 + 1, 4))
    }
    standardError = max(variance, 0).squareRoot()
  }
}
