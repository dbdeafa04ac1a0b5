import Expressions
import Preparation
import Vocabulary
import Experiments
import Foundation
import Kinds
import Logging
import Numerics
import Output
import Scenarios

/// The results of a campaign for people. The file holds all of them as well.
public struct CampaignReport: Sendable {
  /// A run that failed.
  public struct Failure: Sendable {
    /// Which, such as `model.latent = 20, replica 2`.
    public var label: String
    /// Why.
    public var error: any Error
  }

  /// The run file.
  public var path: String
  /// Runs that this process computed; others were there already.
  public var runCount: Int
  /// Runs in all.
  public var totalCount: Int
  /// Runs that failed; the others are in the file.
  public var failures: [Failure]
  /// The claims with their verdicts.
  public var claims: [ClaimResult]
  /// How claims differ from those with which the first run began, in words; usually empty.
  public var claimChanges: [String]
  /// Wall-clock seconds of all runs.
  public var seconds: Double
}

/// Several runs that make one file: a sweep, replicas, controls; and the claims that they test.
///
/// Each run is written to a file of its own in `RUN.nc.points/`. When all are there, they are put together.
/// Finished runs are kept if the campaign is interrupted. Runs go side by side, each on a share of the
/// threads; their numbers do not depend on that.
public struct Campaign: Sendable {
  let plan: CampaignPlan
  let options: RunOptions
  let events: RunEvents
  /// The scenario, with data of its first point.
  private let first: Experiment

  /// The scenario.
  public var scenario: Scenario { plan.scenario }

  /// Checks every point of the sweep against its data, as far as this is possible without training.
  ///
  /// - Throws: `ScenarioError`, `DatasetError`.
  public init(_ scenario: Scenario, options: RunOptions = RunOptions(), events: RunEvents = RunEvents())
    throws
  {
    let vocabulary = options.registry.vocabulary
    try scenario.checkClaims(vocabulary)
    plan = try CampaignPlan(scenario, vocabulary)
    self.options = options
    self.events = events
    let datasets = DatasetCache(options.registry, capacity: 1)
    var first: Experiment?
    for point in plan.points where point.replica == 0 {
      if events.shouldStop() { throw CancellationError() }
      let experiment = try Experiment(
        point.scenario, options: options, events: events, dataset: datasets.dataset(of: point.scenario))
      if point.control == nil { try experiment.checkClaims(scenario.claims) }
      // A missing file makes only that run fail, later.
      do { _ = try experiment.checkedSize() } catch let error as ScenarioError { throw error } catch {}
      first = first ?? experiment
    }
    guard let first else { preconditionFailure("a campaign has a point") }
    self.first = first
    try checkControls()
    if !plan.scenario.claims.isEmpty, plan.replicas < ClaimSpecification.leastModels {
      let least = ClaimSpecification.leastModels
      events.logger.warning(
        "model.replicas is \(plan.replicas): claims stay undecided with fewer than \(least) models")
    }
  }

  /// Throws if a control is the scenario itself at every point, such as `untrained` if nothing is trained.
  private func checkControls() throws {
    // Controls write less than the scenario's own runs.
    func keys(_ point: CampaignPlan.Point) -> [String: String] {
      RunIdentity.keys(point.scenario, options.registry.vocabulary.keys).filter {
        $0.key != "controls" && !$0.key.hasPrefix("attractors") && !$0.key.hasPrefix("output.")
      }
    }
    let own = plan.points.filter { $0.control == nil && $0.replica == 0 }
    for control in plan.controls {
      let others = plan.points.filter { $0.control == control && $0.replica == 0 }
      guard zip(own, others).allSatisfy({ keys($0) == keys($1) }) else { continue }
      throw scenario.error(
        key: "controls", value: control.rawValue,
        expected: "controls that differ from the scenario (in 'controls', or in a claim's list), which has "
          + (control.overrides ?? []).joined(separator: ", ") + " itself",
        remedy: "leave \(control.rawValue) out")
    }
  }

  /// The size of all runs.
  ///
  /// - Throws: as `run`.
  public func checkedSize() throws -> (runs: Int, members: Int, steps: Int) {
    let size = try first.checkedSize()
    return (plan.points.count, size.members, size.steps)
  }

  /// Runs everything that is not there yet, and writes the file.
  ///
  /// - Parameters:
  ///   - path: The run file; nil for the scenario's `output.file`.
  ///   - overwrite: Whether an existing file may be replaced, once the new one is complete.
  ///   - resume: Whether to go on from what an interrupted campaign left.
  ///   - formerIsReadable: Whether a file that is at `path` may be opened, to see if it is this campaign.
  /// - Returns: Nil where the file was complete already.
  /// - Throws: As `Experiment.run`; the first failure where every run of the scenario itself failed.
  public func run(
    to path: String? = nil, overwrite: Bool = false, resume: Bool = false, formerIsReadable: Bool = true
  ) throws -> CampaignReport? {
    let path = path ?? scenario.output.file
    try AtomicFile.checkDistinct(path, from: scenario.inputPaths)
    let folder = path + ".points"
    // A file in which runs are missing is completed.
    let partial = resume && formerIsReadable ? PartialFile(path) : nil
    if resume, formerIsReadable, partial == nil, try isComplete(path, overwrite: overwrite) {
      try? FileManager.default.removeItem(atPath: folder)
      return nil
    }
    let earlierChanges = try partial.map { try changedClaims(since: $0, overwrite: overwrite) } ?? []
    let overwrite = overwrite || partial != nil
    try AtomicFile.checkWritable(path, overwrite: overwrite, ending: ".points")
    try prepare(folder, resume: resume, overwrite: overwrite)
    let claimChanges = Self.joined(earlierChanges, try checkIdentity(of: folder))
    if !claimChanges.isEmpty {
      let changes = claimChanges.joined(separator: "; ")
      events.logger.warning("claims were changed after runs had begun, which the file will say: \(changes)")
    }
    let clock = ContinuousClock()
    let begin = clock.now
    let outcomes = try runPoints(Array(plan.points.indices), in: folder)
    var files: [String?] = []
    var failures: [CampaignReport.Failure] = []
    for (point, outcome) in zip(plan.points, outcomes) {
      switch outcome {
      case .done: files.append(folder + "/" + point.fileName)
      case .failed(let error):
        files.append(nil)
        failures.append(CampaignReport.Failure(label: point.label, error: error))
      }
    }
    guard zip(plan.points, files).contains(where: { $0.control == nil && $1 != nil }) else {
      if files.allSatisfy({ $0 == nil }) { try? FileManager.default.removeItem(atPath: folder) }
      throw failures[0].error
    }
    let claims = try write(
      files, outcomes: outcomes, claimChanges: claimChanges, to: path,
      overwrite: overwrite)
    // Failed runs may be tried again, and the others stay as they are.
    if failures.isEmpty { try? FileManager.default.removeItem(atPath: folder) }
    return CampaignReport(
      path: path,
      runCount: outcomes.count { if case .done(let isNew) = $0 { isNew } else { false } },
      totalCount: plan.points.count, failures: failures, claims: claims,
      claimChanges: claimChanges,
      seconds: (clock.now - begin).inSeconds)
  }

  /// Computes every N-th run, as one of several jobs on a cluster. `run` with `resume` puts all together.
  ///
  /// - Returns: How many runs there are in this part.
  /// - Throws: As `run`; the first failure.
  public func run(_ shard: Shard, to path: String? = nil) throws -> Int {
    let path = path ?? scenario.output.file
    try AtomicFile.checkDistinct(path, from: scenario.inputPaths)
    try AtomicFile.checkName(path, ending: ".points")
    let folder = path + ".points"
    // Other shards may have made it.
    try prepare(folder, resume: true, overwrite: false)
    try checkIdentity(of: folder)
    let mine = plan.points.indices.filter { $0 % shard.count == shard.number - 1 }
    for outcome in try runPoints(mine, in: folder, isShard: true) {
      if case .failed(let error) = outcome { throw error }
    }
    return mine.count
  }

  /// A campaign's file that says that runs are missing in it.
  private struct PartialFile {
    var reader: NetCDFReader
    /// What it says of claims that were changed after runs had begun.
    var claimChanges: [String]

    /// Nil where there is no such file.
    init?(_ path: String) {
      guard let reader = try? NetCDFReader(path: path),
        let failed = (try? reader.attribute("failed_runs_in_all"))?.integer, failed > 0
      else { return nil }
      self.reader = reader
      claimChanges = ((try? reader.attribute(Campaign.claimChangesAttribute))?.text).map { [$0] } ?? []
    }
  }

  static let claimChangesAttribute = "claims_changed_after_start"

  /// Changes of claims, each once; a text from before may hold several.
  private static func joined(_ earlier: [String], _ later: [String]) -> [String] {
    let said = "; " + earlier.joined(separator: "; ") + "; "
    return earlier + later.filter { !said.contains("; " + $0 + "; ") }
  }

  private static func isOfClaim(_ difference: String) -> Bool { difference.hasPrefix("claims.") }

  /// How the claims differ from those of a file that is to be completed, in words, after the changes that the file
  /// itself records.
  ///
  /// - Throws: `CheckpointError` where the file is of another campaign, and may not be replaced.
  private func changedClaims(since file: PartialFile, overwrite: Bool) throws -> [String] {
    // A file without a scenario was not written by this program.
    let differences =
      identity.differences(from: file.reader, options.registry.vocabulary) ?? ["it has no scenario"]
    let others = differences.filter { !Self.isOfClaim($0) }
    if others.isEmpty { return Self.joined(file.claimChanges, differences) }
    guard overwrite else {
      throw CheckpointError.differs(
        file.reader.path, "runs are missing in it, but it is of another campaign", others)
    }
    return []
  }

  /// How a run ended.
  package enum Outcome: Sendable {
    case done(isNew: Bool)
    case failed(any Error)
  }

  /// Makes the folder of the runs' files, or finds it.
  private func prepare(_ folder: String, resume: Bool, overwrite: Bool) throws {
    let manager = FileManager.default
    if manager.fileExists(atPath: folder), !resume {
      guard overwrite else {
        throw CheckpointError(
          .exists, path: folder, problem: "an unfinished run is there",
          remedy: "continue it with --resume, or start afresh with --overwrite")
      }
      try? manager.removeItem(atPath: folder)
    }
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
      throw FileError(path: folder, doing: "make the folder", errorNumber: errno)
    }
  }

  /// Throws if the folder belongs to another campaign. The first process leaves a note that says which
  /// campaign it is.
  ///
  /// Claims may be changed between runs, because they are tested at the end. But claims that were fixed
  /// before the runs must not be confused with claims that were changed later.
  ///
  /// - Returns: How the claims differ from those of the first process, in words.
  @discardableResult
  private func checkIdentity(of folder: String) throws -> [String] {
    var identity = identity
    identity.scenario["controls"] = nil
    let path = folder + "/campaign.json"
    if let data = try? Data(contentsOf: URL(fileURLWithPath: path)),
      let former = try? JSONDecoder().decode(RunIdentity.self, from: data)
    {
      let differences = former.differences(from: identity)
      let others = differences.filter { !Self.isOfClaim($0) }
      guard others.isEmpty else {
        throw CheckpointError.differs(folder, "it belongs to another run", others)
      }
      return differences
    }
    try AtomicFile.write([UInt8](try JSONEncoder().encode(identity)), to: path, overwrite: true)
    return []
  }

  private func runPoints(_ numbers: [Int], in folder: String, isShard: Bool = false) throws -> [Outcome] {
    let points = numbers.map { plan.points[$0] }
    guard !points.isEmpty else { return [] }
    let workers = min(options.threads, points.count)
    var inner = options
    inner.threads = max(1, options.threads / workers)
    let board = PointBoard(points.count)
    let datasets = DatasetCache(options.registry, capacity: workers + 1)
    let turns = TrainingTurns()
    let innerOptions = inner
    Parallel.forEach(pieces: points.count, threads: workers) { _, k in
      guard board.fatal == nil else { return }
      let point = points[k]
      do {
        let isNew = try run(
          point, in: folder, options: innerOptions, datasets: datasets, turns: turns, board: board, number: k)
        board.finish(k, .done(isNew: isNew))
        if isNew { events.logger.debug("\(point.label): done") }
      } catch {
        if Self.isFatal(error) {
          board.stop(error)
        } else {
          board.finish(k, .failed(error))
          let label = point.label.isEmpty ? "" : "\(point.label): "
          events.logger.warning("\(label)failed: \(error)")
        }
      }
      _ = events.progress(.runs(board.fraction, done: board.doneCount, of: points.count))
    }
    if let fatal = board.fatal {
      if fatal is CancellationError || fatal is RunInterrupted {
        let left = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        // Other shards may be about to write there.
        if !isShard, left.allSatisfy({ $0 == "campaign.json" }) {
          try? FileManager.default.removeItem(atPath: folder)
          throw CancellationError()
        }
        throw RunInterrupted(checkpoint: folder)
      }
      throw fatal
    }
    return board.outcomes
  }

  /// Whether an error ends the campaign, because it would happen in every run.
  private static func isFatal(_ error: any Error) -> Bool {
    switch error {
    case is CancellationError, is RunInterrupted, is FileError, is CheckpointError: return true
    case let error as NetCDFError: return [.cannotCreate, .inputOutput].contains(error.kind)
    default: return false
    }
  }

  /// - Returns: Whether anything was computed.
  private func run(
    _ point: CampaignPlan.Point, in folder: String, options: RunOptions, datasets: DatasetCache,
    turns: TrainingTurns, board: PointBoard, number: Int
  ) throws -> Bool {
    if events.shouldStop() { throw CancellationError() }
    let events = events
    let total = board.count
    var inner = RunEvents(shouldStop: { events.shouldStop() || board.fatal != nil })
    let key = point.scenario.modelKey
    let turn = Turn()
    inner.logger = events.warnings(of: point.label)
    inner.warningsGiven = events.warningsGiven
    inner.progress = { progress in
      if case .training = progress {} else if turn.give() { turns.end(key) }
      // These weights hold if models are trained; with models that are ready, progress is ahead of time.
      switch progress {
      case .training(let training):
        board.advance(number, to: 0.8 * Double(training.epoch) / Double(max(training.epochs, 1)))
      case .running(let fraction): board.advance(number, to: 0.8 + 0.15 * fraction)
      case .searching(let search): board.advance(number, to: 0.95 + 0.05 * search.fraction)
      case .runs: break
      }
      return events.progress(.runs(board.fraction, done: board.doneCount, of: total))
    }
    let experiment = try Experiment(
      point.scenario, options: options, events: inner, dataset: datasets.dataset(of: point.scenario))
    turns.begin(key) { events.shouldStop() || board.fatal != nil }
    defer { if turn.give() { turns.end(key) } }
    let outcome = try experiment.run(to: folder + "/" + point.fileName, overwrite: false, resume: true)
    if case .completeBefore = outcome { return false }
    return true
  }

  /// Whether the file is there already, complete, and of this campaign.
  private func isComplete(_ path: String, overwrite: Bool) throws -> Bool {
    try first.isComplete(path, identity, shard: nil, overwrite: overwrite)
  }

  /// The first run's identity with the campaign's scenario.
  private var identity: RunIdentity {
    var identity = first.identity()
    identity.scenario = RunIdentity.keys(
      scenario, options.registry.vocabulary.keys, withClaims: true)
    return identity
  }
}

extension RunEvents {
  /// The log of one of several runs: warnings only, with the run that they are about as metadata.
  fileprivate func warnings(of run: String) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .warning)
    if !run.isEmpty { logger[metadataKey: RunEvents.runKey] = "\(run)" }
    return logger
  }
}
