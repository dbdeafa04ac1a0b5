import Dynamics
import Numerics
import Vocabulary

/// What a corruption starts from.
public enum CorruptionOrigin: Sendable, Hashable {
  /// The clean item x_i, `[D]`.
  case item
  /// The item's memory xi_i, `[N]`.
  case memory
  /// Nothing: the state is drawn in the latent space, `[N]`.
  case nothing

  /// What it is, in a few words.
  package var words: String {
    switch self {
    case .item: "the clean item x_i"
    case .memory: "the item's memory m(x_i), in the latent space"
    case .nothing: "no item: a draw in the latent space"
    }
  }
}

/// A way to make a noisy initial state.
///
/// A new corruption is one file with a conforming struct, and one line in `CorruptionRegistry`.
public protocol Corruption: Sendable {
  /// The corruption's name in scenarios.
  static var name: String { get }
  /// One line for `simulate list corruptions`.
  static var summary: String { get }
  /// The levels that are allowed.
  static var levelDomain: LevelDomain { get }
  /// What the corruption starts from.
  static var origin: CorruptionOrigin { get }
  /// Whether the corrupted pixels form a region, which the clamped mode needs.
  static var hasRegion: Bool { get }
  /// Whether `apply` needs the picture's shape.
  static var needsImageShape: Bool { get }
  /// Whether the corruption makes sense for numbers in [0, 1] only.
  static var isPixelBound: Bool { get }

  /// Creates the corruption. It has no parameters besides the level.
  init()

  /// The same corruption with what it must know of these data, such as means.
  func fitted(to data: CorruptionData) -> any Corruption

  /// Corrupts `state`, which holds the item, the memory, or zeros. Level 0 leaves items and memories as they are.
  ///
  /// - Parameters:
  ///   - level: A number in `levelDomain`.
  ///   - state: Shape `[D]` for items, else `[N]`; pixels are in [0, 1] if `isPixelBound` is true. Is changed in
  ///     place.
  ///   - region: Shape `[D]`, zeroed; receives 1 at corrupted pixels if `hasRegion` is true. nil if nobody asks for
  ///     it.
  ///   - imageShape: The picture's shape; its pixels are the elements of `state` in row-major order.
  ///   - random: The member's random numbers.
  func apply(
    level: Double, to state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, imageShape: ImageShape?, random: inout RandomStream)
}

extension Corruption {
  /// By default, a corruption starts from the clean item.
  public static var origin: CorruptionOrigin { .item }
  /// By default, there is no region.
  public static var hasRegion: Bool { false }
  /// By default, the picture's shape is not needed.
  public static var needsImageShape: Bool { false }
  /// By default, the corruption makes sense for any numbers.
  public static var isPixelBound: Bool { false }
  /// By default, the corruption needs to know nothing of the data.
  public func fitted(to data: CorruptionData) -> any Corruption { self }
}

/// What a corruption may know of the data (`Corruption.fitted`).
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

/// All corruptions, by name.
public enum CorruptionRegistry {
  /// One line per corruption. Initial states from a file (`file` in scenarios) are no corruption; `Scenarios` knows
  /// them.
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

  /// The corruption of that name, or nil if there is none.
  public static func corruption(named name: String) -> (any Corruption)? {
    all.first { $0.name == name }?.init()
  }
}
