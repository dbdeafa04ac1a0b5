import Datasets
import Dynamics
import Kinds
import Numerics
import Observables
import Scenarios

/// How a scenario is executed. Nothing here changes its results.
public struct RunOptions: Sendable {
  /// Workers.
  public var threads: Int
  /// Members that a worker advances together.
  public var blockSize: Int
  /// What scenarios can name.
  public var registry: Registry
  /// Where trained models are kept.
  public var cache: ModelCache
  /// Program and version, for the file.
  public var source: String
  /// The command, for the file's history.
  public var command: String
  /// What the program is called, for commands that files name.
  public var program = "simulate"
  /// The commit that the program was built from, for the file.
  public var commit = "unknown"
  /// Seconds between two checkpoints.
  public var checkpointInterval = 60.0

  /// All processors by default.
  public init(
    threads: Int = Parallel.processorCount, blockSize: Int = BlockSize.standard,
    registry: Registry = .standard, cache: ModelCache = .standard, source: String = "repeated-inference",
    command: String = ""
  ) {
    self.threads = threads
    self.blockSize = blockSize
    self.registry = registry
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
  public internal(set) var dataset: Dataset
  /// The clusters that stand in the place of classes; nil before they are known, and where there are none.
  package var clusters: ConceptClusters?
  /// The kind of model that it asks for.
  package let kind: any ModelKind
  package let options: RunOptions
  package let events: RunEvents

  /// Loads the data set and checks the scenario against it.
  ///
  /// - Parameters:
  ///   - scenario: A scenario of one run.
  ///   - options: How it is executed.
  ///   - events: Where progress and warnings go.
  ///   - dataset: The scenario's data set, if it has been loaded already; nil to load it.
  /// - Throws: `ScenarioError` or `DatasetError`.
  public init(
    _ scenario: Scenario, options: RunOptions = RunOptions(), events: RunEvents = RunEvents(),
    dataset: Dataset? = nil
  ) throws {
    precondition(!scenario.isCampaign, "a scenario of several runs is a Campaign")
    self.scenario = scenario
    self.options = options
    self.events = events
    kind = options.registry.model(of: scenario)
    self.dataset = try Self.expectingClusters(
      dataset ?? options.registry.loadDataset(of: scenario), scenario)
    precondition(
      !kind.traits.isTrainedHere || kind is any TrainableModelKind,
      "the traits of \(scenario.model.kind) say that it is trained, but it is no TrainableModelKind")
    try kind.check(scenario, against: self.dataset)
    try checkDerivatives()
    if let latent = kind.declaredLatentDimension(for: self.dataset) {
      try checkObservables(latentDimension: latent)
    }
    if scenario.initial.corruption != "file" {
      _ = try itemIndices(available: nil)
      if let wanted = scenario.attractors?.items {
        _ = try itemIndices(available: nil, wanted: wanted, key: "attractors.items")
      }
    }
    try checkImageShape()
  }

  /// What the model is made of.
  package var modelPreparation: ModelPreparation {
    ModelPreparation(
      scenario: scenario, dataset: dataset, threads: options.threads, cache: options.cache,
      source: options.source, events: events)
  }

  /// What is known of the model before it is made.
  ///
  /// - Throws: as `ModelKind.outline`.
  package func modelOutline() throws -> ModelOutline { try kind.outline(modelPreparation) }
}

// MARK: - Checks against the data

extension Experiment {
  func checkObservables(latentDimension: Int) throws {
    for name in scenario.observables {
      if let number = PrincipalComponent.number(in: name), number > latentDimension {
        throw scenario.error(
          key: "observables", value: name,
          expected:
            "at most principal-component-\(latentDimension), because there are no more latent variables",
          remedy: "lower the number, or raise model.latent")
      }
      guard needs(of: name).contains(.heldOutItems), dataset.test.count == 0 else { continue }
      throw scenario.error(
        key: "observables", value: name,
        expected: "observables that need no held-out items; this data set has none",
        remedy: "leave it out, or raise dataset.test")
    }
  }

  /// Refuses observables of the map's derivative where it has none.
  private func checkDerivatives() throws {
    guard case .missing(let reason, let instead) = kind.traits.jacobian,
      let name = scenario.observables.first(where: { needs(of: $0).contains(.derivative) })
    else { return }
    throw scenario.error(
      key: "observables", value: name,
      expected:
        "observables without a derivative with model.kind: \(scenario.model.kind), \(reason)",
      remedy: "leave it out: \(instead)")
  }

  /// Whether an observable has to know how paths end, so that the ensemble goes along them twice.
  package var looksAhead: Bool {
    scenario.splitBy.contains(.endState)
      || options.registry.observables.contains {
        $0 is any PathReading.Type && scenario.observables.contains($0.name)
      }
  }

  /// What an observable needs.
  package func needs(of name: String) -> ObservableNeeds { options.registry.needs(ofObservable: name) }

  private func checkImageShape() throws {
    if let corruption, type(of: corruption).isPixelBound, dataset.domain == .unbounded {
      let others = options.registry.corruptions.filter { !$0.isPixelBound && $0.origin == .item }.map {
        $0.name
      }
      throw scenario.error(
        key: "initial.corruption", value: scenario.initial.corruption,
        expected: "a corruption for numbers that are not kept to [0, 1]",
        remedy: "write initial.corruption: \(others.joined(separator: ", or "))")
    }
    if scenario.output.films != nil, dataset.imageShape == nil {
      throw scenario.error(
        key: "output.films",
        expected: "a data set of pictures; items of \(dataset.dimension) numbers have no rows and columns",
        remedy: dataset.domain == .unbounded
          ? "leave it out; output.members with output.initial-states has the numbers"
          : "leave it out, or choose a square dimension")
    }
    guard let corruption, type(of: corruption).needsImageShape, dataset.imageShape == nil else { return }
    throw scenario.error(
      key: "initial.corruption", value: scenario.initial.corruption,
      expected: "a data set of pictures; items of \(dataset.dimension) numbers have no rows and columns",
      remedy: "choose a square dimension, or another corruption")
  }
}

extension Experiment {
  /// Whether the model is there, because it was trained before.
  package var isTrainedBefore: Bool {
    (kind as? any TrainableModelKind)?.trainedBefore(modelPreparation) != nil
  }
}
