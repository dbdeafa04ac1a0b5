import Logging

/// Shows the library's log as plain lines on standard error; quiet, only errors.
struct TerminalLog: LogHandler {
  let progress: ProgressLine
  let isQuiet: Bool
  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]

  init(progress: ProgressLine, isQuiet: Bool) {
    self.progress = progress
    self.isQuiet = isQuiet
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    guard !isQuiet || event.level >= .error else { return }
    progress.clear()
    printMessage(event.level >= .warning ? "\(event.level): \(event.message)" : "\(event.message)")
  }
}
