import Dynamics
import Numerics

/// One component of z(t). Its averages over members and classes are the means of states.
public struct LatentComponent: Observable {
  public let name: String
  public let longName: String
  private let index: Int

  /// - Parameter index: From 0.
  public init(_ index: Int) {
    self.index = index
    name = "latent-component-\(index)"
    longName = "component \(index) of the latent state"
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    for m in 0..<snapshot.count { values[m] = snapshot.states[m * snapshot.dimension + index] }
  }
}

/// The mean of all states of a level at each time, and how far they are spread.
///
///     m(t) = <z(t)>,   b(t)^2 = <|z(t) - m(t)|^2> / <|z(0) - m(0)|^2>
///     TrB = sum_k n_k |m_k - m|^2 / n,   TrW = sum_k sum_(i in k) |z_i - m_k|^2 / n
///
/// They follow from the averages of `LatentComponent`, over all members and over those of each class, so that nothing needs all
/// states at once. Everything is missing (NaN) from the time on at which a member has diverged, because the means would then
/// be over others.
public struct StateMoments: Sendable {
  /// m(t), `[times, N]`.
  public let mean: RowTable
  /// b(t), `[times]`.
  public let scale: [Double]
  /// TrB, `[times]`; NaN without classes.
  public let betweenClasses: [Double]
  /// TrW, `[times]`; NaN without classes.
  public let withinClasses: [Double]
  /// The number of members at each time.
  public let counts: [Int]

  /// ln(TrB/TrW)/2, `[times]`; NaN where one of them is 0.
  public var classSeparation: [Double] {
    zip(betweenClasses, withinClasses).map { between, within in
      between > 0 && within > 0 ? 0.5 * logarithm(between / within) : .nan
    }
  }

  /// The moments of one level.
  ///
  /// - Parameters:
  ///   - level: The averages, in which `components` are the places of `LatentComponent` 0 to N - 1.
  ///   - components: Not empty.
  ///   - classGrouping: The place of the grouping by class; nil without classes.
  /// - Complexity: O(times x classes x N).
  public init(_ level: LevelStatistics, components: Range<Int>, classGrouping: Int?) {
    let series = components.map { level.overall[$0] }
    let times = series[0].mean.count
    let present = (0..<times).map { series[0].count[$0] == series[0].count[0] && series[0].count[0] > 0 }
    counts = series[0].count
    mean = RowTable(rows: times, columns: components.count)
    for t in 0..<times {
      for (j, one) in series.enumerated() { mean.row(t)[j] = present[t] ? one.mean[t] : .nan }
    }
    let groups = classGrouping.map { grouping in components.map { level.grouped[grouping][$0] } }
    var (between, within, scale): ([Double], [Double], [Double]) = ([], [], [])
    let first = Self.squares(series, 0)
    for t in 0..<times {
      let ratio = present[t] ? (Self.squares(series, t) / first).squareRoot() : .nan
      scale.append(ratio.isFinite ? ratio : .nan)
      let spreads = present[t] ? groups.map { Self.spreads($0, t, count: series[0].count[t]) } : nil
      between.append(spreads?.between ?? .nan)
      within.append(spreads?.within ?? .nan)
    }
    (self.scale, betweenClasses, withinClasses) = (scale, between, within)
  }

  /// sum_i |z_i - m|^2 at one time; 0 for one member.
  private static func squares(_ components: [SeriesStatistics], _ time: Int) -> Double {
    components.reduce(0) { sum, component in
      let deviation = component.standardDeviation[time]
      let squares = deviation * deviation * Double(component.count[time] - 1)
      return sum + (component.count[time] > 1 ? squares : 0)
    }
  }

  /// TrB and TrW at one time.
  ///
  /// - Parameter groups: By component and class.
  private static func spreads(
    _ groups: [[SeriesStatistics]], _ time: Int, count: Int
  ) -> (between: Double, within: Double) {
    var (between, within) = (0.0, 0.0)
    let classes = groups[0].indices.filter { groups[0][$0].count[time] > 0 }
    for component in groups {
      let sum = classes.reduce(0.0) { $0 + Double(component[$1].count[time]) * component[$1].mean[time] }
      for k in classes {
        let deviation = component[k].mean[time] - sum / Double(count)
        between += Double(component[k].count[time]) * deviation * deviation
      }
    }
    for k in classes { within += squares(groups.map { $0[k] }, time) }
    return (between / Double(count), within / Double(count))
  }
}
