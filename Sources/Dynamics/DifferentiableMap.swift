/// An autonomous map whose derivative is known: what the search for attractors needs.
///
///     F(z + v) = F(z) + J(z) v + R(v),   J = dF/dz
///
/// A minimal conformer has `linearize`. With `remainderBound` a search can prove that a ball lies in an attractor's
/// basin.
public protocol DifferentiableMap: DiscreteMap {
  /// Scratch memory of `linearize`; `Void` where none is needed.
  associatedtype TangentWorkspace = Void

  /// Scratch memory for at most `directions` directions.
  func makeTangentWorkspace(directions: Int) -> TangentWorkspace

  /// Computes F(z), and replaces each direction v by J(z) v.
  ///
  /// - Parameters:
  ///   - state: z, shape `[N]`.
  ///   - image: Receives F(z), shape `[N]`; may be `state`'s memory.
  ///   - directions: Shape `[count, N]`, row-major; `count` may be 0.
  ///   - count: How many directions there are.
  ///   - workspace: Memory for intermediate results.
  /// - Complexity: O((1 + count) x parameters). Allocates nothing.
  func linearize(
    at state: UnsafePointer<Double>, image: UnsafeMutablePointer<Double>,
    directions: UnsafeMutablePointer<Double>, count: Int, workspace: inout TangentWorkspace)

  /// Whether F is smooth only in pieces. Where pieces meet, `linearize` takes one of them, and
  /// `linearize(at:image:directions:count:kinks:workspace:)` tells them apart. False by default.
  var isPiecewiseSmooth: Bool { get }

  /// Computes F(z), and the derivatives along the directions, past kinks as `kinks` demands.
  ///
  /// By default `linearize`, as for a map that is smooth everywhere.
  ///
  /// - Parameters:
  ///   - state: z, shape `[N]`.
  ///   - image: Receives F(z), shape `[N]`; may be `state`'s memory.
  ///   - directions: Shape `[count, N]`, row-major.
  ///   - kinks: How the kinks at z are passed; receives what is found there.
  ///   - count: How many directions there are.
  ///   - workspace: Memory for intermediate results.
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
  /// - Returns: The bound as a function of r, with bound(r) / r nondecreasing, up to rounding; nil (the
  ///   default) where none is known.
  func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
}

extension DifferentiableMap {
  /// Smooth everywhere.
  public var isPiecewiseSmooth: Bool { false }

  /// There are no kinks.
  public func linearize(
    at state: UnsafePointer<Double>, image: UnsafeMutablePointer<Double>,
    directions: UnsafeMutablePointer<Double>, count: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace
  ) { linearize(at: state, image: image, directions: directions, count: count, workspace: &workspace) }

  /// None is known.
  public func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
  { nil }
}

extension DifferentiableMap where TangentWorkspace == Void {
  /// No scratch memory.
  public func makeTangentWorkspace(directions: Int) {}
}
