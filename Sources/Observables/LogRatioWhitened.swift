import Dynamics
import Numerics

/// L in the whitened space of the active latent variables: see `WhitenedSpace`.
public struct LogRatioWhitened: NamedObservable {
  public static let name = "log-ratio-others-to-own-whitened"
  public static let longName =
    "log-ratio-others-to-own of whitened distances over the active latent variables"
  public static let formula =
    "ln(d_other / d_own), d(a, b)^2 = (a - b)' C^-1 (a - b), C the memories' covariance over the active variables"
  public static let missing =
    "as log-ratio-others-to-own; where no latent variable is active, or memories fill fewer directions than are active"
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let centre: OwnCentre
  /// Nil where there is no such space, and all values are missing.
  private let space: WhitenedSpace?

  public init?(_ context: ObservableContext) {
    guard let centre = OwnCentre(context) else { return nil }
    self.centre = centre
    space = WhitenedSpace(context.geometry)
  }

  private final class Workspace {
    let row: AlignedBuffer<Double>
    init(_ count: Int) { row = AlignedBuffer(count: count) }
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let classes = centre.geometry.concepts.rows
    guard let space, classes > 1 else {
      for m in 0..<snapshot.count { values[m] = .nan }
      return
    }
    let scratch = snapshot.workspace(Workspace.self) { Workspace(space.active.count) }.row.pointer
    centre.forEach(snapshot) { m, state, own in
      let ownClass = centre.ownClass(of: snapshot.members[m])
      var sum = 0.0
      for k in 0..<classes where k != ownClass {
        sum += space.distance(state, centre.geometry.concepts.row(k), scratch: scratch)
      }
      let toOthers = sum / Double(classes - 1)
      let toOwn = own.map { space.distance(state, $0, scratch: scratch) } ?? .nan
      values[m] =
        toOwn >= OwnCentre.smallest && toOthers >= OwnCentre.smallest ? logarithm(toOthers / toOwn) : .nan
    }
  }
}
