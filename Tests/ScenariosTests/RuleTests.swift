import Scenarios
import Testing

@Suite struct RuleTests {
  @Test(arguments: [
    BadScenario("seed: 1", "1:1", "name", "missing"),
    BadScenario("name: My Run", "1:7", "name", "write my-run"),
    BadScenario("name: ''", "1:7", "name", "a name"),
    BadScenario("name:", "1:6", "name", "null: expected a name"),
    BadScenario("name: [a]", "1:7", "name", "[a]: expected a name"),
    BadScenario(
      "name: a\n\ndatset: {}", "3:1", "datset", "unknown key; did you mean 'dataset'? ('simulate list keys'"),
    BadScenario("name: a\nmodel: {latnet: 3}", "2:9", "model.latnet", "did you mean 'model.latent'?"),
    BadScenario(
      "name: a\nmodel: {epochs: 3}", "2:9", "model.epochs", "did you mean 'model.training.epochs'?"),
    BadScenario("name: a\nsteps: 3", "2:1", "steps", "did you mean 'dynamics.steps'?"),
    BadScenario(
      "name: a\nqqqqqqqq: 3", "2:1", "qqqqqqqq", "unknown key; 'simulate list keys' lists all keys"),
    // A kind that nobody knows comes before keys that may be its own.
    BadScenario("name: a\ndataset: {file: x.npz, kind: npz}", "2:30", "dataset.kind", "npz: expected"),
    BadScenario("name: a\nmodel: {encoder: {file: e}, kind: onyx}", "2:35", "model.kind", "onyx: expected"),
    BadScenario("name: a\nmodel.latent: 3", "2:1", "model.latent", "write model: {latent: ...}"),
    BadScenario("name: a\nmodel: vae", "2:8", "model", "expected a mapping", "write model: {file: FILE}"),
    BadScenario("name: a\nattractors:", "2:12", "attractors", "attractors: {}"),
    BadScenario("name: a\noutput: []", "2:9", "output", "expected a mapping"),
    BadScenario("name: a\ndescription: [x]", "2:14", "description", "a text"),
    BadScenario("name: a\noutput: {file: }", "2:16", "output.file", "a path"),
    BadScenario("name: a\noutput: {file: \"a\\0b\"}", "2:16", "output.file", "control characters"),
    BadScenario(
      "name: a\noutput: {members: yes}", "2:19", "output.members", "yes: expected true or false; write true"),
    BadScenario("name: a\noutput: {members: off}", "2:19", "output.members", "write false"),
    BadScenario("name: a\noutput: {members: 'true'}", "2:19", "output.members", "write true"),
    BadScenario("name: a\noutput: {members: maybe}", "2:19", "output.members", "write true or false"),
  ])
  func wrongNamesKeysAndTypesAreRefused(_ bad: BadScenario) { bad.check() }

  @Test(arguments: [
    BadScenario("name: a\ndataset: {validation: 1}", "2:23", "dataset.validation", "between 0 and 0.9"),
    BadScenario("name: a\ndataset: {shuffle-labels: 1}", "2:27", "dataset.shuffle-labels", "true or false"),
    BadScenario("name: a\nmodel: {training: {patience: -1}}", "2:30", "model.training.patience"),
    BadScenario(
      "name: a\nmodel: {training: {patience: 5}}", "2:30", "model.training.patience",
      "dataset.validation above 0", "write dataset.validation: 0.1"),
    BadScenario(
      "name: a\ndataset: {validation: 0.5}\ninitial: {items: 481}", "3:18", "initial.items", "the 480 items"),
    BadScenario(
      "name: a\ninitial: {split: test}\nobservables: [memory-recovered]", "3:15", "observables",
      "initial.split: test", "initial.split: train"),
  ])
  func wrongValidationAndControlsAreRefused(_ bad: BadScenario) { bad.check() }

  @Test(arguments: [
    BadScenario("name: a\nseed: 010", "2:7", "seed", "010: expected an integer", "write 10, because"),
    BadScenario("name: a\nseed: 1_000", "2:7", "seed", "write 1000"),
    BadScenario("name: a\nseed: off", "2:7", "seed", "write a number"),
    BadScenario("name: a\nseed: '5'", "2:7", "seed", "write 5 without quotes"),
    BadScenario("name: a\nseed: 0x10", "2:7", "seed", "in decimal"),
    BadScenario("name: a\nseed: -1", "2:7", "seed", "leave the sign out"),
    BadScenario("name: a\nseed: 18446744073709551616", "2:7", "seed", "write a smaller number"),
    BadScenario("name: a\nseed: 1.5", "2:7", "seed", "without fraction"),
    BadScenario("name: a\nseed: 1e19", "2:7", "seed", "all digits"),
    BadScenario("name: a\nseed: 1e999", "2:7", "seed", "write a smaller number"),
    BadScenario("name: a\nseed: .nan", "2:7", "seed", "finite number"),
    BadScenario("name: a\nseed: [5]", "2:7", "seed", "write 5"),
    BadScenario("name: a\nseed: {x: 5}", "2:7", "seed", "{x: 5}: expected an integer"),
    BadScenario("name: a\nseed: ~", "2:7", "seed", "~: expected an integer"),
    BadScenario("name: a\nseed: 1:30", "2:7", "seed", "write a number"),
    BadScenario("name: a\nseed: ٣", "2:7", "seed", "write a number"),
    BadScenario(
      "name: a\nmodel: {latent: 0}", "2:17", "model.latent", "between 1 and 100000; write 1 or more"),
    BadScenario("name: a\nmodel: {latent: 100001}", "2:17", "model.latent", "write 100000 or less"),
    BadScenario("name: a\nmodel: {latent: 99999999999999999999}", "2:17", "model.latent", "a smaller number"),
    BadScenario("name: a\nmodel: {latent: ten}", "2:17", "model.latent", "ten: expected an integer"),
    BadScenario("name: a\nmodel: {hidden: 500}", "2:17", "model.hidden", "write hidden: [500]"),
    BadScenario("name: a\nmodel: {hidden: [500, 0]}", "2:23", "model.hidden", "0: expected"),
    BadScenario("name: a\nmodel: {hidden: [5, [5]]}", "2:21", "model.hidden", "write 5"),
    BadScenario("name: a\nmodel: {activation: tahn}", "2:21", "model.activation", "did you mean 'tanh'?"),
    BadScenario("name: a\nmodel: {likelihood: poisson}", "2:21", "model.likelihood", "bernoulli or gaussian"),
    BadScenario("name: a\nmodel: {replicas: 0}", "2:19", "model.replicas", "or more"),
    BadScenario(
      "name: a\nmodel:\n  training:\n    epochs: -1", "4:13", "model.training.epochs", "write 0 or more"),
    BadScenario("name: a\nmodel: {training: {epochs: 1000001}}", "2:28", "model.training.epochs", "or less"),
    BadScenario("name: a\nmodel: {training: {batch: 0}}", "2:27", "model.training.batch", "1 or more"),
    BadScenario(
      "name: a\nmodel: {training: {learning-rate: 0}}", "2:35", "model.training.learning-rate",
      "write more than 0"),
    BadScenario("name: a\nmodel: {training: {beta: -1}}", "2:26", "model.training.beta", "0 or more"),
    BadScenario("name: a\nmodel: {training: {beta: 1e-999}}", "2:26", "model.training.beta", "0 or a larger"),
    BadScenario("name: a\ndataset: {kind: idxx}", "2:17", "dataset.kind", "did you mean 'idx'?"),
    BadScenario("name: a\ndataset: {dimension: 1e9}", "2:22", "dataset.dimension", "100000 or less"),
    BadScenario("name: a\ndataset: {test: -1}", "2:17", "dataset.test", "0 or more"),
    BadScenario("name: a\ndataset: {memories: 0}", "2:21", "dataset.memories", "1 or more"),
    BadScenario("name: a\ndataset: {superclasses: 0}", "2:25", "dataset.superclasses", "1 or more"),
    BadScenario(
      "name: a\ndataset: {correlation: [0.5]}", "2:24", "dataset.correlation", "a list of 2 numbers"),
    BadScenario("name: a\ndataset: {correlation: [0.5, 1.2]}", "2:30", "dataset.correlation", "1 or less"),
    BadScenario("name: a\ndynamics: {mode: meen}", "2:18", "dynamics.mode", "did you mean 'mean'?"),
    BadScenario("name: a\ndynamics: {steps: -1}", "2:19", "dynamics.steps", "0 or more"),
    BadScenario("name: a\ndynamics: {steps: 1000000001}", "2:19", "dynamics.steps", "or less"),
    BadScenario(
      "name: a\ndynamics: {mode: sample, temperature: -0.1}", "2:39", "dynamics.temperature", "0 or more"),
    BadScenario("name: a\ninitial: {realizations: 0}", "2:25", "initial.realizations", "1 or more"),
    BadScenario("name: a\ninitial: {realizations: 4294967296}", "2:25", "initial.realizations", "or less"),
    BadScenario("name: a\nattractors: {tolerance: 0}", "2:25", "attractors.tolerance", "more than 0"),
    BadScenario("name: a\nattractors: {max-period: 0}", "2:26", "attractors.max-period", "1 or more"),
    BadScenario(
      "name: a\nattractors: {until: {half-width: 0.1}}", "2:14", "attractors.until.at-most", "missing"),
    BadScenario("name: a\noverlap-origin: centre", "2:17", "overlap-origin", "zero or root"),
  ])
  func wrongNumbersAndWordsAreRefused(_ bad: BadScenario) { bad.check() }

  @Test(arguments: [
    BadScenario(
      "name: a\ndataset: {kind: fashion-mnist, dimension: 5}", "2:32", "dataset.dimension",
      "only with dataset.kind: hierarchical-patterns, not kind: fashion-mnist"),
    BadScenario(
      "name: a\ndataset: {train-images: x}", "2:11", "dataset.train-images", "only with dataset.kind: idx"),
    BadScenario("name: a\ndataset: {kind: idx, train-images: x}", "2:1", "dataset.train-labels", "missing"),
    BadScenario(
      "name: a\ndataset: {kind: fashion-mnist, superclasses: 4}", "2:46", "dataset.superclasses",
      "a mapping from names"),
    BadScenario(
      "name: a\ndataset: {superclasses: {a: [1]}}", "2:25", "dataset.superclasses", "write a single value"),
    BadScenario(
      "name: a\ndataset: {kind: fashion-mnist, superclasses: {a: [1, 10]}}", "2:54", "dataset.superclasses.a",
      "between 0 and 9"),
    BadScenario(
      "name: a\ndataset: {kind: fashion-mnist, superclasses: {a: [1], b: [2, 1]}}", "2:62",
      "dataset.superclasses.b", "first for a"),
    BadScenario(
      "name: a\ndataset: {kind: fashion-mnist, superclasses: {a: []}}", "2:50", "dataset.superclasses.a",
      "a list"),
    BadScenario(
      "name: a\nmodel:\n  file: m\n  latent: 4", "4:3", "model.latent", "not allowed beside model.file"),
    BadScenario("name: a\nmodel: {kind: vae, file: m}", "2:9", "model.kind", "beside model.file"),
    BadScenario(
      "name: a\nmodel: {kind: hopfield, latent: 4}", "2:25", "model.latent", "only with model.kind: vae"),
    BadScenario(
      "name: a\nmodel: {kind: hopfield, training: {}}", "2:25", "model.training", "only with model.kind"),
    BadScenario(
      "name: a\nmodel: {kind: hopfield}\ndynamics: {mode: sample}", "3:18", "dynamics.mode",
      "the one mode of model.kind: hopfield"),
    BadScenario(
      "name: a\ninitial: {corruption: flip}\nmodel: {kind: hopfield}\ndynamics: {mode: clamped}", "4:18",
      "dynamics.mode", "the one mode of model.kind: hopfield"),
    BadScenario(
      "name: a\nmodel: {kind: hopfield}\nattractors: {}", "3:1", "attractors",
      "units of +-1 have no Jacobian"),
    BadScenario(
      "name: a\nmodel: {kind: hopfield}\nobservables: [data-overlap, energy]", "3:29", "observables",
      "which model.kind: hopfield does not have"),
    BadScenario(
      "name: a\ndynamics: {temperature: 1}", "2:12", "dynamics.temperature", "only with dynamics.mode: sample"
    ),
    BadScenario(
      "name: a\ndynamics: {mode: clamped, sample-decoder: false}", "2:27", "dynamics.sample-decoder",
      "only with dynamics.mode: sample, not mode: clamped"),
    BadScenario(
      "name: a\nattractors: {}\ndynamics: {mode: sample}", "2:1", "attractors",
      "only with dynamics.mode: mean"),
    BadScenario(
      "name: a\ndynamics: {mode: clamped}\ninitial: {corruption: gaussian}", "2:18", "dynamics.mode",
      "a corruption with a region, which gaussian is not"),
    BadScenario("name: a\noutput: {latents: true}", "2:19", "output.latents", "write members: true"),
    BadScenario("name: a\ninitial: {corruption: flop}", "2:23", "initial.corruption", "did you mean 'flip'?"),
    BadScenario(
      "name: a\ninitial:\n  levels: [0, 1.5]", "3:15", "initial.levels", "1.5: expected probabilities"),
    BadScenario(
      "name: a\ninitial: {corruption: gaussian, levels: [-1]}", "2:42", "initial.levels",
      "numbers of at least 0"),
    BadScenario(
      "name: a\ninitial: {corruption: prior, levels: [0, 1]}", "2:42", "initial.levels", "prior has no levels"
    ),
    BadScenario("name: a\ninitial: {levels: []}", "2:19", "initial.levels", "at least one element"),
    BadScenario("name: a\ninitial: {levels: 0.5}", "2:19", "initial.levels", "write levels: [0.5]"),
    BadScenario("name: a\ninitial: {levels: [0, -0]}", "2:23", "initial.levels", "given twice"),
    BadScenario("name: a\ninitial: {levels: [.inf]}", "2:20", "initial.levels", "finite number"),
    BadScenario("name: a\ninitial: {levels: [1e999]}", "2:20", "initial.levels", "smaller number"),
    BadScenario("name: a\ninitial: {levels: ['0.5']}", "2:20", "initial.levels", "0.5 without quotes"),
    BadScenario("name: a\ninitial: {items: 0}", "2:18", "initial.items", "all, a count of at least 1"),
    BadScenario("name: a\ninitial: {items: {random: 0}}", "2:27", "initial.items", "or {random: COUNT}"),
    BadScenario("name: a\ninitial: {items: {first: 3}}", "2:18", "initial.items", "write {random: 100}"),
    BadScenario("name: a\ninitial: {items: 961}", "2:18", "initial.items", "at most the 960 items"),
    BadScenario("name: a\nattractors: {items: 2000}", "2:21", "attractors.items", "at most the 960 items"),
    BadScenario(
      "name: a\ndataset: {test: 0}\ninitial: {split: test}", "3:18", "initial.split", "dataset.test is 0"),
    BadScenario(
      "name: a\ninitial: {realizations: 2147483647}\ndynamics: {steps: 1000000000}", "2:25",
      "initial.realizations", "at most 10^15 states"),
    BadScenario(
      "name: a\ninitial: {corruption: file}", "2:1", "initial.file", "missing", "which the corruption file"),
    BadScenario(
      "name: a\ninitial: {file: {path: x}}", "2:11", "initial.file", "only with initial.corruption: file"),
    BadScenario(
      "name: a\ninitial: {corruption: file, file: x.nc}", "2:35", "initial.file", "write file: {path"),
    BadScenario(
      "name: a\ninitial: {corruption: file, file: {variable: x}}", "2:29", "initial.file.path", "missing"),
    BadScenario(
      "name: a\ninitial: {corruption: file, file: {path: x, variable: x, labels: y, items: z}}", "2:66",
      "initial.file.labels", "not allowed beside initial.file.items", "leave labels out"),
    BadScenario(
      "name: a\noutput: {initial-states: true}", "2:26", "output.initial-states", "output.members: true"),
    BadScenario(
      "name: a\nconcepts: {radius-quantile: 1.5}", "2:29", "concepts.radius-quantile",
      "a number between 0 and 1, or none"),
    BadScenario(
      "name: a\nconcepts: {radius-quantile: nothing}", "2:29", "concepts.radius-quantile", "or none"),
  ])
  func wrongSectionsAreRefused(_ bad: BadScenario) { bad.check() }

  @Test(arguments: [
    BadScenario("name: a\nobservables: []", "2:14", "observables", "at least one element"),
    BadScenario("name: a\nobservables: energy", "2:14", "observables", "write observables: [energy]"),
    BadScenario("name: a\nobservables: [energy, overlap-root, energy]", "2:37", "observables", "given twice"),
    BadScenario("name: a\nobservables: [energi]", "2:15", "observables", "did you mean 'energy'?"),
    BadScenario("name: a\nobservables: [zzz]", "2:15", "observables", "unknown observable"),
    BadScenario("name: a\nobservables: [principal-component-0]", "2:15", "observables", "unknown observable"),
    BadScenario(
      "name: a\nobservables: [principal-component-01]", "2:15", "observables", "principal-component-1"),
    BadScenario("name: a\nobservables: [[energy]]", "2:15", "observables", "single words"),
    BadScenario(
      "name: a\nobservables: [energy, overlap-concept]\ninitial: {corruption: prior}", "2:23", "observables",
      "no own item, which members lack with initial.corruption: prior"),
    BadScenario(
      "name: a\nobservables: [overlap-memory]\ninitial: {corruption: latent-box}", "2:15", "observables",
      "latent-box"),
    BadScenario(
      "name: a\nobservables: [overlap-memory]\ninitial: {corruption: file, file: {path: x}}", "2:15",
      "observables", "file without labels"),
    BadScenario(
      "name: a\nobservables: [distance-superconcept]\ndataset: {kind: fashion-mnist}", "2:15", "observables",
      "superclasses, which the data set does not have"),
    BadScenario(
      "name: a\ngroup-by: [class, klass]", "2:19", "group-by", "expected one or more of class, superclass"),
    BadScenario("name: a\ngroup-by: [class, class]", "2:19", "group-by", "given twice"),
    BadScenario("name: a\ngroup-by: class\ninitial: {corruption: prior}", "2:11", "group-by", "no own item"),
    BadScenario(
      "name: a\nsplit-by: retention\ninitial: {corruption: prior}", "2:11", "split-by", "no own item"),
    BadScenario(
      "name: a\ngroup-by: superclass\ndataset: {kind: fashion-mnist}", "2:11", "group-by", "superclasses"),
  ])
  func wrongObservablesAndGroupsAreRefused(_ bad: BadScenario) { bad.check() }

  @Test(arguments: [
    BadScenario("name: a\nsweep: {}", "2:8", "sweep", "or leave it out"),
    BadScenario("name: a\nsweep:", "2:7", "sweep", "a mapping from dotted keys"),
    BadScenario("name: a\nsweep: [1]", "2:8", "sweep", "a mapping from dotted keys"),
    BadScenario("name: a\nsweep: {model.latent: []}", "2:23", "sweep.model.latent", "at least one value"),
    BadScenario("name: a\nsweep: {model.latent: 5}", "2:23", "sweep.model.latent", "write model.latent: [5]"),
    BadScenario(
      "name: a\nsweep: {model.lantent: [5]}", "2:9", "sweep.model.lantent", "did you mean 'model.latent'?"),
    BadScenario("name: a\nsweep: {name: [b]}", "2:9", "sweep.name", "cannot be swept"),
    BadScenario("name: a\nsweep: {sweep: [b]}", "2:9", "sweep.sweep", "cannot be swept"),
    BadScenario("name: a\nsweep: {output.file: [b]}", "2:9", "sweep.output.file", "cannot be swept"),
    BadScenario("name: a\nsweep: {model: [{}]}", "2:9", "sweep.model", "such as model.latent"),
    BadScenario("name: a\nsweep: {model: {latent: [5]}}", "2:9", "sweep.model", "such as model.latent"),
    BadScenario(
      "name: a\nsweep: {model.latent: [5, five]}", "2:27", "model.latent", "five: expected an integer"),
    BadScenario("name: a\nsweep: {model.latent: [5, 5.0]}", "2:27", "sweep.model.latent", "given twice"),
    BadScenario("name: a\nsweep: {model.latent: [5, 0]}", "2:27", "model.latent", "between 1 and 100000"),
    BadScenario(
      "name: a\nsweep: {initial.levels: [[0], [2]]}", "2:32", "initial.levels",
      "in the sweep's run with initial.levels: [2]"),
    BadScenario(
      "name: a\ninitial: {levels: [1]}\nsweep: {initial.corruption: [flip, gaussian, prior]}", "2:20",
      "initial.levels", "prior has no levels", "run with initial.corruption: prior"),
    BadScenario(
      "name: a\nobservables: [overlap-concept]\nsweep: {initial.corruption: [flip, prior]}", "2:15",
      "observables", "run with initial.corruption: prior"),
    BadScenario(
      "name: a\nattractors: {}\nsweep: {dynamics.mode: [mean, sample]}", "2:1", "attractors",
      "run with dynamics.mode: sample"),
    BadScenario(
      "name: a\nsweep: {seed: [\(Array(1...101).map(String.init).joined(separator: ","))], dynamics.steps: [\(Array(1...101).map(String.init).joined(separator: ","))]}",
      "2:314", "sweep.dynamics.steps", "at most 10000 runs"),
  ])
  func wrongSweepsAreRefused(_ bad: BadScenario) { bad.check() }

  @Test func messagesAreExact() {
    let levels = failure("name: a\ninitial:\n  levels: [1.5]\n")
    #expect(
      levels?.description
        == "/scenarios/a.yaml:3:12: initial.levels: 1.5: expected probabilities between 0 and 1; write levels: [0, 0.5]"
    )
    let unknown = failure("name: a\n\ndatset: {}")
    #expect(
      unknown?.description
        == "/scenarios/a.yaml:3:1: datset: unknown key; did you mean 'dataset'? ('simulate list keys' lists all keys)"
    )
  }

  @Test func laterErrorsFindTheirPlace() throws {
    let scenario = try parse("name: a\nmodel:\n  latent: 3\n", overrides: ["dynamics.steps=5"])
    let own = scenario.error(key: "model.latent", value: "3", expected: "4", remedy: "write 4")
    #expect(own.description == "/scenarios/a.yaml:3:3: model.latent: 3: expected 4; write 4")
    #expect(scenario.error(key: "model.hidden", expected: "x", remedy: "y").line == 2)
    #expect(scenario.error(key: "initial.items", expected: "x", remedy: "y").line == nil)
    #expect(
      scenario.error(key: "dynamics.steps", expected: "x", remedy: "y").path == "--set dynamics.steps=5")
  }

  @Test func messagesEscapeAndCut() {
    let error = ScenarioError(
      path: "a\nb", line: 1, column: 2, key: "k\u{1B}[31m", value: String(repeating: "v", count: 1000),
      expected: "x\u{202E}", remedy: "y\u{2028}")
    let cut = String(repeating: "v", count: 60) + "..."
    #expect(error.description == "a\\nb:1:2: k\\u{1b}[31m: \(cut): expected x\\u{202e}; y\\u{2028}")
  }
}
