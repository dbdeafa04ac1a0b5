internal import CGSL

/// Probabilities of test statistics, for p-values.
public enum TailProbability {
  /// P(T >= t) for Student's distribution.
  ///
  /// - Precondition: `degreesOfFreedom` is at least 1.
  public static func student(reaching t: Double, degreesOfFreedom: Int) -> Double {
    precondition(degreesOfFreedom >= 1)
    _ = GSLErrors.areReturned
    return gsl_cdf_tdist_Q(t, Double(degreesOfFreedom))
  }

  /// P(K >= successes) for the number K of heads in so many tosses of a fair coin.
  public static func heads(reaching successes: Int, of tosses: Int) -> Double {
    precondition(tosses >= 0)
    guard successes > 0 else { return 1 }
    guard successes <= tosses else { return 0 }
    _ = GSLErrors.areReturned
    return gsl_cdf_binomial_Q(UInt32(successes - 1), 0.5, UInt32(tosses))
  }
}
