import Logging
import Kinds

/// Shows the library's log as plain lines on standard error; quiet, only errors. Of several runs' messages, each
/// begins with the run that it is about.
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
    let level = event.level >= .warning ? "\(event.level): " : ""
    let run = metadata[RunEvents.runKey].map { "\($0): " } ?? ""
    printMessage("\(level)\(run)\(event.message)")
  }
}
