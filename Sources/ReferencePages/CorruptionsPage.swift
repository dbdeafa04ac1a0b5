import Corruptions
import Kinds
import Vocabulary

/// The corruptions, for docs/reference/corruptions.md.
package enum CorruptionsPage {
  package static func markdown(_ registry: Registry) -> String {
    var links = Markdown.Headings()
    let rows =
      registry.corruptions.map { [links.link($0.name), $0.summary, levels($0.levelDomain)] }
      + [[links.link("file"), fileSummary, levels(.none)]]
    return Markdown.joined(
      [introduction, Markdown.table(["corruption", "initial state", "levels"], rows)]
        + registry.corruptions.map(entry) + [file])
  }

  private static let introduction = """
    # Corruptions

    A corruption makes the initial state of a member from a source item, at a *level* p. Each level of `initial.levels` is one
    ensemble with averages of its own.

    ```yaml
    initial:
      corruption: uniform-replacement
      levels: [0, 0.4, 0.8]
    ```

    D is the number of components of an item ("pixels"), N the number of latent variables. A *region* is the set of pixels that
    the corruption changed: `dynamics.mode: clamped` resets all others at each step, so that it needs one.

    """

  private static func entry(_ corruption: any Corruption.Type) -> String {
    var facts = [
      "Levels: " + levels(corruption.levelDomain), "Starts from: " + corruption.origin.words,
      "Region: " + (corruption.hasRegion ? "yes" : "none"),
    ]
    if corruption.needsImageShape { facts.append("Needs: a data set of pictures, with rows and columns") }
    if corruption.isPixelBound { facts.append("Data: in [0, 1] only") }
    let list = corruption.levelDomain == .none ? "" : ", levels: [0, 0.2, 0.4]"
    return Markdown.joined([
      "### `\(corruption.name)`", Markdown.sentence(corruption.summary), Markdown.list(facts),
      Markdown.block("yaml", "initial: {corruption: \(corruption.name)\(list)}"),
    ])
  }

  private static let fileSummary = "initial states from a NetCDF variable, an array of numpy or an IDX file"

  private static var file: String {
    Markdown.joined([
      "### `file`",
      Markdown.sentence(fileSummary)
        + " States of D numbers are x(0), states of N numbers are z(0). The keys `initial.file.*` say which file and variable,"
        + " and of which source item each state is ([keys](keys.md#initialfile)).",
      Markdown.list(["Levels: " + levels(.none), "Starts from: the file", "Region: none"]),
      Markdown.block(
        "yaml",
        """
        initial:
          corruption: file
          file: {path: states.nc, variable: initial_state, items: item}
        """),
    ])
  }

  private static func levels(_ domain: LevelDomain) -> String {
    switch domain {
    case .probability: "from 0 to 1"
    case .nonnegative: "0 or greater"
    case .none: "only 0"
    }
  }
}
