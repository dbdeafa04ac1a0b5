import Numerics

/// The records that the members of one unit leave for the file, in the order of the plan.
public struct MemberRecords: Sendable {
  /// The index of the first member among all members, which are ordered by level, then item, then realization.
  public internal(set) var firstMember: Int
  /// The members' addresses.
  public internal(set) var members: [Member] = []
  /// The position of each member's item in the plan.
  public internal(set) var positions: [Int32] = []
  /// The values of each recorded observable, `[members, times]`, row-major.
  public internal(set) var series: [[Double]]
  /// The states z(t), `[members, times, N]`; empty if the plan does not record them.
  public internal(set) var latentStates: [Double]
  /// The number of the plan's label at each time, -1 for none, `[members, times]`; empty if not recorded.
  public internal(set) var labels: [Int32]
  /// The value of each scalar of `MemberScalar.recorded`, `[members]`; NaN if a member has none.
  public internal(set) var scalars = ScalarColumns<[Double]>(
    MemberScalar.recorded, entries: Array(repeating: [], count: MemberScalar.recorded.count))
  /// How each member ended.
  public internal(set) var outcomes: [Outcome] = []

  /// Creates room for the records of a unit. `dimension` is N.
  init(of unit: UnitPartition.Unit, _ plan: EnsemblePlan, dimension: Int) {
    firstMember = unit.level * plan.membersPerLevel + unit.firstMember
    let numbers = unit.memberCount * plan.times
    let seriesCount = plan.recordsMembers ? plan.recordedCount : 0
    series = Array(repeating: Array(repeating: .nan, count: numbers), count: seriesCount)
    latentStates = Array(repeating: .nan, count: plan.recordsLatentStates ? numbers * dimension : 0)
    labels = Array(repeating: -1, count: plan.recordsLabels ? numbers : 0)
  }

  /// Appends one member, whose series and states have already been written.
  mutating func append(
    _ member: Member, position: Int32, _ trajectory: borrowing TrajectorySummary, outcome: Outcome
  ) {
    members.append(member)
    positions.append(position)
    for k in scalars.entries.indices {
      scalars.entries[k].append(scalars.scalars[k].value(of: trajectory))
    }
    outcomes.append(outcome)
  }

  /// Writes the values of one observable at one time.
  ///
  /// - Parameters:
  ///   - values: One per member, shape `[count]`.
  ///   - first: The number of the first of these members in the unit.
  ///   - times: How many times a series has.
  mutating func record(
    _ values: UnsafePointer<Double>, count: Int, from first: Int, observable: Int, time: Int, times: Int
  ) {
    for m in 0..<count { series[observable][(first + m) * times + time] = values[m] }
  }

  /// Writes the labels at one time. -1 stays where there is no value.
  ///
  /// - Parameters:
  ///   - values: One per member, shape `[count]`.
  ///   - first: The number of the first of these members in the unit.
  ///   - times: How many times a series has.
  mutating func record(
    labels values: UnsafePointer<Double>, count: Int, from first: Int, time: Int, times: Int
  ) {
    for m in 0..<count where !values[m].isNaN { labels[(first + m) * times + time] = Int32(values[m]) }
  }

  /// Writes the latent states of a block's members at one time.
  ///
  /// - Parameters:
  ///   - first: The number of the block's first member in the unit.
  ///   - times: How many times a trajectory has.
  mutating func record(states block: StateBlock, from first: Int, time: Int, times: Int) {
    let n = block.dimension
    for m in 0..<block.count {
      let base = ((first + m) * times + time) * n
      for i in 0..<n { latentStates[base + i] = block.states.pointer[m * n + i] }
    }
  }

  // MARK: Bytes

  /// Writes the records. Throws what the encoder's receiver throws.
  public func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(firstMember)
    try encoder.encode(members)
    try encoder.encode(positions)
    try encoder.encode(series.count)
    for values in series { try encoder.encode(values) }
    try encoder.encode(latentStates)
    try encoder.encode(labels)
    for column in scalars.entries { try encoder.encode(column) }
    try encoder.encode(outcomes.map(\.rawValue))
  }

  /// Reads what `encode` wrote.
  ///
  /// - Throws: `ByteDecodingError`.
  public init(from decoder: inout ByteDecoder) throws {
    firstMember = try decoder.decode()
    members = try decoder.decode()
    positions = try decoder.decode(count: members.count)
    let count = try decoder.decode(Int.self)
    guard count >= 0, count <= decoder.remaining else { throw ByteDecodingError("\(count) series") }
    series = []
    for _ in 0..<count { series.append(try decoder.decode()) }
    latentStates = try decoder.decode()
    labels = try decoder.decode()
    for k in scalars.entries.indices { scalars.entries[k] = try decoder.decode(count: members.count) }
    outcomes = try decoder.decode([Int32].self).map { value in
      guard let outcome = Outcome(rawValue: value) else { throw ByteDecodingError("outcome \(value)") }
      return outcome
    }
    guard outcomes.count == members.count else { throw ByteDecodingError("\(outcomes.count) outcomes") }
  }
}
