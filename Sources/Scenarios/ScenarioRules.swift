import Datasets

/// The rules that concern several keys at once.
extension ScenarioReader {
  /// What the data set and the initial states allow observables and groupings to ask for.
  struct Means {
    /// Why members have no item of their own; nil where they have one.
    var lackOfOwnItem: String?
    /// Whether the data set has superclasses.
    var hasSuperclasses: Bool
    /// Why members' own items are no training items; nil where they are.
    var lackOfTrainingItem: String?
    /// Whether the model has a posterior and a likelihood.
    var hasPosterior: Bool
  }

  func means(
    _ dataset: DatasetSpecification, _ model: ModelSpecification, _ initial: InitialSpecification,
    _ corruption: CorruptionWord
  ) -> Means {
    var means = Means(
      lackOfOwnItem: nil, hasSuperclasses: true, lackOfTrainingItem: nil, hasPosterior: !model.isHopfield)
    switch dataset {
    case .hierarchicalPatterns: break
    case .idx(let idx): means.hasSuperclasses = !idx.superclasses.isEmpty
    case .fashionMNIST(let fashion): means.hasSuperclasses = !fashion.superclasses.isEmpty
    }
    if corruption.name == "file" {
      if initial.file?.labels == nil { means.lackOfOwnItem = "initial.corruption: file without labels" }
    } else if !corruption.needsSource {
      means.lackOfOwnItem = "initial.corruption: \(corruption.name)"
    }
    means.lackOfTrainingItem =
      corruption.name == "file"
      ? "initial.corruption: file" : initial.split == .test ? "initial.split: test" : nil
    return means
  }

  func observables(_ means: Means) throws -> [String] {
    let key = "observables"
    if !gives(key), means.lackOfOwnItem != nil { return ["step-length", "distance-nearest-memory"] }
    let expected = "names of observables"
    var names: [String] = []
    for node in try list(key, 1...1000) {
      guard case .scalar(let name, _) = node.content else {
        throw failure(key, node, expected: expected, remedy: "write single words such as overlap-concept")
      }
      guard let word = vocabulary.observable(named: name) else {
        let near = Spelling.nearest(to: name, among: vocabulary.observables.map(\.exampleName))
        let guess = near.map { "did you mean '\($0)'? " } ?? ""
        throw failure(
          key, node, problem: "unknown observable", expected: expected,
          remedy: guess + "('simulate list observables' lists all)")
      }
      guard !names.contains(name) else {
        throw failure(
          key, node, problem: "given twice", expected: "different observables", remedy: "keep one of them")
      }
      if word.needsOwnItem, let lack = means.lackOfOwnItem {
        throw failure(
          key, node, expected: "observables that need no own item, which members lack with \(lack)",
          remedy: "write observables: [step-length, distance-nearest-memory]")
      }
      if word.needsTrainingItem, let lack = means.lackOfTrainingItem {
        throw failure(
          key, node,
          expected: "observables that need no training item of a member's own, which it lacks with \(lack)",
          remedy: "leave it out, or write initial.split: train")
      }
      if word.needsSuperclass, !means.hasSuperclasses { throw noSuperclasses(key, node) }
      if word.needsPosterior, !means.hasPosterior {
        throw failure(
          key, node,
          expected: "observables without posterior and likelihood, which model.kind: hopfield does not have",
          remedy: "remove it ('simulate list observables' says what each needs), or write model.kind: vae")
      }
      names.append(name)
    }
    return names
  }

  private func noSuperclasses(_ key: String, _ node: ScenarioNode) -> ScenarioError {
    failure(
      key, node, expected: "nothing about superclasses, which the data set does not have",
      remedy: "write dataset.superclasses: {NAME: [labels], ...} or leave this out")
  }

  func checkGroups(_ scenario: Scenario, _ means: Means) throws {
    for key in ["group-by", "split-by"] {
      guard let node = given(key), node.list?.isEmpty != true, let lack = means.lackOfOwnItem else {
        continue
      }
      throw failure(
        key, node, expected: "no groups, for members have no own item with \(lack)",
        remedy: "leave \(key) out")
    }
    if scenario.groupBy.contains(.superclass), !means.hasSuperclasses {
      throw noSuperclasses("group-by", try node("group-by"))
    }
  }

  /// Checks what the sections ask of each other.
  func checkSections(_ scenario: Scenario, _ corruption: CorruptionWord) throws {
    if scenario.dynamics.mode == .clamped, !corruption.hasRegion {
      let regions = vocabulary.corruptions.filter(\.hasRegion).map(\.name).joined(separator: ", ")
      throw failure(
        "dynamics.mode", try node("dynamics.mode"),
        expected: "a corruption with a region, which \(corruption.name) is not",
        remedy: "write initial.corruption: one of \(regions), or another mode")
    }
    if scenario.model.isHopfield { try checkHopfield(scenario) }
    if scenario.output.latents, !scenario.output.members {
      throw failure(
        "output.latents", try node("output.latents"), expected: "output.members: true beside it",
        remedy: "write members: true")
    }
    try checkFilms(scenario)
    if case .trained(let model) = scenario.model, model.training.patience > 0, scenario.validation == 0 {
      throw failure(
        "model.training.patience", try node("model.training.patience"),
        expected: "dataset.validation above 0 beside it, for items to watch training on",
        remedy: "write dataset.validation: 0.1, or leave this out")
    }
    if corruption.needsSource, case .hierarchicalPatterns(let patterns) = scenario.dataset {
      try checkItems(scenario, patterns)
    }
    try checkSize(scenario)
  }

  /// Checks what a Hopfield network cannot do.
  private func checkHopfield(_ scenario: Scenario) throws {
    if scenario.dynamics.mode != .mean {
      throw failure(
        "dynamics.mode", try node("dynamics.mode"),
        expected: "mean, the one mode of model.kind: hopfield",
        remedy: "leave mode out, or write model.kind: vae")
    }
    if scenario.attractors != nil {
      throw failure(
        "attractors",
        problem: "not with model.kind: hopfield, whose units of +-1 have no Jacobian for the search",
        expected: "model.kind: vae", remedy: "leave it out: there a step-length of 0 is a fixed point")
    }
  }

  /// Checks that films end with the run.
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

  /// Checks that no more items are asked for than the patterns hold.
  private func checkItems(_ scenario: Scenario, _ patterns: DatasetSpecification.HierarchicalPatterns) throws
  {
    let classes = patterns.superclasses * patterns.classes
    let split = scenario.initial.split
    let held = Dataset.validationCount(of: patterns.memories, fraction: scenario.validation)
    let available = classes * (split == .train ? patterns.memories - held : patterns.test)
    guard available > 0 else {
      throw failure(
        "initial.split", try node("initial.split"), expected: "a split with items, but dataset.test is 0",
        remedy: "write dataset.test: 20 or split: train")
    }
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

  /// Checks that the number of states stays far from overflow, as far as the scenario alone tells it.
  private func checkSize(_ scenario: Scenario) throws {
    var count = 1
    switch scenario.initial.items {
    case .first(let items), .random(let items): count = items
    case .all:
      if case .hierarchicalPatterns(let patterns) = scenario.dataset {
        let perClass = scenario.initial.split == .train ? patterns.memories : patterns.test
        count = max(1, patterns.superclasses * patterns.classes * perClass)
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

  // MARK: - Keys that make sense only with others

  /// The tree without keys that something on the command line or in a sweep makes pointless; throws where
  /// the scenario file itself gives such keys.
  ///
  /// - Parameter soft: Keys whose values a sweep has replaced.
  func applicableTree(soft: Set<String>) throws -> ScenarioNode {
    var result = tree
    if let file = given("model.file") {
      let isSoft = soft.contains("model.file") || file.origin.isOverride
      for entry in tree.entry(["model"])?.value.entries ?? [] where entry.key != "file" {
        let isSwept = isSweptAlone("model.\(entry.key)", by: soft, selector: "model.file")
        guard isSoft, !isSwept, !entry.keyOrigin.isOverride else {
          throw failure(
            "model.\(entry.key)", at: entry.keyOrigin, problem: "not allowed beside model.file",
            expected: "model.file alone",
            remedy: isSwept ? "add --set sweep=null" : "keep model.file or model.\(entry.key)")
        }
        result.remove(["model", entry.key])
      }
    }
    for key in ScenarioKeys.all {
      guard let condition = key.condition, let entry = result.entry(ScenarioKeys.components(of: key.name))
      else {
        continue
      }
      let selector = try node(condition.key)
      guard case .scalar(let word, _) = selector.content, !condition.values.contains(word) else { continue }
      let isSwept = isSweptAlone(key.name, by: soft, selector: condition.key)
      guard isReplaced(condition.key, by: soft), !isSwept, !entry.keyOrigin.isOverride,
        ScenarioKeys.byName[condition.key]?.section == key.section
      else {
        let isOverride = given(condition.key)?.origin.isOverride ?? false
        throw failure(
          key.name, at: entry.keyOrigin, value: key.type == .section ? nil : entry.value.excerpt,
          problem:
            "allowed only with \(condition.description), not \(Self.lastPart(condition.key)): \(ScenarioError.excerpt(word))",
          expected: "\(condition.description)",
          remedy: isOverride
            ? "add --set \(isSwept ? "sweep" : key.name)=null"
            : "leave it out, or write \(condition.description)")
      }
      result.remove(ScenarioKeys.components(of: key.name))
    }
    // The one key whose type depends on the kind of data set.
    if isReplaced("dataset.kind", by: soft),
      !isSweptAlone("dataset.superclasses", by: soft, selector: "dataset.kind"),
      let entry = result.entry(["dataset", "superclasses"]),
      !entry.keyOrigin.isOverride,
      (entry.value.entries == nil) != (try node("dataset.kind").text == "hierarchical-patterns")
    {
      result.remove(["dataset", "superclasses"])
    }
    return result
  }

  /// Whether a sweep is over this key, or one below it, and not over what decides if the key makes sense: its values
  /// would be dropped from all runs.
  private func isSweptAlone(_ key: String, by soft: Set<String>, selector: String) -> Bool {
    !soft.contains(selector) && soft.contains { $0 == key || $0.hasPrefix(key + ".") }
  }

  private func isReplaced(_ key: String, by soft: Set<String>) -> Bool {
    soft.contains(key) || (given(key)?.origin.isOverride ?? false)
  }
}
