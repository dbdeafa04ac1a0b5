/// An autonomous map whose derivative is known. The search for attractors needs such a map.
///
///     F(z + v) = F(z) + J(z) v + R(v),   J = dF/dz
///
/// A minimal conformer implements `linearize`. With `remainderBound`, a search can prove that a ball lies in a basin.
public protocol DifferentiableMap: DiscreteMap {
  /// The scratch memory of `linearize`; `Void` if none is needed.
  associatedtype TangentWorkspace = Void

  /// Creates scratch memory for at most `directions` directions.
  func makeTangentWorkspace(directions: Int) -> TangentWorkspace

  /// Computes F(z), and replaces each direction v by J(z) v.
  ///
  /// - Parameters:
  ///   - state: z, shape `[N]`.
  ///   - image: Receives F(z), shape `[N]`. May be the same memory as `state`.
  ///   - directions: Shape `[count, N]`, row-major.
  ///   - count: The number of directions; it may be 0.
  ///   - workspace: Scratch memory, as `makeTangentWorkspace` creates it.
  /// - Complexity: O((1 + count) x parameters). Allocates nothing.
  func linearize(
    at state: UnsafePointer<Double>, image: UnsafeMutablePointer<Double>,
    directions: UnsafeMutablePointer<Double>, count: Int, workspace: inout TangentWorkspace)

  /// Whether F is smooth only in pieces. Where pieces meet, `linearize` uses one of them, and
  /// `linearize(at:image:directions:count:kinks:workspace:)` tells them apart. False by default.
  var isPiecewiseSmooth: Bool { get }

  /// Computes F(z) and the derivatives along the directions, passing kinks as `kinks` demands.
  ///
  /// The default calls `linearize`, which is right for a map that is smooth everywhere.
  ///
  /// - Parameters:
  ///   - state: z, shape `[N]`.
  ///   - image: Receives F(z), shape `[N]`. May be the same memory as `state`.
  ///   - directions: Shape `[count, N]`, row-major.
  ///   - count: The number of directions; it may be 0.
  ///   - kinks: The rule by which the kinks at z are passed. Receives what is found there.
  ///   - workspace: Scratch memory, as `makeTangentWorkspace` creates it.
  /// - Complexity: O((1 + count) x parameters).
  func linearize(
    at state: UnsafePointer<Double>, image: UnsafeMutablePointer<Double>,
    directions: UnsafeMutablePointer<Double>, count: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace)

  /// A bound on the remainder of the linearization in an ellipsoid around z.
  ///
  ///     |T R(S u)| <= bound(r)   for all |u| <= r
  ///
  /// - Parameters:
  ///   - state: z, shape `[N]`.
  ///   - source: S, shape `[N, N]`, row-major.
  ///   - target: T, shape `[N, N]`, row-major.
  /// - Returns: The bound as a function of r, where bound(r) / r does not decrease, up to rounding. nil, which is the
  ///   default, if no bound is known.
  func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
}

extension DifferentiableMap {
  /// By default, the map is smooth everywhere.
  public var isPiecewiseSmooth: Bool { false }

  /// By default, there are no kinks.
  public func linearize(
    at state: UnsafePointer<Double>, image: UnsafeMutablePointer<Double>,
    directions: UnsafeMutablePointer<Double>, count: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace
  ) { linearize(at: state, image: image, directions: directions, count: count, workspace: &workspace) }

  /// By default, no bound is known.
  public func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
  { nil }
}

extension DifferentiableMap where TangentWorkspace == Void {
  /// No scratch memory is needed.
  public func makeTangentWorkspace(directions: Int) {}
}
