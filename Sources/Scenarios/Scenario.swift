import Dynamics

/// A validated scenario: every key of the YAML file with its default filled in.
///
/// Made by `ScenarioLoader`. Paths are absolute.
public struct Scenario: Sendable {
  /// The path of the scenario file as the user gave it, or a name for scenarios made in memory.
  public var path: String
  public var name: String
  public var description: String
  public var seed: UInt64
  public var dataset: DatasetSpecification
  public var model: ModelSpecification
  public var dynamics: DynamicsSpecification
  public var initial: InitialSpecification
  /// Observable names as in the file (`overlap-concept`, ...), without repetition.
  public var observables: [String]
  public var groupBy: [Grouping]
  public var splitBy: [Splitting]
  public var overlapOrigin: OverlapOrigin
  public var attractors: AttractorSpecification?
  public var output: OutputSpecification
  /// Swept keys in the order of the file, with their values.
  public var sweep: [SweptKey]
  /// Where each dotted key stands in the file, for messages: 1-based line and column.
  public var locations: [String: SourceLocation]
  /// The resolved scenario as YAML: every key, defaults included.
  public var resolvedYAML: String
}

/// A place in a scenario file; 1-based.
public struct SourceLocation: Sendable, Hashable {
  public var line: Int
  public var column: Int
}

public enum DatasetSpecification: Sendable, Hashable {
  case hierarchicalPatterns(HierarchicalPatterns)
  case idx(IDX)
  case fashionMNIST(FashionMNIST)

  public struct HierarchicalPatterns: Sendable, Hashable {
    public var dimension: Int  // default 784
    public var superclasses: Int  // default 4
    public var classes: Int  // per superclass, default 3
    public var memories: Int  // per class, default 80
    public var test: Int  // held-out items per class, default 20
    public var correlation: [Double]  // two numbers in [0, 1], default [0.6, 0.8]
  }
  public struct IDX: Sendable, Hashable {
    public var trainImages: String
    public var trainLabels: String
    public var testImages: String
    public var testLabels: String
    public var superclasses: [Superclass]  // empty: none
  }
  public struct FashionMNIST: Sendable, Hashable {
    public var directory: String  // default /usr/share/datasets/fashion-mnist
    public var superclasses: [Superclass]  // empty: none
  }
  public struct Superclass: Sendable, Hashable {
    public var name: String
    public var labels: [Int]
  }
}

public enum ModelSpecification: Sendable, Hashable {
  /// A model file, not trained here.
  case file(String)
  case trained(Trained)
  case hopfield

  public struct Trained: Sendable, Hashable {
    public var latent: Int  // default 20
    public var hidden: [Int]  // default [500, 500]; [] is a linear model
    public var activation: String  // tanh (default) | relu | gelu | softplus
    public var likelihood: String  // bernoulli (default) | gaussian
    public var training: Training
    public var replicas: Int  // default 1
  }
  public struct Training: Sendable, Hashable {
    public var epochs: Int  // default 150; 0 leaves the network untrained
    public var batch: Int  // default 50
    public var learningRate: Double  // default 0.001
    public var beta: Double  // default 1
  }
}

public struct DynamicsSpecification: Sendable, Hashable {
  public enum Mode: String, Sendable, CaseIterable { case mean, sample, clamped }
  public enum Precision: String, Sendable, CaseIterable { case single, double }
  public var mode: Mode  // default mean
  public var steps: Int  // default 20; 0 allowed
  public var temperature: Double  // default 1, >= 0; only with mode sample
  public var sampleDecoder: Bool  // default false; only with mode sample
  public var precision: Precision  // default single
}

public struct InitialSpecification: Sendable, Hashable {
  public enum Items: Sendable, Hashable {
    case all
    case first(Int)
    case random(Int)
  }
  public enum Split: String, Sendable, CaseIterable { case train, test }
  public struct File: Sendable, Hashable {
    public var path: String
    public var variable: String?  // nil for IDX files
    public var labels: String?  // optional: integer variable (NetCDF) or IDX path with class labels
  }
  public var corruption: String  // default uniform-replacement
  public var levels: [Double]  // default [0]
  public var items: Items  // default all
  public var split: Split  // default train
  public var realizations: Int  // default 1
  public var file: File?  // required with corruption: file, an error otherwise
}

public enum Grouping: String, Sendable, CaseIterable { case `class`, superclass }
public enum Splitting: String, Sendable, CaseIterable { case retention }
public enum OverlapOrigin: String, Sendable, CaseIterable { case zero, root }

public struct AttractorSpecification: Sendable, Hashable {
  public var items: InitialSpecification.Items?  // nil: as in initial
  public var tolerance: Double  // default 1e-10
  public var maxSteps: Int  // default 100000
  public var maxPeriod: Int  // default 8
  public var until: Until?

  public struct Until: Sendable, Hashable {
    public var halfWidth: Double
    public var atMost: Int
  }
}

public struct OutputSpecification: Sendable, Hashable {
  public var file: String  // default NAME.nc, in the working directory
  public var members: Bool  // default false
  public var latents: Bool  // default false; needs members
}

public struct SweptKey: Sendable, Hashable {
  public var key: String  // dotted, as in --set
  public var values: [String]  // each value as YAML text
}
