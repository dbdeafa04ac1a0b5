import Dynamics
import Observables

/// The fraction of a state's components above 1/2.
struct BrightFraction: NamedObservable {
  static let name = "bright-fraction"
  static let longName = "fraction of the latent state's components above 1/2"
  static let formula = "|{i: z_i(t) > 1/2}| / N"

  init?(_ context: ObservableContext) {}

  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let n = snapshot.dimension
    for member in 0..<snapshot.count {
      let bright = (member * n..<(member + 1) * n).count { snapshot.states[$0] > 0.5 }
      values[member] = Double(bright) / Double(n)
    }
  }
}
