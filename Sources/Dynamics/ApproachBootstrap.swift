import Numerics

/// Sums over items under Poisson bootstrap weights, from which the approaches' intervals come.
///
/// Each item enters replicate b with a weight drawn from Poisson(1), addressed by (item, b): the sums
/// can be streamed, and do not depend on which other items there are. Every replicate averages each
/// distance at each of the searched times and takes its minimum over them, so the interval holds the search
/// for the minimum.
///
/// Memory: replicates x series x searched times numbers, whatever the number of items, steps beyond 63, or
/// members; twice as many once a series has gaps.
///
/// Source: Hanley and MacGibbon 2006, doi:10.1016/j.cmpb.2006.04.006.
struct ApproachBootstrap {
  let seriesCount: Int
  let times: Int
  let replicates: Int
  /// The times at which replicates are averaged, ascending.
  let searched: [Int]
  private let field: RandomField
  /// Weighted sums, `[replicates, series * searched times]`.
  private var sums: [Double]
  /// Sums of the weights of items whose series are each there at all times or at none (as the distance to a
  /// sibling that there is not), `[replicates, series]`.
  private var weightSums: [Double]
  /// Sums of the weights of the other items' distances that are there, `[replicates, series * searched times]`;
  /// empty as long as there are no such items.
  private var partialCounts: [Double] = []
  private var itemCount = 0
  /// Items that were added and are not in the weighted sums yet: `[items, series * searched times]`, NaN where
  /// missing.
  private var pending: [Double] = []
  private var pendingItems: [Int32] = []

  /// Distances of one item.
  var width: Int { seriesCount * searched.count }

  /// How many items enter the weighted sums at once. The sums are much larger than a cache, so fewer would be
  /// slower; which items go together depends on their order alone, and so do the sums' bits.
  private static let batch = 64

  /// The most times that replicates are averaged at.
  private static let mostTimes = 64

  /// The times among `times` at which replicates look for their minimum: all of up to 64; of a longer run
  /// the first 32, and 32 more up to the last that are evenly spaced in ln t, for relaxation is slow later on.
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

  /// The sums of a plan's approaches.
  ///
  /// - Parameter isUsed: Whether there will be any; else they take no memory.
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

  mutating func reset() {
    for i in sums.indices { sums[i] = 0 }
    for b in weightSums.indices { weightSums[b] = 0 }
    partialCounts = []
    itemCount = 0
    pending = []
    pendingItems = []
  }

  /// Adds all of `other`'s sums.
  ///
  /// - Precondition: `other` is flushed.
  mutating func merge(_ other: borrowing ApproachBootstrap) {
    precondition(other.pendingItems.isEmpty)
    flush()
    for k in sums.indices { sums[k] += other.sums[k] }
    for b in weightSums.indices { weightSums[b] += other.weightSums[b] }
    if !other.partialCounts.isEmpty {
      makePartialCounts()
      for k in partialCounts.indices { partialCounts[k] += other.partialCounts[k] }
    }
    itemCount += other.itemCount
  }

  private mutating func makePartialCounts() {
    if partialCounts.isEmpty { partialCounts = Array(repeating: 0, count: sums.count) }
  }

  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(itemCount)
    try encoder.encode(sums)
    try encoder.encode(weightSums)
    try encoder.encode(partialCounts)
    try encoder.encode(pending)
    try encoder.encode(pendingItems)
  }

  mutating func decode(from decoder: inout ByteDecoder) throws {
    itemCount = try decoder.decode()
    sums = try decoder.decode(count: sums.count)
    weightSums = try decoder.decode(count: weightSums.count)
    partialCounts = try decoder.decode()
    guard partialCounts.isEmpty || partialCounts.count == sums.count else {
      throw ByteDecodingError("\(partialCounts.count) counts of \(sums.count) sums")
    }
    pending = try decoder.decode()
    pendingItems = try decoder.decode()
    guard pendingItems.count < Self.batch, pending.count == pendingItems.count * width else {
      throw ByteDecodingError("\(pending.count) distances of \(pendingItems.count) items")
    }
  }

  /// Adds items' mean distances, `[items, series * searched times]`; NaN where missing.
  mutating func add(_ distances: [Double], items: ArraySlice<Int32>) {
    itemCount += items.count
    for (k, item) in items.enumerated() {
      pending.append(contentsOf: distances[k * width..<(k + 1) * width])
      pendingItems.append(item)
      if pendingItems.count == Self.batch { flush() }
    }
  }

  /// Brings the weighted sums up to date.
  mutating func flush() {
    let (width, length, count) = (width, searched.count, pendingItems.count)
    guard count > 0 else { return }
    var present = [Double](repeating: 1, count: pending.count)
    for i in pending.indices where !pending[i].isFinite {
      pending[i] = 0
      present[i] = 0
    }
    // Whether each of an item's series is there at all times or at none.
    let isWhole = (0..<count).map { k in
      (0..<seriesCount).allSatisfy { series in
        let first = k * width + series * length
        return present[first..<first + length].allSatisfy { $0 == present[first] }
      }
    }
    let weights = poissonWeights(pendingItems)
    Double.multiply(
      .none, .none, m: replicates, n: width, k: count, alpha: 1, weights, count, pending, width, beta: 1,
      &sums, width)
    for k in 0..<count where isWhole[k] {
      for series in 0..<seriesCount where present[k * width + series * length] > 0 {
        for b in 0..<replicates { weightSums[b * seriesCount + series] += weights[b * count + k] }
      }
      for j in 0..<width { present[k * width + j] = 0 }
    }
    pending.removeAll(keepingCapacity: true)
    pendingItems.removeAll(keepingCapacity: true)
    guard isWhole.contains(false) else { return }
    makePartialCounts()
    Double.multiply(
      .none, .none, m: replicates, n: width, k: count, alpha: 1, weights, count, present, width, beta: 1,
      &partialCounts, width)
  }

  /// Poisson(1) numbers, `[replicates, items]`.
  private func poissonWeights(_ items: [Int32]) -> [Double] {
    var weights = [Double](repeating: 0, count: replicates * items.count)
    Self.distribution.withUnsafeBufferPointer { distribution in
      for (k, item) in items.enumerated() {
        for b in stride(from: 0, to: replicates, by: 4) {
          let words = field.words(UInt32(bitPattern: item), UInt32(b / 4), 0, draw: 0)
          for j in 0..<min(4, replicates - b) {
            // The number whose distribution function first exceeds word / 2^32.
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

  /// The approaches of the ensemble's mean distances.
  ///
  /// Replicates that do not look at all times find a minimum that is too large by about as much as the ensemble
  /// would at those times. The interval is shifted by that difference, which is 0 up to 63 steps; A is never more than 1.
  ///
  /// - Parameter distances: Over items, `[series * times]`.
  mutating func approaches(of distances: [CountedSum]) -> [Approach] {
    flush()
    return (0..<seriesCount).map { series in
      let mean = (0..<times).map { distances[series * times + $0].mean ?? .nan }
      let (value, time) = Self.approach(mean)
      let shift = value - Self.approach(searched.map { mean[$0] }).value
      var samples: [Double] = []
      if itemCount > 1 {
        for b in 0..<replicates {
          let row = (0..<searched.count).map { t -> Double in
            let k = b * width + series * searched.count + t
            let count =
              weightSums[b * seriesCount + series] + (partialCounts.isEmpty ? 0 : partialCounts[k])
            return count > 0 ? sums[k] / count : .nan
          }
          let sample = Self.approach(row).value
          if sample.isFinite { samples.append(min(sample + shift, 1)) }
        }
      }
      samples.sort()
      return Approach(
        meanDistance: mean, value: value, lower: Self.quantile(samples, 0.025),
        upper: Self.quantile(samples, 0.975), time: time,
        isCensored: time == 0 || time == times - 1)
    }
  }

  /// 1 - min / first and the first time of the minimum.
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

  /// The quantile by linear interpolation of order statistics (Hyndman and Fan's type 7).
  private static func quantile(_ sorted: [Double], _ q: Double) -> Double {
    guard sorted.count > 1 else { return .nan }
    let h = q * Double(sorted.count - 1)
    let low = Int(h)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (h - Double(low)) * (sorted[high] - sorted[low])
  }
}
