import Dynamics
import Numerics

/// The overlap with the own concept, cos(z - o, c - o).
public struct OverlapConcept: NamedObservable {
  public static let name = "overlap-concept"
  public static let longName = "cosine between latent state and own concept"
  public static let formula = "cos(z(t) - o, c - o)"
  public static let missing = "where a vector is shorter than 1e-12"
  public static let family = ObservableFamily.overlap
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let tree: TreeDistances
  private let origin: RowTable?

  public init?(_ context: ObservableContext) {
    guard let tree = TreeDistances(context) else { return nil }
    self.tree = tree
    origin = context.overlapOrigin
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let n = snapshot.dimension
    for m in 0..<snapshot.count {
      let target = tree.centre(level: 1, item: Int(snapshot.members[m].item))
      values[m] = cosine(snapshot.states + m * n, target, origin: origin?.row(0), n)
    }
  }
}
