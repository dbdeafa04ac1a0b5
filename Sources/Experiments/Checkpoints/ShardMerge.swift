import Dynamics
import Foundation
import Kinds
import Numerics
import Output
import Preparation
import Scenarios

/// What a shard's file says about itself.
struct ShardHeader: Codable, Sendable {
  var shard: Shard
  var identity: RunIdentity
  /// The resolved scenario as YAML, and where it came from.
  var scenario: String
  var path: String

  /// Reads the header of a shard's file, and the file to the end where asked.
  ///
  /// - Parameter checked: Whether the whole file is read and its checksum verified.
  static func read(_ path: String, checked: Bool) throws -> ShardHeader {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw CheckpointError(
        .missing, path: path, problem: "there is no such shard",
        remedy: "compute it with 'simulate run --shard', or correct the path")
    }
    guard !isFolder.boolValue else {
      let holdsRuns = FileManager.default.fileExists(atPath: path + "/campaign.json")
      throw CheckpointError(
        .mismatch, path: path,
        problem: holdsRuns
          ? "a folder of finished runs of a sweep, replicas or controls, no shard" : "a folder, no shard",
        remedy: holdsRuns
          ? "complete them: 'simulate run' as before with --resume, without --shard" : "name the shards in it"
      )
    }
    struct Found: Error {}
    var header: ShardHeader?
    do {
      try FrameFile(reading: path).forEachFrame(checked: true) { kind, frame in
        if header == nil {
          var frame = frame
          guard kind == .header else { throw ByteDecodingError("it does not begin with a header") }
          header = try JSONDecoder().decode(ShardHeader.self, from: Data(try frame.decode([UInt8].self)))
          if !checked { throw Found() }
        }
      }
    } catch is Found {
    } catch {
      throw CheckpointError(
        .mismatch, path: path, problem: "it is not a whole shard: \(error)", remedy: "compute it again")
    }
    guard let header else {
      throw CheckpointError(
        .mismatch, path: path, problem: "it is not a shard, because it is empty", remedy: "compute it again")
    }
    return header
  }
}

/// Makes the run file from all shards of a run.
public struct ShardMerge {
  /// The run that the shards are parts of.
  public let experiment: Experiment
  /// In order.
  private let paths: [String]
  private let identity: RunIdentity

  /// Reads the shards' headers and the data set, and checks that they belong together.
  ///
  /// - Parameters:
  ///   - paths: The shards' files, in any order.
  ///   - options: As for a run.
  ///   - events: As for a run.
  /// - Throws: `CheckpointError`, naming the shard that is missing, there twice, damaged, or of another run.
  public init(_ paths: [String], options: RunOptions, events: RunEvents) throws {
    var found: [(path: String, header: ShardHeader)] = []
    for path in paths {
      if events.shouldStop() { throw CancellationError() }
      found.append((path, try ShardHeader.read(path, checked: true)))
    }
    let first = found[0]
    let count = first.header.shard.count
    var ordered = [String?](repeating: nil, count: count)
    for (path, header) in found {
      var differences = header.identity.differences(from: first.header.identity)
      if header.shard.count != count {
        differences.append("it is one of \(header.shard.count) shards, \(first.path) one of \(count)")
      }
      guard differences.isEmpty else {
        throw CheckpointError(
          .mismatch, path: path,
          problem: "it belongs to another run than \(first.path): \(differences.joined(separator: ", "))",
          remedy: "leave it out")
      }
      if let other = ordered[header.shard.number - 1] {
        let isSame = (try? AtomicFile.checkDistinct(path, from: [other])) == nil
        throw CheckpointError(
          .mismatch, path: path,
          problem: isSame
            ? "the same file is given twice" : "it is shard \(header.shard), as is \(other)",
          remedy: "leave one of them out")
      }
      ordered[header.shard.number - 1] = path
    }
    let missing = ordered.indices.filter { ordered[$0] == nil }.map { "\($0 + 1)/\(count)" }
    guard missing.isEmpty else {
      let more = missing.count > 5 ? " and \(missing.count - 5) more" : ""
      throw CheckpointError(
        .mismatch, path: first.path,
        problem: "shard \(missing.prefix(5).joined(separator: ", "))\(more) is missing",
        remedy: "compute it with --shard \(missing[0]), and name its file too")
    }
    self.paths = ordered.compactMap { $0 }
    let scenario = try ScenarioLoader.parse(
      text: first.header.scenario, path: first.header.path, vocabulary: options.registry.vocabulary)
    experiment = try Experiment(scenario, options: options, events: events)
    var now = experiment.identity()
    identity = first.header.identity
    now.model = identity.model
    let differences = identity.differences(from: now)
    guard differences.isEmpty else {
      throw CheckpointError(
        .mismatch, path: first.path,
        problem: "it was computed under other circumstances: \(differences.joined(separator: ", "))",
        remedy: "restore them, or compute the shards again")
    }
  }

  /// Writes the run file.
  ///
  /// - Parameters:
  ///   - path: Nil for the scenario's `output.file`.
  ///   - overwrite: Whether an existing file may be replaced.
  /// - Throws: as `Experiment.run`.
  public func run(to path: String? = nil, overwrite: Bool = false) throws -> RunReport {
    let path = path ?? experiment.scenario.output.file
    try AtomicFile.checkDistinct(path, from: experiment.scenario.inputPaths + paths)
    try AtomicFile.checkWritable(path, overwrite: overwrite)
    let files = try paths.map { try FrameFile(reading: $0) }
    var model: (any PreparedModel)?
    struct Found: Error {}
    do {
      try files[0].forEachFrame(checked: false) { kind, frame in
        var frame = frame
        guard kind == .model else { return }
        model = try experiment.kind.restore(from: &frame, experiment.modelPreparation)
        throw Found()
      }
    } catch is Found {}
    guard let model, model.sha256 == identity.model else {
      throw CheckpointError(
        .mismatch, path: paths[0], problem: "it holds no model, or another", remedy: "compute it again")
    }
    return try merge(files, model, experiment.map(of: model), to: path, overwrite: overwrite)
  }

  private func merge<Map: EncodingMap>(
    _ files: [FrameFile], _ model: any PreparedModel, _ map: Map, to path: String, overwrite: Bool
  ) throws -> RunReport {
    let experiment = try experiment.clustered(by: map)
    let prepared = try experiment.prepareEnsemble(map, of: model)
    let partition = UnitPartition(prepared.plan)
    var state = EnsembleState(merging: prepared.plan)
    var search = SearchKeeping()
    for (index, file) in files.enumerated() {
      do {
        try file.forEachFrame(checked: true) { kind, frame in
          if experiment.events.shouldStop() { throw CancellationError() }
          var frame = frame
          switch kind {
          case .segment: try state.add(try SegmentSums(from: &frame, plan: prepared.plan))
          case .search: search.former.lots.merge(try SearchState(from: &frame).lots) { first, _ in first }
          default: break
          }
        }
      } catch let error as ByteDecodingError {
        throw CheckpointError(
          .mismatch, path: paths[index], problem: "it is damaged: \(error)", remedy: "compute it again")
      }
      _ = experiment.events.progress(.running(Double(index + 1) / Double(files.count)))
    }
    guard state.unitsDone == partition.unitCount else {
      throw CheckpointError(
        .mismatch, path: paths[paths.count - 1],
        problem: "the shards hold \(state.unitsDone) of \(partition.unitCount) units",
        remedy: "compute them again")
    }
    let attractors = try experiment.scenario.attractors.map {
      try experiment.attractorStudy(experiment.differentiable(model), $0, search)
    }
    try experiment.write(
      prepared, results: state.results, attractors: attractors, model: model, to: path, overwrite: overwrite,
      records: files)
    return experiment.report(
      prepared, results: state.results, model: model, path: path, memberSteps: 0, seconds: 0,
      attractors: attractors)
  }
}

extension Experiment {
  /// Whether the output is there already, is complete, and belongs to this run.
  ///
  /// - Throws: `CheckpointError` where it is of another run and may not be replaced.
  package func isComplete(
    _ path: String, _ identity: RunIdentity, shard: Shard?, overwrite: Bool
  ) throws -> Bool {
    guard FileManager.default.fileExists(atPath: path) else { return false }
    var differences: [String]
    if let shard {
      guard let header = try? ShardHeader.read(path, checked: true) else { return false }
      differences = header.identity.differences(from: identity)
      if header.shard != shard { differences.append("it was shard \(header.shard), now \(shard)") }
    } else {
      guard let reader = try? NetCDFReader(path: path),
        let found = identity.differences(from: reader, options.registry.vocabulary)
      else { return false }
      differences = found
      let hashes = modelFileHashes
      if !hashes.isEmpty, let others = Self.modelFileHashes(of: reader),
        !Set(hashes).isSubset(of: others)
      {
        differences.append("the model is another")
      }
    }
    if !differences.isEmpty, !overwrite {
      throw CheckpointError.differs(path, "it is complete, but of another run", differences)
    }
    return differences.isEmpty
  }

  /// The hashes of the models' files in a run file; in files of former versions, the hashes of the models.
  private static func modelFileHashes(of file: NetCDFReader) -> Set<String>? {
    let texts = ["model_files_sha256", "model_sha256"].lazy.compactMap { try? file.attribute($0).text }
    return texts.first.map { Set($0.split(separator: " ").map(String.init)) }
  }
}
