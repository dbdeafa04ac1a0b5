import ArgumentParser
internal import CProgram
import Foundation
import Output
import Experiments
import Summaries
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reading of NetCDF files in a process of its own.
///
/// The C libraries below NetCDF do not withstand every damaged file: some files make them crash, with others
/// they never end. So a command that only reads such files starts itself again as a child, and a run that
/// starts from states of a file lets a child read them first. A crash is then one line and exit code 65, and
/// nothing else is lost. The same holds for a structure (groups, dimensions, variables, attributes) that is
/// not read within `structureSeconds` of processor time. Reading values has no limit, because it may take
/// long.
///
/// The limit is of processor time, because an endless loop uses it up and a slow disk does not. The kernel
/// enforces it (`RLIMIT_CPU`), and ends a child whose parent is gone.
enum Isolation {
  /// Holds the parent's number in a child's environment.
  private static let mark = "SIMULATE_ISOLATED"
  /// The environment's variable that sets the limit.
  static let limitVariable = "REPEATED_INFERENCE_STRUCTURE_SECONDS"
  private static let standardLimit: UInt32 = 60

  /// The most processor time that the structure of a file may take, in seconds.
  ///
  /// - Throws: `ValidationError` where the environment sets it to anything but a whole number from 1 to 10^6.
  private static var structureSeconds: UInt32 {
    get throws {
      guard let text = ProcessInfo.processInfo.environment[limitVariable], !text.isEmpty else {
        return standardLimit
      }
      guard let seconds = UInt32(text), (1...1_000_000).contains(seconds) else {
        throw ValidationError(
          "\(limitVariable)=\(text): expected a whole number of seconds from 1 to 1000000; unset it for the"
            + " standard, \(standardLimit)")
      }
      return seconds
    }
  }

  /// Runs a command's body in a child, unless this is the child already.
  ///
  /// - Parameters:
  ///   - file: The file that the body reads.
  ///   - body: Calls `structureIsRead()` when it has opened the file.
  /// - Throws: `ExitCode`; `ValidationError` where the environment's limit is no number.
  static func run(reading file: String, _ body: () throws -> Void) throws {
    let seconds = try structureSeconds
    if isChild {
      begin(seconds)
      return try body()
    }
    try reportingFailures { try WorkFile.refuse(file) }
    guard let process = spawn(CommandLine.arguments) else { return try body() }
    forwardSignals(to: process)
    switch wait(for: process, seconds) {
    case .exit(0): return
    case .exit(let code): throw ExitCode(code)
    case .failure(let failure):
      printMessage("\(Program.command): \(ForeignFileError(path: file, failure: failure))")
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
  /// - Throws: `ForeignFileError` where the child crashed, did not come to an end, or could not read the
  ///   file: this process must not try again, because what is damaged may be refused once and crash the next
  ///   time. What a sound file lacks (a variable, numbers) is found, and said better, by whoever reads it
  ///   next. `CancellationError` where the child or this process was interrupted. `ValidationError` as `run`.
  static func probe(_ path: String, variables: [String] = []) throws {
    let arguments = [CommandLine.arguments[0], "probe", "--", path] + variables
    let seconds = try structureSeconds
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    defer { close(ends[0]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let process = spawn(arguments, quietly: ends[1])
    close(ends[1])
    guard let process else { return }
    switch wait(for: process, seconds, unless: { isInterrupted.load(ordering: .relaxed) }) {
    case .exit(0): return
    case .exit(let code):
      throw ForeignFileError(path: path, failure: .refused(text(of: ends[0]), code: code))
    case .failure(let failure): throw ForeignFileError(path: path, failure: failure)
    case .signal: throw CancellationError()
    }
  }

  /// What a child that has ended left in a pipe.
  private static func text(of pipe: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: longestRefusal)
    let count = read(pipe, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }

  /// The most bytes of a refusal: fewer than a pipe holds, because the parent reads them when the child has ended.
  static let longestRefusal = 4096

  /// What `ProbeCommand` does around its reading, as `run` does for other commands' children.
  ///
  /// - Throws: What the body throws; `ValidationError` as `run`.
  static func runProbe(_ body: () throws -> Void) throws {
    if isChild { begin(try structureSeconds) }
    try body()
  }

  /// Lifts the limit, because values are read from here on, and their reading may take long.
  static func structureIsRead() {
    if isChild { restore_processor_time() }
  }

  /// Opens a file whose values are read next: lifts the limit and takes signals over.
  ///
  /// Until then a signal ends the process, which may be caught in a loop of the library.
  static func openForValues<File>(_ body: () throws -> File) rethrows -> File {
    let file = try body()
    structureIsRead()
    installSignalHandlers()
    return file
  }

  private static var isChild: Bool { ProcessInfo.processInfo.environment[mark] != nil }

  /// Begins a child's life.
  private static func begin(_ seconds: UInt32) {
    let parent = ProcessInfo.processInfo.environment[mark].flatMap { Int32($0) } ?? getppid()
    end_with_parent(parent)
    limit_processor_time(seconds)
  }

  private enum End {
    case exit(Int32)
    case failure(ForeignFileError.Failure)
    case signal(Int32)
  }

  /// Starts this program once more; nil where that cannot be done.
  ///
  /// - Parameter output: Where its standard output goes, and then nothing is heard of its standard error;
  ///   nil: both are this process's own.
  private static func spawn(_ arguments: [String], quietly output: Int32? = nil) -> pid_t? {
    let program =
      FileManager.default.fileExists(atPath: "/proc/self/exe")
      ? "/proc/self/exe" : Bundle.main.executablePath ?? CommandLine.arguments[0]
    // Otherwise the kernel forgets how a child ended.
    signal(SIGCHLD, SIG_DFL)
    // Of a crash the parent prints one line; the runtime would print a page.
    let changes = [mark: "\(getpid())", "SWIFT_BACKTRACE": "enable=no"]
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
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
      posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    }
    var process: pid_t = 0
    return posix_spawn(&process, program, &actions, nil, &argv, &envp) == 0 ? process : nil
  }

  /// Waits for a child.
  ///
  /// - Parameters:
  ///   - seconds: The limit of its structure.
  ///   - isStopped: Asked now and then; true ends the child. Nil: never.
  private static func wait(
    for process: pid_t, _ seconds: UInt32, unless isStopped: (() -> Bool)? = nil
  ) -> End {
    var status: Int32 = 0
    if let isStopped {
      // Handlers that restart the call would let it outlast an interrupt.
      var pause: UInt32 = 500
      while true {
        let ended = waitpid(process, &status, WNOHANG)
        if ended == process || (ended < 0 && errno != EINTR) { break }
        if isStopped() { kill(process, SIGKILL) }
        usleep(pause)
        pause = min(2 * pause, 20_000)
      }
    } else {
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
    let number = status & 0x7F
    if number == 0 { return .exit((status >> 8) & 0xFF) }
    // If this process has a limit of its own, the file may not be the reason.
    if number == SIGXCPU, processor_time_limit() == UInt64.max { return .failure(.endless(seconds)) }
    // The last two are traps of Swift.
    return [SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP].contains(number)
      ? .failure(.crash(number)) : .signal(number)
  }

  /// Hands on ending signals that were sent to this process alone; a terminal sends them to both. The limit of
  /// processor time is each process's own.
  private static func forwardSignals(to process: pid_t) {
    child.store(process, ordering: .relaxed)
    var action = sigaction()
    #if canImport(Darwin)
      action.__sigaction_u.__sa_sigaction = handOn
    #else
      action.__sigaction_handler.sa_sigaction = handOn
    #endif
    action.sa_flags = SA_SIGINFO
    for number in EndingSignals.heeded where number != SIGXCPU { sigaction(number, &action, nil) }
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

/// A file that the process which read it first could not read.
struct ForeignFileError: Error, CustomStringConvertible {
  enum Failure {
    /// The number of the signal.
    case crash(Int32)
    /// Seconds of processor time that were not enough for the structure.
    case endless(UInt32)
    /// What that process said, and its exit code.
    case refused(String, code: Int32)
  }

  var path: String
  var failure: Failure

  var exitCode: Int32 {
    if case .refused(_, let code) = failure { code } else { Exit.data }
  }

  var description: String {
    switch failure {
    case .crash(let signal):
      "cannot read \(path): the NetCDF library crashed on it (signal \(signal)), so it is damaged; write it again,"
        + " or fetch another copy"
    case .endless(let seconds):
      "cannot read \(path): the NetCDF library did not get through its structure in \(seconds) s of processor"
        + " time, so it is most likely damaged; write it again, or fetch another copy (where it is that large,"
        + " set \(Isolation.limitVariable) to more seconds)"
    case .refused(let message, _):
      message.isEmpty
        ? "cannot read \(path): the process that read it first failed; write it again, or fetch another copy"
        : message
    }
  }
}

/// What a child does for `Isolation.probe`: its standard output holds what the library refused, if anything.
struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Reads a NetCDF file, and says why if it cannot.", shouldDisplay: false)

  @Argument var file: String
  @Argument var variables: [String] = []

  func run() throws {
    try Isolation.runProbe {
      // The parent finds these problems itself and explains them better: they come from our own checks.
      var passedOn: [NetCDFError.Kind] = [.notFound]
      do {
        try HDF5Inspection.refuseDepartures(from: file)
        for name in variables { try HDF5Inspection.refuseHidden(name, of: file) }
        let reader = try NetCDFReader(path: file)
        Isolation.structureIsRead()
        passedOn = [.missingName, .typeMismatch, .tooLarge]
        for name in variables { try read(reader.variable(name)) }
      } catch let error as NetCDFError {
        if passedOn.contains(error.kind) { return }
        let text = "\(error)".utf8.prefix(Isolation.longestRefusal)
        FileHandle.standardOutput.write(Data(text))
        throw ExitCode(programExitCode(of: error))
      }
    }
  }

  /// Reads a variable's values, part by part: they may take more memory than they do in the end.
  private func read(_ variable: NetCDFReaderVariable) throws(NetCDFError) {
    // Scalars are read by whoever needs them.
    for part in VariableParts(variable.shape) where !part.count.isEmpty {
      if variable.type.isInteger {
        _ = try variable.readInts(start: part.start, count: part.count)
      } else {
        _ = try variable.readDoubles(start: part.start, count: part.count)
      }
    }
  }
}
