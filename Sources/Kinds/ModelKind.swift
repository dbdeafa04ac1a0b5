import Datasets
import Dynamics
import Numerics
import RunFiles
import Scenarios

/// A kind of models that scenarios name in `model.kind`.
///
/// A new kind is one file with a conforming struct, and one line in `Registry`. A minimal kind has a name, a
/// summary, its traits, the number N of the state's components, and `prepare`.
public protocol ModelKind: Sendable {
  /// The name in scenarios: `[a-z0-9-]+`.
  static var name: String { get }
  /// One line for `simulate list models` and the table of keys.
  static var summary: String { get }
  /// One line on how a state follows from the last, for `simulate list maps`: by default the summary; empty where
  /// `dynamics.mode` says it.
  static var iteration: String { get }
  /// The keys of the section `model` that it declares, without `model.`, in the order in which scenarios are
  /// written. `model.kind` and `model.replicas` are there for every kind.
  static var keys: [ScenarioKey] { get }

  /// The section `model` of a scenario as an example, in YAML, for the reference; empty: the name alone.
  static var example: String { get }

  /// Takes the values of these keys, each of which has been checked by its type.
  init(_ values: KindValues)

  /// What scenarios may ask of it.
  var traits: ModelTraits { get }

  /// Checks rules between keys; by default there are none.
  ///
  /// - Throws: `KindRefusal`.
  func check(_ scenario: Scenario) throws

  /// Checks the scenario against its data, before anything is read or made for the model; by default nothing.
  ///
  /// - Throws: `ScenarioError`.
  func check(_ scenario: Scenario, against dataset: Dataset) throws

  /// N, if scenario and data tell it; nil if a model file tells it, and then the kind implements `outline`.
  func declaredLatentDimension(for dataset: Dataset) -> Int?

  /// What is known of the model before it is made; model files are read.
  ///
  /// - Throws: `ScenarioError` where model and data do not fit, and what reading throws.
  func outline(_ preparation: ModelPreparation) throws -> ModelOutline

  /// Reads or makes the model.
  ///
  /// - Throws: as `outline`; `CancellationError`.
  func prepare(_ preparation: ModelPreparation) throws -> any PreparedModel

  /// Reads what the model's `encode` wrote into a checkpoint or shard; by default the model is made again.
  ///
  /// - Throws: `ByteDecodingError`, and as `prepare`.
  func restore(from decoder: inout ByteDecoder, _ preparation: ModelPreparation) throws -> any PreparedModel

  /// Makes the model for a trial of a run, without the work of `prepare` that takes long; by default `prepare`.
  ///
  /// - Throws: as `prepare`.
  func rehearse(_ preparation: ModelPreparation, _ trial: TrainingTrial) throws -> ModelRehearsal
}

extension ModelKind {
  /// By default, the summary says it.
  public static var iteration: String { summary }
  /// By default, there are no keys.
  public static var keys: [ScenarioKey] { [] }
  /// By default, the example is the name alone.
  public static var example: String { "" }
  /// By default, there are no rules.
  public func check(_ scenario: Scenario) throws {}
  /// By default, nothing is checked.
  public func check(_ scenario: Scenario, against dataset: Dataset) throws {}

  /// A model of N x D parameters.
  ///
  /// - Precondition: `declaredLatentDimension` gives N.
  public func outline(_ preparation: ModelPreparation) throws -> ModelOutline {
    guard let latent = declaredLatentDimension(for: preparation.dataset) else {
      preconditionFailure("\(Self.name) does not declare N, and does not write 'outline'")
    }
    return ModelOutline(latentDimension: latent, dataDimension: preparation.dataset.dimension)
  }

  /// By default, the model is made again.
  public func restore(
    from decoder: inout ByteDecoder, _ preparation: ModelPreparation
  ) throws -> any PreparedModel { try prepare(preparation) }

  /// By default, the trial uses the model itself.
  public func rehearse(_ preparation: ModelPreparation, _ trial: TrainingTrial) throws -> ModelRehearsal {
    ModelRehearsal(model: try prepare(preparation))
  }

  /// What the loader of scenarios needs to know.
  static var word: ModelWord {
    ModelWord(
      name: name, summary: summary, keys: keys, traits: { Self($0).traits },
      check: { try Self($0.model).check($0) })
  }
}

/// A kind whose models are trained here (`ModelTraits.isTrainedHere`), and are written to files of their own
/// (`simulate train`): each is a `StorableModel`.
public protocol TrainableModelKind: ModelKind {
  /// How long the model is trained, in a unit of the kind's own, such as epochs; 0 leaves it untrained.
  var trainingLength: Int { get }

  /// The file of the model if it was trained before; nil if it was not.
  func trainedBefore(_ preparation: ModelPreparation) -> String?

  /// How a model file differs from the file that this training writes, in words; nil if it is not a model file.
  func differences(ofFile path: String, _ preparation: ModelPreparation) -> [String]?
}

/// What a model is made from, and where progress is reported.
public struct ModelPreparation: Sendable {
  /// The scenario.
  public let scenario: Scenario
  /// Its data.
  public let dataset: Dataset
  /// The number of worker threads.
  public let threads: Int
  /// Where trained models are kept.
  public let cache: ModelCache
  /// The program and its version, for the model's file.
  public let source: String
  /// Where progress and warnings go.
  public let events: RunEvents
  /// Where the state of long work is saved and found; nil: nowhere.
  public var checkpoints: (any PreparationCheckpoints)?

  /// Collects what a model is made from.
  public init(
    scenario: Scenario, dataset: Dataset, threads: Int, cache: ModelCache, source: String, events: RunEvents,
    checkpoints: (any PreparationCheckpoints)? = nil
  ) {
    self.scenario = scenario
    self.dataset = dataset
    self.threads = threads
    self.cache = cache
    self.source = source
    self.events = events
    self.checkpoints = checkpoints
  }
}

/// Where the long preparation of a model saves its state and finds it again.
public protocol PreparationCheckpoints: Sendable {
  /// The file, for messages.
  var path: String { get }
  /// What an earlier process left; nil where there is nothing.
  var former: ByteDecoder? { get }
  /// Whether it is time to save.
  func isDue() -> Bool
  /// Saves a state in place of the former.
  ///
  /// - Throws: `FileError`.
  func save(_ body: (inout ByteEncoder) throws -> Void) throws
}

/// What is known of a model before it is made.
public struct ModelOutline: Sendable {
  /// Where the components of data lie.
  public enum DataRange: Sendable, Hashable {
    /// Components are in [0, 1].
    case unitInterval
    /// Components may be any numbers.
    case unbounded
  }

  /// What has to fit into the machine's memory.
  public struct Memory: Sendable, Hashable {
    /// The number of bytes.
    public var bytes: Double
    /// The key that decides, its value, and what takes the memory, for messages.
    public var key: String
    /// The key's value.
    public var value: String
    /// What takes the memory, a noun in the plural.
    public var what: String
    /// What the user can do about it.
    public var remedy: String

    /// Creates a demand.
    public init(bytes: Double, key: String, value: String, what: String, remedy: String) {
      self.bytes = bytes
      self.key = key
      self.value = value
      self.what = what
      self.remedy = remedy
    }
  }

  /// N, the number of the latent state's components.
  public var latentDimension: Int
  /// The range of the decoder's means, and of given data-space states.
  public var dataRange = DataRange.unbounded
  /// Multiplications of a step of one member.
  public var parameterCount: Double
  /// Numbers that are computed in a step of one member, not counting the products.
  public var width: Double
  /// Bytes of the model in a checkpoint.
  public var storedBytes = 0.0
  /// What it takes of memory.
  public var memory: [Memory] = []
  /// What the run file will say of it, without its numbers.
  public var facts: [ModelFacts.Fact] = []

  /// A model of N x D parameters, about which nothing else is known.
  public init(latentDimension: Int, dataDimension: Int) {
    self.latentDimension = latentDimension
    parameterCount = Double(latentDimension) * Double(dataDimension)
    width = Double(latentDimension + dataDimension)
  }
}

/// Whether a trial of a run measures training.
public enum TrainingTrial: Sendable, Hashable {
  /// Training is measured where the model is not trained yet.
  case whereNeeded
  /// Training is measured in any case.
  case always
  /// Training is not measured.
  case never
}

/// A model for a trial, and what is known of the time that the real one takes.
public struct ModelRehearsal: Sendable {
  /// The model, or one of the same size.
  public var model: any PreparedModel
  /// Whether it is the model itself, because the length of orbits depends on it.
  public var isFinal = true
  /// Seconds of training; 0 where the model is there.
  public var trainingSeconds = 0.0
  /// Whether training may end before its last epoch.
  public var mayStopEarly = false
  /// Seconds per item of what is evaluated once over all items.
  public var secondsPerItem = 0.0

  /// A model that takes no time.
  public init(model: any PreparedModel) { self.model = model }
}

extension Registry {
  /// How long a scenario's model is trained, in its kind's unit; 0 for one that is not trained here.
  package func trainingLength(of scenario: Scenario) -> Int {
    (model(of: scenario) as? any TrainableModelKind)?.trainingLength ?? 0
  }
}
