/// Writes a resolved scenario as YAML.
enum ScenarioYAML {
  /// The whole scenario, defaults included, in the order of the table of keys.
  static func document(_ scenario: Scenario) -> String {
    let assignments = Dictionary(uniqueKeysWithValues: assignments(scenario))
    var lines: [String] = []
    for key in ScenarioKeys.all {
      let depth = key.name.split(separator: ".").count - 1
      let indentation = String(repeating: "  ", count: depth)
      let last = key.name.split(separator: ".").last.map(String.init) ?? key.name
      if key.type == .section {
        let isUsed = assignments.keys.contains { $0.hasPrefix(key.name + ".") }
        if isUsed { lines.append("\(indentation)\(last):") }
      } else if let value = assignments[key.name] {
        lines.append("\(indentation)\(last): \(value)")
      }
    }
    if !scenario.claims.isEmpty {
      lines.append("claims:")
      for claim in scenario.claims {
        lines.append("  \(text(claim.name)):")
        lines += self.claim(claim).map { "    \($0): \($1)" }
      }
    }
    if !scenario.sweep.isEmpty {
      lines.append("sweep:")
      for swept in scenario.sweep {
        lines.append("  \(swept.key): [\(swept.values.joined(separator: ", "))]")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Dotted keys with their values as YAML text.
  static func assignments(_ scenario: Scenario) -> [(String, String)] {
    var result = [
      ("name", text(scenario.name)),
      ("description", quoted(scenario.description)),
      ("seed", "\(scenario.seed)"),
    ]
    result += dataset(scenario.dataset)
    for (key, count) in [
      ("dataset.train-items", scenario.trainItems), ("dataset.test-items", scenario.testItems),
    ] {
      if let count { result.append((key, "\(count)")) }
    }
    result += [
      ("dataset.validation", text(scenario.validation)),
      ("dataset.shuffle-labels", "\(scenario.shufflesLabels)"),
    ]
    result += model(scenario.model)
    let dynamics = scenario.dynamics
    result += [
      ("dynamics.mode", dynamics.mode.rawValue),
      ("dynamics.steps", "\(dynamics.steps)"),
      ("dynamics.precision", dynamics.precision.rawValue),
    ]
    if dynamics.mode == .sample {
      result.append(("dynamics.temperature", text(dynamics.temperature)))
      result.append(("dynamics.sample-decoder", "\(dynamics.sampleDecoder)"))
    }
    result += initial(scenario.initial)
    result += [
      ("observables", list(scenario.observables)),
      ("group-by", list(scenario.groupBy.map(\.rawValue))),
      ("split-by", list(scenario.splitBy.map(\.rawValue))),
      ("overlap-origin", scenario.overlapOrigin.rawValue),
      ("output.file", text(scenario.output.file)),
      ("output.members", "\(scenario.output.members)"),
      ("output.latents", "\(scenario.output.latents)"),
    ]
    if let films = scenario.output.films {
      result.append(("output.films.items", "\(films.items)"))
      if let times = films.times { result.append(("output.films.times", "\(times)")) }
    }
    if let attractors = scenario.attractors { result += self.attractors(attractors) }
    result.append(("controls", list(scenario.controls.map(\.rawValue))))
    return result
  }

  /// A claim's keys with their values as YAML text.
  static func claim(_ claim: ClaimSpecification) -> [(String, String)] {
    var result = [
      ("statement", quoted(claim.statement)),
      ("estimate", quoted(claim.estimate.text)),
    ]
    if let against = claim.against { result.append(("against", quoted(against.text))) }
    if let levels = claim.levels {
      result.append(("levels", "[" + levels.map { text($0) }.joined(separator: ", ") + "]"))
    }
    return result + [
      ("over", claim.over.rawValue),
      ("threshold", text(claim.threshold)),
      ("controls", list(claim.controls.map(\.rawValue))),
      ("compare", list(claim.compare.map(\.rawValue))),
    ]
  }

  private static func dataset(_ dataset: DatasetSpecification) -> [(String, String)] {
    switch dataset {
    case .hierarchicalPatterns(let patterns):
      return [
        ("dataset.kind", "hierarchical-patterns"),
        ("dataset.dimension", "\(patterns.dimension)"),
        ("dataset.superclasses", "\(patterns.superclasses)"),
        ("dataset.classes", "\(patterns.classes)"),
        ("dataset.memories", "\(patterns.memories)"),
        ("dataset.test", "\(patterns.test)"),
        ("dataset.correlation", "[" + patterns.correlation.map { text($0) }.joined(separator: ", ") + "]"),
      ]
    case .idx(let idx):
      return [
        ("dataset.kind", "idx"),
        ("dataset.superclasses", text(idx.superclasses)),
        ("dataset.train-images", text(idx.trainImages)),
        ("dataset.train-labels", text(idx.trainLabels)),
        ("dataset.test-images", text(idx.testImages)),
        ("dataset.test-labels", text(idx.testLabels)),
      ]
    case .fashionMNIST(let fashion):
      return [
        ("dataset.kind", "fashion-mnist"),
        ("dataset.superclasses", text(fashion.superclasses)),
        ("dataset.directory", text(fashion.directory)),
      ]
    }
  }

  private static func model(_ model: ModelSpecification) -> [(String, String)] {
    switch model {
    case .file(let path): return [("model.file", text(path))]
    case .hopfield(let replicas):
      return [("model.kind", "hopfield"), ("model.replicas", "\(replicas)")]
    case .trained(let trained):
      return [
        ("model.kind", "vae"),
        ("model.latent", "\(trained.latent)"),
        ("model.hidden", "\(trained.hidden)"),
        ("model.activation", trained.activation),
        ("model.likelihood", trained.likelihood),
        ("model.training.epochs", "\(trained.training.epochs)"),
        ("model.training.batch", "\(trained.training.batch)"),
        ("model.training.learning-rate", text(trained.training.learningRate)),
        ("model.training.beta", text(trained.training.beta)),
        ("model.training.patience", "\(trained.training.patience)"),
        ("model.replicas", "\(trained.replicas)"),
      ]
    }
  }

  private static func initial(_ initial: InitialSpecification) -> [(String, String)] {
    var result = [
      ("initial.corruption", initial.corruption),
      ("initial.levels", "[" + initial.levels.map { text($0) }.joined(separator: ", ") + "]"),
      ("initial.items", text(initial.items)),
      ("initial.split", initial.split.rawValue),
      ("initial.realizations", "\(initial.realizations)"),
    ]
    if let file = initial.file {
      result.append(("initial.file.path", text(file.path)))
      if let variable = file.variable { result.append(("initial.file.variable", text(variable))) }
      if let labels = file.labels { result.append(("initial.file.labels", text(labels))) }
    }
    return result
  }

  private static func attractors(_ attractors: AttractorSpecification) -> [(String, String)] {
    var result = [
      ("attractors.tolerance", text(attractors.tolerance)),
      ("attractors.max-steps", "\(attractors.maxSteps)"),
      ("attractors.max-period", "\(attractors.maxPeriod)"),
      ("attractors.census", "\(attractors.census)"),
      ("attractors.trapping", "\(attractors.trapping)"),
    ]
    if let items = attractors.items { result.append(("attractors.items", text(items))) }
    if let until = attractors.until {
      result.append(("attractors.until.half-width", text(until.halfWidth)))
      result.append(("attractors.until.at-most", "\(until.atMost)"))
    }
    return result
  }

  // MARK: - Values

  /// A finite number in the fewest digits that read back to the same bits, in a form that every YAML reader
  /// takes for a number.
  static func text(_ number: Double) -> String {
    let shortest = "\(number)"
    if shortest.hasSuffix(".0") { return String(shortest.dropLast(2)) }
    guard let exponent = shortest.firstIndex(of: "e"), !shortest.contains(".") else { return shortest }
    return shortest[..<exponent] + ".0" + shortest[exponent...]
  }

  /// A count of items.
  static func text(_ items: InitialSpecification.Items) -> String {
    switch items {
    case .all: return "all"
    case .first(let count): return "\(count)"
    case .random(let count): return "{random: \(count)}"
    }
  }

  private static func text(_ superclasses: [DatasetSpecification.Superclass]) -> String {
    "{" + superclasses.map { "\(text($0.name)): \($0.labels)" }.joined(separator: ", ") + "}"
  }

  private static func list(_ words: [String]) -> String { "[" + words.joined(separator: ", ") + "]" }

  /// A text without quotes where no YAML reader could take it for something else.
  static func text(_ text: String) -> String {
    let reserved = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
    let isWord =
      text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
          true
        default: false
        }
      } && text.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } ?? false
    return isWord && !reserved.contains(text) ? text : quoted(text)
  }

  /// A text in double quotes.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x09: result += "\\t"
      case 0x20...0x7E, 0xA1...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
        result.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }
}
