import Expressions
import Vocabulary

/// Reads the sections of a scenario into their values, each key by its own rules.
extension ScenarioReader {
  func name() throws -> String {
    let node = try node("name")
    let expected = type("name").description
    guard case .scalar(let text, let isPlain) = node.content, !(isPlain && node.isNull) else {
      throw failure("name", node, expected: expected, remedy: "write a single word such as my-scenario")
    }
    let isAllowed = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isAllowed, (1...100).contains(text.utf8.count) else {
      let suggestion = Self.nameLike(text)
      throw failure(
        "name", node, expected: expected,
        remedy: suggestion.isEmpty ? "write a word such as my-scenario" : "write \(suggestion)")
    }
    return text
  }

  private static func nameLike(_ text: String) -> String {
    let words = text.prefix(100).lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return words.joined(separator: "-")
  }

  /// A path made absolute: relative ones are taken from the scenario file's folder or, where they come from
  /// the command line, from the working directory.
  func path(_ key: String) throws -> String { try path(key, try node(key)) }

  func path(_ key: String, _ node: ScenarioNode) throws -> String {
    guard case .scalar(let text, let isPlain) = node.content, !text.isEmpty, !(isPlain && node.isNull) else {
      throw failure(key, node, expected: "a path", remedy: "write the name of a file or folder")
    }
    guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
      throw failure(key, node, expected: "a path without control characters", remedy: "rename the file")
    }
    return node.origin.isOverride ? AbsolutePath.of(text) : AbsolutePath.of(text, inFolderOf: path)
  }

  // MARK: - Sections

  /// The whole scenario but its sweep.
  func scenario(name: String, corruption: CorruptionWord) throws -> Scenario {
    let dataset = try dataset()
    let model = try model()
    let dynamics = try dynamics()
    let initial = try initial(corruption)
    let availability = availability(dataset, model, initial, corruption)
    let controls = try words("controls", as: Control.self)
    let claims = try claims(controls)
    var observables = try observables(availability)
    observables += self.observables(
      for: controls + claims.flatMap { $0.controls + $0.compare }, beside: observables)
    return Scenario(
      path: path, name: name, description: try text("description"), seed: try seed("seed"),
      dataset: dataset, validation: try number("dataset.validation"),
      shufflesLabels: try boolean("dataset.shuffle-labels"), model: model,
      replicas: model.isExclusive ? 1 : try integer("model.replicas"), dynamics: dynamics,
      initial: initial, observables: observables,
      groupBy: try words("group-by", as: Grouping.self),
      splitBy: try words("split-by", as: Splitting.self),
      overlapOrigin: try word("overlap-origin", as: OverlapOrigin.self),
      clusters: try clusters(),
      conceptRadiusQuantile: try numberOrNone("concepts.radius-quantile"),
      attractors: try attractors(), output: try output(name: name),
      controls: controls, claims: claims, sweep: [],
      locations: [:], overriddenKeys: [:], resolvedYAML: "")
  }

  private func clusters() throws -> ClusterSpecification? {
    guard gives("concepts.clusters") else {
      guard let node = given("concepts.restarts") else { return nil }
      throw failure(
        "concepts.restarts", node, expected: "concepts.clusters beside it",
        remedy: "write concepts: {clusters: 10}, or leave restarts out")
    }
    return ClusterSpecification(
      count: try integer("concepts.clusters"), restarts: try integer("concepts.restarts"))
  }

  func dataset() throws -> KindValues {
    let kind = vocabulary.dataset(named: kind(of: "dataset"))
    return try values(of: kind.keys, declaredBy: kind.name, in: "dataset")
  }

  func model() throws -> KindValues {
    let kind = vocabulary.model(named: kind(of: "model"))
    return try values(of: kind.keys, declaredBy: kind.name, in: "model")
  }

  func dynamics() throws -> DynamicsSpecification {
    let mode: InferenceMode =
      switch try word("dynamics.mode", as: InferenceMode.Kind.self) {
      case .mean: .mean
      case .sample:
        .sample(
          temperature: try number("dynamics.temperature"), decoder: try boolean("dynamics.sample-decoder"))
      case .clamped: .clamped
      }
    return DynamicsSpecification(
      mode: mode, steps: try integer("dynamics.steps"),
      precision: try word("dynamics.precision", as: Precision.self))
  }

  func corruption() throws -> CorruptionWord {
    let names = vocabulary.corruptionNames
    let node = try node("initial.corruption")
    let list = names.joined(separator: ", ")
    let name = try word("initial.corruption", node, among: names, expected: "one of \(list)")
    guard let word = vocabulary.corruption(named: name) else {
      preconditionFailure("no such corruption: \(name)")
    }
    return word
  }

  func initial(_ corruption: CorruptionWord) throws -> InitialSpecification {
    InitialSpecification(
      corruption: corruption.name, levels: try levels(corruption), items: try items("initial.items"),
      split: try word("initial.split", as: InitialSpecification.Split.self),
      realizations: try integer("initial.realizations"), file: try initialFile(corruption))
  }

  /// In ascending order: random numbers are addressed by a level's value, so that the order of the list means nothing.
  private func levels(_ corruption: CorruptionWord) throws -> [Double] {
    let key = "initial.levels"
    let nodes = try list(key, 1...1000)
    let levels = try numbers(key)
    for (index, level) in levels.enumerated() {
      switch corruption.levelDomain {
      case .probability where !(0...1).contains(level):
        throw failure(
          key, nodes[index], expected: "probabilities between 0 and 1", remedy: "write levels: [0, 0.5]")
      case .nonnegative where level < 0:
        throw failure(key, nodes[index], expected: "numbers of at least 0", remedy: "write levels: [0, 0.5]")
      case .none where level != 0:
        throw failure(
          key, nodes[index], expected: "[0], because the corruption \(corruption.name) has no levels",
          remedy: "leave levels out")
      default: break
      }
      guard !levels[..<index].contains(level) else {
        throw failure(
          key, nodes[index], problem: "given twice", expected: "different levels",
          remedy: "keep one of them; realizations: 2 repeats each level")
      }
    }
    return levels.sorted()
  }

  private func initialFile(_ corruption: CorruptionWord) throws -> InitialSpecification.File? {
    guard corruption.name == "file" else { return nil }
    guard gives("initial.file") else {
      throw failure(
        "initial.file", problem: "missing", expected: "a path",
        remedy: "write file: {path: FILE, variable: NAME}, which the corruption file needs")
    }
    let path = try path("initial.file.path")
    let variable = try optionalText("initial.file.variable")
    var labels = try optionalText("initial.file.labels")
    // Without a variable the file is in IDX format, and so are its labels.
    if labels != nil, variable == nil { labels = try self.path("initial.file.labels") }
    var items = try optionalText("initial.file.items")
    if items != nil, variable == nil { items = try self.path("initial.file.items") }
    if items != nil, labels != nil {
      throw failure(
        "initial.file.labels", given("initial.file.labels"), problem: "not allowed beside initial.file.items",
        expected: "labels or items: a source item's class is its label in the data set",
        remedy: "leave labels out")
    }
    return InitialSpecification.File(path: path, variable: variable, labels: labels, items: items)
  }

  func items(_ key: String) throws -> InitialSpecification.Items {
    let node = try node(key)
    let expected = "all, a count of at least 1, or {random: COUNT}"
    let range = 1...2_147_483_647
    if let entries = node.entries {
      guard entries.count == 1, let entry = entries.first, entry.key == "random" else {
        throw failure(key, node, expected: expected, remedy: "write {random: 100}")
      }
      return .random(try integer(key, entry.value, range, expected: expected))
    }
    guard node.list == nil else {
      throw failure(key, node, expected: expected, remedy: "write all or a count")
    }
    if node.plainText == "all" { return .all }
    if case .scalar("all", _) = node.content { return .all }
    return .first(try integer(key, node, range, expected: expected))
  }

  func attractors() throws -> AttractorSpecification? {
    guard gives("attractors") else { return nil }
    var until: AttractorSpecification.Until?
    if gives("attractors.until") {
      until = AttractorSpecification.Until(
        halfWidth: try number("attractors.until.half-width"), atMost: try integer("attractors.until.at-most"))
    }
    return AttractorSpecification(
      items: gives("attractors.items") ? try items("attractors.items") : nil,
      tolerance: try number("attractors.tolerance"), maxSteps: try integer("attractors.max-steps"),
      maxPeriod: try integer("attractors.max-period"), census: try integer("attractors.census"),
      trapping: try boolean("attractors.trapping"),
      mergeDistance: try number("attractors.merge-distance"),
      quantiles: .init(
        near: try number("attractors.near-quantile"), ofClass: try number("attractors.class-quantile"),
        heldOut: try number("attractors.held-out-quantile")),
      itemRadius: try number("attractors.item-radius"), until: until)
  }

  func output(name: String) throws -> OutputSpecification {
    OutputSpecification(
      file: gives("output.file")
        ? try path("output.file") : AbsolutePath.of("\(name).nc", inFolderOf: path),
      members: try boolean("output.members"), latents: try boolean("output.latents"),
      initialStates: try boolean("output.initial-states"),
      films: gives("output.films")
        ? FilmSpecification(
          items: try integer("output.films.items"),
          times: gives("output.films.times") ? try integers("output.films.times") : nil) : nil)
  }
}
