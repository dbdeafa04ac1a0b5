import Vocabulary

/// The rules that concern several keys at once.
extension ScenarioReader {
  /// What the data set and the initial states allow observables and groupings to ask for.
  struct Availability {
    /// Why members have no item of their own; nil where they have one.
    var lackOfOwnItem: String?
    /// Whether the data set has superclasses.
    var hasSuperclasses: Bool
    /// Whether there are classes, or clusters in their place.
    var hasClasses: Bool
    /// Why members' own items are not training items; nil if they are.
    var lackOfTrainingItem: String?
    /// The kind of model if it has no posterior and no likelihood.
    var modelWithoutPosterior: String?
  }

  func availability(
    _ dataset: KindValues, _ model: KindValues, _ initial: InitialSpecification, _ corruption: CorruptionWord
  ) -> Availability {
    let hasPosterior = vocabulary.traits(ofModel: model).hasPosterior
    let data = vocabulary.traits(ofDataset: dataset)
    let hasClusters = gives("concepts.clusters")
    var availability = Availability(
      lackOfOwnItem: nil, hasSuperclasses: data.hasSuperclasses && !hasClusters,
      hasClasses: data.hasClasses || hasClusters, lackOfTrainingItem: nil,
      modelWithoutPosterior: hasPosterior ? nil : model.kind)
    if corruption.name == "file" {
      if initial.file?.hasOwnItems != true {
        availability.lackOfOwnItem = "initial.corruption: file without labels or items"
      }
    } else if !corruption.needsSource {
      availability.lackOfOwnItem = "initial.corruption: \(corruption.name)"
    }
    availability.lackOfTrainingItem =
      corruption.name == "file" && initial.file?.items == nil
      ? "initial.corruption: file without items" : initial.split == .test ? "initial.split: test" : nil
    return availability
  }

  func observables(_ availability: Availability) throws -> [String] {
    let key = "observables"
    if !gives(key), availability.lackOfOwnItem != nil { return ["step-length", "distance-nearest-memory"] }
    if !gives(key), !availability.hasClasses {
      return ["overlap-memory", "distance-memory", "distance-nearest-memory", "abstraction-level"]
    }
    var names: [String] = []
    for node in try list(key, 1...1000) {
      let name = try observable(node, availability)
      guard !names.contains(name) else {
        throw failure(
          key, node, problem: "given twice", expected: "different observables", remedy: "keep one of them")
      }
      names.append(name)
    }
    return names
  }

  private func observable(_ node: ScenarioNode, _ availability: Availability) throws -> String {
    let key = "observables"
    let expected = "names of observables"
    guard case .scalar(let name, _) = node.content else {
      throw failure(key, node, expected: expected, remedy: "write single words such as overlap-concept")
    }
    guard let word = vocabulary.observable(named: name) else {
      let near = Spelling.nearest(to: name, among: vocabulary.observables.map(\.exampleName))
      let list = "'simulate list observables' lists all"
      throw failure(
        key, node, problem: "unknown observable", expected: expected,
        remedy: near.map { "did you mean '\($0)'? (\(list))" } ?? list)
    }
    if word.needsOwnItem, let lack = availability.lackOfOwnItem {
      throw failure(
        key, node, expected: "observables that need no own item, which members lack with \(lack)",
        remedy: "write observables: [step-length, distance-nearest-memory]")
    }
    if word.needsTrainingItem, let lack = availability.lackOfTrainingItem {
      throw failure(
        key, node,
        expected: "observables that need no training item of a member's own, which it lacks with \(lack)",
        remedy: "leave it out, or write initial.split: train")
    }
    if word.needsClasses, !availability.hasClasses { throw noClasses(key, node) }
    if word.needsSuperclass, !availability.hasSuperclasses { throw noSuperclasses(key, node) }
    if word.needsPosterior, let kind = availability.modelWithoutPosterior {
      throw failure(
        key, node,
        expected: "observables without posterior and likelihood, which model.kind: \(kind) does not have",
        remedy: "remove it ('simulate list observables' says what each needs), or write model.kind: "
          + vocabulary.models[0].name)
    }
    return name
  }

  private func noClasses(_ key: String, _ node: ScenarioNode) -> ScenarioError {
    failure(
      key, node, expected: "nothing about classes, which items without labels do not have",
      remedy: "write concepts: {clusters: 10}, give dataset.train labels, or leave this out")
  }

  private func noSuperclasses(_ key: String, _ node: ScenarioNode) -> ScenarioError {
    failure(
      key, node, expected: "nothing about superclasses, which the data set does not have",
      remedy: "write dataset.superclasses: {NAME: [labels], ...} or leave this out")
  }

  /// Checks the rules between keys.
  func check(_ scenario: Scenario, _ corruption: CorruptionWord) throws {
    try checkGroups(scenario, availability(scenario.dataset, scenario.model, scenario.initial, corruption))
    try checkSections(scenario, corruption)
  }

  private func checkGroups(_ scenario: Scenario, _ availability: Availability) throws {
    for key in ["group-by", "split-by"] {
      guard let node = given(key), node.list?.isEmpty != true, let lack = availability.lackOfOwnItem else {
        continue
      }
      throw failure(
        key, node, expected: "no groups, because members have no own item with \(lack)",
        remedy: "leave \(key) out")
    }
    for key in ["group-by", "split-by"] {
      if let node = given(key), node.list?.isEmpty != true, !availability.hasClasses {
        throw noClasses(key, node)
      }
    }
    if scenario.groupBy.contains(.superclass), !availability.hasSuperclasses {
      throw noSuperclasses("group-by", try node("group-by"))
    }
  }

  private func checkSections(_ scenario: Scenario, _ corruption: CorruptionWord) throws {
    if scenario.dynamics.mode == .clamped, !corruption.hasRegion {
      let regions = vocabulary.corruptions.filter(\.hasRegion).map(\.name).joined(separator: ", ")
      throw failure(
        "dynamics.mode", try node("dynamics.mode"),
        expected: "a corruption with a region, which \(corruption.name) is not",
        remedy: "write initial.corruption: one of \(regions), or another mode")
    }
    try checkModel(scenario)
    let output = scenario.output
    for (key, isAsked) in [
      ("output.latents", output.latents), ("output.initial-states", output.initialStates),
    ] where isAsked && !output.members {
      throw failure(
        key, try node(key), expected: "output.members: true beside it", remedy: "write members: true")
    }
    try checkFilms(scenario)
    do {
      try vocabulary.model(named: scenario.model.kind).check(scenario)
      try vocabulary.dataset(named: scenario.dataset.kind).check(scenario)
    } catch let refusal as KindRefusal {
      throw failure(
        refusal.key, given(refusal.key), expected: refusal.expected, remedy: refusal.remedy)
    }
    let traits = vocabulary.traits(ofDataset: scenario.dataset, validation: scenario.validation)
    if corruption.needsSource, case .known(let train, let test, let testKey) = traits.itemCounts {
      if scenario.initial.split == .test, test == 0 {
        throw failure(
          "initial.split", try node("initial.split"), expected: "a split with items, but \(testKey) is 0",
          remedy: "write \(testKey): 20 or split: train")
      }
      try checkItems(scenario, available: scenario.initial.split == .train ? train : test)
    }
    try checkSize(scenario, traits)
  }

  /// Checks what the kind of model can do.
  private func checkModel(_ scenario: Scenario) throws {
    let kind = scenario.model.kind
    let traits = vocabulary.traits(ofModel: scenario.model)
    if !traits.modes.contains(scenario.dynamics.mode.kind) {
      let modes = traits.modes.map(\.rawValue)
      throw failure(
        "dynamics.mode", try node("dynamics.mode"),
        expected: modes.count == 1
          ? "\(modes[0]), the one mode of model.kind: \(kind)"
          : "\(modes.joined(separator: " or ")), the modes of model.kind: \(kind)",
        remedy: (modes.contains("mean") ? "leave mode out" : "choose one of them")
          + ", or write model.kind: \(vocabulary.models[0].name)")
    }
    if scenario.attractors != nil, case .missing(let reason, let instead) = traits.jacobian {
      throw failure(
        "attractors", problem: "not with model.kind: \(kind), \(reason)",
        expected: "model.kind: \(vocabulary.models[0].name)", remedy: "leave it out: \(instead)")
    }
  }

  /// Checks that the times of films lie within the run.
  private func checkFilms(_ scenario: Scenario) throws {
    guard let times = scenario.output.films?.times else { return }
    let key = "output.films.times"
    let steps = scenario.dynamics.steps
    for (k, node) in try node(key).list?.enumerated() ?? [].enumerated() {
      guard times[k] <= steps else {
        throw failure(
          key, node, expected: "times up to dynamics.steps, which is \(steps)",
          remedy: "leave it out, or write steps: \(times[k])")
      }
      guard k == 0 || times[k] > times[k - 1] else {
        throw failure(key, node, expected: "ascending times", remedy: "sort them, each one once")
      }
    }
  }

  /// Checks that no more items are asked for than there are.
  private func checkItems(_ scenario: Scenario, available: Int) throws {
    let split = scenario.initial.split
    for (key, items) in [
      ("initial.items", scenario.initial.items), ("attractors.items", scenario.attractors?.items),
    ] {
      switch items {
      case .first(let count) where count > available, .random(let count) where count > available:
        throw failure(
          key, try node(key), expected: "at most the \(available) items of the split \(split.rawValue)",
          remedy: "write a smaller count, or all")
      default: break
      }
    }
  }

  /// Checks that the number of states is far from overflow, as far as the scenario tells it.
  private func checkSize(_ scenario: Scenario, _ traits: DatasetTraits) throws {
    var count = 1
    switch scenario.initial.items {
    case .first(let items), .random(let items): count = items
    case .all:
      if case .known(let train, let test, _) = traits.itemCounts {
        count = max(1, scenario.initial.split == .train ? train : test)
      }
    }
    for factor in [scenario.initial.levels.count, scenario.initial.realizations, scenario.dynamics.steps + 1]
    {
      let (product, overflows) = count.multipliedReportingOverflow(by: factor)
      guard !overflows, product <= 1_000_000_000_000_000 else {
        throw failure(
          "initial.realizations", try node("initial.realizations"),
          expected: "at most 10^15 states (levels, items, realizations and times multiplied)",
          remedy: "lower one of initial.items, initial.realizations and dynamics.steps")
      }
      count = product
    }
  }
}
