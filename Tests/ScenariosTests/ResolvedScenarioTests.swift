import Scenarios
import Testing

@Suite struct ResolvedScenarioTests {
  /// The scenario without what the text's layout decides.
  private func bare(_ scenario: Scenario) -> Scenario {
    var result = scenario
    result.locations = [:]
    result.overriddenKeys = [:]
    return result
  }

  @Test(arguments: [
    wholeExample,
    "name: a",
    "name: \"off\"\ndescription: \"a \\\"b\\\" \\\\ # : \\t \\n \\0 \\x7f \\u2028 é \\U0001F600\"",
    "name: a\nseed: 18446744073709551615\ninitial: {levels: [0.1, 0.30000000000000004, 5e-324, 1]}",
    "name: a\ndynamics: {mode: sample, temperature: 1e-7, sample-decoder: true, steps: 0}\nmodel: {hidden: []}",
    "name: a\ndynamics: {mode: clamped}\ninitial: {corruption: occlusion, items: {random: 5}, split: test}",
    "name: a\nmodel: {file: 'a b: #c.safetensors'}\ngroup-by: [superclass, class]\nsplit-by: retention",
    "name: a\nmodel: {kind: hopfield}",
    "name: a\nattractors: {until: {half-width: 0.01, at-most: 9}, items: {random: 3}}",
    "name: a\ndataset: {kind: fashion-mnist, superclasses: {'yes': [1], \"b c\": [2, 3], 5: [0]}}",
    "name: a\ndataset: {kind: idx, validation: 0.25, shuffle-labels: true, train-images: a, train-labels: b, test-images: c, test-labels: d}\nmodel: {training: {patience: 3}}",
    "name: a\ndataset: {kind: idx, train-images: a, train-labels: b, test-images: c, test-labels: d}",
    "name: a\ndataset: {kind: fashion-mnist, train-items: 1200, test-items: 1}",
    "name: a\ninitial: {corruption: prior, items: 5000}\nattractors: {}",
    "name: a\ninitial: {corruption: file, file: {path: s.nc, variable: 'null', labels: 'y z'}}",
    "name: a\ninitial: {corruption: file, split: test, file: {path: s.nc, variable: x, items: 'a b'}}",
    "name: a\nconcepts: {radius-quantile: none}\noutput: {members: true, initial-states: true}",
    "name: a\nsweep: {concepts.radius-quantile: [none, 0.5, 1]}\nobservables: [nearest-concept]",
    "name: a\noutput: {films: {}}",
    "name: a\noutput: {members: true, films: {items: 7, times: [0, 3, 20]}}",
    "name: a\nsweep: {model.file: [a.st, b/c.st], seed: [1, 1e1]}",
    "name: a\nmodel: {latent: 7, training: {epochs: 3}}\nsweep: {model.file: [a.st, b.st]}",
    "name: a\nobservables: [energy]\nsweep: {initial.corruption: [flip, prior], dynamics.mode: [mean, sample]}",
    "name: a\nsweep: {model.hidden: [[], [5], [5, 6]], model.training.learning-rate: [1e-10, 0.1]}",
    "name: a\nsweep: {dataset.kind: [hierarchical-patterns, fashion-mnist], initial.items: [all, 3, {random: 3}]}",
    "name: a\nsweep: {model.kind: [vae, hopfield], dynamics.steps: [0]}",
  ])
  func resolvedTextsReadTheSame(_ text: String) throws {
    let scenario = try parse(text)
    let again = try parse(scenario.resolvedYAML)
    #expect(bare(again) == bare(scenario), "\(scenario.resolvedYAML)")
  }

  @Test func resolvedTextIsStable() throws {
    #expect(
      try parse("name: a\nsweep: {model.latent: [5, 2e1]}\nattractors: {}").resolvedYAML == """
        name: a
        description: ""
        seed: 20171204
        dataset:
          kind: hierarchical-patterns
          dimension: 784
          superclasses: 4
          classes: 3
          memories: 80
          test: 20
          correlation: [0.6, 0.8]
          validation: 0
          shuffle-labels: false
        model:
          kind: vae
          latent: 20
          hidden: [500, 500]
          activation: tanh
          likelihood: bernoulli
          training:
            epochs: 150
            batch: 50
            learning-rate: 0.001
            beta: 1
            patience: 0
          replicas: 1
        dynamics:
          mode: mean
          steps: 20
          precision: single
        initial:
          corruption: uniform-replacement
          levels: [0]
          items: all
          split: train
          realizations: 1
        observables: [overlap-concept, overlap-memory, distance-concept, distance-nearest-memory, \
        abstraction-level]
        group-by: []
        split-by: []
        overlap-origin: zero
        concepts:
          radius-quantile: 0.95
        attractors:
          tolerance: 1.0e-10
          max-steps: 100000
          max-period: 8
          census: 200
          trapping: true
          merge-distance: 1.0e-06
          near-quantile: 0.05
          class-quantile: 0.95
          held-out-quantile: 0.95
          item-radius: 0.01
        output:
          file: "/scenarios/a.nc"
          members: false
          latents: false
          initial-states: false
        controls: []
        sweep:
          model.latent: [5, 20]

        """)
  }

  @Test func overriddenScenariosRoundTrip() throws {
    let scenario = try parse(wholeExample, overrides: ["sweep={model.file: [x, /y]}", "initial.items=3"])
    #expect(bare(try parse(scenario.resolvedYAML)) == bare(scenario))
  }

  @Test func pointsOfASweepVaryTheLastKeyFastest() throws {
    let text = "name: a\nmodel: {latent: 7}\nsweep: {model.latent: [5, 6], dynamics.steps: [1, 2, 3]}"
    let scenario = try parse(text)
    let points = try ScenarioLoader.points(of: scenario, vocabulary: vocabulary)
    let found = points.map { [$0.model.integer("latent"), $0.dynamics.steps] }
    #expect(found == [[5, 1], [5, 2], [5, 3], [6, 1], [6, 2], [6, 3]])
    for point in points {
      #expect(point.sweep.isEmpty && point.output == scenario.output)
      #expect(point.locations == scenario.locations)
      #expect(bare(try parse(point.resolvedYAML)) == bare(point))
    }
    let only = try ScenarioLoader.points(of: parse("name: a"), vocabulary: vocabulary)
    #expect(only == [try parse("name: a")])
  }

  /// The order of numbers means nothing, and coordinates ascend; that of words and lists stays.
  @Test func numbersAreSorted() throws {
    func text(_ levels: String, _ sweep: String) -> String {
      "name: a\ninitial: {levels: \(levels)}\nsweep: {\(sweep)}\n"
        + "claims: {b: {statement: s, estimate: final(step-length), threshold: 0, levels: \(levels)}}"
    }
    let scenario = try parse(
      text("[0.8, 0, 0.4]", "model.latent: [20, 5, 1e1], model.training.beta: [1, 0.5, 2e-3]"))
    #expect(scenario.initial.levels == [0, 0.4, 0.8] && scenario.claims[0].levels == [0, 0.4, 0.8])
    #expect(scenario.sweep.map(\.values) == [["5", "10", "20"], ["0.002", "0.5", "1"]])
    let sorted = try parse(
      text("[0, 0.4, 0.8]", "model.latent: [5, 10, 20], model.training.beta: [0.002, 0.5, 1]"))
    #expect(scenario.resolvedYAML == sorted.resolvedYAML)
    // The scenario of each point is the one that the file's coordinates say.
    let latents = try ScenarioLoader.points(of: scenario, vocabulary: vocabulary).map {
      $0.model.integer("latent")
    }
    #expect(latents == [5, 5, 5, 10, 10, 10, 20, 20, 20])
    let words = try parse(text("[0]", "initial.split: [train, test], model.hidden: [[9], [], [5, 6]]"))
    #expect(words.sweep.map(\.values) == [["train", "test"], ["[9]", "[]", "[5, 6]"]])
    #expect(words.sweep.allSatisfy { $0.numbers == nil })
    // Equal as doubles.
    let seeds = try parse(text("[0]", "seed: [18446744073709551615, 18446744073709551614, 7]"))
    #expect(seeds.sweep[0].values == ["7", "18446744073709551614", "18446744073709551615"])
    #expect(seeds.sweep[0].numbers?.count == 3)
    let lists = try parse("name: a\nsweep: {initial.levels: [[0.5, 0], [1]]}")
    #expect(lists.sweep[0].values == ["[0, 0.5]", "[1]"])
    #expect(failure("name: a\nsweep: {initial.levels: [[0.5, 0], [0, 0.5]]}")?.problem == "given twice")
  }

  @Test func pointsLackWhatTheirKindDoesNotHave() throws {
    let text = "name: a\ndynamics: {mode: sample, temperature: 2}\nsweep: {dynamics.mode: [mean, sample]}"
    let points = try ScenarioLoader.points(of: parse(text), vocabulary: vocabulary)
    #expect(points.map(\.dynamics.mode) == [.mean, .sample(temperature: 2, decoder: false)])
  }

  // MARK: - The table of keys

  @Test func tableDescribesEveryKey() throws {
    var seen: Set<String> = []
    let keys = vocabulary.keys
    for key in keys.all {
      let twins = keys.declarations(of: key.name)
      // Kinds may give a name different types, defaults or meanings.
      #expect(seen.insert(key.name).inserted || twins.count > 1, "\(key.name) stands twice")
      let declarations = twins.map { "\($0.type), \($0.defaultValue ?? "none"), \($0.meaning)" }
      #expect(Set(declarations).count == twins.count, "\(key.name) is declared alike twice")
      #expect(key.section.isEmpty || seen.contains(key.section), "\(key.name) before its section")
      #expect(!key.meaning.isEmpty && !key.meaning.contains("\n"))
      #expect(twins.contains(key))
      if let condition = key.condition { #expect(!keys.declarations(of: condition.key).isEmpty) }
    }
  }

  /// Writing a default out gives the same scenario as leaving the key out.
  @Test(
    arguments: vocabulary.keys.all.filter { key in
      let condition = key.condition
      let isDefaultKind = ["hierarchical-patterns", "vae"].contains { condition?.values.contains($0) ?? true }
      return key.defaultValue != nil && isDefaultKind && condition?.key != "dynamics.mode"
    })
  func defaultsAreWhatTheTableSays(_ key: ScenarioKey) throws {
    let section =
      ["attractors", "output.films"].filter { key.name.hasPrefix($0 + ".") }.map { $0 + "={}" }
      + (key.name == "concepts.restarts" ? ["concepts.clusters=3"] : [])
    let base = try parse("name: a", overrides: section)
    let written = try parse("name: a", overrides: section + ["\(key.name)=\(key.defaultValue ?? "")"])
    #expect(bare(written) == bare(base))
  }
}
