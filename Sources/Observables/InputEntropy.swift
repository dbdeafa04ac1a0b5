import Dynamics
import Numerics

/// The entropy H(x(t)) of the pixels read as Bernoulli probabilities, in nats. It is missing for a Gaussian
/// decoder.
public struct InputEntropy: NamedObservable {
  public static let name = "input-entropy"
  public static let longName = "entropy of x(t) as Bernoulli probabilities"
  public static let formula = "-sum_d (x_d ln x_d + (1 - x_d) ln(1 - x_d)) at x(t)"
  public static let missing = "at t = 0 of latent starts; always with a Gaussian decoder"
  public static let units = "nats"
  public static let needs: ObservableNeeds = .posterior

  public init?(_ context: ObservableContext) {}

  public var requiredFields: StateFields { .inputEntropy }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let entropy = snapshot.values(.inputEntropy)
    for m in 0..<snapshot.count { values[m] = entropy?[m] ?? .nan }
  }
}
