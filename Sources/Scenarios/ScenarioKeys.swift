/// The table of all scenario keys: the only place that says which there are, what they take and by default.
public enum ScenarioKeys {
  /// Every key, in the order of the resolved scenario; a section stands before its keys.
  public static let all: [ScenarioKey] = general + dataset + model + dynamics + initial + results

  /// The key of a dotted name.
  public static func key(named name: String) -> ScenarioKey? { byName[name] }

  /// The table as GitHub-flavoured Markdown, for the README.
  public static var markdownTable: String {
    var lines = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for key in all where key.type != .section || ["attractors", "output.films"].contains(key.name) {
      let fallback = key.defaultValue.map { "`\($0)`" } ?? (key.isRequired ? "required" : "none")
      let applies = key.condition ?? byName[key.section]?.condition
      let condition = applies.map { " (only with `\($0.description)`)" } ?? ""
      let cells = ["`\(key.name)`", key.type.description, fallback, key.meaning + condition]
      lines.append("| " + cells.map(escaped).joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// The nearest known key, if there is one near enough to be meant.
  static func nearest(to name: String) -> String? {
    let section = name.lastIndex(of: ".").map { String(name[...$0]) } ?? ""
    let last = String(name.dropFirst(section.count))
    let siblings = all.map(\.name).filter { $0.hasPrefix(section) }
    let lastNames = siblings.map { String($0.dropFirst(section.count)) }.filter { !$0.contains(".") }
    if let near = Spelling.nearest(to: last, among: lastNames) { return section + near }
    // The right key in the wrong section.
    if let same = all.first(where: { $0.name.hasSuffix("." + last) }) { return same.name }
    return Spelling.nearest(to: name, among: all.map(\.name))
  }

  /// The parts of a dotted key; what follows `sweep` or `dataset.superclasses` is one part.
  static func components(of name: String) -> [String] {
    for opaque in ["sweep", "dataset.superclasses"] where name.hasPrefix(opaque + ".") {
      let inner = String(name.dropFirst(opaque.count + 1))
      return opaque.split(separator: ".").map(String.init) + [inner]
    }
    return name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  private static func escaped(_ cell: String) -> String {
    String(cell.flatMap { $0 == "|" ? ["\\", $0] : [$0] })
  }
}

extension ScenarioKeys {
  private typealias NumberRange = ScenarioValueType.NumberRange
  private static let size = ScenarioValueType.integer(1...100_000)

  private static func key(
    _ name: String, _ type: ScenarioValueType, _ defaultValue: String?, _ meaning: String,
    required: Bool = false, only condition: ScenarioKey.Condition? = nil
  ) -> ScenarioKey {
    ScenarioKey(
      name: name, type: type, defaultValue: defaultValue, isRequired: required, meaning: meaning,
      condition: condition)
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
    key("name", .name, nil, "what the run is called; names the output file", required: true),
    key("description", .text, "\"\"", "one sentence, written to the output as its title"),
    key("seed", .seed, "20171204", "the seed of all randomness"),
  ]

  private static let dataset: [ScenarioKey] = {
    let patterns = when("dataset.kind", "hierarchical-patterns")
    let idx = when("dataset.kind", "idx")
    let fashion = when("dataset.kind", "fashion-mnist")
    let files = when("dataset.kind", "idx", "fashion-mnist")
    return [
      section("dataset", "where the items come from"),
      key(
        "dataset.kind", .word(["hierarchical-patterns", "idx", "fashion-mnist"]), "hierarchical-patterns",
        "the kind of data set"),
      key("dataset.dimension", size, "784", "components of an item, D", only: patterns),
      key(
        "dataset.superclasses", .superclasses, "4",
        "how many superclasses; with `idx` and `fashion-mnist` instead a mapping NAME: [labels], by default "
          + "none"),
      key("dataset.classes", .integer(1...1000), "3", "classes per superclass", only: patterns),
      key("dataset.memories", .integer(1...1_000_000), "80", "training items per class", only: patterns),
      key("dataset.test", .integer(0...1_000_000), "20", "held-out items per class", only: patterns),
      key(
        "dataset.correlation", .numbers(NumberRange(0, 1), count: 2...2), "[0.6, 0.8]",
        "correlation of superclass and class, of class and memory", only: patterns),
      key("dataset.train-images", .path, nil, "IDX file", required: true, only: idx),
      key("dataset.train-labels", .path, nil, "IDX file", required: true, only: idx),
      key("dataset.test-images", .path, nil, "IDX file", required: true, only: idx),
      key("dataset.test-labels", .path, nil, "IDX file", required: true, only: idx),
      key(
        "dataset.train-items", .integer(1...1_000_000_000), nil,
        "training items per class, the files' first ones; by default all", only: files),
      key(
        "dataset.test-items", .integer(1...1_000_000_000), nil,
        "held-out items per class, the files' first ones; by default all", only: files),
      key(
        "dataset.directory", .path, "/usr/share/datasets/fashion-mnist",
        "folder of the four files; the default is where Debian's dataset-fashion-mnist puts them",
        only: fashion),
      key(
        "dataset.validation", .number(NumberRange(0, 0.9)), "0",
        "share of each class's training items that is kept out of training and everything else, to watch "
          + "training on"),
      key(
        "dataset.shuffle-labels", .boolean, "false",
        "permute class labels among the items of each split: a control; the trained model is the same"),
    ]
  }()

  private static let model: [ScenarioKey] = {
    let vae = when("model.kind", "vae")
    return [
      section("model", "the model whose inference is repeated"),
      key("model.file", .path, nil, "a trained model (safetensors); excludes the other keys of `model`"),
      key(
        "model.kind", .word(["vae", "hopfield"]), "vae",
        "variational autoencoder, or Hopfield network of the training items"),
      key("model.latent", size, "20", "latent variables, N", only: vae),
      key(
        "model.hidden", .integers(1...100_000, count: 0...100), "[500, 500]",
        "encoder widths, mirrored by the decoder; [] is a linear model", only: vae),
      key(
        "model.activation", .word(["tanh", "relu", "gelu", "softplus"]), "tanh", "of the hidden layers",
        only: vae),
      key("model.likelihood", .word(["bernoulli", "gaussian"]), "bernoulli", "of the decoder", only: vae),
      section("model.training", "how the model is trained", only: vae),
      key(
        "model.training.epochs", .integer(0...1_000_000), "150",
        "passes over the training items; 0 leaves the network untrained"),
      key("model.training.batch", .integer(1...1_000_000), "50", "items per gradient step"),
      key(
        "model.training.learning-rate", .number(NumberRange(0, 1000, excludesLower: true)), "0.001",
        "of the Adam optimizer"),
      key(
        "model.training.beta", .number(NumberRange(0, 1_000_000)), "1", "weight of the Kullback-Leibler term"),
      key(
        "model.training.patience", .integer(0...1_000_000), "0",
        "epochs without a lower negative ELBO of the validation items (`dataset.validation`) after which "
          + "training ends with the best epoch's model; 0: all epochs, the last one's model"),
      key(
        "model.replicas", .integer(1...10_000), "1",
        "models of one kind: replica r is the run with the seed + r (data of patterns, training, corruption)"),
    ]
  }()

  private static let dynamics: [ScenarioKey] = {
    let sample = when("dynamics.mode", "sample")
    return [
      section("dynamics", "how inference is repeated"),
      key(
        "dynamics.mode", .word(["mean", "sample", "clamped"]), "mean", "how a state follows from the last"),
      key("dynamics.steps", .integer(0...1_000_000_000), "20", "steps; there is one state more"),
      key(
        "dynamics.temperature", .number(NumberRange(0, 1_000_000)), "1",
        "factor of the posterior's standard deviation", only: sample),
      key(
        "dynamics.sample-decoder", .boolean, "false", "whether the decoder's output is sampled as well",
        only: sample),
      key("dynamics.precision", .word(["single", "double"]), "single", "of the floating-point numbers"),
    ]
  }()

  private static let initial: [ScenarioKey] = {
    let file = when("initial.corruption", "file")
    return [
      section("initial", "where trajectories start"),
      key("initial.corruption", .corruption, "uniform-replacement", "how source items are corrupted"),
      key(
        "initial.levels", .numbers(NumberRange(-1_000_000, 1_000_000), count: 1...1000), "[0]",
        "corruption levels; the corruption says which make sense"),
      key("initial.items", .items, "all", "source items: all, the first COUNT, or COUNT drawn by the seed"),
      key("initial.split", .word(["train", "test"]), "train", "the items of training, or the held-out ones"),
      key("initial.realizations", .integer(1...2_147_483_647), "1", "corruptions per item and level"),
      section("initial.file", "initial states from a file", only: file),
      key("initial.file.path", .path, nil, "NetCDF or IDX file", required: true),
      key("initial.file.variable", .text, nil, "variable of a NetCDF file"),
      key("initial.file.labels", .text, nil, "class labels: variable of the NetCDF file, or IDX file"),
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
      key("split-by", .words(["retention"]), "[]", "averages over retained and lost members as well"),
      key("overlap-origin", .word(["zero", "root"]), "zero", "where overlaps are seen from"),
      section("attractors", "search for attractors; left out: none", only: mean),
      key("attractors.items", .items, nil, "initial states of the search; by default as in `initial`"),
      key(
        "attractors.tolerance", .number(NumberRange(0, 1, excludesLower: true)), "1.0e-10",
        "step length below which a trajectory has converged"),
      key("attractors.max-steps", .integer(1...1_000_000_000), "100000", "steps before giving up"),
      key("attractors.max-period", .integer(1...10_000), "8", "longest cycle looked for"),
      key(
        "attractors.census", .integer(0...100_000), "200",
        "starts of Newton's method beyond trajectories: saddles, small basins"),
      key(
        "attractors.trapping", .boolean, "true",
        "decide starts inside balls of proven contraction at once; false: all run to the tolerance"),
      section("attractors.until", "stop once basin fractions are known well enough"),
      key(
        "attractors.until.half-width", .number(NumberRange(0, 1, excludesLower: true)), nil,
        "half the width of the confidence intervals", required: true),
      key(
        "attractors.until.at-most", .integer(1...4_294_967_295), nil, "initial states at most",
        required: true),
      section("output", "what is written"),
      key("output.file", .path, nil, "NetCDF file; by default NAME.nc beside the scenario file"),
      key("output.members", .boolean, "false", "write each member's observables"),
      key("output.latents", .boolean, "false", "write each member's latent states; needs `members: true`"),
      section("output.films", "pictures of a few members along their paths; left out: none"),
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
      key("sweep", .sweep, nil, "one run per value, or combination of values"),
    ]
  }()
}

/// Guesses which word was meant.
enum Spelling {
  /// The candidate nearest in edit distance (transpositions count once), if it is near enough.
  static func nearest(to word: String, among candidates: [String]) -> String? {
    guard word.unicodeScalars.count <= 100 else { return nil }
    let limit = max(1, min(4, word.count / 3))
    let ranked = candidates.map { (candidate: $0, distance: distance(word.lowercased(), $0)) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= limit else { return nil }
    return best.candidate
  }

  /// The optimal string alignment distance of two words.
  static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.unicodeScalars), Array(second.unicodeScalars))
    var before = [Int]()
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
        row.append(best)
      }
      (before, last) = (last, row)
    }
    return last[b.count]
  }
}
