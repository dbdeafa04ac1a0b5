import Foundation
import Kinds
import Numerics
import Scenarios

/// Checks of a run's size that need no training.
extension Experiment {
  /// The size of the run, after every check that needs no training: files of models and states are read.
  ///
  /// - Throws: as `run`.
  public func checkedSize() throws -> (members: Int, steps: Int) {
    let (levels, realizations) = (scenario.initial.levels.count, scenario.initial.realizations)
    let model = try modelOutline()
    if kind.declaredLatentDimension(for: dataset) == nil {
      try checkObservables(latentDimension: model.latentDimension)
    }
    let available = try checkedGivenStates(model)
    let items = try itemIndices(available: available).count
    if let attractors = scenario.attractors {
      let starts = try attractorItems(attractors, available: available).count * realizations
      if let until = attractors.until, until.atMost < starts {
        throw scenario.error(
          key: "attractors.until.at-most", value: "\(until.atMost)",
          expected: "at least \(starts), the number of starts per level to begin with",
          remedy: "raise it, or lower attractors.items")
      }
    }
    try checkMemory(model)
    return (levels * realizations * items, scenario.dynamics.steps)
  }

  /// The number of states of a file, which is read; nil without one.
  private func checkedGivenStates(_ model: ModelOutline) throws -> Int? {
    guard let file = scenario.initial.file else { return nil }
    let states = try GivenStates(
      file, scenario: scenario, dataset: dataset, latentDimension: model.latentDimension,
      dataRange: model.dataRange)
    if let items = states.items, let attractors = scenario.attractors {
      // With `until`, the search may continue with any state.
      let chosen =
        attractors.until == nil
        ? try attractorItems(attractors, available: states.rows.rows)
        : (0..<Int32(states.rows.rows)).map { $0 }
      try checkStarts(of: items, chosen: chosen, attractors.itemsKey)
    }
    if states.space == .latent, states.items == nil,
      let name = scenario.observables.first(where: { needs(of: $0).contains(.cleanItem) })
    {
      throw scenario.error(
        key: "observables", value: name,
        expected: "observables that need no clean item, which latent states of a file lack",
        remedy: "remove it ('simulate list observables' says what each needs)")
    }
    return states.rows.rows
  }

  /// Throws if two starts of a search are states of the same source item, because its intervals assume
  /// independent starts.
  private func checkStarts(of items: [Int32], chosen: [Int32], _ key: String) throws {
    var stateOfItem: [Int32: Int32] = [:]
    for state in chosen {
      guard let other = stateOfItem.updateValue(state, forKey: items[Int(state)]) else { continue }
      throw scenario.error(
        key: key,
        expected:
          "with attractors one state of each source item; states \(other) and \(state) are both of item"
          + " \(items[Int(state)])",
        remedy: "choose a file with one state of each, or leave attractors out")
    }
  }

  /// Throws if something would not fit into this machine's memory, before anything is allocated for it.
  private func checkMemory(_ model: ModelOutline) throws {
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    for demand in model.memory + [averagesMemory] + filmsMemory + membersMemory
    where demand.bytes > 0.8 * available {
      func gibibytes(_ bytes: Double) -> String { String(format: "%.0f", bytes / 0x1p30) }
      throw scenario.error(
        key: demand.key, value: demand.value,
        expected: "\(demand.what) that fit into this machine's \(gibibytes(available)) GiB; these take about"
          + " \(gibibytes(demand.bytes)) GiB", remedy: demand.remedy)
    }
  }

  /// Moments of members and items, per worker, for the level at hand, and the results of all levels.
  private var averagesMemory: ModelOutline.Memory {
    let hierarchy = dataset.hierarchy
    let groups =
      1
      + scenario.groupBy.map {
        $0 == .class ? hierarchy.numberOfClasses : hierarchy.numberOfSuperclasses
      }.reduce(0, +)
    let components =
      scenario.asksForStateMoments ? kind.declaredLatentDimension(for: dataset) ?? 100 : 0
    let hidden = scenario.asksForClassSpread ? hierarchy.numberOfClasses : 0
    let series = Double(
      (scenario.averagedObservables.count + 4 + components)
        * (groups + hidden + (scenario.splitBy.contains(.retention) ? 2 : 0)))
    let classes = Double(hierarchy.numberOfClasses)
    let counts = scenario.asksForNearestConcept ? classes * (classes + 1) / 3 : 0
    // Those of each worker, of its result that waits, of the segment and the level; and the averages of all
    // levels.
    let copies = Double(2 * (2 * options.threads + 2) + 2 * scenario.initial.levels.count)
    return demand(
      (series + counts) * copies * 24 * Double(scenario.dynamics.steps + 1), key: "dynamics.steps",
      value: "\(scenario.dynamics.steps)", "averages over time")
  }

  private var filmsMemory: [ModelOutline.Memory] {
    guard let films = scenario.output.films else { return [] }
    let pictures = Double(scenario.initial.levels.count) * Double(films.items)
    let times = Double(films.times(steps: scenario.dynamics.steps).count)
    return [
      demand(
        pictures * times * Double(dataset.dimension) * 4, key: "output.films.items", value: "\(films.items)",
        "films")
    ]
  }

  private var membersMemory: [ModelOutline.Memory] {
    guard scenario.output.members else { return [] }
    let latent = kind.declaredLatentDimension(for: dataset) ?? 100
    let width = Double(scenario.averagedObservables.count + (scenario.output.latents ? latent : 0))
    let blocks = Double(BlockSize.standard) * Double(2 * options.threads + 2)
    return [
      demand(
        width * 8 * blocks * Double(scenario.dynamics.steps + 1), key: "output.members", value: "true",
        "series of the members at work")
    ]
  }

  private func demand(_ bytes: Double, key: String, value: String, _ what: String) -> ModelOutline.Memory {
    ModelOutline.Memory(bytes: bytes, key: key, value: value, what: what, remedy: "lower the number")
  }
}
