import ArgumentParser
import Foundation
import Campaigns
import Experiments
import Kinds
import Output
import Scenarios

struct TrainCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "train",
      abstract: "Trains a scenario's model and writes it as a safetensors file.",
      discussion: """
          \(Program.command) train my.yaml -o my.safetensors

        The model is kept in the cache of models as well. If 'run' or 'train' has trained the same model before, it is copied \
        from there.

        PyTorch reads and writes such files. The metadata hold the training settings and the negative ELBO. A scenario uses \
        the file with model: {file: my.safetensors}.
        """)
  }

  @OptionGroup var options: ScenarioOptions

  /// Where the model file goes.
  struct Place: ParsableArguments {
    @Option(
      name: .shortAndLong, help: "The model file. (default: NAME.safetensors beside the scenario)",
      completion: .file(extensions: ["safetensors"]))
    var output: String?

    @Flag(help: "Replaces an existing model file.")
    var overwrite = false
  }

  @OptionGroup(title: "Work and messages")
  private var instructions: InstructionOptions

  @OptionGroup(title: "Output")
  private var place: Place

  @OptionGroup(title: "Interruptions")
  var checkpoints: CheckpointOptions

  func run() throws {
    installSignalHandlers()
    let progress = ProgressLine(quiet: options.quiet)
    try reportingFailures {
      defer { progress.clear() }
      try instructions.select()
      let scenario = try options.load().singleRun(for: "train")
      if scenario.model.isExclusive {
        throw scenario.error(
          key: "model.file", expected: "a model to be trained (latent, hidden, training)",
          remedy: "remove model.file")
      }
      let path =
        place.output
        ?? URL(fileURLWithPath: options.scenario).deletingLastPathComponent()
        .appendingPathComponent(scenario.name + ".safetensors").path
      let start = Date()
      let experiment = try options.experiment(scenario, progress: progress, checkpoints)
      let model = try experiment.train(to: path, overwrite: place.overwrite, resume: checkpoints.resume)
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
