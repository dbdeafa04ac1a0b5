import Numerics

/// What one segment contributes to its level's averages.
public struct SegmentSums: Sendable {
  /// The number of the segment.
  public private(set) var index: Int
  var accumulator: Accumulator
  /// The bootstrap's sums. They are not used where the items' mean distances are kept.
  var bootstrap: ApproachBootstrap
  /// The items' mean distances, per unit `[items, approaches * searched times]`, if a shard keeps them.
  var itemDistances: [[Double]] = []

  init(_ plan: EnsemblePlan, _ partition: UnitPartition, index: Int) {
    self.index = index
    accumulator = Accumulator(layout: Accumulator.Layout(plan), hasRealizations: plan.realizations > 1)
    bootstrap = ApproachBootstrap(plan, isUsed: !partition.keepsItemDistances)
  }

  /// Empties the sums for another segment.
  mutating func begin(_ index: Int) {
    self.index = index
    accumulator.reset()
    bootstrap.reset()
    itemDistances.removeAll()
  }

  // MARK: Bytes

  /// Writes the sums.
  ///
  /// - Throws: What the encoder's receiver throws.
  public func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(index)
    try accumulator.encode(to: &encoder)
    try bootstrap.encode(to: &encoder)
    try encoder.encode(itemDistances.count)
    for unit in itemDistances { try encoder.encode(unit) }
  }

  /// Reads what `encode` wrote for the same plan.
  ///
  /// - Throws: `ByteDecodingError`.
  public init(from decoder: inout ByteDecoder, plan: EnsemblePlan) throws {
    let partition = UnitPartition(plan)
    self.init(plan, partition, index: try decoder.decode())
    guard (0..<partition.segmentCount).contains(index) else {
      throw ByteDecodingError("there is no segment \(index)")
    }
    try accumulator.decode(from: &decoder)
    try bootstrap.decode(from: &decoder)
    let units = partition.units(ofSegment: index)
    let count = try decoder.decode(Int.self)
    guard count >= 0, count <= units.count else {
      throw ByteDecodingError("distances of \(count) units; the segment has \(units.count)")
    }
    let width = bootstrap.width
    for _ in 0..<count {
      let unit: [Double] = try decoder.decode()
      guard width > 0, unit.count % width == 0 else {
        throw ByteDecodingError("\(unit.count) distances of items that have \(width) each")
      }
      itemDistances.append(unit)
    }
  }
}
