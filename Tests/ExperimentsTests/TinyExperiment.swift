import Experiments
import Kinds
import Preparation
import Scenarios
import TestSupport

/// A scenario without training, of a data set that is made in no time.
let tinyScenario = """
  name: tiny
  seed: 7
  dataset: {kind: hierarchical-patterns, dimension: 16, superclasses: 2, classes: 2, memories: 3, test: 2}
  model: {latent: 2, hidden: [], training: {epochs: 0}}
  dynamics: {steps: 2}

  """

/// The experiment of a scenario's text, with a cache of models in a folder of its own.
func experiment(
  _ text: String = tinyScenario, overrides: [String] = [], in folder: TemporaryFolder
) throws -> Experiment {
  let scenario = try ScenarioLoader.parse(
    text: text, path: folder("tiny.yaml"), overrides: overrides, vocabulary: Registry.standard.vocabulary)
  return try Experiment(
    scenario, options: RunOptions(threads: 1, cache: ModelCache(folder: folder("cache"))))
}
