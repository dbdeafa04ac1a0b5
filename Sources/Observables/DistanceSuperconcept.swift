import Dynamics
import Numerics

/// The Euclidean latent distance to the centre of the own superclass.
public struct DistanceSuperconcept: NamedObservable {
  public static let name = "distance-superconcept"
  public static let longName = "Euclidean distance between latent state and own superconcept"
  public static let formula = "|z(t) - s|, s the centre of the own superclass"
  public static let family = ObservableFamily.distance
  public static let needs: ObservableNeeds = [.ownItem, .superclass]

  private let tree: TreeDistances

  public init?(_ context: ObservableContext) {
    guard let tree = TreeDistances(context), context.geometry.superconcepts != nil else { return nil }
    self.tree = tree
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    tree.copy(level: 2, snapshot, into: values)
  }
}
