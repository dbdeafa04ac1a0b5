import Corruptions
import Dynamics
import Numerics
import Testing

/// What every map must keep: the image of a member is a function of its state, address and time.
///
/// - Parameters:
///   - map: The map under test.
///   - start: Where members start.
///   - items: At least 130, so that members share blocks in many ways.
func checkMapConformance<Map: DiscreteMap>(
  _ map: Map, start: some InitialCondition, items: Int = 200, steps: Int = 6,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  func trajectories(_ items: [Int32], blockSize: Int, threads: Int, levels: [Double] = [0.5]) throws
    -> [Member: [UInt64]]
  {
    var plan = EnsemblePlan(levels: levels, items: items, steps: steps, seed: 31, observables: [])
    plan.recordsLatentStates = true
    let collector = RecordCollector()
    _ = try Ensemble(map: map, start: start, plan: plan, threads: threads, blockSize: blockSize)
      .run(observer: collector)
    return collector.trajectories(times: plan.times, dimension: map.dimension)
  }
  let all = (0..<Int32(items)).map { $0 }
  let expected = try trajectories(all, blockSize: BlockSize.standard, threads: 1)
  #expect(expected.count == items, sourceLocation: sourceLocation)
  #expect(Set(expected.values).count > 1, "members differ", sourceLocation: sourceLocation)
  // Deterministic; the block's size and company do not matter.
  for blockSize in [1, 2, 13, 42, BlockSize.standard] {
    #expect(
      try trajectories(all, blockSize: blockSize, threads: 2) == expected, "blocks of \(blockSize)",
      sourceLocation: sourceLocation)
  }
  #expect(
    try trajectories(all.reversed(), blockSize: BlockSize.standard, threads: 1) == expected,
    sourceLocation: sourceLocation)
  for (member, trajectory) in try trajectories([77, 3], blockSize: BlockSize.standard, threads: 1) {
    #expect(
      expected[member] == trajectory, "item \(member.item) in other company", sourceLocation: sourceLocation)
  }
  // With every field that the map offers, the trajectory is the same.
  let fields = StateFields.each.filter { map.availableFields.union(.kept).contains($0) }
  var plan = EnsemblePlan(
    levels: [0.5], items: all, steps: steps, seed: 31,
    observables: fields.map { FieldSum(field: $0, width: 1) })
  plan.recordsLatentStates = true
  let collector = RecordCollector()
  _ = try Ensemble(map: map, start: start, plan: plan, threads: 1).run(observer: collector)
  #expect(
    collector.trajectories(times: plan.times, dimension: map.dimension) == expected,
    "with fields", sourceLocation: sourceLocation)
}

@Suite struct MapConformanceTests {
  @Test func theLogisticMapConforms() throws {
    try checkMapConformance(LogisticMap(r: 3.9), start: given((0..<200).map { [Double($0) / 201 + 0.001] }))
  }
  @Test func theHenonMapConforms() throws {
    try checkMapConformance(HenonMap(), start: given((0..<200).map { [0.001 * Double($0), 0.1] }))
  }
  @Test func aLinearMapConforms() throws {
    try checkMapConformance(
      LinearMap([[0.9, 0.2, 0], [-0.1, 0.5, 1], [0, 0, -1]]), start: NoisyStart(dimension: 3))
  }
  @Test func aNoisyMapConforms() throws {
    try checkMapConformance(NoisyMap(), start: NoisyStart(dimension: 2))
  }
  @Test func aDivergingMapConforms() throws {
    try checkMapConformance(SquareMap(), start: given((0..<200).map { [Double($0)] }), steps: 12)
  }
  @Test func aMapWithADataSpaceConforms() throws {
    let rows = RowTable(rows: 200, columns: 4, elements: (0..<800).map { Double($0) / 799 })
    try checkMapConformance(
      PixelMap(dimension: 4), start: CorruptedStart(UniformReplacement(), source: rows, imageShape: nil))
  }
}
