import ArgumentParser
import Campaigns
import Experiments
import Foundation
import Output
import Scenarios

struct StartsCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "starts",
      abstract: "Makes the initial states of a run again, from its run file.",
      discussion: """
          \(Program.command) starts my.nc -o states.nc

        The states are those of the run, bit for bit: x(0), or z(0) where members start in the latent space. They follow from \
        the scenario in the run file, because each random number has an address. The data set must be where it was; only \
        latent-gaussian needs the model. Each state has its corruption_level, item, realization and class beside it.

        A scenario starts from these states with

          initial:
          corruption: file
          file: {path: states.nc, variable: initial_state, items: item}
        """)
  }

  @Argument(help: "The run file.", completion: .file(extensions: ["nc"]))
  var file: String

  @Option(
    name: .shortAndLong, help: "The file of the states (NetCDF).", completion: .file(extensions: ["nc"]))
  var output: String

  @Option(
    name: .customLong("at"), parsing: .singleValue,
    help: ArgumentHelp(
      "Chooses one of several runs by a swept key, or by replica; may be repeated. (default: the first run)",
      valueName: "key=value"))
  var points: [String] = []

  @Flag(help: "Replaces an existing file.")
  var overwrite = false

  @OptionGroup(title: "Work and messages")
  private var work: WorkOptions

  func validate() throws {
    try checkChoices(points)
  }

  func run() throws {
    try Isolation.run(reading: file) { try perform() }
  }

  private func perform() throws {
    let progress = ProgressLine(quiet: work.quiet)
    try reportingFailures {
      defer { progress.clear() }
      try AtomicFile.checkDistinct(output, from: [file])
      try AtomicFile.checkWritable(output, overwrite: overwrite)
      let vocabulary = Program.registry.vocabulary
      var record = try Isolation.openForValues { try RunRecord(path: file, vocabulary) }
      record.scenario = try ChosenRun.scenario(of: record.scenario, at: points, vocabulary)
      try ScenarioOptions.probe(record.scenario)
      let options = try ScenarioOptions.runOptions(threads: work.threads)
      let states = try RunStarts(
        of: record, options: options,
        events: ScenarioOptions.events(record.scenario, progress, isQuiet: work.quiet))
      let count = try states.write(to: output, overwrite: overwrite)
      progress.clear()
      if !work.quiet { printResult("wrote \(count) states to \(output)") }
    }
  }
}
