import Dynamics
import Numerics

/// Distances in units of the posterior's standard deviations, over the active latent variables.
///
///     d(a, b)^2 = sum_j (a_j - b_j)^2 / v_j,   v_j = <s_j^2(x_i)> over the training items,   j active
///
/// The unit in each direction is how well the encoder knows an item's place: two states within it are hardly told apart. One
/// metric for all classes and times: with the variances of the class, or those at x(t), a distance would change without any
/// motion, and would not exist for states that no x(t) belongs to.
struct PosteriorMetric: Sendable {
  /// The indices of the active variables.
  private let active: [Int]
  /// v_j of the active variables.
  private let variances: [Double]

  /// Returns nil if the context has no variances, if one of them is no positive number, or where no variable is active.
  init?(_ context: ObservableContext) {
    guard let all = context.posteriorVariances else { return nil }
    let activity = context.geometry.latentActivity
    active = activity.indices.filter { activity[$0] > LatentGeometry.activityThreshold }
    variances = active.map { all[$0] }
    guard !active.isEmpty, variances.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
  }

  /// The distance of two places.
  ///
  /// - Complexity: O(active variables).
  @inline(__always)
  func distance(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>) -> Double {
    var square = 0.0
    for (k, j) in active.enumerated() {
      let difference = a[j] - b[j]
      square += difference * difference / variances[k]
    }
    return square.squareRoot()
  }
}

/// s_j^2(x(t)), the posterior variance of one latent variable. Its average over the training items at t = 0 is v_j.
public struct PosteriorVariance: Observable {
  public let name: String
  public let longName: String
  private let index: Int

  /// - Parameter index: j, from 0.
  public init(_ index: Int) {
    self.index = index
    name = "posterior-variance-\(index)"
    longName = "posterior variance of latent variable \(index)"
  }

  public var requiredFields: StateFields { .encoderLogVariance }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let logVariance = snapshot.values(.encoderLogVariance)
    for m in 0..<snapshot.count {
      values[m] = logVariance.map { exponential($0[m * snapshot.dimension + index]) } ?? .nan
    }
  }
}
