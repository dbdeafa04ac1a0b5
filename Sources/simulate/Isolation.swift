import ArgumentParser
import Foundation
import Output
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reading of NetCDF files in a process of its own.
///
/// The C libraries below NetCDF do not withstand every damaged file: some make them crash. So a command that
/// only reads such files runs once more as a child of itself, and a run that starts from states of a file has
/// a child read them first. A crash is then one line and exit code 65, and takes nothing else with it.
enum Isolation {
  private static let mark = "SIMULATE_ISOLATED"

  /// Runs a command's body in a child, unless this is the child already.
  ///
  /// - Parameter file: The file that the body reads.
  static func run(reading file: String, _ body: () throws -> Void) throws {
    guard ProcessInfo.processInfo.environment[mark] == nil,
      let process = spawn(CommandLine.arguments, isQuiet: false)
    else { return try body() }
    forwardSignals(to: process)
    switch wait(for: process) {
    case .exit(0): return
    case .exit(let code): throw ExitCode(code)
    case .crash(let number):
      printMessage("simulate: \(ForeignFileError(path: file, signal: number))")
      throw ExitCode(Exit.data)
    case .signal(let number):
      signal(number, SIG_DFL)
      raise(number)
      throw ExitCode(128 + number)
    }
  }

  /// Has a child read a NetCDF file first.
  ///
  /// - Parameter variables: What to read beside the structure.
  /// - Throws: `ForeignFileError` where the child crashed; whatever else is wrong with the file is found, and
  ///   said better, by whoever reads it next. `CancellationError` where the child was interrupted.
  static func probe(_ path: String, variables: [String] = []) throws {
    let arguments = [CommandLine.arguments[0], "probe", "--", path] + variables
    guard let process = spawn(arguments, isQuiet: true) else { return }
    switch wait(for: process) {
    case .exit: return
    case .crash(let number): throw ForeignFileError(path: path, signal: number)
    case .signal: throw CancellationError()
    }
  }

  private enum End {
    case exit(Int32)
    case crash(Int32)
    case signal(Int32)
  }

  /// Starts this program once more; nil where that cannot be done.
  private static func spawn(_ arguments: [String], isQuiet: Bool) -> pid_t? {
    let program =
      FileManager.default.fileExists(atPath: "/proc/self/exe")
      ? "/proc/self/exe" : Bundle.main.executablePath ?? CommandLine.arguments[0]
    // A crash is one line of its parent's, not a page of the runtime's.
    let changes = [mark: "1", "SWIFT_BACKTRACE": "enable=no"]
    let environment = ProcessInfo.processInfo.environment.merging(changes) { $1 }
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if isQuiet {
      for stream in [STDOUT_FILENO, STDERR_FILENO] {
        posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0)
      }
    }
    var process: pid_t = 0
    return posix_spawn(&process, program, &actions, nil, &argv, &envp) == 0 ? process : nil
  }

  private static func wait(for process: pid_t) -> End {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let number = status & 0x7F
    if number == 0 { return .exit((status >> 8) & 0xFF) }
    // The last two are traps of Swift.
    return [SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP].contains(number)
      ? .crash(number) : .signal(number)
  }

  /// Hands on SIGINT and SIGTERM that were sent to this process alone; a terminal sends them to both.
  private static func forwardSignals(to process: pid_t) {
    child.store(process, ordering: .relaxed)
    var action = sigaction()
    #if canImport(Darwin)
      action.__sigaction_u.__sa_sigaction = handOn
    #else
      action.__sigaction_handler.sa_sigaction = handOn
    #endif
    action.sa_flags = SA_SIGINFO
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
  }
}

/// The child that signals are handed on to.
private let child = Atomic<Int32>(0)

private func handOn(
  _ number: Int32, _ information: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
  // Positive: from the kernel, and hence from a terminal.
  if let information, information.pointee.si_code > 0 { return }
  kill(child.load(ordering: .relaxed), number)
}

/// A file whose reading crashed the process that tried.
struct ForeignFileError: Error, CustomStringConvertible {
  var path: String
  var signal: Int32

  var description: String {
    "cannot read \(path): the NetCDF library crashed on it (signal \(signal)), so it is damaged; write it again,"
      + " or fetch another copy"
  }
}

/// What a child does for `Isolation.probe`.
struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Reads a NetCDF file and says nothing.", shouldDisplay: false)

  @Argument var file: String
  @Argument var variables: [String] = []

  func run() throws {
    try reportingFailures {
      let reader = try NetCDFReader(path: file)
      for name in variables {
        let variable = try reader.variable(name)
        if variable.type.isInteger { _ = try variable.readInts() } else { _ = try variable.readDoubles() }
      }
    }
  }
}
