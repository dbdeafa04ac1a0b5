import Dynamics

/// The distance to the own centre in the posterior's metric: see `PosteriorMetric` and `OwnCentre`.
public struct DistanceOwnCentrePosterior: NamedObservable {
  public static let name = "distance-own-centre-posterior"
  public static let longName =
    "distance to the own concept without the own item, in posterior standard deviations over the active latent variables"
  public static let formula =
    "d(z(t), c'), d(a, b)^2 = sum_j (a_j - b_j)^2 / v_j over the active variables, v_j = <s_j^2(x_i)> over the training items"
  public static let missing =
    "for a training item that is the only one of its class; where no latent variable is active"
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
    centre.forEach(snapshot) { m, state, own in
      guard let metric, let own else {
        values[m] = .nan
        return
      }
      values[m] = metric.distance(state, own)
    }
  }
}
