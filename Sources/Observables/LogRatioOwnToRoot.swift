import Dynamics

/// E, the logarithm of the distance to the own centre over that to the root.
///
/// It rises where a state is nearer to what all classes have in common, and farther from its own class.
public struct LogRatioOwnToRoot: NamedObservable {
  public static let name = "log-ratio-own-to-root"
  public static let longName =
    "logarithm of the distance to the own concept without the own item over that to the root"
  public static let formula = "ln(d_own / d_root), of distance-own-centre and distance-root"
  public static let missing =
    "for a training item that is the only one of its class; where a distance is below 1e-12"
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let centre: OwnCentre

  public init?(_ context: ObservableContext) {
    guard let centre = OwnCentre(context) else { return nil }
    self.centre = centre
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    centre.logRatio(of: 0, to: 2, snapshot, into: values)
  }
}
