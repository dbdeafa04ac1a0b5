import ArgumentParser
import Datasets
import Drawing
import Foundation
import Output
import Campaigns
import Experiments
import Scenarios
import Synchronization
import VAE

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The exit codes of the program (those of sysexits.h).
enum Exit {
  static let done: Int32 = 0
  static let different: Int32 = 1
  static let usage: Int32 = 64
  static let data: Int32 = 65
  static let noInput: Int32 = 66
  static let unavailable: Int32 = 69
  static let cannotCreate: Int32 = 73
  static let inputOutput: Int32 = 74
  static let interrupted: Int32 = 130
}

/// Runs a command's body; an error becomes one line on standard error and an exit code.
func reportingFailures(_ body: () throws -> Void) throws {
  do {
    try ResourceLimits.raiseOpenFiles()
    try ResourceLimits.checkAddressSpaceForReading()
    try body()
  } catch let error as ExitCode {
    throw error
  } catch let error as ValidationError {
    throw error
  } catch is CancellationError {
    printMessage("\(Program.command): interrupted; nothing was written")
    throw ExitCode(Exit.interrupted)
  } catch is RunInterrupted {
    printMessage("\(Program.command): interrupted; continue with: \(resumingCommand(CommandLine.arguments))")
    throw ExitCode(Exit.interrupted)
  } catch {
    // One line, even if the names in a hostile file hold line breaks.
    let text = String(
      String.UnicodeScalarView(
        "\(error)".unicodeScalars.map {
          $0.properties.isWhitespace || $0.properties.generalCategory == .control ? " " : $0
        }))
    printMessage("\(Program.command): \(text)")
    throw ExitCode(programExitCode(of: error))
  }
}

/// Some runs of several failed; the others were written.
struct CampaignFailure: Error, CustomStringConvertible {
  let count: Int
  let first: any Error
  private let label: String

  init(_ count: Int, _ failure: CampaignReport.Failure) {
    self.count = count
    first = failure.error
    label = failure.label
  }

  var description: String {
    "\(count) \(count == 1 ? "run" : "runs") failed, the first at \(label): \(first)"
  }
}

/// The command line that continues what this one began, for a shell.
func resumingCommand(_ arguments: [String]) -> String {
  let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:@%+")
  let words = arguments + (arguments.contains("--resume") ? [] : ["--resume"])
  return words.map { word in
    !word.isEmpty && word.allSatisfy(plain.contains)
      ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }.joined(separator: " ")
}

/// The exit code that says what kind of error ended the program. `ExitCodesPage` lists them.
func programExitCode(of error: any Error) -> Int32 {
  switch error {
  case is MissingInstructionSet: return Exit.usage
  case let error as CampaignFailure: return programExitCode(of: error.first)
  case let error as ScenarioError: return error.exitCode
  case let error as DatasetError:
    switch error.kind {
    case .missing: return Exit.noInput
    case .invalid: return Exit.data
    case .unreadable: return Exit.inputOutput
    }
  case let error as ForeignFileError: return error.exitCode
  case is ListError: return Exit.data
  case let error as ModelFileError: return error.isMissing ? Exit.noInput : Exit.data
  case let error as NetCDFError:
    switch error.kind {
    case .notFound: return Exit.noInput
    case .cannotCreate: return Exit.cannotCreate
    case .inputOutput: return Exit.inputOutput
    default: return Exit.data
    }
  case let error as CheckpointError:
    switch error.kind {
    case .mismatch: return Exit.data
    case .missing: return Exit.noInput
    case .exists: return Exit.cannotCreate
    }
  case let error as FigureError:
    switch error.kind {
    case .invalid: return Exit.data
    case .missingProgram: return Exit.unavailable
    case .programFailed: return Exit.inputOutput
    }
  case let error as FileError: return error.kind == .inputOutput ? Exit.inputOutput : Exit.cannotCreate
  default: return Exit.inputOutput
  }
}

/// Set by the first signal that asks the program to end.
let isInterrupted = Atomic<Bool>(false)

/// The signals that ask a program to save its work and end: of users (SIGINT), of systems and batch queues
/// (SIGTERM, SIGUSR1, SIGUSR2), of a terminal that is gone (SIGHUP), and of a limit of processor time
/// (SIGXCPU).
enum EndingSignals {
  static let all = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU]

  /// The signals that the program heeds: all but those that its parent has told it to ignore, as `nohup` does
  /// with SIGHUP.
  static let heeded = all.filter { number in
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return true }
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self)
  }
}

/// Makes running work end in order on the ending signals. Full disks and closed pipes become errors, and do
/// not kill the process.
func installSignalHandlers() {
  for number in EndingSignals.heeded {
    signal(number) { number in
      isInterrupted.store(true, ordering: .relaxed)
      // A second one of these ends the program at once. The others come several times for one reason: shell and
      // kernel both send SIGHUP, and the kernel sends SIGXCPU every second.
      if number == SIGINT || number == SIGTERM { signal(number, SIG_DFL) }
    }
  }
  signal(SIGXFSZ, SIG_IGN)
  // A closed reader of messages must not end a run. A closed reader of results does, in `printResult`.
  signal(SIGPIPE, SIG_IGN)
  // The parent may have left them blocked, as threads of some runtimes do.
  var endings = sigset_t()
  sigemptyset(&endings)
  for number in EndingSignals.heeded { sigaddset(&endings, number) }
  pthread_sigmask(SIG_UNBLOCK, &endings, nil)
}

/// Lets the ending signals end the program at once again.
func restoreDefaultSignals() {
  for number in EndingSignals.heeded { signal(number, SIG_DFL) }
}
