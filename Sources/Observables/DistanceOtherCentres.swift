import Dynamics

/// The mean Euclidean latent distance to the concepts of all other classes.
public struct DistanceOtherCentres: NamedObservable {
  public static let name = "distance-other-centres"
  public static let longName =
    "mean Euclidean distance between latent state and concepts of all other classes"
  public static let formula = "sum_k |z(t) - c_k| / (K - 1) over all classes k but the own one"
  public static let missing = "with one class"
  public static let family = ObservableFamily.distance
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let centre: OwnCentre

  public init?(_ context: ObservableContext) {
    guard let centre = OwnCentre(context) else { return nil }
    self.centre = centre
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let all = centre.distances(snapshot)
    for m in 0..<snapshot.count { values[m] = all[3 * m + 1] }
  }
}
