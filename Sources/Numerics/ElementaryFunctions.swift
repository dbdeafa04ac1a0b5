internal import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// The package's own elementary functions (Sources/CKernels/functions.h), which have the same bits on every processor.
// The C library's differ between its versions and between processors. docs/explanation/determinism.md has the errors.

/// The natural logarithm.
public func logarithm(_ x: Double) -> Double { ckernels_logarithm(x) }
/// e^x.
public func exponential(_ x: Double) -> Double { ckernels_exponential(x) }
/// ln(1 + x), accurate for small x, too.
public func logarithm(ofOnePlus x: Double) -> Double { ckernels_logarithm_of_sum(x) }
/// The hyperbolic tangent.
public func hyperbolicTangent(_ x: Double) -> Double { ckernels_hyperbolic_tangent(x) }
/// The error function.
public func errorFunction(_ x: Double) -> Double { ckernels_error_function(x) }

/// The sine and the cosine of an angle of so many turns, 2 pi `turns` in radians.
/// - Precondition: |turns| < 2^48.
public func sineAndCosine(ofTurns turns: Double) -> (sine: Double, cosine: Double) {
  var (sine, cosine) = (0.0, 0.0)
  ckernels_turn(turns, &sine, &cosine)
  return (sine, cosine)
}

/// Two independent standard normal numbers from two uniform ones in (0, 1), sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v)
/// (Box and Muller, doi:10.1214/aoms/1177706645).
public func normalNumbers(_ u: Double, _ v: Double) -> (Double, Double) {
  var (first, second) = (0.0, 0.0)
  ckernels_normal_pair(u, v, &first, &second)
  return (first, second)
}

/// Replaces each number x by e^x, with the bits of `exponential`.
public func replaceByExponentials(_ values: UnsafeMutablePointer<Double>, count: Int) {
  ckernels_exponentials(values, count)
}

/// Replaces each number x by ln x, with the bits of `logarithm`.
public func replaceByLogarithms(_ values: UnsafeMutablePointer<Double>, count: Int) {
  ckernels_logarithms(values, count)
}

/// Pairs of independent standard normal numbers, with the bits of `normalNumbers`.
///
/// - Parameters:
///   - u: Uniform numbers in (0, 1), `[count]`.
///   - v: As many others.
///   - count: The number of pairs.
///   - normal: Receives the pairs, `[count, 2]`.
public func normalNumbers(
  _ u: UnsafePointer<Double>, _ v: UnsafePointer<Double>, count: Int, to normal: UnsafeMutablePointer<Double>
) { ckernels_normal_pairs(u, v, count, normal) }

/// ln(1 + e^x) without overflow.
public func softplus(_ x: Double) -> Double { ckernels_softplus_function(x) }
/// 1 / (1 + e^-x) without overflow; 0 below x = -708, where it is less than 4e-308.
public func logistic(_ x: Double) -> Double { ckernels_logistic_function(x) }

/// base^exponent. Negative bases have a value only for whole exponents.
public func power(_ base: Double, _ exponent: Double) -> Double { ckernels_power(base, exponent) }

/// The angle of the point (x, y), in radians, from -pi to pi; the C library's, for numbers that come back to a tolerance.
public func arctangent(_ x: Double, _ y: Double) -> Double { atan2(y, x) }
