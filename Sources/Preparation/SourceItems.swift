import Corruptions
import Datasets
import Dynamics
import Kinds
import Numerics
import Scenarios

/// Which items of the data set members start from.
extension Experiment {
  /// The corruption of source items; nil where initial states come from a file.
  package var corruption: (any Corruption)? {
    options.registry.corruption(named: scenario.initial.corruption)
  }

  /// What corruptions may know of the data.
  package var corruptionData: CorruptionData {
    CorruptionData(
      items: SplitSource(split: dataset.train), count: dataset.train.count, dimension: dataset.dimension,
      isUnitInterval: dataset.domain == .unitInterval)
  }

  /// The split that source items come from.
  package var split: ItemSplit { scenario.initial.split == .train ? dataset.train : dataset.test }

  /// Whether members have source items of the data set.
  package var hasSourceItems: Bool {
    corruption.map { type(of: $0).origin != .nothing } ?? (scenario.initial.file?.items != nil)
  }

  /// Whether members at level 0 start at their own memories: no corruption changes anything at level 0, and the mean
  /// mode has no noise of its own.
  package var startsAtMemories: Bool {
    corruption != nil && hasSourceItems && scenario.dynamics.mode == .mean
  }

  /// The chosen items' indices, ascending.
  ///
  /// - Parameters:
  ///   - available: The number of states of a file; nil for items of the split.
  ///   - wanted: Which items; those of `initial` by default.
  ///   - key: Where they are asked for.
  /// - Throws: `ScenarioError`.
  package func itemIndices(
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

  /// The items of the search for attractors.
  ///
  /// - Throws: `ScenarioError`.
  package func attractorItems(_ specification: AttractorSpecification, available: Int?) throws -> [Int32] {
    try itemIndices(
      available: available, wanted: specification.items ?? scenario.initial.items,
      key: specification.itemsKey)
  }

  /// How many different source items the members have; the number of starts if they have none.
  ///
  /// - Throws: as `run`.
  package func sourceItemCount() throws -> Int {
    let states = try itemIndices(available: try givenStateCount)
    guard let file = scenario.initial.file,
      let items = try GivenStates.items(file, scenario: scenario, dataset: dataset)
    else { return states.count }
    return Set(states.map { items[Int($0)] }).count
  }

  /// How many numbers each state of the file of initial states has; nil without one.
  ///
  /// - Throws: as `run`.
  package var givenStateWidth: Int? {
    get throws {
      guard let file = scenario.initial.file else { return nil }
      return try GivenStates.width(file)
    }
  }

  /// How many states the file of initial states holds; nil without one.
  ///
  /// - Throws: as `run`.
  package var givenStateCount: Int? {
    get throws {
      guard let file = scenario.initial.file else { return nil }
      return try GivenStates.count(file)
    }
  }
}

extension AttractorSpecification {
  /// The key that says which items the search starts from.
  package var itemsKey: String { items == nil ? "initial.items" : "attractors.items" }
}
