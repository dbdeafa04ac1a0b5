import Dynamics
import Numerics
import Synchronization
import TestSupport
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

/// Runs an ensemble and keeps all latent states.
func record(
  _ map: some DiscreteMap, from start: some InitialCondition, items: Int, realizations: Int = 1,
  levels: [Double] = [0], steps: Int, seed: UInt64 = 1, probes: [any Observable] = [], threads: Int = 1,
  blockSize: Int = BlockSize.standard
) throws -> Trajectories {
  try measure(
    probes, map, from: start, items: items, realizations: realizations, levels: levels, steps: steps,
    seed: seed,
    threads: threads, blockSize: blockSize
  ).states
}

/// Bit patterns, which tell -0 from 0 and compare NaN.
func bits(_ trajectories: Trajectories) -> [UInt64] {
  trajectories.flatMap { $0.flatMap { $0.map(\.bitPattern) } }
}

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
