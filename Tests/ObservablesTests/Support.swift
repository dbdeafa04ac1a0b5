import Dynamics
import Foundation
import Numerics
import Observables
import Output
import Synchronization
import VAE

/// The checked-in numbers of PyTorch: a model, and what it computes in double precision.
struct ReferenceFile {
  static let tiny = ["tiny-tanh", "tiny-relu", "tiny-gelu", "tiny-softplus", "tiny-gaussian", "tiny-linear"]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures").path

  let model: Autoencoder
  let reader: NetCDFReader

  init(model: String, numbers: String) throws {
    self.model = try Safetensors.read(path: Self.folder + "/" + model).model
    reader = try NetCDFReader(path: Self.folder + "/" + numbers)
  }

  init(tiny name: String) throws { try self.init(model: name + ".safetensors", numbers: name + ".nc") }

  func numbers(_ name: String) throws -> [Double] { try reader.variable(name).readDoubles() }

  /// A variable cut along its first dimension.
  func rows(_ name: String) throws -> [[Double]] {
    let variable = try reader.variable(name)
    let values = try variable.readDoubles()
    let width = values.count / variable.shape[0]
    return (0..<variable.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}

/// A map that leaves every state where it is.
struct Resting: DiscreteMap {
  let dimension: Int
  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {}
}

/// What an ensemble gave: one observable's `[member][time]` after the other, and the states.
struct Measured {
  var series: [[[Double]]]
  var states: [[[Double]]]
}

/// Hands records to a closure.
private struct RecordReceiver: EnsembleObserver {
  let body: @Sendable (borrowing MemberRecords) -> Void
  func receive(_ records: borrowing MemberRecords) { body(records) }
}

/// Runs an ensemble and keeps all members' values.
func measure(
  _ observables: [any Observable], _ map: some DiscreteMap, from start: some InitialCondition, items: Int,
  realizations: Int = 1, levels: [Double] = [0], steps: Int = 0, seed: UInt64 = 1, threads: Int = 1,
  blockSize: Int = BlockSize.standard
) throws -> Measured {
  var plan = EnsemblePlan(
    levels: levels, items: (0..<Int32(items)).map { $0 }, realizations: realizations, steps: steps,
    seed: seed, observables: observables)
  plan.recordsLatentStates = true
  plan.recordsMembers = true
  let n = map.dimension
  let times = steps + 1
  let collected = Mutex(Measured(series: observables.map { _ in [] }, states: []))
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

/// The values of observables at given latent states.
func measure(_ observables: [any Observable], at states: [[Double]]) throws -> [[Double]] {
  try measure(
    observables, Resting(dimension: states[0].count), from: GivenStart(RowTable(states), space: .latent),
    items: states.count
  ).series.map { $0.map { $0[0] } }
}

extension RowTable {
  init(_ rows: [[Double]]) {
    self.init(rows: rows.count, columns: rows[0].count, elements: rows.flatMap { $0 })
  }
}

func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

func difference(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }

/// Rows of uniform numbers that single precision represents exactly.
func randomRows(_ count: Int, _ width: Int, seed: UInt64 = 5) -> [[Double]] {
  let field = RandomField(seed: seed, purpose: .user)
  return (0..<count).map { r in
    var random = field.stream(UInt32(r))
    return (0..<width).map { _ in Double(Float(random.uniform())) }
  }
}

/// Rows of standard normal numbers that single precision represents exactly.
func normalRows(_ count: Int, _ width: Int, seed: UInt64 = 6) -> [[Double]] {
  let field = RandomField(seed: seed, purpose: .user)
  return (0..<count).map { r in
    var random = field.stream(UInt32(r), 1)
    return (0..<width).map { _ in Double(Float(random.normal())) }
  }
}

/// The Euclidean distance, summed in order.
func plainDistance(_ a: [Double], _ b: [Double]) -> Double { norm(difference(a, b)) }

/// The mean of rows.
func plainMean(_ rows: [[Double]]) -> [Double] {
  rows[0].indices.map { j in rows.reduce(0) { $0 + $1[j] } / Double(rows.count) }
}

/// cos(a - o, b - o).
func plainCosine(_ a: [Double], _ b: [Double], origin: [Double]) -> Double {
  let u = difference(a, origin)
  let v = difference(b, origin)
  return zip(u, v).reduce(0) { $0 + $1.0 * $1.1 } / norm(u) / norm(v)
}

func values(_ table: RowTable, row: Int) -> [Double] {
  Array(UnsafeBufferPointer(start: table.row(row), count: table.columns))
}
