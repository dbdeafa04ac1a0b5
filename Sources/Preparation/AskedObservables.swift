import Observables
import Scenarios

extension Scenario {
  /// The observables that are averaged: a label has no mean, and single members lack what is collective. With
  /// `split-by: [end-state]` each of them is averaged by end state as well.
  package var averagedObservables: [String] {
    let all = observables.filter {
      ![ConceptLabel.name, ClassSpread.name, CommonMotionAverages.name].contains($0)
    }
    guard splitBy.contains(.endState) else { return all }
    return all + all.flatMap { name in EndStatePart.allCases.map { $0.name(of: name) } }
  }

  /// Whether the run counts members by the concept nearest to them.
  package var asksForNearestConcept: Bool { observables.contains(ConceptLabel.name) }

  /// Whether the run computes spreads between and within classes.
  package var asksForClassSpread: Bool { observables.contains(ClassSpread.name) }

  /// Whether observables are averaged on the common motion as well.
  package var asksForCommonMotion: Bool { observables.contains(CommonMotionAverages.name) }

  /// Whether means and spreads of all states are needed.
  package var asksForStateMoments: Bool { asksForClassSpread || asksForCommonMotion }
}
