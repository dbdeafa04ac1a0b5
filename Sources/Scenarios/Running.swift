import Dynamics
import Foundation
import Numerics
import Observables
import Output
import RunFiles
import Synchronization
import VAE

/// What a run found, for people; everything is in the file as well.
public struct RunReport: Sendable {
  /// The run file.
  public var path: String
  /// The model.
  public var model: PreparedModel
  /// Names of the observables, in the order of `LevelStatistics.overall`.
  public var observables: [String]
  /// Latent variables that vary over the training items: see `LatentGeometry.activeLatentVariables`.
  public var activeLatentVariables: Int
  /// Names of the tree's levels; empty where members have no own item.
  public var treeLevels: [String]
  /// The class labels, as the data's files have them.
  public var classLabels: [Int]
  /// The averages, level by level.
  public var levels: [LevelStatistics]
  /// Members in all.
  public var memberCount: Int
  /// Latent steps of all members that were computed by this process.
  public var memberSteps: Int
  /// Wall-clock seconds of the ensemble alone, without data, training and writing.
  public var seconds: Double
  /// The attractors; nil where the scenario does not ask.
  public var attractors: AttractorStudy?
}

/// What a shard did.
public struct ShardReport: Sendable {
  /// The shard's file.
  public var path: String
  /// Which it is.
  public var shard: Shard
  /// Its members.
  public var memberCount: Int
  /// The members of all shards.
  public var ensembleMemberCount: Int
}

/// How a run ended.
public enum RunOutcome: Sendable {
  /// The run file was written.
  case complete(RunReport)
  /// A shard was written.
  case shard(ShardReport)
  /// The file was complete already.
  case completeBefore(path: String)
}

extension Experiment {
  /// Runs the scenario and writes the run file.
  ///
  /// - Parameters:
  ///   - path: The run file; nil for the scenario's `output.file`.
  ///   - overwrite: Whether an existing file may be replaced, once the new one is complete.
  ///   - resume: Whether to go on from the last checkpoint, if there is one.
  ///   - shard: Which part to compute; nil for everything.
  ///   - formerIsReadable: Whether a file that is at `path` may be opened, to see if it is this run, complete.
  /// - Throws: `NetCDFError`, `FileError`, `ScenarioError`, `ModelFileError`, `DatasetError`; `CheckpointError`
  ///   where an unfinished run does not belong to this scenario; `RunInterrupted` when stopped with a
  ///   checkpoint, `CancellationError` without one. On an error nothing is left at `path`, or what was there
  ///   before.
  public func run(
    to path: String? = nil, overwrite: Bool = false, resume: Bool = false, shard: Shard? = nil,
    formerIsReadable: Bool = true
  ) throws -> RunOutcome {
    let output = path ?? scenario.output.file
    let path = shard?.path(for: output) ?? output
    try AtomicFile.checkDistinct(path, from: scenario.inputPaths)
    let identity = identity()
    let checkpoints = Checkpoints(for: path, interval: options.checkpointInterval)
    if resume, formerIsReadable, try isComplete(path, identity, shard: shard, overwrite: overwrite) {
      checkpoints.remove()
      return .completeBefore(path: path)
    }
    try AtomicFile.checkWritable(path, overwrite: overwrite, ending: Checkpoints.longestEnding)
    let loaded = try checkpoints.open(resume: resume, overwrite: overwrite, logger: events.logger)
    if let loaded { try check(loaded.header, identity, shard, path: checkpoints.path) }
    // What can be found wrong before the training is.
    _ = try checkedSize()
    var job = RunJob(
      path: path, overwrite: overwrite, shard: shard, identity: identity, checkpoints: checkpoints,
      loaded: loaded)
    let model = try prepareModel(for: &job)
    return try run(model, map(of: model.model), job)
  }

  /// Refuses a checkpoint of other work.
  private func check(
    _ header: Checkpoints.Header, _ identity: RunIdentity, _ shard: Shard?, path: String
  ) throws {
    var differences = header.identity.differences(from: identity, training: header.stage == .training)
    if header.stage == .ensemble, header.shard != shard {
      func words(_ shard: Shard?) -> String { shard.map { "shard \($0)" } ?? "the whole run" }
      differences.append("it was \(words(header.shard)), now \(words(shard))")
    }
    if !differences.isEmpty {
      throw CheckpointError.differs(path, "it belongs to another run", differences)
    }
  }

  /// The model: that of the checkpoint, or as `prepareModel`.
  private func prepareModel(for job: inout RunJob) throws -> PreparedModel {
    var model: PreparedModel?
    if job.loaded?.header.stage == .ensemble, case .trained = scenario.model {
      do {
        model = try job.loaded.map { _ in try PreparedModel(from: &job.loaded!.body) }
      } catch {
        events.logger.warning("\(job.checkpoints.path) is damaged (\(error)); starting afresh")
        job.loaded = nil
      }
    }
    let prepared =
      try model
      ?? prepareModel(
        saving: TrainingSaver(
          checkpoints: job.checkpoints, identity: job.identity, shard: job.shard, loaded: job.loaded))
    job.identity.model = prepared.sha256
    if let loaded = job.loaded, loaded.header.stage == .ensemble {
      let differences = loaded.header.identity.differences(from: job.identity)
      if !differences.isEmpty {
        throw CheckpointError.differs(job.checkpoints.path, "it belongs to another run", differences)
      }
    }
    return prepared
  }

  private func run<Map: EncodingMap>(
    _ model: PreparedModel, _ map: Map, _ job: RunJob
  ) throws -> RunOutcome {
    let prepared = try prepareEnsemble(map, of: model.model)
    let plan = prepared.plan
    let partition = UnitPartition(plan)
    let segments = try job.shard.map { shard in
      guard shard.count <= partition.segmentCount else {
        throw scenario.error(
          key: "initial", value: "--shard \(shard)",
          expected: "at most \(partition.segmentCount) shards: this run is cut into no more pieces",
          remedy: "ask for fewer shards")
      }
      return partition.segments(ofShard: shard.number, of: shard.count)
    }
    let work = try EnsembleWork(self, job, model: model, plan: plan, segments: segments)
    let ensemble = Ensemble(
      map: prepared.map, start: prepared.start, plan: plan, threads: options.threads,
      blockSize: options.blockSize)
    let clock = ContinuousClock()
    let begin = clock.now
    let results: [LevelStatistics]
    do {
      results = try ensemble.run(
        segments: segments, resuming: work.takeState(),
        checkpointInterval: .seconds(options.checkpointInterval), observer: work)
    } catch {
      work.abandon()
      throw error is CancellationError ? RunInterrupted(checkpoint: job.checkpoints.path) : error
    }
    let duration = clock.now - begin
    var attractors: AttractorStudy?
    do {
      if let shard = job.shard, let segments {
        try work.publishShard()
        return .shard(
          ShardReport(
            path: job.path, shard: shard, memberCount: partition.memberCount(ofSegments: segments),
            ensembleMemberCount: plan.memberCount))
      }
      work.saveBeforeSearch()
      attractors = try write(
        prepared, results: results, model: model, to: job.path, overwrite: job.overwrite,
        records: work.data.map { [$0] } ?? [])
    } catch {
      try work.keepResults(after: error)
    }
    work.finish()
    let share = 1 - work.fractionBefore
    return .complete(
      report(
        prepared, results: results, model: model, path: job.path,
        memberSteps: Int(share * Double(plan.memberCount * plan.steps)), seconds: duration.inSeconds,
        attractors: attractors))
  }

  /// Searches for attractors where they are asked for, and writes the run file.
  ///
  /// - Parameter records: The files that hold the members' records, in the order of the plan.
  /// - Returns: The attractors.
  func write<Map: EncodingMap>(
    _ prepared: PreparedEnsemble<Map>, results: [LevelStatistics], model: PreparedModel, to path: String,
    overwrite: Bool, records: [FrameFile]
  ) throws -> AttractorStudy? {
    // The loader refuses `attractors` without a network.
    let attractors = try scenario.attractors.flatMap { specification in
      try model.model.map { try attractorStudy($0, specification) }
    }
    let films = try recordFilms(of: prepared)
    let file = try RunFile(
      path: path, overwrite: overwrite, description: runDescription, dataset: dataset,
      results: RunResults(
        plan: prepared.plan, visibleObservables: prepared.visibleObservables, levels: results,
        geometry: prepared.geometry, own: prepared.own, principalAxes: prepared.principalAxes,
        attractors: attractors, films: films),
      model: model.facts(
        hasValidation: dataset.validation.count > 0,
        activeLatentVariables: prepared.geometry.activeLatentVariables))
    do {
      for source in records {
        try source.forEachFrame(checked: false) { kind, frame in
          guard kind == .records else { return }
          if events.shouldStop() { throw CancellationError() }
          var frame = frame
          try file.append(try MemberRecords(from: &frame))
        }
      }
      try file.finish()
      return attractors
    } catch {
      file.abandon()
      throw error
    }
  }

  func report<Map: EncodingMap>(
    _ prepared: PreparedEnsemble<Map>, results: [LevelStatistics], model: PreparedModel, path: String,
    memberSteps: Int, seconds: Double, attractors: AttractorStudy?
  ) -> RunReport {
    RunReport(
      path: path, model: model,
      observables: prepared.plan.observables.prefix(prepared.visibleObservables).map(\.name),
      activeLatentVariables: prepared.geometry.activeLatentVariables,
      treeLevels: prepared.own == nil ? [] : dataset.hierarchy.treeLevelNames,
      classLabels: dataset.hierarchy.classLabels, levels: results,
      memberCount: prepared.plan.memberCount, memberSteps: memberSteps, seconds: seconds,
      attractors: attractors)
  }
}

/// What a run is to do, and what it found.
struct RunJob {
  let path: String
  let overwrite: Bool
  let shard: Shard?
  var identity: RunIdentity
  let checkpoints: Checkpoints
  var loaded: Checkpoints.Loaded?
}

/// The part of a run that is saved: the averages so far, and the file of members' records and segments.
///
/// Used by one thread at a time, but for `shouldStop`.
private final class EnsembleWork: EnsembleObserver, @unchecked Sendable {
  /// Where to go on; nil: at the beginning, or handed over.
  private var state: EnsembleState?
  /// How much of the whole ensemble an earlier process measured.
  private(set) var fractionBefore = 0.0
  /// Members' records and segments; nil where there are neither.
  private(set) var data: FrameFile?
  private let experiment: Experiment
  private let job: RunJob
  private let model: PreparedModel
  private var final: EnsembleState?
  /// What counts of a shard's file that has its end already.
  private var dataBeforeEnd: Checkpoints.DataPart?
  private let partition: UnitPartition
  private let lastUnit: Int

  init(
    _ experiment: Experiment, _ job: RunJob, model: PreparedModel, plan: EnsemblePlan, segments: Range<Int>?
  ) throws {
    self.experiment = experiment
    self.job = job
    self.model = model
    partition = UnitPartition(plan)
    lastUnit = partition.units(ofSegments: segments ?? 0..<partition.segmentCount).upperBound
    if let loaded = job.loaded, loaded.header.stage == .ensemble {
      do {
        var decoder = loaded.body
        let state = try EnsembleState(from: &decoder, plan: plan, segments: segments)
        data = try loaded.header.data.map { part in
          try FrameFile(continuing: job.checkpoints.folder + part.name, part)
        }
        self.state = state
        fractionBefore = Double(state.measured) / Double(plan.memberCount * plan.times)
        if state.unitsDone == lastUnit { final = state }
        let percent = Int(100 * fractionBefore)
        experiment.events.logger.info(
          segments == nil
            ? "continuing at \(percent) %: \(job.checkpoints.path)" : "continuing: \(job.checkpoints.path)")
        return
      } catch let error as FileError where error.kind == .cannotCreate {
        throw error
      } catch {
        experiment.events.logger.warning(
          "\(job.checkpoints.path) is damaged (\(error)); starting the ensemble afresh")
      }
    }
    guard plan.recordsMembers || plan.recordsLatentStates || segments != nil else { return }
    let data = try job.checkpoints.createData()
    self.data = data
    guard let shard = job.shard else { return }
    let header = ShardHeader(
      shard: shard, identity: job.identity, scenario: experiment.scenario.resolvedYAML,
      path: experiment.scenario.path)
    let json = try JSONEncoder().encode(header)
    try data.append(.header) { try $0.encode([UInt8](json)) }
    if shard.number == 1 { try data.append(.model) { try model.encode(to: &$0) } }
  }

  /// Hands over where to go on, so that the ensemble changes it without a copy.
  func takeState() -> EnsembleState? {
    defer { state = nil }
    return state
  }

  func shouldStop() -> Bool { experiment.events.shouldStop() }

  func progressed(to fraction: Double) -> Bool { experiment.events.progress(.running(fraction)) }

  func receive(_ records: borrowing MemberRecords) throws {
    // The closure cannot borrow the parameter.
    let records = copy records
    try data?.append(.records) { try records.encode(to: &$0) }
  }

  func receive(_ segment: borrowing SegmentSums) throws {
    let segment = copy segment
    try data?.append(.segment) { try segment.encode(to: &$0) }
  }

  /// Saves the state where it is time.
  func checkpoint(_ state: borrowing EnsembleState, isLast: Bool) throws {
    if isLast {
      try save(state)
    } else if state.unitsDone == lastUnit {
      final = copy state
    } else if job.checkpoints.isDue() {
      do {
        try save(state)
      } catch {
        experiment.events.logger.warning("no checkpoint could be written: \(error)")
      }
    }
  }

  private func save(_ state: borrowing EnsembleState) throws {
    let header = Checkpoints.Header(
      stage: .ensemble, identity: job.identity, shard: job.shard,
      data: try dataBeforeEnd ?? data?.synchronized())
    let state = copy state
    try job.checkpoints.save(header) { encoder in
      if case .trained = experiment.scenario.model { try model.encode(to: &encoder) }
      try state.encode(to: &encoder)
    }
  }

  /// Saves the finished averages where a search for attractors follows, which may take long.
  func saveBeforeSearch() {
    guard let final, experiment.scenario.attractors != nil else { return }
    do {
      try save(final)
    } catch {
      experiment.events.logger.warning("no checkpoint could be written: \(error)")
    }
  }

  /// Removes what no checkpoint refers to.
  func abandon() {
    if job.checkpoints.isSaved { data?.file.close() } else { data?.file.remove() }
  }

  /// Saves the finished averages, which could not be written, and throws.
  func keepResults(after error: any Error) throws -> Never {
    var isKept = false
    // Not for a run of seconds.
    if let final, error is CancellationError || job.checkpoints.isSaved || job.checkpoints.isDue() {
      isKept = (try? save(final)) != nil
    }
    abandon()
    guard isKept else { throw error }
    if error is CancellationError { throw RunInterrupted(checkpoint: job.checkpoints.path) }
    experiment.events.logger.warning(
      "the results are kept in \(job.checkpoints.path): once the file can be written, use --resume")
    throw error
  }

  /// Gives the shard its name.
  func publishShard() throws {
    guard let data else { preconditionFailure("a shard has a data file") }
    dataBeforeEnd = try data.synchronized()
    try data.appendEnd()
    try AtomicFile.publish(data.file, as: job.path, overwrite: job.overwrite)
    data.file.close()
    self.data = nil
    finish()
  }

  /// Removes the checkpoint: the output is complete.
  func finish() {
    data?.file.remove()
    job.checkpoints.remove()
  }
}

extension PreparedModel {
  /// Writes the model and its evidence.
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(try model.map { [UInt8](try Safetensors.encode($0)) } ?? [])
    try encoder.encode(sha256)
    try encoder.encode(path ?? "")
    for evidence in [train, test, validation] {
      for number in [evidence.negativeELBO, evidence.standardError, evidence.kullbackLeibler] {
        try encoder.encode(number)
      }
    }
  }

  /// Reads what `encode` wrote.
  init(from decoder: inout ByteDecoder) throws {
    let file = Data(try decoder.decode([UInt8].self))
    model = try file.isEmpty ? nil : Safetensors.decode(file, path: "the model of a checkpoint or shard")
    sha256 = try decoder.decodeText()
    let place = try decoder.decodeText()
    path = place.isEmpty ? nil : place
    wasTrained = false
    func evidence() throws -> Evidence {
      Evidence(
        negativeELBO: try decoder.decode(), standardError: try decoder.decode(),
        kullbackLeibler: try decoder.decode())
    }
    train = try evidence()
    test = try evidence()
    validation = try evidence()
  }
}
