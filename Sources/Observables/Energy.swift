import Dynamics
import Numerics

/// The cross-entropy of x(t) against its reconstruction g(m(x(t))) plus the Kullback-Leibler divergence, in nats.
///
/// This is the negative ELBO at the posterior's mean, with beta = 1. It is not a Lyapunov function of the dynamics.
public struct Energy: NamedObservable {
  public static let name = "energy"
  public static let longName =
    "cross-entropy of x(t) against its reconstruction plus Kullback-Leibler divergence"
  public static let formula = "-ln p(x(t) | g(m(x(t)))) + sum_i (m_i^2 + s_i^2 - 1 - ln s_i^2) / 2 at x(t)"
  public static let missing = "at t = 0 of latent starts"
  public static let units = "nats"
  public static let needs: ObservableNeeds = .posterior

  private let divergence: KullbackLeibler

  public init?(_ context: ObservableContext) {
    guard let divergence = KullbackLeibler(context) else { return nil }
    self.divergence = divergence
  }

  public var requiredFields: StateFields { divergence.requiredFields.union(.crossEntropy) }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    divergence.measure(snapshot, into: values)
    let crossEntropy = snapshot.values(.crossEntropy)
    for m in 0..<snapshot.count { values[m] += crossEntropy?[m] ?? .nan }
  }
}
