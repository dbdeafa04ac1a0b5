import Corruptions
import Datasets
import Dynamics
import Foundation
import Kinds
import Numerics
import Observables
import Output
import Preparation
import RunFiles
import Scenarios

/// The initial states of a finished run, made again from its run file.
public struct RunStarts {
  private let record: RunRecord
  private let experiment: Experiment
  /// Makes the states.
  private let source: InitialStateSource
  /// The items of every level, ascending.
  private let items: [Int32]
  /// Realizations of each of them.
  private let realizations: [Int]
  /// The class label of each item, by its number; nil for starts without one.
  private let labels: [Int]?

  /// Rows that are made and written together.
  private static let rowsAtOnce = 512

  /// Loads the data set, and the model where the states depend on it, and compares their hashes.
  ///
  /// - Precondition: The record's scenario is that of one run.
  /// - Throws: `ScenarioError` where data or model are others than the run's, or the model is gone, and as
  ///   `Experiment.run`.
  public init(of record: RunRecord, options: RunOptions, events: RunEvents) throws {
    self.record = record
    let experiment = try Experiment(record.scenario, options: options, events: events)
    self.experiment = experiment
    let scenario = record.scenario
    guard record.datasets.contains(experiment.dataset.contentHash) else {
      throw ScenarioError(
        path: record.path, key: "dataset",
        expected:
          "the run's data set, of SHA-256 \(RunRecord.short(record.datasets)) (dataset_sha256); this is another,"
          + " of \(RunRecord.short([experiment.dataset.contentHash]))",
        remedy: "put the files back that the run was made with")
    }
    let start = try experiment.startAgain(record)
    items = start.items
    realizations = start.realizations ?? start.items.map { _ in scenario.initial.realizations }
    let names = experiment.dataset.hierarchy.classLabels
    labels = start.classes.map { classes in classes.map { names[Int($0)] } }
    let width =
      start.base.space == .data
      ? experiment.dataset.dimension : try experiment.modelOutline().latentDimension
    source = InitialStateSource(start.base, width: width, seed: scenario.seed)
  }

  /// Writes the states in the order of the run's members: by level, then item, then realization.
  ///
  /// Memory does not grow with their number.
  ///
  /// - Returns: Their number.
  /// - Throws: `NetCDFError`, `FileError`, `CancellationError`.
  public func write(to path: String, overwrite: Bool) throws -> Int {
    let levels = record.scenario.initial.levels
    let count = levels.count * realizations.reduce(0, +)
    let writer = try NetCDFWriter(path: path, overwrite: overwrite)
    do {
      let columns = try define(in: writer.root, count: count)
      var block: [Member] = []
      var first = 0
      func flush() throws {
        if experiment.events.shouldStop() { throw CancellationError() }
        for column in columns { try column(block, first) }
        first += block.count
        block.removeAll(keepingCapacity: true)
      }
      for level in levels {
        for (item, copies) in zip(items, realizations) {
          for realization in 0..<copies {
            block.append(
              Member(level: level, item: item, realization: Int32(truncatingIfNeeded: realization)))
            if block.count == Self.rowsAtOnce { try flush() }
          }
        }
      }
      if !block.isEmpty { try flush() }
      try writer.commit()
    } catch {
      writer.abandon()
      throw error
    }
    return count
  }

  /// Writes a part of a variable: of some members, the first of which has a number.
  private typealias Column = ([Member], Int) throws -> Void

  private func define(in root: NetCDFGroup, count: Int) throws -> [Column] {
    try root.defineDimension("state", length: count)
    try root.defineDimension(source.isLatent ? "latent" : "pixel", length: source.width)
    let isSingle = !source.isLatent && record.scenario.dynamics.precision == .single
    let states = try root.defineVariable(
      source.isLatent ? "initial_latent_state" : "initial_state", type: isSingle ? .float : .double,
      dimensions: ["state", source.isLatent ? "latent" : "pixel"],
      attributes: [
        ("long_name", .text(source.isLatent ? "latent state z(0)" : "data-space state x(0), row by row")),
        ("units", "1"),
      ]
        + (source.isLatent
          ? []
          : experiment.dataset.imageShape.map(RunLayout.imageSize) ?? []),
      compression: false)
    func column(_ name: String, _ type: NetCDFType, _ words: String) throws -> NetCDFVariable {
      try root.defineVariable(
        name, type: type, dimensions: ["state"], attributes: [("long_name", .text(words)), ("units", "1")],
        compression: false)
    }
    let level = try column("corruption_level", .double, "corruption level of the state")
    let item = try column(
      "item", .int32,
      experiment.hasSourceItems
        ? "index of the source item in its split (\(record.scenario.initial.split.rawValue))"
        : "number of the start")
    let realization = try column("realization", .int32, "number of the item's noisy copy")
    var columns: [Column] = [
      { [source] members, first in
        let numbers = source.states(of: members)
        let (start, count) = ([first, 0], [members.count, source.width])
        if isSingle {
          try states.write(numbers.map { Float($0) }, start: start, count: count)
        } else {
          try states.write(numbers, start: start, count: count)
        }
      },
      { try level.write($0.map(\.level), start: [$1], count: [$0.count]) },
      { try item.write($0.map(\.item), start: [$1], count: [$0.count]) },
      { try realization.write($0.map(\.realization), start: [$1], count: [$0.count]) },
    ]
    if let labels {
      let label = try column("class", .int32, "class label of the source item")
      columns.append { members, first in
        try label.write(
          members.map { Int32(clamping: labels[Int($0.item)]) }, start: [first], count: [members.count])
      }
    }
    try writeAttributes(root)
    return columns
  }

  private func writeAttributes(_ root: NetCDFGroup) throws {
    let scenario = record.scenario
    for (name, text) in [
      ("Conventions", "CF-1.10"), ("title", "initial states of \(scenario.name)"),
      ("history", experiment.options.command), ("source", experiment.options.source),
      ("run_file", record.path),
      ("scenario_name", scenario.name), ("scenario", scenario.resolvedYAML), ("seed", "\(scenario.seed)"),
      ("dataset_sha256", experiment.dataset.contentHash),
      ("model_sha256", record.models.joined(separator: " ")),
    ] { try root.setAttribute(name, .text(text)) }
  }
}

extension Experiment {
  /// Where a run's members started.
  fileprivate struct Start {
    var base: any InitialCondition
    var items: [Int32]
    var realizations: [Int]?
    /// Class indices by `Member.item`; nil where members have no item of their own.
    var classes: [Int32]?
  }

  /// The start of a finished run.
  fileprivate func startAgain(_ record: RunRecord) throws -> Start {
    guard let corruption else { return try givenStart() }
    let items = try itemIndices(available: nil)
    // Clusters take the place of classes when the model is known; without labels there are none.
    let isLabelled = scenario.clusters == nil && dataset.hierarchy.hasClasses
    let classes = hasSourceItems && isLabelled ? split.classes : nil
    func start(_ source: (any ItemSource)?) -> Start {
      Start(
        base: CorruptedStart(
          corruption.fitted(to: corruptionData), source: source, imageShape: dataset.imageShape),
        items: items,
        realizations: nil, classes: classes)
    }
    switch type(of: corruption).origin {
    case .item: return start(SplitSource(split: split))
    case .nothing: return start(nil)
    case .memory: return start(memories(of: map(of: try modelAgain(record))))
    }
  }

  private func memories(of map: some EncodingMap) -> RowTable {
    map.memories(of: SplitSource(split: split), count: split.count, threads: options.threads)
  }

  /// The start from states of a file.
  private func givenStart() throws -> Start {
    guard let file = scenario.initial.file else { preconditionFailure("the loader demands initial.file") }
    let outline = try modelOutline()
    let given = try GivenStates(
      file, scenario: scenario, dataset: dataset, latentDimension: outline.latentDimension,
      dataRange: outline.dataRange)
    let states = try itemIndices(available: given.rows.rows)
    guard let sources = given.items else {
      return Start(
        base: GivenStart(given.rows, space: given.space), items: states, realizations: nil,
        classes: given.classes)
    }
    let assigned = GivenStart.assigning(
      given, states: states, to: sources, repetitions: scenario.initial.realizations)
    return Start(
      base: assigned.start, items: assigned.items, realizations: assigned.realizations, classes: split.classes
    )
  }

  /// The run's model: made from the data, read from the scenario's file or the cache, or else from a file
  /// that the run names.
  private func modelAgain(_ record: RunRecord) throws -> any PreparedModel {
    if let model = try? kind.rehearse(modelPreparation, .never).model, record.models.contains(model.sha256) {
      return model
    }
    // Of several models, the one that this run's training leaves.
    let trainable = record.modelFiles.count > 1 ? kind as? any TrainableModelKind : nil
    let file = record.modelFiles.first { path in
      FileManager.default.fileExists(atPath: path)
        && trainable.map { $0.differences(ofFile: path, modelPreparation)?.isEmpty ?? false } ?? true
    }
    guard let file else {
      throw ScenarioError(
        kind: .missing, path: record.path, key: "model_file", value: record.modelFiles.first,
        problem:
          "the model, on which these states depend, is gone: it is not there and not in the cache either",
        expected: "the model of SHA-256 \(RunRecord.short(record.models))",
        remedy: "put the file back, or train it again with 'simulate train'")
    }
    let other = try Experiment(
      try record.scenario(withModel: file), options: options, events: events, dataset: dataset)
    let model = try other.kind.rehearse(other.modelPreparation, .never).model
    guard record.models.contains(model.sha256) else {
      throw ScenarioError(
        path: record.path, key: "model_file", value: file,
        expected:
          "the run's model, of SHA-256 \(RunRecord.short(record.models)) (model_sha256); this is another, of"
          + " \(RunRecord.short([model.sha256]))",
        remedy: "put the file back, or train it again with 'simulate train'")
    }
    return model
  }
}
