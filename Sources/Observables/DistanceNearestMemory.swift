import Dynamics
import Numerics

/// The Euclidean latent distance to the nearest of all training memories.
public struct DistanceNearestMemory: NamedObservable {
  public static let name = "distance-nearest-memory"
  public static let longName = "Euclidean distance between latent state and nearest training memory"
  public static let formula = "min_i |z(t) - xi_i| over all training items i, searched exactly"
  public static let needs: ObservableNeeds = .memorySearch
  public static let family = ObservableFamily.distance

  private let search: NearestMemorySearch

  public init?(_ context: ObservableContext) { search = context.geometry.search }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let nearest = search.nearest(snapshot)
    for m in 0..<snapshot.count { values[m] = nearest[2 * m] }
  }
}
