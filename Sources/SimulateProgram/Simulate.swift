import ArgumentParser
internal import CProgram
import Foundation
import Kinds
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
  static let version = "0.1.0"
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
    Simulate.main(nil)
  }
}

struct Simulate: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Program.command,
      abstract: "Repeated inference in variational autoencoders as a discrete dynamical system.",
      discussion: """
        A scenario file (YAML) says which data, model, dynamics and noise; 'run' turns it into an ensemble of \
        trajectories and writes averages with standard errors to a NetCDF file that xarray opens.

          simulate run scenarios/concept-then-memory.yaml -o run.nc
          simulate run my.yaml --set initial.levels=[0,0.5] --set dynamics.steps=50
          simulate run my.yaml --resume
          simulate list observables
          simulate starts run.nc -o states.nc
          simulate export run.nc --variables overlap_concept,distance_concept -o table.csv
          simulate plot run.nc -o run.pdf

        Exit codes: 0 done; 64 wrong usage; 65 a scenario, data or model file that is wrong in itself; 66 an \
        input that is not there; 69 gnuplot is not installed; 73 the output cannot be created, or exists; \
        74 input or output failed; 130 interrupted.

        Trained models are kept in $REPEATED_INFERENCE_CACHE, or else in the folder repeated-inference of \
        $XDG_CACHE_HOME or ~/.cache.
        """,
      version: "\(Program.name) \(Program.version)",
      subcommands: [
        RunCommand.self, MergeCommand.self, TrainCommand.self, ValidateCommand.self, InspectCommand.self,
        ListCommand.self, StartsCommand.self, ExportCommand.self, PlotCommand.self, ReportCommand.self,
        ProbeCommand.self,
      ])
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
