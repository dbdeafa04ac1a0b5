import Dynamics
import Numerics

/// The logarithm of the distance to the own centre, so that differences are logarithms of ratios, member by member.
public struct LogDistanceOwnCentre: NamedObservable {
  public static let name = "log-distance-own-centre"
  public static let longName = "logarithm of the distance to the own concept without the own item"
  public static let formula = "ln d_own, of distance-own-centre"
  public static let missing =
    "for a training item that is the only one of its class; where the distance is below 1e-12"
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let centre: OwnCentre

  public init?(_ context: ObservableContext) {
    guard let centre = OwnCentre(context) else { return nil }
    self.centre = centre
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let all = centre.distances(snapshot)
    for m in 0..<snapshot.count {
      values[m] = all[3 * m] >= OwnCentre.smallest ? logarithm(all[3 * m]) : .nan
    }
  }
}
