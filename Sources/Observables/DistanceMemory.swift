import Dynamics
import Numerics

/// The Euclidean latent distance to the own memory.
public struct DistanceMemory: NamedObservable {
  public static let name = "distance-memory"
  public static let longName = "Euclidean distance between latent state and own memory"
  public static let formula = "|z(t) - xi|"
  public static let family = ObservableFamily.distance
  public static let needs: ObservableNeeds = [.ownItem, .ownMemory]

  private let tree: TreeDistances

  public init?(_ context: ObservableContext) {
    guard let tree = TreeDistances(context) else { return nil }
    self.tree = tree
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    tree.copy(level: 0, snapshot, into: values)
  }
}
