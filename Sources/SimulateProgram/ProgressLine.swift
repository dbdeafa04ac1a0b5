import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How fast a task goes: from when it began, with what an earlier process had done already.
struct Pace {
  var begin = Date()
  var first = 0.0

  func elapsed(at now: Date) -> Double { now.timeIntervalSince(begin) }

  /// Seconds until all is done, at the same pace; 0 where nothing is done or nothing left.
  func left(at now: Date, fraction: Double) -> Double {
    fraction > first && fraction < 1 ? elapsed(at: now) / (fraction - first) * (1 - fraction) : 0
  }
}

/// One line on standard error that is rewritten in place: what is done, a bar, and the time left.
///
/// It is silent if standard error is not a terminal, or if asked to be quiet.
final class ProgressLine: Sendable {
  private struct State {
    var task = ""
    var pace = Pace()
    var lastShown = Date.distantPast
    var isShown = false
  }

  private let state = Mutex(State())
  /// Whether it is shown.
  let isActive: Bool

  init(quiet: Bool) {
    isActive = !quiet && isatty(STDERR_FILENO) == 1
  }

  /// Shows a fraction of a task; a new task's name starts its clock.
  func show(_ task: String, fraction: Double, note: String = "") {
    guard isActive else { return }
    state.withLock { state in
      let now = Date()
      if task != state.task {
        state.task = task
        state.pace = Pace(begin: now, first: fraction)
        state.lastShown = .distantPast
      }
      guard now.timeIntervalSince(state.lastShown) > 0.1 || fraction >= 1 else { return }
      state.lastShown = now
      state.isShown = true
      let isKnown = fraction - state.pace.first > 0.01 && state.pace.elapsed(at: now) > 0.5
      let left = isKnown ? Self.clock(state.pace.left(at: now, fraction: fraction)) + " left" : ""
      let width = 24
      let filled = Int((Double(width) * min(max(fraction, 0), 1)).rounded())
      let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
      let percent = String(format: "%3d %%", Int((100 * fraction).rounded(.down)))
      let line = "\r\u{1B}[K\(task) [\(bar)] \(percent)  \(left)  \(note)"
      try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }
  }

  /// Removes the line.
  func clear() {
    guard isActive else { return }
    state.withLock { state in
      if state.isShown { try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8)) }
      state.isShown = false
      state.task = ""
    }
  }

  private static func clock(_ seconds: Double) -> String {
    let s = Int(seconds.rounded())
    return s >= 3600
      ? String(format: "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
      : String(format: "%d:%02d", s / 60, s % 60)
  }
}
