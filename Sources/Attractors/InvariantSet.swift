import Dynamics
import Numerics

/// A fixed point or cycle of a map, with its linear stability.
public struct InvariantSet: Sendable {
  /// The kinds of sets; raw values are those of the run file's `kind`.
  public enum Kind: Int32, Sendable, CaseIterable {
    /// A fixed point whose eigenvalues all lie inside the unit circle.
    case stableFixedPoint = 0
    /// A fixed point with eigenvalues inside and outside.
    case saddle = 1
    /// A fixed point whose eigenvalues all lie outside (or on) the unit circle.
    case repeller = 2
    /// A cycle whose multipliers all lie inside.
    case stableCycle = 3
    /// Any other cycle.
    case unstableCycle = 4
    /// A fixed point on a kink of a map that is smooth only in pieces, without a Jacobian.
    case nonSmoothFixedPoint = 5
    /// A cycle some of whose points lie on kinks, so that F^p has no Jacobian there.
    case nonSmoothCycle = 6
  }

  /// Whether a set attracts what is near to it; raw values are those of the run file's `stability`.
  public enum Stability: Int32, Sendable, CaseIterable {
    /// All starts near by go there.
    case stable = 0
    /// Some starts near by leave it.
    case unstable = 1
    /// Some starts near by leave it; others, in a cone of directions, go there. Only on kinks.
    case semiStable = 2
    /// None of these is proven. Only on kinks.
    case undecided = 3
  }

  /// p: the smallest number of steps that leads back; 1 for a fixed point.
  public let period: Int
  /// The states passed, in order; the first has the smallest first component. Shape `[p][N]`.
  public let points: [[Double]]
  /// |F^p(z) - z| at the first point.
  public let residual: Double
  /// Eigenvalues of dF^p/dz, by descending modulus; not numbers where there is no Jacobian.
  public private(set) var eigenvalues: [ComplexNumber]
  /// The largest modulus of an eigenvalue; not a number where there is no Jacobian.
  public private(set) var spectralRadius: Double
  /// |dF^p/dz|_2; not a number where there is no Jacobian.
  public private(set) var largestSingularValue: Double
  /// Whether it attracts what is near to it.
  public private(set) var stability: Stability
  /// Whether dF^p/dz exists.
  public private(set) var isSmooth = true
  /// J(z) at each point. Where points lie on kinks, dF^p/dz at the first point alone; empty where there is none.
  private(set) var jacobians: [SmallMatrix]
  /// The kinks that pass through each point.
  let kinks: [[Int]]
  /// How far away the true points may be, by Newton's method.
  let uncertainty: Double

  /// How far inside the unit circle an eigenvalue must lie to count as inside. Sets with eigenvalues nearer to the circle
  /// neither attract nor repel in any reasonable time.
  static let neutralMargin = 1e-9

  /// How many eigenvalues do not lie inside the unit circle: the dimension of the unstable manifold; -1 where there are
  /// none.
  public var stabilityIndex: Int {
    isSmooth ? eigenvalues.count { !($0.modulus < 1 - Self.neutralMargin) } : -1
  }
  /// Whether all starts near by go there: all eigenvalues lie inside the unit circle, or, without a Jacobian, the one-sided
  /// derivatives contract.
  public var isStable: Bool { stability == .stable }
  /// Whether starts may go there.
  public var mayAttract: Bool { stability != .unstable }
  /// Whether a point lies on a kink.
  var liesOnKink: Bool { kinks.contains { !$0.isEmpty } }
  /// The kind of the set.
  public var kind: Kind {
    guard isSmooth else { return period > 1 ? .nonSmoothCycle : .nonSmoothFixedPoint }
    if period > 1 { return isStable ? .stableCycle : .unstableCycle }
    return isStable ? .stableFixedPoint : stabilityIndex == eigenvalues.count ? .repeller : .saddle
  }

  /// Follows the orbit of a root of F^`period`(z) - z; nil where eigenvalues cannot be computed.
  ///
  /// The period is reduced to its smallest divisor that leads back, as far as the root is known. Where points lie on kinks,
  /// stability is that of one of the pieces until `classified(by:)`.
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

  /// The set with the stability that one-sided derivatives tell; nil where it is no isolated one.
  func classified<Map>(by map: Map) -> InvariantSet? where Map: DifferentiableMap {
    guard liesOnKink else { return self }
    switch OneSidedDerivative(map, points: points, kinks: kinks).verdict() {
    case .notIsolated: return nil
    case .smooth(let jacobian):
      // Newton's method demands it of every root, too: an eigenvalue at 1 leaves the place undetermined.
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

  /// dF^p/dz at the point `phase`; at the first point where the set is smooth and lies on kinks.
  func jacobian(fromPhase phase: Int = 0) -> SmallMatrix {
    guard jacobians.count == period else { return jacobians[0] }
    let order = jacobians[phase...] + jacobians[..<phase]
    return order.dropFirst().reduce(jacobians[phase]) { $1.times($0) }
  }

  /// The distance of this set's first point from the nearest of another's.
  func distance(to other: InvariantSet) -> Double {
    other.points.map { norm(difference($0, points[0])) }.min() ?? .infinity
  }

  /// A distance below which two findings are one point, whatever else they seem to be.
  func certainDistance(to other: InvariantSet) -> Double {
    16 * (uncertainty + other.uncertainty) + 1e-12 * max(1, norm(points[0]))
  }

  /// Whether two findings are of the same period and stability index, with spectra equal to 1e-3.
  func isAlike(_ other: InvariantSet) -> Bool {
    period == other.period && stabilityIndex == other.stabilityIndex
      && zip(eigenvalues, other.eigenvalues).allSatisfy {
        abs($0.modulus - $1.modulus) <= 1e-3 * max(1, $0.modulus)
      }
  }

  /// The point nearest to a state, and its distance.
  func nearestPoint(to state: [Double]) -> (phase: Int, distance: Double) {
    var best = (phase: 0, distance: Double.infinity)
    for (phase, point) in points.enumerated() {
      let away = norm(difference(state, point))
      if away < best.distance { best = (phase, away) }
    }
    return best
  }

  /// Whether the linearization about the set explains what an orbit does at a state near by.
  ///
  ///     |F^p(z) - z - (M - I)(z - z_i)| <= |F^p(z) - z| / 4,   M = dF^p/dz at z_i
  ///
  /// with the nearest point z_i. A state that is slow there only by chance, on its way past a ghost or a saddle, moves in
  /// another way. Within 1e-8 max(1, |z|), where rounding errors blur what is left, a quarter of what is predicted and
  /// 1e-11 max(1, |z|) are allowed.
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

  /// Whether an orbit that has come to a state goes to the set. The set must explain what the orbit does there, and be
  /// stable or, where it is not known to be, attract the orbit's direction by its one-sided derivatives.
  ///
  /// - Parameters:
  ///   - displacement: F^p(z) - z.
  ///   - hasMoved: Whether the orbit has come from elsewhere, so that it has arrived where it rests.
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
    // A state that cannot be told from the point has no direction.
    guard distance > 2 * uncertainty else { return hasMoved }
    return derivative.attracts(difference(state, points[phase]))
  }

  /// The largest amplification of a small displacement, max_t |J^t|_2 over t >= 0, and its time.
  ///
  /// Local, and one candidate mechanism among others for an approach that turns away again. For cycles J
  /// is the Jacobian of F^p, and time counts periods.
  ///
  /// Exact for stable sets: once |J^t| <= 1, no later power can exceed the largest before it. Infinite
  /// for unstable ones, and where there is no Jacobian.
  ///
  /// - Parameter limit: Powers at most; beyond, the largest so far is given.
  public func transientGrowth(limit: Int = 10_000) -> (factor: Double, time: Int) {
    guard isStable, isSmooth else { return (.infinity, -1) }
    let jacobian = jacobian()
    var power = SmallMatrix.identity(jacobian.n)
    var largest = 1.0
    var time = 0
    for t in 1...max(limit, 1) {
      power = jacobian.times(power)
      let frobenius = norm(power.elements)  // at least the spectral norm
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
