import Datasets
import Dynamics
import Foundation
import Logging
import Numerics
import Observables
import Synchronization
import VAE

/// What a run reports while it works.
public enum RunProgress: Sendable {
  /// An epoch of training has ended.
  case training(Training.Epoch, of: Int)
  /// The fraction of the ensemble that is done.
  case running(Double)
  /// The fraction of the starts whose attractor is known.
  case searching(Double)
  /// The fraction of several runs that is done; how many of how many are.
  case runs(Double, done: Int, of: Int)
}

/// Where a run reports to.
public struct RunEvents: Sendable {
  /// The key under which the messages of one of several runs carry which, such as `model.latent = 20, replica 2`.
  public static let runKey = "run"

  /// Lines worth reading; silent by default.
  public var logger: Logger
  /// Progress; returning false cancels the run.
  public var progress: @Sendable (RunProgress) -> Bool
  /// Asked often, by any thread; true cancels the run.
  public var shouldStop: @Sendable () -> Bool
  /// What `warnOnce` has said.
  var said = Said()

  /// Reports to nobody by default.
  public init(
    logger: Logger = Logger(label: "repeated-inference", factory: { _ in SwiftLogNoOpLogHandler() }),
    progress: @escaping @Sendable (RunProgress) -> Bool = { _ in true },
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) {
    self.logger = logger
    self.progress = progress
    self.shouldStop = shouldStop
  }

  final class Said: Sendable {
    let texts = Mutex<Set<String>>([])
  }

  /// Logs a warning that may hold for several runs: once, without naming a run.
  func warnOnce(_ text: String) {
    guard said.texts.withLock({ $0.insert(text).inserted }) else { return }
    var logger = logger
    logger[metadataKey: Self.runKey] = nil
    logger.warning("\(text)")
  }
}

/// Cancels the run of an ensemble where the whole is to stop; nothing else is asked of it.
struct Stopping: EnsembleObserver {
  let events: RunEvents
  func shouldStop() -> Bool { events.shouldStop() }
}

/// How a scenario is executed: what does not change its results.
public struct RunOptions: Sendable {
  /// Workers.
  public var threads: Int
  /// Members that a worker advances together.
  public var blockSize: Int
  /// Where trained models are kept.
  public var cache: ModelCache
  /// Program and version, for the file.
  public var source: String
  /// The command, for the file's history.
  public var command: String
  /// The commit that the program was built from, for the file.
  public var commit = "unknown"
  /// Seconds between two checkpoints.
  public var checkpointInterval = 60.0

  /// All processors by default.
  public init(
    threads: Int = Parallel.processorCount, blockSize: Int = BlockSize.standard,
    cache: ModelCache = .standard,
    source: String = "repeated-inference", command: String = ""
  ) {
    self.threads = threads
    self.blockSize = blockSize
    self.cache = cache
    self.source = source
    self.command = command
  }
}

/// A scenario with its data set: everything that can be checked before a model is trained.
public struct Experiment: Sendable {
  /// The scenario.
  public let scenario: Scenario
  /// Its data.
  public let dataset: Dataset
  let options: RunOptions
  let events: RunEvents

  /// Loads the data set and checks the scenario against it.
  ///
  /// - Parameter dataset: The scenario's data set, where it is at hand.
  /// - Throws: `ScenarioError` or `DatasetError`.
  public init(
    _ scenario: Scenario, options: RunOptions = RunOptions(), events: RunEvents = RunEvents(),
    dataset: Dataset? = nil
  ) throws {
    precondition(!scenario.isCampaign, "a scenario of several runs is a Campaign")
    self.scenario = scenario
    self.options = options
    self.events = events
    self.dataset = try dataset ?? scenario.loadDataset()
    try checkValidation()
    if let latent = knownLatentDimension { try checkObservables(latentDimension: latent) }
    if scenario.initial.corruption != "file" {
      _ = try itemIndices(available: nil)
      if let wanted = scenario.attractors?.items {
        _ = try itemIndices(available: nil, wanted: wanted, key: "attractors.items")
      }
    }
    try checkImageShape()
  }

  private func checkValidation() throws {
    guard case .trained(let model) = scenario.model, model.training.patience > 0,
      dataset.validation.count == 0
    else { return }
    throw scenario.error(
      key: "dataset.validation", value: ScenarioYAML.text(scenario.validation),
      expected: "a share that leaves validation items; of these small classes none is left",
      remedy: "raise it, or leave model.training.patience out")
  }

  func checkObservables(latentDimension: Int) throws {
    for name in scenario.observables {
      if let number = PrincipalComponent.number(in: name), number > latentDimension {
        throw scenario.error(
          key: "observables", value: name,
          expected: "at most principal-component-\(latentDimension), as there are latent variables",
          remedy: "lower the number, or raise model.latent")
      }
      guard needs(of: name).contains(.heldOutItems), dataset.test.count == 0 else { continue }
      throw scenario.error(
        key: "observables", value: name,
        expected: "observables that need no held-out items; this data set has none",
        remedy: "leave it out, or raise dataset.test")
    }
  }

  /// What an observable needs.
  func needs(of name: String) -> ObservableNeeds {
    ObservableRegistry.all.first { $0.name == name }?.needs ?? []
  }

  private func checkImageShape() throws {
    if scenario.output.films != nil, dataset.imageShape == nil {
      throw scenario.error(
        key: "output.films",
        expected: "a data set of pictures; items of \(dataset.dimension) numbers are none",
        remedy: "leave it out, or choose a square dimension")
    }
    guard let corruption = CorruptionRegistry.corruption(named: scenario.initial.corruption),
      type(of: corruption).needsImageShape, dataset.imageShape == nil
    else { return }
    throw scenario.error(
      key: "initial.corruption", value: scenario.initial.corruption,
      expected: "a data set of pictures; items of \(dataset.dimension) numbers are none",
      remedy: "choose a square dimension, or another corruption")
  }

  /// The split that source items come from.
  var split: ItemSplit { scenario.initial.split == .train ? dataset.train : dataset.test }

  /// Whether members have source items of the data set.
  var hasSourceItems: Bool {
    guard let corruption = CorruptionRegistry.corruption(named: scenario.initial.corruption) else {
      return false
    }
    return type(of: corruption).origin != .nothing
  }

  /// The chosen items' indices, ascending.
  ///
  /// - Parameters:
  ///   - available: The number of states of a file; nil for items of the split.
  ///   - wanted: Which items; those of `initial` by default.
  ///   - key: Where they are asked for.
  func itemIndices(
    available: Int?, wanted: InitialSpecification.Items? = nil, key: String = "initial.items"
  ) throws -> [Int32] {
    let isFree = available == nil && !hasSourceItems
    let count = available ?? split.count
    let limit = isFree ? Int(Int32.max) : count
    func checked(_ n: Int) throws -> Int {
      guard n <= limit else {
        throw scenario.error(
          key: key, value: "\(n)",
          expected: available == nil
            ? "at most \(limit) items, as many as the \(scenario.initial.split.rawValue) split holds"
            : "at most \(limit), as many states as the file holds",
          remedy: "write items: all")
      }
      return n
    }
    switch wanted ?? scenario.initial.items {
    case .all:
      guard count > 0 else {
        throw scenario.error(
          key: "initial.split", value: scenario.initial.split.rawValue,
          expected: "a split that holds items; this one is empty", remedy: "choose the other split")
      }
      return (0..<Int32(count)).map { $0 }
    case .first(let n): return (0..<Int32(try checked(n))).map { $0 }
    case .random(let n):
      let number = try checked(n)
      if isFree { return (0..<Int32(number)).map { $0 } }
      var random = RandomField(seed: scenario.seed, purpose: .itemSelection)
        .stream(scenario.initial.split == .train ? 0 : 1)
      return random.permutation(count).prefix(number).map(Int32.init).sorted()
    }
  }
}

extension Experiment {
  /// N, as far as scenario and data tell it; nil for a model file.
  var knownLatentDimension: Int? {
    switch scenario.model {
    case .trained(let model): model.latent
    case .hopfield: dataset.dimension
    case .file: nil
    }
  }

  /// How many states the file of initial states holds; nil without one.
  ///
  /// - Throws: as `run`.
  var givenStateCount: Int? {
    get throws {
      guard let file = scenario.initial.file else { return nil }
      return try GivenStates.count(file)
    }
  }

  /// The size of the run, after every check that needs no training: files of models and states are read.
  ///
  /// - Throws: as `run`.
  public func checkedSize() throws -> (members: Int, steps: Int) {
    let (levels, realizations) = (scenario.initial.levels.count, scenario.initial.realizations)
    var available: Int?
    var latent = knownLatentDimension ?? 0
    var likelihood: Likelihood?
    switch scenario.model {
    case .file(let path):
      let architecture = try checkedModel(path: path).model.architecture
      latent = architecture.latentDimension
      likelihood = architecture.likelihood
      try checkObservables(latentDimension: latent)
    case .trained(let model):
      likelihood = model.architecture(dataDimension: dataset.dimension).likelihood
    case .hopfield: break
    }
    if let file = scenario.initial.file {
      let states = try GivenStates(
        file, scenario: scenario, dataset: dataset, latentDimension: latent, likelihood: likelihood)
      available = states.rows.rows
      if states.space == .latent,
        let name = scenario.observables.first(where: { needs(of: $0).contains(.cleanItem) })
      {
        throw scenario.error(
          key: "observables", value: name,
          expected: "observables that need no clean item, which latent states of a file lack",
          remedy: "remove it ('simulate list observables' says what each needs)")
      }
    }
    let items = try itemIndices(available: available).count
    if let attractors = scenario.attractors {
      let starts =
        try itemIndices(available: available, wanted: attractors.items, key: "attractors.items").count
        * realizations
      if let until = attractors.until, until.atMost < starts {
        throw scenario.error(
          key: "attractors.until.at-most", value: "\(until.atMost)",
          expected: "at least \(starts), as many starts per level as there are to begin with",
          remedy: "raise it, or lower attractors.items")
      }
    }
    try checkMemory()
    return (levels * realizations * items, scenario.dynamics.steps)
  }

  /// Refuses what could not be held in this machine's memory, before anything is allocated for it.
  private func checkMemory() throws {
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    func check(
      _ bytes: Double, key: String, value: String, _ what: String, remedy: String = "lower the number"
    ) throws {
      guard bytes > 0.8 * available else { return }
      func gibibytes(_ bytes: Double) -> String { String(format: "%.0f", bytes / 0x1p30) }
      throw scenario.error(
        key: key, value: value,
        expected: "\(what) that fit into this machine's \(gibibytes(available)) GiB; these take about"
          + " \(gibibytes(bytes)) GiB", remedy: remedy)
    }
    if case .trained(let model) = scenario.model {
      var parameters = 0.0
      var width = Double(dataset.dimension)
      for next in model.hidden.map(Double.init) + [Double(model.latent)] {
        parameters += 2 * width * next
        width = next
      }
      // Parameters, gradient, two moments, the last good epoch, the packed copy and the file.
      try check(
        parameters * 7 * 4, key: model.hidden.isEmpty ? "model.latent" : "model.hidden",
        value: "\(model.hidden)", "networks")
    }
    if case .hopfield = scenario.model {
      let (patterns, units) = (Double(dataset.train.count), Double(dataset.dimension))
      // The weights in double precision, converted and packed; patterns, memories and their search.
      try check(
        min(2 * patterns, units) * units * 24 + patterns * units * 20, key: "model.kind", value: "hopfield",
        "weights and patterns", remedy: "choose a smaller data set")
    }
    // Moments of members and items, per worker, for the level at hand, and the results of all levels.
    let groups =
      1
      + scenario.groupBy.map {
        $0 == .class ? dataset.hierarchy.numberOfClasses : dataset.hierarchy.numberOfSuperclasses
      }.reduce(0, +)
    let series = Double((scenario.observables.count + 4) * (groups + 2 * scenario.splitBy.count))
    // Of each worker, of its result that waits, of segment and level; and all levels' averages.
    let copies = Double(2 * (2 * options.threads + 2) + 2 * scenario.initial.levels.count)
    try check(
      series * copies * 24 * Double(scenario.dynamics.steps + 1), key: "dynamics.steps",
      value: "\(scenario.dynamics.steps)", "averages over time")
    if let films = scenario.output.films {
      let pictures = Double(scenario.initial.levels.count) * Double(films.items)
      try check(
        pictures * Double(films.times(steps: scenario.dynamics.steps).count) * Double(dataset.dimension) * 4,
        key: "output.films.items", value: "\(films.items)", "films")
    }
    if scenario.output.members {
      let width = Double(
        scenario.observables.count + (scenario.output.latents ? knownLatentDimension ?? 100 : 0))
      try check(
        width * 8 * Double(BlockSize.standard) * Double(2 * options.threads + 2)
          * Double(scenario.dynamics.steps + 1),
        key: "output.members", value: "true", "series of the members at work")
    }
  }
}

extension Scenario {
  /// Whether file or command line say anything about the data set.
  var givesDataset: Bool {
    (Array(locations.keys) + Array(overriddenKeys.keys)).contains {
      $0 == "dataset" || $0.hasPrefix("dataset.") || $0.hasPrefix("sweep.dataset.")
    }
  }

  /// The files that a run reads: the scenario's own, and those of data set, model and initial states.
  public var inputPaths: [String] {
    var paths = [path]
    if case .idx(let idx) = dataset {
      paths += [idx.trainImages, idx.trainLabels, idx.testImages, idx.testLabels]
    }
    if case .file(let file) = model { paths.append(file) }
    if let file = initial.file {
      paths.append(file.path)
      if file.variable == nil, let labels = file.labels { paths.append(labels) }
    }
    return paths
  }
}
