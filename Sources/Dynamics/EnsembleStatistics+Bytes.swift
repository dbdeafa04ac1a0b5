import Numerics

extension SeriesStatistics {
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(count)
    for values in [mean, standardDeviation, standardError] { try encoder.encode(values) }
    try encoder.encode(itemCount)
  }

  init(from decoder: inout ByteDecoder) throws {
    count = try decoder.decode()
    mean = try decoder.decode(count: count.count)
    standardDeviation = try decoder.decode(count: count.count)
    standardError = try decoder.decode(count: count.count)
    itemCount = try decoder.decode(count: count.count)
  }
}

extension Approach {
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(memberCount)
    try encoder.encode(itemCount)
    try encoder.encode(meanDistance)
    for number in [value, lower, upper] { try encoder.encode(number) }
    try encoder.encode(time ?? -1)
    try encoder.encode(isCensored)
    try encoder.encode(changes.map(\.value))
    try encoder.encode(changes.map(\.standardError))
  }

  init(from decoder: inout ByteDecoder) throws {
    memberCount = try decoder.decode()
    itemCount = try decoder.decode()
    meanDistance = try decoder.decode()
    value = try decoder.decode()
    lower = try decoder.decode()
    upper = try decoder.decode()
    let time: Int = try decoder.decode()
    self.time = time < 0 ? nil : time
    isCensored = try decoder.decode()
    let values: [Double] = try decoder.decode()
    changes = zip(values, try decoder.decode(count: values.count)).map {
      DistanceChange(value: $0, standardError: $1)
    }
    guard self.time.map({ $0 < meanDistance.count }) ?? true else { throw ByteDecodingError("time \(time)") }
  }
}

extension LevelStatistics {
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(level)
    try encoder.encode(memberCount)
    try encoder.encode(divergedCount)
    func series(_ all: [SeriesStatistics]) throws {
      try encoder.encode(all.count)
      for one in all { try one.encode(to: &encoder) }
    }
    for part in parts { try series(part) }
    try encoder.encode(grouped.count)
    for grouping in grouped {
      try encoder.encode(grouping.count)
      for observable in grouping { try series(observable) }
    }
    for approach in approaches.elements { try approach.encode(to: &encoder) }
    for scalar in scalars.entries {
      try encoder.encode(scalar.count)
      try encoder.encode(scalar.mean)
      try encoder.encode(scalar.standardError)
      try encoder.encode(scalar.itemCount)
    }
    try encoder.encode(labelCounts)
  }

  /// Reads what `encode` wrote for a level of the same plan.
  init(from decoder: inout ByteDecoder, plan: EnsemblePlan) throws {
    func list<Element>(_ element: () throws -> Element) throws -> [Element] {
      let count = try decoder.decode(Int.self)
      guard count >= 0, count <= decoder.remaining else { throw ByteDecodingError("a list of \(count)") }
      return try (0..<count).map { _ in try element() }
    }
    func series() throws -> [SeriesStatistics] { try list { try SeriesStatistics(from: &decoder) } }
    level = try decoder.decode()
    memberCount = try decoder.decode()
    divergedCount = try decoder.decode()
    parts = try SeriesPart.parts(isSplit: plan.splitting != nil).map { _ in try series() }
    grouped = try list { try list { try series() } }
    approaches = plan.approaches.filled(
      with: try plan.approaches.elements.map { _ in try Approach(from: &decoder) })
    scalars = ScalarColumns(
      MemberScalar.averaged,
      entries: try MemberScalar.averaged.map { _ in
        ScalarStatistics(
          count: try decoder.decode(), mean: try decoder.decode(), standardError: try decoder.decode(),
          itemCount: try decoder.decode())
      })
    labelCounts = try decoder.decode(count: Accumulator.Layout(plan).labelSlots)
  }
}
