import ArgumentParser
internal import CProgram
import Foundation
import Kinds
import Numerics
import Synchronization
import Vocabulary

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The whole program: scenarios, lists, sweeps, resuming, shards, claims, plots and reports.
///
/// Another package makes a program with observables, corruptions and kinds of its own in a few lines of `main.swift`:
///
///     var registry = Registry.standard
///     registry.register(observables: [MyObservable.self], models: [MyModel.self])
///     Program.run(registry)
///
/// Children that read files of others are this program again (`/proc/self/exe`), with the same registry.
public enum Program {
  static let name = "repeated-inference"
  static let version = "0.2.0"
  /// The commit that it was built from.
  static let commit = String(cString: program_commit())

  private struct Setup {
    var registry = Registry.standard
    var command = "simulate"
  }

  private static let setup = Mutex(Setup())

  /// What scenarios can name.
  static var registry: Registry { setup.withLock { $0.registry } }

  /// What the program is called, in usage and messages.
  static var command: String { setup.withLock { $0.command } }

  /// Runs the command that the process's arguments give, and ends the process.
  ///
  /// - Parameters:
  ///   - registry: What scenarios can name.
  ///   - command: What the program is called, in usage and messages.
  public static func run(_ registry: Registry = .standard, command: String = "simulate") {
    setup.withLock { $0 = Setup(registry: registry, command: command) }
    return_large_arrays()
    end_without_destructors_if_limited()
    do {
      var command = try Simulate.parseAsRoot()
      try command.run()
    } catch {
      end(with: error)
    }
  }
}

extension Program {
  /// Ends the process as an error of a command asks: wrong usage is one line that names the command's help.
  private static func end(with error: any Error) -> Never {
    guard Simulate.exitCode(for: error).rawValue == Exit.usage, !(error is ExitCode) else {
      Simulate.exit(withError: error)
    }
    let message = Simulate.message(for: error).split(separator: "\n").reduce(into: "") { line, next in
      let choice = next.trimmingPrefix("  - ")
      line += line.isEmpty ? "\(choice)" : line.hasSuffix(":") ? " \(choice)" : ", \(choice)"
    }
    let help = Simulate.fullMessage(for: error).split(separator: "'").last { $0.hasSuffix(" --help") }
    printMessage("\(command): \(message); see '\(help ?? "\(command) --help")'")
    exit(Exit.usage)
  }
}

struct Simulate: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Program.command,
      abstract: "Repeated inference in variational autoencoders as a discrete dynamical system.",
      discussion: """
          \(Program.command) run scenarios/concept-then-memory.yaml -o run.nc
          \(Program.command) plot run.nc
          \(Program.command) export run.nc --variables distance-concept -o distance.csv

        A scenario file (YAML) says which data, model, dynamics and noise. 'run' trains the model, follows an ensemble of \
        trajectories, and writes averages with standard errors to a NetCDF file that xarray opens.

        \(ExitCodesPage.sentence)

        Trained models are kept in $REPEATED_INFERENCE_CACHE, or else in the folder repeated-inference of \
        $XDG_CACHE_HOME or ~/.cache.
        """,
      version: "\(Program.name) \(Program.version) (instructions: \(KernelInstructionSet.current))",
      subcommands: [
        RunCommand.self, MergeCommand.self, TrainCommand.self, ValidateCommand.self, InspectCommand.self,
        ListCommand.self, StartsCommand.self, HashCommand.self, ExportCommand.self, PlotCommand.self,
        ReportCommand.self,
        ProbeCommand.self,
      ])
  }

  /// Without a command: what one does next.
  func run() {
    let command = Program.command
    printResult(
      """
      \(Self.configuration.abstract)
      Three things to do next:

      1. Run an example, and draw what it found:
           \(command) run scenarios/concept-then-memory.yaml --set model.replicas=1 --set claims=null -o first.nc
           \(command) plot first.nc
      2. Write a scenario of your own, and check it before it runs:
           printf 'name: mine\\ninitial: {levels: [0, 0.4, 0.8]}\\n' > mine.yaml
           \(command) validate mine.yaml --estimate
      3. See what a scenario can name:
           \(command) list

      '\(command) --help' lists all commands, '\(command) COMMAND --help' explains one.
      """)
  }
}

/// Writes to standard output, control characters escaped; a closed pipe ends the program quietly, any other failure
/// with a message.
func printResult(_ text: String, terminator: String = "\n") {
  var text = text.escapingControls + terminator
  let failure = text.withUTF8 { bytes -> Int32? in
    var rest = UnsafeRawBufferPointer(bytes)
    while !rest.isEmpty {
      let count = write(STDOUT_FILENO, rest.baseAddress, rest.count)
      if count < 0, errno != EINTR { return errno }
      rest = UnsafeRawBufferPointer(rebasing: rest[max(count, 0)...])
    }
    return nil
  }
  guard let failure else { return }
  if failure == EPIPE {
    // As a program ends that does not ignore the signal.
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
  }
  printMessage(
    "\(Program.command): cannot write to standard output; check where it goes, and the space there")
  exit(Exit.inputOutput)
}

/// Writes a line to standard error, control characters escaped, if it can be written to.
///
/// Remedies name commands as those of `simulate`; a program of another package says its own name.
func printMessage(_ text: String) {
  let text = text.replacing("'simulate ", with: "'\(Program.command) ")
  try? FileHandle.standardError.write(contentsOf: Data((text.escapingControls + "\n").utf8))
}
