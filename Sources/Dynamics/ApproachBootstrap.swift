import Numerics

/// Sums over items under Poisson bootstrap weights, from which the approaches' intervals come.
///
/// Each item enters replicate b with a weight drawn from Poisson(1), addressed by (item, b): the sums
/// can be streamed, and do not depend on which other items there are. Every replicate averages each
/// distance at each time and takes its minimum over time, so the interval holds the search for the
/// minimum.
///
/// Memory: replicates x series x times numbers, whatever the number of items; twice as many once a series
/// has gaps.
///
/// Source: Hanley and MacGibbon 2006, doi:10.1016/j.cmpb.2006.04.006.
struct ApproachBootstrap {
  let seriesCount: Int
  let times: Int
  let replicates: Int
  private let field: RandomField
  /// Sums over items, without weights: `[series * times]`.
  private var plainSum: [Double]
  private var plainCount: [Double]
  /// Weighted sums, `[replicates, series * times]`.
  private var sums: [Double]
  /// Sums of the weights of items whose series are each there at all times or at none (as the distance to a
  /// sibling that there is not), `[replicates, series]`.
  private var weightSums: [Double]
  /// Sums of the weights of the other items' distances that are there, `[replicates, series * times]`; empty as
  /// long as there are no such items.
  private var partialCounts: [Double] = []
  private var itemCount = 0
  /// Items that were added and are not in the weighted sums yet: `[items, series * times]`, NaN where missing.
  private var pending: [Double] = []
  private var pendingItems: [Int32] = []

  /// How many items enter the weighted sums at once. The sums are much larger than a cache, so fewer would be
  /// slower; which items go together depends on their order alone, and so do the sums' bits.
  private static let batch = 64

  /// The most memory that the weighted sums may take, in bytes.
  static let memoryLimit = 64 << 20

  init(seriesCount: Int, times: Int, replicates wanted: Int, seed: UInt64) {
    self.seriesCount = seriesCount
    self.times = times
    replicates = Self.affordableReplicates(wanted, seriesCount: seriesCount, times: times)
    field = RandomField(seed: seed, purpose: .bootstrap)
    plainSum = Array(repeating: 0, count: seriesCount * times)
    plainCount = plainSum
    sums = Array(repeating: 0, count: replicates * seriesCount * times)
    weightSums = Array(repeating: 0, count: replicates * seriesCount)
  }

  /// The sums of a plan's approaches.
  ///
  /// - Parameter isUsed: Whether there will be any; else they take no memory.
  init(_ plan: EnsemblePlan, isUsed: Bool) {
    self.init(
      seriesCount: plan.approaches.count, times: plan.times, replicates: plan.bootstrapReplicates,
      seed: plan.seed)
    guard !isUsed else { return }
    (plainSum, plainCount, sums, weightSums) = ([], [], [], [])
  }

  /// How many replicates fit into the memory limit; 0, and then no interval, where that is fewer than a
  /// hundred, which say nothing about quantiles.
  static func affordableReplicates(_ wanted: Int, seriesCount: Int, times: Int) -> Int {
    guard seriesCount > 0 else { return 0 }
    let affordable = memoryLimit / (seriesCount * times * 8)
    return affordable < min(wanted, 100) ? 0 : min(wanted, affordable)
  }

  /// Adds sums of items' means and their numbers, `[series * times]`, where there is no bootstrap.
  mutating func add(sums: [Double], counts: [Double]) {
    for j in plainSum.indices {
      plainSum[j] += sums[j]
      plainCount[j] += counts[j]
    }
  }

  mutating func reset() {
    for i in plainSum.indices {
      plainSum[i] = 0
      plainCount[i] = 0
    }
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
    for j in plainSum.indices {
      plainSum[j] += other.plainSum[j]
      plainCount[j] += other.plainCount[j]
    }
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
    try encoder.encode(plainSum)
    try encoder.encode(plainCount)
    try encoder.encode(sums)
    try encoder.encode(weightSums)
    try encoder.encode(partialCounts)
    try encoder.encode(pending)
    try encoder.encode(pendingItems)
  }

  mutating func decode(from decoder: inout ByteDecoder) throws {
    itemCount = try decoder.decode()
    plainSum = try decoder.decode(count: plainSum.count)
    plainCount = try decoder.decode(count: plainCount.count)
    sums = try decoder.decode(count: sums.count)
    weightSums = try decoder.decode(count: weightSums.count)
    partialCounts = try decoder.decode()
    guard partialCounts.isEmpty || partialCounts.count == sums.count else {
      throw ByteDecodingError("\(partialCounts.count) counts of \(sums.count) sums")
    }
    pending = try decoder.decode()
    pendingItems = try decoder.decode()
    guard pendingItems.count < Self.batch, pending.count == pendingItems.count * seriesCount * times else {
      throw ByteDecodingError("\(pending.count) distances of \(pendingItems.count) items")
    }
  }

  /// Adds items' mean distances, `[items, series * times]`; NaN where missing.
  mutating func add(_ distances: [Double], items: ArraySlice<Int32>) {
    guard seriesCount > 0, !items.isEmpty else { return }
    let width = seriesCount * times
    for k in 0..<items.count {
      for j in 0..<width where distances[k * width + j].isFinite {
        plainSum[j] += distances[k * width + j]
        plainCount[j] += 1
      }
    }
    itemCount += items.count
    guard replicates > 0 else { return }
    for (k, item) in items.enumerated() {
      pending.append(contentsOf: distances[k * width..<(k + 1) * width])
      pendingItems.append(item)
      if pendingItems.count == Self.batch { flush() }
    }
  }

  /// Brings the weighted sums up to date.
  mutating func flush() {
    let (width, count) = (seriesCount * times, pendingItems.count)
    guard count > 0 else { return }
    var present = [Double](repeating: 1, count: pending.count)
    for i in pending.indices where !pending[i].isFinite {
      pending[i] = 0
      present[i] = 0
    }
    // Whether each of an item's series is there at all times or at none.
    let isWhole = (0..<count).map { k in
      (0..<seriesCount).allSatisfy { series in
        let first = k * width + series * times
        return present[first..<first + times].allSatisfy { $0 == present[first] }
      }
    }
    let weights = poissonWeights(pendingItems)
    Double.multiply(
      .none, .none, m: replicates, n: width, k: count, alpha: 1, weights, count, pending, width, beta: 1,
      &sums, width)
    for k in 0..<count where isWhole[k] {
      for series in 0..<seriesCount where present[k * width + series * times] > 0 {
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

  /// The approaches from the ensemble's mean distances, `[series][times]`.
  mutating func approaches() -> [Approach] {
    flush()
    return (0..<seriesCount).map { series in
      let range = series * times..<(series + 1) * times
      let mean = range.map { plainCount[$0] > 0 ? plainSum[$0] / plainCount[$0] : .nan }
      let (value, time) = Self.approach(mean)
      var samples: [Double] = []
      if itemCount > 1 {
        for b in 0..<replicates {
          let row = range.map { j -> Double in
            let k = b * seriesCount * times + j
            let count =
              weightSums[b * seriesCount + series] + (partialCounts.isEmpty ? 0 : partialCounts[k])
            return count > 0 ? sums[k] / count : .nan
          }
          let sample = Self.approach(row).value
          if sample.isFinite { samples.append(sample) }
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

extension EnsemblePlan {
  /// How many bootstrap replicates this plan's approaches get: as many as are asked for, fewer or none where
  /// the run is long.
  public var affordableReplicates: Int {
    Self.affordableReplicates(bootstrapReplicates, approaches: approaches.count, times: times)
  }

  /// The same for a plan that is not made yet.
  ///
  /// - Parameters:
  ///   - wanted: Replicates asked for.
  ///   - approaches: Distances of which the approach is computed.
  ///   - times: steps + 1.
  public static func affordableReplicates(
    _ wanted: Int = standardReplicates, approaches: Int, times: Int
  ) -> Int {
    ApproachBootstrap.affordableReplicates(wanted, seriesCount: approaches, times: times)
  }
}
