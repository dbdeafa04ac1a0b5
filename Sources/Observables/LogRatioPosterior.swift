import Dynamics
import Numerics

/// L in the posterior's metric: see `PosteriorMetric`.
public struct LogRatioPosterior: NamedObservable {
  public static let name = "log-ratio-others-to-own-posterior"
  public static let longName =
    "log-ratio-others-to-own of distances in posterior standard deviations over the active latent variables"
  public static let formula = "ln(d_other / d_own), d as for distance-own-centre-posterior"
  public static let missing = "as log-ratio-others-to-own; where no latent variable is active"
  public static let needs: ObservableNeeds = [.ownItem, .classes, .posterior, .posteriorVariances]

  private let centre: OwnCentre
  /// Nil where there is no such metric, and all values are missing.
  private let metric: PosteriorMetric?

  public init?(_ context: ObservableContext) {
    guard let centre = OwnCentre(context) else { return nil }
    self.centre = centre
    metric = PosteriorMetric(context)
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let concepts = centre.geometry.concepts
    centre.forEach(snapshot) { m, state, own in
      guard let metric, let own, concepts.rows > 1 else {
        values[m] = .nan
        return
      }
      let ownClass = centre.ownClass(of: snapshot.members[m])
      var sum = 0.0
      for k in 0..<concepts.rows where k != ownClass { sum += metric.distance(state, concepts.row(k)) }
      let (toOthers, toOwn) = (sum / Double(concepts.rows - 1), metric.distance(state, own))
      values[m] =
        toOwn >= OwnCentre.smallest && toOthers >= OwnCentre.smallest ? logarithm(toOthers / toOwn) : .nan
    }
  }
}
