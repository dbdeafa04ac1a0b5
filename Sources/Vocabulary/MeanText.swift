import Foundation

/// A mean with its error, for people. The error has two digits, and both have the same number of decimals.
///
/// - Parameters:
///   - mean: The mean; missing if it is not finite, which is written as `-`.
///   - error: Its error; left out where it is missing, or where it comes from rounding alone.
///   - sign: What stands between the two.
///   - number: Writes a number that has no error, or one that is too large or too small for this form.
package func meanText(
  _ mean: Double, _ error: Double, sign: String, number: (Double) -> String
) -> String {
  guard mean.isFinite else { return "-" }
  guard error.isFinite, error > 1e-12 * abs(mean) else { return number(mean) }
  let decimals = Int((1 - log10(error)).rounded(.up))
  guard (0...6).contains(decimals), abs(mean) < 1e9 else { return "\(number(mean)) \(sign) \(number(error))" }
  return String(format: "%.\(decimals)f \(sign) %.\(decimals)f", mean, error)
}
