import Dynamics
import Numerics
import Synchronization

/// x -> r x (1 - x).
struct LogisticMap: DiscreteMap {
  var r = 4.0
  let dimension = 1
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    for m in 0..<block.count {
      let x = block.states.pointer[m]
      block.states.pointer[m] = r * x * (1 - x)
    }
  }
}

/// (x, y) -> (1 - a x^2 + y, b x).
struct HenonMap: DiscreteMap {
  let dimension = 2
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    for m in 0..<block.count {
      let state = block.states.pointer + 2 * m
      (state[0], state[1]) = (1 - 1.4 * state[0] * state[0] + state[1], 0.3 * state[0])
    }
  }
}

/// z -> A z, with scratch memory for the image.
struct LinearMap: DiscreteMap {
  let dimension: Int
  /// `[N, N]`, row-major.
  let matrix: [Double]

  init(_ rows: [[Double]]) {
    dimension = rows.count
    matrix = rows.flatMap { $0 }
  }
  init(diagonal: [Double]) {
    self.init(diagonal.indices.map { i in diagonal.indices.map { $0 == i ? diagonal[i] : 0 } })
  }

  func makeWorkspace(capacity: Int) -> [Double] { Array(repeating: 0, count: dimension) }
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout [Double]) {
    for m in 0..<block.count {
      let state = block.states.pointer + m * dimension
      for i in 0..<dimension {
        workspace[i] = (0..<dimension).reduce(0) { $0 + matrix[i * dimension + $1] * state[$1] }
      }
      for i in 0..<dimension { state[i] = workspace[i] }
    }
  }
}

/// z -> a z + s Normal(0, 1): an autoregressive process.
struct NoisyMap: DiscreteMap {
  var factor = 0.9
  var noiseScale = 0.5
  let dimension = 2
  var isAutonomous: Bool { false }
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    for m in 0..<block.count {
      var random = noise.stream(.user, block.members.pointer[m], time: time)
      for i in 2 * m..<2 * m + 2 {
        block.states.pointer[i] = factor * block.states.pointer[i] + noiseScale * random.normal()
      }
    }
  }
}

/// z -> z^2: from 10 it passes the largest finite number at t = 9.
struct SquareMap: DiscreteMap {
  let dimension = 1
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    for m in 0..<block.count { block.states.pointer[m] *= block.states.pointer[m] }
  }
}

/// z -> 1 / z: from 0 it is infinite at odd times only.
struct ReciprocalMap: DiscreteMap {
  let dimension = 1
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    for m in 0..<block.count { block.states.pointer[m] = 1 / block.states.pointer[m] }
  }
}

/// z -> z + v, where v depends on the time.
struct ScheduledMap: DiscreteMap {
  let velocity: @Sendable (Int) -> Double
  let dimension = 1
  var isAutonomous: Bool { false }
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    for m in 0..<block.count { block.states.pointer[m] += velocity(time) }
  }
}

/// A map with a data space: z(0) = x(0), z(t + 1) = z(t) / 2, x(t) = z(t).
struct PixelMap: DiscreteMap {
  let dimension: Int
  var dataDimension: Int { dimension }
  var availableFields: StateFields { [.dataState, .nextDataState] }
  func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Void) {
    block.states.pointer.update(from: block.input.pointer, count: block.count * dimension)
  }
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    for i in 0..<block.count * dimension { block.states.pointer[i] /= 2 }
  }
  func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void
  ) {
    store.fill(.dataState)?.update(from: block.states.pointer, count: block.count * dimension)
    if let next = store.fill(.nextDataState) {
      for i in 0..<block.count * dimension { next[i] = block.states.pointer[i] / 2 }
    }
  }
}

/// An observable given by a function of (state, address, time).
struct Measure: Observable {
  var name = "measure"
  var longName: String { name }
  var requiredFields: StateFields = []
  let value: @Sendable (UnsafePointer<Double>, Member, Int) -> Double

  init(
    _ name: String = "measure",
    _ value: @escaping @Sendable (_ state: UnsafePointer<Double>, _ member: Member, _ time: Int) -> Double
  ) {
    self.name = name
    self.value = value
  }

  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    for m in 0..<snapshot.count {
      values[m] = value(snapshot.states + m * snapshot.dimension, snapshot.members[m], snapshot.time)
    }
  }

  /// The component i of z(t).
  static func component(_ i: Int) -> Measure { Measure("component-\(i)") { state, _, _ in state[i] } }
}

/// The sum of a field's numbers, missing where the field is.
struct FieldSum: Observable {
  let field: StateFields
  let width: Int
  var name: String { "field-sum" }
  var longName: String { name }
  var requiredFields: StateFields { field }
  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let numbers = snapshot.values(field)
    for m in 0..<snapshot.count {
      values[m] = numbers.map { x in (0..<width).reduce(0) { $0 + x[m * width + $1] } } ?? .nan
    }
  }
}

/// Starts that depend on the address alone, with noise of the corruption's purpose.
struct NoisyStart: InitialCondition {
  let dimension: Int
  var offset = 0.0
  var space: StateSpace { .latent }
  func prepare(
    _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource
  ) {
    var random = noise.stream(.corruption, member, time: 0)
    for i in state.indices {
      state[i] = offset + 0.1 * Double(member.item % 7) + member.level * random.normal()
    }
  }
}

/// Latent starts given by rows.
func given(_ rows: [[Double]]) -> GivenStart {
  GivenStart(
    RowTable(rows: rows.count, columns: rows[0].count, elements: rows.flatMap { $0 }), space: .latent)
}

/// Follows a run with closures.
struct Observer: EnsembleObserver {
  var progress: @Sendable (Double) -> Bool = { _ in true }
  var stop: @Sendable () -> Bool = { false }
  var records: @Sendable (borrowing MemberRecords) throws -> Void = { _ in }
  var segment: @Sendable (borrowing SegmentSums) throws -> Void = { _ in }
  var checkpoint: @Sendable (borrowing EnsembleState, _ isLast: Bool) throws -> Void = { _, _ in }

  func shouldStop() -> Bool { stop() }
  func progressed(to fraction: Double) -> Bool { progress(fraction) }
  func receive(_ records: borrowing MemberRecords) throws { try self.records(records) }
  func receive(_ segment: borrowing SegmentSums) throws { try self.segment(segment) }
  func checkpoint(_ state: borrowing EnsembleState, isLast: Bool) throws { try checkpoint(state, isLast) }
}

/// Keeps the records that it receives.
final class RecordCollector: EnsembleObserver {
  private let stored = Mutex<[MemberRecords]>([])

  var all: [MemberRecords] { stored.withLock { $0 } }

  func receive(_ records: borrowing MemberRecords) throws {
    let copied = copy records
    stored.withLock { $0.append(copied) }
  }

  var members: [Member] { all.flatMap(\.members) }
  var outcomes: [Outcome] { all.flatMap(\.outcomes) }
  var convergenceTimes: [Int32] { times(.convergenceTime) }
  var closestTimes: [Int32] { times(.timeOfClosestConcept) }
  var closestDistances: [Double] { scalars(.closestConceptDistance) }

  /// One scalar of all members; NaN where there is none.
  func scalars(_ scalar: MemberScalar) -> [Double] { all.flatMap { $0.scalars[scalar] } }
  /// One time of all members; -1 where there is none.
  func times(_ scalar: MemberScalar) -> [Int32] { scalars(scalar).map { $0.isNaN ? -1 : Int32($0) } }

  /// One observable's `[members][times]`.
  func series(_ observable: Int, times: Int) -> [[Double]] {
    all.flatMap { records in
      records.series[observable].indices.filter { $0 % times == 0 }
        .map { Array(records.series[observable][$0..<$0 + times]) }
    }
  }

  /// Each member's trajectory, `times * N` numbers, as bits.
  func trajectories(times: Int, dimension: Int) -> [Member: [UInt64]] {
    var result: [Member: [UInt64]] = [:]
    for records in all {
      let width = times * dimension
      for (k, member) in records.members.enumerated() {
        result[member] = records.latentStates[k * width..<(k + 1) * width].map(\.bitPattern)
      }
    }
    return result
  }

  /// Every number of every record, in order, as bits.
  var fingerprint: [UInt64] {
    all.flatMap { records -> [UInt64] in
      var bits: [UInt64] = [UInt64(records.firstMember)]
      for member in records.members {
        bits += [member.level.bitPattern, UInt64(member.item), UInt64(member.realization)]
      }
      bits += records.positions.map { UInt64($0) }
      bits += records.series.flatMap { $0 }.map(\.bitPattern)
      bits += records.latentStates.map(\.bitPattern)
      bits += records.labels.map { UInt64(bitPattern: Int64($0)) }
      bits += records.scalars.entries.flatMap { $0 }.map(\.bitPattern)
      bits += records.outcomes.map { UInt64($0.rawValue) }
      return bits
    }
  }
}

extension SeriesStatistics {
  var fingerprint: [UInt64] {
    (count + itemCount).map { UInt64($0) } + (mean + standardDeviation + standardError).map(\.bitPattern)
  }
}

extension LevelStatistics {
  /// Every number, as bits.
  var fingerprint: [UInt64] {
    var bits: [UInt64] = [level.bitPattern, UInt64(memberCount), UInt64(divergedCount)]
    bits += overall.flatMap(\.fingerprint)
    bits += grouped.flatMap { $0 }.flatMap { $0 }.flatMap(\.fingerprint)
    bits += SeriesPart.allCases.dropFirst().flatMap { series(of: $0) }.flatMap(\.fingerprint)
    for approach in approaches.elements {
      bits += (approach.meanDistance + [approach.value, approach.lower, approach.upper]).map(\.bitPattern)
      bits += [approach.time.map { UInt64($0) } ?? .max, approach.isCensored ? 1 : 0]
      bits += [UInt64(approach.memberCount), UInt64(approach.itemCount)]
      bits += approach.changes.flatMap { [$0.value.bitPattern, $0.standardError.bitPattern] }
    }
    for scalar in scalars.entries {
      bits += [UInt64(scalar.count), scalar.mean.bitPattern, scalar.standardError.bitPattern]
      bits.append(UInt64(scalar.itemCount))
    }
    bits += labelCounts.map { UInt64($0) }
    return bits
  }
}

/// Equal within `ulps` units in the last place of the larger, or both not a number.
func agree(_ a: Double, _ b: Double, ulps: Double) -> Bool {
  if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
  return abs(a - b) <= ulps * max(abs(a), abs(b)).ulp
}
