import Foundation
import Output
import Testing

/// What one run of a program left.
struct Execution: Sendable {
  /// The exit code; negative: the number of the signal that ended it.
  var code: Int32
  /// Standard output.
  var output: String
  /// Standard error.
  var errors: String

  /// The lines of standard error.
  var errorLines: [Substring] { errors.split(separator: "\n") }
}

/// Where things are in the checkout.
enum Checkout {
  /// The root of the package.
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The built program, in the folder that holds the running tests.
  static let program: String = {
    var candidates = [CommandLine.arguments[0], Bundle.main.executablePath ?? ""]
    candidates += [root + "/.build/release/simulate"]
    for candidate in candidates where !candidate.isEmpty {
      // In a macOS bundle, the program is some folders above the tests' executable.
      var folder = URL(fileURLWithPath: candidate).deletingLastPathComponent()
      for _ in 0..<4 {
        let path = folder.appendingPathComponent("simulate").path
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
          return path
        }
        folder.deleteLastPathComponent()
      }
    }
    fatalError("no program 'simulate' beside \(CommandLine.arguments[0])")
  }()
}

/// A temporary folder with a cache of trained models of its own, removed afterwards.
final class Sandbox: Sendable {
  private let base: String
  /// The working directory of the runs.
  let folder: String
  /// The models' cache; not there before the first training.
  let cache: String

  init() throws {
    base = NSTemporaryDirectory() + "command-tests-" + UUID().uuidString
    folder = base + "/work"
    cache = base + "/cache"
    for path in [base, folder, base + "/streams"] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: base) }

  /// The path of a file in the working directory.
  func callAsFunction(_ name: String) -> String { folder + "/" + name }

  /// All files in the working directory, hidden ones too.
  var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } }

  /// All files in the cache.
  var cachedModels: [String] {
    FileManager.default.fileExists(atPath: cache)
      ? ((try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []).map { cache + "/" + $0 } : []
  }

  /// Writes a text file.
  @discardableResult
  func put(_ text: String, at name: String) throws -> String {
    try put(Array(text.utf8), at: name)
  }

  /// Writes a file.
  @discardableResult
  func put(_ bytes: [UInt8], at name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: self(name)))
    return self(name)
  }

  /// The bytes of a file.
  func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: self(name))))
  }

  /// Runs `simulate`.
  @discardableResult
  func simulate(_ arguments: String..., cache: String? = nil) throws -> Execution {
    try simulate(arguments, cache: cache)
  }

  /// Runs `simulate`.
  @discardableResult
  func simulate(_ arguments: [String], cache: String? = nil) throws -> Execution {
    try start(Checkout.program, arguments, cache: cache).end()
  }

  /// Runs `simulate` and expects it to be done without an error.
  @discardableResult
  func succeed(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> Execution
  {
    let execution = try simulate(arguments)
    try #require(execution.code == 0, "\(arguments): \(execution.errors)", sourceLocation: sourceLocation)
    return execution
  }

  /// Runs `simulate` and expects one line on standard error that holds all of `parts`.
  @discardableResult
  func fail(
    _ code: Int32, _ arguments: [String], parts: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Execution {
    let execution = try simulate(arguments)
    #expect(execution.code == code, "\(arguments): \(execution.errors)", sourceLocation: sourceLocation)
    #expect(execution.output == "", sourceLocation: sourceLocation)
    #expect(execution.errorLines.count == 1, "\(execution.errors)", sourceLocation: sourceLocation)
    #expect(execution.errors.hasPrefix("simulate: "), "\(execution.errors)", sourceLocation: sourceLocation)
    #expect(execution.errors.hasSuffix("\n"), sourceLocation: sourceLocation)
    for part in parts {
      #expect(
        execution.errors.contains(part), "\"\(part)\" in \(execution.errors)", sourceLocation: sourceLocation)
    }
    return execution
  }

  /// Runs a line of a POSIX shell, in which `$SIMULATE` is the program.
  func shell(_ line: String) throws -> Execution { try start("/bin/sh", ["-c", line]).end() }

  /// Starts a program in the working directory.
  func start(_ program: String, _ arguments: [String], cache: String? = nil) throws -> RunningProgram {
    try RunningProgram(
      program, arguments, folder: folder, streams: base + "/streams/" + UUID().uuidString,
      environment: ["REPEATED_INFERENCE_CACHE": cache ?? self.cache, "SIMULATE": Checkout.program])
  }

  /// Opens a run file.
  func reader(_ name: String) throws -> NetCDFReader { try NetCDFReader(path: self(name)) }
}

/// A program that was started. Its streams go to files: pipes would fill up.
final class RunningProgram {
  private let process = Process()
  private let streams: String

  init(
    _ program: String, _ arguments: [String], folder: String, streams: String, environment: [String: String]
  ) throws {
    self.streams = streams
    try FileManager.default.createDirectory(atPath: streams, withIntermediateDirectories: true)
    for name in ["out", "err"] {
      guard FileManager.default.createFile(atPath: streams + "/" + name, contents: nil) else {
        throw CocoaError(.fileWriteUnknown)
      }
    }
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: streams + "/out"))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: streams + "/err"))
    // A new process inherits the mask of blocked signals, and threads of the tests' pool block most: SIGINT
    // would never arrive.
    var none = sigset_t()
    var former = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &former)
    defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
    try process.run()
  }

  /// Waits until standard error holds a text; fails after a minute.
  func waitForMessage(_ text: String) throws {
    let deadline = Date() + 60
    while true {
      let errors = try stream("err")
      if errors.contains(text) { return }
      try #require(process.isRunning && Date() < deadline, "no \"\(text)\" in \(errors)")
      Thread.sleep(forTimeInterval: 0.01)
    }
  }

  /// Its process number.
  var number: Int32 { process.processIdentifier }

  /// Sends SIGINT.
  func interrupt() { process.interrupt() }

  /// Whether it has not ended.
  var isRunning: Bool { process.isRunning }

  /// Sends SIGKILL.
  func kill() { send(SIGKILL) }

  /// Sends a signal.
  func send(_ signal: Int32) {
    #if canImport(Darwin)
      _ = Darwin.kill(process.processIdentifier, signal)
    #else
      _ = Glibc.kill(process.processIdentifier, signal)
    #endif
  }

  /// Waits for its end.
  func end() throws -> Execution {
    process.waitUntilExit()
    let status = process.terminationStatus
    return Execution(
      code: process.terminationReason == .exit ? status : -status, output: try stream("out"),
      errors: try stream("err"))
  }

  private func stream(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: streams + "/" + name)), as: UTF8.self)
  }
}
