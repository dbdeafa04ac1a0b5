import Scenarios

/// The keys of scenario files, for docs/reference/keys.md.
package enum KeysPage {
  /// Keys under one heading.
  private struct Chapter {
    let title: String
    /// The first parts of the keys' dotted names.
    let sections: [String]
    let text: String
    let example: String
  }

  private static let chapters = [
    Chapter(
      title: "The run", sections: ["name", "description", "seed"],
      text: "Only `name` is required; every other key of a scenario has a default.",
      example: """
        name: my-run
        description: Does inference approach the concept?
        seed: 20171204
        """),
    Chapter(
      title: "Data set", sections: ["dataset"],
      text: "The [data sets](data-sets.md) page describes each kind and shows an example of each.",
      example: "dataset: {kind: hierarchical-patterns, superclasses: 4, classes: 3, memories: 80}"),
    Chapter(
      title: "Model", sections: ["model"],
      text: "The [models](models.md) page describes each kind and shows an example of each.",
      example: "model: {latent: 100, hidden: [500, 500], training: {epochs: 150, batch: 50}}"),
    Chapter(
      title: "Dynamics", sections: ["dynamics"],
      text: "How a state follows from the one before. The [models](models.md#maps) page gives the formulas.",
      example: "dynamics: {mode: sample, steps: 50, temperature: 0.5}"),
    Chapter(
      title: "Initial states", sections: ["initial"],
      text:
        "Where trajectories start. The [corruptions](corruptions.md) page describes each way to make noise.",
      example: """
        initial:
          corruption: uniform-replacement
          levels: [0, 0.4, 0.8]
          items: {random: 500}
        """),
    Chapter(
      title: "Measurements", sections: ["observables", "group-by", "split-by", "overlap-origin", "concepts"],
      text:
        "What is averaged, and over which members. The [observables](observables.md) page has the formulas.",
      example: """
        observables: [distance-concept, distance-nearest-memory, nearest-concept]
        group-by: [class]
        split-by: [retention]
        concepts: {radius-quantile: 0.95}
        """),
    Chapter(
      title: "Attractors", sections: ["attractors"],
      text: "The search for fixed points and cycles. `attractors: {}` asks for it with all defaults.",
      example: """
        attractors:
          items: {random: 200}
          until: {half-width: 0.02, at-most: 10000}
        """),
    Chapter(
      title: "Output", sections: ["output"],
      text: "What is written beside averages. The [run file](run-file.md) page lists the variables.",
      example: """
        output:
          file: runs/my-run.nc
          members: true
          latents: true
          films: {items: 4, times: [0, 1, 2, 5, 20]}
        """),
    Chapter(
      title: "Several runs and claims", sections: ["controls", "claims", "sweep"],
      text:
        "A sweep, replicas (`model.replicas`) and controls make several runs with one file. The [claims](claims.md)"
        + " page says what an estimate may hold.",
      example: """
        model: {replicas: 5}
        sweep: {model.latent: [2, 20, 100]}
        controls: [untrained, linear]
        observables: [distance-concept, distance-sibling-concept]
        claims:
          approaches-concept:
            statement: Inference approaches the own concept more than a sibling's.
            estimate: approach(distance-concept) - approach(distance-sibling-concept)
            over: each
            threshold: 0.05
        """),
  ]

  package static func markdown(_ keys: ScenarioKeys) -> String {
    let described = Set(chapters.flatMap(\.sections))
    let others = keys.all.filter { !described.contains(top($0)) }
    var links = Markdown.Headings()
    let rows = keys.all.map { key in
      [links.link(key.name), key.type.description, fallback(key)]
    }
    return Markdown.joined(
      [introduction, Markdown.table(["key", "value", "default"], rows)]
        + chapters.map { chapter in
          Markdown.joined(
            ["## \(chapter.title)", chapter.text, Markdown.block("yaml", chapter.example)]
              + keys.all.filter { chapter.sections.contains(top($0)) }.map { entry($0, among: keys) })
        }
        + (others.isEmpty ? [] : ["## Other keys"]) + others.map { entry($0, among: keys) })
  }

  private static let introduction = """
    # Scenario keys

    A scenario is a YAML file. This is a whole one:

    ```yaml
    name: my-run
    initial: {levels: [0, 0.4, 0.8]}
    ```

    - `simulate validate my-run.yaml` checks it without training, and prints every key with its value.
    - `--set KEY=VALUE` replaces a value on the command line: `--set dynamics.steps=50`.
    - Names with dots are nested: `dynamics.steps` is the key `steps` in the section `dynamics`.
    - Relative paths start from the scenario file's folder. Paths in `--set` start from the working directory.
    - A key that is unknown, doubled, or out of place is an error; the message says where it is and what was expected.

    A *default* of "none" means that leaving the key out turns the feature off, or leaves the choice to the program.

    ## All keys at a glance

    """

  private static func top(_ key: ScenarioKey) -> String {
    String(key.name.prefix { $0 != "." })
  }

  /// The default of a key in words; empty for a section.
  static func fallback(_ key: ScenarioKey) -> String {
    if let value = key.defaultValue { return Markdown.code(value) }
    return key.isRequired ? "required" : key.type == .section ? "" : "none"
  }

  private static func entry(_ key: ScenarioKey, among keys: ScenarioKeys) -> String {
    let isSection = key.type == .section
    var facts: [String] = []
    if isSection {
      let own = keys.all.filter { $0.section == key.name }.map { Markdown.code($0.name) }
      var seen: Set<String> = []
      facts.append("Keys: " + own.filter { seen.insert($0).inserted }.joined(separator: ", "))
    } else {
      facts.append("Value: \(key.type.description)")
      facts.append("Default: \(fallback(key))")
    }
    if let condition = key.condition ?? keys.declarations(of: key.section).first?.condition {
      facts.append("Only with " + Markdown.code(condition.description))
    }
    if !isSection { facts.append("Changes: " + influence(key)) }
    return Markdown.joined(["### `\(key.name)`", Markdown.sentence(key.meaning), Markdown.list(facts)])
  }

  private static func influence(_ key: ScenarioKey) -> String {
    switch key.influence {
    case .numbersAndCost: "the run's numbers, and its time and memory"
    case .numbers: "the run's numbers"
    case .fileContents: "the run's numbers, by the file's contents; its path changes nothing"
    case .nothing: "names and places only, no number"
    }
  }
}
