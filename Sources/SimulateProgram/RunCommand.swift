import ArgumentParser
import Foundation
import Campaigns
import Experiments
import Output
import Scenarios

/// Where a run file goes.
struct RunFilePlace: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: "The run file. (default: the scenario's output.file, or else NAME.nc beside the scenario)",
    completion: .file(extensions: ["nc"]))
  var output: String?

  @Flag(help: "Replaces an existing run file when the new one is complete.")
  var overwrite = false
}

/// Which part of a run is computed.
struct PartOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Computes one of N parts, for '\(Program.command) merge'.", valueName: "k/n"),
    transform: { text in
      guard let shard = Shard(text) else {
        throw ValidationError("expected K/N with 1 <= K <= N, e.g. 3/16")
      }
      return shard
    })
  var shard: Shard?
}

/// What the run file is compared with when it is complete.
struct VerificationOptions: ParsableArguments {
  @Option(help: Expectation.help)
  var verify: String?
}

struct RunCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "run",
      abstract: "Runs a scenario and writes the run file (NetCDF).",
      discussion: """
          \(Program.command) run my.yaml -o my.nc --set dynamics.steps=50

        The program trains the model first, unless the scenario names a model file or the same model was trained before. \
        The run file gets its name only when it is complete.

        Work is saved every minute in RUN.nc.checkpoint, and when a signal ends the program (Ctrl-C, SIGTERM, SIGHUP, \
        SIGUSR1, SIGUSR2, SIGXCPU). The same command with --resume continues there, and the numbers are those of an \
        uninterrupted run. A signal that was ignored when the program started, as with nohup, stays ignored.

        --shard 3/16 computes the third of 16 parts and writes RUN.3-of-16.shard. '\(Program.command) merge' makes the run \
        file from all 16; its numbers are those of a single run.

        A sweep, replicas and controls are several runs with one file. They run side by side, and each finished run is kept \
        in RUN.nc.points until all are there. If a run fails, the program says so, writes the others, and ends with the exit \
        code of the first failure; --resume tries the failed runs again. With --shard, the command computes a part of the \
        runs; when all parts are done, --resume writes the file.
        """)
  }

  @OptionGroup var options: ScenarioOptions

  @OptionGroup(title: "Work and messages")
  private var instructions: InstructionOptions

  @OptionGroup(title: "Output")
  private var place: RunFilePlace

  @OptionGroup(title: "Output")
  private var verification: VerificationOptions

  @OptionGroup(title: "Interruptions and parts")
  var checkpoints: CheckpointOptions

  @OptionGroup(title: "Interruptions and parts")
  private var part: PartOptions

  private var output: String? { place.output }
  private var overwrite: Bool { place.overwrite }
  private var shard: Shard? { part.shard }

  func run() throws {
    installSignalHandlers()
    let progress = ProgressLine(quiet: options.quiet)
    try reportingFailures {
      defer { progress.clear() }
      try instructions.select()
      let scenario = try options.load()
      try checkShardPlace(output ?? scenario.output.file)
      let expectation = try expectation(output ?? scenario.output.file)
      let formerIsReadable = try checkFormer(scenario)
      let start = Date()
      if scenario.isCampaign {
        return try runCampaign(scenario, progress, start, formerIsReadable, expectation)
      }
      let experiment = try options.experiment(scenario, progress: progress, checkpoints)
      let outcome = try experiment.run(
        to: output, overwrite: overwrite, resume: checkpoints.resume, shard: shard,
        formerIsReadable: formerIsReadable)
      progress.clear()
      let seconds = Date().timeIntervalSince(start)
      switch outcome {
      case .complete(let report):
        say(Summary.text(report, scenario: experiment.scenario, seconds: seconds))
        try verify(report.path, expectation)
      case .shard(let report):
        say(
          "shard \(report.shard): \(report.memberCount) of \(report.ensembleMemberCount) members in"
            + String(format: " %.1f s", seconds))
        say("Shard file: \(report.path)")
      case .completeBefore(let path):
        say("\(path) is complete; nothing was left to do")
        try verify(path, expectation)
      }
    }
  }

  /// Prints a result, unless the command is to be quiet.
  private func say(_ text: String) {
    if !options.quiet { printResult(text) }
  }

  /// What the run file must be like, read before the run.
  ///
  /// - Throws: as `Expectation.init`; `ValidationError` where no run file will be there to compare.
  private func expectation(_ path: String) throws -> Expectation? {
    guard let expected = verification.verify else { return nil }
    if shard != nil {
      throw ValidationError(
        "--verify: expected a whole run; leave out --shard, or use '\(Program.command) hash' after merging")
    }
    if StreamedOutput.isNeeded(path) {
      throw ValidationError(
        "--verify: expected a run file that can be read again; \(path) is a pipe or a device")
    }
    return try Expectation(expected)
  }

  private func verify(_ path: String, _ expectation: Expectation?) throws {
    try expectation?.check(NetCDFReader(path: path), path: path, quiet: options.quiet)
  }

  /// Throws if the output of a shard is a pipe or a device, because its file is named after the run file and
  /// lies beside it.
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
    _ scenario: Scenario, _ progress: ProgressLine, _ start: Date, _ formerIsReadable: Bool,
    _ expectation: Expectation?
  ) throws {
    let campaign = try options.campaign(scenario, progress: progress, checkpoints)
    if let shard {
      let count = try campaign.run(shard, to: output)
      progress.clear()
      say(
        "shard \(shard): \(count) runs in" + String(format: " %.1f s", Date().timeIntervalSince(start))
          + "; when all shards are done, the same command with --resume instead of --shard writes the file")
      return
    }
    let report = try campaign.run(
      to: output, overwrite: overwrite, resume: checkpoints.resume, formerIsReadable: formerIsReadable)
    progress.clear()
    guard let report else {
      let path = output ?? scenario.output.file
      say("\(path) is complete; nothing was left to do")
      return try verify(path, expectation)
    }
    if !options.quiet {
      printResult(
        try CampaignSummary.text(report, scenario: scenario, seconds: Date().timeIntervalSince(start)))
    }
    if let failure = report.failures.first { throw CampaignFailure(report.failures.count, failure) }
    try verify(report.path, expectation)
  }
}
