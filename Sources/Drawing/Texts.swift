import Foundation

/// At most `count` of the indices `0..<total`, evenly spaced. The first and the last are included; if `count` is 1,
/// only the first.
package func evenly(_ total: Int, _ count: Int) -> [Int] {
  guard total > count else { return Array(0..<max(total, 0)) }
  guard count > 1 else { return total > 0 ? [0] : [] }
  return (0..<count).map { ($0 * (total - 1) + (count - 1) / 2) / (count - 1) }
}

/// A number with at most four significant digits.
package func short(_ x: Double) -> String {
  guard x.isFinite else { return "-" }
  return String(format: "%.4g", x == 0 ? 0 : x)
}

/// A fraction in percent, with one decimal.
package func percent(_ fraction: Double) -> String {
  guard fraction.isFinite else { return "-" }
  if fraction > 0, fraction < 0.001 { return "< 0.1 %" }
  return short((1000 * fraction).rounded() / 10) + " %"
}

/// A count of at most four characters.
package func briefCount(_ x: Double) -> String {
  if x < 10_000 { return "\(Int(x))" }
  return x < 1e6 ? String(format: "%.0fk", x / 1e3) : String(format: "%.1gM", x / 1e6)
}

extension String {
  /// The text with a capital first letter.
  package var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
