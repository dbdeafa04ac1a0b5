import Dynamics

/// The mean overlap with the concepts of all siblings about the root: the other classes of the own superclass, or all other
/// classes where there are no superclasses. It is shown beside that with the own centre.
public struct OverlapAboutRootSiblings: NamedObservable {
  public static let name = "overlap-about-root-siblings"
  public static let longName =
    "mean cosine about the root between latent state and concepts of sibling classes"
  public static let formula =
    "mean over k of cos(z(t) - r, c_k - r), k the other classes of the own superclass, or of all without superclasses"
  public static let missing = "for a class without a sibling; where a vector is shorter than 1e-12"
  public static let family = ObservableFamily.overlap
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let geometry: LatentGeometry
  private let own: OwnItems
  /// The siblings of each class.
  private let siblings: [[Int]]

  public init?(_ context: ObservableContext) {
    guard let own = context.own else { return nil }
    self.own = own
    geometry = context.geometry
    let superclasses = geometry.superclassOfClass
    let classes = 0..<geometry.concepts.rows
    siblings = classes.map { k in
      classes.filter { $0 != k && (superclasses.isEmpty || superclasses[$0] == superclasses[k]) }
    }
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let (n, root) = (snapshot.dimension, UnsafePointer(geometry.root.row(0)))
    for m in 0..<snapshot.count {
      let others = siblings[Int(own.classes[Int(snapshot.members[m].item)])]
      var sum = 0.0
      for k in others { sum += cosine(snapshot.states + m * n, geometry.concepts.row(k), origin: root, n) }
      values[m] = others.isEmpty ? .nan : sum / Double(others.count)
    }
  }
}
