import Expressions
import Vocabulary

/// Writes a resolved scenario as YAML.
enum ScenarioYAML {
  /// The whole scenario, defaults included, in the order of the table of keys.
  static func document(_ scenario: Scenario) -> String {
    var lines: [String] = []
    var openSections: [Substring] = []
    for (key, value) in assignments(scenario) {
      let parts = key.split(separator: ".")
      let sections = Array(parts.dropLast())
      let common = zip(openSections, sections).prefix { $0 == $1 }.count
      for depth in common..<sections.count { lines.append(indentation(depth) + sections[depth] + ":") }
      lines.append("\(indentation(sections.count))\(parts[parts.count - 1]): \(value)")
      openSections = sections
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

  private static func indentation(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  /// Dotted keys with their values as YAML text, in the order of the document.
  static func assignments(_ scenario: Scenario) -> [(String, String)] {
    var result = [
      ("name", text(scenario.name)),
      ("description", quoted(scenario.description)),
      ("seed", "\(scenario.seed)"),
    ]
    result += kind(scenario.dataset, in: "dataset")
    result += [
      ("dataset.validation", text(scenario.validation)),
      ("dataset.shuffle-labels", "\(scenario.shufflesLabels)"),
    ]
    result += kind(scenario.model, in: "model")
    if !scenario.model.isExclusive { result.append(("model.replicas", "\(scenario.replicas)")) }
    result += dynamics(scenario.dynamics) + initial(scenario.initial)
    result += [
      ("observables", list(scenario.observables)),
      ("group-by", list(scenario.groupBy.map(\.rawValue))),
      ("split-by", list(scenario.splitBy.map(\.rawValue))),
      ("overlap-origin", scenario.overlapOrigin.rawValue),
    ]
    if let clusters = scenario.clusters {
      result += [
        ("concepts.clusters", "\(clusters.count)"), ("concepts.restarts", "\(clusters.restarts)"),
      ]
    }
    result.append(("concepts.radius-quantile", scenario.conceptRadiusQuantile.map { text($0) } ?? "none"))
    if let attractors = scenario.attractors { result += self.attractors(attractors) }
    result += output(scenario.output)
    result.append(("controls", list(scenario.controls.map(\.rawValue))))
    return result
  }

  private static func kind(_ values: KindValues, in section: String) -> [(String, String)] {
    let isNamed = !values.isExclusive || !values.isDefaultKind
    return (isNamed ? [("\(section).kind", values.kind)] : [])
      + values.entries.map { ("\(section).\($0.key.name)", $0.value.yaml) }
  }

  private static func dynamics(_ dynamics: DynamicsSpecification) -> [(String, String)] {
    var result = [
      ("dynamics.mode", dynamics.mode.kind.rawValue),
      ("dynamics.steps", "\(dynamics.steps)"),
    ]
    if case .sample(let temperature, let decoder) = dynamics.mode {
      result.append(("dynamics.temperature", text(temperature)))
      result.append(("dynamics.sample-decoder", "\(decoder)"))
    }
    return result + [("dynamics.precision", dynamics.precision.rawValue)]
  }

  private static func output(_ output: OutputSpecification) -> [(String, String)] {
    var result = [
      ("output.file", text(output.file)),
      ("output.members", "\(output.members)"),
      ("output.latents", "\(output.latents)"),
      ("output.initial-states", "\(output.initialStates)"),
    ]
    if let films = output.films {
      result.append(("output.films.items", "\(films.items)"))
      if let times = films.times { result.append(("output.films.times", "\(times)")) }
    }
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
      (claim.rule.key, text(claim.rule.number)),
    ]
      + (claim.rule.answersSignAndSize ? [] : [("controls", list(claim.controls.map(\.rawValue)))])
      + [("compare", list(claim.compare.map(\.rawValue)))]
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
      if let items = file.items { result.append(("initial.file.items", text(items))) }
    }
    return result
  }

  private static func attractors(_ attractors: AttractorSpecification) -> [(String, String)] {
    var result: [(String, String)] = []
    if let items = attractors.items { result.append(("attractors.items", text(items))) }
    result += [
      ("attractors.tolerance", text(attractors.tolerance)),
      ("attractors.max-steps", "\(attractors.maxSteps)"),
      ("attractors.max-period", "\(attractors.maxPeriod)"),
      ("attractors.census", "\(attractors.census)"),
      ("attractors.trapping", "\(attractors.trapping)"),
      ("attractors.merge-distance", text(attractors.mergeDistance)),
      ("attractors.near-quantile", text(attractors.quantiles.near)),
      ("attractors.class-quantile", text(attractors.quantiles.ofClass)),
      ("attractors.held-out-quantile", text(attractors.quantiles.heldOut)),
      ("attractors.item-radius", text(attractors.itemRadius)),
    ]
    if let until = attractors.until {
      result.append(("attractors.until.half-width", text(until.halfWidth)))
      result.append(("attractors.until.at-most", "\(until.atMost)"))
    }
    return result
  }

  // MARK: - Values

  /// A finite number in the fewest digits that read back to the same bits, in a form that every YAML reader
  /// takes for a number.
  static func text(_ number: Double) -> String { number.shortestText }

  /// A count of items.
  static func text(_ items: InitialSpecification.Items) -> String {
    switch items {
    case .all: return "all"
    case .first(let count): return "\(count)"
    case .random(let count): return "{random: \(count)}"
    }
  }

  private static func list(_ words: [String]) -> String { "[" + words.joined(separator: ", ") + "]" }

  /// A text, without quotes if no YAML reader could take it for something else.
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

extension ClaimSpecification {
  /// Its keys with their values as YAML text.
  package var assignments: [(String, String)] { ScenarioYAML.claim(self) }
}
