import ArgumentParser
import Scenarios

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Checks a scenario and its data without training or running.",
    discussion: "Prints the resolved scenario, every key with its value, and the size of the run.")

  @OptionGroup var options: ScenarioOptions

  func run() throws {
    let progress = ProgressLine(quiet: true)
    try reportingFailures {
      let experiment = try options.experiment(try options.load(), progress: progress)
      let size = try experiment.checkedSize()
      if !options.quiet {
        printResult(experiment.scenario.resolvedYAML, terminator: "")
        printResult(
          "# valid: \(size.members) members x \(size.steps) steps; data set \(experiment.dataset.name),"
            + " \(experiment.dataset.train.count) + \(experiment.dataset.test.count) items")
      }
    }
  }
}
