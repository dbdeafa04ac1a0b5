import Dynamics
import Numerics

/// The Euclidean latent distance to the own concept.
public struct DistanceConcept: NamedObservable {
  public static let name = "distance-concept"
  public static let longName = "Euclidean distance between latent state and own concept"
  public static let formula = "|z(t) - c|"
  public static let family = ObservableFamily.distance
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let tree: TreeDistances

  public init?(_ context: ObservableContext) {
    guard let tree = TreeDistances(context) else { return nil }
    self.tree = tree
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    tree.copy(level: 1, snapshot, into: values)
  }
}
