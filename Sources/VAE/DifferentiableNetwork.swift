import Dynamics
import Numerics

/// A network in double precision whose derivative is known. Newton's method, eigenvalues and Lyapunov exponents
/// need one.
///
///     g(z + v) = g(z) + (dg/dz) v + ...,   m(x + v) = m(x) + (dm/dx) v + ...
///
/// A state and its directions travel together as rows of a block. Row 0 is the state, and the next `directions`
/// rows are the directions.
public protocol DifferentiableNetwork: InferenceNetwork where Scalar == Double {
  /// Scratch memory for one state and its directions.
  associatedtype TangentWorkspace

  /// Creates scratch memory for at most `directions` directions.
  func makeTangentWorkspace(directions: Int) -> TangentWorkspace

  /// Computes g(z), and (dg/dz) v of each direction v.
  ///
  /// - Parameters:
  ///   - z: Shape `[1 + directions, N]`: z, then the directions. `directions` may be 0.
  ///   - x: Receives g(z), then the directions' images, shape `[1 + directions, D]`.
  ///   - directions: The number of directions.
  ///   - workspace: Scratch memory, as `makeTangentWorkspace` creates it.
  func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, workspace: inout TangentWorkspace)

  /// Computes m(x), and (dm/dx) v of each direction v.
  ///
  /// - Parameters:
  ///   - x: Shape `[1 + directions, D]`: x, then the directions.
  ///   - mean: Receives m(x), then the directions' images, shape `[1 + directions, N]`.
  ///   - directions: The number of directions.
  ///   - workspace: Scratch memory, as `makeTangentWorkspace` creates it.
  func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, workspace: inout TangentWorkspace)

  /// Whether g or m is smooth only in pieces, as with relu units. False by default.
  var isPiecewiseSmooth: Bool { get }

  /// Does what `linearizeDecoder` does, passing kinks as `DifferentiableMap` describes. By default there are none.
  func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace)

  /// Does what `linearizeEncoder` does, passing kinks. By default there are none.
  func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace)

  /// A bound on the remainder of the linearization of F = m . g, as `DifferentiableMap` describes it; nil, which is
  /// the default, if none is known.
  func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
}

extension DifferentiableNetwork {
  /// By default, the network is smooth everywhere.
  public var isPiecewiseSmooth: Bool { false }

  /// By default, there are no kinks.
  public func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace
  ) { linearizeDecoder(z, to: x, directions: directions, workspace: &workspace) }

  /// By default, there are no kinks.
  public func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace
  ) { linearizeEncoder(x, to: mean, directions: directions, workspace: &workspace) }

  /// By default, no bound is known.
  public func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
  { nil }
}
