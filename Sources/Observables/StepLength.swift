import Dynamics

/// |z(t) - z(t-1)|, the length of the last latent step. It is missing at t = 0.
public struct StepLength: NamedObservable {
  public static let name = "step-length"
  public static let longName = "Euclidean length of the latent step from t - 1 to t"
  public static let formula = "|z(t) - z(t-1)|"
  public static let missing = "at t = 0"

  public init?(_ context: ObservableContext) {}

  public var requiredFields: StateFields { .previousState }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    snapshot.distances(to: .previousState, into: values)
  }
}
