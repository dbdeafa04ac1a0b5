/// Merges units in the plan's order, in whichever order they arrive, and hands the observer what they leave.
struct UnitMerging: Sendable {
  private(set) var state: EnsembleState
  /// The observer's first error. After it, nothing is merged.
  private(set) var failure: (any Error)?
  private let observer: (any EnsembleObserver)?

  init(into state: consuming EnsembleState, observer: (any EnsembleObserver)?) {
    self.state = state
    self.observer = observer
  }

  /// The first unit that has not been merged.
  var nextUnit: Int { state.unitsDone }

  /// How far an earlier process or another worker came in a unit; nil if none began it.
  func progress(ofUnit index: Int) -> UnitProgress? { state.unitsAhead[index] }

  /// Keeps a unit that is not finished, so that checkpoints contain it.
  mutating func keep(_ unit: UnitProgress, index: Int) { state.unitsAhead[index] = unit }

  /// Takes a finished unit, and merges all units whose turn it is.
  ///
  /// - Returns: Whether the observer accepted what they leave; false after its first error.
  mutating func add(_ unit: UnitProgress, index: Int) -> Bool {
    attempt { merging in
      // An earlier process may have finished the unit, and another worker may have merged it with those before it.
      guard index >= merging.nextUnit else { return }
      merging.state.unitsAhead[index] = unit
      try merging.mergeInTurn()
    }
  }

  private mutating func mergeInTurn() throws {
    while let unit = state.unitsAhead[nextUnit], unit.isFinished {
      state.unitsAhead[nextUnit] = nil
      if let observer, let records = unit.records { try observer.receive(records) }
      try state.merge(unit) { [observer] in try observer?.receive($0) }
      try observer?.checkpoint(state, isLast: false)
    }
  }

  /// Hands the state to the observer while the run goes on.
  ///
  /// - Returns: Whether the observer accepted it; false after its first error.
  mutating func saveCheckpoint() -> Bool {
    attempt { try $0.observer?.checkpoint($0.state, isLast: false) }
  }

  /// The averages. If the run was cancelled, the observer receives the last state instead.
  ///
  /// - Throws: The observer's first error, or `CancellationError` if the run was cancelled.
  func results(isCancelled: Bool) throws -> [LevelStatistics] {
    if let failure { throw failure }
    if isCancelled {
      try observer?.checkpoint(state, isLast: true)
      throw CancellationError()
    }
    return state.results
  }

  /// Runs `body` and keeps the first error; does nothing after an error.
  private mutating func attempt(_ body: (inout UnitMerging) throws -> Void) -> Bool {
    guard failure == nil else { return false }
    do {
      try body(&self)
      return true
    } catch {
      failure = error
      return false
    }
  }
}
