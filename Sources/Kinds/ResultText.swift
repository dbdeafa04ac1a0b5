import Foundation

/// Numbers as results show them to people.
package enum ResultText {
  /// A number with a given count of decimals; small and large numbers have an exponent, and a missing one is `-`.
  package static func number(_ x: Double, _ digits: Int) -> String {
    guard x.isFinite else { return "-" }
    let magnitude = abs(x)
    if magnitude >= 1e-12 && (magnitude < 1e-3 || magnitude >= 1e6) { return String(format: "%.1e", x) }
    return String(format: "%.\(digits)f", x)
  }
}
