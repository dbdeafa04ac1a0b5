import ArgumentParser
import Foundation
import Experiments
import Kinds
import Numerics

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Makes the run file of all shards of a run.",
    discussion: """
      The shards are what 'simulate run --shard K/N' wrote, in any order; none may be missing. The run file has \
      the numbers of a single run. The data set is read again; the model is in the first shard.

        simulate merge runs/my.*.shard -o runs/my.nc
      """)

  @Argument(help: "The shards' files.", completion: .file(extensions: ["shard"]))
  var shards: [String]

  @Option(
    name: .shortAndLong,
    help: "The run file. (default: the scenario's output.file)", completion: .file(extensions: ["nc"]))
  var output: String?

  @Option(help: "Worker threads; results do not depend on it. (default: all processors)")
  var threads: Int?

  @Flag(help: "Replaces an existing run file, once the new one is complete.")
  var overwrite = false

  @Flag(name: .shortAndLong, help: "No progress and no results, only errors.")
  var quiet = false

  func validate() throws {
    try checkThreads(threads)
  }

  func run() throws {
    installSignalHandlers()
    let progress = ProgressLine(quiet: quiet)
    try reportingFailures {
      try ResourceLimits.checkAddressSpace(threads: threads ?? Parallel.processorCount)
      defer { progress.clear() }
      let start = Date()
      var options = RunOptions(
        threads: threads ?? Parallel.processorCount, registry: Program.registry,
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
      let report = try merge.run(to: output, overwrite: overwrite)
      progress.clear()
      if !quiet {
        printResult(
          Summary.text(
            report, scenario: merge.experiment.scenario, seconds: Date().timeIntervalSince(start)))
      }
    }
  }
}
