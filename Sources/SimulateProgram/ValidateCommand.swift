import ArgumentParser
import Campaigns
import Experiments
import Datasets
import Foundation
import Scenarios

struct ValidateCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "validate",
      abstract: "Checks a scenario and its data without training or running.",
      discussion: """
          \(Program.command) validate my.yaml --estimate

        The command prints the resolved scenario (every key with its value), hashes of the items, and the size of the run. With --estimate it also \
        says what time, memory and space all runs will take. It tries the scenario's networks and data for a second or two.
        """)
  }

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
      experiment.warnOfData()
      if !options.quiet {
        Self.printResolved(experiment.scenario)
        printResult(Self.items(of: experiment.dataset))
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

  /// What the items are, and their hashes, which numpy computes as well (NOTATION.md).
  private static func items(of dataset: Dataset) -> String {
    let picture = dataset.imageShape.map {
      "pictures of \($0.rows) x \($0.columns)\($0.channels == 1 ? "" : " x \($0.channels)")"
    }
    let classes = dataset.hierarchy.hasClasses ? "\(dataset.hierarchy.numberOfClasses) classes" : "no labels"
    let hashes = [("train", dataset.train), ("test", dataset.test)].filter { $0.1.count > 0 }.map {
      "\n# \($0.0) items: SHA-256 \($0.1.componentHash())"
    }
    return "# items: \(picture ?? "\(dataset.dimension) numbers"), \(classes)" + hashes.joined()
  }

  private func validateCampaign(_ scenario: Scenario, _ progress: ProgressLine, _ start: Date) throws {
    let campaign = try options.campaign(scenario, progress: progress)
    let size = try campaign.checkedSize()
    if !options.quiet {
      Self.printResolved(scenario)
      printResult(
        "# valid: \(size.runs) runs (points, replicas and controls); the first: \(size.members) members x"
          + " \(size.steps) steps")
    }
    if estimate {
      let reading = Date().timeIntervalSince(start)
      printResult(Self.text(try campaign.estimate(), reading: reading))
    }
  }

  private static func printResolved(_ scenario: Scenario) {
    printResult(scenario.resolvedYAML, terminator: "")
    if let text = ScenarioOptions.keysLeftOut(of: scenario) { printResult("# \(text)") }
  }

  private static func text(_ estimate: RunEstimate, reading: Double) -> String {
    """
    # time: \(time(reading + estimate.seconds)) on \(estimate.threads) threads \
    (reading \(time(reading)), training \(time(estimate.trainingSeconds))\(estimate.mayStopEarly ? stopping : ""), \
    memories \(time(estimate.preparationSeconds)), ensemble \(time(estimate.ensembleSeconds)), writing \(time(estimate.writingSeconds)))
    # memory: \(size(estimate.memoryBytes))
    # run file: \(size(estimate.fileBytes)); beside it while running: \(size(estimate.checkpointBytes))\
    \(search(estimate.search, " of that", of: estimate.seconds))
    """
  }

  private static func text(_ estimate: CampaignEstimate, reading: Double) -> String {
    let models = estimate.trainings == 1 ? "model" : "models"
    let runs = estimate.trials == 1 ? "a trial of one run" : "trials of \(estimate.trials) runs"
    return """
      # time: \(time(reading + estimate.seconds)) on \(estimate.threads) threads for \(estimate.runs) runs, \
      \(estimate.workers) side by side (training of \(estimate.trainings) \(models), \
      \(time(estimate.trainingSeconds)) together\(estimate.mayStopEarly ? stopping : ""); \
      putting the file together \(time(estimate.mergingSeconds))); from \(runs)
      # memory: \(size(estimate.memoryBytes))
      # run file: \(size(estimate.fileBytes)); beside it while running: \(size(estimate.folderBytes))\
      \(search(estimate.search, " of that, one after another", of: estimate.seconds))
      """
  }

  /// What is said of training that may stop early.
  private static let stopping = " at most, because it may stop early"

  /// What is said of the search for attractors.
  ///
  /// - Parameter total: The time of the whole, in seconds: an upper bound far above it helps nobody to plan.
  private static func search(_ search: RunEstimate.Search?, _ share: String, of total: Double) -> String {
    guard let search else { return "" }
    let isBoundUseful = search.atMostSeconds <= 10 * max(total, 1)
    let limit = "at most \(time(search.atMostSeconds)), if every start took all of max-steps"
    let bound = isBoundUseful ? "; \(limit)" : ""
    if let seconds = search.seconds {
      return
        "\n# attractors: \(time(seconds))\(share), from \(search.triedStarts) of \(search.starts) starts\(bound)"
    }
    return
      "\n# attractors: not in that time, because it depends on the model, which is not trained yet\(bound)"
  }

  private static func time(_ seconds: Double) -> String {
    if seconds < 120 { return String(format: "%.1f s", seconds) }
    return seconds < 7200
      ? String(format: seconds < 600 ? "%.1f min" : "%.0f min", seconds / 60)
      : String(format: "%.1f h", seconds / 3600)
  }

  private static func size(_ bytes: Double) -> String {
    bytes < 0x1p30 ? String(format: "%.1f MiB", bytes / 0x1p20) : String(format: "%.1f GiB", bytes / 0x1p30)
  }
}
