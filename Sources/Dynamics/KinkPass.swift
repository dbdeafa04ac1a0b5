/// How derivatives pass the kinks of a map that is smooth only in pieces, and what they meet there.
///
/// The borders of the pieces are the zeros of numbers a_j(z), such as the arguments of units whose function bends at 0.
/// At a state on such borders a map has one-sided derivatives only,
///
///     F'(z; v) = lim (F(z + h v) - F(z)) / h,   h -> 0 from above
///
/// which are linear in v within each of the cones into which the borders cut the directions.
public struct KinkPass: Sendable {
  /// What happens at a kink.
  public enum Rule: Sendable, Hashable {
    /// Kinks nearer to the state than `reach`, or than roundings can tell, are noted in `kinks`. All directions pass
    /// them on the side where a_j > 0. The directions must be the unit vectors, which tell how far away a kink is.
    case search(reach: Double)
    /// Each direction v becomes F'(z; v).
    case ownSide
    /// All directions pass on the side to which the first one leads: v becomes J v, with the Jacobian J of the piece
    /// that lies along the first direction.
    case firstSide
  }

  /// The rule by which kinks are passed.
  public let rule: Rule
  /// The kinks that pass through the state, by the numbers of their units in the order in which the map passes these.
  public private(set) var kinks: [Int]
  /// With `firstSide`: the derivative of a_j along each direction, shape `[kinks, directions]`.
  public private(set) var slopes: [Double] = []
  /// How many units have been passed.
  private var passed = 0
  /// How many kinks have been passed.
  private var position = 0

  /// A pass by a rule, with the kinks that a `search` found to pass through the state; none for a search.
  public init(_ rule: Rule, kinks: [Int] = []) {
    self.rule = rule
    self.kinks = kinks
  }

  /// Enters the next units, each of which may have a kink.
  ///
  /// - Returns: Those among them, numbered from 0, that are known to be on a kink.
  public mutating func enter(units count: Int) -> [Int] {
    let first = position
    while position < kinks.count, kinks[position] < passed + count { position += 1 }
    let entered = kinks[first..<position].map { $0 - passed }
    passed += count
    return entered
  }

  /// Notes that a unit, numbered within the `count` units entered last, is on a kink.
  public mutating func note(unit: Int, of count: Int) {
    kinks.append(passed - count + unit)
    position = kinks.count
  }

  /// Notes the derivatives of a_j of the next kink along all directions.
  public mutating func note(slopes: some Sequence<Double>) { self.slopes += slopes }
}
