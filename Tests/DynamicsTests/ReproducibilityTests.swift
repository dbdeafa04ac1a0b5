import Dynamics
import Foundation
import Numerics
import Synchronization
import Testing

/// Results are the same bits for any number of threads, any block size, and any company.
@Suite struct ReproducibilityTests {
  static func plan(items: [Int32], levels: [Double] = [0, 0.3, 0.8], realizations: Int = 1) -> EnsemblePlan {
    var plan = EnsemblePlan(
      levels: levels, items: items, realizations: realizations, steps: 5, seed: 99,
      observables: [Measure.component(0), StatisticsTests.sparse])
    plan.groupings = [ItemGrouping(by: .class, count: 3, groupOfPosition: items.map { $0 % 3 })]
    plan.splitting = StatisticsTests.split
    plan.approaches = ApproachTable(own: [
      Measure("distance") { state, _, _ in (state[0] * state[0] + state[1] * state[1]).squareRoot() },
      // Missing for some, and for others from some time on.
      Measure("leaving") { state, member, time in
        let number = Int(member.item) + Int(member.realization)
        return number % 7 == 0 || number % 5 == 0 && time > number % 4 ? .nan : state[0]
      },
    ])
    plan.conceptDistance = Measure.component(1)
    plan.memoryDistance = Measure("memory") { state, _, time in time == 1 ? .nan : abs(state[0] - 0.5) }
    plan.convergence = .steps(below: 0.5)
    plan.labelling = Labelling(
      // Labels 0 to 3, none, and missing.
      by: Measure("label") { state, member, time in
        member.item % 11 == 0 && time > 2 ? .nan : min(max((state[0] * 2).rounded(), -1), 3)
      }, count: 4, groupCount: 3, groupOfPosition: items.map { $0 % 3 })
    plan.recordsMembers = true
    plan.recordsLatentStates = true
    plan.bootstrapReplicates = 200
    return plan
  }

  static func run(_ plan: EnsemblePlan, threads: Int, blockSize: Int) throws -> (
    levels: [[UInt64]], records: [UInt64], collector: RecordCollector
  ) {
    let collector = RecordCollector()
    let levels = try Ensemble(
      map: NoisyMap(), start: NoisyStart(dimension: 2), plan: plan, threads: threads, blockSize: blockSize
    ).run(observer: collector)
    return (levels.map(\.fingerprint), collector.fingerprint, collector)
  }

  @Test(arguments: [(301, 1), (1, 1), (97, 3), (1, 3), (3, 130), (1, 130)])
  func threadsAndBlocksDoNotMatter(items: Int, realizations: Int) throws {
    let plan = Self.plan(items: (0..<Int32(items)).map { $0 }, realizations: realizations)
    let expected = try Self.run(plan, threads: 1, blockSize: BlockSize.standard)
    #expect(expected.levels.count == 3)
    #expect(expected.collector.all.allSatisfy { $0.labels.count == $0.members.count * 6 })
    for threads in [1, 2, 3, 7] {
      for blockSize in [1, 7, 64, BlockSize.standard, 1000] {
        let result = try Self.run(plan, threads: threads, blockSize: blockSize)
        #expect(result.levels == expected.levels, "\(threads) threads, blocks of \(blockSize)")
        #expect(result.records == expected.records, "\(threads) threads, blocks of \(blockSize)")
      }
    }
    var other = plan
    other.seed += 1
    #expect(try Self.run(other, threads: 1, blockSize: BlockSize.standard).levels != expected.levels)
  }

  @Test func aLevelDoesNotDependOnTheOthers() throws {
    let items = (0..<Int32(200)).map { $0 }
    let all = try Self.run(Self.plan(items: items), threads: 2, blockSize: BlockSize.standard).levels
    for (k, level) in [0, 0.3, 0.8].enumerated() {
      #expect(
        try Self.run(Self.plan(items: items, levels: [level]), threads: 2, blockSize: BlockSize.standard)
          .levels == [all[k]])
    }
    let reversed = try Self.run(
      Self.plan(items: items, levels: [0.8, 0.3, 0]), threads: 2, blockSize: BlockSize.standard
    )
    .levels
    #expect(reversed == all.reversed())
  }

  @Test func aTrajectoryDoesNotDependOnTheEnsemblesSize() throws {
    func trajectories(_ items: [Int32], realizations: Int) throws -> [Member: [UInt64]] {
      try Self.run(
        Self.plan(items: items, realizations: realizations), threads: 2, blockSize: BlockSize.standard
      )
      .collector.trajectories(times: 6, dimension: 2)
    }
    let all = try trajectories((0..<300).map { $0 }, realizations: 3)
    #expect(all.count == 2700)
    #expect(Set(all.values).count == 2700)
    for (items, realizations) in [([Int32(17)], 1), ([5, 250, 17], 2), ([299, 0, 128], 3)] {
      let some = try trajectories(items, realizations: realizations)
      #expect(some.count == 3 * items.count * realizations)
      for (member, trajectory) in some { #expect(all[member] == trajectory) }
    }
  }

  @Test(arguments: [(301, 1), (97, 3), (2, 130)])
  func recordsArriveInOrderEachMemberOnce(items: Int, realizations: Int) throws {
    let chosen = (0..<Int32(items)).map { 1000 - 2 * $0 }
    let plan = Self.plan(items: chosen, realizations: realizations)
    let collector = try Self.run(plan, threads: 3, blockSize: 7).collector
    var expected: [Member] = []
    for level in plan.levels {
      for item in chosen {
        for r in 0..<Int32(realizations) { expected.append(Member(level: level, item: item, realization: r)) }
      }
    }
    #expect(collector.members == expected)
    var next = 0
    for records in collector.all {
      let count = records.members.count
      #expect(records.firstMember == next)
      next += count
      #expect(records.positions.map { chosen[Int($0)] } == records.members.map(\.item))
      #expect(records.series.map(\.count) == [count * 6, count * 6])
      #expect(records.latentStates.count == count * 6 * 2)
      for column in records.scalars.entries { #expect(column.count == count) }
      #expect(records.outcomes.count == count)
      // The recorded observable is the recorded state's component.
      for k in 0..<count * 6 { #expect(records.series[0][k] == records.latentStates[2 * k]) }
    }
    #expect(next == plan.memberCount)
  }

  @Test func nothingIsRecordedUnasked() throws {
    var plan = Self.plan(items: [1, 2, 3])
    plan.recordsLatentStates = false
    #expect(
      try Self.run(plan, threads: 1, blockSize: BlockSize.standard).collector.all.allSatisfy {
        $0.latentStates.isEmpty
      })
    plan.recordsMembers = false
    plan.recordsLatentStates = true
    let records = try Self.run(plan, threads: 1, blockSize: BlockSize.standard).collector.all
    #expect(records.count == 3)
    #expect(records.allSatisfy { $0.series.isEmpty && $0.latentStates.count == 3 * 6 * 2 })
    plan.recordsLatentStates = false
    #expect(try Self.run(plan, threads: 1, blockSize: BlockSize.standard).collector.all.isEmpty)
  }
}

@Suite struct InterruptionTests {
  private struct Full: Error, Equatable { let unit: Int }

  private func ensemble(items: Int, threads: Int) -> Ensemble<NoisyMap, NoisyStart> {
    var plan = EnsemblePlan(
      levels: [0, 1], items: (0..<Int32(items)).map { $0 }, steps: 3, seed: 1,
      observables: [Measure.component(0)])
    plan.recordsMembers = true
    return Ensemble(map: NoisyMap(), start: NoisyStart(dimension: 2), plan: plan, threads: threads)
  }

  @Test(arguments: [1, 2, 7]) func progressRisesToOne(threads: Int) throws {
    let fractions = Mutex<[Double]>([])
    let results = try ensemble(items: 1000, threads: threads).run(
      observer: Observer { fraction in
        fractions.withLock { $0.append(fraction) }
        return true
      })
    #expect(results.count == 2)
    let seen = fractions.withLock { $0 }
    #expect(seen == seen.sorted())
    #expect(seen.allSatisfy { $0 >= 0 && $0 <= 1 })
    #expect(seen.last == 1)
  }

  @Test(arguments: [1, 2, 7]) func refusedProgressCancels(threads: Int) {
    let calls = Atomic<Int>(0)
    #expect(throws: CancellationError.self) {
      _ = try ensemble(items: 2000, threads: threads).run(
        observer: Observer { _ in
          calls.wrappingAdd(1, ordering: .relaxed)
          return false
        })
    }
    #expect(calls.load(ordering: .relaxed) == 1, "nobody is asked again after a refusal")
  }

  @Test(arguments: [1, 2, 7]) func theSinksErrorIsRethrown(threads: Int) {
    let received = Atomic<Int>(0)
    #expect(throws: Full(unit: 3)) {
      _ = try ensemble(items: 2000, threads: threads).run(
        observer: Observer(records: { records in
          let number = received.wrappingAdd(1, ordering: .relaxed).newValue
          if number == 3 { throw Full(unit: number) }
        }))
    }
    #expect(received.load(ordering: .relaxed) == 3, "nothing is written after a failure")
  }

  /// A gate between two threads: the second unit waits inside a step until the first is refused.
  private final class Gate: Sendable {
    let isRefused = Atomic<Bool>(false)
    let isWaiting = Atomic<Bool>(false)
  }

  private struct WaitingMap: DiscreteMap {
    let gate: Gate
    let dimension = 2
    func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
      guard time == 0 else { return }
      if block.members.pointer[0].item == 0 {
        while !gate.isWaiting.load(ordering: .acquiring) {}
      } else {
        gate.isWaiting.store(true, ordering: .releasing)
        while !gate.isRefused.load(ordering: .acquiring) {}
      }
    }
  }

  /// Counts the units that were begun beside the first.
  private final class Ahead: Sendable {
    let begun = Atomic<Int>(0)
    /// How many there were some time after the last that could begin; 0 before.
    let most = Atomic<Int>(0)
  }

  /// The first unit's step takes until the other worker has begun `awaited` units, and somewhat longer.
  private struct SlowFirstUnit: DiscreteMap {
    let ahead: Ahead
    let awaited: Int
    let dimension = 2
    func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
      guard time == 0 else { return }
      if block.members.pointer[0].item == 0 {
        while ahead.begun.load(ordering: .acquiring) < awaited { usleep(100) }
        usleep(50_000)
        ahead.most.store(ahead.begun.load(ordering: .acquiring), ordering: .releasing)
      } else {
        ahead.begun.wrappingAdd(1, ordering: .acquiringAndReleasing)
      }
    }
  }

  /// Two workers may be ahead of the merging by 16 units: that many are begun before the first is merged, and the
  /// seventeenth wakes when it is, or when the run is cancelled.
  @Test(arguments: [false, true]) func whoIsAheadSleepsUntilItsTurn(isCancelled: Bool) throws {
    let ahead = Ahead()
    let items = 28 * 40
    var plan = EnsemblePlan(
      levels: [0], items: (0..<Int32(items)).map { $0 }, steps: 1, seed: 1,
      observables: [Measure.component(0)])
    plan.recordsMembers = true
    let ensemble = Ensemble(
      map: SlowFirstUnit(ahead: ahead, awaited: 16), start: NoisyStart(dimension: 2), plan: plan, threads: 2)
    let observer = Observer(stop: { isCancelled && ahead.most.load(ordering: .acquiring) > 0 })
    if isCancelled {
      #expect(throws: CancellationError.self) { try ensemble.run(observer: observer) }
    } else {
      #expect(try ensemble.run(observer: observer)[0].overall[0].count == [items, items])
    }
    #expect(ahead.most.load(ordering: .acquiring) == 16)
  }

  /// Two workers, two units: when the first unit's progress is refused the second is half done.
  @Test func aHalfDoneUnitNeverReachesTheSink() {
    let gate = Gate()
    var plan = EnsemblePlan(
      levels: [0], items: (0..<56).map { $0 }, steps: 2000, seed: 1, observables: [Measure.component(0)])
    plan.recordsMembers = true
    let collector = RecordCollector()
    #expect(throws: CancellationError.self) {
      _ = try Ensemble(map: WaitingMap(gate: gate), start: NoisyStart(dimension: 2), plan: plan, threads: 2)
        .run(
          observer: Observer(
            progress: { _ in
              gate.isRefused.store(true, ordering: .releasing)
              return false
            }, records: { try collector.receive($0) }))
    }
    for records in collector.all {
      #expect(records.members.count == 28)
      #expect(records.series[0].count == records.members.count * plan.times)
    }
    #expect(collector.all.count <= 1)
  }
}
