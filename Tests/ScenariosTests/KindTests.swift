import Kinds
import Scenarios
import Testing

/// Kinds of another package: keys of all types, sections, keys that several kinds declare, keys that stand alone.
@Suite struct KindTests {
  private static let traits = ModelTraits(
    modes: [.mean, .clamped], hasPosterior: true, jacobian: .available, isTrainedHere: false)

  private static let width = ScenarioKey("width", .integer(1...9), default: "3", "how wide")
  private static let alone = ScenarioKey(
    "file", .path, "a file", influence: .fileContents, exclusive: true)

  private static let vocabulary = ScenarioVocabulary(
    observables: ScenariosTests.vocabulary.observables, corruptions: ScenariosTests.vocabulary.corruptions,
    datasets: ScenariosTests.vocabulary.datasets,
    models: [
      ModelWord(name: "plain", summary: "plain", keys: [alone, width], traits: { _ in traits }),
      ModelWord(
        name: "rich", summary: "rich",
        keys: [
          alone, ScenarioKey("width", .word(["narrow", "a: b"]), default: "narrow", "how wide"),
          ScenarioKey("title", .text, "a title"),
          ScenarioKey("scale", .numbers(.init(0, 1), count: 1...3), default: "[0.5]", "scales"),
          ScenarioKey("noise", .section, "what is added"),
          ScenarioKey("noise.amount", .number(.init(0, 1)), "how much", required: true),
          ScenarioKey("noise.kind", .word(["grey", "white"]), default: "grey", "which"),
          ScenarioKey("weights", .path, "a file", influence: .fileContents),
        ], traits: { _ in traits },
        check: { scenario in
          guard scenario.model.contains("weights"), scenario.model.contains("title") else { return }
          throw KindRefusal(key: "model.title", expected: "no title beside weights", remedy: "leave it out")
        }),
      ModelWord(
        name: "own", summary: "own file",
        keys: [
          ScenarioKey("file", .text, "a text"), ScenarioKey("network", .path, "a file", exclusive: true),
        ],
        traits: { _ in traits }),
    ])

  private func parse(_ text: String, overrides: [String] = []) throws -> Scenario {
    try ScenarioLoader.parse(
      text: text, path: "/s/a.yaml", overrides: overrides, vocabulary: Self.vocabulary)
  }

  private func refusal(_ text: String, overrides: [String] = []) -> String {
    let error = #expect(throws: ScenarioError.self) { try parse(text, overrides: overrides) }
    return error?.description ?? ""
  }

  @Test(arguments: [
    "name: a\nmodel: {width: 5}",
    "name: a\nmodel: {kind: rich}",
    "name: a\nmodel: {kind: rich, width: 'a: b', title: \"yes: #\", scale: [0, 1], noise: {amount: 0.5}}",
    "name: a\nmodel: {kind: rich, noise: {amount: 0.5, kind: white}, weights: w}",
    "name: a\nmodel: {file: f}",
    "name: a\nmodel: {kind: rich, file: f}",
    "name: a\nmodel: {kind: own, file: f}",
    "name: a\nmodel: {kind: own, network: f}",
    "name: a\nmodel: {network: f}",
    "name: a\nsweep: {model.kind: [plain, own], dynamics.steps: [1, 2]}",
    "name: a\ndataset: {kind: fashion-mnist}\nsweep: {dataset.superclasses: [{a: [0, 1]}, {b: [2]}]}",
  ])
  func resolvedScenariosReadTheSame(_ text: String) throws {
    let scenario = try parse(text)
    let again = try parse(scenario.resolvedYAML)
    #expect(again.resolvedYAML == scenario.resolvedYAML)
    #expect(again.model == scenario.model && again.sweep == scenario.sweep)
    for point in try ScenarioLoader.points(of: scenario, vocabulary: Self.vocabulary) {
      #expect(try parse(point.resolvedYAML).model == point.model)
    }
  }

  @Test func theChosenKindDecidesTheTypeOfAKey() throws {
    #expect(try parse("name: a\nmodel: {width: 5}").model.integer("width") == 5)
    #expect(try parse("name: a\nmodel: {kind: rich}").model["width"] == .word("narrow"))
    #expect(refusal("name: a\nmodel: {kind: rich, width: 5}").contains("narrow or a: b"))
    let keys = Self.vocabulary.keys
    let rich = try parse("name: a\nmodel: {kind: rich}")
    #expect(keys.declaration(of: "model.width", in: rich)?.type == .word(["narrow", "a: b"]))
  }

  @Test func aKeyThatStandsAloneTellsTheKind() throws {
    #expect(try parse("name: a\nmodel: {file: f}").model.kind == "plain")
    #expect(try parse("name: a\nmodel: {network: f}").model.kind == "own")
    let rich = try parse("name: a\nmodel: {kind: rich, file: f}")
    #expect(rich.model.kind == "rich" && rich.model.isExclusive && rich.model.inputPaths == ["/s/f"])
    #expect(try !parse("name: a\nmodel: {kind: own, file: f}").model.isExclusive)
    #expect(refusal("name: a\nmodel: {kind: plain, file: f}").contains("model.kind: not allowed beside"))
    #expect(refusal("name: a\nmodel: {kind: rich, file: f, title: t}").contains("model.title: not allowed"))
    let other = try parse("name: a\nmodel: {kind: own, network: f}", overrides: ["model.file=null"])
    #expect(other.model.kind == "own")
  }

  /// A kind without that key, named in the file, gives way to the command line.
  @Test func aFileOfTheCommandLineReplacesTheKind() throws {
    let scenario = try ScenarioLoader.parse(
      text: "name: a\nmodel: {kind: hopfield}", path: "/s/a.yaml", overrides: ["model.file=/m"],
      vocabulary: ScenariosTests.vocabulary)
    #expect(scenario.model.kind == "vae" && scenario.model.path("file") == "/m")
    #expect(scenario.keysLeftOut == ["model.kind"])
    let swept = try ScenarioLoader.parse(
      text: "name: a\nmodel: {kind: hopfield}\nsweep: {model.file: [a, b]}", path: "/s/a.yaml",
      vocabulary: ScenariosTests.vocabulary)
    let points = try ScenarioLoader.points(of: swept, vocabulary: ScenariosTests.vocabulary)
    #expect(points.map { $0.model.path("file") } == ["/s/a", "/s/b"])
  }

  @Test func whatASectionRequiresIsRequiredInIt() throws {
    #expect(try !parse("name: a\nmodel: {kind: rich}").model.contains("noise.amount"))
    #expect(refusal("name: a\nmodel: {kind: rich, noise: {kind: white}}").contains("noise.amount: missing"))
    let text = refusal("name: a\nmodel: {kind: rich, title: t, weights: w}")
    #expect(text.hasPrefix("/s/a.yaml:2:28: model.title: t: expected no title beside weights"), "\(text)")
  }

  @Test func kindsCanBeMadeWithoutAScenario() {
    let values = KindValues(kind: "plain", keys: [Self.width, Self.alone], values: ["width": .integer(4)])
    #expect(values.integer("width") == 4 && !values.contains("file") && !values.isExclusive)
  }
}
