import Dynamics

/// A fixed point or cycle of a map, with its linear stability.
public struct InvariantSet: Sendable {
  /// What kind it is; raw values are those of the run file's `kind`.
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
  }

  /// p: the smallest number of steps that leads back; 1 for a fixed point.
  public let period: Int
  /// The states passed, in order; the first has the smallest first component. Shape `[p][N]`.
  public let points: [[Double]]
  /// |F^p(z) - z| at the first point.
  public let residual: Double
  /// Eigenvalues of dF^p/dz, by descending modulus.
  public let eigenvalues: [ComplexNumber]
  /// The largest modulus of an eigenvalue.
  public let spectralRadius: Double
  /// |dF^p/dz|_2.
  public let largestSingularValue: Double
  /// J(z) at each point.
  let jacobians: [SmallMatrix]

  /// How far inside the unit circle an eigenvalue must lie to count as inside: nearer ones, up to this and
  /// roundings on it, belong to sets that neither attract nor repel in any time.
  static let neutralMargin = 1e-9

  /// How many eigenvalues do not lie inside the unit circle: the dimension of the unstable manifold.
  public var stabilityIndex: Int { eigenvalues.count { !($0.modulus < 1 - Self.neutralMargin) } }
  /// Whether all eigenvalues lie inside the unit circle.
  public var isStable: Bool { stabilityIndex == 0 }
  /// What kind it is.
  public var kind: Kind {
    if period > 1 { return isStable ? .stableCycle : .unstableCycle }
    return isStable ? .stableFixedPoint : stabilityIndex == eigenvalues.count ? .repeller : .saddle
  }

  /// Follows the orbit of a root of F^`period`(z) - z; nil where eigenvalues cannot be computed.
  ///
  /// The period is reduced to its smallest divisor that leads back.
  init?<Map>(root: [Double], period: Int, _ orbit: LinearizedOrbit<Map>, accuracy: Double = 1e-7) {
    var points: [[Double]] = []
    var jacobians: [SmallMatrix] = []
    var state = root
    for step in 0..<period {
      let scale = accuracy * max(1, norm(root))
      if step > 0, period % step == 0, norm(difference(state, root)) <= scale { break }
      points.append(state)
      let (image, jacobian) = orbit.linearized(at: state)
      jacobians.append(jacobian)
      state = image
    }
    let first = points.indices.min { points[$0].lexicographicallyPrecedes(points[$1]) } ?? 0
    points = Array(points[first...] + points[..<first])
    jacobians = Array(jacobians[first...] + jacobians[..<first])
    let product = jacobians.dropFirst().reduce(jacobians[0]) { $1.times($0) }
    guard let eigenvalues = product.eigenvalues(), let singular = product.largestSingularValue() else {
      return nil
    }
    self.period = points.count
    self.points = points
    residual = norm(difference(orbit.image(of: points[0], steps: points.count), points[0]))
    self.eigenvalues = eigenvalues
    spectralRadius = eigenvalues.first?.modulus ?? 0
    largestSingularValue = singular
    self.jacobians = jacobians
  }

  /// dF^p/dz at the point `phase`.
  func jacobian(fromPhase phase: Int = 0) -> SmallMatrix {
    let order = jacobians[phase...] + jacobians[..<phase]
    return order.dropFirst().reduce(jacobians[phase]) { $1.times($0) }
  }

  /// Whether two findings are the same set: a point of one within `distance` of the other's first, the same
  /// stability index, and equal spectra to 1e-3.
  func isSame(as other: InvariantSet, within distance: Double) -> Bool {
    guard period == other.period, stabilityIndex == other.stabilityIndex else { return false }
    let reach = distance * max(1, norm(points[0]))
    guard other.points.contains(where: { norm(difference($0, points[0])) <= reach }) else { return false }
    return zip(eigenvalues, other.eigenvalues).allSatisfy {
      abs($0.modulus - $1.modulus) <= 1e-3 * max(1, $0.modulus)
    }
  }

  /// Whether the linearization about the set explains what an orbit does at a state near by.
  ///
  ///     |F^p(z) - z - (M - I)(z - z_i)| <= |F^p(z) - z| / 4,   M = dF^p/dz at z_i
  ///
  /// with the nearest point z_i. A state that only happens to be slow there, on its way past a ghost or a saddle,
  /// moves otherwise. Within 1e-8 max(1, |z|) only roundings are left to compare.
  ///
  /// - Parameter displacement: F^p(z) - z.
  func explains(displacement: [Double], at state: [Double]) -> Bool {
    let distances = points.map { norm(difference(state, $0)) }
    guard let phase = distances.indices.min(by: { distances[$0] < distances[$1] }) else { return false }
    let scale = max(1, norm(points[phase]))
    guard distances[phase] <= 0.1 * scale else { return false }
    if distances[phase] <= 1e-8 * scale { return true }
    let delta = difference(state, points[phase])
    let predicted = difference(jacobian(fromPhase: phase).times(delta), delta)
    return norm(difference(displacement, predicted)) <= 0.25 * norm(displacement) + 1e-14 * scale
  }

  /// The largest amplification of a small displacement, max_t |J^t|_2 over t >= 0, and its time.
  ///
  /// Local, and one candidate mechanism among others for an approach that turns away again. For cycles J
  /// is the Jacobian of F^p, and time counts periods.
  ///
  /// Exact for stable sets: once |J^t| <= 1, no later power can exceed the largest before it. Infinite
  /// for unstable ones.
  ///
  /// - Parameter limit: Powers at most; beyond, the largest so far is given.
  public func transientGrowth(limit: Int = 10_000) -> (factor: Double, time: Int) {
    guard isStable else { return (.infinity, -1) }
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
