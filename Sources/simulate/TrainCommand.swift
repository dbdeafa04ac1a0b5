import ArgumentParser
import Foundation
import Output
import Scenarios
import VAE

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a scenario's model and writes it as a safetensors file.",
    discussion: """
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

  func run() throws {
    installSignalHandlers()
    let progress = ProgressLine(quiet: options.quiet)
    try reportingFailures {
      defer { progress.clear() }
      let scenario = try options.load()
      if case .hopfield = scenario.model { _ = try options.experiment(scenario, progress: progress) }
      guard case .trained = scenario.model else {
        throw scenario.error(
          key: "model.file", expected: "a model to be trained (latent, hidden, training)",
          remedy: "remove model.file")
      }
      let path =
        output
        ?? URL(fileURLWithPath: options.scenario).deletingLastPathComponent()
        .appendingPathComponent(scenario.name + ".safetensors").path
      try AtomicFile.checkDistinct(path, from: scenario.inputPaths)
      try AtomicFile.checkWritable(path, overwrite: overwrite)
      let start = Date()
      let model = try options.experiment(scenario, progress: progress).prepareModel()
      try AtomicFile.write([UInt8](try Safetensors.encode(model.model)), to: path, overwrite: overwrite)
      progress.clear()
      if !options.quiet {
        printResult(Summary.model(model, seconds: Date().timeIntervalSince(start)))
        printResult("wrote \(path)")
      }
    }
  }
}
