import Dynamics
import Numerics

/// The Euclidean latent distance to the nearest concept, which may be that of any class.
public struct DistanceNearestConcept: NamedObservable {
  public static let name = "distance-nearest-concept"
  public static let longName = "Euclidean distance between latent state and nearest concept"
  public static let formula = "min_k |z(t) - c_k| over all classes k"
  public static let family = ObservableFamily.distance
  public static let needs: ObservableNeeds = .classes

  private let concepts: NearestConcept

  public init?(_ context: ObservableContext) { concepts = NearestConcept(geometry: context.geometry) }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let nearest = concepts.nearest(snapshot)
    for m in 0..<snapshot.count { values[m] = nearest[2 * m] }
  }
}
