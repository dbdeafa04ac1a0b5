import ArgumentParser
import Arrays
import Foundation
import Logging
import Campaigns
import Experiments
import Kinds
import Output
import Preparation
import Scenarios
import Synchronization

/// What replaces values of a scenario file.
struct ScenarioChanges: ParsableArguments {
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Replaces a key's value; may be repeated.",
      discussion:
        "The value is YAML: --set initial.levels=[0,0.5]. Relative paths in it start from the working directory.",
      valueName: "key=value"))
  var overrides: [String] = []

  @Option(
    parsing: .unconditional, help: "Replaces the seed, from 0 to 2^64 - 1. (default: the scenario's seed)")
  var seed: UInt64?

  func validate() throws {
    for override in overrides where !override.contains("=") || override.hasPrefix("=") {
      throw ValidationError("--set \(override): expected KEY=VALUE, e.g. --set dynamics.steps=50")
    }
  }
}

/// What all commands that compute take.
struct WorkOptions: ParsableArguments {
  @Option(help: "Worker threads; results do not depend on them. (default: all processors)")
  var threads: Int?

  @Flag(name: .shortAndLong, help: "Prints errors only: no progress, no warnings, no results.")
  var quiet = false

  func validate() throws { try checkThreads(threads) }
}

/// What all commands that read a scenario take.
struct ScenarioOptions: ParsableArguments {
  @Argument(help: "The scenario file (YAML).", completion: .file(extensions: ["yaml", "yml"]))
  var scenario: String

  @OptionGroup(title: "Scenario")
  private var changes: ScenarioChanges

  @OptionGroup(title: "Work and messages")
  private var work: WorkOptions

  /// Whether only errors are told.
  var quiet: Bool { work.quiet }

  /// The validated scenario.
  func load() throws -> Scenario {
    try ScenarioLoader.load(
      path: scenario, overrides: changes.overrides, seed: changes.seed,
      vocabulary: Program.registry.vocabulary)
  }

  /// A scenario of one run with its data, reporting to the terminal.
  func experiment(
    _ scenario: Scenario, progress: ProgressLine, _ checkpoints: CheckpointOptions? = nil
  ) throws -> Experiment {
    try Self.probe(scenario)
    return try Experiment(
      scenario, options: try runOptions(checkpoints), events: Self.events(scenario, progress, isQuiet: quiet))
  }

  /// A scenario of several runs with its data, reporting to the terminal.
  func campaign(
    _ scenario: Scenario, progress: ProgressLine, _ checkpoints: CheckpointOptions? = nil
  ) throws -> Campaign {
    try Self.probe(scenario)
    return try Campaign(
      scenario, options: try runOptions(checkpoints), events: Self.events(scenario, progress, isQuiet: quiet))
  }

  /// What overrides took out of a scenario, in words; nil: nothing.
  static func keysLeftOut(of scenario: Scenario) -> String? {
    guard !scenario.keysLeftOut.isEmpty else { return nil }
    let keys = scenario.keysLeftOut.joined(separator: ", ")
    return "keys of the scenario that have no meaning beside the values of --set are left out: \(keys)"
  }

  /// Reads given initial states, and arrays of data in NetCDF and HDF5 files, in a process of their own first.
  static func probe(_ scenario: Scenario) throws {
    // Only a sweep over the data or the initial states makes more than one of them.
    let points =
      scenario.sweep.contains { $0.key.hasPrefix("initial.") || $0.key.hasPrefix("dataset.") }
      ? try ScenarioLoader.points(of: scenario, vocabulary: Program.registry.vocabulary) : [scenario]
    var probed: Set<[String]> = []
    for point in points {
      for array in point.dataset.arrays where NetCDFFormat(ofFile: array.file) == .hdf5 {
        let variables = array.variable.map { [$0] } ?? []
        if probed.insert([array.file] + variables).inserted {
          try Isolation.probe(array.file, variables: variables)
        }
      }
      guard let file = point.initial.file, let variable = file.variable, !NumberArray.isNumpy(file.path)
      else { continue }
      let variables = [variable] + [file.labels, file.items].compactMap { $0 }
      if probed.insert([file.path] + variables).inserted {
        try Isolation.probe(file.path, variables: variables)
      }
    }
  }

  private func runOptions(_ checkpoints: CheckpointOptions?) throws -> RunOptions {
    var options = try Self.runOptions(threads: work.threads)
    if let checkpoints { options.checkpointInterval = checkpoints.checkpointInterval }
    return options
  }

  /// How scenarios are executed by this program.
  static func runOptions(threads: Int?) throws -> RunOptions {
    var options = RunOptions(
      registry: Program.registry, source: "\(Program.name) \(Program.version)",
      command: CommandLine.arguments.joined(separator: " "))
    options.commit = Program.commit
    options.program = Program.command
    if let threads { options.threads = threads }
    try ResourceLimits.checkAddressSpace(threads: options.threads)
    return options
  }

  /// Reports to the terminal.
  static func events(_ scenario: Scenario, _ progress: ProgressLine, isQuiet: Bool) -> RunEvents {
    let beginning = BeginningLog(isQuiet ? nil : keysLeftOut(of: scenario))
    let epochs = EpochLog(isQuiet: isQuiet)
    let runs = RunLog(isQuiet: isQuiet)
    let work = WorkLog(isQuiet: isQuiet)
    return RunEvents(
      logger: Logger(label: Program.name) { _ in TerminalLog(progress: progress, isQuiet: isQuiet) },
      progress: { event in
        beginning.log(progress)
        switch event {
        case .training(let training): epochs.log(training, progress)
        case .searching(let search):
          work.log("attractors", search.fraction, progress, note: search.note)
        case .running(let fraction): work.log("running", fraction, progress)
        case .runs(let fraction, let done, let count): runs.log(fraction, done, of: count, progress)
        }
        return !isInterrupted.load(ordering: .relaxed)
      }, shouldStop: { isInterrupted.load(ordering: .relaxed) })
  }
}

/// What commands take whose work can be interrupted and continued.
struct CheckpointOptions: ParsableArguments {
  @Flag(help: "Continues an interrupted run; starts a new one if there is no checkpoint.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Seconds between checkpoints, which are written beside the output.", valueName: "seconds"))
  var checkpointInterval = 60.0

  func validate() throws {
    guard checkpointInterval >= 0, checkpointInterval <= 1e9 else {
      throw ValidationError(
        "--checkpoint-interval \(checkpointInterval): expected a number of seconds from 0 to 1e9")
    }
  }
}

/// A message that is printed when work begins, and not before, because an error is one line.
private final class BeginningLog: Sendable {
  private let message: Mutex<String?>
  init(_ message: String?) { self.message = Mutex(message) }

  func log(_ progress: ProgressLine) {
    guard let text = message.withLock({ $0.take() }) else { return }
    progress.clear()
    printMessage(text)
  }
}

/// Training progress: a bar on a terminal, and the figures of some epochs as lines.
private final class EpochLog: Sendable {
  private let isQuiet: Bool
  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func log(_ training: TrainingProgress, _ progress: ProgressLine) {
    let (epoch, count) = (training.epoch, training.epochs)
    progress.show(
      "training", fraction: Double(epoch) / Double(max(count, 1)), note: "epoch \(epoch)  \(training.note)")
    if !isQuiet && training.isMilestone {
      progress.clear()
      printMessage("epoch \(epoch) of \(count): \(training.note)")
    }
  }
}

/// Progress of several runs: a bar on a terminal, and a line now and then.
private final class RunLog: Sendable {
  private let isQuiet: Bool
  private let state = Mutex((last: 0, pace: Pace()))
  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func log(_ fraction: Double, _ done: Int, of count: Int, _ progress: ProgressLine) {
    progress.show("runs", fraction: fraction, note: "\(done) of \(count) done")
    let line: String? = state.withLock { state in
      let isMilestone = done > state.last && (count <= 20 || done == count || done % ((count + 19) / 20) == 0)
      guard isMilestone else { return nil }
      state.last = done
      let now = Date()
      let left = shortTime(state.pace.left(at: now, fraction: fraction))
      return "run \(done) of \(count) done after \(shortTime(state.pace.elapsed(at: now)))"
        + (done < count ? ", about \(left) left" : "")
    }
    if let line, !isQuiet {
      progress.clear()
      printMessage(line)
    }
  }
}

/// Progress of one run: a bar on a terminal; elsewhere a line for every tenth, at most one in ten seconds, and at least
/// one a minute of what has a note.
private final class WorkLog: Sendable {
  private struct State {
    var task = ""
    var pace = Pace()
    var last = Date()
    var tenth = 0
  }

  private let isQuiet: Bool
  private let state = Mutex(State())
  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func log(_ task: String, _ fraction: Double, _ progress: ProgressLine, note: String = "") {
    progress.show(task, fraction: fraction, note: note)
    guard !isQuiet, !progress.isActive else { return }
    let line: String? = state.withLock { state in
      let now = Date()
      let tenth = Int(10 * fraction)
      if task != state.task {
        state = State(task: task, pace: Pace(begin: now, first: fraction), last: now, tenth: tenth)
      }
      let silence = now.timeIntervalSince(state.last)
      guard fraction < 1, tenth > state.tenth && silence >= 10 || !note.isEmpty && silence >= 60 else {
        return nil
      }
      state.last = now
      state.tenth = tenth
      let left = shortTime(state.pace.left(at: now, fraction: fraction))
      return
        "\(task): \(Int(100 * fraction)) % after \(shortTime(state.pace.elapsed(at: now))), about \(left) left"
        + (note.isEmpty ? "" : " (\(note))")
    }
    if let line { printMessage(line) }
  }
}

private func shortTime(_ seconds: Double) -> String {
  seconds < 100 ? String(format: "%.0f s", seconds) : String(format: "%.1f min", seconds / 60)
}

/// Throws if the number of worker threads (`--threads`) is out of range.
///
/// - Throws: `ValidationError`.
func checkThreads(_ threads: Int?) throws {
  guard let threads, !(1...4096).contains(threads) else { return }
  throw ValidationError("--threads \(threads): expected a number from 1 to 4096")
}
