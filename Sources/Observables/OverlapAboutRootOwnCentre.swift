import Dynamics

/// The overlap with the own centre about the root, cos(z - r, c' - r), whatever the origin of other overlaps.
///
/// Scaling all states about the root leaves it as it is; a drift that all states have in common does not.
public struct OverlapAboutRootOwnCentre: NamedObservable {
  public static let name = "overlap-about-root-own-centre"
  public static let longName =
    "cosine about the root between latent state and own concept without the own item"
  public static let formula = "cos(z(t) - r, c' - r), c' as for distance-own-centre"
  public static let missing =
    "for a training item that is the only one of its class; where a vector is shorter than 1e-12"
  public static let family = ObservableFamily.overlap
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let centre: OwnCentre

  public init?(_ context: ObservableContext) {
    guard let centre = OwnCentre(context) else { return nil }
    self.centre = centre
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let (n, root) = (snapshot.dimension, UnsafePointer(centre.geometry.root.row(0)))
    centre.forEach(snapshot) { m, state, own in
      values[m] = own.map { cosine(state, $0, origin: root, n) } ?? .nan
    }
  }
}
