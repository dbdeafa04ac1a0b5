import Dynamics
import Numerics

/// The Euclidean latent distance to the concept of the next class in the own superclass, which is a control.
///
/// It is missing if the own class has no sibling.
public struct DistanceSiblingConcept: NamedObservable {
  public static let name = "distance-sibling-concept"
  public static let longName = "Euclidean distance between latent state and concept of a sibling class"
  public static let formula = "|z(t) - c'|, c' the concept of the next class in the own superclass"
  public static let missing = "for a class without a sibling"
  public static let family = ObservableFamily.distance
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  private let distances: CentreDistance

  public init?(_ context: ObservableContext) {
    guard let own = context.own, let siblings = context.siblings(of: own) else { return nil }
    distances = CentreDistance(
      name: "sibling concept", centres: context.geometry.concepts, rowOfItem: siblings)
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    distances.measure(snapshot, into: values)
  }
}

extension ObservableContext {
  /// The sibling of each own item's class, or -1; nil if siblings are not known.
  func siblings(of own: OwnItems) -> [Int32]? {
    siblingOfClass.isEmpty ? nil : own.classes.map { siblingOfClass[Int($0)] }
  }
}
