import Dynamics
import Numerics

/// The Euclidean distance of x(t) to the mean training item of a sibling class: the control beside
/// `data-distance-concept`.
public struct DataDistanceSiblingConcept: NamedObservable {
  public static let name = "data-distance-sibling-concept"
  public static let longName = "Euclidean distance between data-space state and mean item of a sibling class"
  public static let needs: ObservableNeeds = [.ownItem, .classes, .classPictures]

  private let distances: PictureDistance

  public init?(_ context: ObservableContext) {
    guard let own = context.own, let siblings = context.siblings(of: own),
      let pictures = context.classPictures
    else { return nil }
    distances = PictureDistance(pictures: pictures, rowOfItem: siblings)
  }

  public var requiredFields: StateFields { .dataState }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    distances.measure(snapshot, into: values)
  }
}
