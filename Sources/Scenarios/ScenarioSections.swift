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
    return node.origin.isOverride ? FilePaths.absolute(text) : FilePaths.absolute(text, inFolderOf: path)
  }

  // MARK: - Sections

  func dataset() throws -> DatasetSpecification {
    switch try word("dataset.kind") {
    case "idx":
      return .idx(
        DatasetSpecification.IDX(
          trainImages: try path("dataset.train-images"), trainLabels: try path("dataset.train-labels"),
          testImages: try path("dataset.test-images"), testLabels: try path("dataset.test-labels"),
          superclasses: try superclassLabels(0...255)))
    case "fashion-mnist":
      return .fashionMNIST(
        DatasetSpecification.FashionMNIST(
          directory: try path("dataset.directory"), superclasses: try superclassLabels(0...9)))
    default:
      return .hierarchicalPatterns(
        DatasetSpecification.HierarchicalPatterns(
          dimension: try integer("dataset.dimension"), superclasses: try superclassCount(),
          classes: try integer("dataset.classes"), memories: try integer("dataset.memories"),
          test: try integer("dataset.test"), correlation: try numbers("dataset.correlation")))
    }
  }

  private func superclassCount() throws -> Int {
    let key = "dataset.superclasses"
    let node = try node(key)
    let expected = "an integer between 1 and 1000 (dataset.kind: hierarchical-patterns)"
    guard node.entries == nil else {
      throw failure(
        key, node, expected: expected,
        remedy: "write a count; names with labels belong to idx and fashion-mnist")
    }
    return try integer(key, node, 1...1000, expected: expected)
  }

  private func superclassLabels(_ range: ClosedRange<Int>) throws -> [DatasetSpecification.Superclass] {
    let key = "dataset.superclasses"
    guard let node = given(key) else { return [] }
    guard let entries = node.entries else {
      throw failure(
        key, node, expected: "a mapping from names to lists of labels",
        remedy: "write {tops: [0, 2], shoes: [7, 9]}")
    }
    var seen: [Int: String] = [:]
    return try entries.map { entry in
      let name = "\(key).\(entry.key)"
      let expected = "a list of labels between \(range.lowerBound) and \(range.upperBound)"
      let isTooLong = entry.key.unicodeScalars.count > 100
      guard !entry.key.isEmpty, !isTooLong, entry.key == ScenarioError.escaped(entry.key) else {
        throw failure(
          name, at: entry.keyOrigin, expected: "a name of 1 to 100 printable characters", remedy: "write one")
      }
      guard let list = entry.value.list, !list.isEmpty else {
        throw failure(name, entry.value, expected: expected, remedy: "write \(entry.key): [0, 2]")
      }
      let labels = try list.map { element in
        let label = try integer(name, element, range, expected: expected)
        if let other = seen.updateValue(entry.key, forKey: label) {
          throw failure(
            name, element, problem: "label given twice (first for \(other))", expected: "different labels",
            remedy: "keep one of them")
        }
        return label
      }
      return DatasetSpecification.Superclass(name: entry.key, labels: labels)
    }
  }

  func model() throws -> ModelSpecification {
    if gives("model.file") { return .file(try path("model.file")) }
    if try word("model.kind") == "hopfield" {
      return .hopfield(replicas: try integer("model.replicas"))
    }
    return .trained(
      ModelSpecification.Trained(
        latent: try integer("model.latent"), hidden: try integers("model.hidden"),
        activation: try word("model.activation"), likelihood: try word("model.likelihood"),
        training: ModelSpecification.Training(
          epochs: try integer("model.training.epochs"), batch: try integer("model.training.batch"),
          learningRate: try number("model.training.learning-rate"), beta: try number("model.training.beta"),
          patience: try integer("model.training.patience")),
        replicas: try integer("model.replicas")))
  }

  func dynamics() throws -> DynamicsSpecification {
    DynamicsSpecification(
      mode: try word("dynamics.mode", as: DynamicsSpecification.Mode.self),
      steps: try integer("dynamics.steps"), temperature: try number("dynamics.temperature"),
      sampleDecoder: try boolean("dynamics.sample-decoder"),
      precision: try word("dynamics.precision", as: DynamicsSpecification.Precision.self))
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
          key, nodes[index], expected: "[0], for the corruption \(corruption.name) has no levels",
          remedy: "leave levels out")
      default: break
      }
      guard !levels[..<index].contains(level) else {
        throw failure(
          key, nodes[index], problem: "given twice", expected: "different levels",
          remedy: "keep one of them; realizations: 2 repeats each level")
      }
    }
    return levels
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
    return InitialSpecification.File(path: path, variable: variable, labels: labels)
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
      trapping: try boolean("attractors.trapping"), until: until)
  }

  func output(name: String) throws -> OutputSpecification {
    OutputSpecification(
      file: gives("output.file")
        ? try path("output.file") : FilePaths.absolute("\(name).nc", inFolderOf: path),
      members: try boolean("output.members"), latents: try boolean("output.latents"),
      films: gives("output.films")
        ? FilmSpecification(
          items: try integer("output.films.items"),
          times: gives("output.films.times") ? try integers("output.films.times") : nil) : nil)
  }
}
