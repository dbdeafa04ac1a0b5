import Dynamics
import Numerics

/// The derivative J = dF/dz of the map whose states are measured.
public struct MapDerivative: Sendable {
  /// N.
  let dimension: Int
  /// Makes what computes J at single states. Each worker has one of its own.
  let makeEvaluator: @Sendable () -> any JacobianEvaluator

  /// - Parameter map: The map in double precision.
  public init(_ map: some DifferentiableMap) {
    dimension = map.dimension
    makeEvaluator = { LinearizedMap(map) }
  }
}

/// Computes J at single states.
protocol JacobianEvaluator: AnyObject {
  /// - Parameters:
  ///   - state: z, shape `[N]`.
  ///   - columns: Receives the columns of J(z), one after another, shape `[N, N]`.
  func evaluate(at state: UnsafePointer<Double>, into columns: UnsafeMutablePointer<Double>)
}

private final class LinearizedMap<Map: DifferentiableMap>: JacobianEvaluator {
  private let map: Map
  private var workspace: Map.TangentWorkspace
  private let image: AlignedBuffer<Double>

  init(_ map: Map) {
    self.map = map
    workspace = map.makeTangentWorkspace(directions: map.dimension)
    image = AlignedBuffer(count: map.dimension)
  }

  func evaluate(at state: UnsafePointer<Double>, into columns: UnsafeMutablePointer<Double>) {
    let n = map.dimension
    columns.update(repeating: 0, count: n * n)
    for k in 0..<n { columns[k * n + k] = 1 }
    map.linearize(at: state, image: image.pointer, directions: columns, count: n, workspace: &workspace)
  }
}
