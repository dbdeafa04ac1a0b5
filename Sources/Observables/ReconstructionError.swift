import Dynamics
import Numerics

/// The mean squared difference of x(t+1) and x(t) over pixels. It is missing at t = 0 for latent starts.
public struct ReconstructionError: NamedObservable {
  public static let name = "reconstruction-error"
  public static let longName = "mean squared difference of x(t+1) and x(t) over pixels"
  public static let formula = "sum_d (x_d(t+1) - x_d(t))^2 / D"
  public static let missing = "at t = 0 of latent starts"

  public init?(_ context: ObservableContext) {}

  public var requiredFields: StateFields { [.dataState, .nextDataState] }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let d = snapshot.dataDimension
    guard let now = snapshot.values(.dataState), let next = snapshot.values(.nextDataState) else {
      for m in 0..<snapshot.count { values[m] = .nan }
      return
    }
    for m in 0..<snapshot.count {
      var sum = 0.0
      for i in m * d..<(m + 1) * d {
        let delta = next[i] - now[i]
        sum += delta * delta
      }
      values[m] = sum / Double(d)
    }
  }
}
