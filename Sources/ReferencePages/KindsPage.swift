import Kinds
import Scenarios
import Vocabulary

/// Kinds of data sets and of models, for docs/reference/data-sets.md and docs/reference/models.md.
package enum KindsPage {
  package static func dataSets(_ registry: Registry) -> String {
    Markdown.joined(
      [
        """
        # Data sets

        `dataset.kind` chooses where the items come from; the other keys of `dataset` depend on the kind. Every kind also has
        [`dataset.validation`](keys.md#datasetvalidation) and [`dataset.shuffle-labels`](keys.md#datasetshuffle-labels).

        """,
        Markdown.table(
          ["kind", "items"],
          registry.datasets.map { [Markdown.link($0.name), $0.summary] }),
      ]
        + registry.datasets.map { kind in
          entry(
            kind.name, kind.summary, facts: [], example: example(kind.example, kind.name, "dataset"),
            keys: kind.keys, section: "dataset")
        })
  }

  package static func models(_ registry: Registry) -> String {
    Markdown.joined(
      [
        """
        # Models and maps

        `model.kind` chooses the model whose inference is repeated; the other keys of `model` depend on the kind. Every kind also
        has [`model.replicas`](keys.md#modelreplicas).

        """,
        Markdown.table(
          ["kind", "model"],
          registry.models.map { [Markdown.link($0.name), $0.summary] }),
      ]
        + registry.models.map { kind in
          let example = example(kind.example, kind.name, "model")
          return entry(
            kind.name, kind.summary, facts: facts(example, registry), example: example, keys: kind.keys,
            section: "model")
        } + [maps(registry)])
  }

  private static func maps(_ registry: Registry) -> String {
    let own = registry.models.filter { !$0.iteration.isEmpty }
    return Markdown.joined(
      [
        """
        ## Maps

        `dynamics.mode` says how a state follows from the one before. `m` and `s` are mean and standard deviation of the
        encoder's posterior, `g` is the mean of the decoder.

        ```yaml
        dynamics: {mode: mean, steps: 20}
        ```

        """,
        Markdown.table(
          ["map", "step"],
          InferenceMode.Kind.allCases.map { ["`mode: \($0.rawValue)`", $0.summary] }
            + own.map { ["`model.kind: \($0.name)`", $0.iteration] }),
      ])
  }

  /// What the kind can do, as in its example.
  private static func facts(_ example: String, _ registry: Registry) -> [String] {
    let text = "name: example\n\(example)\n"
    guard
      let scenario = try? ScenarioLoader.parse(
        text: text, path: "example.yaml", vocabulary: registry.vocabulary)
    else { return [] }
    let traits = registry.model(of: scenario).traits
    let modes = traits.modes.map { Markdown.code($0.rawValue) }.joined(separator: ", ")
    var result = ["Modes (`dynamics.mode`): " + modes]
    result.append(
      "Posterior and likelihood: "
        + (traits.hasPosterior ? "yes" : "no, so that observables which need them are errors"))
    switch traits.jacobian {
    case .available: result.append("Attractors: yes")
    case .missing(let reason, let instead):
      result.append("Attractors: no, because it is a model \(reason); \(instead)")
    }
    result.append("Trained by the program: " + (traits.isTrainedHere ? "yes" : "no"))
    return result
  }

  private static func entry(
    _ name: String, _ summary: String, facts: [String], example: String, keys: [ScenarioKey], section: String
  ) -> String {
    let rows = keys.filter { $0.type != .section }.map { key in
      [
        Markdown.code("\(section).\(key.name)"), key.type.description,
        KeysPage.fallback(key), key.meaning,
      ]
    }
    return Markdown.joined([
      "## `\(name)`", Markdown.sentence(summary), Markdown.list(facts), Markdown.block("yaml", example),
      rows.isEmpty
        ? "It has no keys of its own." : Markdown.table(["key", "value", "default", "meaning"], rows),
    ])
  }

  /// The example of a kind, or the section with its name alone.
  private static func example(_ text: String, _ name: String, _ section: String) -> String {
    text.isEmpty ? "\(section): {kind: \(name)}" : text
  }
}
