import Dynamics
import Foundation
import Kinds
import Numerics
import Output
import Preparation
import Scenarios

/// The work of a run, and its results.
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
/// Only one thread uses it at a time, except for `shouldStop`.
final class EnsembleWork: EnsembleObserver, @unchecked Sendable {
  /// Where to continue; nil at the beginning, and after it was handed over.
  private var state: EnsembleState?
  /// How much of the whole ensemble an earlier process measured.
  private(set) var fractionBefore = 0.0
  /// Members' records and segments; nil where there are neither.
  private(set) var data: FrameFile?
  private let experiment: Experiment
  private let job: RunJob
  private let model: any PreparedModel
  private var final: EnsembleState?
  /// How far the search for attractors has come.
  private(set) var search = SearchState()
  /// The time that the last checkpoint of the search took.
  private var savingTime = Duration.zero
  /// The part before the end of a shard's file that has its end already.
  private var dataBeforeEnd: Checkpoints.DataPart?
  private let partition: UnitPartition
  private let lastUnit: Int

  init(
    _ experiment: Experiment, _ job: RunJob, model: any PreparedModel, plan: EnsemblePlan,
    segments: Range<Int>?
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
        let search = try SearchState(from: &decoder)
        data = try loaded.header.data.map { part in
          try FrameFile(continuing: job.checkpoints.folder + part.name, part)
        }
        self.state = state
        self.search = search
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

  /// Hands over the state to continue from, so that the ensemble changes it without a copy.
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

  /// Saves the state if it is time.
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
      if experiment.checkpointsHoldModel { try model.encode(to: &encoder) }
      try state.encode(to: &encoder)
      try search.encode(to: &encoder)
    }
  }

  /// Saves the finished averages if a search for attractors follows, because it may take long.
  func saveBeforeSearch() {
    guard let final, experiment.scenario.attractors != nil else { return }
    do {
      try save(final)
    } catch {
      experiment.events.logger.warning("no checkpoint could be written: \(error)")
    }
  }

  /// How the search for attractors is kept: in memory, and in a checkpoint where one is due.
  var searchKeeping: SearchKeeping {
    SearchKeeping(
      former: search, spacing: .seconds(min(1, experiment.options.checkpointInterval)),
      keep: { [self] in keep($0) })
  }

  private func keep(_ search: SearchState) {
    self.search = search
    // Saving takes a twentieth of the time at most.
    guard let final, job.checkpoints.isDue(), job.checkpoints.isDue(after: savingTime * 20) else { return }
    let begin = ContinuousClock.now
    do {
      try save(final)
    } catch {
      experiment.events.logger.warning("no checkpoint could be written: \(error)")
    }
    savingTime = .now - begin
  }

  /// Forgets the state of a search, because it is damaged.
  func forgetSearch() { search = SearchState() }

  /// Removes what no checkpoint refers to.
  func abandon() {
    if job.checkpoints.isSaved { data?.file.close() } else { data?.file.remove() }
  }

  /// Saves the finished averages, which could not be written, and throws.
  func keepResults(after error: any Error) throws -> Never {
    var isKept = false
    // A run of seconds is not worth a checkpoint.
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
  ///
  /// - Parameter found: What its lots of starts showed.
  func publishShard(_ found: SearchState) throws {
    guard let data else { preconditionFailure("a shard has a data file") }
    dataBeforeEnd = try data.synchronized()
    if !found.lots.isEmpty { try data.append(.search) { try found.encode(to: &$0) } }
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
