import Dynamics
import Numerics

/// The class of the nearest concept, or none if that concept is further away than its radius.
///
/// A label has no mean. It is counted instead (`Labelling`), and it is written member by member.
public struct ConceptLabel: NamedObservable {
  public static let name = "nearest-concept"
  public static let longName = "class of the nearest concept, none beyond its radius"
  public static let formula =
    "argmin_k |z(t) - c_k|, or none where that distance exceeds the radius of concept k"
  public static let needs: ObservableNeeds = .classes

  private let concepts: NearestConcept
  /// The radius of each concept; nil if every distance is within the radius.
  private let radii: [Double]?

  public init?(_ context: ObservableContext) {
    concepts = NearestConcept(geometry: context.geometry)
    radii = context.conceptRadii
  }

  /// Writes the index of the class; -1 beyond the radius of the nearest concept, NaN for a state that is not finite.
  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let nearest = concepts.nearest(snapshot)
    for m in 0..<snapshot.count {
      let (distance, index) = (nearest[2 * m], nearest[2 * m + 1])
      values[m] = index
      if let radii, index.isFinite, distance > radii[Int(index)] { values[m] = -1 }
    }
  }
}

extension LatentGeometry {
  /// The radius of each concept: a quantile of the distances of its class's training memories from it.
  ///
  /// - Parameter q: The quantile, from 0 to 1, which gives the distance of the farthest memory of the class.
  /// - Returns: Shape `[classes]`.
  /// - Complexity: O(items x (N + log items)).
  public func conceptRadii(quantile q: Double) -> [Double] {
    var distances = [[Double]](repeating: [], count: concepts.rows)
    for (item, label) in classes.enumerated() {
      let k = Int(label)
      distances[k].append(distance(memories.row(item), concepts.row(k), dimension))
    }
    return distances.map { quantile(ofSorted: $0.sorted(), q) }
  }
}
