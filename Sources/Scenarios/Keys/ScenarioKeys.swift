import Expressions
import Vocabulary

/// The table of a program's scenario keys. It is the only place that lists them, with their types and defaults.
///
/// Kinds of models and of data sets declare keys of their own. Several kinds may declare the same name. If
/// the declarations are alike, there is one key; if their types differ, the chosen kind decides.
public struct ScenarioKeys: Sendable {
  /// Every key, in the order of the table; a section stands before its keys.
  public let all: [ScenarioKey]
  private let byName: [String: [ScenarioKey]]
  private let defaults: [ScenarioKey: ScenarioNode]
  private let opaqueNames: [String]

  /// The keys of all programs, and those that kinds declare.
  init(datasets: [DatasetWord], models: [ModelWord]) {
    all =
      Self.general + Self.dataset(datasets) + Self.model(models) + Self.dynamics + Self.initial + Self.results
    byName = Dictionary(grouping: all, by: \.name)
    defaults = Dictionary(
      all.compactMap { key in
        key.defaultValue.map { (key, ScenarioText.tree(builtIn: $0).withOrigin(.table)) }
      }, uniquingKeysWith: { first, _ in first })
    opaqueNames = all.filter { $0.type.isOpaque }.map(\.name)
  }

  /// The declarations of a dotted name. There are several if kinds give it different types.
  public func declarations(of name: String) -> [ScenarioKey] { byName[name] ?? [] }

  /// The key of a dotted name; if several kinds declare it, that of the first.
  func key(named name: String) -> ScenarioKey? { byName[name]?.first }

  /// The declaration of a dotted name in a scenario. If kinds declare it differently, it is that of the
  /// chosen kind.
  public func declaration(of name: String, in scenario: Scenario) -> ScenarioKey? {
    let declarations = declarations(of: name)
    let kinds = ["dataset.kind": scenario.dataset.kind, "model.kind": scenario.model.kind]
    return declarations.first { key in
      guard let condition = key.condition, let kind = kinds[condition.key] else { return true }
      return condition.values.contains(kind)
    } ?? declarations.first
  }

  /// The section whose kind a key names, such as `model` for `model.kind`; nil for other keys.
  func kindSection(of name: String) -> String? {
    ["dataset", "model"].first { name == $0 + ".kind" }
  }

  /// The default kind of a section.
  func defaultKind(of section: String) -> String { key(named: section + ".kind")?.defaultValue ?? "" }

  /// The default as a tree; nil where there is none.
  func defaultNode(of key: ScenarioKey) -> ScenarioNode? { defaults[key] }

  /// The nearest known key, if there is one near enough to be meant.
  func nearest(to name: String) -> String? {
    let section = name.lastIndex(of: ".").map { String(name[...$0]) } ?? ""
    let last = String(name.dropFirst(section.count))
    let siblings = all.map(\.name).filter { $0.hasPrefix(section) }
    let lastNames = siblings.map { String($0.dropFirst(section.count)) }.filter { !$0.contains(".") }
    if let near = Spelling.nearest(to: last, among: lastNames) { return section + near }
    // The right key in the wrong section.
    if let same = all.first(where: { $0.name.hasSuffix("." + last) }) { return same.name }
    return Spelling.nearest(to: name, among: all.map(\.name))
  }

  /// What to do about a key that does not exist: the nearest one, if any is near enough, and where all are listed.
  func remedy(forUnknown name: String) -> String {
    let list = "'simulate list keys' lists all keys"
    let parts = name.split(separator: ".")
    let above = parts.dropLast().joined(separator: ".")
    if let key = key(named: above), key.type != .section, let last = parts.last {
      return
        "\(above) takes \(key.type.description) as one value: write '\(above)={\(last): ...}' or another of these"
    }
    return nearest(to: name).map { "did you mean '\($0)'? (\(list))" } ?? list
  }

  /// The parts of a dotted key; what follows the name of an opaque mapping, such as `sweep`, is one part.
  func components(of name: String) -> [String] {
    for opaque in opaqueNames where opaque != "claims" && name.hasPrefix(opaque + ".") {
      let inner = String(name.dropFirst(opaque.count + 1))
      return opaque.split(separator: ".").map(String.init) + [inner]
    }
    return name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  /// Whether a dotted name lies within an opaque mapping.
  func isWithinOpaque(_ name: String) -> Bool { opaqueNames.contains { name.hasPrefix($0 + ".") } }

  /// The keys that kinds declare. Declarations that are alike become one key, which applies with each of
  /// these kinds.
  private static func merged(_ declarations: [ScenarioKey]) -> [ScenarioKey] {
    var result: [ScenarioKey] = []
    for key in declarations {
      func isAlike(_ other: ScenarioKey) -> Bool {
        var same = other
        same.condition = key.condition
        return same == key
      }
      if let k = result.firstIndex(where: isAlike) {
        result[k].condition?.values += key.condition?.values ?? []
      } else {
        result.append(key)
      }
    }
    return result
  }
}

extension ScenarioKeys {
  private typealias NumberRange = ScenarioValueType.NumberRange

  private static func key(
    _ name: String, _ type: ScenarioValueType, _ defaultValue: String?, _ meaning: String,
    required: Bool = false, only condition: ScenarioKey.Condition? = nil,
    influence: ScenarioKey.Influence = .numbersAndCost
  ) -> ScenarioKey {
    ScenarioKey(
      name, type, default: defaultValue, meaning, required: required, only: condition, influence: influence)
  }

  private static func section(
    _ name: String, _ meaning: String, only condition: ScenarioKey.Condition? = nil
  ) -> ScenarioKey {
    key(name, .section, nil, meaning, only: condition)
  }

  private static func when(_ key: String, _ values: String...) -> ScenarioKey.Condition {
    ScenarioKey.Condition(key: key, values: values)
  }

  private static let general: [ScenarioKey] = [
    key(
      "name", .name, nil, "what the run is called; names the output file", required: true, influence: .nothing
    ),
    key(
      "description", .text, "\"\"", "one sentence, written to the output as its title", influence: .nothing),
    key("seed", .seed, "20171204", "the seed of all randomness", influence: .numbers),
  ]

  private static func dataset(_ kinds: [DatasetWord]) -> [ScenarioKey] {
    [
      section("dataset", "where the items come from"),
      key("dataset.kind", .word(kinds.map(\.name)), kinds.first?.name, "the kind of data set"),
    ] + merged(kinds.flatMap { kind in kind.keys.map { $0.declared(in: "dataset", by: kind.name) } }) + [
      key(
        "dataset.validation", .number(NumberRange(0, 0.9)), "0",
        "share of each class's training items that is kept out of training and everything else, to watch "
          + "training on"),
      key(
        "dataset.shuffle-labels", .boolean, "false",
        "permute class labels among the items of each split: a control; the trained model is the same",
        influence: .numbers),
    ]
  }

  private static func model(_ kinds: [ModelWord]) -> [ScenarioKey] {
    [
      section("model", "the model whose inference is repeated"),
      key(
        "model.kind", .word(kinds.map(\.name)), kinds.first?.name,
        kinds.map(\.summary).joined(separator: ", or ")),
    ] + merged(kinds.flatMap { kind in kind.keys.map { $0.declared(in: "model", by: kind.name) } }) + [
      key(
        "model.replicas", .integer(1...10_000), "1",
        "how many models there are: replica r is the run with the seed + r, so with patterns, training and noise of its own"
      )
    ]
  }

  private static let dynamics: [ScenarioKey] = {
    let sample = when("dynamics.mode", "sample")
    return [
      section("dynamics", "how inference is repeated"),
      key(
        "dynamics.mode", .word(InferenceMode.Kind.allCases.map(\.rawValue)), "mean",
        "how a state follows from the one before"),
      key(
        "dynamics.steps", .integer(0...1_000_000_000), "20",
        "how many steps are taken; there is one state more"),
      key(
        "dynamics.temperature", .number(NumberRange(0, 1_000_000)), "1",
        "factor of the posterior's standard deviation", only: sample, influence: .numbers),
      key(
        "dynamics.sample-decoder", .boolean, "false", "whether the decoder's output is sampled as well",
        only: sample),
      key(
        "dynamics.precision", .word(Precision.allCases.map(\.rawValue)), "single",
        "precision of the floating-point numbers"),
    ]
  }()

  private static let initial: [ScenarioKey] = {
    let file = when("initial.corruption", "file")
    return [
      section("initial", "where trajectories start"),
      key("initial.corruption", .corruption, "uniform-replacement", "how source items are corrupted"),
      key(
        "initial.levels", .numbers(NumberRange(-1_000_000, 1_000_000), count: 1...1000), "[0]",
        "corruption levels, in any order; the corruption says which make sense"),
      key("initial.items", .items, "all", "source items: all, the first COUNT, or COUNT drawn by the seed"),
      key("initial.split", .word(["train", "test"]), "train", "the training items, or the held-out ones"),
      key("initial.realizations", .integer(1...2_147_483_647), "1", "corruptions per item and level"),
      section("initial.file", "initial states from a file", only: file),
      key(
        "initial.file.path", .path, nil, "NetCDF, .npz, .npy or IDX file", required: true,
        influence: .fileContents),
      key("initial.file.variable", .text, nil, "variable of a NetCDF or .npz file"),
      key(
        "initial.file.labels", .text, nil,
        "class labels: variable of the same file, or a file without variables (.npy, IDX)",
        influence: .fileContents),
      key(
        "initial.file.items", .text, nil,
        "source items, numbered from 0 in `initial.split`: variable of the same file, or a file without variables; in place of labels",
        influence: .fileContents),
    ]
  }()

  private static let results: [ScenarioKey] = {
    let mean = when("dynamics.mode", "mean")
    return [
      key(
        "observables", .observables,
        "[overlap-concept, overlap-memory, distance-concept, distance-nearest-memory, abstraction-level]",
        "what is averaged; by default [step-length, distance-nearest-memory] where members have no own item"),
      key("group-by", .words(["class", "superclass"]), "[]", "averages per group as well"),
      key("split-by", .words(["retention", "end-state"]), "[]", "averages over parts of members as well"),
      key(
        "overlap-origin", .word(["zero", "root"]), "zero", "the origin of overlaps: zero, or the root",
        influence: .numbers
      ),
      section("concepts", "what concepts are, and how far they reach"),
      key(
        "concepts.clusters", .integer(1...10_000), nil,
        "concepts are the centres of so many clusters of the training memories (k-means), not of the data's classes"
      ),
      key(
        "concepts.restarts", .integer(1...1000), "10",
        "starts of k-means, of which the best is kept; only with `concepts.clusters`"),
      key(
        "concepts.radius-quantile", .numberOrNone(NumberRange(0, 1)), "0.95",
        "for `nearest-concept`: the share of a class's training memories within its concept's radius; none: no radius",
        influence: .numbers),
      section("attractors", "the search for attractors; without this key there is none", only: mean),
      key("attractors.items", .items, nil, "initial states of the search; by default as in `initial`"),
      key(
        "attractors.tolerance", .number(NumberRange(0, 1, excludesLower: true)), "1.0e-10",
        "step length below which a trajectory has converged"),
      key("attractors.max-steps", .integer(1...1_000_000_000), "100000", "steps before giving up"),
      key(
        "attractors.max-period", .integer(1...10_000), "8",
        "the longest period of cycles sought at every step; longer ones are found where orbits do not settle"),
      key(
        "attractors.census", .integer(0...100_000), "200",
        "further starts of Newton's method, to find saddles and attractors of small basins"),
      key(
        "attractors.trapping", .boolean, "true",
        "decide a start as soon as it is inside a ball of proven contraction; false: all run to the tolerance"
      ),
      key(
        "attractors.merge-distance", .number(NumberRange(0, 1)), "1.0e-6",
        "sets nearer to each other than this share of the memories' spread are one, unless their stability differs"
      ),
      key(
        "attractors.near-quantile", .number(NumberRange(0, 1)), "0.05",
        "an attractor is near to a concept or the root within this quantile of its items' distances"),
      key(
        "attractors.class-quantile", .number(NumberRange(0, 1)), "0.95",
        "an attractor has its nearest concept's class within this quantile of the distances of the class's items"
      ),
      key(
        "attractors.held-out-quantile", .number(NumberRange(0, 1)), "0.95",
        "an attractor generalizes within this quantile of held-out items' distances to the nearest training memory"
      ),
      key(
        "attractors.item-radius", .number(NumberRange(0, 10)), "0.01",
        "an item is itself at an attractor, or is recalled, within this share of the memories' spread"),
      section("attractors.until", "stop once basin fractions are known well enough"),
      key(
        "attractors.until.half-width", .number(NumberRange(0, 1, excludesLower: true)), nil,
        "half the width of the confidence intervals", required: true),
      key(
        "attractors.until.at-most", .integer(1...4_294_967_295), nil, "initial states at most",
        required: true),
      section("output", "what is written"),
      key(
        "output.file", .path, nil, "NetCDF file; by default NAME.nc beside the scenario file",
        influence: .nothing),
      key("output.members", .boolean, "false", "write each member's observables"),
      key("output.latents", .boolean, "false", "write each member's latent states; needs `members: true`"),
      key(
        "output.initial-states", .boolean, "false",
        "write each member's initial state, x(0) or z(0); needs `members: true`"),
      section("output.films", "pictures of a few members along their paths; without this key there are none"),
      key(
        "output.films.items", .integer(1...1000), "4",
        "source items, evenly chosen from those of the run; their first realization"),
      key(
        "output.films.times", .integers(0...1_000_000_000, count: 1...1000), nil,
        "ascending; by default 0, 1, 2, 5, 10, 20, 50, ... and the last"),
      key(
        "controls", .words(Control.allCases.map(\.rawValue)), "[]",
        "runs to compare with: the same scenario with another model or other labels (`untrained`, "
          + "`autoencoder`, `shuffled-labels`, `linear`), and other readings of the same run (`sibling`, "
          + "`chord`, `data-space`); claims are judged against them"),
      key("claims", .claims, nil, "what the run is to test: a mapping from names to claims"),
      key("sweep", .sweep, nil, "one run per value, or combination of values; numbers are sorted"),
    ]
  }()
}
