import Dynamics
import Numerics

/// A fixed point or cycle of a map, with its linear stability, or another set on which orbits move for ever.
public struct InvariantSet: Sendable {
  /// The kinds of sets. The raw values are those of `kind` in run files.
  public enum Kind: Int32, Sendable, CaseIterable {
    /// A fixed point whose eigenvalues all lie inside the unit circle.
    case stableFixedPoint = 0
    /// A fixed point with eigenvalues inside and outside the unit circle.
    case saddle = 1
    /// A fixed point whose eigenvalues all lie outside (or on) the unit circle.
    case repeller = 2
    /// A cycle whose multipliers all lie inside the unit circle.
    case stableCycle = 3
    /// Any other cycle.
    case unstableCycle = 4
    /// A fixed point on a kink of a map that is smooth only in pieces. It has no Jacobian.
    case nonSmoothFixedPoint = 5
    /// A cycle with points on kinks, so that F^p has no Jacobian there.
    case nonSmoothCycle = 6
    /// A closed curve, or several that are visited in turn, which attracts what is near it.
    case stableCurve = 7
    /// An attracting set on which orbits have several independent frequencies.
    case quasiPeriodicSet = 8
    /// An attracting set on which neighbouring orbits diverge from each other.
    case chaoticSet = 9
  }

  /// How orbits move on a set.
  public enum Motion: Sendable {
    /// They come back after `period` steps.
    case periodic
    /// They come back close to themselves again and again, but never exactly.
    case recurrent(RecurrentMotion)
  }

  /// Whether a set attracts what is near it. The raw values are those of `stability` in run files.
  public enum Stability: Int32, Sendable, CaseIterable {
    /// All starts nearby go there.
    case stable = 0
    /// Some starts nearby leave it.
    case unstable = 1
    /// Some starts nearby leave it. Others, in a cone of directions, go there. Occurs only on kinks.
    case semiStable = 2
    /// None of these is proven. Occurs only on kinks.
    case undecided = 3
  }

  /// How orbits move on the set.
  public let motion: Motion
  /// p, the smallest number of steps that leads back; 1 for a fixed point, 0 if no number of steps does.
  public let period: Int
  /// The states that the orbit passes, in order. The first one has the smallest first component. Shape `[p][N]`.
  /// A recurrent motion has states of an orbit here.
  public let points: [[Double]]
  /// |F^p(z) - z| at the first point; NaN without a period.
  public let residual: Double
  /// The eigenvalues of dF^p/dz, by descending modulus; NaN if there is no Jacobian.
  public internal(set) var eigenvalues: [ComplexNumber]
  /// The largest modulus of an eigenvalue; NaN if there is no Jacobian.
  public internal(set) var spectralRadius: Double
  /// |dF^p/dz|_2; NaN if there is no Jacobian.
  public internal(set) var largestSingularValue: Double
  /// Whether the set attracts what is near it.
  public internal(set) var stability: Stability
  /// Whether dF^p/dz exists.
  public internal(set) var isSmooth = true
  /// J(z) at each point. If points lie on kinks, only dF^p/dz at the first point; empty if there is none.
  var jacobians: [SmallMatrix]
  /// The kinks that pass through each point.
  let kinks: [[Int]]
  /// How far away the true points may be, as Newton's method estimates it.
  let uncertainty: Double

  /// How far inside the unit circle an eigenvalue must lie to count as inside. Sets with eigenvalues nearer to the
  /// circle neither attract nor repel in any reasonable time.
  static let neutralMargin = 1e-9

  /// The number of eigenvalues that do not lie inside the unit circle, which is the dimension of the unstable
  /// manifold; -1 if there are no eigenvalues.
  public var stabilityIndex: Int {
    isSmooth ? eigenvalues.count { !($0.modulus < 1 - Self.neutralMargin) } : -1
  }
  /// Whether all starts nearby go there. That is so if all eigenvalues lie inside the unit circle or, without a
  /// Jacobian, if the one-sided derivatives contract.
  public var isStable: Bool { stability == .stable }
  /// Whether starts may go there.
  public var mayAttract: Bool { stability != .unstable }
  /// Whether a point lies on a kink.
  var liesOnKink: Bool { kinks.contains { !$0.isEmpty } }
  /// The kind of the set.
  public var kind: Kind {
    if case .recurrent(let motion) = motion {
      return switch motion.kind {
      case .stableCurve: .stableCurve
      case .quasiPeriodicSet: .quasiPeriodicSet
      case .chaoticSet: .chaoticSet
      }
    }
    guard isSmooth else { return period > 1 ? .nonSmoothCycle : .nonSmoothFixedPoint }
    if period > 1 { return isStable ? .stableCycle : .unstableCycle }
    return isStable ? .stableFixedPoint : stabilityIndex == eigenvalues.count ? .repeller : .saddle
  }

  /// Follows the orbit of a root of F^`period`(z) - z. Returns nil if eigenvalues cannot be computed.
  ///
  /// The period is reduced to its smallest divisor that leads back, as accurately as the root is known. If points
  /// lie on kinks, the stability is that of one of the pieces until `classified(by:)` is called.
  init?<Map>(root: NewtonSolver.Root, period: Int, _ orbit: LinearizedOrbit<Map>) {
    var points: [[Double]] = []
    var jacobians: [SmallMatrix] = []
    var state = root.state
    var growth = SmallMatrix.identity(state.count)
    for step in 0..<period {
      if step > 0, period % step == 0 {
        let away = 16 * (1 + norm(growth.elements)) * root.uncertainty
        let scale = max(1, norm(root.state))
        if norm(difference(state, root.state)) <= min(max(1e-11 * scale, away), 1e-4 * scale) { break }
      }
      points.append(state)
      let (image, jacobian) = orbit.linearized(at: state)
      jacobians.append(jacobian)
      growth = jacobian.times(growth)
      state = image
    }
    let first = points.indices.min { points[$0].lexicographicallyPrecedes(points[$1]) } ?? 0
    func turned<Element>(_ list: some Sequence<Element>) -> [Element] {
      let list = Array(list.prefix(points.count))
      return Array(list[first...] + list[..<first])
    }
    let kinks = turned(root.kinks)
    let places = turned(points)
    self.init(
      points: places, jacobians: turned(jacobians), kinks: kinks, uncertainty: root.uncertainty,
      residual: norm(difference(orbit.image(of: places[0], steps: places.count), places[0])))
  }

  private init?(
    points: [[Double]], jacobians: [SmallMatrix], kinks: [[Int]], uncertainty: Double, residual: Double
  ) {
    let product = jacobians.dropFirst().reduce(jacobians[0]) { $1.times($0) }
    guard let eigenvalues = product.eigenvalues(), let singular = product.largestSingularValue() else {
      return nil
    }
    motion = .periodic
    period = points.count
    self.points = points
    self.jacobians = jacobians
    self.kinks = kinks
    self.uncertainty = uncertainty
    self.residual = residual
    self.eigenvalues = eigenvalues
    spectralRadius = eigenvalues.first?.modulus ?? 0
    largestSingularValue = singular
    stability = eigenvalues.allSatisfy { $0.modulus < 1 - Self.neutralMargin } ? .stable : .unstable
  }

  /// An attracting set on which orbits move recurrently.
  init(_ motion: RecurrentMotion) {
    let points = (0..<motion.sample.points.count).map { motion.sample.points[$0] }
    let first = points.indices.min { points[$0].lexicographicallyPrecedes(points[$1]) } ?? 0
    self.motion = .recurrent(motion)
    period = 0
    self.points = Array(points[first...] + points[..<first])
    jacobians = []
    kinks = []
    uncertainty = motion.sample.gap
    residual = .nan
    eigenvalues = motion.mean.map { _ in ComplexNumber(real: .nan, imaginary: .nan) }
    (spectralRadius, largestSingularValue) = (.nan, .nan)
    stability = .stable
    isSmooth = false
  }

  /// The set with the stability that one-sided derivatives show; nil if it is no isolated set.
  func classified<Map>(by map: Map) -> InvariantSet? where Map: DifferentiableMap {
    guard liesOnKink else { return self }
    switch OneSidedDerivative(map, points: points, kinks: kinks).verdict() {
    case .notIsolated: return nil
    case .smooth(let jacobian):
      // Newton's method demands this of every root, too, because an eigenvalue at 1 leaves the place undetermined.
      var system = jacobian
      for i in 0..<system.n { system[i, i] -= 1 }
      guard let inverse = system.inverse(),
        0x1p-50 * norm(inverse.elements) <= NewtonSolver().placement
      else { return nil }
      return InvariantSet(
        points: points, jacobians: [jacobian], kinks: kinks, uncertainty: uncertainty, residual: residual)
    case .nonSmooth(let stability):
      var result = self
      let none = ComplexNumber(real: .nan, imaginary: .nan)
      result.isSmooth = false
      result.stability = stability
      result.jacobians = []
      result.eigenvalues = eigenvalues.map { _ in none }
      (result.spectralRadius, result.largestSingularValue) = (.nan, .nan)
      return result
    }
  }

  /// dF^p/dz at the point `phase`. If the set is smooth and lies on kinks, it is that at the first point.
  func jacobian(fromPhase phase: Int = 0) -> SmallMatrix {
    guard jacobians.count == period else { return jacobians[0] }
    let order = jacobians[phase...] + jacobians[..<phase]
    return order.dropFirst().reduce(jacobians[phase]) { $1.times($0) }
  }

  /// The distance of this set's first point from the nearest point of another set.
  func distance(to other: InvariantSet) -> Double {
    other.points.map { norm(difference($0, points[0])) }.min() ?? .infinity
  }

  /// The distance below which two findings are the same point, whatever else distinguishes them.
  func certainDistance(to other: InvariantSet) -> Double {
    16 * (uncertainty + other.uncertainty) + 1e-12 * max(1, norm(points[0]))
  }

  /// Whether two findings have the same period and stability index, and eigenvalues whose moduli agree to 1e-3.
  func isAlike(_ other: InvariantSet) -> Bool {
    period == other.period && stabilityIndex == other.stabilityIndex
      && zip(eigenvalues, other.eigenvalues).allSatisfy {
        abs($0.modulus - $1.modulus) <= 1e-3 * max(1, $0.modulus)
      }
  }

  /// The point that is nearest to a state, and its distance.
  func nearestPoint(to state: [Double]) -> (phase: Int, distance: Double) {
    var best = (phase: 0, distance: Double.infinity)
    for (phase, point) in points.enumerated() {
      let away = norm(difference(state, point))
      if away < best.distance { best = (phase, away) }
    }
    return best
  }

  /// Whether the linearization about the set explains what an orbit does at a state nearby.
  ///
  ///     |F^p(z) - z - (M - I)(z - z_i)| <= |F^p(z) - z| / 4,   M = dF^p/dz at z_i
  ///
  /// z_i is the nearest point. A state that is slow only by chance, on its way past a ghost or a saddle, moves
  /// differently. Within 1e-8 max(1, |z|), where rounding errors blur the displacement, a quarter of the predicted
  /// one plus 1e-11 max(1, |z|) is allowed.
  ///
  /// - Parameter displacement: F^p(z) - z.
  func explains(displacement: [Double], at state: [Double]) -> Bool {
    explains(displacement: displacement, at: state) { delta, phase in
      jacobian(fromPhase: phase).times(delta)
    }
  }

  private func explains(
    displacement: [Double], at state: [Double], by derivative: ([Double], Int) -> [Double]
  ) -> Bool {
    let (phase, distance) = nearestPoint(to: state)
    let scale = max(1, norm(points[phase]))
    guard distance <= 0.1 * scale else { return false }
    let delta = difference(state, points[phase])
    let predicted = difference(derivative(delta, phase), delta)
    let error = norm(difference(displacement, predicted))
    if distance <= 1e-8 * scale { return error <= 0.25 * norm(predicted) + 1e-11 * scale }
    return error <= 0.25 * norm(displacement) + 1e-14 * scale
  }

  /// Whether an orbit that has come to a state goes to the set. The set must explain what the orbit does there. It
  /// must also be stable or, if that is not known, attract the orbit's direction by its one-sided derivatives.
  ///
  /// - Parameters:
  ///   - displacement: F^p(z) - z.
  ///   - hasMoved: Whether the orbit came from elsewhere, so that it has arrived at the place where it rests.
  func attracts<Map: DifferentiableMap>(
    _ state: [Double], displacement: [Double], hasMoved: Bool = false, under map: Map
  ) -> Bool {
    guard !isSmooth else { return isStable && explains(displacement: displacement, at: state) }
    guard mayAttract else { return false }
    let (phase, distance) = nearestPoint(to: state)
    let derivative = OneSidedDerivative(
      map, points: Array(points[phase...] + points[..<phase]), kinks: Array(kinks[phase...] + kinks[..<phase])
    )
    guard explains(displacement: displacement, at: state, by: { delta, _ in derivative([delta])[0] }) else {
      return false
    }
    if isStable { return true }
    // A state that cannot be distinguished from the point has no direction.
    guard distance > 2 * uncertainty else { return hasMoved }
    return derivative.attracts(difference(state, points[phase]))
  }

  /// The largest amplification of a small displacement, max_t |J^t|_2 over t >= 0, and its time.
  ///
  /// It is a local quantity, and one candidate mechanism among others for an approach that turns away again. For
  /// cycles J is the Jacobian of F^p, and time counts periods.
  ///
  /// It is exact for stable sets: once |J^t| <= 1, no later power can exceed the largest before it. It is infinite
  /// for unstable sets, and if there is no Jacobian.
  ///
  /// - Parameter limit: The largest number of powers. If it is reached, the largest amplification so far is
  ///   returned.
  public func transientGrowth(limit: Int = 10_000) -> (factor: Double, time: Int) {
    guard isStable, isSmooth else { return (.infinity, -1) }
    let jacobian = jacobian()
    var power = SmallMatrix.identity(jacobian.n)
    var largest = 1.0
    var time = 0
    for t in 1...max(limit, 1) {
      power = jacobian.times(power)
      let frobenius = norm(power.elements)  // it is at least the spectral norm
      guard frobenius > 1 else { break }
      guard let singular = power.largestSingularValue() else { break }
      if singular > largest {
        largest = singular
        time = t
      }
      if singular <= 1 { break }
    }
    return (largest, time)
  }
}
