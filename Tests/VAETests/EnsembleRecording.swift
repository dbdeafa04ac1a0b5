import Dynamics
import Numerics
import Synchronization
import VAE

/// Keeps the rows of one field, by member and time.
struct FieldProbe: Observable {
  struct Key: Hashable {
    var member: Member
    var time: Int
  }

  final class Storage: Sendable {
    let rows = Mutex<[Key: [Double]]>([:])
  }

  let field: StateFields
  let width: Int
  let storage = Storage()

  var name: String { "field-\(field.rawValue)" }
  var longName: String { name }
  var requiredFields: StateFields { field }

  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    for m in 0..<snapshot.count { values[m] = 0 }
    guard let present = snapshot.values(field) else { return }
    for m in 0..<snapshot.count {
      let key = Key(member: snapshot.members[m], time: snapshot.time)
      let row = Array(UnsafeBufferPointer(start: present + m * width, count: width))
      storage.rows.withLock { $0[key] = row }
    }
  }

  /// The row of a member at a time; nil where the field was absent.
  func row(level: Double = 0, item: Int, realization: Int = 0, time: Int) -> [Double]? {
    let member = Member(level: level, item: Int32(item), realization: Int32(realization))
    return storage.rows.withLock { $0[Key(member: member, time: time)] }
  }
}

/// z(t) of every member: `[member][time][N]`, members in the plan's order.
typealias Trajectories = [[[Double]]]

/// Hands records to a closure.
private struct RecordReceiver: EnsembleObserver {
  let body: @Sendable (borrowing MemberRecords) -> Void
  func receive(_ records: borrowing MemberRecords) { body(records) }
}

/// Runs an ensemble and keeps all latent states.
func record(
  _ map: some DiscreteMap, from start: some InitialCondition, items: Int, realizations: Int = 1,
  levels: [Double] = [0], steps: Int, seed: UInt64 = 1, probes: [any Observable] = [], threads: Int = 1,
  blockSize: Int = BlockSize.standard
) throws -> Trajectories {
  var plan = EnsemblePlan(
    levels: levels, items: (0..<Int32(items)).map { $0 }, realizations: realizations, steps: steps,
    seed: seed, observables: probes)
  plan.recordsLatentStates = true
  let n = map.dimension
  let collected = Mutex<[Double]>([])
  let ensemble = Ensemble(map: map, start: start, plan: plan, threads: threads, blockSize: blockSize)
  _ = try ensemble.run(
    observer: RecordReceiver { records in
      collected.withLock { $0 += records.latentStates }
    })
  let all = collected.withLock { $0 }
  let times = steps + 1
  return (0..<all.count / (n * times)).map { m in
    (0..<times).map { t in Array(all[(m * times + t) * n..<(m * times + t + 1) * n]) }
  }
}

extension RowTable {
  init(_ rows: [[Double]]) {
    self.init(rows: rows.count, columns: rows[0].count, elements: rows.flatMap { $0 })
  }
}

/// Bit patterns, which tell -0 from 0 and compare NaN.
func bits(_ trajectories: Trajectories) -> [UInt64] {
  trajectories.flatMap { $0.flatMap { $0.map(\.bitPattern) } }
}

func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

func difference(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }

/// A network with random weights of the given standard deviation times 1/sqrt(inputs).
func randomModel(
  dimension: Int = 12, latent: Int = 3, hidden: [Int] = [7, 5], activation: Activation = .tanh,
  likelihood: Likelihood = .bernoulli, seed: UInt64 = 11, gain: Float = 2
) -> Autoencoder {
  let architecture = Architecture(
    dataDimension: dimension, latentDimension: latent, hidden: hidden, activation: activation,
    likelihood: likelihood)
  let drawn = Autoencoder(initializing: architecture, seed: seed)
  let layers = zip(architecture.layers, drawn.layers).map { shape, layer in
    var layer = layer
    if shape.name != "encoder.log_variance" { for i in layer.weight.indices { layer.weight[i] *= gain } }
    return layer
  }
  return Autoencoder(architecture: architecture, layers: layers)
}

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
