import Dynamics
import Numerics

/// KL(q(z|x(t)) || Normal(0, I)) = sum_i (m_i^2 + s_i^2 - 1 - ln s_i^2) / 2 in nats.
///
/// It is missing at t = 0 for latent starts. Source: Kingma and Welling 2013, arXiv:1312.6114, appendix B.
public struct KullbackLeibler: NamedObservable {
  public static let name = "kullback-leibler"
  public static let longName = "Kullback-Leibler divergence of q(z|x(t)) from the prior"
  public static let formula = "sum_i (m_i^2 + s_i^2 - 1 - ln s_i^2) / 2 at x(t)"
  public static let missing = "at t = 0 of latent starts"
  public static let units = "nats"
  public static let needs: ObservableNeeds = .posterior

  public init?(_ context: ObservableContext) {}

  public var requiredFields: StateFields { [.encoderMean, .encoderLogVariance] }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let n = snapshot.dimension
    guard let mean = snapshot.values(.encoderMean), let logVariance = snapshot.values(.encoderLogVariance)
    else {
      for m in 0..<snapshot.count { values[m] = .nan }
      return
    }
    for m in 0..<snapshot.count {
      var sum = 0.0
      for i in m * n..<(m + 1) * n {
        sum += mean[i] * mean[i] + exponential(logVariance[i]) - 1 - logVariance[i]
      }
      values[m] = 0.5 * sum
    }
  }
}
