import Dynamics
import Numerics

/// The Euclidean distance of x(t) from the mean training item of a sibling class, in data space. It is the control
/// for `data-distance-concept`.
public struct DataDistanceSiblingConcept: NamedObservable {
  public static let name = "data-distance-sibling-concept"
  public static let longName = "Euclidean distance between data-space state and mean item of a sibling class"
  public static let formula = "|x(t) - y'|, y' the mean training item of the sibling class"
  public static let missing = "at t = 0 of latent starts; for a class without a sibling"
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
