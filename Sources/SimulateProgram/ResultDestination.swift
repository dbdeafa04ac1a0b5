import Output

/// Where a text that a command makes goes.
enum ResultDestination {
  case standardOutput
  /// A pipe or a device: written piece by piece.
  case stream(String)
  /// Replaced as a whole.
  case file(String)

  /// The destination that `-o` names; standard output where it is missing or `-`, or leads there.
  init(_ path: String?) {
    if let path, path != "-", !StreamedOutput.isStandardOutput(path) {
      self = StreamedOutput.isNeeded(path) ? .stream(path) : .file(path)
    } else {
      self = .standardOutput
    }
  }

  /// Finds out before long work whether it can be written to.
  ///
  /// - Parameter inputs: Files that it must not be.
  /// - Throws: `FileError`.
  func check(overwrite: Bool, inputs: [String]) throws {
    guard case .file(let path) = self else { return }
    try AtomicFile.checkDistinct(path, from: inputs)
    try AtomicFile.checkWritable(path, overwrite: overwrite)
  }

  /// Writes what `body` hands on.
  ///
  /// - Throws: `FileError`; what `body` throws.
  func write(
    overwrite: Bool, inputs: [String], _ body: (_ receive: (String) throws -> Void) throws -> Void
  ) throws {
    switch self {
    case .standardOutput: try body { printResult($0, terminator: "") }
    case .stream(let path):
      // It may be that nobody ever reads a pipe, and there is nothing to save.
      restoreDefaultSignals()
      try StreamedOutput.write(to: path, body)
    case .file(let path):
      try AtomicFile.checkDistinct(path, from: inputs)
      var text = ""
      try body { text += $0 }
      try AtomicFile.write(text, to: path, overwrite: overwrite)
    }
  }
}
