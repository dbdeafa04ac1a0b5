import Numerics
import Recurrence

/// How orbits move on a set that is neither a fixed point nor a cycle.
///
/// Averages are weighted Birkhoff averages (doi:10.1088/1361-6544/aa84c2). Their errors are differences of two
/// consecutive windows.
public struct RecurrentMotion: Sendable {
  /// The kinds of motion.
  public enum Kind: Int32, Sendable, CaseIterable {
    /// On a closed curve, or on several that are visited in turn: one Lyapunov exponent is zero within its error,
    /// and all others are negative.
    case stableCurve
    /// With several independent frequencies: two or more exponents are zero within their errors, and the others are
    /// negative.
    case quasiPeriodicSet
    /// The largest exponent is positive.
    case chaoticSet
  }

  /// The kind.
  public let kind: Kind
  /// The leading Lyapunov exponents, in nats per step.
  public let exponents: [Double]
  /// The exponents' errors.
  public let exponentErrors: [Double]
  /// The rotation number of F^k on one of k pieces, in turns, from 0 to 1/2; NaN if there is none or it is not found.
  public let rotationNumber: Double
  /// The rotation number's error.
  public let rotationNumberError: Double
  /// k, the number of pieces that orbits visit in turn.
  public let pieces: Int
  /// The number of steps of each of the two windows.
  public let window: Int
  /// Averages and points of the orbit that showed the set.
  let sample: OrbitSample

  init(
    kind: Kind, exponents: [BirkhoffAverage], rotation: BirkhoffAverage, pieces: Int, window: Int,
    sample: OrbitSample
  ) {
    self.kind = kind
    self.exponents = exponents.map(\.value)
    exponentErrors = exponents.map(\.error)
    rotationNumber = rotation.value
    rotationNumberError = rotation.error
    self.pieces = pieces
    self.window = window
    self.sample = sample
  }

  /// The number of orbits that are followed from points of a chaotic set, and of the steps that each of them takes there.
  static let watchedOrbits = 16
  static let watchedSteps = 16_384

  /// A lower bound, with confidence 0.95, on the average number of steps that orbits stay on a chaotic set, in case that it
  /// is a transient; NaN for other kinds.
  ///
  /// Orbits leave a chaotic transient at a constant rate r, so that none leaves in n steps with probability exp(-r n). None
  /// has left.
  public var leastLifetime: Double {
    kind == .chaoticSet ? Double(Self.watchedOrbits * Self.watchedSteps) / logarithm(20) : .nan
  }

  /// The average position, shape `[N]`.
  public var mean: [Double] { sample.moments.mean }
  /// The standard deviation of each component along orbits, shape `[N]`.
  public var standardDeviations: [Double] { sample.moments.standardDeviations }
  /// The covariance of the components along orbits, shape `[N, N]`, row-major.
  public var covariance: [Double] { sample.moments.covariance }
  /// How much the averages of both windows differ, in units of the set's size.
  public var averageError: Double { sample.error }
}

/// What the Lyapunov exponents of two windows say of an orbit's motion.
enum MotionVerdict: Sendable, Hashable {
  /// A recurrent motion. For regular motion, `decay` is the largest exponent that is not zero.
  case recurrent(RecurrentMotion.Kind, decay: Double)
  /// The largest exponent is negative: the orbit goes to a fixed point or cycle.
  case settling
  /// Longer windows may tell.
  case unclear

  /// - Parameters:
  ///   - exponents: The leading exponents, in descending order.
  ///   - window: T, the number of steps of a window.
  ///   - isComplete: Whether these are all exponents of the map.
  init(_ exponents: [BirkhoffAverage], window: Int, isComplete: Bool) {
    self = .unclear
    let steps = Double(window)
    guard let leading = exponents.first, leading.value.isFinite else { return }
    if leading.value > 5 * leading.error, leading.value * steps > 20 {
      // A map that keeps volumes has no attractor, however chaotic it is.
      let sum = exponents.reduce(0) { $0 + $1.value }
      let error = exponents.reduce(0) { $0 + $1.error }
      if !isComplete || exponents.count == 1 || abs(sum) > 3 * error + 1e-7 {
        self = .recurrent(.chaoticSet, decay: -leading.value)
      }
      return
    }
    if leading.value < -max(10 * leading.error, Self.smallestDecay) {
      self = .settling
      return
    }
    let zeros = exponents.prefix { exponent in
      abs(exponent.value) <= max(10 * exponent.error, Self.smallestDecay)
        && max(abs(exponent.value), exponent.error) * steps <= 0.05
    }.count
    guard zeros > 0, zeros < exponents.count else { return }
    let next = exponents[zeros]
    guard next.value < -5 * next.error, -next.value * steps >= 1 else { return }
    self = .recurrent(zeros == 1 ? .stableCurve : .quasiPeriodicSet, decay: next.value)
  }

  /// Whether a window that is too short for anything else shows that the orbit goes to a fixed point or cycle: the
  /// directions shrink by more than e^-2 within it, and the error is small.
  static func isSettling(_ exponents: [BirkhoffAverage], window: Int) -> Bool {
    guard let leading = exponents.first else { return false }
    return leading.value * Double(window) < -2 && leading.value < -10 * leading.error
  }

  /// The decay per step that weighted averages over some thousand steps can tell from zero.
  private static let smallestDecay = 1e-7
}
