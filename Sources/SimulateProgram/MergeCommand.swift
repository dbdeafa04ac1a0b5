import ArgumentParser
import Foundation
import Experiments
import Kinds
import Numerics
import Preparation

struct MergeCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "merge",
      abstract: "Makes the run file from all shards of a run.",
      discussion: """
          \(Program.command) merge my.*.shard -o my.nc

        Shards are the files that '\(Program.command) run --shard K/N' wrote. Give all of them, in any order. The numbers in \
        the run file are those of a single run. The data set is read again; the model is in the first shard.
        """)
  }

  @Argument(help: "The shards' files.", completion: .file(extensions: ["shard"]))
  var shards: [String]

  @OptionGroup(title: "Output")
  private var place: RunFilePlace

  @OptionGroup(title: "Work and messages")
  private var work: WorkOptions

  func run() throws {
    installSignalHandlers()
    let progress = ProgressLine(quiet: work.quiet)
    try reportingFailures {
      try ResourceLimits.checkAddressSpace(threads: work.threads ?? Parallel.processorCount)
      defer { progress.clear() }
      let start = Date()
      var options = RunOptions(
        threads: work.threads ?? Parallel.processorCount, registry: Program.registry,
        source: "\(Program.name) \(Program.version)",
        command: CommandLine.arguments.joined(separator: " "))
      options.commit = Program.commit
      let merge = try ShardMerge(
        shards, options: options,
        events: RunEvents(
          progress: { event in
            if case .running(let fraction) = event { progress.show("merging", fraction: fraction) }
            return !isInterrupted.load(ordering: .relaxed)
          }, shouldStop: { isInterrupted.load(ordering: .relaxed) }))
      let report = try merge.run(to: place.output, overwrite: place.overwrite)
      progress.clear()
      if !work.quiet {
        printResult(
          Summary.text(
            report, scenario: merge.experiment.scenario, seconds: Date().timeIntervalSince(start)))
      }
    }
  }
}
