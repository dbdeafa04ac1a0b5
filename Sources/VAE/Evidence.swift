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
  /// The mean of -ELBO, in nats per item.
  public var negativeELBO: Double
  /// The standard error of that mean over items, in nats.
  public var standardError: Double
  /// The mean Kullback-Leibler divergence, in nats per item.
  public var kullbackLeibler: Double

  /// The number of the noise for test items. Different sets need different noise, because their items have the same
  /// numbers.
  public static let testDraw = 0
  /// The number of the noise for training items.
  public static let trainingDraw = 1
  /// The number of the noise for validation items.
  public static let validationDraw = 2

  /// Creates evidence from values that are already known.
  public init(negativeELBO: Double, standardError: Double, kullbackLeibler: Double) {
    self.negativeELBO = negativeELBO
    self.standardError = standardError
    self.kullbackLeibler = kullbackLeibler
  }

  /// Evaluates a network on items `0..<count`, in its precision.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - source: The items, rows of length D.
  ///   - count: The number of items that are evaluated.
  ///   - seed: The scenario's seed.
  ///   - draw: The number of the noise. Different numbers give independent noise.
  ///   - threads: The number of threads; the result does not depend on it.
  /// - Precondition: The network has an evidence lower bound.
  /// - Complexity: One encoding and one decoding per item.
  public init<Network: InferenceNetwork>(
    of network: Network, on source: some ItemSource, count: Int, seed: UInt64, draw: Int = 0, threads: Int
  ) {
    precondition(network.hasEvidence, "the evidence needs distributions")
    let noise = EvidenceNoise(
      field: RandomField(seed: seed, purpose: .evidenceSample), draw: UInt32(truncatingIfNeeded: draw))
    let bound = AlignedBuffer<Double>(count: count)
    let divergence = AlignedBuffer<Double>(count: count)
    let grain = BlockSize.standard
    Parallel.forEach(pieces: (count + grain - 1) / grain, threads: threads) { _, piece in
      let first = piece * grain
      Self.evaluate(
        network, on: source, items: first..<min(first + grain, count), noise,
        bound: bound.pointer + first, divergence: divergence.pointer + first)
    }
    var moments = RunningMoments()
    var divergences = RunningMoments()
    for i in 0..<count {
      moments.add(bound.pointer[i])
      divergences.add(divergence.pointer[i])
    }
    // A single item whose bound is not finite makes the mean not finite.
    let isFinite = moments.count == count && divergences.count == count
    negativeELBO = isFinite ? moments.mean ?? .nan : .nan  // NaN for an empty set, too
    standardError = isFinite ? moments.standardError ?? .nan : .nan
    kullbackLeibler = isFinite ? divergences.mean ?? .nan : .nan
  }

  /// Computes -ELBO and the Kullback-Leibler divergence of each item in a block.
  private static func evaluate<Network: InferenceNetwork>(
    _ network: Network, on source: some ItemSource, items: Range<Int>, _ noise: EvidenceNoise,
    bound: UnsafeMutablePointer<Double>, divergence: UnsafeMutablePointer<Double>
  ) {
    let rows = items.count
    let (d, n) = (network.dataDimension, network.latentDimension)
    let w = InferenceMap<Network>.Workspace(network, capacity: rows)
    let input = AlignedBuffer<Double>(count: d)
    for m in 0..<rows {
      source.copy(item: items.lowerBound + m, into: input.buffer)
      Network.Scalar.convert(UnsafePointer(input.pointer), to: w.x.row(m), count: d)
    }
    network.encode(w.x, to: w.mean, rows: rows, workspace: &w.network)
    network.logVariance(to: w.logVariance, rows: rows, workspace: &w.network)
    let mean = w.row.pointer
    let logVariance = mean + n
    for m in 0..<rows {
      Network.Scalar.convert(UnsafePointer(w.mean.row(m)), to: mean, count: n)
      Network.Scalar.convert(UnsafePointer(w.logVariance.row(m)), to: logVariance, count: n)
      divergence[m] = noise.sample(
        item: items.lowerBound + m, state: mean, logVariance: UnsafePointer(logVariance), count: n)
      Network.Scalar.convert(UnsafePointer(mean), to: w.z.row(m), count: n)
    }
    network.decode(w.z, to: w.plainValues, as: .plainValues, rows: rows, workspace: &w.network)
    network.negativeLogLikelihood(
      of: w.x, plainValues: w.plainValues, rows: rows, into: bound, scratch: w.row.pointer)
    for m in 0..<rows { bound[m] = divergence[m] + bound[m] }
  }
}

/// The noise eps of the evidence, addressed by item and draw.
private struct EvidenceNoise: Sendable {
  var field: RandomField
  var draw: UInt32

  /// Turns m(x) into z = m(x) + s(x) eps, and returns the divergence KL(q(z|x) || Normal(0, I)) in nats.
  ///
  /// - Parameter state: Holds m(x) and receives z, shape `[count]`.
  func sample(
    item: Int, state: UnsafeMutablePointer<Double>, logVariance: UnsafePointer<Double>, count: Int
  ) -> Double {
    var random = field.stream(UInt32(item), draw)
    var divergence = 0.0
    for i in 0..<count {
      let mean = state[i]
      let variance = exponential(logVariance[i])
      divergence += 0.5 * (mean * mean + variance - 1 - logVariance[i])
      state[i] = mean + variance.squareRoot() * random.normal()
    }
    return divergence
  }
}
