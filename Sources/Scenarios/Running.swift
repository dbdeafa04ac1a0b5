import Dynamics
import Numerics
import Output

/// What a run found, for people; everything is in the file as well.
public struct RunReport: Sendable {
  /// The run file.
  public var path: String
  /// The model.
  public var model: PreparedModel
  /// Names of the observables, in the order of `LevelStatistics.overall`.
  public var observables: [String]
  /// Names of the tree's levels; empty where members have no own item.
  public var treeLevels: [String]
  /// The class labels, as the data's files have them.
  public var classLabels: [Int]
  /// The averages, level by level.
  public var levels: [LevelStatistics]
  /// Members in all.
  public var memberCount: Int
  /// Latent steps of all members.
  public var memberSteps: Int
  /// Wall-clock seconds of the ensemble alone, without data, training and writing.
  public var seconds: Double
  /// The attractors; nil where the scenario does not ask.
  public var attractors: AttractorStudy?
}

extension Experiment {
  /// Runs the scenario and writes the run file.
  ///
  /// - Parameters:
  ///   - path: The run file; nil for the scenario's `output.file`.
  ///   - overwrite: Whether an existing file may be replaced, once the new one is complete.
  /// - Throws: `NetCDFError`, `ScenarioError`, `ModelFileError`, `DatasetError`, `CancellationError`. On
  ///   an error nothing is left at `path`, or what was there before.
  public func run(to path: String? = nil, overwrite: Bool = false) throws -> RunReport {
    try AtomicFile.checkDistinct(path ?? scenario.output.file, from: scenario.inputPaths)
    let file = try RunFile(
      path: path ?? scenario.output.file, overwrite: overwrite, scenario: scenario, dataset: dataset)
    do {
      // What can be found wrong before the training is.
      _ = try checkedSize()
      let model = try prepareModel()
      switch scenario.dynamics.precision {
      case .single: return try run(model, Float.self, into: file, path: path ?? scenario.output.file)
      case .double: return try run(model, Double.self, into: file, path: path ?? scenario.output.file)
      }
    } catch {
      file.abandon()
      throw error
    }
  }

  private func run<Scalar: NetworkScalar>(
    _ model: PreparedModel, _ precision: Scalar.Type, into file: RunFile, path: String
  ) throws -> RunReport {
    let prepared = try prepareEnsemble(model.model, precision: precision)
    let plan = prepared.plan
    try file.define(
      plan: plan, visibleObservables: prepared.visibleObservables, own: prepared.own,
      latentDimension: prepared.map.dimension)
    let ensemble = Ensemble(
      map: prepared.map, start: prepared.start, plan: plan, threads: options.threads,
      blockSize: options.blockSize)
    let own = prepared.own
    let events = events
    let clock = ContinuousClock()
    let begin = clock.now
    let results = try ensemble.run(
      progress: { events.progress(.running($0)) }, shouldStop: events.shouldStop,
      sink: { records in try file.write(records, plan: plan, own: own) })
    let duration = clock.now - begin
    let attractors = try scenario.attractors.map { try attractorStudy(model.model, $0) }
    let films = try recordFilms(of: prepared)
    try file.finish(
      plan: plan, visibleObservables: prepared.visibleObservables, results: results,
      geometry: prepared.geometry, own: own, principalAxes: prepared.principalAxes, model: model,
      attractors: attractors, films: films, options: options)
    return RunReport(
      path: path, model: model,
      observables: plan.observables.prefix(prepared.visibleObservables).map(\.name),
      treeLevels: own == nil ? [] : dataset.hierarchy.treeLevelNames,
      classLabels: dataset.hierarchy.classLabels, levels: results,
      memberCount: plan.memberCount, memberSteps: plan.memberCount * plan.steps,
      seconds: duration.inSeconds, attractors: attractors)
  }
}
