/// A validated scenario: every key of the YAML file with its default filled in.
///
/// Made by `ScenarioLoader`. Paths are absolute.
public struct Scenario: Sendable, Equatable {
  /// The path of the scenario file as the user gave it, or a name for scenarios made in memory.
  public var path: String
  /// What the run is called: `[a-z0-9-]+`.
  public var name: String
  /// One sentence; may be empty.
  public var description: String
  /// The seed of all randomness, by default 20171204.
  public var seed: UInt64
  /// Where the items come from.
  public var dataset: DatasetSpecification
  /// How many training items of each class are used, the first ones; nil, the default: all.
  public var trainItems: Int?
  /// How many held-out items of each class are used, the first ones; nil, the default: all.
  public var testItems: Int?
  /// The share of each class's training items that training is watched on instead, by default 0.
  public var validation: Double
  /// Whether labels are permuted among the items, by default false.
  public var shufflesLabels: Bool
  /// The model whose inference is repeated.
  public var model: ModelSpecification
  /// How inference is repeated.
  public var dynamics: DynamicsSpecification
  /// Where trajectories start.
  public var initial: InitialSpecification
  /// Observable names as in the file (`overlap-concept`, ...), without repetition.
  public var observables: [String]
  /// The groupings for which averages are kept as well, by default none.
  public var groupBy: [Grouping]
  /// The splittings for which averages are kept as well, by default none.
  public var splitBy: [Splitting]
  /// Where overlaps are seen from, by default zero.
  public var overlapOrigin: OverlapOrigin
  /// The search for attractors; nil: none.
  public var attractors: AttractorSpecification?
  /// What is written.
  public var output: OutputSpecification
  /// What the run is compared with, by default nothing.
  public var controls: [Control]
  /// What the run is to test, in the order of the file.
  public var claims: [ClaimSpecification]
  /// Swept keys in the order of the file, with their values.
  public var sweep: [SweptKey]
  /// Where each dotted key stands in the file, for messages: 1-based line and column.
  public var locations: [String: SourceLocation]
  /// The keys given on the command line, each with its `--set KEY=VALUE`, for messages.
  public var overriddenKeys: [String: String]
  /// Keys of the file that an override made pointless (`model.latent` beside `--set model.file=...`), sorted.
  public var keysLeftOut: [String] = []
  /// The resolved scenario as YAML: every key, defaults included.
  public var resolvedYAML: String
}

/// A place in a scenario file; 1-based, columns counted in Unicode scalars.
public struct SourceLocation: Sendable, Hashable {
  /// The line, from 1.
  public var line: Int
  /// The column, from 1.
  public var column: Int

  /// Makes a place.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// Where the items come from.
public enum DatasetSpecification: Sendable, Hashable {
  /// Binary patterns made on a tree.
  case hierarchicalPatterns(HierarchicalPatterns)
  /// Four IDX files.
  case idx(IDX)
  /// Fashion-MNIST as installed on the system.
  case fashionMNIST(FashionMNIST)

  /// Binary patterns on a tree: root, superclass, class, memory.
  public struct HierarchicalPatterns: Sendable, Hashable {
    /// Components of an item, D; by default 784.
    public var dimension: Int
    /// Superclasses, by default 4.
    public var superclasses: Int
    /// Classes per superclass, by default 3.
    public var classes: Int
    /// Training items per class, by default 80.
    public var memories: Int
    /// Held-out items per class, by default 20.
    public var test: Int
    /// Two numbers in [0, 1]: superclass to class and class to memory, by default [0.6, 0.8].
    public var correlation: [Double]

    /// Makes a specification.
    public init(
      dimension: Int, superclasses: Int, classes: Int, memories: Int, test: Int, correlation: [Double]
    ) {
      self.dimension = dimension
      self.superclasses = superclasses
      self.classes = classes
      self.memories = memories
      self.test = test
      self.correlation = correlation
    }
  }

  /// Four IDX files.
  public struct IDX: Sendable, Hashable {
    /// The training images.
    public var trainImages: String
    /// The training labels.
    public var trainLabels: String
    /// The held-out images.
    public var testImages: String
    /// The held-out labels.
    public var testLabels: String
    /// The superclasses in the order of the file; empty: none.
    public var superclasses: [Superclass]

    /// Makes a specification.
    public init(
      trainImages: String, trainLabels: String, testImages: String, testLabels: String,
      superclasses: [Superclass]
    ) {
      self.trainImages = trainImages
      self.trainLabels = trainLabels
      self.testImages = testImages
      self.testLabels = testLabels
      self.superclasses = superclasses
    }
  }

  /// Fashion-MNIST as installed on the system.
  public struct FashionMNIST: Sendable, Hashable {
    /// The folder of its four files, by default /usr/share/datasets/fashion-mnist.
    public var directory: String
    /// The superclasses in the order of the file; empty: none.
    public var superclasses: [Superclass]

    /// Makes a specification.
    public init(directory: String, superclasses: [Superclass]) {
      self.directory = directory
      self.superclasses = superclasses
    }
  }

  /// A named group of classes.
  public struct Superclass: Sendable, Hashable {
    /// What the superclass is called.
    public var name: String
    /// The labels of its classes.
    public var labels: [Int]

    /// Makes a group.
    public init(name: String, labels: [Int]) {
      self.name = name
      self.labels = labels
    }
  }
}

/// The model whose inference is repeated.
public enum ModelSpecification: Sendable, Hashable {
  /// A model file, not trained here.
  case file(String)
  /// A variational autoencoder trained on the data set.
  case trained(Trained)
  /// A Hopfield network of the data set's memories.
  case hopfield(replicas: Int)

  /// Whether it is a Hopfield network.
  public var isHopfield: Bool {
    if case .hopfield = self { return true }
    return false
  }

  /// How many models stand for one kind, of following seeds.
  public var replicas: Int {
    get {
      switch self {
      case .file: 1
      case .trained(let trained): trained.replicas
      case .hopfield(let replicas): replicas
      }
    }
    set {
      switch self {
      case .file: break
      case .trained(var trained):
        trained.replicas = newValue
        self = .trained(trained)
      case .hopfield: self = .hopfield(replicas: newValue)
      }
    }
  }

  /// A variational autoencoder trained on the data set.
  public struct Trained: Sendable, Hashable {
    /// Latent variables, N; by default 20.
    public var latent: Int
    /// Encoder widths, by default [500, 500]; [] is a linear model.
    public var hidden: [Int]
    /// One of tanh (the default), relu, gelu and softplus.
    public var activation: String
    /// One of bernoulli (the default) and gaussian.
    public var likelihood: String
    /// How the model is trained.
    public var training: Training
    /// Models trained from different seeds, by default 1.
    public var replicas: Int

    /// Makes a specification.
    public init(
      latent: Int, hidden: [Int], activation: String, likelihood: String, training: Training, replicas: Int
    ) {
      self.latent = latent
      self.hidden = hidden
      self.activation = activation
      self.likelihood = likelihood
      self.training = training
      self.replicas = replicas
    }
  }

  /// How a model is trained.
  public struct Training: Sendable, Hashable {
    /// Passes over the training items, by default 150; 0 leaves the network untrained.
    public var epochs: Int
    /// Items per gradient step, by default 50.
    public var batch: Int
    /// The learning rate, by default 0.001.
    public var learningRate: Double
    /// The weight of the Kullback-Leibler term, by default 1.
    public var beta: Double
    /// Epochs without progress on the validation items after which training ends; 0, the default: none.
    public var patience: Int

    /// Makes a specification.
    public init(epochs: Int, batch: Int, learningRate: Double, beta: Double, patience: Int = 0) {
      self.epochs = epochs
      self.batch = batch
      self.learningRate = learningRate
      self.beta = beta
      self.patience = patience
    }
  }
}

/// How inference is repeated.
public struct DynamicsSpecification: Sendable, Hashable {
  /// How a state follows from the last one.
  public enum Mode: String, Sendable, CaseIterable {
    /// By the means of encoder and decoder: a deterministic map.
    case mean
    /// By a draw from the encoder.
    case sample
    /// By the means, with the uncorrupted region reset at each step.
    case clamped
  }

  /// The precision of the floating-point numbers.
  public enum Precision: String, Sendable, CaseIterable {
    /// 32 bits.
    case single
    /// 64 bits.
    case double
  }

  /// How a state follows from the last one, by default by the mean.
  public var mode: Mode
  /// Steps, by default 20; 0 leaves the initial states alone.
  public var steps: Int
  /// The factor of the posterior's standard deviation, by default 1, at least 0; only with mode sample.
  public var temperature: Double
  /// Whether the decoder's output is sampled too, by default false; only with mode sample.
  public var sampleDecoder: Bool
  /// The precision of the floating-point numbers, by default single.
  public var precision: Precision

  /// Makes a specification.
  public init(mode: Mode, steps: Int, temperature: Double, sampleDecoder: Bool, precision: Precision) {
    self.mode = mode
    self.steps = steps
    self.temperature = temperature
    self.sampleDecoder = sampleDecoder
    self.precision = precision
  }
}

/// Where trajectories start.
public struct InitialSpecification: Sendable, Hashable {
  /// Which items of the split are used.
  public enum Items: Sendable, Hashable {
    /// All of them.
    case all
    /// The first ones.
    case first(Int)
    /// Some drawn by the seed.
    case random(Int)
  }

  /// The part of the data set.
  public enum Split: String, Sendable, CaseIterable {
    /// The items of training.
    case train
    /// The held-out items.
    case test
  }

  /// Initial states from a file.
  public struct File: Sendable, Hashable {
    /// The NetCDF or IDX file.
    public var path: String
    /// The variable of a NetCDF file; nil for IDX files.
    public var variable: String?
    /// Class labels: an integer variable of the NetCDF file, or the path of an IDX file.
    public var labels: String?

    /// Makes a specification.
    public init(path: String, variable: String? = nil, labels: String? = nil) {
      self.path = path
      self.variable = variable
      self.labels = labels
    }
  }

  /// How source items are corrupted, by default by uniform-replacement.
  public var corruption: String
  /// The corruption levels, by default [0]; never empty, all different.
  public var levels: [Double]
  /// Which items of the split are used, by default all.
  public var items: Items
  /// The part of the data set, by default train.
  public var split: Split
  /// Corruptions per item and level, by default 1.
  public var realizations: Int
  /// Given exactly where the corruption is `file`.
  public var file: File?

  /// Makes a specification.
  public init(
    corruption: String, levels: [Double], items: Items, split: Split, realizations: Int, file: File? = nil
  ) {
    self.corruption = corruption
    self.levels = levels
    self.items = items
    self.split = split
    self.realizations = realizations
    self.file = file
  }
}

/// By what averages are grouped.
public enum Grouping: String, Sendable, CaseIterable {
  /// By the class of a member's own item.
  case `class`
  /// By its superclass.
  case superclass
}

/// By what averages are split.
public enum Splitting: String, Sendable, CaseIterable {
  /// By whether a member's nearest concept is its own.
  case retention
}

/// Where overlaps are seen from.
public enum OverlapOrigin: String, Sendable, CaseIterable {
  /// The origin of the latent space.
  case zero
  /// The root of the concept tree.
  case root
}

/// The search for attractors.
public struct AttractorSpecification: Sendable, Hashable {
  /// The initial states; nil: as in `initial`.
  public var items: InitialSpecification.Items?
  /// The step length below which a trajectory has converged, by default 1e-10.
  public var tolerance: Double
  /// Steps before giving up, by default 100000.
  public var maxSteps: Int
  /// The longest cycle looked for, by default 8.
  public var maxPeriod: Int
  /// Starts of Newton's method beyond trajectories, for saddles and small basins, by default 200.
  public var census: Int
  /// Whether starts are decided inside balls of proven contraction, by default true.
  public var trapping: Bool
  /// When basin fractions are known well enough; nil: all initial states are used.
  public var until: Until?

  /// When basin fractions are known well enough.
  public struct Until: Sendable, Hashable {
    /// Half the width of the confidence intervals.
    public var halfWidth: Double
    /// Initial states at most.
    public var atMost: Int

    /// Makes a criterion.
    public init(halfWidth: Double, atMost: Int) {
      self.halfWidth = halfWidth
      self.atMost = atMost
    }
  }

  /// Makes a specification.
  public init(
    items: InitialSpecification.Items?, tolerance: Double, maxSteps: Int, maxPeriod: Int, census: Int,
    trapping: Bool, until: Until?
  ) {
    self.items = items
    self.tolerance = tolerance
    self.maxSteps = maxSteps
    self.maxPeriod = maxPeriod
    self.census = census
    self.trapping = trapping
    self.until = until
  }
}

/// What is written.
public struct OutputSpecification: Sendable, Hashable {
  /// The NetCDF file, by default NAME.nc beside the scenario file.
  public var file: String
  /// Whether each member's observables are written, by default false.
  public var members: Bool
  /// Whether each member's latent states are written, by default false; needs `members`.
  public var latents: Bool
  /// The pictures of a few members that are written; nil: none.
  public var films: FilmSpecification?

  /// Makes a specification.
  public init(file: String, members: Bool, latents: Bool, films: FilmSpecification? = nil) {
    self.file = file
    self.members = members
    self.latents = latents
    self.films = films
  }
}

/// Pictures x(t) of a few members along their paths.
public struct FilmSpecification: Sendable, Hashable {
  /// How many source items, by default 4.
  public var items: Int
  /// At which times, ascending; nil: 0, 1, 2, 5, 10, 20, 50, ... and the last.
  public var times: [Int]?

  /// Makes a specification.
  public init(items: Int, times: [Int]?) {
    self.items = items
    self.times = times
  }

  /// The times, for a run of that many steps.
  public func times(steps: Int) -> [Int] {
    if let times { return times }
    var result = [0]
    var power = 1
    while power < steps {
      result += [power, 2 * power, 5 * power].filter { $0 < steps }
      power *= 10
    }
    return steps > 0 ? result + [steps] : result
  }
}

/// A swept key with its values.
public struct SweptKey: Sendable, Hashable {
  /// The dotted key, as in `--set`.
  public var key: String
  /// Each value as YAML text; integers and numbers in their shortest form, paths absolute.
  public var values: [String]

  /// Makes a swept key.
  public init(key: String, values: [String]) {
    self.key = key
    self.values = values
  }
  /// A value without YAML's quotes.
  public func text(of value: String) -> String {
    value.count > 1 && value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : value
  }
}
