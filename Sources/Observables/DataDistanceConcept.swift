import Dynamics
import Numerics

/// The Euclidean distance of x(t) from the mean training item of the own class, in data space. It is missing at t =
/// 0 for latent starts.
public struct DataDistanceConcept: NamedObservable {
  public static let name = "data-distance-concept"
  public static let longName = "Euclidean distance between data-space state and mean item of the own class"
  public static let formula = "|x(t) - y|, y the mean training item of the own class"
  public static let missing = "at t = 0 of latent starts"
  public static let needs: ObservableNeeds = [.ownItem, .classes, .classPictures]

  private let distances: PictureDistance

  public init?(_ context: ObservableContext) {
    guard let own = context.own, let pictures = context.classPictures else { return nil }
    distances = PictureDistance(pictures: pictures, rowOfItem: own.classes)
  }

  public var requiredFields: StateFields { .dataState }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    distances.measure(snapshot, into: values)
  }
}

/// Euclidean distances of x(t) from a picture that is fixed per item.
struct PictureDistance: Sendable {
  /// The pictures, `[pictures, D]`.
  let pictures: RowTable
  /// The row of `pictures` for each item; -1 for an item without a picture.
  let rowOfItem: [Int32]

  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let d = snapshot.dataDimension
    let states = snapshot.values(.dataState)
    for m in 0..<snapshot.count {
      let row = Int(rowOfItem[Int(snapshot.members[m].item)])
      values[m] = row < 0 ? .nan : states.map { distance($0 + m * d, pictures.row(row), d) } ?? .nan
    }
  }
}
