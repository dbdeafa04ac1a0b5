import Dynamics

/// cos(x(t), x_i), the overlap with the clean source item x_i in data space. It is missing at t = 0 for latent
/// starts.
public struct DataOverlap: NamedObservable {
  public static let name = "data-overlap"
  public static let longName = "cosine between data-space state and clean source item"
  public static let formula = "cos(x(t), x_i)"
  public static let missing = "at t = 0 of latent starts"
  public static let family = ObservableFamily.overlap
  public static let needs: ObservableNeeds = [.ownItem, .ownMemory, .cleanItem]

  private let comparison: SourceComparison

  public init?(_ context: ObservableContext) {
    guard let comparison = SourceComparison(context) else { return nil }
    self.comparison = comparison
  }

  public var requiredFields: StateFields { .dataState }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    comparison.measure(snapshot, into: values) { cosine($0, $1, origin: nil, $2) }
  }
}
