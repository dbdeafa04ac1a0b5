import Numerics

/// Sums over items under Poisson bootstrap weights, from which the approaches' intervals come.
///
/// Each item enters replicate b with a weight drawn from Poisson(1), addressed by (item, b). So items can be added one
/// after another, and an item's weights do not depend on the other items. Every replicate averages each distance at
/// each of the searched times and takes the minimum of these averages, so the interval accounts for that search.
///
/// Each item has a series at all searched times or at none of them.
///
/// Memory: replicates x series x searched times numbers, whatever the number of items, members, or steps beyond 63.
///
/// Source: Hanley and MacGibbon 2006, doi:10.1016/j.cmpb.2006.04.006.
struct ApproachBootstrap {
  let seriesCount: Int
  let times: Int
  let replicates: Int
  /// The times at which replicates are averaged, ascending.
  let searched: [Int]
  private let field: RandomField
  /// The weighted sums, `[replicates, series * searched times]`.
  private var sums: [Double]
  /// The sums of the weights of the items that have a series, `[replicates, series]`.
  private var weightSums: [Double]
  private var itemCount = 0
  /// The distances of items that are not in the weighted sums yet: `[items, series * searched times]`; NaN: missing.
  private var pending: [Double] = []
  private var pendingItems: [Int32] = []

  /// The number of distances of one item.
  var width: Int { seriesCount * searched.count }

  /// How many items enter the weighted sums at once. Fewer would be slower, because the sums are much larger than a
  /// cache. Which items enter together depends only on their order, and so do the sums' bits.
  private static let batch = 64

  /// The most times at which replicates are averaged.
  private static let mostTimes = 64

  /// The times, out of `times`, at which replicates search for their minimum. Up to 64 times, these are all. In a
  /// longer run they are the first 32 and 32 more up to the last, evenly spaced in ln t because relaxation slows.
  static func searchedTimes(_ times: Int) -> [Int] {
    guard times > mostTimes else { return Array(0..<times) }
    let dense = mostTimes / 2
    let ratio = logarithm(Double(times - 1) / Double(dense - 1))
    var result = Array(0..<dense)
    for k in 1...(mostTimes - dense) {
      let time = Double(dense - 1) * exponential(ratio * Double(k) / Double(mostTimes - dense))
      result.append(max(result[result.count - 1] + 1, min(Int(time.rounded()), times - 1)))
    }
    return result
  }

  /// Creates the sums for a plan's approaches.
  ///
  /// - Parameter isUsed: Whether anything will be added; if not, the sums take no memory.
  init(_ plan: EnsemblePlan, isUsed: Bool) {
    seriesCount = plan.approaches.elements.count
    times = plan.times
    replicates = plan.bootstrapReplicates
    searched = Self.searchedTimes(times)
    field = RandomField(seed: plan.seed, purpose: .bootstrap)
    let rows = isUsed ? replicates : 0
    sums = Array(repeating: 0, count: rows * seriesCount * searched.count)
    weightSums = Array(repeating: 0, count: rows * seriesCount)
  }

  /// Empties the sums.
  mutating func reset() {
    for i in sums.indices { sums[i] = 0 }
    for b in weightSums.indices { weightSums[b] = 0 }
    itemCount = 0
    pending = []
    pendingItems = []
  }

  /// Adds all of `other`'s sums.
  ///
  /// - Precondition: `other` has been flushed.
  mutating func merge(_ other: borrowing ApproachBootstrap) {
    precondition(other.pendingItems.isEmpty)
    flush()
    for k in sums.indices { sums[k] += other.sums[k] }
    for b in weightSums.indices { weightSums[b] += other.weightSums[b] }
    itemCount += other.itemCount
  }

  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(itemCount)
    try encoder.encode(sums)
    try encoder.encode(weightSums)
    try encoder.encode(pending)
    try encoder.encode(pendingItems)
  }

  mutating func decode(from decoder: inout ByteDecoder) throws {
    itemCount = try decoder.decode()
    sums = try decoder.decode(count: sums.count)
    weightSums = try decoder.decode(count: weightSums.count)
    pending = try decoder.decode()
    pendingItems = try decoder.decode()
    guard pendingItems.count < Self.batch, pending.count == pendingItems.count * width else {
      throw ByteDecodingError("\(pending.count) distances of \(pendingItems.count) items")
    }
  }

  /// Adds items' mean distances, `[items, series * searched times]`; NaN where a distance is missing.
  mutating func add(_ distances: [Double], items: ArraySlice<Int32>) {
    itemCount += items.count
    for (k, item) in items.enumerated() {
      pending.append(contentsOf: distances[k * width..<(k + 1) * width])
      pendingItems.append(item)
      if pendingItems.count == Self.batch { flush() }
    }
  }

  /// Adds the pending items to the weighted sums.
  mutating func flush() {
    let (width, length, count) = (width, searched.count, pendingItems.count)
    guard count > 0 else { return }
    let isPresent = (0..<count).map { k in
      (0..<seriesCount).map { pending[k * width + $0 * length].isFinite }
    }
    for k in 0..<count {
      for series in 0..<seriesCount where !isPresent[k][series] {
        let first = k * width + series * length
        for i in first..<first + length { pending[i] = 0 }
      }
    }
    let weights = poissonWeights(pendingItems)
    addProduct(weights, pending, rows: replicates, inner: count, columns: width, to: &sums)
    for k in 0..<count {
      for series in 0..<seriesCount where isPresent[k][series] {
        for b in 0..<replicates { weightSums[b * seriesCount + series] += weights[b * count + k] }
      }
    }
    pending.removeAll(keepingCapacity: true)
    pendingItems.removeAll(keepingCapacity: true)
  }

  /// Poisson(1) numbers, `[replicates, items]`.
  private func poissonWeights(_ items: [Int32]) -> [Double] {
    var weights = [Double](repeating: 0, count: replicates * items.count)
    Self.distribution.withUnsafeBufferPointer { distribution in
      for (k, item) in items.enumerated() {
        for b in stride(from: 0, to: replicates, by: 4) {
          let words = field.words(UInt32(bitPattern: item), UInt32(b / 4), 0, draw: 0)
          for j in 0..<min(4, replicates - b) {
            // The smallest number whose distribution function reaches (word + 1/2) / 2^32.
            let u = (Double(words[j]) + 0.5) * 0x1p-32
            var count = 0
            while count < distribution.count && u > distribution[count] { count += 1 }
            weights[(b + j) * items.count + k] = Double(count)
          }
        }
      }
    }
    return weights
  }

  /// P(K <= k) for k = 0...19 of a Poisson(1) number K.
  private static let distribution: [Double] = {
    var term = exponential(-1)
    var sum = term
    var result = [sum]
    for k in 1..<20 {
      term /= Double(k)
      sum += term
      result.append(sum)
    }
    return result
  }()

  /// The approaches, computed from the ensemble's mean distances.
  ///
  /// If replicates do not search all times, their minima are too large, by about as much as the ensemble's minimum over
  /// the searched times is. So the interval is shifted by that difference, which is 0 up to 63 steps; A is at most 1.
  ///
  /// An interval is given only where it is known to cover A: from `Approach.leastItems` items on, and with the minimum
  /// at neither end. With the minimum at t = 0, A is at the edge of its range, where percentiles of a bootstrap do not
  /// cover (Andrews 2000, doi:10.1111/1468-0262.00114). With the minimum at the last time, a smaller distance may
  /// follow.
  ///
  /// - Parameter level: The sums over the items of the level.
  mutating func approaches(of level: Accumulator) -> [Approach] {
    flush()
    let distances = level.distances
    return (0..<seriesCount).map { series in
      let mean = (0..<times).map { distances[series * times + $0].mean ?? .nan }
      let (value, time) = Self.approach(mean)
      let isCensored = time == 0 || time == times - 1
      let count = distances[series * times].count
      let hasInterval = count >= Approach.leastItems && !isCensored
      let shift = value - Self.approach(searched.map { mean[$0] }).value
      let samples = hasInterval ? samples(ofSeries: series, shift: shift) : []
      return Approach(
        memberCount: level.approachMembers[series], itemCount: count, meanDistance: mean, value: value,
        lower: Self.quantile(samples, 0.025), upper: Self.quantile(samples, 0.975), time: time,
        isCensored: isCensored, changes: Self.changes(of: mean, level, series: series))
    }
  }

  /// The replicates' approaches, in ascending order.
  private func samples(ofSeries series: Int, shift: Double) -> [Double] {
    var samples: [Double] = []
    guard itemCount > 1 else { return samples }
    for b in 0..<replicates {
      let count = weightSums[b * seriesCount + series]
      guard count > 0 else { continue }
      let row = searched.indices.map { sums[b * width + series * searched.count + $0] / count }
      let sample = Self.approach(row).value
      if sample.isFinite { samples.append(min(sample + shift, 1)) }
    }
    samples.sort()
    return samples
  }

  /// The changes of a mean distance, at each of the layout's `changeTimes`.
  private static func changes(of mean: [Double], _ level: Accumulator, series: Int) -> [DistanceChange] {
    let times = level.layout.changeTimes
    return times.indices.map { c in
      let ratio = mean[times[c]] / mean[0]
      return DistanceChange(
        value: ratio > 0 && ratio.isFinite ? logarithm(ratio) : .nan,
        standardError: level.changes[series * times.count + c].standardError ?? .nan)
    }
  }

  /// 1 - min / first, and the first time of the minimum.
  private static func approach(_ mean: [Double]) -> (value: Double, time: Int?) {
    var smallest = Double.infinity
    var time: Int?
    for (t, x) in mean.enumerated() where x < smallest {
      smallest = x
      time = t
    }
    guard let time, mean[0].isFinite, mean[0] > 0 else { return (.nan, time) }
    return (1 - smallest / mean[0], time)
  }

  /// A quantile of the replicates; NaN for fewer than two.
  private static func quantile(_ sorted: [Double], _ q: Double) -> Double {
    sorted.count > 1 ? Numerics.quantile(ofSorted: sorted, q) : .nan
  }
}
