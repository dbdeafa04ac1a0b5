import Numerics

/// Finds the rotation number of an orbit on a closed curve, in turns per step, between 0 and 1/2.
///
/// A curve has no direction of its own, so that r and 1 - r are one number.
package struct RotationNumber: Sendable {
  /// The orbit, in the order in which it was passed; 2T points.
  private let points: PointSet
  /// The curve's size.
  private let size: Double
  private let whole: BirkhoffWeights
  private let half: BirkhoffWeights
  /// The number of points whose order on the curve is examined.
  private static let examined = 4096

  /// - Parameters:
  ///   - points: The orbit, an even number of points.
  ///   - size: The root of the points' mean squared distance from their mean.
  package init(of points: PointSet, size: Double) {
    precondition(points.count >= 4 && points.count % 2 == 0)
    self.points = points
    self.size = size
    whole = BirkhoffWeights(points.count)
    half = BirkhoffWeights(points.count / 2)
  }

  /// The rotation number about an interior point of the curve's projection to a plane. NaN if the angle about none
  /// of some points is monotone along the curve.
  ///
  /// The angle is monotone if the order of angles is that of the curve: neighbours by angle are neighbours in space,
  /// and one step maps the cyclic order of angles to itself.
  ///
  /// - Parameters:
  ///   - x: The points' first coordinates in the plane.
  ///   - y: Their second ones.
  /// - Complexity: O(T log T) for each of 25 interior points at most.
  package func aboutInteriorPoint(_ x: [Double], _ y: [Double]) -> BirkhoffAverage {
    func range(_ values: [Double]) -> (middle: Double, half: Double) {
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      return (0.5 * (low + high), 0.5 * (high - low))
    }
    let (across, up) = (range(x), range(y))
    var centres = [(whole.average { x[$0] }, whole.average { y[$0] })]
    for i in -2...2 {
      for j in -2...2 {
        centres.append(
          (across.middle + 0.3 * Double(i) * across.half, up.middle + 0.3 * Double(j) * up.half))
      }
    }
    for (a, b) in centres {
      let angles = zip(x, y).map { arctangent($0 - a, $1 - b) / (2 * Double.pi) }
      if isMonotone(angles) { return rotation(of: angles) }
    }
    return BirkhoffAverage(value: .nan, error: .nan)
  }

  /// Whether angles, in turns, follow the curve.
  private func isMonotone(_ angles: [Double]) -> Bool {
    let count = min(angles.count - 1, Self.examined)
    let order = (0..<count).sorted { (angles[$0], $0) < (angles[$1], $1) }
    var descents = 0
    for k in order.indices {
      let (current, next) = (order[k], order[(k + 1) % count])
      if angles[next + 1] < angles[current + 1] { descents += 1 }
      if descents > 1 { return false }
    }
    return areNeighbours(order)
  }

  /// Whether an order goes around the curve: whether the polygon that joins the points in that order is short.
  ///
  /// The right order makes a polygon as long as the curve, which is some times its size. A wrong one leaps from one side
  /// to another again and again, and its length grows with the number of points.
  private func areNeighbours(_ order: [Int]) -> Bool {
    let longest = size * min(0.25 * Double(order.count), 64)
    var length = 0.0
    for k in order.indices {
      length += points.squaredDistance(order[k], order[(k + 1) % order.count]).squareRoot()
      if length > longest { return false }
    }
    return true
  }

  private func rotation(of angles: [Double]) -> BirkhoffAverage {
    let last = angles.count - 1
    let steps = (0..<last).map { t -> Double in
      let step = angles[t + 1] - angles[t]
      return step - step.rounded(.down)
    }
    // The last point has no successor. Its weight is as good as 0.
    let average = BirkhoffAverage(whole: whole, half: half) { steps[min($0, last - 1)] }
    return BirkhoffAverage(value: min(average.value, 1 - average.value), error: average.error)
  }

  /// The rotation number as the frequency of a coordinate. NaN if no frequency orders the points along the curve.
  ///
  /// The strongest frequency f of the coordinate is k r mod 1 with an unknown whole number k. Each of the numbers
  /// (f + j) / k up to k = 8 is tried. The first one by whose phases the points are neighbours is taken, because the
  /// state is then a function of that phase.
  ///
  /// - Parameter x: A coordinate of the points.
  /// - Complexity: O(T^2).
  package func asFrequency(of x: [Double]) -> BirkhoffAverage {
    let mean = whole.average { x[$0] }
    let signal = x.map { $0 - mean }
    let frequency = strongestFrequency(of: signal)
    guard frequency.value.isFinite else { return frequency }
    let count = min(points.count, Self.examined)
    for k in 1...8 {
      for j in 0..<k {
        let candidate = (frequency.value + Double(j)) / Double(k)
        let phases = (0..<count).map { t -> Double in
          let phase = candidate * Double(t)
          return phase - phase.rounded(.down)
        }
        guard areNeighbours((0..<count).sorted { (phases[$0], $0) < (phases[$1], $1) }) else { continue }
        return BirkhoffAverage(
          value: min(candidate, 1 - candidate), error: frequency.error / Double(k))
      }
    }
    return BirkhoffAverage(value: .nan, error: .nan)
  }

  /// The strongest frequency of a signal, in turns per step. NaN for a signal of zeros.
  ///
  /// The maximum of the periodogram is refined by the phase that the component gains from the first half to the
  /// second one. The error is what the same refinement changes from the first quarter to the third.
  private func strongestFrequency(of signal: [Double]) -> BirkhoffAverage {
    let steps = half.values.count
    func component(_ frequency: Double, from first: Int) -> (cosine: Double, sine: Double) {
      var (a, b) = (0.0, 0.0)
      for t in 0..<steps {
        let (sine, cosine) = sineAndCosine(ofTurns: frequency * Double(t))
        a += half.values[t] * signal[first + t] * cosine
        b -= half.values[t] * signal[first + t] * sine
      }
      return (a, b)
    }
    var best = (frequency: Double.nan, square: 0.0)
    for k in 1...steps / 2 {
      let frequency = Double(k) / Double(steps)
      let (a, b) = component(frequency, from: 0)
      if a * a + b * b > best.square { best = (frequency, a * a + b * b) }
    }
    guard best.square > 0 else { return BirkhoffAverage(value: .nan, error: .nan) }
    func refined(_ frequency: Double, lag: Int) -> Double {
      let (early, late) = (component(frequency, from: 0), component(frequency, from: lag))
      let turned =
        (arctangent(late.cosine, late.sine) - arctangent(early.cosine, early.sine)) / (2 * Double.pi)
      let excess = turned - frequency * Double(lag)
      return frequency + (excess - excess.rounded()) / Double(lag)
    }
    let near = refined(best.frequency, lag: max(steps / 16, 1))
    let middle = refined(near, lag: max(steps / 4, 1))
    let last = refined(middle, lag: steps)
    return BirkhoffAverage(value: last, error: abs(last - middle))
  }
}
