import Dynamics

/// L, the logarithm of the mean distance to all other classes' concepts over that to the own centre.
///
/// It rises where a state comes nearer to its own class than to the others, and no scale of the latent space enters.
public struct LogRatioOthersToOwn: NamedObservable {
  public static let name = "log-ratio-others-to-own"
  public static let longName =
    "logarithm of the mean distance to other classes' concepts over that to the own concept without the own item"
  public static let formula = "ln(d_other / d_own), of distance-other-centres and distance-own-centre"
  public static let missing =
    "for a training item that is the only one of its class; with one class; where a distance is below 1e-12"
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let centre: OwnCentre

  public init?(_ context: ObservableContext) {
    guard let centre = OwnCentre(context) else { return nil }
    self.centre = centre
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    centre.logRatio(of: 1, to: 0, snapshot, into: values)
  }
}
