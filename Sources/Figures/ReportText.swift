import Drawing
import Foundation
import Vocabulary

/// A mean with its error. The error has two digits, and both have the same number of decimals.
func meanText(_ x: Double, _ error: Double) -> String {
  meanText(x, error, sign: "±", number: short)
}

/// The ends of an interval with three decimals; `-` where there is none.
func intervalText(_ lower: Double, _ upper: Double) -> String {
  lower.isFinite && upper.isFinite ? "\(threeDecimals(lower)) to \(threeDecimals(upper))" : "-"
}

/// A number with three decimals.
func threeDecimals(_ x: Double) -> String { x.isFinite ? String(format: "%.3f", x) : "-" }

extension RunData {
  /// The points of the sweep, evenly chosen if there are more than `limit`. Without a sweep, the file itself is the
  /// only point.
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

  /// A text such as "24 of 100 points are shown" with the command that gives all; empty if all are shown.
  ///
  /// - Parameter variables: The variables that a table shows.
  func pointsNote(_ shown: Int, of all: Int, _ variables: [String]) -> String {
    shown < all
      ? " \(shown) of \(all) points are shown, evenly chosen; all: simulate export \(fileName) --variables"
        + " \(variables.prefix(4).joined(separator: ","))"
      : ""
  }

  /// The file's name without its folder.
  var fileName: String { URL(fileURLWithPath: path).lastPathComponent }

  /// What the concepts are, where they are no means of classes; nil where they are.
  func clusterText() throws -> String? {
    guard let geometry = runGroup("geometry"), geometry.has("cluster_silhouette") else { return nil }
    let count = try geometry.slice("concept_position", rank: 2).shape[0]
    let silhouette = try geometry.slice("cluster_silhouette", []).doubles()[0]
    return "the centres of \(count) clusters of the training memories, with a mean silhouette of"
      + String(format: " %.3f", silhouette)
  }

  /// What is known of the models at every point of the sweep.
  struct ModelTable {
    /// What the errors are.
    var errors: String
    var header: [String]
    /// The swept values, followed by the numbers.
    var rows: [[String]]
    /// What is left out; empty if nothing is.
    var note: String
  }

  /// Reads one row per point; nil if the file contains nothing about models.
  func modelTable(limit: Int) throws -> ModelTable? {
    let names = [
      ("negative_elbo_train", "negative ELBO, training [nats]"), ("negative_elbo_test", "test [nats]"),
      ("negative_elbo_validation", "validation [nats]"),
      ("active_latent_variables", "active latent variables"), ("best_epoch", "best epoch"),
    ].filter { find($0.0) != nil }
    guard !names.isEmpty else { return nil }
    let (points, all) = sweepPoints(limit: limit)
    let rows = try points.map { point in
      try point.labels
        + names.map { name, _ in
          let error = point.data.name(of: .standardError(of: name))
            .flatMap { try? point.data.values($0, []) }
          return meanText(try point.data.values(name, []).first ?? .nan, error?.first ?? .nan)
        }
    }
    return ModelTable(
      errors: models == nil ? "standard errors over items" : "means and standard errors over models",
      header: sweep.map(\.key) + names.map(\.1), rows: rows,
      note: String(pointsNote(points.count, of: all, names.map(\.0)).drop { $0 == " " }))
  }
}
