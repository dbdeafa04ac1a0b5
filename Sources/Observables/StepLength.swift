import Dynamics
import Numerics

/// |z(t) - z(t-1)|; missing at t = 0.
public struct StepLength: NamedObservable {
  public static let name = "step-length"
  public static let longName = "Euclidean length of the latent step from t - 1 to t"

  public init?(_ context: ObservableContext) {}

  public var requiredFields: StateFields { .previousState }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let n = snapshot.dimension
    let previous = snapshot.values(.previousState)
    for m in 0..<snapshot.count {
      values[m] = previous.map { distance(snapshot.states + m * n, $0 + m * n, n) } ?? .nan
    }
  }
}
