import Dynamics

extension DistanceChange {
  /// Student's 95 % interval, with one degree of freedom less than there are items; NaN without an error.
  public func interval(items: Int) -> (lower: Double, upper: Double) {
    guard items > 1, standardError.isFinite else { return (.nan, .nan) }
    let half = StudentInterval.quantile(0.975, degreesOfFreedom: items - 1) * standardError
    return (value - half, value + half)
  }
}
