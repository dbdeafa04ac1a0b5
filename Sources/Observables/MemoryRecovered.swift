import Dynamics
import Numerics

/// 1 where no training memory is nearer than the own one, else 0.
///
/// Own items must be training items, because a held-out item's memory is not among those searched.
public struct MemoryRecovered: NamedObservable {
  public static let name = "memory-recovered"
  public static let longName = "fraction of members whose nearest training memory is their own"
  public static let formula = "1 if no training memory is nearer to z(t) than the own one, else 0"
  public static let isIndicator = true
  public static let needs: ObservableNeeds = [.ownItem, .trainingItem, .memorySearch]

  private let search: NearestMemorySearch
  private let tree: TreeDistances

  public init?(_ context: ObservableContext) {
    guard let tree = TreeDistances(context), context.startsFromTraining else { return nil }
    self.tree = tree
    search = context.geometry.search
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let nearest = search.nearest(snapshot)
    tree.copy(level: 0, snapshot, into: values)
    // Both distances are sums of the same terms in the same order, so they are equal if the memory is the same.
    for m in 0..<snapshot.count {
      values[m] = nearest[2 * m].isNaN || values[m].isNaN ? .nan : values[m] <= nearest[2 * m] ? 1 : 0
    }
  }
}
