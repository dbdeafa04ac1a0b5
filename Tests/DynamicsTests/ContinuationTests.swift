import Dynamics
import Foundation
import Numerics
import Synchronization
import Testing

/// An ensemble that stops and goes on, or is computed in parts, is the ensemble.
@Suite struct ContinuationTests {
  /// Whole items; single realizations in many units; items cut into parts (130 = 2 x 65); no bootstrap.
  static let plans: [(items: Int, realizations: Int, replicates: Int)] = [
    (97, 3, 200), (700, 1, 200), (700, 1, 0), (3, 130, 200), (3, 130, 0), (1, 400, 200),
    // Few replicates: weighted sums are kept, not the items' means.
    (700, 1, 2), (40, 130, 1),
    // Items that differ in their number of realizations (0), some of them cut.
    (60, 0, 200), (60, 0, 1), (7, 0, 0),
  ]

  /// Realizations of following items where they differ.
  static let unevenRealizations = [1, 3, 130, 2, 300, 7]

  static func plan(_ shape: (items: Int, realizations: Int, replicates: Int)) -> EnsemblePlan {
    var plan = ReproducibilityTests.plan(
      items: (0..<Int32(shape.items)).map { $0 }, realizations: max(shape.realizations, 1))
    if shape.realizations == 0 {
      plan.setRealizations((0..<shape.items).map { Self.unevenRealizations[$0 % 6] })
    }
    plan.bootstrapReplicates = shape.replicates
    return plan
  }

  static func ensemble(_ plan: EnsemblePlan, threads: Int = 2) -> Ensemble<NoisyMap, NoisyStart> {
    Ensemble(map: NoisyMap(), start: NoisyStart(dimension: 2), plan: plan, threads: threads)
  }

  /// Through bytes and back.
  static func bytes(_ body: (inout ByteEncoder) throws -> Void) throws -> Data {
    final class Gathered { var data = Data() }
    let gathered = Gathered()
    var encoder = ByteEncoder { gathered.data.append(contentsOf: $0) }
    try body(&encoder)
    try encoder.finish()
    return gathered.data
  }

  @Test(arguments: plans.indices)
  func stoppingAfterEachUnitChangesNoBit(index: Int) throws {
    let plan = Self.plan(Self.plans[index])
    let expected = try ReproducibilityTests.run(plan, threads: 2, blockSize: BlockSize.standard)
    let collector = RecordCollector()
    var state: EnsembleState?
    var results: [LevelStatistics] = []
    var stops = 0
    while true {
      let saved = Mutex<Data?>(nil)
      do {
        // Stopped after its first unit, again and again; one thread, so that it is always one unit.
        let first = Atomic<Bool>(true)
        results = try Self.ensemble(plan, threads: 1).run(
          resuming: state,
          observer: Observer(
            progress: { _ in first.exchange(false, ordering: .relaxed) == false },
            records: { try collector.receive($0) },
            checkpoint: { state, isLast in
              guard isLast else { return }
              let state = copy state
              let data = try Self.bytes { try state.encode(to: &$0) }
              saved.withLock { $0 = data }
            }))
        break
      } catch is CancellationError {
        stops += 1
        var decoder = ByteDecoder(try #require(saved.withLock { $0 }))
        state = try EnsembleState(from: &decoder, plan: plan, segments: nil)
        #expect(decoder.remaining == 0)
      }
    }
    // Once per unit, and once more wherever the second of two units was done first.
    #expect(stops >= UnitPartition(plan).unitCount)
    #expect(results.map(\.fingerprint) == expected.levels)
    #expect(collector.fingerprint == expected.records)
  }

  /// Interrupted within blocks, again and again, by either worker; now and then with another block size, which starts
  /// the units at hand afresh.
  @Test(arguments: plans.indices)
  func stoppingWithinUnitsChangesNoBit(index: Int) throws {
    let plan = Self.plan(Self.plans[index])
    let expected = try ReproducibilityTests.run(plan, threads: 2, blockSize: BlockSize.standard)
    let collector = RecordCollector()
    let whole = plan.memberCount * plan.times
    var state: EnsembleState?
    var stopsWithinUnits = 0
    for stop in 0... {
      let saved = Mutex<Data?>(nil)
      let asked = Atomic<Int>(0)
      let fractions = Mutex<[Double]>([Double(state?.measured ?? 0) / Double(whole)])
      do {
        let results = try Ensemble(
          map: NoisyMap(), start: NoisyStart(dimension: 2), plan: plan, threads: stop % 3 == 0 ? 1 : 2,
          blockSize: stop / 20 % 2 == 0 ? BlockSize.standard : 11
        ).run(
          resuming: state,
          observer: Observer(
            progress: { fraction in
              fractions.withLock { $0.append(fraction) }
              return true
            },
            stop: { asked.wrappingAdd(1, ordering: .relaxed).newValue > 7 + stop / 20 },
            records: { try collector.receive($0) },
            checkpoint: { state, isLast in
              guard isLast else { return }
              let state = copy state
              let data = try Self.bytes { try state.encode(to: &$0) }
              saved.withLock { $0 = data }
            }))
        #expect(results.map(\.fingerprint) == expected.levels)
        #expect(collector.fingerprint == expected.records)
        #expect(fractions.withLock { $0.last } == 1)
        break
      } catch is CancellationError {
        var decoder = ByteDecoder(try #require(saved.withLock { $0 }))
        let next = try EnsembleState(from: &decoder, plan: plan, segments: nil)
        #expect(decoder.remaining == 0)
        if next.measured % plan.times != 0 { stopsWithinUnits += 1 }
        #expect(next.measured <= whole)
        state = next
      }
      let told = fractions.withLock { $0 }
      #expect(told == told.sorted())
    }
    #expect(stopsWithinUnits > 2)
  }

  /// What was saved while units were under way is enough after a kill.
  @Test(arguments: plans.indices)
  func statesSavedWithinUnitsAreEnough(index: Int) throws {
    let plan = Self.plan(Self.plans[index])
    let expected = try ReproducibilityTests.run(plan, threads: 2, blockSize: BlockSize.standard)
    let saved = Mutex<Data?>(nil)
    var savedWithinUnits = 0
    for kill in 1... {
      let state = try saved.withLock { data in
        try data.map { data in
          var decoder = ByteDecoder(data)
          return try EnsembleState(from: &decoder, plan: plan, segments: nil)
        }
      }
      if let state, state.measured % plan.times != 0 { savedWithinUnits += 1 }
      let asked = Atomic<Int>(0)
      do {
        let results = try Self.ensemble(plan).run(
          resuming: state, checkpointInterval: .zero,
          observer: Observer(
            stop: { asked.wrappingAdd(1, ordering: .relaxed).newValue > 5 * kill },
            checkpoint: { state, isLast in
              // A killed process does not write at its end.
              if isLast { return }
              let state = copy state
              let data = try Self.bytes { try state.encode(to: &$0) }
              saved.withLock { $0 = data }
            }))
        #expect(results.map(\.fingerprint) == expected.levels)
        break
      } catch is CancellationError {}
    }
    #expect(savedWithinUnits > 0)
  }

  @Test(arguments: plans.indices)
  func mergedShardsAreTheWhole(index: Int) throws {
    let plan = Self.plan(Self.plans[index])
    let expected = try ReproducibilityTests.run(plan, threads: 1, blockSize: BlockSize.standard)
    let partition = UnitPartition(plan)
    for count in Set([1, 2, 3, partition.segmentCount]).sorted() {
      var state = EnsembleState(merging: plan)
      let collector = RecordCollector()
      var members = 0
      for number in 1...count {
        let segments = partition.segments(ofShard: number, of: count)
        members += partition.memberCount(ofSegments: segments)
        let frames = Mutex<[Data]>([])
        let results = try Self.ensemble(plan).run(
          segments: segments,
          observer: Observer(
            records: { try collector.receive($0) },
            segment: { segment in
              let segment = copy segment
              let data = try Self.bytes { try segment.encode(to: &$0) }
              frames.withLock { $0.append(data) }
            }))
        #expect(results.isEmpty)
        for frame in frames.withLock({ $0 }) {
          var decoder = ByteDecoder(frame)
          try state.add(try SegmentSums(from: &decoder, plan: plan))
        }
      }
      #expect(members == plan.memberCount)
      #expect(state.unitsDone == partition.unitCount)
      #expect(state.results.map(\.fingerprint) == expected.levels, "\(count) shards")
      #expect(collector.fingerprint == expected.records, "\(count) shards")
    }
  }

  @Test func bytesThatWereCutAreRefused() throws {
    let plan = Self.plan(Self.plans[0])
    let whole = try Self.bytes { try EnsembleState(merging: plan).encode(to: &$0) }
    for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 50)) {
      var decoder = ByteDecoder(whole.prefix(count))
      #expect(throws: ByteDecodingError.self) {
        try EnsembleState(from: &decoder, plan: plan, segments: nil)
      }
    }
    var other = plan
    other.steps += 1
    var decoder = ByteDecoder(whole)
    #expect(throws: ByteDecodingError.self) {
      try EnsembleState(from: &decoder, plan: other, segments: nil)
    }
  }
}
