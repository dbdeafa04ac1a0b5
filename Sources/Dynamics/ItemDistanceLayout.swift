/// The places of the items' mean distances that the bootstrap needs: `[items, approaches, searched times]`.
struct ItemDistanceLayout: Sendable {
  /// Numbers per item; 0 without a bootstrap.
  let width: Int
  /// The times that the bootstrap searches, ascending; none without a bootstrap.
  let searchedTimes: [Int]
  /// The place of each time among the searched times; -1 for other times.
  private let placeOfTime: [Int]

  init(_ plan: EnsemblePlan) {
    searchedTimes = plan.hasBootstrap ? ApproachBootstrap.searchedTimes(plan.times) : []
    width = plan.approaches.elements.count * searchedTimes.count
    var places = [Int](repeating: -1, count: plan.times)
    for (place, time) in searchedTimes.enumerated() { places[time] = place }
    placeOfTime = places
  }

  /// The place of one mean distance; nil if the bootstrap does not search that time.
  ///
  /// - Parameter item: The item's place among those that are kept.
  @inline(__always)
  func index(item: Int, approach: Int, time: Int) -> Int? {
    let place = placeOfTime[time]
    return place >= 0 ? item * width + approach * searchedTimes.count + place : nil
  }
}
