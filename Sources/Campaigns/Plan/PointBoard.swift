import Datasets
import Foundation
import Kinds
import Scenarios
import Synchronization

/// The progress of runs that go side by side.
package final class PointBoard: Sendable {
  private struct State {
    var fractions: [Double]
    var outcomes: [Campaign.Outcome?]
    var fatal: (any Error)?
  }
  private let state: Mutex<State>

  package let count: Int

  package init(_ count: Int) {
    self.count = count
    state = Mutex(
      State(fractions: Array(repeating: 0, count: count), outcomes: Array(repeating: nil, count: count)))
  }

  package func advance(_ k: Int, to fraction: Double) { state.withLock { $0.fractions[k] = fraction } }

  package func finish(_ k: Int, _ outcome: Campaign.Outcome) {
    state.withLock {
      $0.fractions[k] = 1
      $0.outcomes[k] = outcome
    }
  }

  package func stop(_ error: any Error) { state.withLock { $0.fatal = $0.fatal ?? error } }

  package var fatal: (any Error)? { state.withLock { $0.fatal } }
  /// The share that is done, not counting what was there before, because the time left follows from it.
  package var fraction: Double {
    state.withLock { state in
      let old = state.outcomes.count { if case .done(isNew: false) = $0 { true } else { false } }
      let new = state.fractions.count - old
      return new > 0 ? (state.fractions.reduce(0, +) - Double(old)) / Double(new) : 1
    }
  }
  package var doneCount: Int { state.withLock { $0.outcomes.count { $0 != nil } } }
  package var outcomes: [Campaign.Outcome] {
    state.withLock { $0.outcomes.map { $0 ?? .failed(CancellationError()) } }
  }
}

/// Whether a run holds the turn to train.
final class Turn: Sendable {
  private let isHeld = Atomic(true)
  /// True the first time.
  func give() -> Bool { isHeld.exchange(false, ordering: .relaxed) }
}

/// Lets only one of the runs with the same model train it. The others find it in the cache.
package final class TrainingTurns: Sendable {
  private let condition = NSCondition()
  private let atWork = Mutex<Set<String>>([])

  /// Waits until no other run trains this model.
  package func begin(_ key: String, unless shouldStop: () -> Bool) {
    condition.lock()
    defer { condition.unlock() }
    while !atWork.withLock({ $0.insert(key).inserted }), !shouldStop() {
      _ = condition.wait(until: Date(timeIntervalSinceNow: 0.2))
    }
  }

  /// Lets the next run begin. It may be called more than once.
  package func end(_ key: String) {
    condition.lock()
    atWork.withLock { _ = $0.remove(key) }
    condition.broadcast()
    condition.unlock()
  }
}

/// The data sets in use, so that runs with the same data set share it.
package final class DatasetCache: Sendable {
  private let registry: Registry
  private let capacity: Int
  private let entries = Mutex<[(key: String, dataset: Dataset)]>([])

  package init(_ registry: Registry, capacity: Int) {
    self.registry = registry
    self.capacity = capacity
  }

  /// Whether the scenario's data set has been read and is still in memory.
  package func holds(_ scenario: Scenario) -> Bool {
    let key = scenario.datasetKey
    return entries.withLock { $0.contains { $0.key == key } }
  }

  package func dataset(of scenario: Scenario) throws -> Dataset {
    let key = scenario.datasetKey
    if let known = entries.withLock({ $0.first { $0.key == key }?.dataset }) { return known }
    let dataset = try registry.loadDataset(of: scenario)
    entries.withLock { entries in
      entries.append((key, dataset))
      if entries.count > capacity { entries.removeFirst() }
    }
    return dataset
  }
}

extension Scenario {
  /// What the data set depends on.
  var datasetKey: String {
    keys { $0 == "seed" || $0.hasPrefix("dataset.") }
  }

  /// What the model depends on.
  var modelKey: String {
    keys {
      // Training sees no labels.
      $0 == "seed" || ($0.hasPrefix("dataset.") && $0 != "dataset.shuffle-labels") || $0.hasPrefix("model.")
    }
  }

  private func keys(_ isWanted: (String) -> Bool) -> String {
    assignments.filter { isWanted($0.0) }.map { "\($0.0): \($0.1)" }.joined(
      separator: "\n")
  }
}
