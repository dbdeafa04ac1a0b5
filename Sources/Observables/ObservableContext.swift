import Dynamics
import Numerics

/// What observables are created from: the geometry, the members' own items, and conventions such as the overlaps'
/// origin.
public struct ObservableContext: Sendable {
  /// The memories and their centres.
  public var geometry: LatentGeometry
  /// The members' source items; nil if members start without one.
  public var own: OwnItems?
  /// The clean source items `[items, D]`, by `Member.item`; nil if there are none.
  public var source: (any ItemSource)?
  /// The origin of overlaps, `[1, N]`; nil for 0.
  public var overlapOrigin: RowTable?
  /// The principal axes of the memories, `[N, N]`; nil if an observable that needs them shall compute them.
  public var principalAxes: RowTable?
  /// A sibling of each class, or -1 if it has none. The sibling's concept is a control for the own concept.
  public var siblingOfClass: [Int32]
  /// The mean training item of each class, `[classes, D]`; nil if nobody needs it.
  public var classPictures: RowTable?
  /// Whether members' own items are the training items, in the order of these.
  public var startsFromTraining: Bool
  /// Samples of equally many memories of training and of held-out items; nil if there are no held-out items.
  public var samples: MemorySamples?
  /// The radius of each concept, `[classes]`; nil if concepts reach without limit.
  public var conceptRadii: [Double]?
  /// The mean of each latent variable's posterior variance over the training items, `[N]`; nil if nobody needs it.
  public var posteriorVariances: [Double]?
  /// The derivative of the map; nil if nobody needs it, or if it has none.
  public var derivative: MapDerivative? {
    didSet { jacobianNumbers = derivative.map { JacobianNumbers($0, geometry) } }
  }
  /// What observables of the derivative share.
  private(set) var jacobianNumbers: JacobianNumbers?

  /// Creates a context from its parts.
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

/// What an observable needs besides the latent state.
public struct ObservableNeeds: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: Int
  /// Creates a set from bits.
  public init(rawValue: Int) { self.rawValue = rawValue }
  /// The member's own source item: its memory, class, or clean picture.
  public static let ownItem = ObservableNeeds(rawValue: 1)
  /// A data set with superclasses.
  public static let superclass = ObservableNeeds(rawValue: 2)
  /// The clean own item itself, which the latent states in a file lack.
  public static let cleanItem = ObservableNeeds(rawValue: 4)
  /// An own item that is a training item.
  public static let trainingItem = ObservableNeeds(rawValue: 8)
  /// The mean picture of each class.
  public static let classPictures = ObservableNeeds(rawValue: 16)
  /// Held-out items.
  public static let heldOutItems = ObservableNeeds(rawValue: 32)
  /// An encoder's posterior and a decoder's likelihood, which some kinds of models lack.
  public static let posterior = ObservableNeeds(rawValue: 64)
  /// A search through many memories at each time, which costs about as much as the network.
  public static let memorySearch = ObservableNeeds(rawValue: 128)
  /// An own memory or clean item other than the state itself. Comparing a state without a source item with itself
  /// says nothing.
  public static let ownMemory = ObservableNeeds(rawValue: 256)
  /// Classes, or clusters in their place.
  public static let classes = ObservableNeeds(rawValue: 512)
  /// A map with a derivative.
  public static let derivative = ObservableNeeds(rawValue: 1024)
  /// The posterior variances of the training items.
  public static let posteriorVariances = ObservableNeeds(rawValue: 2048)
}

/// An observable whose values depend on GSL, OpenBLAS or the C library, and so come back on other machines to a tolerance only.
public protocol ReproducibleToTolerance: Observable {}

/// An observable that scenarios can name.
public protocol NamedObservable: Observable {
  /// The name in scenarios.
  static var name: String { get }
  /// One line for the file's `long_name`.
  static var longName: String { get }
  /// The unit: "1" for dimensionless quantities, "nats" for information.
  static var units: String { get }
  /// The value at time t in the symbols of NOTATION.md, for the reference; empty if the long name says it.
  static var formula: String { get }
  /// When the value is missing, apart from members that diverged, such as `at t = 0`; empty for never.
  static var missing: String { get }
  /// The kind of quantity, which tells figures which observables share a scale.
  static var family: ObservableFamily { get }
  /// Whether each value is 0 or 1, so that the mean is a fraction of the members.
  static var isIndicator: Bool { get }
  /// What the observable needs besides the latent state.
  static var needs: ObservableNeeds { get }
  /// Creates the observable; nil if the context lacks what it needs.
  init?(_ context: ObservableContext)
}

extension NamedObservable {
  /// By default, the observable is dimensionless.
  public static var units: String { "1" }
  /// By default, the long name says what the value is.
  public static var formula: String { "" }
  /// By default, the value is missing only for members that diverged.
  public static var missing: String { "" }
  /// By default, an indicator is a fraction, and any other observable has a scale of its own.
  public static var family: ObservableFamily { isIndicator ? .fraction : .other }
  /// By default, values are not just 0 and 1.
  public static var isIndicator: Bool { false }
  /// By default, nothing is needed.
  public static var needs: ObservableNeeds { [] }
  public var name: String { Self.name }
  public var longName: String { Self.longName }
  public var units: String { Self.units }
  public var family: ObservableFamily { Self.family }
  public var isIndicator: Bool { Self.isIndicator }
}

/// All observables, by name.
public enum ObservableRegistry {
  /// One line per observable. `principal-component-K` is not in the list, because it is made from its number.
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
    SpectralRadius.self,
    LargestSingularValue.self,
    SecondSingularValue.self,
    JacobianAsymmetry.self,
    GainWithinClasses.self,
    GainBetweenClasses.self,
    DistanceOwnCentre.self,
    DistanceOtherCentres.self,
    LogRatioOthersToOwn.self,
    LogRatioOwnToRoot.self,
    LogDistanceOwnCentre.self,
    LogRatioWhitened.self,
    LogRatioPosterior.self,
    DistanceOwnCentrePosterior.self,
    OverlapAboutRootOwnCentre.self,
    OverlapAboutRootSiblings.self,
    ChordExcessContrast.self,
    DistanceReachedMemory.self,
    EndsAtOwnMemory.self,
    EndsAtMemoryOfClass.self,
    EndsAtMemoryOfOtherClass.self,
    EndsAtNoMemory.self,
    InteriorConceptMinimum.self,
    ClosestMemoryLater.self,
    ClosestMemoryEarlier.self,
    ClosestMemoryTied.self,
    ClassSpread.self,
    CommonMotionAverages.self,
  ]

  /// The observable of that name; nil if the name is unknown or the context lacks what the observable needs.
  ///
  /// - Parameters:
  ///   - name: The name in scenarios.
  ///   - context: What observables are made from.
  ///   - known: The observables other than principal components.
  public static func observable(
    named name: String, in context: ObservableContext, among known: [any NamedObservable.Type] = all
  ) -> (any Observable)? {
    if let number = PrincipalComponent.number(in: name) {
      return PrincipalComponent(number: number, context)
    }
    return known.first { $0.name == name }?.init(context)
  }
}
