import Dynamics
import Numerics

/// The cross-entropy of x(t) against its reconstruction g(m(x(t))) minus the entropy H(x(t)), in nats.
///
/// For a Gaussian decoder there is no entropy of the input, so this is the whole cross-entropy.
public struct ReconstructionExcess: NamedObservable {
  public static let name = "reconstruction-excess"
  public static let longName = "cross-entropy of x(t) against its reconstruction minus the entropy of x(t)"
  public static let formula =
    "-ln p(x(t) | g(m(x(t)))) - H(x(t)), H the input-entropy (0 for a Gaussian decoder)"
  public static let missing = "at t = 0 of latent starts"
  public static let units = "nats"
  public static let needs: ObservableNeeds = .posterior

  public init?(_ context: ObservableContext) {}

  public var requiredFields: StateFields { [.crossEntropy, .inputEntropy] }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let crossEntropy = snapshot.values(.crossEntropy)
    let entropy = snapshot.values(.inputEntropy)
    for m in 0..<snapshot.count { values[m] = (crossEntropy?[m] ?? .nan) - (entropy?[m] ?? 0) }
  }
}
