import Dynamics
import Numerics

/// |x(t) - x_i|, the distance from the clean source item x_i in data space. It is missing at t = 0 for latent
/// starts.
public struct DataDistanceMemory: NamedObservable {
  public static let name = "data-distance-memory"
  public static let longName = "Euclidean distance between data-space state and clean source item"
  public static let formula = "|x(t) - x_i|"
  public static let missing = "at t = 0 of latent starts"
  public static let needs: ObservableNeeds = [.ownItem, .ownMemory, .cleanItem]

  private let comparison: SourceComparison

  public init?(_ context: ObservableContext) {
    guard let comparison = SourceComparison(context) else { return nil }
    self.comparison = comparison
  }

  public var requiredFields: StateFields { .dataState }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    comparison.measure(snapshot, into: values) { distance($0, $1, $2) }
  }
}
