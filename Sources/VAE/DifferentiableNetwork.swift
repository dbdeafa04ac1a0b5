import Dynamics
import Numerics

/// A network in double precision whose derivative is known: what Newton's method, eigenvalues and Lyapunov exponents
/// need.
///
///     g(z + v) = g(z) + (dg/dz) v + ...,   m(x + v) = m(x) + (dm/dx) v + ...
///
/// A state and its directions travel together, as rows of a block: row 0 is the state, the next `directions` rows are
/// directions.
public protocol DifferentiableNetwork: InferenceNetwork where Scalar == Double {
  /// Scratch memory for one state and its directions.
  associatedtype TangentWorkspace

  /// Scratch memory for at most `directions` directions.
  func makeTangentWorkspace(directions: Int) -> TangentWorkspace

  /// Computes g(z), and (dg/dz) v of each direction v.
  ///
  /// - Parameters:
  ///   - z: Shape `[1 + directions, N]`: z, then the directions; `directions` may be 0.
  ///   - x: Receives g(z), then the directions' images, shape `[1 + directions, D]`.
  ///   - directions: How many directions there are.
  ///   - workspace: Memory for intermediate results, as `makeWorkspace` makes it.
  func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, workspace: inout TangentWorkspace)

  /// Computes m(x), and (dm/dx) v of each direction v.
  ///
  /// - Parameters:
  ///   - x: Shape `[1 + directions, D]`: x, then the directions.
  ///   - mean: Receives m(x), then the directions' images, shape `[1 + directions, N]`.
  ///   - directions: How many directions there are.
  ///   - workspace: Memory for intermediate results, as `makeWorkspace` makes it.
  func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, workspace: inout TangentWorkspace)

  /// Whether g or m is smooth only in pieces, as with relu units. False by default.
  var isPiecewiseSmooth: Bool { get }

  /// As `linearizeDecoder`, passing kinks as `DifferentiableMap` describes it; by default there are none.
  func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace)

  /// As `linearizeEncoder`, passing kinks; by default there are none.
  func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace)

  /// A bound on the remainder of the linearization of F = m . g, as `DifferentiableMap` describes it; nil (the
  /// default) where none is known.
  func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
}

extension DifferentiableNetwork {
  /// Smooth everywhere.
  public var isPiecewiseSmooth: Bool { false }

  /// There are no kinks.
  public func linearizeDecoder(
    _ z: Rows<Double>, to x: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace
  ) { linearizeDecoder(z, to: x, directions: directions, workspace: &workspace) }

  /// There are no kinks.
  public func linearizeEncoder(
    _ x: Rows<Double>, to mean: Rows<Double>, directions: Int, kinks: inout KinkPass,
    workspace: inout TangentWorkspace
  ) { linearizeEncoder(x, to: mean, directions: directions, workspace: &workspace) }

  /// None is known.
  public func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
  { nil }
}
