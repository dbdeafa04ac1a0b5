import Vocabulary

/// The name of a kind of data sets, the keys that it declares, and what it asks of a scenario.
public struct DatasetWord: Sendable {
  /// The name in `dataset.kind`.
  public var name: String
  /// One line on what it is.
  public var summary: String
  /// Its keys in the order of the resolved scenario, without the name of the section.
  public var keys: [ScenarioKey]
  /// What is known of the data before they are read, from the values of its keys and `dataset.validation`.
  public var traits: @Sendable (_ values: KindValues, _ validation: Double) -> DatasetTraits
  /// Checks rules between the keys of a scenario.
  public var check: @Sendable (_ scenario: Scenario) throws -> Void

  /// Makes a word.
  ///
  /// - Parameters:
  ///   - name: As the property.
  ///   - summary: As the property.
  ///   - keys: As the property.
  ///   - traits: As the property.
  ///   - check: As the property; throws `KindRefusal`.
  public init(
    name: String, summary: String, keys: [ScenarioKey],
    traits: @escaping @Sendable (KindValues, Double) -> DatasetTraits,
    check: @escaping @Sendable (Scenario) throws -> Void = { _ in }
  ) {
    self.name = name
    self.summary = summary
    self.keys = keys
    self.traits = traits
    self.check = check
  }
}

/// What a scenario can know of its data before they are read.
public struct DatasetTraits: Sendable, Hashable {
  /// How many items a data set holds.
  public enum ItemCounts: Sendable, Hashable {
    /// The scenario tells; the dotted key says how many held-out items there are.
    case known(train: Int, test: Int, testKey: String)
    /// The files tell.
    case knownWhenRead
  }

  /// Whether there are superclasses.
  public var hasSuperclasses: Bool
  /// Whether items have labels.
  public var hasClasses: Bool
  /// How many items there are to start from.
  public var itemCounts: ItemCounts

  /// Makes traits.
  public init(
    hasSuperclasses: Bool = false, hasClasses: Bool = true, itemCounts: ItemCounts = .knownWhenRead
  ) {
    self.hasSuperclasses = hasSuperclasses
    self.hasClasses = hasClasses
    self.itemCounts = itemCounts
  }
}

/// The name of a kind of models, the keys that it declares, and what it asks of a scenario.
public struct ModelWord: Sendable {
  /// The name in `model.kind`.
  public var name: String
  /// One line on what it is.
  public var summary: String
  /// Its keys in the order of the resolved scenario, without the name of the section.
  public var keys: [ScenarioKey]
  /// What the model can do.
  public var traits: @Sendable (_ values: KindValues) -> ModelTraits
  /// Checks rules between the keys of a scenario.
  public var check: @Sendable (_ scenario: Scenario) throws -> Void

  /// Makes a word.
  ///
  /// - Parameters:
  ///   - name: As the property.
  ///   - summary: As the property.
  ///   - keys: As the property.
  ///   - traits: As the property.
  ///   - check: As the property; throws `KindRefusal`.
  public init(
    name: String, summary: String, keys: [ScenarioKey],
    traits: @escaping @Sendable (KindValues) -> ModelTraits,
    check: @escaping @Sendable (Scenario) throws -> Void = { _ in }
  ) {
    self.name = name
    self.summary = summary
    self.keys = keys
    self.traits = traits
    self.check = check
  }
}

/// What a kind of models can do, as far as scenarios ask.
public struct ModelTraits: Sendable, Hashable {
  /// Whether something can be asked for.
  public enum Capability: Sendable, Hashable {
    /// It can.
    case available
    /// It cannot. The reason is a clause that follows the kind's name; then comes what to do instead.
    case missing(because: String, instead: String)
  }

  /// The modes of `dynamics.mode`.
  public var modes: [InferenceMode.Kind]
  /// Whether there are a posterior and a likelihood, which energies, divergences and active variables need.
  public var hasPosterior: Bool
  /// Whether the map has a derivative, which the search for attractors needs.
  public var jacobian: Capability
  /// Whether the model is trained here, so that controls can train it otherwise.
  public var isTrainedHere: Bool

  /// Makes traits.
  public init(
    modes: [InferenceMode.Kind], hasPosterior: Bool, jacobian: Capability, isTrainedHere: Bool
  ) {
    self.modes = modes
    self.hasPosterior = hasPosterior
    self.jacobian = jacobian
    self.isTrainedHere = isTrainedHere
  }
}

/// What a kind does not accept of a scenario; the loader adds the file and the place.
public struct KindRefusal: Error, Sendable, Hashable {
  /// The dotted key.
  public var key: String
  /// What was expected, as a phrase that follows the word "expected".
  public var expected: String
  /// What to do about it.
  public var remedy: String

  /// Makes a refusal.
  public init(key: String, expected: String, remedy: String) {
    (self.key, self.expected, self.remedy) = (key, expected, remedy)
  }
}
