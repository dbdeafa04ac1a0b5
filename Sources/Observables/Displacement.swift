import Dynamics

/// |z(t) - z(0)|, how far the member has come from its first latent state.
public struct Displacement: NamedObservable {
  public static let name = "displacement"
  public static let longName = "Euclidean distance between latent state and first latent state"
  public static let formula = "|z(t) - z(0)|"

  public init?(_ context: ObservableContext) {}

  public var requiredFields: StateFields { .initialState }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    snapshot.distances(to: .initialState, into: values)
  }
}
