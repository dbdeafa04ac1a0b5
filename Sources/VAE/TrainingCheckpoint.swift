import Numerics

/// A training that is not finished: all that is needed to go on, bit by bit as if it had not stopped.
///
/// It stands between two minibatches. Arrays hold all parameters layer by layer: weight
/// `[outputs, inputs]`, row-major, then bias; layers in the order of `Architecture.layers`.
public struct TrainingState: Sendable, Hashable {
  /// Finished epochs.
  public var epoch: Int
  /// Items of the epoch at hand that were used already.
  public var itemsDone: Int
  /// Sum of the negative ELBO over those, nats.
  public var negativeELBOSum: Double
  /// Adam's steps.
  public var adamTime: Int
  /// The parameters.
  public var parameters: [Float]
  /// Adam's first moments.
  public var firstMoment: [Float]
  /// Adam's second moments.
  public var secondMoment: [Float]
  /// The parameters before the epoch at hand.
  public var goodParameters: [Float]
  /// The best epoch so far.
  public var best: Best

  /// The epoch with the lowest objective on the validation items.
  public struct Best: Sendable, Hashable {
    /// From 1; 0 where there is none.
    public var epoch = 0
    /// Negative log-likelihood + beta KL, nats per item.
    public var objective = Double.infinity
    /// The parameters after it; empty where there is none.
    public var parameters: [Float] = []
  }

  /// Writes the state.
  public func encode(to encoder: inout ByteEncoder) throws {
    for number in [epoch, itemsDone, adamTime] { try encoder.encode(number) }
    try encoder.encode(negativeELBOSum)
    for values in [parameters, firstMoment, secondMoment, goodParameters] { try encoder.encode(values) }
    try encoder.encode(best.epoch)
    try encoder.encode(best.objective)
    try encoder.encode(best.parameters)
  }

  /// Reads what `encode` wrote.
  ///
  /// - Throws: `ByteDecodingError`, also where it is not the state of this architecture.
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
    guard epoch >= 0, itemsDone >= 0, adamTime >= 0, (0...epoch).contains(best.epoch) else {
      throw ByteDecodingError("a negative count")
    }
  }

  init(
    _ engine: GradientEngine<Float>, epoch: Int, itemsDone: Int, sum: Double, good: AlignedBuffer<Float>,
    best: Best
  ) {
    self.best = best
    self.epoch = epoch
    self.itemsDone = itemsDone
    negativeELBOSum = sum
    adamTime = engine.steps
    parameters = engine.plain(engine.parameters)
    firstMoment = engine.plain(engine.firstMoment)
    secondMoment = engine.plain(engine.secondMoment)
    goodParameters = engine.plain(good)
  }

  /// Puts the state back.
  func restore(_ engine: GradientEngine<Float>, good: AlignedBuffer<Float>) {
    engine.restore(
      steps: adamTime, parameters: parameters, firstMoment: firstMoment, secondMoment: secondMoment)
    engine.pack(goodParameters, into: good)
  }
}

/// When a training is saved, and where to.
public struct TrainingCheckpoints {
  /// Asked after each minibatch; true saves the state and ends the training with `CancellationError`.
  public var shouldStop: () -> Bool
  /// Asked after each minibatch: whether it is time to save the state.
  public var isDue: () -> Bool
  /// Saves a state.
  public var save: (TrainingState) throws -> Void

  /// Never due, and never stopping, unless said otherwise.
  public init(
    shouldStop: @escaping () -> Bool = { false }, isDue: @escaping () -> Bool = { false },
    save: @escaping (TrainingState) throws -> Void
  ) {
    self.shouldStop = shouldStop
    self.isDue = isDue
    self.save = save
  }
}
