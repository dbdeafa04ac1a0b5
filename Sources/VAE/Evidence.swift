import Dynamics
import Numerics

/// The negative evidence lower bound (ELBO) of a model on a set of items, in nats per item.
///
///     -ELBO(x) = -ln p(x | z) + KL(q(z|x) || Normal(0, I)),   z = m(x) + s(x) eps
///
/// with one reparametrized sample per item and beta = 1.
///
/// Source: Kingma and Welling 2013, arXiv:1312.6114.
public struct Evidence: Sendable {
  /// Mean of -ELBO, nats per item.
  public var negativeELBO: Double
  /// Standard error of that mean over items.
  public var standardError: Double
  /// Mean Kullback-Leibler divergence, nats per item.
  public var kullbackLeibler: Double

  /// Puts known values together.
  public init(negativeELBO: Double, standardError: Double, kullbackLeibler: Double) {
    self.negativeELBO = negativeELBO
    self.standardError = standardError
    self.kullbackLeibler = kullbackLeibler
  }

  /// Evaluates the model on items `0..<count`, in single precision.
  ///
  /// - Parameters:
  ///   - draw: Independent noise for each number.
  ///   - threads: The result does not depend on it.
  /// - Complexity: one encoding and one decoding per item.
  public init(
    of model: Autoencoder, on source: some ItemSource, count: Int, seed: UInt64, draw: Int = 0, threads: Int
  ) {
    let network = PackedNetwork<Float>(model)
    let a = model.architecture
    let field = RandomField(seed: seed, purpose: .evidenceSample)
    let bound = AlignedBuffer<Double>(count: count)
    let divergence = AlignedBuffer<Double>(count: count)
    let grain = 126
    Parallel.forEach(pieces: (count + grain - 1) / grain, threads: threads) { _, piece in
      let w = InferenceMap<Float>.Workspace(a, capacity: grain)
      let input = AlignedBuffer<Double>(count: a.dataDimension)
      let first = piece * grain
      let rows = min(grain, count - first)
      for m in 0..<rows {
        source.copy(item: first + m, into: input.buffer)
        for i in 0..<a.dataDimension { w.x.row(m)[i] = Float(input.pointer[i]) }
      }
      let features = network.encodeHidden(w.x, rows: rows, hidden: w.hidden)
      network.mean.apply(features, to: w.mean, rows: rows)
      network.logVariance.apply(features, to: w.logVariance, rows: rows)
      for m in 0..<rows {
        var random = field.stream(UInt32(first + m), UInt32(truncatingIfNeeded: draw))
        var kl = 0.0
        for i in 0..<a.latentDimension {
          let mean = Double(w.mean.row(m)[i])
          let logVariance = Double(w.logVariance.row(m)[i])
          let variance = exponential(logVariance)
          kl += 0.5 * (mean * mean + variance - 1 - logVariance)
          w.z.row(m)[i] = Float(mean + variance.squareRoot() * random.normal())
        }
        divergence.pointer[first + m] = kl
      }
      network.decode(w.z, to: w.logits, rows: rows, hidden: w.hidden, activation: .identity)
      for m in 0..<rows {
        bound.pointer[first + m] =
          divergence.pointer[first + m]
          + a.likelihood.negativeLogLikelihood(
            outputs: w.logits.row(m), targets: w.x.row(m), count: a.dataDimension, scratch: w.row.pointer)
      }
    }
    var moments = RunningMoments()
    var divergences = RunningMoments()
    for i in 0..<count {
      moments.add(bound.pointer[i])
      divergences.add(divergence.pointer[i])
    }
    // A bound that is not finite for some item is not finite on average.
    let isFinite = moments.count == count && divergences.count == count
    negativeELBO = isFinite ? moments.mean ?? .nan : .nan  // nan for an empty set, too
    standardError = isFinite ? moments.standardError ?? .nan : .nan
    kullbackLeibler = isFinite ? divergences.mean ?? .nan : .nan
  }
}
