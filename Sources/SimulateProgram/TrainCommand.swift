import ArgumentParser
import Foundation
import Campaigns
import Experiments
import Kinds
import Output
import Scenarios

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a scenario's model and writes it as a safetensors file.",
    discussion: """
      A model that was trained before, by 'run' or 'train', is copied from the cache of models; one that is trained \
      now is kept there as well. \
      The file is interchangeable with PyTorch; its metadata hold the training settings and the negative ELBO. \
      A scenario uses it with model: {file: MODEL.safetensors}.
      """)

  @OptionGroup var options: ScenarioOptions

  @Option(
    name: .shortAndLong, help: "The model file. (default: NAME.safetensors beside the scenario)",
    completion: .file(extensions: ["safetensors"]))
  var output: String?

  @Flag(help: "Replaces an existing model file.")
  var overwrite = false

  @OptionGroup var checkpoints: CheckpointOptions

  func run() throws {
    installSignalHandlers()
    let progress = ProgressLine(quiet: options.quiet)
    try reportingFailures {
      defer { progress.clear() }
      let scenario = try options.load().singleRun(for: "train")
      if scenario.model.isExclusive {
        throw scenario.error(
          key: "model.file", expected: "a model to be trained (latent, hidden, training)",
          remedy: "remove model.file")
      }
      let path =
        output
        ?? URL(fileURLWithPath: options.scenario).deletingLastPathComponent()
        .appendingPathComponent(scenario.name + ".safetensors").path
      let start = Date()
      let experiment = try options.experiment(scenario, progress: progress, checkpoints)
      let model = try experiment.train(to: path, overwrite: overwrite, resume: checkpoints.resume)
      progress.clear()
      if !options.quiet {
        if let model {
          printResult(model.summary(seconds: Date().timeIntervalSince(start)))
          // Where it was trained before, the cache has it; so it has now.
          let cached = model.file.map { " (a copy of \($0))" } ?? ""
          printResult("wrote \(path)\(cached)")
        } else {
          printResult("\(path) is complete; nothing was left to do")
        }
      }
    }
  }
}
