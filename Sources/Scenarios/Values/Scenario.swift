import Expressions
import Vocabulary

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
  public var dataset: KindValues
  /// The share of each class's training items that is used only to watch training, by default 0.
  public var validation: Double
  /// Whether labels are permuted among the items, by default false.
  public var shufflesLabels: Bool
  /// The model whose inference is repeated.
  public var model: KindValues
  /// How many models there are, with consecutive seeds, by default 1.
  public var replicas: Int
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
  /// The origin of overlaps, by default zero.
  public var overlapOrigin: OverlapOrigin
  /// Clusters of memories in the place of classes; nil: concepts are the centres of the data's classes.
  public var clusters: ClusterSpecification?
  /// The share of a class's training memories within its concept's radius, by default 0.95; nil: no radius.
  public var conceptRadiusQuantile: Double?
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

/// Clusters of the training memories, whose centres are the concepts.
public struct ClusterSpecification: Sendable, Hashable {
  /// How many clusters.
  public var count: Int
  /// Starts of k-means, of which the best is kept, by default 10.
  public var restarts: Int

  /// Makes a specification.
  public init(count: Int, restarts: Int) {
    self.count = count
    self.restarts = restarts
  }
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

/// How inference is repeated.
public struct DynamicsSpecification: Sendable, Hashable {
  /// How a state follows from the last one, by default by the mean.
  public var mode: InferenceMode
  /// Steps, by default 20; 0 leaves the initial states alone.
  public var steps: Int
  /// The precision of the floating-point numbers, by default single.
  public var precision: Precision

  /// Makes a specification.
  public init(mode: InferenceMode, steps: Int, precision: Precision) {
    self.mode = mode
    self.steps = steps
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
    /// Numbers of the states' source items in the split, from 0: an integer variable of the NetCDF file, or
    /// the path of an IDX file. Not beside `labels`.
    public var items: String?

    /// Makes a specification.
    public init(path: String, variable: String? = nil, labels: String? = nil, items: String? = nil) {
      self.path = path
      self.variable = variable
      self.labels = labels
      self.items = items
    }

    /// Whether each state has an item of its own.
    public var hasOwnItems: Bool { labels != nil || items != nil }
  }

  /// How source items are corrupted, by default by uniform-replacement.
  public var corruption: String
  /// The corruption levels, by default [0]; never empty, strictly ascending.
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

/// By what averages are split.
public enum Splitting: String, Sendable, CaseIterable {
  /// By whether a member's nearest concept is its own.
  case retention
  /// By the memory that a member ends at.
  case endState = "end-state"
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
  /// The step length below which a trajectory has converged, by default `standardTolerance`.
  public var tolerance: Double
  /// Steps before giving up, by default 100000.
  public var maxSteps: Int
  /// The longest cycle looked for, by default 8.
  public var maxPeriod: Int
  /// Starts of Newton's method beyond trajectories, for saddles and small basins, by default 200.
  public var census: Int
  /// Whether starts are decided inside balls of proven contraction, by default true.
  public var trapping: Bool
  /// Alike findings nearer than this share of the memories' spread are one, by default 1e-6.
  public var mergeDistance: Double
  /// What attractors must be near to, to be called so.
  public var quantiles: Quantiles
  /// An item is at an attractor within this share of the memories' spread, by default 0.01.
  public var itemRadius: Double
  /// When basin fractions are known well enough; nil: all initial states are used.
  public var until: Until?

  /// The default of `tolerance`, also where no attractors are asked for.
  public static let standardTolerance = 1e-10

  /// Quantiles of items' distances, within which an attractor counts as near.
  public struct Quantiles: Sendable, Hashable {
    /// Of a class's items from its concept: the attractor is near to the concept. By default 0.05.
    public var near: Double
    /// Likewise: the attractor belongs to the concept's class. By default 0.95.
    public var ofClass: Double
    /// Of held-out items from the nearest training memory: the attractor generalizes. By default 0.95.
    public var heldOut: Double

    /// Makes quantiles.
    public init(near: Double = 0.05, ofClass: Double = 0.95, heldOut: Double = 0.95) {
      (self.near, self.ofClass, self.heldOut) = (near, ofClass, heldOut)
    }
  }

  /// When basin fractions are known well enough.
  public struct Until: Sendable, Hashable {
    /// Half the width of the confidence intervals.
    public var halfWidth: Double
    /// Initial states at most.
    public var atMost: Int

    /// Makes a criterion.
    public init(halfWidth: Double, atMost: Int) {
      (self.halfWidth, self.atMost) = (halfWidth, atMost)
    }
  }

  /// Makes a specification.
  public init(
    items: InitialSpecification.Items?, tolerance: Double, maxSteps: Int, maxPeriod: Int, census: Int,
    trapping: Bool, mergeDistance: Double, quantiles: Quantiles = Quantiles(), itemRadius: Double = 0.01,
    until: Until?
  ) {
    self.items = items
    self.tolerance = tolerance
    self.maxSteps = maxSteps
    self.maxPeriod = maxPeriod
    self.census = census
    self.trapping = trapping
    self.mergeDistance = mergeDistance
    self.quantiles = quantiles
    (self.itemRadius, self.until) = (itemRadius, until)
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
  /// Whether each member's initial state is written, by default false; needs `members`.
  public var initialStates: Bool
  /// The pictures of a few members that are written; nil: none.
  public var films: FilmSpecification?

  /// Makes a specification.
  public init(
    file: String, members: Bool, latents: Bool, initialStates: Bool = false, films: FilmSpecification? = nil
  ) {
    self.file = file
    self.members = members
    self.latents = latents
    self.initialStates = initialStates
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

  /// The values as numbers, rounded where they have more digits than a double holds; nil where one is none,
  /// or two texts are the same number.
  public var numbers: [Double]? {
    let numbers = values.compactMap { Double($0) }.filter(\.isFinite)
    let isDistinct = Set(numbers).count == values.count || Set(wholes).count == values.count
    return numbers.count == values.count && isDistinct ? numbers : nil
  }

  /// Those values that are whole numbers without a sign, exactly.
  private var wholes: [UInt64] { values.compactMap { UInt64($0) } }

  /// Where each value stands in the order in which runs are made: ascending where all are numbers, as the
  /// coordinate of the file must be; else as written.
  var order: [Int] {
    guard let numbers else { return Array(values.indices) }
    // Seeds may differ in digits that a double does not hold.
    let wholes = wholes
    return values.indices.sorted {
      wholes.count == values.count ? wholes[$0] < wholes[$1] : numbers[$0] < numbers[$1]
    }
  }

  /// A value without YAML's quotes.
  public func text(of value: String) -> String {
    value.count > 1 && value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : value
  }
}

extension Scenario {
  /// The most runs that a scenario may stand for.
  package static let maximumRuns = 10_000

  /// Dotted keys with their values as YAML text, in the order of the resolved scenario; without claims and sweep.
  package var assignments: [(String, String)] { ScenarioYAML.assignments(self) }

  /// Makes the resolved scenario anew, after values were changed.
  package mutating func resolve() { resolvedYAML = ScenarioYAML.document(self) }

  /// Whether file or command line say anything about the data set.
  package var givesDataset: Bool {
    (Array(locations.keys) + Array(overriddenKeys.keys)).contains {
      $0 == "dataset" || $0.hasPrefix("dataset.") || $0.hasPrefix("sweep.dataset.")
    }
  }

  /// The files that a run reads: the scenario's own, and those of data set, model and initial states.
  public var inputPaths: [String] {
    var paths = [path] + dataset.inputPaths + model.inputPaths
    if let file = initial.file {
      paths.append(file.path)
      if file.variable == nil { paths += [file.labels, file.items].compactMap { $0 } }
    }
    return paths
  }
}
