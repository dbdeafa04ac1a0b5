import Attractors
import Dynamics
import Numerics
import Observables
import VAE
import TestSupport

/// A unit of a piecewise linear network: s relu(g . z - c).
struct Bend {
  var output: [Double]
  var gradient: [Double]
  var threshold: Double

  init(_ output: [Double], _ gradient: [Double], _ threshold: Double = 0) {
    self.output = output
    self.gradient = gradient
    self.threshold = threshold
  }
}

typealias DenseMap = DifferentiableInferenceMap<DenseNetwork<Double>>

/// F(z) = b + sum s relu(g . z - c), as a network whose decoder gives x = relu(z) - relu(-z) = z.
func piecewiseLinearMap(_ n: Int, _ bends: [Bend], constant: [Double]? = nil) -> DenseMap {
  func layer(_ rows: [[Double]], _ biases: [Double], _ activation: Activation) -> DenseLayer<Double> {
    DenseLayer(weights: rows.flatMap { $0 }, biases: biases, activation: activation)
  }
  let zeros = [Double](repeating: 0, count: n)
  let axes = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } }
  let signs = axes + axes.map { $0.map { -$0 } }
  let heads = (0..<n).map { i in bends.map { $0.output[i] } }
  return DifferentiableInferenceMap(
    DenseNetwork(
      encoder: [layer(bends.map(\.gradient), bends.map { -$0.threshold }, .relu)],
      mean: layer(heads, constant ?? zeros, .identity),
      logVariance: layer(heads.map { $0.map { _ in 0 } }, zeros, .identity),
      decoder: [layer(signs, zeros + zeros, .relu)],
      output: layer((0..<n).map { i in signs.map { $0[i] } }, zeros, .identity), likelihood: .gaussian))
}

/// F(z) = c + right (z - c) to the right of c, c + left (z - c) to the left.
func kink(right: Double, left: Double, at c: Double = 0) -> DenseMap {
  piecewiseLinearMap(1, [Bend([right], [1], c), Bend([-left], [-1], -c)], constant: [c])
}

/// F through points (x, y), straight between them, with these slopes outside.
func polyline(_ knots: [(x: Double, y: Double)], left: Double, right: Double) -> DenseMap {
  // From the first knot: y0 + left (x - x0) + sum of changes of slope at the knots.
  var slopes = [left]
  for (a, b) in zip(knots, knots.dropFirst()) { slopes.append((b.y - a.y) / (b.x - a.x)) }
  slopes.append(right)
  let first = knots[0]
  let changes = zip(knots, zip(slopes, slopes.dropFirst())).map { Bend([$1.1 - $1.0], [1], $0.x) }
  return piecewiseLinearMap(
    1, [Bend([left], [1]), Bend([-left], [-1])] + changes, constant: [first.y - left * first.x])
}

/// x' = A x, with A = `positive` where g . x > 0 and A = `negative` = `positive` - s g' elsewhere.
func twoPieces(positive: [[Double]], output: [Double], gradient: [Double]) -> DenseMap {
  let n = output.count
  // A x = sum_i a_i (relu(x_i) - relu(-x_i)), a_i the columns; s relu(-g . x) adds -s (g . x) where g . x < 0.
  var bends: [Bend] = []
  for i in 0..<n {
    let column = (0..<n).map { positive[$0][i] }
    let axis = (0..<n).map { $0 == i ? 1.0 : 0 }
    bends.append(Bend(column, axis))
    bends.append(Bend(column.map { -$0 }, axis.map { -$0 }))
  }
  bends.append(Bend(output, gradient.map { -$0 }))
  return piecewiseLinearMap(n, bends)
}

/// A search from given starts, as members, and a census.
func explore(
  _ map: DenseMap, from starts: [[Double]], census: Int = 60, usesTrappingBalls: Bool = true,
  maximumSteps: Int = 20_000
) throws -> (
  search: AttractorSearch<DenseMap, GivenStart>, decisions: [AttractorSearch<DenseMap, GivenStart>.Decision]
) {
  var settings = AttractorSearch<DenseMap, GivenStart>.Settings()
  settings.usesTrappingBalls = usesTrappingBalls
  settings.maximumSteps = maximumSteps
  let search = AttractorSearch(
    map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: 1, settings: settings)
  let decisions = try search.decide(starts.indices.map { Member(level: 0, item: Int32($0), realization: 0) })
  try search.census(from: starts, budget: census)
  return (search, decisions)
}
