import Dynamics
import Foundation
import Numerics
import Synchronization
import TestSupport
import Testing
import VAE

@Suite(.tags(.training), .slow) struct TrainingTests {
  let architecture = Architecture(
    dataDimension: 30, latentDimension: 3, hidden: [150, 12], activation: .gelu, likelihood: .bernoulli)
  let items = RowTable(randomRows(53, 30))
  let held = RowTable(randomRows(11, 30, seed: 8))

  func train(
    _ training: Training, seed: UInt64 = 4, replica: Int = 0, threads: Int = 1, testCount: Int = 11,
    progress: ((Training.Epoch) -> Bool)? = nil
  ) throws -> Training.Result {
    try training.run(
      architecture, train: items, trainCount: 53, test: held, testCount: testCount, seed: seed,
      replica: replica, threads: threads, progress: progress)
  }

  @Test func resultsDoNotDependOnThreads() throws {
    // 53 = 3 x 16 + 5: the last batch is smaller; 150 columns are two panels.
    let training = Training(epochs: 4, batch: 16, learningRate: 0.01)
    let one = try train(training)
    for threads in 2...3 {
      let several = try train(training, threads: threads)
      #expect(several.model.layers == one.model.layers)
      #expect(several.model.metadata == one.model.metadata)
      #expect(several.train.negativeELBO == one.train.negativeELBO)
      #expect(several.test.negativeELBO == one.test.negativeELBO)
    }
    #expect(one.earlyEnd == nil)
    #expect(one.model.metadata["epochs"] == "4")
    #expect(one.model.metadata["negative_elbo_train"] == "\(one.train.negativeELBO)")
    #expect(one.model.metadata["negative_elbo_test"] == "\(one.test.negativeELBO)")
  }

  @Test func watchingDoesNotChangeTheResult() throws {
    let training = Training(epochs: 3, batch: 16, learningRate: 0.01)
    var epochs: [Int] = []
    let watched = try train(training) { epoch in
      epochs.append(epoch.number)
      return epoch.negativeELBOTrain.isFinite && epoch.negativeELBOTest.isFinite
    }
    #expect(epochs == [1, 2, 3])
    #expect(watched.model.layers == (try train(training)).model.layers)
  }

  @Test func testItemsAreEvaluatedAtTheFirstAndLastEpochAndAtMultiples() throws {
    var training = Training(epochs: 8, batch: 16, learningRate: 0.01)
    let every = try train(training)
    training.testInterval = 3
    var evaluated: [Int] = []
    let result = try train(training) { epoch in
      if epoch.negativeELBOTest.isFinite { evaluated.append(epoch.number) }
      return true
    }
    #expect(evaluated == [1, 3, 6, 8])
    #expect(result.model.layers == every.model.layers && result.test.negativeELBO == every.test.negativeELBO)
  }

  /// Saved and read back after every minibatch, and after every epoch.
  @Test func continuingChangesNoBit() throws {
    let training = Training(epochs: 3, batch: 16, learningRate: 0.01)
    let whole = try train(training)
    var state: TrainingState?
    var stops = 0
    while true {
      var saved: [TrainingState] = []
      var asked = 0
      do {
        let result = try training.run(
          architecture, train: items, trainCount: 53, test: held, testCount: 11, seed: 4, threads: 2,
          resuming: state,
          checkpoints: TrainingCheckpoints(
            shouldStop: {
              asked += 1
              return asked == 2
            }, save: { saved.append($0) }))
        #expect(result.model.layers == whole.model.layers)
        #expect(result.model.metadata == whole.model.metadata)
        break
      } catch is CancellationError {
        stops += 1
        let last = try #require(saved.last)
        final class Gathered { var bytes: [UInt8] = [] }
        let gathered = Gathered()
        var encoder = ByteEncoder { gathered.bytes.append(contentsOf: $0) }
        try last.encode(to: &encoder)
        try encoder.finish()
        var decoder = ByteDecoder(Data(gathered.bytes))
        state = try TrainingState(from: &decoder, architecture: architecture)
        #expect(state == last)
      }
    }
    // Three of an epoch's four minibatches have another after them, and every second of those stops.
    #expect(stops == 4)
  }

  private static let validation = RowTable(randomRows(17, 30, seed: 9))

  private func stopEarly(
    _ training: Training, resuming state: TrainingState? = nil, _ checkpoints: TrainingCheckpoints? = nil,
    progress: ((Training.Epoch) -> Bool)? = nil
  ) throws -> Training.Result {
    try training.run(
      architecture, train: items, trainCount: 53, test: held, testCount: 11, validation: Self.validation,
      validationCount: 17, seed: 4, threads: 2, resuming: state, checkpoints: checkpoints, progress: progress)
  }

  /// Against trainings of 1, 2, ... epochs, each evaluated by itself.
  @Test(arguments: [(1, 40, 1.0), (2, 40, 1), (5, 40, 1), (50, 6, 1), (2, 40, 0)])
  func earlyStoppingFindsTheBestEpoch(patience: Int, epochs: Int, beta: Double) throws {
    let stopped = try stopEarly(
      Training(epochs: epochs, batch: 16, learningRate: 0.03, beta: beta, patience: patience))
    var best = (epoch: 0, value: Double.infinity, negativeELBO: 0.0)
    var models: [Autoencoder] = []
    var run = 0
    while run < epochs, run - best.epoch < patience {
      run += 1
      models.append(try train(Training(epochs: run, batch: 16, learningRate: 0.03, beta: beta)).model)
      let evidence = Evidence(
        of: models[run - 1], on: Self.validation, count: 17, seed: 4, draw: 2, threads: 1)
      let objective =
        beta == 1
        ? evidence.negativeELBO : evidence.negativeELBO + (beta - 1) * evidence.kullbackLeibler
      if objective < best.value { best = (run, objective, evidence.negativeELBO) }
    }
    #expect(stopped.model.layers == models[best.epoch - 1].layers)
    #expect(stopped.validation.negativeELBO == best.negativeELBO)
    #expect(stopped.model.metadata["epochs"] == "\(run)")
    #expect(stopped.model.metadata["best_epoch"] == "\(best.epoch)")
    #expect(stopped.model.metadata["negative_elbo_validation"] == "\(best.negativeELBO)")
    #expect(stopped.model.metadata["patience"] == "\(patience)")
    if epochs == 40 { #expect(run < epochs, "random items must be learnt by heart") }
  }

  /// Watched but not stopped: the last epoch's model, as without validation items.
  @Test func validationAloneChangesNothing() throws {
    let training = Training(epochs: 3, batch: 16, learningRate: 0.03)
    let watched = try stopEarly(training)
    #expect(watched.model.layers == (try train(training)).model.layers)
    #expect(watched.validation.negativeELBO.isFinite)
    #expect(watched.model.metadata["best_epoch"] == nil && watched.model.metadata["patience"] == nil)
    #expect((try train(training)).model.metadata["negative_elbo_validation"] == nil)
  }

  /// Stopped after every second minibatch, and at the end of every epoch.
  @Test(arguments: [true, false]) func continuingAnEarlyStopChangesNoBit(withinEpochs: Bool) throws {
    let training = Training(epochs: 40, batch: 16, learningRate: 0.03, patience: 2)
    let whole = try stopEarly(training)
    var state: TrainingState?
    var stops = 0
    while true {
      var saved: [TrainingState] = []
      var asked = 0
      do {
        let hooks = TrainingCheckpoints(
          shouldStop: {
            asked += 1
            return withinEpochs && asked == 2
          }, save: { saved.append($0) })
        let result = try stopEarly(training, resuming: state, hooks) { _ in withinEpochs }
        #expect(result.model.layers == whole.model.layers)
        #expect(result.model.metadata == whole.model.metadata)
        break
      } catch is CancellationError {
        stops += 1
        let last = try #require(saved.last)
        final class Gathered { var bytes: [UInt8] = [] }
        let gathered = Gathered()
        var encoder = ByteEncoder { gathered.bytes.append(contentsOf: $0) }
        try last.encode(to: &encoder)
        try encoder.finish()
        var decoder = ByteDecoder(Data(gathered.bytes))
        state = try TrainingState(from: &decoder, architecture: architecture)
        #expect(state == last)
      }
    }
    #expect(stops >= Int(whole.model.metadata["epochs"] ?? "") ?? .max || withinEpochs)
    #expect(stops > 2)
  }

  @Test func seedsAndReplicasDiffer() throws {
    let training = Training(epochs: 1, batch: 16, learningRate: 0.01)
    let models = [
      try train(training).model, try train(training, seed: 5).model, try train(training, replica: 1).model,
    ]
    for i in 0..<3 {
      for j in 0..<i {
        for (a, b) in zip(models[i].layers, models[j].layers) {
          #expect(a.weight != b.weight && a.bias != b.bias)
        }
      }
    }
  }

  @Test func noEpochsLeaveTheInitialParameters() throws {
    let result = try train(Training(epochs: 0, batch: 16, learningRate: 0.01), seed: 12, replica: 2)
    let initial = Autoencoder(initializing: architecture, seed: 12, replica: 2)
    #expect(result.model.layers == initial.layers)
    #expect(result.earlyEnd == nil)
    #expect(result.model.metadata["epochs"] == "0")
  }

  @Test func emptyTestSetHasNoEvidence() throws {
    let result = try train(Training(epochs: 1, batch: 16, learningRate: 0.01), testCount: 0) {
      $0.negativeELBOTest.isNaN
    }
    #expect(result.test.negativeELBO.isNaN && result.test.kullbackLeibler.isNaN)
    #expect(result.train.negativeELBO.isFinite)
    #expect(result.model.metadata["negative_elbo_test"] == nil)
  }

  @Test func batchMayExceedTheItems() throws {
    let whole = try train(Training(epochs: 2, batch: 53, learningRate: 0.01))
    let larger = try train(Training(epochs: 2, batch: 1000, learningRate: 0.01))
    #expect(whole.model.layers == larger.model.layers)
  }

  @Test(arguments: [1e4, 1e30, 1e39])
  func divergenceKeepsTheEpochBefore(rate: Double) throws {
    let result = try train(Training(epochs: 20, batch: 16, learningRate: rate))
    guard case .notFinite(let epoch) = result.earlyEnd else {
      Issue.record("a learning rate of \(rate) did not diverge")
      return
    }
    #expect(result.model.isFinite)
    #expect(result.model.metadata["epochs"] == "\(epoch - 1)")
    #expect(result.model.metadata["not_finite_in_epoch"] == "\(epoch)")
    let before = try train(Training(epochs: epoch - 1, batch: 16, learningRate: rate))
    #expect(before.earlyEnd == nil)
    #expect(before.model.layers == result.model.layers)
  }

  @Test func divergenceInTheFirstEpochKeepsTheInitialModel() throws {
    let initial = Autoencoder(initializing: architecture, seed: 4, replica: 0)
    // Adam's first step is the learning rate in each parameter: beyond the largest number of single precision.
    let overflow = try train(Training(epochs: 5, batch: 16, learningRate: 1e39))
    #expect(overflow.earlyEnd == .notFinite(epoch: 1))
    #expect(overflow.model.layers == initial.layers)
    #expect(overflow.model.metadata["epochs"] == "0")
    // One item that is not a number poisons the loss, its gradient, and all parameters.
    var rows = randomRows(53, 30)
    rows[17][3] = .nan
    var reported = 0
    let poisoned = try Training(epochs: 5, batch: 16, learningRate: 0.01).run(
      architecture, train: RowTable(rows), trainCount: 53, test: held, testCount: 11, seed: 4, threads: 2
    ) { _ in
      reported += 1
      return true
    }
    #expect(poisoned.earlyEnd == .notFinite(epoch: 1))
    #expect(poisoned.model.layers == initial.layers)
    #expect(poisoned.train.negativeELBO.isNaN && poisoned.test.negativeELBO.isFinite)
    #expect(reported == 0)
  }

  /// Items one of which turns into NaN after so many copies, as if a later update had failed.
  private final class LatePoison: ItemSource, Sendable {
    private let rows: RowTable
    private let copies = Atomic<Int>(0)
    private let limit: Int
    init(_ rows: RowTable, after limit: Int) {
      self.rows = rows
      self.limit = limit
    }
    func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>) {
      rows.copy(item: item, into: row)
      if copies.wrappingAdd(1, ordering: .relaxed).oldValue == limit { row[0] = .nan }
    }
  }

  @Test func aPoisonedUpdateKeepsTheEpochBefore() throws {
    // 53 items an epoch, so that the 120th copy is in the third, the 106th its first and the 158th its last.
    for copies in [106, 120, 158] {
      let result = try Training(epochs: 9, batch: 16, learningRate: 0.01).run(
        architecture, train: LatePoison(items, after: copies), trainCount: 53, test: held, testCount: 11,
        seed: 4, threads: 1)
      #expect(result.earlyEnd == .notFinite(epoch: 3))
      let before = try train(Training(epochs: 2, batch: 16, learningRate: 0.01))
      #expect(result.model.layers == before.model.layers)
      #expect(result.model.metadata["epochs"] == "2")
    }
  }

  /// Interrupted after every second minibatch, in the epoch that diverges too.
  @Test func divergenceAfterAnInterruptionIsTheSame() throws {
    let training = Training(epochs: 20, batch: 8, learningRate: 1e4)
    let whole = try train(training)
    guard case .notFinite(let epoch) = whole.earlyEnd else {
      Issue.record("it did not diverge")
      return
    }
    var state: TrainingState?
    var lastEpoch = 0
    while true {
      var saved: TrainingState?
      var asked = 0
      do {
        let result = try training.run(
          architecture, train: items, trainCount: 53, test: held, testCount: 11, seed: 4, threads: 1,
          resuming: state,
          checkpoints: TrainingCheckpoints(
            shouldStop: {
              asked += 1
              return asked == 2
            }, save: { saved = $0 }))
        #expect(result.earlyEnd == whole.earlyEnd)
        #expect(result.model.layers == whole.model.layers)
        #expect(result.model.metadata == whole.model.metadata)
        break
      } catch is CancellationError {
        let reached = try #require(saved)
        state = reached
        lastEpoch = reached.epoch
      }
    }
    #expect(lastEpoch >= epoch - 2, "the interruptions came near the end")
  }

  @Test func progressCancels() throws {
    var calls = 0
    #expect(throws: CancellationError.self) {
      try train(Training(epochs: 9, batch: 16, learningRate: 0.01)) { _ in
        calls += 1
        return calls < 2
      }
    }
    #expect(calls == 2)
  }

  @Test func initialParametersAreUniform() {
    let wide = Architecture(
      dataDimension: 400, latentDimension: 5, hidden: [300], activation: .relu, likelihood: .bernoulli)
    let model = Autoencoder(initializing: wide, seed: 21)
    for (shape, layer) in zip(wide.layers, model.layers) {
      let bound = 1 / Double(shape.inputs).squareRoot()
      for values in [layer.weight, layer.bias] {
        #expect(values.allSatisfy { abs(Double($0)) <= bound * (1 + 0x1p-24) })
        let n = Double(values.count)
        // Uniform in +-b: mean 0 with standard error b / sqrt(3 n), variance b^2/3 with standard error
        // b^2 sqrt(4 / (45 n)); five of each.
        let mean = values.reduce(0) { $0 + Double($1) } / n
        let variance = values.reduce(0) { $0 + Double($1) * Double($1) } / n
        #expect(abs(mean) < 5 * bound / (3 * n).squareRoot())
        #expect(abs(variance - bound * bound / 3) < 5 * bound * bound * (4 / (45 * n)).squareRoot())
      }
    }
    #expect(model.layers[1].weight != model.layers[2].weight, "heads of one shape must differ")
  }

  /// Three steps of Adam by hand from `LossGradient`, one batch per epoch.
  @Test func stepsAreAdams() throws {
    let small = Architecture(
      dataDimension: 8, latentDimension: 2, hidden: [5], activation: .tanh, likelihood: .bernoulli)
    let rows = randomRows(6, 8)
    let rate = 0.01
    let steps = 3
    let initial = Autoencoder(initializing: small, seed: 31)
    let names = small.layers.flatMap { [$0.name + ".weight", $0.name + ".bias"] }
    var parameters = initial.layers.flatMap { [$0.weight.map(Double.init), $0.bias.map(Double.init)] }
    var first = parameters.map { $0.map { _ in 0.0 } }
    var second = first
    var isClear = parameters.map { $0.map { _ in true } }
    let field = RandomField(seed: 31, purpose: .trainingSample, context: 0)
    for t in 1...steps {
      let noise = (0..<6).map { item in
        var random = field.stream(UInt32(item), UInt32(t - 1))
        return (0..<2).map { _ in Double(Float(random.normal())) }
      }
      var layers = initial.layers
      for k in layers.indices {
        layers[k].weight = parameters[2 * k].map { Float($0) }
        layers[k].bias = parameters[2 * k + 1].map { Float($0) }
      }
      let gradient = LossGradient(
        of: Autoencoder(architecture: small, layers: layers), items: rows, noise: noise, beta: 0.5,
        precision: Double.self
      ).gradient
      for (k, name) in names.enumerated() {
        let g = try #require(gradient[name])
        let largest = try #require(g.map(abs).max())
        for i in g.indices {
          if abs(g[i]) < 1e-2 * largest { isClear[k][i] = false }
          first[k][i] = 0.9 * first[k][i] + 0.1 * g[i]
          second[k][i] = 0.999 * second[k][i] + 0.001 * g[i] * g[i]
          var power1 = 1.0
          var power2 = 1.0
          for _ in 0..<t {
            power1 *= 0.9
            power2 *= 0.999
          }
          parameters[k][i] -=
            rate * (first[k][i] / (1 - power1)) / ((second[k][i] / (1 - power2)).squareRoot() + 1e-8)
        }
      }
    }
    let trained = try Training(epochs: steps, batch: 6, learningRate: rate, beta: 0.5).run(
      small, train: RowTable(rows), trainCount: 6, test: RowTable(rows), testCount: 0, seed: 31, threads: 1
    ).model.layers.flatMap { [$0.weight, $0.bias] }
    var compared = 0
    for k in parameters.indices {
      for i in parameters[k].indices where isClear[k][i] {
        // Single-precision gradients err by about 1e-5 of the largest, so by 1e-3 of a clear element; Adam's
        // steps are of the size of the rate whatever the gradient.
        #expect(abs(Double(trained[k][i]) - parameters[k][i]) <= 3 * rate * 1e-3, "\(names[k])[\(i)]")
        compared += 1
      }
    }
    #expect(compared > 100)
  }
}

@Suite struct EvidenceTests {
  @Test(arguments: Likelihood.allCases)
  func isTheMeanOfKullbackLeiblerAndLikelihood(_ likelihood: Likelihood) throws {
    let model = randomModel(likelihood: likelihood)
    let rows = randomRows(300, 12)
    let plain = PlainNetwork(model: model, unit: 0x1p-53)
    let field = RandomField(seed: 55, purpose: .evidenceSample)
    for draw in [0, 3] {
      var bounds: [Double] = []
      var divergences: [Double] = []
      for (item, x) in rows.enumerated() {
        var random = field.stream(UInt32(item), UInt32(draw))
        let (mean, logVariance) = plain.encode(.init(exact: x))
        let z = zip(mean.value, logVariance.value).map { $0 + exponential(0.5 * $1) * random.normal() }
        divergences.append(plain.kullbackLeibler(x))
        bounds.append(divergences[item] + plain.negativeLogLikelihood(x, at: z))
      }
      let mean = bounds.reduce(0, +) / 300
      let variance = bounds.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 299
      for threads in 1...3 {
        let evidence = Evidence(
          of: model, on: RowTable(rows), count: 300, seed: 55, draw: draw, threads: threads)
        // Single precision, 12 + 7 + 5 products per layer: some tens of 2^-24 relative for each item.
        #expect(abs(evidence.negativeELBO - mean) <= 100 * 0x1p-24 * mean)
        #expect(abs(evidence.standardError - (variance / 300).squareRoot()) <= 1e-4 * evidence.standardError)
        let divergence = divergences.reduce(0, +) / 300
        #expect(abs(evidence.kullbackLeibler - divergence) <= 100 * 0x1p-24 * max(1, divergence))
      }
    }
    let a = Evidence(of: model, on: RowTable(rows), count: 300, seed: 55, draw: 0, threads: 1)
    let b = Evidence(of: model, on: RowTable(rows), count: 300, seed: 55, draw: 0, threads: 3)
    #expect(a.negativeELBO == b.negativeELBO && a.standardError == b.standardError)
    let c = Evidence(of: model, on: RowTable(rows), count: 300, seed: 56, draw: 0, threads: 1)
    #expect(a.negativeELBO != c.negativeELBO)
  }

  @Test func notFiniteForOneItemIsNotFiniteOnAverage() {
    let model = randomModel()
    var rows = randomRows(5, 12)
    rows[3][0] = .infinity
    let evidence = Evidence(of: model, on: RowTable(rows), count: 5, seed: 1, threads: 1)
    #expect(!evidence.negativeELBO.isFinite)
    #expect(!evidence.standardError.isFinite)
  }
}
