import Dynamics

/// The Euclidean latent distance to the own centre, which the member's own item does not help to make: see `OwnCentre`.
public struct DistanceOwnCentre: NamedObservable {
  public static let name = "distance-own-centre"
  public static let longName = "Euclidean distance between latent state and own concept without the own item"
  public static let formula =
    "|z(t) - c'|, c' = c + (c - xi) / (n - 1) for one of n training items, c' = c for held-out ones"
  public static let missing = "for a training item that is the only one of its class"
  public static let family = ObservableFamily.distance
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let centre: OwnCentre

  public init?(_ context: ObservableContext) {
    guard let centre = OwnCentre(context) else { return nil }
    self.centre = centre
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let all = centre.distances(snapshot)
    for m in 0..<snapshot.count { values[m] = all[3 * m] }
  }
}
