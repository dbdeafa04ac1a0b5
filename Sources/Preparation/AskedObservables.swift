import Observables
import Scenarios

extension Scenario {
  /// The observables that are averaged: a label has no mean.
  package var averagedObservables: [String] { observables.filter { $0 != ConceptLabel.name } }

  /// Whether the run counts members by the concept nearest to them.
  package var asksForNearestConcept: Bool { observables.contains(ConceptLabel.name) }
}
