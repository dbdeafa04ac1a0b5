import Logging
import Synchronization

/// What a run reports while it works.
public enum RunProgress: Sendable {
  /// An epoch of training has ended.
  case training(TrainingProgress)
  /// The fraction of the ensemble that is done.
  case running(Double)
  /// How far the search for attractors has come.
  case searching(SearchProgress)
  /// The fraction of several runs that is done, how many runs are done, and how many there are.
  case runs(Double, done: Int, of: Int)
}

/// How far a training has come.
public struct TrainingProgress: Sendable, Hashable {
  /// Finished epochs.
  public var epoch: Int
  /// Epochs in all.
  public var epochs: Int
  /// What is said of the last epoch, such as its negative evidence lower bounds.
  public var note: String

  /// Makes a report.
  public init(epoch: Int, of epochs: Int, note: String) {
    self.epoch = epoch
    self.epochs = epochs
    self.note = note
  }

  /// Every how many epochs a line is written: about ten in all, or one for each of at most 20 epochs.
  package static func interval(of epochs: Int) -> Int { epochs <= 20 ? 1 : (epochs + 9) / 10 }

  /// Whether a line is written after this epoch.
  package var isMilestone: Bool {
    epoch == 1 || epoch == epochs || epoch % Self.interval(of: epochs) == 0
  }
}

/// How far a search for attractors has come.
public struct SearchProgress: Sendable, Hashable {
  /// The fraction of the work that is done, where starts under way count by the steps that they may still take.
  public var fraction: Double
  /// The number of starts that are decided.
  public var decided: Int
  /// The number of starts that have not settled after some thousand steps and are still under way.
  public var unsettled: Int
  /// The number of starts.
  public var starts: Int

  /// Makes a report.
  public init(fraction: Double, decided: Int, unsettled: Int, of starts: Int) {
    self.fraction = fraction
    self.decided = decided
    self.unsettled = unsettled
    self.starts = starts
  }

  /// The numbers of starts in words.
  public var note: String {
    "\(decided) of \(starts) starts decided" + (unsettled > 0 ? ", \(unsettled) do not settle" : "")
  }
}

/// Where a run reports to.
public struct RunEvents: Sendable {
  /// The metadata key under which a message of one of several runs names its run, such as `model.latent = 20,
  /// replica 2`.
  public static let runKey = "run"

  /// Lines worth reading; silent by default.
  public var logger: Logger
  /// Progress; returning false cancels the run.
  public var progress: @Sendable (RunProgress) -> Bool
  /// Asked often, by any thread; true cancels the run.
  public var shouldStop: @Sendable () -> Bool
  /// What `warnOnce` has said.
  package var warningsGiven = WarningsGiven()

  /// By default it reports nothing.
  public init(
    logger: Logger = Logger(label: "repeated-inference", factory: { _ in SwiftLogNoOpLogHandler() }),
    progress: @escaping @Sendable (RunProgress) -> Bool = { _ in true },
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) {
    self.logger = logger
    self.progress = progress
    self.shouldStop = shouldStop
  }

  package final class WarningsGiven: Sendable {
    let texts = Mutex<Set<String>>([])
  }

  /// Logs a warning that may hold for several runs: once, without naming a run.
  public func warnOnce(_ text: String) {
    guard warningsGiven.texts.withLock({ $0.insert(text).inserted }) else { return }
    var logger = logger
    logger[metadataKey: Self.runKey] = nil
    logger.warning("\(text)")
  }
}
