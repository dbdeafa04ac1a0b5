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

  /// Creates it.
  init()

  /// Corrupts `state`, which holds the item, the memory, or zeros.
  ///
  /// - Parameters:
  ///   - region: Zeroed; to be set to 1 at corrupted pixels where given.
  ///   - level: The corruption level p.
  ///   - state: The item `[D]`, the memory `[N]`, or zeros; receives the initial state.
  ///   - imageShape: Rows and columns of a picture; nil where the data set does not tell.
  ///   - random: The member's random numbers.
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
    LatentGaussian.self,
    PriorDraw.self,
    LatentBox.self,
  ]

  /// The corruption of that name.
  public static func corruption(named name: String) -> (any Corruption)? {
    all.first { $0.name == name }?.init()
  }
}
