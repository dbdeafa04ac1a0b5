import ArgumentParser
import Foundation
import Scenarios

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Checks a scenario and its data without training or running.",
    discussion: """
      Prints the resolved scenario, every key with its value, and the size of the run. With --estimate also \
      what the run will take, from a trial of a second or two with this scenario's network and data.
      """)

  @OptionGroup var options: ScenarioOptions

  @Flag(help: "Estimates time, memory and file sizes.")
  var estimate = false

  func run() throws {
    let progress = ProgressLine(quiet: true)
    try reportingFailures {
      let start = Date()
      let scenario = try options.load()
      if scenario.isCampaign { return try validateCampaign(scenario, progress, start) }
      let experiment = try options.experiment(scenario, progress: progress)
      let size = try experiment.checkedSize()
      if !options.quiet {
        printResult(experiment.scenario.resolvedYAML, terminator: "")
        printResult(
          "# valid: \(size.members) members x \(size.steps) steps; data set \(experiment.dataset.name),"
            + " \(experiment.dataset.train.count) + \(experiment.dataset.test.count) items")
      }
      if estimate {
        let reading = Date().timeIntervalSince(start)
        printResult(Self.text(try experiment.estimate(), reading: reading))
      }
    }
  }

  private func validateCampaign(_ scenario: Scenario, _ progress: ProgressLine, _ start: Date) throws {
    let campaign = try options.campaign(scenario, progress: progress)
    let size = try campaign.checkedSize()
    if !options.quiet {
      printResult(scenario.resolvedYAML, terminator: "")
      printResult(
        "# valid: \(size.runs) runs (points, replicas and controls); the first: \(size.members) members x"
          + " \(size.steps) steps")
    }
    if estimate {
      let reading = Date().timeIntervalSince(start)
      printResult(Self.text(try campaign.firstExperiment.estimate(), reading: reading))
      printResult("# the lines above are of the first run alone; there are \(size.runs)")
    }
  }

  private static func text(_ estimate: RunEstimate, reading: Double) -> String {
    func time(_ seconds: Double) -> String {
      if seconds < 120 { return String(format: "%.1f s", seconds) }
      return seconds < 7200
        ? String(format: "%.0f min", seconds / 60) : String(format: "%.1f h", seconds / 3600)
    }
    func size(_ bytes: Double) -> String {
      bytes < 0x1p30 ? String(format: "%.1f MiB", bytes / 0x1p20) : String(format: "%.1f GiB", bytes / 0x1p30)
    }
    var search = ""
    if let found = estimate.search {
      let limit = "at most \(time(found.atMostSeconds)), if every start took all of max-steps"
      search =
        if let seconds = found.seconds {
          """

          # attractors: \(time(seconds)) of that, from \(found.triedStarts) of \(found.starts) starts; \(limit)
          """
        } else {
          """

          # attractors: not in that time, for it depends on the model, which is not trained yet; \(limit)
          """
        }
    }
    return """
      # time: \(time(reading + estimate.seconds)) on \(estimate.threads) threads \
      (training \(time(estimate.trainingSeconds)), ensemble \(time(estimate.ensembleSeconds)), \
      writing \(time(estimate.writingSeconds)))
      # memory: \(size(estimate.memoryBytes))
      # run file: \(size(estimate.fileBytes)); beside it while running: \(size(estimate.checkpointBytes))\(search)
      """
  }
}
