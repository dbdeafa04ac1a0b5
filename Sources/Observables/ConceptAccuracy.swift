import Dynamics
import Numerics

/// 1 where the nearest concept is the member's own, else 0.
public struct ConceptAccuracy: NamedObservable {
  public static let name = "concept-accuracy"
  public static let longName = "fraction of members whose nearest concept is their own"
  public static let formula =
    "1 if argmin_k |z(t) - c_k| is the own class, else 0; of equal distances the lower class counts"
  public static let isIndicator = true
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let concepts: NearestConcept
  private let own: OwnItems

  public init?(_ context: ObservableContext) {
    guard let own = context.own else { return nil }
    self.own = own
    concepts = NearestConcept(geometry: context.geometry)
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let nearest = concepts.nearest(snapshot)
    for m in 0..<snapshot.count {
      let index = nearest[2 * m + 1]
      let isOwn = index == Double(own.classes[Int(snapshot.members[m].item)])
      values[m] = index.isNaN ? .nan : isOwn ? 1 : 0
    }
  }
}
