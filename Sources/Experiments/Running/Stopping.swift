import Dynamics
import Kinds

/// Cancels the run of an ensemble where the whole is to stop; nothing else is asked of it.
struct Stopping: EnsembleObserver {
  let events: RunEvents
  func shouldStop() -> Bool { events.shouldStop() }
}
