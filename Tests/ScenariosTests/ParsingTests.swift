import Foundation
import Scenarios
import Testing

@Suite struct ParsingTests {
  private func expectDefaultPatterns(_ dataset: KindValues) {
    #expect(dataset.kind == "hierarchical-patterns")
    #expect(
      ["dimension", "superclasses", "classes", "memories", "test"].map(dataset.integer) == [
        784, 4, 3, 80, 20,
      ])
    #expect(dataset.numbers("correlation") == [0.6, 0.8])
  }

  private func expectTrainedModel(_ scenario: Scenario, latent: Int) {
    let model = scenario.model
    #expect(model.kind == "vae" && !model.isExclusive && scenario.replicas == 1)
    #expect(model.integer("latent") == latent && model.integers("hidden") == [500, 500])
    #expect(model["activation"] == .word("tanh") && model["likelihood"] == .choice("bernoulli", .none))
    #expect(["training.epochs", "training.batch", "training.patience"].map(model.integer) == [150, 50, 0])
    #expect(model.number("training.learning-rate") == 0.001 && model.number("training.beta") == 1)
  }

  private func expectInstalledFashion(_ dataset: KindValues) {
    #expect(dataset.kind == "fashion-mnist")
    #expect(dataset.path("directory") == "/usr/share/datasets/fashion-mnist")
    #expect(dataset.labelGroups("superclasses").isEmpty)
  }

  @Test func theWholeExampleHasItsValues() throws {
    let scenario = try parse(wholeExample)
    #expect(scenario.path == "/scenarios/a.yaml")
    #expect(scenario.name == "concept-then-memory")
    #expect(scenario.description == "one sentence")
    #expect(scenario.seed == 20_171_204)
    expectDefaultPatterns(scenario.dataset)
    expectTrainedModel(scenario, latent: 100)
    #expect(scenario.dynamics == .init(mode: .mean, steps: 20, precision: .single))
    #expect(
      scenario.initial
        == .init(
          corruption: "uniform-replacement", levels: [0, 0.2, 0.4, 0.6, 0.8, 0.9], items: .all, split: .train,
          realizations: 1))
    #expect(
      scenario.observables == [
        "overlap-concept", "overlap-memory", "distance-concept", "distance-nearest-memory",
        "abstraction-level",
      ])
    #expect(scenario.groupBy == [.class])
    #expect(scenario.splitBy == [])
    #expect(scenario.overlapOrigin == .zero)
    #expect(
      scenario.attractors
        == .init(
          items: .first(900), tolerance: 1e-10, maxSteps: 100_000, maxPeriod: 8, census: 200,
          trapping: true, mergeDistance: 1e-6, until: nil))
    #expect(
      scenario.output == .init(file: "/scenarios/concept-then-memory.nc", members: false, latents: false))
    #expect(scenario.sweep == [SweptKey(key: "model.latent", values: ["5", "20", "100"])])
    #expect(scenario.locations["model.training.batch"] == .init(line: 18, column: 27))
    #expect(scenario.locations["sweep.model.latent"] == .init(line: 27, column: 9))
  }

  @Test func nameAloneIsAScenario() throws {
    let scenario = try parse("name: a")
    expectDefaultPatterns(scenario.dataset)
    expectTrainedModel(scenario, latent: 20)
    #expect(scenario.description == "" && scenario.seed == 20_171_204)
    #expect(scenario.initial.levels == [0] && scenario.initial.corruption == "uniform-replacement")
    #expect(scenario.attractors == nil && scenario.sweep.isEmpty)
    #expect(scenario.output.file == "/scenarios/a.nc")
  }

  @Test func otherKindsAreRead() throws {
    let idx = try parse(
      """
      name: b
      dataset:
        kind: idx
        train-images: data/a
        train-labels: ../b
        test-images: /abs/./c
        test-labels: d
        superclasses: {tops: [0, 2, 4, 6], shoes: [5, 7, 9]}
      model: {kind: hopfield}
      """)
    #expect(idx.dataset.kind == "idx")
    #expect(
      ["train-images", "train-labels", "test-images", "test-labels"].map(idx.dataset.path) == [
        "/scenarios/data/a", "/b", "/abs/c", "/scenarios/d",
      ])
    #expect(
      idx.dataset.labelGroups("superclasses") == [
        LabelGroup(name: "tops", labels: [0, 2, 4, 6]), LabelGroup(name: "shoes", labels: [5, 7, 9]),
      ])
    #expect(idx.model.kind == "hopfield" && idx.replicas == 1)
    let fashion = try parse("name: c\ndataset: {kind: fashion-mnist}\nmodel: {file: m.safetensors}")
    expectInstalledFashion(fashion.dataset)
    #expect(fashion.model.isExclusive && fashion.model.path("file") == "/scenarios/m.safetensors")
  }

  @Test func labelsOfAFileDecideOnTheObservables() throws {
    let unlabelled = try parse("name: a\ninitial: {corruption: file, file: {path: s.nc, variable: x}}")
    #expect(unlabelled.initial.file == .init(path: "/scenarios/s.nc", variable: "x"))
    #expect(unlabelled.observables == ["step-length", "distance-nearest-memory"])
    let labelled = try parse(
      "name: a\ninitial: {corruption: file, file: {path: s.nc, variable: x, labels: y}}")
    #expect(labelled.initial.file?.labels == "y")
    #expect(labelled.observables.contains("overlap-concept"))
    let idx = try parse("name: a\ninitial: {corruption: file, file: {path: s, labels: l}}")
    #expect(idx.initial.file == .init(path: "/scenarios/s", variable: nil, labels: "/scenarios/l"))
  }

  @Test(arguments: ["prior", "latent-box"])
  func statesWithoutItemsHaveObservablesThatNeedNone(_ corruption: String) throws {
    let scenario = try parse("name: a\ninitial: {corruption: \(corruption)}")
    #expect(scenario.observables == ["step-length", "distance-nearest-memory"])
  }

  @Test(arguments: [
    ("all", InitialSpecification.Items.all), ("7", .first(7)), ("{random: 9}", .random(9)),
    ("1e2", .first(100)),
  ])
  func itemsAreAllACountOrRandom(_ text: String, _ items: InitialSpecification.Items) throws {
    #expect(try parse("name: a\ninitial: {items: \(text)}").initial.items == items)
    #expect(try parse("name: a\nattractors: {items: \(text)}").attractors?.items == items)
  }

  @Test func singleWordsServeAsLists() throws {
    let scenario = try parse("name: a\ngroup-by: superclass\nsplit-by: retention")
    #expect(scenario.groupBy == [.superclass] && scenario.splitBy == [.retention])
    #expect(try parse("name: a\ngroup-by: []").groupBy == [])
  }

  @Test(arguments: [
    ("seed: 1e3", 1000 as UInt64), ("seed: 18446744073709551615", .max), ("seed: 0", 0), ("seed: +5", 5),
    ("seed: 12.0", 12),
  ])
  func seedsAreWholeNumbersHoweverWritten(_ line: String, _ seed: UInt64) throws {
    #expect(try parse("name: a\n\(line)").seed == seed)
  }

  @Test func otherValuesAreRead() throws {
    let scenario = try parse(
      """
      name: "off"
      description: "yes: \\u00e9"
      dynamics: {mode: sample, temperature: 0.5, sample-decoder: True, precision: double, steps: 1e2}
      observables: [principal-component-3, step-length]
      overlap-origin: root
      output: {members: true, latents: true}
      model: {hidden: [], replicas: 3}
      initial: {levels: [-0.0, .5, 1.]}
      """)
    #expect(scenario.name == "off" && scenario.description == "yes: é")
    #expect(
      scenario.dynamics
        == .init(mode: .sample(temperature: 0.5, decoder: true), steps: 100, precision: .double))
    #expect(scenario.overlapOrigin == .root && scenario.output.latents)
    #expect(scenario.initial.levels == [0, 0.5, 1])
    #expect(scenario.initial.levels[0].sign == .plus)
    let until = try parse("name: a\nattractors: {until: {half-width: 0.01, at-most: 5000}}").attractors?.until
    #expect(until == .init(halfWidth: 0.01, atMost: 5000))
  }

  @Test func byteOrderMarksAndWindowsLineEndsAreRead() throws {
    #expect(try parse("\u{FEFF}name: a\r\nseed: 3\r\n").seed == 3)
    #expect(failure("\u{FEFF}name: a\r\nseeed: 3\r\n")?.line == 2)
  }

  @Test func pathsAreAbsolute() throws {
    let folder = FileManager.default.currentDirectoryPath
    let scenario = try ScenarioLoader.parse(text: "name: a", path: "b.yaml", vocabulary: vocabulary)
    #expect(scenario.output.file == "\(folder)/a.nc")
    let below = try ScenarioLoader.parse(text: "name: a", path: "c/../d/b.yaml", vocabulary: vocabulary)
    #expect(below.output.file == "\(folder)/d/a.nc")
  }

  // MARK: - Overrides

  @Test func overridesReplaceValues() throws {
    let scenario = try parse(
      wholeExample,
      overrides: [
        "initial.levels=[0,0.5]", "dynamics.steps=7", "dynamics.steps=8", "sweep=null", "attractors=~",
      ])
    #expect(scenario.initial.levels == [0, 0.5] && scenario.dynamics.steps == 8)
    #expect(scenario.sweep.isEmpty && scenario.attractors == nil)
    #expect(scenario.overriddenKeys["dynamics.steps"] == "--set dynamics.steps=8")
    #expect(scenario.locations["dynamics.steps"] == nil)
    #expect(
      try parse("name: a", overrides: ["model={latent: 3}"]).model
        == parse("name: a\nmodel: {latent: 3}").model)
    #expect(try parse(wholeExample, overrides: ["sweep.model.latent=[7]"]).sweep[0].values == ["7"])
  }

  @Test func seedParameterWins() throws {
    #expect(try parse("name: a\nseed: 5", overrides: ["seed=6"], seed: 7).seed == 7)
  }

  @Test func overriddenPathsAreRelativeToTheWorkingDirectory() throws {
    let folder = FileManager.default.currentDirectoryPath
    let scenario = try parse("name: a", overrides: ["output.file=b.nc"])
    #expect(scenario.output.file == "\(folder)/b.nc")
  }

  @Test func overridesOfKindsReplaceWhatBelongsToTheFormerKind() throws {
    let filed = try parse(wholeExample, overrides: ["model.file=/m", "sweep=null"])
    #expect(filed.model.isExclusive && filed.model.path("file") == "/m")
    #expect(
      filed.keysLeftOut == [
        "model.activation", "model.hidden", "model.latent", "model.likelihood", "model.training.batch",
        "model.training.beta", "model.training.epochs", "model.training.learning-rate",
      ])
    let fashion = try parse(wholeExample, overrides: ["dataset.kind=fashion-mnist"])
    #expect(fashion.keysLeftOut.contains("dataset.superclasses"))
    #expect(try parse(wholeExample, overrides: ["dynamics.steps=3", "sweep=null"]).keysLeftOut.isEmpty)
    expectInstalledFashion(fashion.dataset)
    let mean = try parse(
      "name: a\ndynamics: {mode: sample, temperature: 2}", overrides: ["dynamics.mode=mean"])
    #expect(mean.dynamics.mode == .mean)
    #expect(mean.keysLeftOut == ["dynamics.temperature"])
  }

  /// Found by `make fuzz`: the swept values were dropped from all runs, and the resolved scenario did not read back.
  @Test(arguments: [
    ("model.file=/m", "model.latent", "model: {latent: 7}\nsweep: {model.latent: [5, 6]}"),
    ("model.file=/m", "model.training", "seed: 7\nsweep: {model.training.beta: [0, 1]}"),
    ("model.kind=hopfield", "model.latent", "seed: 7\nsweep: {model.latent: [5, 6]}"),
    (
      "dynamics.mode=mean", "dynamics.temperature",
      "dynamics: {mode: sample}\nsweep: {dynamics.temperature: [1, 2]}"
    ),
    ("dataset.kind=fashion-mnist", "dataset.superclasses", "seed: 7\nsweep: {dataset.superclasses: [2, 3]}"),
  ])
  func overridesOfKindsDoNotReplaceWhatIsSwept(override: String, key: String, lines: String) throws {
    #expect(try parse("name: a\n" + lines).sweep.count == 1)
    let error = try #require(failure("name: a\n" + lines, overrides: [override]))
    #expect(error.key == key && error.line == 3, "\(error)")
    #expect(error.description.contains("add --set sweep=null") || key == "dataset.superclasses", "\(error)")
    #expect(try parse("name: a\n" + lines, overrides: [override, "sweep=null"]).sweep.isEmpty)
  }

  @Test func aSweptKindStillReplacesWhatIsSwept() throws {
    let text = "name: a\nsweep: {dynamics.mode: [mean, sample], dynamics.temperature: [1, 2]}"
    #expect(try parse(text).sweep.count == 2)
    #expect(try parse(text, overrides: ["dynamics.steps=3"]).sweep.count == 2)
  }

  @Test(arguments: [
    ("initial.levels=1.5", "--set initial.levels=1.5: initial.levels: 1.5: expected a list"),
    ("initial.levels=[1.5]", "--set initial.levels=[1.5]: initial.levels: 1.5: expected probabilities"),
    (
      "initial.level=[1]",
      "--set initial.level=[1]: initial.level: unknown key; did you mean 'initial.levels'?"
    ),
    ("model.latent", "--set model.latent: expected KEY=VALUE"),
    ("=3", "--set =3: expected KEY=VALUE"),
    ("model.latent=", "--set model.latent=: there is nothing in it; write null"),
    ("model.latent=[", "--set model.latent=[: not YAML"),
    ("model.latent=*a", "--set model.latent=*a: anchors and aliases"),
    ("model.latent=5", "--set model.latent=5: model.latent: swept by the scenario"),
    ("model.lutent.x=5", "unknown key"),
    ("name=A B", "--set name=A B: name: A B: expected a name"),
    ("model=7", "--set model=7: model: 7: expected a mapping"),
    ("dynamics.mode=sample", "a.yaml:25:1: attractors: allowed only with dynamics.mode: mean"),
    ("model.latent={a: 1, a: 2}", "--set model.latent={a: 1, a: 2}: a: given twice; keep one"),
  ])
  func badOverridesAreNamedAndRefused(_ override: String, _ message: String) {
    guard let error = failure(wholeExample, overrides: [override]) else { return }
    #expect(error.description.contains(message), "\(error)")
    #expect(error.path.hasPrefix("--set") == (error.line == nil))
  }

  // MARK: - Files

  @Test func filesThatCannotBeScenariosAreRefused() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "scenario-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func error(_ name: String) -> ScenarioError? {
      #expect(throws: ScenarioError.self) {
        try ScenarioLoader.load(path: folder.path + "/" + name, vocabulary: vocabulary)
      }
    }
    func write(_ bytes: Data, _ name: String) throws {
      try bytes.write(to: folder.appendingPathComponent(name))
    }
    let missing = error("missing.yaml")
    #expect(missing?.kind == .missing && missing?.exitCode == 66)
    #expect(error("")?.description.contains("a folder") == true)
    try write(Data([0x6E, 0xFF, 0xFE, 0x00]), "binary.yaml")
    #expect(error("binary.yaml")?.description.contains("not UTF-8") == true)
    try write(Data("name: a\nx\u{01}".utf8), "control.yaml")
    #expect(error("control.yaml")?.description.contains(":2:2: the character U+1 is not text") == true)
    try write(Data(repeating: 0x23, count: (1 << 20) + 1), "long.yaml")
    #expect(error("long.yaml")?.description.contains("longer than 1 MiB") == true)
    try write(Data(), "empty.yaml")
    #expect(error("empty.yaml")?.kind == .invalid)
    try write(Data("name: good".utf8), "good.yaml")
    let good = try ScenarioLoader.load(path: folder.path + "/good.yaml", vocabulary: vocabulary)
    #expect(good.output.file == folder.path + "/good.nc")
  }
}
