import Dynamics
import Numerics

/// How a model is trained: minibatch descent on the negative ELBO with Adam.
public struct Training: Sendable, Hashable {
  /// Passes over the training set; 0 leaves the initial parameters.
  public var epochs: Int
  /// Items per minibatch; the last one of an epoch holds what is left.
  public var batch: Int
  /// Adam's learning rate.
  public var learningRate: Double
  /// Weight of the Kullback-Leibler term.
  public var beta: Double
  /// Early stopping: training ends after so many epochs without a lower negative ELBO (the Kullback-Leibler
  /// term with the weight beta) of the validation items, and the model is that of the best epoch. 0: all
  /// epochs, and the last one's model.
  public var patience: Int

  /// Creates a training plan.
  public init(epochs: Int, batch: Int, learningRate: Double, beta: Double = 1, patience: Int = 0) {
    precondition(epochs >= 0 && batch >= 1 && patience >= 0)
    self.patience = patience
    self.epochs = epochs
    self.batch = batch
    self.learningRate = learningRate
    self.beta = beta
  }

  /// What is reported after each epoch.
  public struct Epoch: Sendable {
    /// From 1.
    public var number: Int
    /// Mean negative ELBO (beta = 1) over the epoch's minibatches, nats per item, while training.
    public var negativeELBOTrain: Double
    /// Mean negative ELBO on the test set after the epoch, nats per item.
    public var negativeELBOTest: Double
    /// Mean negative ELBO on the validation set after the epoch, nats per item; NaN without patience.
    public var negativeELBOValidation = Double.nan
  }

  /// Why training ended before its last epoch.
  public enum EarlyEnd: Sendable, Hashable {
    /// The loss or a parameter was not finite in this epoch; the model is that of the epoch before.
    case notFinite(epoch: Int)
  }

  /// A trained model.
  public struct Result: Sendable {
    /// The model with its metadata: epochs, training settings, negative ELBO.
    public var model: Autoencoder
    /// On the whole training set with the final parameters.
    public var train: Evidence
    /// On the test set with the final parameters.
    public var test: Evidence
    /// On the validation set with the final parameters; NaN where that is empty.
    public var validation: Evidence
    /// Nil where all epochs were run.
    public var earlyEnd: EarlyEnd?
  }

  /// Trains a model from random initial parameters.
  ///
  /// Bit-identical for a seed and any number of threads. A loss or parameter that is not finite ends
  /// the training with the parameters of the last good epoch.
  ///
  /// - Parameters:
  ///   - train, test: Rows of length D, items `0..<trainCount`, `0..<testCount`; the test set may be empty.
  ///   - validation: Items `0..<validationCount`; needed for `patience`.
  ///   - replica: Independent initialization, order and noise for each.
  ///   - state: Where to go on; nil starts anew.
  ///   - checkpoints: When the state is saved; nil: never.
  ///   - progress: Called after each epoch; returning false cancels.
  /// - Throws: `CancellationError`, and what saving throws.
  /// - Complexity: O(epochs x items x parameters).
  public func run(
    _ architecture: Architecture, train: some ItemSource, trainCount: Int, test: some ItemSource,
    testCount: Int, validation: (any ItemSource)? = nil, validationCount: Int = 0, seed: UInt64,
    replica: Int = 0, threads: Int = Parallel.processorCount,
    resuming state: TrainingState? = nil, checkpoints: TrainingCheckpoints? = nil,
    progress: ((Epoch) -> Bool)? = nil
  ) throws -> Result {
    precondition(trainCount > 0 && (patience == 0 || validationCount > 0))
    var model = Autoencoder(initializing: architecture, seed: seed, replica: replica)
    let context = UInt64(UInt32(truncatingIfNeeded: replica))
    let orderField = RandomField(seed: seed, purpose: .trainingOrder, context: context)
    let noiseField = RandomField(seed: seed, purpose: .trainingSample, context: context)
    let team = WorkTeam(threads: threads)
    let engine = GradientEngine<Float>(model, capacity: min(batch, trainCount), team: team)
    let good = AlignedBuffer<Float>(count: engine.parameters.count)
    var earlyEnd: EarlyEnd?
    var epochsDone = state?.epoch ?? 0
    // Where the epoch at hand goes on, and its sum so far.
    var start = (items: state?.itemsDone ?? 0, sum: state?.negativeELBOSum ?? 0)
    state?.restore(engine, good: good)
    var best = state?.best ?? TrainingState.Best()
    func validationEvidence() -> Evidence {
      // The same noise after each epoch: differences are the model's.
      guard let validation else {
        return Evidence(negativeELBO: .nan, standardError: .nan, kullbackLeibler: .nan)
      }
      return Evidence(
        of: model, on: validation, count: validationCount, seed: seed, draw: 2, threads: threads)
    }

    for epoch in epochsDone..<max(epochs, epochsDone) {
      // Asked here, not where the epoch ends: a continued training must stop there as well.
      if patience > 0, start.items == 0, epoch - best.epoch >= patience { break }
      if start.items == 0 { good.pointer.update(from: engine.parameters.pointer, count: good.count) }
      var orderStream = orderField.stream(UInt32(epoch))
      let order = orderStream.permutation(trainCount)
      let minibatches = stride(from: start.items, to: trainCount, by: batch).map {
        Minibatch(
          items: order[$0..<min($0 + batch, trainCount)], source: train, noise: noiseField, epoch: epoch)
      }
      var sum = start.sum
      team.forEach(pieces: minibatches[0].pieces) { _, piece in minibatches[0].write(piece, to: engine) }
      for (k, minibatch) in minibatches.enumerated() {
        engine.advance()
        // The next minibatch is written meanwhile.
        let next = k + 1 < minibatches.count ? minibatches[k + 1] : nil
        let loss = engine.step(
          rows: minibatch.items.count, beta: beta, learningRate: learningRate, besides: next?.pieces ?? 0
        ) { piece in next?.write(piece, to: engine) }
        sum += loss.negativeLogLikelihood + loss.kullbackLeibler
        if !sum.isFinite { break }
        guard let checkpoints, next != nil else { continue }
        let isStopping = checkpoints.shouldStop()
        if isStopping || checkpoints.isDue() {
          try checkpoints.save(
            TrainingState(
              engine, epoch: epoch, itemsDone: minibatch.items.endIndex, sum: sum, good: good, best: best))
        }
        if isStopping { throw CancellationError() }
      }
      start = (0, 0)
      guard sum.isFinite, engine.parameters.buffer.allSatisfy(\.isFinite) else {
        engine.parameters.pointer.update(from: good.pointer, count: good.count)
        earlyEnd = .notFinite(epoch: epoch + 1)
        break
      }
      epochsDone = epoch + 1
      var onValidation = Double.nan
      if patience > 0 {
        model.layers = engine.model()
        let evidence = validationEvidence()
        onValidation = evidence.negativeELBO
        // What is minimized: for beta other than 1 the bound itself may rise all the time.
        let objective = beta == 1 ? onValidation : onValidation + (beta - 1) * evidence.kullbackLeibler
        if objective < best.objective {
          best = TrainingState.Best(
            epoch: epochsDone, objective: objective, parameters: engine.plain(engine.parameters))
        }
      }
      if let progress {
        model.layers = engine.model()
        let evidence = Evidence(of: model, on: test, count: testCount, seed: seed, threads: threads)
        let report = Epoch(
          number: epoch + 1, negativeELBOTrain: sum / Double(trainCount),
          negativeELBOTest: evidence.negativeELBO, negativeELBOValidation: onValidation)
        if !progress(report) {
          try checkpoints?.save(
            TrainingState(engine, epoch: epoch + 1, itemsDone: 0, sum: 0, good: good, best: best))
          throw CancellationError()
        }
      }
      if let checkpoints, checkpoints.isDue() {
        try checkpoints.save(
          TrainingState(engine, epoch: epoch + 1, itemsDone: 0, sum: 0, good: good, best: best))
      }
    }
    if best.epoch > 0 { engine.pack(best.parameters, into: engine.parameters) }

    model.layers = engine.model()
    let onTrain = Evidence(of: model, on: train, count: trainCount, seed: seed, draw: 1, threads: threads)
    let onTest = Evidence(of: model, on: test, count: testCount, seed: seed, threads: threads)
    model.metadata = [
      "epochs": "\(epochsDone)", "batch": "\(batch)", "learning_rate": "\(learningRate)", "beta": "\(beta)",
      "seed": "\(seed)", "replica": "\(replica)", "negative_elbo_train": "\(onTrain.negativeELBO)",
    ]
    if testCount > 0 { model.metadata["negative_elbo_test"] = "\(onTest.negativeELBO)" }
    let onValidation = validationEvidence()
    if validationCount > 0 { model.metadata["negative_elbo_validation"] = "\(onValidation.negativeELBO)" }
    if patience > 0 {
      model.metadata["patience"] = "\(patience)"
      model.metadata["best_epoch"] = "\(best.epoch)"
    }
    if case .notFinite(let epoch) = earlyEnd { model.metadata["not_finite_in_epoch"] = "\(epoch)" }
    return Result(model: model, train: onTrain, test: onTest, validation: onValidation, earlyEnd: earlyEnd)
  }

  /// Some items of one epoch and their noise, addressed by item and epoch.
  private struct Minibatch<Source: ItemSource>: Sendable {
    let items: ArraySlice<Int>
    let source: Source
    let noise: RandomField
    let epoch: Int
    /// Rows per piece of work.
    private static var grain: Int { 16 }
    var pieces: Int { (items.count + Self.grain - 1) / Self.grain }

    /// Writes some rows of the engine's next minibatch.
    func write(_ piece: Int, to engine: GradientEngine<Float>) {
      let a = engine.architecture
      for r in piece * Self.grain..<min((piece + 1) * Self.grain, items.count) {
        let item = items[items.startIndex + r]
        source.copy(
          item: item, into: UnsafeMutableBufferPointer(start: engine.nextItem(r), count: a.dataDimension))
        var random = noise.stream(UInt32(item), UInt32(epoch))
        let eps = engine.nextNoise(r)
        for i in 0..<a.latentDimension { eps[i] = Float(random.normal()) }
      }
    }
  }
}

/// The loss and its gradient at given parameters, items and noise: for checks against other programs
/// and against finite differences.
public struct LossGradient: Sendable {
  /// Mean over the items of negative log-likelihood + beta KL, nats.
  public var loss: Double
  /// Per parameter tensor by its name in model files, row-major.
  public var gradient: [String: [Double]]

  /// Computes both in the given precision.
  ///
  /// - Parameters:
  ///   - items: Shape `[items, D]`.
  ///   - noise: Shape `[items, N]`, the reparametrized sample's eps.
  ///   - perturbing: Adds to one parameter (tensor name, index, amount) in that precision first.
  public init<Scalar: NetworkScalar>(
    of model: Autoencoder, items: [[Double]], noise: [[Double]], beta: Double, precision: Scalar.Type,
    perturbing: (tensor: String, index: Int, by: Double)? = nil
  ) {
    let engine = GradientEngine<Scalar>(model, capacity: items.count, team: WorkTeam(threads: 1))
    let shapes = model.architecture.layers
    if let perturbing {
      for (k, shape) in shapes.enumerated() {
        let weights = shape.inputs * shape.outputs
        if perturbing.tensor == shape.name + ".weight" {
          engine.perturb(tensor: k, index: perturbing.index, by: perturbing.by)
        } else if perturbing.tensor == shape.name + ".bias" {
          engine.perturb(tensor: k, index: weights + perturbing.index, by: perturbing.by)
        }
      }
    }
    for (r, item) in items.enumerated() {
      for (i, x) in item.enumerated() { engine.nextItem(r)[i] = Scalar(x) }
      for (i, e) in noise[r].enumerated() { engine.nextNoise(r)[i] = Scalar(e) }
    }
    engine.advance()
    let (sums, values) = engine.gradient(rows: items.count, beta: beta)
    loss = (sums.negativeLogLikelihood + beta * sums.kullbackLeibler) / Double(items.count)
    gradient = [:]
    for (shape, tensor) in zip(shapes, engine.tensors(of: values)) {
      let weights = shape.inputs * shape.outputs
      gradient[shape.name + ".weight"] = tensor[..<weights].map(Double.init)
      gradient[shape.name + ".bias"] = tensor[weights...].map(Double.init)
    }
  }
}
