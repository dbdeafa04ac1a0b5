import Dynamics

/// The Euclidean latent distance to the nearest memory in a sample of training items, other than the own memory.
///
/// It is to be compared with `DistanceHeldOut`, whose sample has equally many held-out items: see `MemorySamples`.
public struct DistanceTrainingSample: NamedObservable {
  public static let name = "distance-training-sample"
  public static let longName =
    "Euclidean distance between latent state and nearest of a sample of training memories"
  public static let formula =
    "min_j |z(t) - xi_j| over n training items j, as many of each class as of the held-out sample, the own "
    + "one left out"
  public static let family = ObservableFamily.distance
  public static let needs: ObservableNeeds = [.heldOutItems, .memorySearch]

  private let side: MemorySamples.Side

  public init?(_ context: ObservableContext) {
    guard let side = context.samples?.training else { return nil }
    self.side = side
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    side.distances(snapshot, for: Self.self, into: values)
  }
}
