import Dynamics
import Numerics
import Synchronization

/// What an ensemble gave to each member, members in the plan's order.
public struct RecordedEnsemble: Sendable {
  /// The observables' values: `[observable][member][time]`.
  public var series: [[[Double]]]
  /// The latent states: `[member][time][N]`.
  public var states: [[[Double]]]
}

/// A map that leaves every state where it is.
public struct Resting: DiscreteMap {
  public let dimension: Int

  /// - Parameter dimension: N.
  public init(dimension: Int) { self.dimension = dimension }

  public func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {}
}

/// Hands records to a closure.
private struct RecordReceiver: EnsembleObserver {
  let body: @Sendable (borrowing MemberRecords) -> Void
  func receive(_ records: borrowing MemberRecords) { body(records) }
}

/// Runs an ensemble and keeps all members' values and latent states.
public func measure(
  _ observables: [any Observable], _ map: some DiscreteMap, from start: some InitialCondition, items: Int,
  realizations: Int = 1, levels: [Double] = [0], steps: Int = 0, seed: UInt64 = 1, threads: Int = 1,
  blockSize: Int = BlockSize.standard
) throws -> RecordedEnsemble {
  var plan = EnsemblePlan(
    levels: levels, items: (0..<Int32(items)).map { $0 }, realizations: realizations, steps: steps,
    seed: seed, observables: observables)
  plan.recordsLatentStates = true
  plan.recordsMembers = true
  let n = map.dimension
  let times = steps + 1
  let collected = Mutex(RecordedEnsemble(series: observables.map { _ in [] }, states: []))
  let ensemble = Ensemble(map: map, start: start, plan: plan, threads: threads, blockSize: blockSize)
  _ = try ensemble.run(
    observer: RecordReceiver { records in
      let series = records.series
      let states = records.latentStates
      collected.withLock { all in
        for o in series.indices {
          for m in 0..<series[o].count / times {
            all.series[o].append(Array(series[o][m * times..<(m + 1) * times]))
          }
        }
        for m in 0..<states.count / (n * times) {
          all.states.append(
            (0..<times).map { Array(states[(m * times + $0) * n..<(m * times + $0 + 1) * n]) })
        }
      }
    })
  return collected.withLock { $0 }
}

/// The values of observables at given latent states: `[observable][state]`.
public func measure(_ observables: [any Observable], at states: [[Double]]) throws -> [[Double]] {
  try measure(
    observables, Resting(dimension: states[0].count), from: GivenStart(RowTable(states), space: .latent),
    items: states.count
  ).series.map { $0.map { $0[0] } }
}
