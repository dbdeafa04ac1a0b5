import Synchronization

/// How far a run of an ensemble is, and whether it goes on. All workers ask this at any time, without a lock.
final class EnsembleProgress: Sendable {
  private let observer: (any EnsembleObserver)?
  /// Members times times, over the ensemble or shard.
  private let total: Double
  /// Members times the times at which they have been measured.
  private let measured: Atomic<Int>
  /// The most that the observer was told, or that an earlier process had measured. Work done again is no step back.
  private let reported: Atomic<Int>
  private let cancelled = Atomic<Bool>(false)

  /// - Parameters:
  ///   - measured: What earlier processes have measured.
  ///   - total: What there is to measure in all, at least 1.
  init(measured: Int, of total: Int, observer: (any EnsembleObserver)?) {
    self.observer = observer
    self.total = Double(total)
    self.measured = Atomic(measured)
    reported = Atomic(measured)
  }

  /// Whether the run is to end early.
  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  /// Makes the run end early.
  func cancel() { cancelled.store(true, ordering: .relaxed) }

  /// Counts members that were measured at one more time. A negative number takes back work that must be done again.
  func add(_ count: Int) { measured.wrappingAdd(count, ordering: .relaxed) }

  /// Cancels the run if the observer wants that. Any thread may call it.
  func askObserver() {
    if let observer, observer.shouldStop() { cancel() }
  }

  /// Tells the observer the fraction that is done, which never falls, unless the run is cancelled. Only one thread at a
  /// time may call it.
  func tellObserver() {
    guard let observer, !isCancelled else { return }
    let most = max(measured.load(ordering: .relaxed), reported.load(ordering: .relaxed))
    reported.store(most, ordering: .relaxed)
    if !observer.progressed(to: Double(most) / total) { cancel() }
  }
}
