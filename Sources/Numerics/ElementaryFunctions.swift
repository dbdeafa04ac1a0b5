#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// The C library's functions under whole words, so that no other file needs to know where they come from.

/// The natural logarithm.
public func logarithm(_ x: Double) -> Double { log(x) }
/// e^x.
public func exponential(_ x: Double) -> Double { exp(x) }
/// The sine of an angle in radians.
public func sine(_ x: Double) -> Double { sin(x) }
/// The cosine of an angle in radians.
public func cosine(_ x: Double) -> Double { cos(x) }
/// The hyperbolic tangent.
public func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
/// The error function.
public func errorFunction(_ x: Double) -> Double { erf(x) }

/// ln(1 + e^x) without overflow.
public func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
/// 1 / (1 + e^-x) without overflow.
public func logistic(_ x: Double) -> Double {
  let e = exp(-abs(x))
  return x >= 0 ? 1 / (1 + e) : e / (1 + e)
}

/// base^exponent.
public func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
/// The angle of the point (x, y), in radians, from -pi to pi.
public func arctangent(_ x: Double, _ y: Double) -> Double { atan2(y, x) }
