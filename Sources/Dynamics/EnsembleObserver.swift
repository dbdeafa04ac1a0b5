/// Accompanies the run of an ensemble. It is told how far the run is, receives what the run leaves, and may end it.
///
/// Every method has a default that does nothing.
public protocol EnsembleObserver: Sendable {
  /// Asked by every worker after each step of a block, because a unit may take minutes. True cancels the run.
  func shouldStop() -> Bool

  /// Called now and then, from one thread at a time, with the fraction of the ensemble or shard that is done.
  ///
  /// - Returns: Whether the run goes on; false cancels it.
  func progressed(to fraction: Double) -> Bool

  /// Receives the units' records in the plan's order, from one thread at a time. Called only if the plan records
  /// members or latent states.
  ///
  /// - Throws: An error that ends the run, which rethrows it.
  func receive(_ records: borrowing MemberRecords) throws

  /// Receives a shard's segments, in order, after their units' records.
  ///
  /// - Throws: An error that ends the run, which rethrows it.
  func receive(_ segment: borrowing SegmentSums) throws

  /// Called from one thread at a time: after each unit, after a worker has handed over its progress, and at the end of
  /// a run that was cancelled.
  ///
  /// - Parameters:
  ///   - state: The state so far. All records of its finished units were received before.
  ///   - isLast: Whether the run was cancelled, so that no state follows.
  /// - Throws: An error that ends the run, which rethrows it.
  func checkpoint(_ state: borrowing EnsembleState, isLast: Bool) throws
}

extension EnsembleObserver {
  /// By default, the run is not stopped.
  public func shouldStop() -> Bool { false }
  /// By default, the run goes on.
  public func progressed(to fraction: Double) -> Bool { true }
  /// Does nothing.
  public func receive(_ records: borrowing MemberRecords) throws {}
  /// Does nothing.
  public func receive(_ segment: borrowing SegmentSums) throws {}
  /// Does nothing.
  public func checkpoint(_ state: borrowing EnsembleState, isLast: Bool) throws {}
}
