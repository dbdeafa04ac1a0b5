/// The words that scenarios may use for observables and corruptions, as the registries know them.
public struct ScenarioVocabulary: Sendable {
  /// The observables, in the order in which they are listed to users.
  public var observables: [ObservableWord]
  /// The corruptions, in the order in which they are listed to users. The word `file` is always known.
  public var corruptions: [CorruptionWord]

  /// Makes a vocabulary from its words.
  public init(observables: [ObservableWord], corruptions: [CorruptionWord]) {
    self.observables = observables
    self.corruptions = corruptions
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
  /// Whether the model must have a posterior or a likelihood, as a Hopfield network has not.
  public var needsPosterior: Bool

  /// Makes a word.
  public init(
    name: String, isNumbered: Bool = false, needsOwnItem: Bool = false, needsSuperclass: Bool = false,
    needsTrainingItem: Bool = false,
    needsPosterior: Bool = false
  ) {
    self.needsTrainingItem = needsTrainingItem
    self.name = name
    self.isNumbered = isNumbered
    self.needsOwnItem = needsOwnItem
    self.needsSuperclass = needsSuperclass
    self.needsPosterior = needsPosterior
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
  /// Which corruption levels make sense.
  public enum LevelDomain: Sendable, Hashable {
    /// Numbers between 0 and 1.
    case probability
    /// Numbers of at least 0.
    case nonnegative
    /// There is no level: only `[0]`.
    case none
  }

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
