import Dynamics
import Numerics

/// The Euclidean latent distance to the root, the mean of all training memories.
public struct DistanceRoot: NamedObservable {
  public static let name = "distance-root"
  public static let longName = "Euclidean distance between latent state and root"
  public static let formula = "|z(t) - r|"
  public static let family = ObservableFamily.distance

  private let root: RowTable

  public init?(_ context: ObservableContext) { root = context.geometry.root }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let n = snapshot.dimension
    for m in 0..<snapshot.count { values[m] = distance(snapshot.states + m * n, root.row(0), n) }
  }
}
