import Numerics

/// A training that is not finished, with all that is needed to continue with the same bits as if it had not
/// stopped.
///
/// The state is that between two minibatches. Arrays have all parameters layer by layer, in the order of
/// `Architecture.layers`: the weight `[outputs, inputs]`, row-major, then the bias.
public struct TrainingState: Sendable, Hashable {
  /// The number of finished epochs.
  public var epoch: Int
  /// The number of items of the unfinished epoch that have been used.
  public var itemsDone: Int
  /// The sum of the negative ELBO over those items, in nats.
  public var negativeELBOSum: Double
  /// The number of steps of Adam so far.
  public var adamTime: Int
  /// The parameters.
  public var parameters: [Float]
  /// Adam's first moments.
  public var firstMoment: [Float]
  /// Adam's second moments.
  public var secondMoment: [Float]
  /// The parameters before the unfinished epoch.
  public var goodParameters: [Float]
  /// A Gaussian decoder's ln S with Adam's moments, and ln S before the unfinished epoch: four numbers.
  public var scale: [Double]
  /// The best epoch so far.
  public var best: Best

  /// The epoch with the lowest objective on the validation items.
  public struct Best: Sendable, Hashable {
    /// The epoch's number, from 1; 0 if there is none yet.
    public var epoch = 0
    /// The mean of negative log-likelihood + beta KL, in nats per item.
    public var objective = Double.infinity
    /// The parameters after the epoch; empty if there is none yet.
    public var parameters: [Float] = []
    /// ln S after it.
    public var scale = 0.0
  }

  /// Writes the state.
  ///
  /// - Throws: What the encoder's receiver throws.
  public func encode(to encoder: inout ByteEncoder) throws {
    for number in [epoch, itemsDone, adamTime] { try encoder.encode(number) }
    try encoder.encode(negativeELBOSum)
    for values in [parameters, firstMoment, secondMoment, goodParameters] { try encoder.encode(values) }
    try encoder.encode(best.epoch)
    try encoder.encode(best.objective)
    try encoder.encode(best.parameters)
    for number in scale + [best.scale] { try encoder.encode(number) }
  }

  /// Reads what `encode` wrote.
  ///
  /// - Throws: `ByteDecodingError`, also if it is not the state of this architecture.
  public init(from decoder: inout ByteDecoder, architecture: Architecture) throws {
    epoch = try decoder.decode()
    itemsDone = try decoder.decode()
    adamTime = try decoder.decode()
    negativeELBOSum = try decoder.decode()
    let count = architecture.parameterCount
    parameters = try decoder.decode(count: count)
    firstMoment = try decoder.decode(count: count)
    secondMoment = try decoder.decode(count: count)
    goodParameters = try decoder.decode(count: count)
    best = Best(epoch: try decoder.decode(), objective: try decoder.decode())
    best.parameters = try decoder.decode(count: best.epoch > 0 ? count : 0)
    scale = [try decoder.decode(), try decoder.decode(), try decoder.decode(), try decoder.decode()]
    best.scale = try decoder.decode()
    guard epoch >= 0, itemsDone >= 0, adamTime >= 0, (0...epoch).contains(best.epoch) else {
      throw ByteDecodingError("a negative count")
    }
  }

  /// The state of a training in which `itemsDone` items of the epoch after `epoch` have been used.
  ///
  /// - Parameters:
  ///   - sum: The sum of the negative ELBO over those items, in nats.
  ///   - good: The parameters before that epoch, packed.
  ///   - goodScale: ln S before it.
  init(
    _ parameters: PackedParameters<Float>, epoch: Int, itemsDone: Int, sum: Double,
    good: AlignedBuffer<Float>, goodScale: Double, best: Best
  ) {
    let layout = parameters.layout
    self.best = best
    self.epoch = epoch
    self.itemsDone = itemsDone
    negativeELBOSum = sum
    adamTime = parameters.steps
    self.parameters = layout.list(of: parameters.values)
    firstMoment = layout.list(of: parameters.firstMoment)
    secondMoment = layout.list(of: parameters.secondMoment)
    goodParameters = layout.list(of: good)
    let scale = parameters.scale
    self.scale = [scale.logarithm, scale.firstMoment, scale.secondMoment, goodScale]
  }

  /// Restores the parameters of a training, and those that it had before the unfinished epoch.
  func restore(_ target: PackedParameters<Float>, good: AlignedBuffer<Float>) {
    target.restore(
      steps: adamTime, values: parameters, firstMoment: firstMoment, secondMoment: secondMoment)
    target.layout.pack(goodParameters, into: good)
    target.scale.logarithm = scale[0]
    target.scale.firstMoment = scale[1]
    target.scale.secondMoment = scale[2]
  }
}

/// When the state of a training is saved, and how.
public struct TrainingCheckpoints {
  /// Asked after each minibatch except the last of an epoch. True saves the state and ends the training with
  /// `CancellationError`.
  public var shouldStop: () -> Bool
  /// Asked after each minibatch except the last of an epoch, and after each epoch. True saves the state.
  public var isDue: () -> Bool
  /// Saves a state.
  public var save: (TrainingState) throws -> Void

  /// By default no state is due, and nothing stops the training.
  public init(
    shouldStop: @escaping () -> Bool = { false }, isDue: @escaping () -> Bool = { false },
    save: @escaping (TrainingState) throws -> Void
  ) {
    self.shouldStop = shouldStop
    self.isDue = isDue
    self.save = save
  }
}
