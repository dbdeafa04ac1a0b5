import Dynamics
import Numerics

/// What observables are made from: the geometry, the members' own items, and conventions such as the overlaps' origin.
public struct ObservableContext: Sendable {
  /// The memories and their centres.
  public var geometry: LatentGeometry
  /// The members' source items; nil for starts without one.
  public var own: OwnItems?
  /// The clean source items `[items, D]`, by `Member.item`; nil where there are none.
  public var source: (any ItemSource)?
  /// The origin of overlaps; nil for 0.
  public var overlapOrigin: RowTable?
  /// The principal axes of the memories `[N, N]`; nil where an observable that needs them is to compute them.
  public var principalAxes: RowTable?
  /// A sibling of each class, -1 where it has none, for the control beside the own concept.
  public var siblingOfClass: [Int32]
  /// The mean training item of each class, `[classes, D]`; nil where nobody needs it.
  public var classPictures: RowTable?
  /// Whether members' own items are the training items, in their order.
  public var startsFromTraining: Bool
  /// Equally many memories of training and of held-out items; nil where there are no held-out items.
  public var samples: MemorySamples?
  /// How far each concept reaches, `[classes]`; nil: there is no end.
  public var conceptRadii: [Double]?

  /// Puts a context together.
  public init(
    geometry: LatentGeometry, own: OwnItems?, source: (any ItemSource)?, overlapOrigin: RowTable? = nil,
    principalAxes: RowTable? = nil, siblingOfClass: [Int32] = [], classPictures: RowTable? = nil,
    startsFromTraining: Bool = false, samples: MemorySamples? = nil, conceptRadii: [Double]? = nil
  ) {
    self.geometry = geometry
    self.own = own
    self.source = source
    self.overlapOrigin = overlapOrigin
    self.principalAxes = principalAxes
    self.siblingOfClass = siblingOfClass
    self.classPictures = classPictures
    self.startsFromTraining = startsFromTraining
    self.samples = samples
    self.conceptRadii = conceptRadii
  }
}

/// What an observable needs beside the latent state.
public struct ObservableNeeds: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: Int
  /// Creates a set from bits.
  public init(rawValue: Int) { self.rawValue = rawValue }
  /// The member's own source item: its memory, class, or clean picture.
  public static let ownItem = ObservableNeeds(rawValue: 1)
  /// A data set with superclasses.
  public static let superclass = ObservableNeeds(rawValue: 2)
  /// The clean own item itself, which latent states of a file lack.
  public static let cleanItem = ObservableNeeds(rawValue: 4)
  /// An own item that is a training item.
  public static let trainingItem = ObservableNeeds(rawValue: 8)
  /// The mean picture of each class.
  public static let classPictures = ObservableNeeds(rawValue: 16)
  /// Held-out items.
  public static let heldOutItems = ObservableNeeds(rawValue: 32)
  /// An encoder's posterior or a decoder's likelihood, which some kinds of models lack.
  public static let posterior = ObservableNeeds(rawValue: 64)
  /// A search through many memories at each time, which costs as much as the network.
  public static let memorySearch = ObservableNeeds(rawValue: 128)
  /// The own memory or clean item, to compare the state with: of a state without a source item it is the state itself.
  public static let ownMemory = ObservableNeeds(rawValue: 256)
  /// Classes, or clusters in their place.
  public static let classes = ObservableNeeds(rawValue: 512)
}

/// An observable that scenarios know by name.
public protocol NamedObservable: Observable {
  /// The name in scenarios.
  static var name: String { get }
  /// One line for the file's `long_name`.
  static var longName: String { get }
  /// "1" or "nats".
  static var units: String { get }
  /// The kind of quantity.
  static var family: ObservableFamily { get }
  /// Whether each value is 0 or 1, so that the mean is a fraction of the members.
  static var isIndicator: Bool { get }
  /// What it needs.
  static var needs: ObservableNeeds { get }
  /// Nil where the context lacks what it needs.
  init?(_ context: ObservableContext)
}

extension NamedObservable {
  /// Dimensionless.
  public static var units: String { "1" }
  /// A fraction where values are 0 or 1; else no family.
  public static var family: ObservableFamily { isIndicator ? .fraction : .other }
  /// False.
  public static var isIndicator: Bool { false }
  /// Nothing.
  public static var needs: ObservableNeeds { [] }
  public var name: String { Self.name }
  public var longName: String { Self.longName }
  public var units: String { Self.units }
  public var family: ObservableFamily { Self.family }
  public var isIndicator: Bool { Self.isIndicator }
}

/// All observables by name.
public enum ObservableRegistry {
  /// One line each. `principal-component-K` is made from its number.
  public static let all: [any NamedObservable.Type] = [
    OverlapMemory.self,
    OverlapConcept.self,
    OverlapRoot.self,
    DistanceMemory.self,
    DistanceConcept.self,
    DistanceSuperconcept.self,
    DistanceRoot.self,
    DistanceNearestMemory.self,
    DistanceNearestConcept.self,
    ConceptAccuracy.self,
    ConceptLabel.self,
    AbstractionLevel.self,
    StepLength.self,
    DataOverlap.self,
    ReconstructionError.self,
    Energy.self,
    InputEntropy.self,
    ReconstructionExcess.self,
    KullbackLeibler.self,
    Displacement.self,
    DistanceSiblingConcept.self,
    MemoryRecovered.self,
    DistanceTrainingSample.self,
    DistanceHeldOut.self,
    DataDistanceMemory.self,
    DataDistanceConcept.self,
    DataDistanceSiblingConcept.self,
  ]

  /// The observable of that name; nil where the name is unknown or the context lacks what it needs.
  ///
  /// - Parameter known: The observables that there are beside principal components.
  public static func observable(
    named name: String, in context: ObservableContext, among known: [any NamedObservable.Type] = all
  ) -> (any Observable)? {
    if let number = PrincipalComponent.number(in: name) {
      return PrincipalComponent(number: number, context)
    }
    return known.first { $0.name == name }?.init(context)
  }
}
