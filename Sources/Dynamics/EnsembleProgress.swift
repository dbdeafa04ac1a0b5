import Synchronization

/// How far a run of an ensemble is, and whether it goes on: asked by all workers at all times, without a lock.
final class EnsembleProgress: Sendable {
  private let observer: (any EnsembleObserver)?
  /// Members times times of the ensemble or shard.
  private let whole: Double
  /// Members times the times at which they were measured.
  private let measured: Atomic<Int>
  /// The most that the observer was told of, or an earlier process had: work that is done again is no step back.
  private let told: Atomic<Int>
  private let cancelled = Atomic<Bool>(false)

  /// - Parameters:
  ///   - measured: What earlier processes measured.
  ///   - whole: What there is to measure in all, at least 1.
  init(measured: Int, of whole: Int, observer: (any EnsembleObserver)?) {
    self.observer = observer
    self.whole = Double(whole)
    self.measured = Atomic(measured)
    told = Atomic(measured)
  }

  /// Whether the run is to end before its time.
  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  /// Ends the run before its time.
  func cancel() { cancelled.store(true, ordering: .relaxed) }

  /// Counts members that were measured at one more time; a negative number where that is to be done again.
  func add(_ count: Int) { measured.wrappingAdd(count, ordering: .relaxed) }

  /// Cancels the run where the observer wants that. Any thread may ask.
  func askObserver() {
    if let observer, observer.shouldStop() { cancel() }
  }

  /// Tells the observer the fraction that is done, which never falls, unless the run is cancelled. One thread at a time may
  /// call it.
  func tellObserver() {
    guard let observer, !isCancelled else { return }
    let most = max(measured.load(ordering: .relaxed), told.load(ordering: .relaxed))
    told.store(most, ordering: .relaxed)
    if !observer.progressed(to: Double(most) / whole) { cancel() }
  }
}
