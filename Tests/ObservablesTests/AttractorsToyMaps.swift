import Foundation
import Attractors
import Dynamics
import Numerics
import Observables
import TestSupport

/// A map given by functions, with its derivative, and where it is quadratic a proven remainder.
///
/// A quadratic map's remainder is R(v)_k = v'H_k v / 2 exactly, so that with s_k = |S'H_k S|_F
///
///     |T R(S u)| <= (r^2 / 2) (sum_i (sum_k |T_ik| s_k)^2)^(1/2)   for |u| <= r
struct ToyMap: DifferentiableMap {
  let dimension: Int
  let image: @Sendable ([Double]) -> [Double]
  /// Rows of J(z).
  let jacobian: @Sendable ([Double]) -> [[Double]]
  /// H_k, `[N][N][N]`; nil where the map is not quadratic.
  var hessians: [[[Double]]]?

  init(
    _ dimension: Int, hessians: [[[Double]]]? = nil, _ image: @escaping @Sendable ([Double]) -> [Double],
    jacobian: @escaping @Sendable ([Double]) -> [[Double]]
  ) {
    self.dimension = dimension
    self.image = image
    self.jacobian = jacobian
    self.hessians = hessians
  }

  func iterated(_ state: [Double], _ steps: Int) -> [Double] {
    (0..<steps).reduce(state) { z, _ in image(z) }
  }

  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    let n = dimension
    for m in 0..<block.count {
      let result = image(Array(UnsafeBufferPointer(start: block.states.pointer + m * n, count: n)))
      for i in 0..<n { block.states.pointer[m * n + i] = result[i] }
    }
  }

  func linearize(
    at state: UnsafePointer<Double>, image: UnsafeMutablePointer<Double>,
    directions: UnsafeMutablePointer<Double>, count: Int, workspace: inout Void
  ) {
    let n = dimension
    let z = Array(UnsafeBufferPointer(start: state, count: n))
    let rows = jacobian(z)
    for k in 0..<count {
      let v = Array(UnsafeBufferPointer(start: directions + k * n, count: n))
      for i in 0..<n { directions[k * n + i] = zip(rows[i], v).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    let result = self.image(z)
    for i in 0..<n { image[i] = result[i] }
  }

  func remainderBound(at state: [Double], source: [Double], target: [Double])
    -> (@Sendable (Double) -> Double)?
  {
    guard let hessians else { return nil }
    let n = dimension
    let sizes = hessians.map { h -> Double in
      var square = 0.0
      for a in 0..<n {
        for b in 0..<n {
          var entry = 0.0
          for i in 0..<n { for j in 0..<n { entry += source[i * n + a] * h[i][j] * source[j * n + b] } }
          square += entry * entry
        }
      }
      return square.squareRoot()
    }
    var square = 0.0
    for i in 0..<n {
      let row = (0..<n).reduce(0) { $0 + abs(target[i * n + $1]) * sizes[$1] }
      square += row * row
    }
    let factor = 0.5 * square.squareRoot()
    return { factor * $0 * $0 }
  }

  func withoutBound() -> ToyMap {
    var other = self
    other.hessians = nil
    return other
  }
}

extension ToyMap {
  /// x -> r x (1 - x).
  static func logistic(_ r: Double) -> ToyMap {
    ToyMap(1, hessians: [[[-2 * r]]], { [r * $0[0] * (1 - $0[0])] }, jacobian: { [[r * (1 - 2 * $0[0])]] })
  }

  /// (x, y) -> (1 - a x^2 + y, b x) with a = 1.4, b = 0.3.
  static let henon = ToyMap(
    2, hessians: [[[-2.8, 0], [0, 0]], [[0, 0], [0, 0]]],
    { [1 - 1.4 * $0[0] * $0[0] + $0[1], 0.3 * $0[0]] }, jacobian: { [[-2.8 * $0[0], 1], [0.3, 0]] })

  /// x -> x + e + x^2: for e > 0 no fixed point, for e < 0 a stable one at -sqrt(-e), an unstable one at sqrt(-e).
  static func ghost(_ e: Double) -> ToyMap {
    ToyMap(1, hessians: [[[2]]], { [$0[0] + (e + $0[0] * $0[0])] }, jacobian: { [[1 + 2 * $0[0]]] })
  }

  /// z -> A z + c.
  static func affine(_ rows: [[Double]], _ constant: [Double]) -> ToyMap {
    let n = rows.count
    let zero = Array(repeating: Array(repeating: Array(repeating: 0.0, count: n), count: n), count: n)
    return ToyMap(
      n, hessians: zero,
      { z in
        zip(rows, constant).map { row, c in zip(row, z).reduce(c) { $0 + $1.0 * $1.1 } }
      }, jacobian: { _ in rows })
  }

  /// x -> x + c x (1 - x^2), y -> b y: a saddle at the origin with multipliers 1 + c and b; attractors at
  /// (+-1, 0) with multipliers 1 - 2 c and b.
  static func doubleWell(_ c: Double, _ b: Double) -> ToyMap {
    ToyMap(
      2, { [$0[0] + c * $0[0] * (1 - $0[0] * $0[0]), b * $0[1]] },
      jacobian: { [[1 + c * (1 - 3 * $0[0] * $0[0]), 0], [0, b]] })
  }

  /// A logistic map whose parameter a bistable variable chooses, r = 2.85 + 0.35 y: at y = -1 it has the stable
  /// fixed point 0.6 (r = 2.5), at y = 1 a stable 2-cycle (r = 3.2).
  static let fixedPointBesideCycle = ToyMap(
    2, { [(2.85 + 0.35 * $0[1]) * $0[0] * (1 - $0[0]), 1.4 * $0[1] - 0.4 * $0[1] * $0[1] * $0[1]] },
    jacobian: {
      [
        [(2.85 + 0.35 * $0[1]) * (1 - 2 * $0[0]), 0.35 * $0[0] * (1 - $0[0])],
        [0, 1.4 - 1.2 * $0[1] * $0[1]],
      ]
    })

  /// The same map in rotated coordinates, so that numbers are not exact by chance.
  func rotated(by angle: Double) -> ToyMap {
    precondition(dimension == 2)
    let (c, s) = (cos(angle), sin(angle))
    let turn: @Sendable ([Double]) -> [Double] = { [c * $0[0] - s * $0[1], s * $0[0] + c * $0[1]] }
    let back: @Sendable ([Double]) -> [Double] = { [c * $0[0] + s * $0[1], -s * $0[0] + c * $0[1]] }
    let (image, jacobian) = (image, jacobian)
    return ToyMap(
      2, { turn(image(back($0))) },
      jacobian: { z in
        let j = jacobian(back(z))
        // R J R': columns of J R' first.
        let m = j.map { row in [row[0] * c - row[1] * s, row[0] * s + row[1] * c] }
        return [
          [c * m[0][0] - s * m[1][0], c * m[0][1] - s * m[1][1]],
          [s * m[0][0] + c * m[1][0], s * m[0][1] + c * m[1][1]],
        ]
      })
  }
}

typealias ToySearch = AttractorSearch<ToyMap, GivenStart>

/// A search from given starts, as members.
func findAttractors(
  _ map: ToyMap, from starts: [[Double]], tolerance: Double = 1e-10, maximumSteps: Int = 10_000,
  maximumPeriod: Int = 8, usesTrappingBalls: Bool = true, refillsBlocks: Bool = true, threads: Int = 1,
  looksForRecurrence: Bool = true
) throws -> (search: ToySearch, decisions: [ToySearch.Decision]) {
  var settings = ToySearch.Settings()
  settings.tolerance = tolerance
  settings.maximumSteps = maximumSteps
  settings.maximumPeriod = maximumPeriod
  settings.usesTrappingBalls = usesTrappingBalls
  settings.refillsBlocks = refillsBlocks
  settings.looksForRecurrence = looksForRecurrence
  let search = ToySearch(
    map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: threads,
    settings: settings)
  let decisions = try search.decide(starts.indices.map { Member(level: 0, item: Int32($0), realization: 0) })
  return (search, decisions)
}

extension AttractorSearch {
  /// The set that a start reached.
  func set(_ decision: Decision) -> InvariantSet? { decision.set < 0 ? nil : sets[Int(decision.set)] }
}

/// Numbers evenly spaced inside an interval.
func spaced(_ count: Int, from low: Double, to high: Double) -> [Double] {
  (0..<count).map { low + (high - low) * (Double($0) + 0.5) / Double(count) }
}

extension ToyMap {
  /// Two logistic maps side by side: the first on a 2-cycle, the second on a 4-cycle, hence cycles of 4 that
  /// differ in phase.
  static let logistic2D = ToyMap(
    2, hessians: [[[-6.4, 0], [0, 0]], [[0, 0], [0, -7]]],
    { [3.2 * $0[0] * (1 - $0[0]), 3.5 * $0[1] * (1 - $0[1])] },
    jacobian: { [[3.2 * (1 - 2 * $0[0]), 0], [0, 3.5 * (1 - 2 * $0[1])]] })
}
