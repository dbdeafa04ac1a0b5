import ArgumentParser
internal import CProgram
import Foundation
import Output

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Name and version of the program.
enum Program {
  static let name = "repeated-inference"
  static let version = "0.1.0"
  /// The commit that it was built from.
  static let commit = String(cString: program_commit())
}

@main
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Repeated inference in variational autoencoders as a discrete dynamical system.",
    discussion: """
      A scenario file (YAML) says which data, model, dynamics and noise; 'run' turns it into an ensemble of \
      trajectories and writes averages with standard errors to a NetCDF file that xarray opens.

        simulate run scenarios/concept-then-memory.yaml -o run.nc
        simulate run my.yaml --set initial.levels=[0,0.5] --set dynamics.steps=50
        simulate run my.yaml --resume
        simulate list observables
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
      ListCommand.self, ExportCommand.self, PlotCommand.self, ReportCommand.self, ProbeCommand.self,
    ])

  static func main() {
    return_large_arrays()
    main(nil)
  }
}

/// Writes to standard output; a closed pipe ends the program quietly, any other failure with a message.
func printResult(_ text: String, terminator: String = "\n") {
  var text = text + terminator
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
  printMessage("simulate: cannot write to standard output; check where it goes, and the space there")
  exit(Exit.inputOutput)
}

/// Writes a line to standard error, if it can be written to.
func printMessage(_ text: String) {
  try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
}
