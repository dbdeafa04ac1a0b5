import Dynamics
import Kinds
import Observables

/// The observables, for docs/reference/observables.md.
package enum ObservablesPage {
  package static func markdown(_ registry: Registry) -> String {
    var links = Markdown.Headings()
    let rows =
      registry.observables.map { [links.link($0.name), $0.longName, $0.units] }
      + [[links.link(family), axisName, "1"]]
    return Markdown.joined(
      [introduction, Markdown.table(["observable", "meaning", "unit"], rows), symbols]
        + registry.observables.map(entry) + [principalComponents])
  }

  private static let introduction = """
    # Observables

    An observable is measured of each member at each time. The run file holds its average over members, with errors.

    ```yaml
    observables: [distance-concept, distance-nearest-memory, concept-accuracy]
    ```

    The run file then has the variables `distance_concept(level, time)`, `distance_concept_standard_error` and so on: in files
    `_` stands for `-`. With `output: {members: true}` each member's values are in the group `/members`. `group-by` and `split-by`
    add averages over parts of the members ([keys](keys.md#measurements)).

    ## All observables at a glance

    """

  private static let symbols = """
    ## Symbols

    | symbol | meaning |
    | --- | --- |
    | `z(t)`, `x(t)` | latent state (N numbers) and data-space state (D numbers) at time t |
    | `x_i`, `xi_i = m(x_i)` | a clean item and its memory; without an index `xi` is the member's own memory |
    | `c_k`, `r` | concept of class k (the mean of its memories), root (the mean of all); `c` is the concept of the own class |
    | `o` | origin of overlaps: 0, or the root with `overlap-origin: root` |
    | `m`, `s` | mean and standard deviation of the posterior q(z\\|x) |
    | `g(z)` | mean of the decoder p(x\\|z) |

    Distances are Euclidean and not normalized. A value is *missing* (NaN) from the time on at which the member diverged.
    "1" is the unit of a number without dimension.

    """

  private static let family = PrincipalComponent.familyName + "-K"
  private static let axisName = "projection of the latent state on the K-th principal axis of the memories"

  private static func entry(_ observable: any NamedObservable.Type) -> String {
    var facts: [String] = []
    if !observable.formula.isEmpty { facts.append("Value at t: " + Markdown.code(observable.formula)) }
    facts.append("Unit: " + observable.units)
    let needs = needs(observable.needs)
    if !needs.isEmpty { facts.append("Needs: " + needs.joined(separator: "; ")) }
    if !observable.missing.isEmpty { facts.append("Missing: " + observable.missing) }
    if observable.isIndicator {
      facts.append("Average: a fraction of the members, with Korn and Graubard's interval")
    }
    if observable.name == ConceptLabel.name {
      facts.append(
        "Average: none, because it is a label; members are counted by class (`nearest_concept_count`)")
    }
    if let collective = observable as? any CollectiveObservable.Type {
      facts.append("Average: none, because it is of all members together; " + collective.contents)
    }
    return Markdown.joined(
      ["### `\(observable.name)`", Markdown.sentence(observable.longName), Markdown.list(facts)])
  }

  private static var principalComponents: String {
    Markdown.joined([
      "### `\(family)`",
      Markdown.sentence(axisName) + " K counts from 1: `\(PrincipalComponent.familyName)-1` is the first.",
      Markdown.list(["Value at t: " + Markdown.code(PrincipalComponent.formula), "Unit: 1"]),
    ])
  }

  /// What an observable asks of a scenario, in words.
  static func needs(_ needs: ObservableNeeds) -> [String] {
    var words: [String] = []
    if needs.contains(.trainingItem) {
      words.append("an own training item (`initial.split: train`)")
    } else if needs.contains(.cleanItem) {
      words.append("an own item with a clean picture")
    } else if needs.contains(.ownItem) {
      words.append("an own item (not with `prior`, `latent-box` and files without items or labels)")
    }
    if needs.contains(.classes) {
      words.append("labels, or clusters in their place (`concepts.clusters`)")
    }
    if needs.contains(.superclass) { words.append("a data set with superclasses") }
    if needs.contains(.heldOutItems) { words.append("held-out items") }
    if needs.contains(.posterior) { words.append("a model with a posterior, such as `model.kind: vae`") }
    if needs.contains(.derivative) { words.append("a model with a derivative, such as `model.kind: vae`") }
    return words
  }
}
