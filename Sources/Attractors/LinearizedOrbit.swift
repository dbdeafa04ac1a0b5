import Dynamics
import Numerics

/// Evaluates a map and its Jacobian at single states. Each thread has one of its own.
final class LinearizedOrbit<Map: DifferentiableMap> {
  let map: Map
  private var workspace: Map.TangentWorkspace
  private var directions: [Double]

  init(_ map: Map) {
    self.map = map
    workspace = map.makeTangentWorkspace(directions: map.dimension)
    directions = Array(repeating: 0, count: map.dimension * map.dimension)
  }

  /// F(z).
  func image(of state: [Double]) -> [Double] {
    var result = state
    result.withUnsafeMutableBufferPointer { result in
      directions.withUnsafeMutableBufferPointer { none in
        guard let state = result.baseAddress, let none = none.baseAddress else { return }
        map.linearize(at: state, image: state, directions: none, count: 0, workspace: &workspace)
      }
    }
    return result
  }

  /// F^steps(z).
  func image(of state: [Double], steps: Int) -> [Double] {
    var state = state
    for _ in 0..<steps { state = image(of: state) }
    return state
  }

  /// F(z) and J(z).
  func linearized(at state: [Double]) -> (image: [Double], jacobian: SmallMatrix) {
    let n = map.dimension
    for i in directions.indices { directions[i] = 0 }
    for k in 0..<n { directions[k * n + k] = 1 }
    var image = state
    apply(&image, &directions, count: n)
    var jacobian = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    for k in 0..<n {
      for i in 0..<n { jacobian[i, k] = directions[k * n + i] }
    }
    return (image, jacobian)
  }

  /// F(z), and the kinks that pass through z or within `reach` of it.
  func kinks(at state: [Double], reach: Double) -> (image: [Double], kinks: [Int]) {
    var rows = SmallMatrix.identity(map.dimension).elements
    var image = state
    var kinkPass = KinkPass(.search(reach: reach))
    image.withUnsafeMutableBufferPointer { image in
      rows.withUnsafeMutableBufferPointer { rows in
        guard let state = image.baseAddress, let rows = rows.baseAddress else { return }
        map.linearize(
          at: state, image: state, directions: rows, count: map.dimension, kinks: &kinkPass,
          workspace: &workspace)
      }
    }
    return (image, kinkPass.kinks)
  }

  /// Replaces z by F(z), and the first `count` rows v of `rows` by J(z) v.
  func apply(_ state: inout [Double], _ rows: inout [Double], count: Int) {
    state.withUnsafeMutableBufferPointer { state in
      rows.withUnsafeMutableBufferPointer { rows in
        guard let state = state.baseAddress, let rows = rows.baseAddress else { return }
        map.linearize(at: state, image: state, directions: rows, count: count, workspace: &workspace)
      }
    }
  }
}

/// |v|, accurate even where squares underflow or overflow.
func norm(_ v: [Double]) -> Double {
  let square = v.reduce(0) { $0 + $1 * $1 }
  if isExact(square: square) { return square.squareRoot() }
  let largest = v.reduce(0) { max($0, abs($1)) }
  guard largest > 0, largest.isFinite else { return square.squareRoot() }
  return largest * v.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
}

/// a - b.
func difference(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }
