import Vocabulary
/// Loads scenario files: YAML text, command-line overrides and defaults become one validated `Scenario`.
///
/// The first problem is thrown as a `ScenarioError`. Relative paths start from the scenario file's folder,
/// those of overrides from the working directory.
public struct ScenarioLoader {
  /// Loads a scenario file.
  ///
  /// - Parameters:
  ///   - path: The file, at most 1 MiB of UTF-8 text.
  ///   - overrides: `KEY=VALUE` each, in the order of the command line (later ones win): a dotted key and a
  ///     value as YAML text, where `null` takes a key or section back to its default. Where an override
  ///     replaces the kind of something (`model.file`, `dataset.kind`, `dynamics.mode`,
  ///     `initial.corruption`), keys of the file that only the former kind had are left out
  ///     (`Scenario.keysLeftOut`).
  ///   - seed: Replaces the scenario's seed.
  ///   - vocabulary: The known words: observables, corruptions, kinds of models and data sets.
  /// - Throws: `ScenarioError`.
  public static func load(
    path: String, overrides: [String] = [], seed: UInt64? = nil, vocabulary: ScenarioVocabulary
  ) throws -> Scenario {
    let text = try ScenarioFile.text(path: path)
    return try parse(text: text, path: path, overrides: overrides, seed: seed, vocabulary: vocabulary)
  }

  /// Loads a scenario from its text.
  ///
  /// - Parameters:
  ///   - text: The YAML text.
  ///   - path: Where the text comes from, for messages and relative paths.
  ///   - overrides: As for `load`.
  ///   - seed: As for `load`.
  ///   - vocabulary: As for `load`.
  /// - Throws: `ScenarioError`.
  public static func parse(
    text: String, path: String, overrides: [String] = [], seed: UInt64? = nil, vocabulary: ScenarioVocabulary
  ) throws -> Scenario {
    var tree = try ScenarioText.tree(text: text, path: path)
    let checks = ScenarioTree(path: path, vocabulary: vocabulary)
    try checks.check(tree)
    for override in overrides { try checks.apply(override, to: &tree) }
    try checks.check(tree)
    if let seed {
      let origin = ScenarioNode.Origin.override("--seed \(seed)")
      _ = tree.set(["seed"], to: .plain("\(seed)", origin), keyOrigin: origin)
    }
    var (scenario, effective) = try read(tree, path: path, vocabulary: vocabulary)
    let sweep = try ScenarioSweep(effective, scenario: scenario, vocabulary: vocabulary)
    scenario.sweep = sweep.keys
    for index in 0..<sweep.count { _ = try sweep.point(index) }
    checks.collectPlaces(tree, into: &scenario)
    scenario.keysLeftOut = checks.keys(of: tree).subtracting(checks.keys(of: effective)).sorted()
    scenario.resolvedYAML = ScenarioYAML.document(scenario)
    return scenario
  }

  /// The scenarios of a sweep, one for each combination of values; the last swept key varies fastest.
  ///
  /// Without a sweep there is one, the scenario itself. Each has an empty `sweep`, its own resolved YAML, and
  /// the places of the whole scenario's keys.
  public static func points(of scenario: Scenario, vocabulary: ScenarioVocabulary) throws -> [Scenario] {
    let tree = try ScenarioText.tree(text: scenario.resolvedYAML, path: scenario.path)
    let (base, effective) = try read(tree, path: scenario.path, vocabulary: vocabulary)
    let sweep = try ScenarioSweep(effective, scenario: base, vocabulary: vocabulary)
    return try (0..<sweep.count).map { index in
      var point = try sweep.point(index)
      point.locations = scenario.locations
      point.overriddenKeys = scenario.overriddenKeys
      point.resolvedYAML = ScenarioYAML.document(point)
      return point
    }
  }

  /// Reads everything except the sweep. Also returns the tree without the keys that overrides made pointless.
  static func read(
    _ tree: ScenarioNode, path: String, vocabulary: ScenarioVocabulary, sweptKeys: Set<String> = [],
    sweepPoint: String = ""
  ) throws -> (Scenario, ScenarioNode) {
    let whole = ScenarioReader(path: path, tree: tree, vocabulary: vocabulary, sweepPoint: sweepPoint)
    let name = try whole.name()
    for selector in ["dataset.kind", "model.kind", "dynamics.mode"] { _ = try whole.word(selector) }
    let corruption = try whole.corruption()
    let effective = try whole.applicableTree(sweptKeys: sweptKeys)
    let reader = ScenarioReader(
      path: path, tree: effective, vocabulary: vocabulary, sweepPoint: sweepPoint)
    let scenario = try reader.scenario(name: name, corruption: corruption)
    try reader.check(scenario, corruption)
    return (scenario, effective)
  }
}
