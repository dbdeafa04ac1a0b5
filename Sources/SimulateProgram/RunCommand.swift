import ArgumentParser
import Foundation
import Campaigns
import Experiments
import Output
import Scenarios

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a scenario and writes the run file (NetCDF).",
    discussion: """
      Trains the model first, unless the scenario names a model file or the model was trained before. The run \
      file gets its name only when it is complete; an existing one is left alone without --overwrite.

      Work is saved every minute in RUN.nc.checkpoint, and when the program is interrupted (Ctrl-C, SIGTERM, \
      SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU): the same command with --resume goes on there, and leaves the same \
      numbers as an uninterrupted run. A signal that was ignored when the program started (nohup) stays ignored.

      --shard 3/16 computes the third of 16 parts and writes RUN.3-of-16.shard; 'simulate merge' makes the run \
      file of all 16, with the same numbers as a single run.

      A sweep, replicas and controls are several runs, side by side, and one file. Each finished run is kept in \
      RUN.nc.points until all are there. A run that fails is reported and missing in the file, the others \
      are in it; the exit code is then that of the first failure. With --shard, a part of the runs is \
      computed; when all are there, --resume writes the file.
      """)

  @OptionGroup var options: ScenarioOptions

  @Option(
    name: .shortAndLong,
    help: "The run file. (default: the scenario's output.file)", completion: .file(extensions: ["nc"]))
  var output: String?

  @Flag(
    help: "Replaces an existing run file, once the new one is complete; with --resume, the continued one.")
  var overwrite = false

  @OptionGroup var checkpoints: CheckpointOptions

  @Option(
    help: ArgumentHelp("Computes one of N parts, for 'simulate merge'.", valueName: "k/n"),
    transform: { text in
      guard let shard = Shard(text) else {
        throw ValidationError("expected K/N with 1 <= K <= N, e.g. 3/16")
      }
      return shard
    })
  var shard: Shard?

  func run() throws {
    installSignalHandlers()
    let progress = ProgressLine(quiet: options.quiet)
    try reportingFailures {
      defer { progress.clear() }
      let scenario = try options.load()
      try checkShardPlace(output ?? scenario.output.file)
      let formerIsReadable = try checkFormer(scenario)
      let start = Date()
      if scenario.isCampaign { return try runCampaign(scenario, progress, start, formerIsReadable) }
      let experiment = try options.experiment(scenario, progress: progress, checkpoints)
      let outcome = try experiment.run(
        to: output, overwrite: overwrite, resume: checkpoints.resume, shard: shard,
        formerIsReadable: formerIsReadable)
      progress.clear()
      if options.quiet { return }
      switch outcome {
      case .complete(let report):
        printResult(
          Summary.text(report, scenario: experiment.scenario, seconds: Date().timeIntervalSince(start)))
      case .shard(let report):
        printResult(
          "shard \(report.shard): \(report.memberCount) of \(report.ensembleMemberCount) members in"
            + String(format: " %.1f s", Date().timeIntervalSince(start)))
        printResult("Shard file: \(report.path)")
      case .completeBefore(let path):
        printResult("\(path) is complete; nothing was left to do")
      }
    }
  }

  /// Refuses a shard beside a pipe or a device: its file is named after the run file, and lies beside it.
  ///
  /// - Throws: `FileError`.
  private func checkShardPlace(_ path: String) throws {
    guard shard != nil, StreamedOutput.isNeeded(path) else { return }
    try AtomicFile.checkWritable(path, overwrite: true)
  }

  /// Whether a file that a resumed run finds in its output's place can be read: it may be this run, complete. With
  /// `--shard` the run file is not read.
  ///
  /// - Throws: `FileError` where it cannot be read and may not be replaced; `CancellationError`.
  private func checkFormer(_ scenario: Scenario) throws -> Bool {
    let path = output ?? scenario.output.file
    guard checkpoints.resume, shard == nil, FileManager.default.fileExists(atPath: path) else { return true }
    try AtomicFile.checkDistinct(path, from: scenario.inputPaths)
    do {
      try Isolation.probe(path)
      return true
    } catch is ForeignFileError {
      try AtomicFile.checkWritable(path, overwrite: overwrite)
      return false
    }
  }

  /// Several runs: a sweep, replicas, controls.
  private func runCampaign(
    _ scenario: Scenario, _ progress: ProgressLine, _ start: Date, _ formerIsReadable: Bool
  ) throws {
    let campaign = try options.campaign(scenario, progress: progress, checkpoints)
    if let shard {
      let count = try campaign.run(shard, to: output)
      progress.clear()
      if !options.quiet {
        printResult(
          "shard \(shard): \(count) runs in" + String(format: " %.1f s", Date().timeIntervalSince(start))
            + "; when all shards are done, the same command with --resume instead of --shard writes the file")
      }
      return
    }
    let report = try campaign.run(
      to: output, overwrite: overwrite, resume: checkpoints.resume, formerIsReadable: formerIsReadable)
    progress.clear()
    guard let report else {
      if !options.quiet {
        printResult("\(output ?? scenario.output.file) is complete; nothing was left to do")
      }
      return
    }
    if !options.quiet {
      printResult(
        try CampaignSummary.text(report, scenario: scenario, seconds: Date().timeIntervalSince(start)))
    }
    if let failure = report.failures.first { throw CampaignFailure(report.failures.count, failure) }
  }
}
