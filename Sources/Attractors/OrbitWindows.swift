import Dynamics
import Numerics
import Recurrence

/// What two consecutive windows of plain iteration show of an orbit.
struct OrbitWindow: Sendable {
  /// Averages and points.
  var sample: OrbitSample
  /// The state after the first step of the second window, shape `[N]`.
  var middle: [Double]
  /// The number of steps from the start to `middle`.
  var middleStep: Int
  /// The number of steps after which the orbit came back closest to `middle`, within the second window.
  var period: Int
  /// How close it came.
  var recurrence: Double
}

/// Iterates a block of orbits through two windows each. Each thread has one of its own.
final class OrbitWindows<Map: DifferentiableMap> {
  private let map: Map
  private let block: StateBlock
  private var workspace: Map.Workspace
  /// Sums of w (z - o) and of w (z - o)(z - o)' for each row and window, with o the row's start.
  private var first = AlignedBuffer<Double>(count: 0)
  private var second = AlignedBuffer<Double>(count: 0)
  /// The states after the first step of each window, `[row][N]`.
  private let origins: AlignedBuffer<Double>
  private let middles: AlignedBuffer<Double>
  private var points: [[Double]] = []
  private var recurrences: [(period: Int, distance: Double)] = []

  /// The number of points that are kept of each window.
  private static var keptPoints: Int { 256 }

  init(_ map: Map, capacity: Int) {
    self.map = map
    block = StateBlock(
      dimension: map.dimension, dataDimension: map.dataDimension, capacity: capacity, start: .latent,
      hasRegion: false)
    workspace = map.makeWorkspace(capacity: capacity)
    origins = AlignedBuffer(count: capacity * map.dimension)
    middles = AlignedBuffer(count: capacity * map.dimension)
  }

  /// Follows orbits through two windows.
  ///
  /// - Parameters:
  ///   - states: Where they start; at most as many as the block's capacity.
  ///   - steps: The number of steps without averages before the first window.
  ///   - window: The number of steps of each window.
  ///   - shouldStop: Asked before each step. If it returns true, the result is empty.
  /// - Complexity: O(states x window x (parameters + N^2)).
  func follow(
    _ states: ArraySlice<[Double]>, after steps: Int = 0, window: Int, weights: BirkhoffWeights,
    shouldStop: () -> Bool
  ) -> [OrbitWindow] {
    let n = map.dimension
    begin(states, n)
    let kept = OrbitSample.keptSteps(Self.keptPoints, of: window)
    var next = 0
    for t in 0..<steps + 2 * window {
      if shouldStop() { return [] }
      map.step(block, at: 0, noise: NoiseSource(seed: 0), workspace: &workspace)
      guard t >= steps else { continue }
      let place = (t - steps) % window
      if place == 0 { beginWindow(isFirst: t == steps, n) }
      add(isSecond: t >= steps + window, place: place, weight: weights.values[place], n)
      if place == 0 { next = 0 }
      if next < kept.count, kept[next] == place {
        next += 1
        for row in 0..<block.count {
          points[row] += UnsafeBufferPointer(start: block.states.pointer + row * n, count: n)
        }
      }
    }
    return (0..<block.count).map { result($0, middleStep: steps + window + 1, n) }
  }

  private func begin(_ states: ArraySlice<[Double]>, _ n: Int) {
    block.count = states.count
    for (row, state) in states.enumerated() {
      for i in 0..<n { block.states.pointer[row * n + i] = state[i] }
    }
    first = AlignedBuffer(count: 2 * block.count * n)
    second = AlignedBuffer(count: 2 * block.count * n * n)
    points = Array(repeating: [], count: block.count)
    recurrences = Array(repeating: (0, .infinity), count: block.count)
  }

  private func beginWindow(isFirst: Bool, _ n: Int) {
    let place = isFirst ? origins : middles
    place.pointer.update(from: block.states.pointer, count: block.count * n)
  }

  /// Adds the states after a step to the sums of one window.
  private func add(isSecond: Bool, place: Int, weight: Double, _ n: Int) {
    let rows = block.count
    for row in 0..<rows {
      let state = block.states.pointer + row * n
      let origin = origins.pointer + row * n
      let middle = middles.pointer + row * n
      let sums = first.pointer + ((isSecond ? rows : 0) + row) * n
      let products = second.pointer + ((isSecond ? rows : 0) + row) * n * n
      var square = 0.0
      for i in 0..<n {
        let away = weight * (state[i] - origin[i])
        sums[i] += away
        for j in 0...i { products[i * n + j] += away * (state[j] - origin[j]) }
        let back = state[i] - middle[i]
        square += back * back
      }
      guard isSecond, place > 0 else { continue }
      // A multiple of a period counts only if it brings the orbit back much closer.
      if place == 1 || square < 0.01 * recurrences[row].distance * recurrences[row].distance {
        recurrences[row] = (place, square.squareRoot())
      }
    }
  }

  private func result(_ row: Int, middleStep: Int, _ n: Int) -> OrbitWindow {
    let rows = block.count
    let origin = Array(origins.slice(from: row * n, count: n))
    let windows = (0..<2).map { window in
      let base = (window * rows + row) * n
      return OrbitMoments(
        first: Array(first.slice(from: base, count: n)),
        second: Array(second.slice(from: base * n, count: n * n)), about: origin)
    }
    return OrbitWindow(
      sample: OrbitSample(
        moments: OrbitMoments(between: windows[0], windows[1]),
        error: windows[0].difference(from: windows[1]),
        points: PointSet(dimension: n, elements: points[row])),
      middle: Array(middles.slice(from: row * n, count: n)), middleStep: middleStep,
      period: recurrences[row].period,
      recurrence: recurrences[row].distance)
  }
}
