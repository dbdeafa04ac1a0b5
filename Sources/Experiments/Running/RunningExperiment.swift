import Attractors
import Preparation
import Vocabulary
import Dynamics
import Kinds
import Numerics
import Observables
import Output
import RunFiles
import Scenarios

/// The results of a run for people. The file holds all of them as well.
public struct RunReport: Sendable {
  /// The run file.
  public var path: String
  /// The model.
  public var model: any PreparedModel
  /// N.
  public var latentDimension: Int
  /// Names of the observables, in the order of `LevelStatistics.overall`.
  public var observables: [String]
  /// Latent variables that vary over the training items (`LatentGeometry.activeLatentVariables`); nil for
  /// models without a posterior.
  public var activeLatentVariables: Int?
  /// The clusters whose centres are the concepts; nil where the concepts are classes' means.
  package var clusters: ConceptClusters?
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
  /// The attractors; nil if the scenario does not ask for them.
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
    let loaded = try checkpoints.takeOver(resume: resume, overwrite: overwrite, logger: events.logger)
    if let loaded { try check(loaded.header, identity, shard, path: checkpoints.path) }
    // Anything that can be found wrong before the training is found here.
    _ = try checkedSize()
    warnOfData()
    var job = RunJob(
      path: path, overwrite: overwrite, shard: shard, identity: identity, checkpoints: checkpoints,
      loaded: loaded)
    let model = try prepareModel(for: &job)
    return try run(model, map(of: model), job)
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

  /// The map that the scenario iterates.
  func map(of model: any PreparedModel) -> any EncodingMap {
    model.map(mode: scenario.dynamics.mode, precision: scenario.dynamics.precision)
  }

  /// Whether checkpoints hold the model, because it took long to make.
  var checkpointsHoldModel: Bool { options.registry.vocabulary.holdsTrainedModel(scenario) }

  /// Whether a model cannot be restored because of the checkpoint's contents. Other failures would meet a new
  /// model as well.
  private static func isDamage(_ error: any Error) -> Bool {
    !(error is CancellationError || error is ScenarioError || error is FileError)
  }

  /// The model: that of the checkpoint, or as `prepareModel`.
  private func prepareModel(for job: inout RunJob) throws -> any PreparedModel {
    var restored: (any PreparedModel)?
    if var body = job.loaded?.ensembleBody, checkpointsHoldModel {
      do {
        restored = try kind.restore(from: &body, modelPreparation)
        job.loaded?.body = body
      } catch let error where Self.isDamage(error) {
        events.logger.warning("\(job.checkpoints.path) is damaged (\(error)); starting afresh")
        job.loaded = nil
      }
    }
    let model =
      try restored
      ?? prepareModel(
        saving: ModelCheckpoints(
          checkpoints: job.checkpoints, identity: job.identity, shard: job.shard, loaded: job.loaded))
    job.identity.model = model.sha256
    if let loaded = job.loaded, loaded.header.stage == .ensemble {
      let differences = loaded.header.identity.differences(from: job.identity)
      if !differences.isEmpty {
        throw CheckpointError.differs(job.checkpoints.path, "it belongs to another run", differences)
      }
    }
    return model
  }

  private func run(
    _ model: any PreparedModel, _ map: some EncodingMap, _ job: RunJob
  ) throws -> RunOutcome {
    try clustered(by: map).runPrepared(model, map, job)
  }

  private func runPrepared<Map: EncodingMap>(
    _ model: any PreparedModel, _ map: Map, _ job: RunJob
  ) throws -> RunOutcome {
    let prepared = try prepareEnsemble(map, of: model)
    for text in warnings(of: prepared) { events.logger.warning("\(text)") }
    let plan = prepared.plan
    let partition = UnitPartition(plan)
    let segments = try segments(of: job.shard, partition)
    let work = try EnsembleWork(self, job, model: model, plan: plan, segments: segments)
    let clock = ContinuousClock()
    let begin = clock.now
    let results = try runEnsemble(prepared, work, job, segments: segments)
    let seconds = (clock.now - begin).inSeconds
    var attractors: AttractorStudy?
    do {
      work.saveBeforeSearch()
      if let shard = job.shard, let segments {
        try work.publishShard(try searchShare(of: shard, model, work))
        return .shard(
          ShardReport(
            path: job.path, shard: shard, memberCount: partition.memberCount(ofSegments: segments),
            ensembleMemberCount: plan.memberCount))
      }
      attractors = try searchAttractors(of: model, work)
      try write(
        prepared, results: results, attractors: attractors, model: model, to: job.path,
        overwrite: job.overwrite,
        records: work.data.map { [$0] } ?? [])
    } catch {
      try work.keepResults(after: error)
    }
    work.finish()
    let share = 1 - work.fractionBefore
    return .complete(
      report(
        prepared, results: results, model: model, path: job.path,
        memberSteps: Int(share * Double(plan.memberCount * plan.steps)), seconds: seconds,
        attractors: attractors))
  }

  /// The segments of a shard; nil for the whole run.
  private func segments(of shard: Shard?, _ partition: UnitPartition) throws -> Range<Int>? {
    try shard.map { shard in
      guard shard.count <= partition.segmentCount else {
        throw scenario.error(
          key: "initial", value: "--shard \(shard)",
          expected: "at most \(partition.segmentCount) shards, because this run has no more pieces",
          remedy: "ask for fewer shards")
      }
      return partition.segments(ofShard: shard.number, of: shard.count)
    }
  }

  private func runEnsemble<Map: EncodingMap>(
    _ prepared: PreparedEnsemble<Map>, _ work: EnsembleWork, _ job: RunJob, segments: Range<Int>?
  ) throws -> [LevelStatistics] {
    func run(_ map: some DiscreteMap) throws -> [LevelStatistics] {
      try Ensemble(
        map: map, start: prepared.start, plan: prepared.plan, threads: options.threads,
        blockSize: options.blockSize
      ).run(
        segments: segments, resuming: work.takeState(),
        checkpointInterval: .seconds(options.checkpointInterval), observer: work)
    }
    do {
      return try foresight(in: prepared.map, prepared).map { try run($0) } ?? run(prepared.map)
    } catch {
      work.abandon()
      throw error is CancellationError ? RunInterrupted(checkpoint: job.checkpoints.path) : error
    }
  }

  /// Searches for attractors where they are asked for.
  private func searchAttractors(of model: any PreparedModel, _ work: EnsembleWork) throws -> AttractorStudy? {
    guard let specification = scenario.attractors else { return nil }
    let model = differentiable(model)
    return try continuing(work) { try attractorStudy(model, specification, $0) }
  }

  /// What a shard's starts show, where attractors are asked for.
  private func searchShare(
    of shard: Shard, _ model: any PreparedModel, _ work: EnsembleWork
  ) throws -> SearchState {
    guard let specification = scenario.attractors else { return SearchState() }
    let model = differentiable(model)
    return try continuing(work) { try attractorShare(of: shard, model, specification, $0) }
  }

  /// Continues a search, or starts it afresh where its state is damaged.
  private func continuing<Result>(
    _ work: EnsembleWork, _ search: (SearchKeeping) throws -> Result
  ) throws -> Result {
    do {
      return try search(work.searchKeeping)
    } catch let error as ByteDecodingError {
      events.logger.warning("the search in the checkpoint is damaged (\(error)); starting it afresh")
      work.forgetSearch()
      return try search(work.searchKeeping)
    }
  }

  /// Writes the run file.
  ///
  /// - Parameter records: The files that hold the members' records, in the order of the plan.
  func write<Map: EncodingMap>(
    _ prepared: PreparedEnsemble<Map>, results: [LevelStatistics], attractors: AttractorStudy?,
    model: any PreparedModel, to path: String, overwrite: Bool, records: [FrameFile]
  ) throws {
    let late = warnings(of: results) + (attractors.map { warnings(of: $0) } ?? [])
    for text in late { events.logger.warning("\(text)") }
    var description = runDescription
    description.warnings = dataWarnings + warnings(of: prepared) + late
    var facts = model.facts
    if options.registry.vocabulary.hasPosterior(scenario) {
      facts.facts.append(.activeLatentVariables(prepared.geometry.activeLatentVariables))
    }
    if let file = model.file { facts.attributes.append(("model_file", .text(file))) }
    let hashes = modelFileHashes
    if !hashes.isEmpty {
      facts.attributes.append(("model_files_sha256", .text(hashes.joined(separator: " "))))
    }
    var found = RunResults(
      plan: prepared.plan, visibleObservables: prepared.visibleObservables, levels: results,
      geometry: prepared.geometry, own: prepared.own, principalAxes: prepared.principalAxes,
      attractors: attractors, films: try recordFilms(of: prepared))
    found.conceptRadii = prepared.conceptRadii
    found.collective = try collectiveResults(of: prepared, results)
    found.groupings = prepared.own == nil ? [] : scenario.groupBy
    found.startsAtMemories = startsAtMemories
    found.clusters = clusters.map { ($0.clusters, $0.inertia, $0.silhouette) }
    if scenario.output.initialStates {
      found.initialStates = (
        initialStates(prepared.start, prepared.map), scenario.dynamics.precision == .single
      )
    }
    let file = try RunFile(
      path: path, overwrite: overwrite, description: description, dataset: dataset, results: found,
      model: facts)
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
    } catch {
      file.abandon()
      throw error
    }
  }

  /// Makes members' initial states.
  private func initialStates(_ start: PreparedStart, _ map: some EncodingMap) -> InitialStateSource {
    InitialStateSource(
      start, width: start.space == .latent ? map.dimension : dataset.dimension, seed: scenario.seed)
  }

  /// The model with its derivative, of a kind whose traits say that there is one: the loader refuses `attractors`
  /// with others.
  func differentiable(_ model: any PreparedModel) -> any DifferentiableModel {
    guard let result = model as? any DifferentiableModel else {
      preconditionFailure("the traits of \(scenario.model.kind) promise a Jacobian, which its models lack")
    }
    return result
  }

  /// What the run file says of the run as a whole.
  private var runDescription: RunDescription {
    RunDescription(
      title: scenario.description.isEmpty ? scenario.name : scenario.description,
      scenarioName: scenario.name, scenario: scenario.resolvedYAML, seed: scenario.seed,
      corruption: scenario.initial.corruption, command: options.command, source: options.source,
      commit: options.commit, statesCommand: "\(options.program) starts RUN.nc -o STATES.nc")
  }

  func report<Map: EncodingMap>(
    _ prepared: PreparedEnsemble<Map>, results: [LevelStatistics], model: any PreparedModel, path: String,
    memberSteps: Int, seconds: Double, attractors: AttractorStudy?
  ) -> RunReport {
    RunReport(
      path: path, model: model, latentDimension: prepared.map.dimension,
      observables: prepared.plan.observables.prefix(prepared.visibleObservables).map(\.name),
      activeLatentVariables: options.registry.vocabulary.hasPosterior(scenario)
        ? prepared.geometry.activeLatentVariables : nil,
      clusters: clusters,
      treeLevels: prepared.own == nil ? [] : dataset.hierarchy.treeLevelNames,
      classLabels: dataset.hierarchy.classLabels, levels: results,
      memberCount: prepared.plan.memberCount, memberSteps: memberSteps, seconds: seconds,
      attractors: attractors)
  }
}
