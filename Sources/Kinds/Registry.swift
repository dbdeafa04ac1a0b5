import Corruptions
import Dynamics
import Observables
import Scenarios

/// All that scenarios of a program can name: observables, corruptions, kinds of data sets and of models.
///
/// A program of another package registers its own and hands the registry to `Program.run`.
public struct Registry: Sendable {
  /// Observables by name, in the order of `simulate list observables`. `principal-component-K` is known as well.
  public private(set) var observables: [any NamedObservable.Type]
  /// Corruptions by name. `file` is known as well.
  public private(set) var corruptions: [any Corruption.Type]
  /// Kinds of data sets; the first is the default.
  public private(set) var datasets: [any DatasetKind.Type]
  /// Kinds of models; the first is the default.
  public private(set) var models: [any ModelKind.Type]
  /// The words of scenarios, and the table of keys.
  public private(set) var vocabulary: ScenarioVocabulary

  /// The registry of this package's program. Each thing has one line.
  public static let standard = Registry(
    observables: ObservableRegistry.all,
    corruptions: CorruptionRegistry.all,
    datasets: [
      HierarchicalPatternsKind.self,
      IDXKind.self,
      FashionMNISTKind.self,
      MNISTKind.self,
      ArrayKind.self,
      FolderKind.self,
    ],
    models: [
      VariationalAutoencoderKind.self,
      HopfieldKind.self,
      ONNXModelKind.self,
    ])

  private init(
    observables: [any NamedObservable.Type], corruptions: [any Corruption.Type],
    datasets: [any DatasetKind.Type], models: [any ModelKind.Type]
  ) {
    self.observables = observables
    self.corruptions = corruptions
    self.datasets = datasets
    self.models = models
    vocabulary = Self.vocabulary(observables, corruptions, datasets, models)
  }

  /// Adds observables, corruptions and kinds of another package.
  ///
  /// - Precondition: each name is new among its own, and kinds' keys are in order (`KeyRules`).
  public mutating func register(
    observables: [any NamedObservable.Type] = [], corruptions: [any Corruption.Type] = [],
    datasets: [any DatasetKind.Type] = [], models: [any ModelKind.Type] = []
  ) {
    self = Registry(
      observables: self.observables + observables, corruptions: self.corruptions + corruptions,
      datasets: self.datasets + datasets, models: self.models + models)
    for names in [
      self.observables.map { $0.name }, self.corruptions.map { $0.name } + ["file"],
      self.datasets.map { $0.name }, self.models.map { $0.name },
    ] {
      precondition(Set(names).count == names.count, "a name is registered twice in \(names)")
    }
    KeyRules.check(vocabulary)
  }

  /// The observable of that name; nil where the name is unknown or the context lacks what it needs.
  package func observable(named name: String, in context: ObservableContext) -> (any Observable)? {
    ObservableRegistry.observable(named: name, in: context, among: observables)
  }

  /// What an observable needs.
  package func needs(ofObservable name: String) -> ObservableNeeds {
    observables.first { $0.name == name }?.needs ?? []
  }

  /// The corruption of that name; nil for `file`.
  package func corruption(named name: String) -> (any Corruption)? {
    corruptions.first { $0.name == name }?.init()
  }

  /// The scenario's kind of data sets.
  package func dataset(of scenario: Scenario) -> any DatasetKind {
    guard let kind = datasets.first(where: { $0.name == scenario.dataset.kind }) else {
      preconditionFailure("the scenario was loaded with another registry: \(scenario.dataset.kind)")
    }
    return kind.init(scenario.dataset)
  }

  /// The scenario's kind of models.
  package func model(of scenario: Scenario) -> any ModelKind {
    guard let kind = models.first(where: { $0.name == scenario.model.kind }) else {
      preconditionFailure("the scenario was loaded with another registry: \(scenario.model.kind)")
    }
    return kind.init(scenario.model)
  }

  private static func vocabulary(
    _ observables: [any NamedObservable.Type], _ corruptions: [any Corruption.Type],
    _ datasets: [any DatasetKind.Type], _ models: [any ModelKind.Type]
  ) -> ScenarioVocabulary {
    ScenarioVocabulary(
      observables: observables.map {
        ObservableWord(
          name: $0.name, needsOwnItem: $0.needs.contains(.ownItem),
          needsSuperclass: $0.needs.contains(.superclass),
          needsTrainingItem: $0.needs.contains(.trainingItem),
          needsClasses: $0.needs.contains(.classes),
          needsPosterior: $0.needs.contains(.posterior))
      } + [ObservableWord(name: PrincipalComponent.familyName, isNumbered: true)],
      corruptions: corruptions.map {
        CorruptionWord(
          name: $0.name, levelDomain: $0.levelDomain, hasRegion: $0.hasRegion,
          needsSource: $0.origin != .nothing)
      },
      datasets: datasets.map { $0.word }, models: models.map { $0.word })
  }
}
