import Dynamics
import Numerics
import Vocabulary

/// What a corruption starts from.
public enum CorruptionOrigin: Sendable, Hashable {
  /// The clean item x_i, `[D]`.
  case item
  /// The item's memory xi_i, `[N]`.
  case memory
  /// Nothing: a draw in the latent space, `[N]`.
  case nothing
}

/// A way to make a noisy initial state.
///
/// A new corruption is one file with a conforming struct, and one line in `CorruptionRegistry`.
public protocol Corruption: Sendable {
  /// The name in scenarios.
  static var name: String { get }
  /// One line for `simulate list corruptions`.
  static var summary: String { get }
  /// Which levels are allowed.
  static var levelDomain: LevelDomain { get }
  /// What it starts from.
  static var origin: CorruptionOrigin { get }
  /// Whether the corrupted pixels form a region (for the clamped mode).
  static var hasRegion: Bool { get }
  /// Whether it needs to know the picture's shape.
  static var needsImageShape: Bool { get }

  /// Whether it makes sense for numbers in [0, 1] only.
  static var isPixelBound: Bool { get }

  /// Creates it.
  init()

  /// The same corruption for these data; by default itself.
  func fitted(to data: CorruptionData) -> any Corruption

  /// Corrupts `state`, which holds the item, the memory, or zeros.
  ///
  /// - Parameter region: Zeroed; to be set to 1 at corrupted pixels where given.
  func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream)
}

extension Corruption {
  /// The clean item.
  public static var origin: CorruptionOrigin { .item }
  /// False.
  public static var hasRegion: Bool { false }
  /// False.
  public static var needsImageShape: Bool { false }
  /// False.
  public static var isPixelBound: Bool { false }
  /// Itself.
  public func fitted(to data: CorruptionData) -> any Corruption { self }
}

/// What a corruption may know of the data.
public struct CorruptionData: Sendable {
  /// The training items, `[count, dimension]`.
  public var items: any ItemSource
  /// The number of training items.
  public var count: Int
  /// D.
  public var dimension: Int
  /// Whether components are kept to [0, 1].
  public var isUnitInterval: Bool

  /// Collects it.
  public init(items: any ItemSource, count: Int, dimension: Int, isUnitInterval: Bool) {
    self.items = items
    self.count = count
    self.dimension = dimension
    self.isUnitInterval = isUnitInterval
  }
}

/// All corruptions by name.
public enum CorruptionRegistry {
  /// One line each. `file` (states from a file) is not a corruption and is known to `Scenarios`.
  public static let all: [any Corruption.Type] = [
    UniformReplacement.self,
    Flip.self,
    ExactFlip.self,
    GaussianNoise.self,
    Occlusion.self,
    MissingComponents.self,
    ItemReplacement.self,
    LatentGaussian.self,
    PriorDraw.self,
    LatentBox.self,
  ]

  /// The corruption of that name.
  public static func corruption(named name: String) -> (any Corruption)? {
    all.first { $0.name == name }?.init()
  }
}
