import Dynamics
import Numerics

/// A training that is under way. It runs the epochs one after another and keeps what is known of them.
struct TrainingRun<Train: ItemSource, Test: ItemSource> {
  private let plan: Training
  /// The validation items; nil if there are none.
  private let validation: (source: any ItemSource, count: Int)?
  private let seed: UInt64
  private let replica: Int
  private let threads: Int
  private let orderField: RandomField
  private let noiseField: RandomField
  private let team: WorkTeam
  private let engine: GradientEngine<Float>
  private let parameters: PackedParameters<Float>
  /// The model. Its layers are updated only when they are needed.
  private var model: Autoencoder
  /// The parameters before the present epoch, packed.
  private let good: AlignedBuffer<Float>
  /// ln S before the present epoch.
  private var goodScale: Double
  private var best: TrainingState.Best
  private var epochsDone: Int
  /// The number of items of the present epoch that had been used before, and the sum of their negative ELBO in
  /// nats.
  private var start: (items: Int, sum: Double)
  private var earlyEnd: Training.EarlyEnd?
  private let train: (source: Train, count: Int)
  private let test: (source: Test, count: Int)

  /// Begins with random parameters, or with those of a saved training.
  init(
    _ plan: Training, _ architecture: Architecture, train: (source: Train, count: Int),
    test: (source: Test, count: Int), validation: (source: any ItemSource, count: Int)?, seed: UInt64,
    replica: Int, threads: Int, resuming state: TrainingState?
  ) {
    self.plan = plan
    self.train = train
    self.test = test
    self.validation = validation
    self.seed = seed
    self.replica = replica
    self.threads = threads
    model = Autoencoder(initializing: architecture, seed: seed, replica: replica)
    let context = UInt64(UInt32(truncatingIfNeeded: replica))
    orderField = RandomField(seed: seed, purpose: .trainingOrder, context: context)
    noiseField = RandomField(seed: seed, purpose: .trainingSample, context: context)
    team = WorkTeam(threads: threads)
    engine = GradientEngine<Float>(
      model, capacity: min(plan.batch, train.count), team: team, scale: plan.likelihoodScale)
    parameters = engine.parameters
    good = AlignedBuffer<Float>(count: parameters.values.count)
    epochsDone = state?.epoch ?? 0
    start = (items: state?.itemsDone ?? 0, sum: state?.negativeELBOSum ?? 0)
    state?.restore(parameters, good: good)
    goodScale = state?.scale.last ?? parameters.scale.logarithm
    best = state?.best ?? TrainingState.Best()
  }

  /// Runs the remaining epochs. Afterwards the engine has the parameters of the last good epoch or, with patience,
  /// of the best one.
  mutating func run(_ checkpoints: TrainingCheckpoints?, _ progress: ((Training.Epoch) -> Bool)?) throws {
    for epoch in epochsDone..<max(plan.epochs, epochsDone) {
      // This is checked where an epoch begins rather than where one ends, because a continued training must stop,
      // too.
      if plan.patience > 0, start.items == 0, epoch - best.epoch >= plan.patience { break }
      if start.items == 0 {
        good.pointer.update(from: parameters.values.pointer, count: good.count)
        goodScale = parameters.scale.logarithm
      }
      let sum = try descend(epoch, checkpoints)
      start = (0, 0)
      guard sum.isFinite, parameters.scale.logarithm.isFinite,
        parameters.values.buffer.allSatisfy(\.isFinite)
      else {
        parameters.values.pointer.update(from: good.pointer, count: good.count)
        parameters.scale.logarithm = goodScale
        earlyEnd = .notFinite(epoch: epoch + 1)
        break
      }
      epochsDone = epoch + 1
      let onValidation = plan.patience > 0 ? validate() : .nan
      if let progress, !progress(report(epoch, sum: sum, onValidation: onValidation)) {
        try checkpoints?.save(stateBetweenEpochs)
        throw CancellationError()
      }
      if let checkpoints, checkpoints.isDue() { try checkpoints.save(stateBetweenEpochs) }
    }
    if best.epoch > 0 {
      parameters.layout.pack(best.parameters, into: parameters.values)
      parameters.scale.logarithm = best.scale
    }
  }

  /// Runs the remaining minibatches of an epoch.
  ///
  /// - Returns: The sum of the negative ELBO over the epoch's items, in nats. It is not finite if the epoch was
  ///   broken off.
  private func descend(_ epoch: Int, _ checkpoints: TrainingCheckpoints?) throws -> Double {
    var orderStream = orderField.stream(UInt32(epoch))
    let order = orderStream.permutation(train.count)
    let minibatches = stride(from: start.items, to: train.count, by: plan.batch).map {
      Minibatch(
        items: order[$0..<min($0 + plan.batch, train.count)], source: train.source, noise: noiseField,
        epoch: epoch)
    }
    var sum = start.sum
    team.forEach(pieces: minibatches[0].pieces) { [engine] _, piece in
      minibatches[0].write(piece, to: engine)
    }
    for (k, minibatch) in minibatches.enumerated() {
      engine.advance()
      // The next minibatch is written while this one is used.
      let next = k + 1 < minibatches.count ? minibatches[k + 1] : nil
      let loss = engine.step(
        rows: minibatch.items.count, beta: plan.beta, learningRate: plan.learningRate,
        besides: next?.pieces ?? 0
      ) { [engine] piece in next?.write(piece, to: engine) }
      sum += loss.negativeLogLikelihood + loss.kullbackLeibler
      if !sum.isFinite { break }
      guard let checkpoints, next != nil else { continue }
      let isStopping = checkpoints.shouldStop()
      if isStopping || checkpoints.isDue() {
        try checkpoints.save(
          TrainingState(
            parameters, epoch: epoch, itemsDone: minibatch.items.endIndex, sum: sum, good: good,
            goodScale: goodScale, best: best))
      }
      if isStopping { throw CancellationError() }
    }
    return sum
  }

  private var stateBetweenEpochs: TrainingState {
    TrainingState(
      parameters, epoch: epochsDone, itemsDone: 0, sum: 0, good: good, goodScale: goodScale, best: best)
  }

  /// Evaluates the epoch that has just ended on the validation items, and keeps its parameters if they are the best.
  ///
  /// - Returns: The mean negative ELBO, in nats per item.
  private mutating func validate() -> Double {
    updateModel()
    let evidence = validationEvidence
    // This is what training minimizes. For beta other than 1 the negative ELBO itself may rise all the time.
    let objective =
      plan.beta == 1
      ? evidence.negativeELBO : evidence.negativeELBO + (plan.beta - 1) * evidence.kullbackLeibler
    if objective < best.objective {
      best = TrainingState.Best(
        epoch: epochsDone, objective: objective, parameters: parameters.layout.list(of: parameters.values),
        scale: parameters.scale.logarithm)
    }
    return evidence.negativeELBO
  }

  /// Brings the model up to date.
  private mutating func updateModel() {
    model.layers = parameters.model()
    model.likelihoodScale = parameters.scale.value
  }

  private var validationEvidence: Evidence {
    guard let validation else {
      return Evidence(negativeELBO: .nan, standardError: .nan, kullbackLeibler: .nan)
    }
    // The noise is the same after each epoch, so that differences come from the model alone.
    return Evidence(
      of: model, on: validation.source, count: validation.count, seed: seed, draw: Evidence.validationDraw,
      threads: threads)
  }

  private mutating func report(_ epoch: Int, sum: Double, onValidation: Double) -> Training.Epoch {
    let number = epoch + 1
    var onTest = Double.nan
    if plan.evaluatesTest(after: number) {
      updateModel()
      onTest =
        Evidence(of: model, on: test.source, count: test.count, seed: seed, threads: threads).negativeELBO
    }
    return Training.Epoch(
      number: number, negativeELBOTrain: sum / Double(train.count), negativeELBOTest: onTest,
      negativeELBOValidation: onValidation)
  }

  /// The trained model, with its evidence and metadata.
  mutating func result() -> Training.Result {
    updateModel()
    let onTrain = Evidence(
      of: model, on: train.source, count: train.count, seed: seed, draw: Evidence.trainingDraw,
      threads: threads)
    let onTest = Evidence(of: model, on: test.source, count: test.count, seed: seed, threads: threads)
    let onValidation = validationEvidence
    describe(train: onTrain, test: onTest, validation: onValidation)
    return Training.Result(
      model: model, train: onTrain, test: onTest, validation: onValidation, earlyEnd: earlyEnd)
  }

  /// Writes the model's metadata.
  private mutating func describe(train onTrain: Evidence, test onTest: Evidence, validation: Evidence) {
    model.metadata = [
      "epochs": "\(epochsDone)", "batch": "\(plan.batch)", "learning_rate": "\(plan.learningRate)",
      "beta": "\(plan.beta)", "seed": "\(seed)", "replica": "\(replica)",
      "negative_elbo_train": "\(onTrain.negativeELBO)",
    ]
    if plan.likelihoodScale != .fixed(1) {
      model.metadata[Safetensors.scaleKey] = "\(model.likelihoodScale)"
    }
    if test.count > 0 { model.metadata["negative_elbo_test"] = "\(onTest.negativeELBO)" }
    if self.validation?.count ?? 0 > 0 {
      model.metadata["negative_elbo_validation"] = "\(validation.negativeELBO)"
    }
    if plan.patience > 0 {
      model.metadata["patience"] = "\(plan.patience)"
      model.metadata["best_epoch"] = "\(best.epoch)"
    }
    if case .notFinite(let epoch) = earlyEnd { model.metadata["not_finite_in_epoch"] = "\(epoch)" }
  }
}

/// Some items of one epoch and their noise, which is addressed by item and epoch.
private struct Minibatch<Source: ItemSource>: Sendable {
  let items: ArraySlice<Int>
  let source: Source
  let noise: RandomField
  let epoch: Int
  /// The number of rows per piece of work.
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
