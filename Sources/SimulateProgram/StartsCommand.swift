import ArgumentParser
import Campaigns
import Experiments
import Foundation
import Output
import Scenarios

struct StartsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "starts",
    abstract: "Makes the initial states of a run again, from its run file.",
    discussion: """
      Random numbers are addressed, so that each x(0) (or z(0), where members start in the latent space) follows from the \
      scenario in the run file: the states are those of the run, bit for bit. The data set must be where it was; the model \
      is needed only for latent-gaussian. Each state has its corruption_level, item, realization and class beside it.

        simulate starts run.nc -o states.nc

      A run that starts from them: initial: {corruption: file, file: {path: states.nc, variable: initial_state, items: \
      item}}.
      """)

  @Argument(help: "The run file.", completion: .file(extensions: ["nc"]))
  var file: String

  @Option(
    name: .shortAndLong, help: "The file of the states (NetCDF).", completion: .file(extensions: ["nc"]))
  var output: String

  @Option(
    name: .customLong("at"), parsing: .singleValue,
    help: ArgumentHelp(
      "Of several runs, which one: a swept key, or replica. May be repeated. (default: the first run)",
      valueName: "key=value"))
  var points: [String] = []

  @Option(help: "Worker threads; results do not depend on it. (default: all processors)")
  var threads: Int?

  @Flag(help: "Replaces an existing file.")
  var overwrite = false

  @Flag(name: .shortAndLong, help: "No results, only errors.")
  var quiet = false

  func validate() throws {
    try checkChoices(points)
    try checkThreads(threads)
  }

  func run() throws {
    try Isolation.run(reading: file) { try perform() }
  }

  private func perform() throws {
    let progress = ProgressLine(quiet: quiet)
    try reportingFailures {
      defer { progress.clear() }
      try AtomicFile.checkDistinct(output, from: [file])
      try AtomicFile.checkWritable(output, overwrite: overwrite)
      let vocabulary = Program.registry.vocabulary
      var record = try Isolation.openForValues { try RunRecord(path: file, vocabulary) }
      record.scenario = try ChosenRun.scenario(of: record.scenario, at: points, vocabulary)
      try ScenarioOptions.probe(record.scenario)
      let options = try ScenarioOptions.runOptions(threads: threads)
      let states = try RunStarts(
        of: record, options: options,
        events: ScenarioOptions.events(record.scenario, progress, isQuiet: quiet))
      let count = try states.write(to: output, overwrite: overwrite)
      progress.clear()
      if !quiet { printResult("wrote \(count) states to \(output)") }
    }
  }
}
