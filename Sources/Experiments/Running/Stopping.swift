import Dynamics
import Kinds

/// Cancels the run of an ensemble when everything is to stop. It observes nothing else.
struct Stopping: EnsembleObserver {
  let events: RunEvents
  func shouldStop() -> Bool { events.shouldStop() }
}
