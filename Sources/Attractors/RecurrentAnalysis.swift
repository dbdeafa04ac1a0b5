import Dynamics
import Numerics
import Recurrence

/// Examines an orbit that does not settle, and tells on what set it moves.
///
/// The orbit is followed with its leading tangent directions. Two windows of the same length give averages and
/// Lyapunov exponents with their errors. The windows are doubled until the exponents tell the kind of motion. Then
/// displaced orbits must come back to the same set. So orbits of a map that only turns, where each start has a set of
/// its own, are no attractors.
struct RecurrentAnalysis<Map: DifferentiableMap> {
  /// What the examination shows.
  enum Finding {
    /// An attracting set.
    case found(InvariantSet)
    /// No set yet; from this time on, another look may show more.
    case none(lookAgain: Int)
  }

  private let map: Map
  private let shouldStop: @Sendable () -> Bool
  /// The number of steps in which the directions align.
  private static var alignment: Int { 512 }
  /// The number of steps of a window that shows only whether the orbit settles.
  private static var settlingWindow: Int { 256 }
  private static var shortestWindow: Int { 2048 }
  private static var longestWindow: Int { 16_384 }
  /// The number of points that represent a set.
  private static var keptPoints: Int { 1024 }
  /// The number of e-foldings by which the distance from a set must have decayed before the set is looked at.
  private static var settledDecay: Double { 16 }
  /// How far displaced orbits start from the orbit, in units of the set's size.
  private static var displacement: Double { 1e-3 }

  init(_ map: Map, shouldStop: @escaping @Sendable () -> Bool) {
    self.map = map
    self.shouldStop = shouldStop
  }

  /// The orbit so far.
  private struct History {
    var state: [Double]
    var frame: TangentFrame
    /// The states after each step, `[steps][N]`.
    var points: [Double] = []
    /// The growth of the directions in each step, `[steps][count]`.
    var growth: [Double] = []
  }

  /// Examines the orbit that is at a state at a time.
  ///
  /// - Complexity: O(`longestWindow` x exponents x parameters) at most.
  func examine(_ state: [Double], time: Int) -> Finding {
    let orbit = LinearizedOrbit(map)
    var history = History(
      state: state,
      frame: TangentFrame(
        genericDirections: RecurrentMotion.exponents(of: map.dimension), dimension: map.dimension))
    for _ in 0..<Self.alignment {
      guard history.frame.advance(&history.state, orbit) else { return .none(lookAgain: 2 * time) }
    }
    var window = Self.settlingWindow
    while window <= Self.longestWindow, !shouldStop() {
      guard extend(&history, to: 2 * window, orbit) else { break }
      let (whole, half) = (BirkhoffWeights(2 * window), BirkhoffWeights(window))
      let count = history.frame.count
      let exponents = (0..<count).map { k in
        BirkhoffAverage(whole: whole, half: half) { history.growth[$0 * count + k] }
      }.sorted { $0.value > $1.value }
      guard window >= Self.shortestWindow else {
        if MotionVerdict.isSettling(exponents, window: window) { return .none(lookAgain: 2 * time) }
        window = Self.shortestWindow
        continue
      }
      switch MotionVerdict(exponents, window: window, isComplete: count == map.dimension) {
      case .settling: return .none(lookAgain: 2 * time)
      case .unclear: window *= 2
      case .recurrent(let kind, let decay):
        let needed = Int(min(Self.settledDecay / max(abs(decay), 1e-9), 1e9))
        if kind != .chaoticSet, time < needed { return .none(lookAgain: needed) }
        let sample = sample(of: history, whole, half)
        guard sample.isCandidate else { return .none(lookAgain: 2 * time) }
        guard returns(to: sample, from: history.state, after: min(max(needed, 1024), 65_536)) else {
          return .none(lookAgain: 2 * time)
        }
        if kind == .chaoticSet, !holds(sample, history.points) { return .none(lookAgain: 2 * time) }
        return .found(set(kind, exponents, history, sample, window: window))
      }
    }
    return .none(lookAgain: 2 * time)
  }

  /// Continues the orbit to a number of steps. Returns false if it diverges or the search is stopped.
  private func extend(_ history: inout History, to steps: Int, _ orbit: LinearizedOrbit<Map>) -> Bool {
    for _ in history.points.count / map.dimension..<steps {
      guard history.frame.advance(&history.state, orbit) else { return false }
      history.points += history.state
      history.growth += history.frame.growth
      if shouldStop() { return false }
    }
    return true
  }

  private func sample(of history: History, _ whole: BirkhoffWeights, _ half: BirkhoffWeights) -> OrbitSample {
    let n = map.dimension
    let origin = Array(history.points[..<n])
    func moments(_ weights: BirkhoffWeights, from start: Int) -> OrbitMoments {
      var first = [Double](repeating: 0, count: n)
      var second = [Double](repeating: 0, count: n * n)
      for (t, weight) in weights.values.enumerated() {
        let base = (start + t) * n
        for i in 0..<n {
          let away = history.points[base + i] - origin[i]
          first[i] += weight * away
          for j in 0...i { second[i * n + j] += weight * away * (history.points[base + j] - origin[j]) }
        }
      }
      return OrbitMoments(first: first, second: second, about: origin)
    }
    let window = half.values.count
    let kept = OrbitSample.keptSteps(Self.keptPoints / 2, of: window)
    let points = (kept + kept.map { $0 + window }).flatMap { history.points[$0 * n..<($0 + 1) * n] }
    return OrbitSample(
      moments: moments(whole, from: 0),
      error: moments(half, from: 0).difference(from: moments(half, from: window)),
      points: PointSet(dimension: n, elements: points))
  }

  /// Whether two orbits that start beside the set come back to it.
  private func returns(to sample: OrbitSample, from state: [Double], after steps: Int) -> Bool {
    let n = map.dimension
    let reach = Self.displacement * sample.moments.size / Double(n).squareRoot()
    let starts = [1.0, -1.0].map { sign in
      state.enumerated().map { $1 + reach * ($0 % 2 == 0 ? 1 : sign) }
    }
    let window = Self.shortestWindow
    let windows = OrbitWindows(map, capacity: starts.count).follow(
      starts[...], after: steps, window: window, weights: BirkhoffWeights(window), shouldStop: shouldStop)
    return windows.count == starts.count
      && windows.allSatisfy { $0.sample.isFinite && SetComparison($0.sample, sample) == .same }
  }

  /// Whether orbits from many points of the set are still on it after many steps. A chaotic transient leaves at a
  /// constant rate, so that it is found out unless it lasts much longer.
  ///
  /// The points are those of one orbit, so each is displaced a little: chaos then gives it an orbit of its own.
  private func holds(_ sample: OrbitSample, _ points: [Double]) -> Bool {
    let n = map.dimension
    let count = points.count / n
    let starts = (0..<RecurrentMotion.watchedOrbits).map { k -> [Double] in
      let step = k * count / RecurrentMotion.watchedOrbits
      let reach = Double(k + 1) / Double(RecurrentMotion.watchedOrbits) * 1e-6 * sample.moments.size
      return points[step * n..<(step + 1) * n].enumerated().map { $1 + ($0 % 2 == k % 2 ? reach : -reach) }
    }
    let window = Self.shortestWindow
    let windows = OrbitWindows(map, capacity: starts.count).follow(
      starts[...], after: RecurrentMotion.watchedSteps - 2 * window, window: window,
      weights: BirkhoffWeights(window), shouldStop: shouldStop)
    return windows.count == starts.count
      && windows.allSatisfy { $0.sample.isFinite && SetComparison($0.sample, sample) != .separate }
  }

  private func set(
    _ kind: RecurrentMotion.Kind, _ exponents: [BirkhoffAverage], _ history: History, _ sample: OrbitSample,
    window: Int
  ) -> InvariantSet {
    let orbit = PointSet(dimension: map.dimension, elements: history.points)
    let pieces = pieces(of: orbit, kind)
    let motion = RecurrentMotion(
      kind: kind, exponents: exponents,
      rotation: kind == .stableCurve
        ? CurveRotation.number(of: orbit, pieces: pieces)
        : BirkhoffAverage(value: .nan, error: .nan),
      pieces: pieces, window: window, sample: sample)
    return InvariantSet(motion)
  }

  /// The number of pieces that the orbit visits in turn, both at its beginning and from its beginning to its end.
  private func pieces(of orbit: PointSet, _ kind: RecurrentMotion.Kind) -> Int {
    let pieces = orbit.part(0..<Self.keptPoints).cyclicPieces
    guard pieces > 1, kind == .stableCurve else { return pieces }
    // What drifts from one piece to another is one piece: a curve whose rotation number is close to a fraction. The
    // earliest and the latest points, each in its turn, then mix or lie apart.
    let half = Self.keptPoints / 2
    let late = half + (orbit.count - 2 * half) / pieces * pieces
    let ends = PointSet(
      dimension: orbit.dimension,
      elements: (Array(0..<half) + Array(late..<late + half)).flatMap { orbit[$0] })
    return ends.cyclicPieces == pieces ? pieces : 1
  }
}

/// Finds the rotation number of an orbit on a closed curve in a space of any dimension.
enum CurveRotation {
  /// The rotation number of F^`pieces` on one piece.
  ///
  /// It is sought about interior points of the projections to planes of principal axes, and then as a frequency of
  /// the first principal coordinate.
  static func number(of orbit: PointSet, pieces: Int) -> BirkhoffAverage {
    let n = orbit.dimension
    let none = BirkhoffAverage(value: .nan, error: .nan)
    let count = orbit.count / pieces / 2 * 2
    guard n >= 2, count >= 64 else { return none }
    let points = PointSet(
      dimension: n, elements: (0..<count).flatMap { orbit[$0 * pieces] })
    let covariance = covariance(of: points)
    let size = (0..<n).reduce(0) { $0 + covariance[$1, $1] }.squareRoot()
    let number = RotationNumber(of: points, size: size)
    let axes = principalAxes(of: covariance, most: 3)
    let coordinates = axes.map { axis in
      (0..<count).map { t in (0..<n).reduce(0) { $0 + axis[$1] * points.elements[t * n + $1] } }
    }
    for (a, b) in [(0, 1), (0, 2), (1, 2)] where b < coordinates.count {
      let rotation = number.aboutInteriorPoint(coordinates[a], coordinates[b])
      if rotation.value.isFinite { return rotation }
    }
    return coordinates.isEmpty ? none : number.asFrequency(of: coordinates[0])
  }

  private static func covariance(of points: PointSet) -> SmallMatrix {
    let n = points.dimension
    let count = Double(points.count)
    var mean = [Double](repeating: 0, count: n)
    for (k, value) in points.elements.enumerated() { mean[k % n] += value / count }
    var covariance = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    for t in 0..<points.count {
      for i in 0..<n {
        for j in 0..<n {
          covariance[i, j] +=
            (points.elements[t * n + i] - mean[i]) * (points.elements[t * n + j] - mean[j]) / count
        }
      }
    }
    return covariance
  }

  /// The leading principal axes, found one after another.
  private static func principalAxes(of covariance: SmallMatrix, most: Int) -> [[Double]] {
    var left = covariance
    var axes: [[Double]] = []
    for _ in 0..<min(most, covariance.n) {
      guard let (value, axis) = left.largestSymmetricEigenpair(), value > 0 else { break }
      axes.append(axis)
      left = left.plus(SmallMatrix.outer(axis).scaled(by: -value))
    }
    return axes
  }
}
