import Vocabulary

/// The words that scenarios may use, as a program's registry knows them, and the keys that follow from them.
public struct ScenarioVocabulary: Sendable {
  /// The observables, in the order in which they are listed to users.
  public let observables: [ObservableWord]
  /// The corruptions, in the order in which they are listed to users. The word `file` is always known.
  public let corruptions: [CorruptionWord]
  /// The kinds of data sets; the first is the default.
  public let datasets: [DatasetWord]
  /// The kinds of models; the first is the default.
  public let models: [ModelWord]
  /// The table of keys.
  public let keys: ScenarioKeys

  /// Makes a vocabulary from its words.
  ///
  /// - Precondition: there is a kind of data sets and one of models.
  public init(
    observables: [ObservableWord], corruptions: [CorruptionWord], datasets: [DatasetWord], models: [ModelWord]
  ) {
    precondition(!datasets.isEmpty && !models.isEmpty, "scenarios need data and a model")
    self.observables = observables
    self.corruptions = corruptions
    self.datasets = datasets
    self.models = models
    keys = ScenarioKeys(datasets: datasets, models: models)
  }

  /// The kind of data sets of this name, which the table of keys has.
  func dataset(named name: String) -> DatasetWord {
    guard let word = datasets.first(where: { $0.name == name }) else {
      preconditionFailure("no such kind of data sets: \(name)")
    }
    return word
  }

  /// The kind of models of this name, which the table of keys has.
  func model(named name: String) -> ModelWord {
    guard let word = models.first(where: { $0.name == name }) else {
      preconditionFailure("no such kind of models: \(name)")
    }
    return word
  }

  /// What a kind of models can do, with these values of its keys.
  func traits(ofModel values: KindValues) -> ModelTraits { model(named: values.kind).traits(values) }

  /// Whether the scenario's model is trained here.
  package func holdsTrainedModel(_ scenario: Scenario) -> Bool {
    traits(ofModel: scenario.model).isTrainedHere
  }

  /// Whether the scenario's model has a posterior.
  package func hasPosterior(_ scenario: Scenario) -> Bool { traits(ofModel: scenario.model).hasPosterior }

  /// What is known of data before they are read, from these values of their kind's keys.
  ///
  /// - Parameter validation: The share of training items that is set apart.
  func traits(ofDataset values: KindValues, validation: Double = 0) -> DatasetTraits {
    dataset(named: values.kind).traits(values, validation)
  }

  /// The observable of this name; numbered ones are found by `NAME-1`, `NAME-2`, ...
  func observable(named name: String) -> ObservableWord? {
    observables.first { $0.matches(name) }
  }

  /// The corruption of this name.
  func corruption(named name: String) -> CorruptionWord? {
    corruptions.first { $0.name == name }
      ?? (name == "file" ? CorruptionWord(name: "file", levelDomain: .none, needsSource: false) : nil)
  }

  /// All names of corruptions, `file` included.
  var corruptionNames: [String] {
    let names = corruptions.map(\.name)
    return names.contains("file") ? names : names + ["file"]
  }
}

/// The name of an observable and what it asks of a scenario.
public struct ObservableWord: Sendable, Hashable {
  /// The name, such as `overlap-concept`; of a numbered family, the part before `-1`.
  public var name: String
  /// Whether the word stands for the family `NAME-1`, `NAME-2`, ...
  public var isNumbered: Bool
  /// Whether each member must have an item of its own (`-memory`, `-concept`, ...).
  public var needsOwnItem: Bool
  /// Whether the data set must have superclasses.
  public var needsSuperclass: Bool
  /// Whether that item must be a training item.
  public var needsTrainingItem: Bool
  /// Whether the data must have classes, or clusters in their place.
  public var needsClasses: Bool
  /// Whether the model must have a posterior or a likelihood, which some kinds lack.
  public var needsPosterior: Bool

  /// Makes a word.
  public init(
    name: String, isNumbered: Bool = false, needsOwnItem: Bool = false, needsSuperclass: Bool = false,
    needsTrainingItem: Bool = false, needsClasses: Bool = false, needsPosterior: Bool = false
  ) {
    (self.name, self.isNumbered, self.needsPosterior) = (name, isNumbered, needsPosterior)
    (self.needsOwnItem, self.needsTrainingItem) = (needsOwnItem, needsTrainingItem)
    (self.needsClasses, self.needsSuperclass) = (needsClasses, needsSuperclass)
  }

  /// Whether a name in a scenario means this observable.
  func matches(_ candidate: String) -> Bool {
    guard isNumbered else { return candidate == name }
    guard candidate.hasPrefix(name + "-") else { return false }
    let digits = candidate.dropFirst(name.count + 1)
    guard let number = Int(digits) else { return false }
    return (1...100_000).contains(number) && String(number) == digits
  }

  /// The name as shown to users: `principal-component-1` stands for its family.
  var exampleName: String { isNumbered ? name + "-1" : name }
}

/// The name of a corruption and what it asks of a scenario.
public struct CorruptionWord: Sendable, Hashable {
  /// The name, such as `uniform-replacement`.
  public var name: String
  /// Which corruption levels make sense.
  public var levelDomain: LevelDomain
  /// Whether the corruption marks a region of the input, as mode `clamped` needs it.
  public var hasRegion: Bool
  /// Whether it corrupts a source item, so that every member has an item of its own.
  public var needsSource: Bool

  /// Makes a word.
  public init(name: String, levelDomain: LevelDomain, hasRegion: Bool = false, needsSource: Bool = true) {
    self.name = name
    self.levelDomain = levelDomain
    self.hasRegion = hasRegion
    self.needsSource = needsSource
  }
}
