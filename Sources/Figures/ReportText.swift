import Drawing
import Foundation
import Vocabulary

/// A mean with its error in two digits, and as many decimals for both.
func meanText(_ x: Double, _ error: Double) -> String {
  guard x.isFinite else { return "-" }
  // An error of rounding alone says nothing.
  guard error.isFinite, error > 1e-12 * abs(x) else { return short(x) }
  let decimals = Int((1 - log10(error)).rounded(.up))
  guard (0...6).contains(decimals), abs(x) < 1e9 else { return "\(short(x)) ± \(short(error))" }
  return String(format: "%.\(decimals)f ± %.\(decimals)f", x, error)
}

/// A number in three decimals.
func threeDecimals(_ x: Double) -> String { x.isFinite ? String(format: "%.3f", x) : "-" }

extension RunData {
  /// Points of the sweep, evenly chosen where there are more than `limit`; the file itself where there is no sweep.
  func sweepPoints(limit: Int) -> (points: [(data: RunData, labels: [String])], all: Int) {
    let shape = RowMajorShape(sweep.map(\.labels.count))
    let all = sweep.reduce(1) { product, axis in
      let (next, overflows) = product.multipliedReportingOverflow(by: axis.labels.count)
      return overflows ? 1 << 40 : min(next, 1 << 40)
    }
    guard all < 1 << 40 else { return ([(self, zip(sweep, point).map { $0.labels[$1] })], all) }
    let points = evenly(all, max(limit, 1)).map { number in
      let point = shape.indices(of: number)
      return (at(point), zip(sweep, point).map { $0.labels[$1] })
    }
    return (points, all)
  }

  /// "24 of 100 points are shown" with the command that gives all; empty where all are shown.
  ///
  /// - Parameter variables: What a table shows.
  func pointsNote(_ shown: Int, of all: Int, _ variables: [String]) -> String {
    shown < all
      ? " \(shown) of \(all) points are shown, evenly chosen; all: simulate export \(fileName) --variables"
        + " \(variables.prefix(4).joined(separator: ","))"
      : ""
  }

  /// The file's name without its folder.
  var fileName: String { URL(fileURLWithPath: path).lastPathComponent }
}
