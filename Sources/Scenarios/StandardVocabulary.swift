import Dynamics
import Observables

extension ScenarioVocabulary {
  /// The words of the observables and corruptions that this program has.
  public static let standard = ScenarioVocabulary(
    observables: ObservableRegistry.all.map {
      ObservableWord(
        name: $0.name, needsOwnItem: $0.needs.contains(.ownItem),
        needsSuperclass: $0.needs.contains(.superclass),
        needsTrainingItem: $0.needs.contains(.trainingItem),
        needsPosterior: $0.needs.contains(.posterior))
    } + [ObservableWord(name: "principal-component", isNumbered: true)],
    corruptions: CorruptionRegistry.all.map {
      let domain: CorruptionWord.LevelDomain =
        switch $0.levelDomain {
        case .probability: .probability
        case .nonnegative: .nonnegative
        case .none: .none
        }
      return CorruptionWord(
        name: $0.name, levelDomain: domain, hasRegion: $0.hasRegion, needsSource: $0.origin != .nothing)
    })
}
