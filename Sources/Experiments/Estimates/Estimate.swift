import Preparation
import Vocabulary
import Dynamics
import Foundation
import Kinds
import Numerics
import RunFiles
import Scenarios

/// The time, memory and space that a run will take, within a factor of about two, on this machine with its
/// present load.
public struct RunEstimate: Sendable {
  /// Wall-clock seconds of training; 0 if the model is there already.
  public var trainingSeconds = 0.0
  /// Wall-clock seconds of the ensemble.
  public var ensembleSeconds = 0.0
  /// Wall-clock seconds before (memories, negative ELBO).
  public var preparationSeconds = 0.0
  /// Wall-clock seconds of writing.
  public var writingSeconds = 0.0
  /// The search for attractors; nil without one.
  public var search: Search?
  /// All together; without reading the data, and without a search that cannot be estimated.
  public var seconds: Double {
    trainingSeconds + ensembleSeconds + preparationSeconds + writingSeconds + (search?.seconds ?? 0)
  }
  /// The largest resident memory.
  public var memoryBytes = 0.0
  /// The run file.
  public var fileBytes = 0.0
  /// The checkpoint and its data.
  public var checkpointBytes = 0.0
  /// Worker threads.
  public var threads = 1
  /// Whether training may end before its last epoch (`patience`), so that its time is the most it takes.
  public var mayStopEarly = false
  /// Of `memoryBytes`, what the run takes beyond what the trial took.
  package var growthBytes = 0.0
  /// Of `memoryBytes`, what writing the file takes.
  package var writingMemory = 0.0

  /// What a search for attractors will take.
  public struct Search: Sendable {
    /// Wall-clock seconds, from a trial with some of the starts; nil if the model is not trained yet, because
    /// the length of orbits depends on it.
    public var seconds: Double?
    /// Wall-clock seconds if every start took all of `max-steps`.
    public var atMostSeconds = 0.0
    /// Starts of all levels; with `until` those of the first look.
    public var starts = 0
    /// Starts that were tried.
    public var triedStarts = 0

    /// Nothing yet.
    package init(seconds: Double? = nil) { self.seconds = seconds }
  }
}

extension Experiment {
  /// Estimates the run from a trial of its network and observables, which takes a second or two.
  ///
  /// Nothing is trained or written: a model that is not cached is tried with random weights. A search for
  /// attractors is tried with some of its starts, each for at most `trialSteps`; without a trained model it
  /// is left out of `seconds`.
  ///
  /// - Throws: as `checkedSize`.
  public func estimate() throws -> RunEstimate { try estimate(training: .whereNeeded) }

  /// - Parameter training: Whether `trainingSeconds` are measured.
  /// - Throws: as `checkedSize`.
  package func estimate(training: TrainingTrial) throws -> RunEstimate {
    _ = try checkedSize()
    var result = RunEstimate()
    result.threads = options.threads
    let rehearsal = try kind.rehearse(modelPreparation, training)
    result.trainingSeconds = rehearsal.trainingSeconds
    result.mayStopEarly = rehearsal.mayStopEarly
    let clock = ContinuousClock.now
    let map = map(of: rehearsal.model)
    result.preparationSeconds = (ContinuousClock.now - clock).inSeconds
    try estimateEnsemble(rehearsal, map, into: &result)
    if let attractors = scenario.attractors {
      result.search = try SearchTrial(
        self, differentiable(rehearsal.model), attractors, isTrained: rehearsal.isFinal
      ).estimate()
    }
    result.memoryBytes = Double(Self.peakResidentBytes()) + result.growthBytes + result.writingMemory
    return result
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body).inSeconds
  }

  private func estimateEnsemble<Map: EncodingMap>(
    _ rehearsal: ModelRehearsal, _ map: Map, into result: inout RunEstimate
  ) throws {
    var prepared: PreparedEnsemble<Map>?
    result.preparationSeconds += try seconds {
      prepared = try clustered(by: map).prepareEnsemble(map, of: rehearsal.model)
    }
    let items = dataset.train.count + dataset.test.count + dataset.validation.count
    result.preparationSeconds += Double(items) * rehearsal.secondsPerItem
    guard let prepared else { return }
    let plan = prepared.plan

    // A part of the members for a part of the time.
    var trial = plan
    trial.levels = [plan.levels[plan.levels.count / 2]]
    let wanted = BlockSize.standard * 2 * options.threads
    // Items may differ in their number of realizations; each has at least one.
    let realizations = plan.unevenRealizations == nil ? plan.realizations : 1
    trial.items = Array(plan.items.prefix(max(1, wanted / min(realizations, BlockSize.standard))))
    trial.setRealizations(
      Array(repeating: min(realizations, max(1, wanted / trial.items.count)), count: trial.items.count))
    trial.steps = 0
    trial.recordsMembers = false
    trial.recordsLatentStates = false
    func run() throws -> Double {
      let ensemble = Ensemble(
        map: prepared.map, start: prepared.start, plan: trial, threads: options.threads,
        blockSize: options.blockSize)
      return try seconds { _ = try ensemble.run(observer: Stopping(events: events)) }
    }
    _ = try run()  // the first touches memory
    let start = try run()
    var duration = start
    while duration < 0.4, trial.steps < plan.steps {
      trial.steps = min(plan.steps, max(4, 3 * trial.steps))
      duration = try run()
    }
    let perStep = trial.steps > 0 ? max(0, duration - start) / Double(trial.steps) : 0
    let blocks = Double(plan.memberCount) / Double(trial.memberCount)
    result.ensembleSeconds = blocks * (start + perStep * Double(plan.steps))
    try addSizes(to: &result)
  }

  private func addSizes(to result: inout RunEstimate) throws {
    let sizes = try sizes()
    result.fileBytes = sizes.contents.fileBytes
    result.checkpointBytes = sizes.checkpointBytes
    result.writingSeconds = sizes.writingSeconds
    result.growthBytes = sizes.growthBytes
    result.writingMemory = RunFileContents.writingMemory(
      variables: sizes.contents.variables + sizes.contents.groupVariables)
  }

  /// The largest resident memory of this process so far; 0 if the system does not tell.
  package static func peakResidentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
    else { return 0 }
    return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
  }
}
