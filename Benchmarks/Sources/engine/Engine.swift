import Attractors
import CPeak
import Datasets
import Dynamics
import Foundation
import Numerics
import Observables
import VAE

/// Runs one request after another in one process, so that other programs can be measured in between.
@main
struct Engine {
  private var dataset: Dataset?
  private var prepared: [String: Prepared] = [:]
  private var starts: [String: RowTable] = [:]

  /// A model with its geometry on the training set.
  private struct Prepared {
    let map: InferenceMap<DenseNetwork<Float>>
    let context: ObservableContext
  }

  static func main() {
    var engine = Engine()
    let encoder = JSONEncoder()
    while let line = readLine() {
      var reply = Reply()
      do {
        reply = try engine.answer(JSONDecoder().decode(Request.self, from: Data(line.utf8)))
      } catch {
        reply.failure = "\(error)"
      }
      do {
        FileHandle.standardOutput.write(try encoder.encode(reply) + Data("\n".utf8))
      } catch {
        FileHandle.standardOutput.write(Data("{\"failure\": \"a number that JSON cannot hold\"}\n".utf8))
      }
    }
  }

  private mutating func answer(_ request: Request) throws -> Reply {
    switch request.command {
    case "peak": return Self.peak(threads: request.threads ?? Parallel.processorCount)
    case "initialize": return try Self.initialize(request)
    case "epoch": return try epoch(request)
    case "ensemble": return try ensemble(request)
    case "attractors": return try attractors(request)
    default: return Reply(failure: "no command \(request.command)")
    }
  }

  // MARK: - The machine's limit

  /// Fused multiply-adds in registers, with the instruction set of the dense kernel, on all threads.
  private static func peak(threads: Int) -> Reply {
    let instructionSet = KernelInstructionSet.current
    let sinks = AlignedBuffer<Float>(count: 64 * threads)
    let operations = AlignedBuffer<Double>(count: 64 * threads)
    let seconds = measure {
      Parallel.forEach(pieces: threads, threads: threads) { _, piece in
        operations.pointer[64 * piece] = cpeak_run(
          instructionSet.rawValue, 40_000_000, sinks.pointer + 64 * piece)
      }
    }
    let sum = (0..<threads).reduce(0) { $0 + operations.pointer[64 * $1] }
    return Reply(seconds: seconds, gigaflops: sum / seconds * 1e-9, instructionSet: "\(instructionSet)")
  }

  // MARK: - Training

  /// Writes the untrained model, for the peers.
  private static func initialize(_ request: Request) throws -> Reply {
    let model = Autoencoder(initializing: architecture(request), seed: request.seed ?? 1)
    try Safetensors.encode(model).write(to: URL(fileURLWithPath: request.output ?? "model.safetensors"))
    return Reply()
  }

  private static func architecture(_ request: Request) -> Architecture {
    Architecture(
      dataDimension: 784, latentDimension: request.latent ?? 20, hidden: request.hidden ?? [500, 500],
      activation: .tanh, likelihood: .bernoulli)
  }

  /// The time of the second epoch, shuffling and reading out the model included; the loss of the first. Buffers and
  /// initial parameters are made before, as in the peers.
  private mutating func epoch(_ request: Request) throws -> Reply {
    let train = try loadedDataset().train
    let plan = Training(epochs: 3, batch: request.batch ?? 100, learningRate: 0.001)
    let clock = ContinuousClock()
    var begin: ContinuousClock.Instant?
    var reply = Reply()
    do {
      _ = try plan.run(
        Self.architecture(request), train: SplitRows(split: train), trainCount: train.count,
        test: SplitRows(split: train), testCount: 0, seed: request.seed ?? 1,
        threads: request.threads ?? Parallel.processorCount
      ) { epoch in
        if let begin {
          reply.seconds = seconds(clock.now - begin)
          return false
        }
        reply.loss = epoch.negativeELBOTrain
        begin = clock.now
        return true
      }
    } catch is CancellationError {
      // As asked for.
    }
    return reply
  }

  private mutating func loadedDataset() throws -> Dataset {
    if let dataset { return dataset }
    let loaded = try Dataset.fashionMNIST()
    dataset = loaded
    return loaded
  }

  private static func processorTime() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

  // MARK: - The ensemble

  private mutating func ensemble(_ request: Request) throws -> Reply {
    guard let path = request.model, let start = request.start, let members = request.members,
      let steps = request.steps, let names = request.observables
    else { return Reply(failure: "an ensemble needs model, start, members, steps and observables") }
    let threads = request.threads ?? Parallel.processorCount
    let prepared = try self.prepared(path)
    let states = try self.states(start, members: members)
    let observables = names.compactMap { ObservableRegistry.observable(named: $0, in: prepared.context) }
    guard observables.count == names.count else { return Reply(failure: "an observable is not known") }
    var plan = EnsemblePlan(
      levels: [0], items: (0..<Int32(members)).map { $0 }, steps: steps, seed: 1, observables: observables)
    plan.bootstrapReplicates = 0
    let ensemble = Ensemble(
      map: prepared.map, start: GivenStart(states, space: .data), plan: plan, threads: threads,
      blockSize: request.block ?? BlockSize.standard)
    var results: [LevelStatistics] = []
    var reply = Reply()
    let processorTime = Self.processorTime()
    reply.seconds = try measure { results = try ensemble.run() }
    reply.processorSeconds = Self.processorTime() - processorTime
    var hash = ContentHash()
    reply.mean = [:]
    reply.standardDeviation = [:]
    for (name, series) in zip(names, results[0].overall) {
      reply.mean?[name] = series.mean
      reply.standardDeviation?[name] = series.standardDeviation
      hash.update(series.mean.map { $0.bitPattern.littleEndian })
      hash.update(series.standardDeviation.map { $0.bitPattern.littleEndian })
    }
    reply.digest = hash.hexadecimal()
    return reply
  }

  // MARK: - Attractors

  /// Decides which attractor each test picture reaches; without `measures` every member is iterated to the tolerance,
  /// in blocks that run until their last member has settled.
  private mutating func attractors(_ request: Request) throws -> Reply {
    guard let path = request.model, let members = request.members else {
      return Reply(failure: "attractors need model and members")
    }
    let test = try loadedDataset().test
    let rows = RowTable(rows: members, columns: test.dimension)
    test.copy(items: 0..<members, into: rows.storage.buffer)
    let model = try Safetensors.read(path: path).model
    typealias Search = AttractorSearch<DifferentiableInferenceMap<DenseNetwork<Double>>, GivenStart>
    var settings = Search.Settings()
    settings.usesTrappingBalls = request.measures ?? true
    settings.refillsBlocks = request.measures ?? true
    var reply = Reply()
    var labels: [Int] = []
    var positions: [[Double]] = []
    reply.seconds = try measure {
      let search = Search(
        map: DifferentiableInferenceMap(model), start: GivenStart(rows, space: .data), seed: 1,
        threads: request.threads ?? Parallel.processorCount, settings: settings)
      labels = try search.decide(
        (0..<Int32(members)).map { Member(level: 0, item: $0, realization: 0) }
      ).map { Int($0.set) }
      positions = search.sets.map { $0.points[0] }
      reply.iterations = search.iterations
    }
    reply.positions = labels.map { $0 < 0 ? [] : positions[$0] }
    return reply
  }

  private mutating func prepared(_ path: String) throws -> Prepared {
    if let known = prepared[path] { return known }
    let train = try loadedDataset().train
    let map = InferenceMap<DenseNetwork<Float>>(try Safetensors.read(path: path).model)
    let memories = map.memories(
      of: SplitRows(split: train), count: train.count, threads: Parallel.processorCount)
    let geometry = LatentGeometry(
      memories: memories, classes: train.classes, classCount: 10, superclassOfClass: [])
    let made = Prepared(
      map: map,
      context: ObservableContext(
        geometry: geometry, own: OwnItems(memories: memories, classes: train.classes), source: nil))
    prepared[path] = made
    return made
  }

  private mutating func states(_ path: String, members: Int) throws -> RowTable {
    if let known = starts[path], known.rows >= members { return known }
    let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    let table = RowTable(rows: data.count / (4 * 784), columns: 784)
    data.withUnsafeBytes { bytes in
      let source = bytes.bindMemory(to: Float.self)
      for i in 0..<table.rows * table.columns { table.storage.pointer[i] = Double(source[i]) }
    }
    precondition(table.rows >= members)
    starts[path] = table
    return table
  }
}

/// The rows of a split as the engine reads them.
struct SplitRows: ItemSource {
  let split: ItemSplit
  func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>) { split.copy(item: item, into: row) }
  func copy(item: Int, into row: UnsafeMutableBufferPointer<Float>) { split.copy(item: item, into: row) }
}

private func measure(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let begin = clock.now
  try body()
  return seconds(clock.now - begin)
}

private func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + 1e-18 * Double(duration.components.attoseconds)
}
