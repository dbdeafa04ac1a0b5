import ArgumentParser
import Foundation
import Scenarios

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a scenario and writes the run file (NetCDF).",
    discussion: """
      Trains the model first, unless the scenario names a model file or the model was trained before. The run \
      file gets its name only when it is complete; an existing one is left alone without --overwrite.
      """)

  @OptionGroup var options: ScenarioOptions

  @Option(
    name: .shortAndLong,
    help: "The run file. (default: the scenario's output.file)", completion: .file(extensions: ["nc"]))
  var output: String?

  @Flag(help: "Replaces an existing run file, once the new one is complete.")
  var overwrite = false

  func run() throws {
    installSignalHandlers()
    let progress = ProgressLine(quiet: options.quiet)
    try reportingFailures {
      defer { progress.clear() }
      let experiment = try options.experiment(try options.load(), progress: progress)
      let start = Date()
      let report = try experiment.run(to: output, overwrite: overwrite)
      progress.clear()
      if !options.quiet {
        printResult(
          Summary.text(report, scenario: experiment.scenario, seconds: Date().timeIntervalSince(start)))
      }
    }
  }
}
