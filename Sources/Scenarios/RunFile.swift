import Datasets
import Dynamics
import Foundation
import Numerics
import Observables
import Output

/// The run file: NetCDF-4 after DESIGN section 8, see NOTATION.md, "Run files".
///
/// Made when the ensemble is done: NetCDF files cannot be relied upon after a process was killed, so members'
/// records wait in a `FrameFile`. It takes its name when it is complete.
final class RunFile: @unchecked Sendable {
  /// Counts changes of the layout.
  static let formatVersion = 1

  let writer: NetCDFWriter
  let scenario: Scenario
  let dataset: Dataset
  var members: MemberVariables?

  /// Creates the file under a temporary name.
  init(path: String, overwrite: Bool, scenario: Scenario, dataset: Dataset) throws {
    writer = try NetCDFWriter(path: path, overwrite: overwrite)
    self.scenario = scenario
    self.dataset = dataset
  }

  /// Removes the unfinished file.
  func abandon() { writer.abandon() }

  /// Defines dimensions and coordinates, and members' variables.
  func define(plan: EnsemblePlan, visibleObservables: Int, own: OwnItems?, latentDimension: Int) throws {
    let root = writer.root
    try root.defineDimension("level", length: plan.levels.count)
    try root.defineDimension("time", length: plan.times)
    try root.defineVariable(
      "level", type: .double, dimensions: ["level"],
      attributes: [
        ("long_name", .text("corruption level (\(scenario.initial.corruption))")), ("units", "1"),
      ]
    ).write(plan.levels)
    try root.defineVariable(
      "time", type: .int32, dimensions: ["time"],
      attributes: [("long_name", "number of inference steps"), ("units", "1")]
    ).write((0..<plan.times).map { Int32($0) })
    if own != nil {
      let names = dataset.hierarchy.treeLevelNames
      try root.defineDimension("tree_level", length: names.count)
      try root.defineVariable(
        "tree_level", type: .int32, dimensions: ["tree_level"],
        attributes: [
          ("long_name", "level of the concept tree"), ("units", "1"),
          ("flag_values", .ints(names.indices.map { Int32($0) })),
          ("flag_meanings", .text(names.joined(separator: " "))),
        ]
      ).write(names.indices.map { Int32($0) })
    }
    for grouping in plan.groupings {
      try defineGroupDimension(grouping.criterion == .class ? "concept" : "superconcept", in: root)
    }
    if plan.recordsMembers || plan.recordsLatentStates {
      try defineMembers(
        plan: plan, visibleObservables: visibleObservables, own: own, latentDimension: latentDimension)
    }
  }

  /// Defines the dimension of classes or superclasses, with labels and names.
  func defineGroupDimension(_ name: String, in group: NetCDFGroup) throws {
    let hierarchy = dataset.hierarchy
    let isClass = name == "concept"
    let labels = isClass ? hierarchy.classLabels : Array(0..<hierarchy.numberOfSuperclasses)
    try group.defineDimension(name, length: labels.count)
    try group.defineVariable(
      name, type: .int32, dimensions: [name],
      attributes: [
        ("long_name", .text(isClass ? "class label" : "superclass index")), ("units", "1"),
      ]
    ).write(labels.map { Int32($0) })
    try group.defineVariable(
      name + "_name", type: .string, dimensions: [name],
      attributes: [("long_name", .text("name of the \(isClass ? "class" : "superclass")"))]
    ).write(isClass ? hierarchy.classNames : hierarchy.superclassNames)
  }

  /// Writes averages, geometry and attributes, and gives the file its name.
  func finish(
    plan: EnsemblePlan, visibleObservables: Int, results: [LevelStatistics], geometry: LatentGeometry,
    own: OwnItems?, principalAxes: RowTable?, model: PreparedModel, attractors: AttractorStudy?,
    films: Films?, options: RunOptions
  ) throws {
    for o in 0..<visibleObservables {
      let observable = plan.observables[o]
      try writeSeries(
        observable.variableName, observable, dimensions: ["level", "time"], results.map { [$0.overall[o]] })
      for (g, grouping) in plan.groupings.enumerated() {
        let dimension = grouping.criterion == .class ? "concept" : "superconcept"
        try writeSeries(
          observable.variableName + "_by_" + grouping.criterion.rawValue, observable,
          among: "members of one \(grouping.criterion.rawValue)",
          dimensions: ["level", dimension, "time"], results.map { $0.grouped[g][o] })
      }
      if plan.splitting != nil {
        try writeSeries(
          observable.variableName + "_retained", observable, among: "members nearest to their own concept",
          dimensions: ["level", "time"], results.map { [$0.series(of: .retained)[o]] })
        try writeSeries(
          observable.variableName + "_lost", observable, among: "members nearest to another concept",
          dimensions: ["level", "time"], results.map { [$0.series(of: .lost)[o]] })
      }
    }
    try writeIntegers("count", ["level"], "number of members", results.map(\.memberCount))
    try writeIntegers(
      "diverged_count", ["level"], "members whose state stopped being finite; they are left out of averages",
      results.map(\.divergedCount))
    if own != nil {
      try writeLevelFractions(results, plan: plan, first: visibleObservables)
      try writeApproaches(results, levels: dataset.hierarchy.treeLevelNames.count)
      try writeScalars(results)
    }
    try writeEvidence(model)
    if model.model != nil {
      try writeIntegers(
        "active_latent_variables", [],
        "latent variables whose posterior mean varies by more than \(LatentGeometry.activityThreshold) over"
          + " the training items", [geometry.activeLatentVariables])
    }
    try writeGeometry(geometry, groupings: plan.groupings, principalAxes: principalAxes)
    if let attractors { try write(attractors, in: try writer.root.defineGroup("attractors")) }
    if let films { try write(films) }
    try writeAttributes(model: model, options: options)
    try writer.commit()
  }

  func writeIntegers(_ name: String, _ dimensions: [String], _ longName: String, _ values: [Int])
    throws
  {
    let isWide = values.contains { Int32(exactly: $0) == nil }
    let variable = try writer.root.defineVariable(
      name, type: isWide ? .int64 : .int32, dimensions: dimensions,
      attributes: [("long_name", .text(longName)), ("units", "1")]
    )
    try variable.write(values)
  }

  func writeDoubles(
    _ name: String, _ dimensions: [String], _ longName: String, units: String = "1", _ values: [Double],
    in group: NetCDFGroup? = nil, more: [(String, NetCDFAttribute)] = []
  ) throws {
    try (group ?? writer.root).defineVariable(
      name, type: .double, dimensions: dimensions,
      attributes: [("long_name", .text(longName)), ("units", .text(units))] + more,
      fillValue: NetCDFWriter.missing
    ).write(values)
  }

  private func writeEvidence(_ model: PreparedModel) throws {
    guard model.model != nil else { return }
    var sets = [("negative_elbo_train", "training", model.train), ("negative_elbo_test", "test", model.test)]
    if dataset.validation.count > 0 {
      sets.append(("negative_elbo_validation", "validation", model.validation))
    }
    if let epoch = model.bestEpoch {
      try writeIntegers(
        "best_epoch", [],
        "epoch of training with the lowest negative evidence lower bound of the validation set",
        [epoch])
    }
    for (name, words, evidence) in sets {
      try writeDoubles(
        name, [], "mean negative evidence lower bound of the \(words) set, per item", units: "nats",
        [evidence.negativeELBO], more: [("ancillary_variables", .text(name + "_standard_error"))])
      try writeDoubles(
        name + "_standard_error", [], "standard error over items of \(name)", units: "nats",
        [evidence.standardError])
    }
  }

  private func writeAttributes(model: PreparedModel, options: RunOptions) throws {
    let root = writer.root
    let date = ISO8601DateFormatter().string(from: Date())
    try root.setAttribute("Conventions", "CF-1.10")
    try root.setAttribute(
      "title", .text(scenario.description.isEmpty ? scenario.name : scenario.description))
    try root.setAttribute("history", .text("\(date) \(options.command)"))
    try root.setAttribute("source", .text(options.source))
    try root.setAttribute("program_commit", .text(options.commit))
    try root.setAttribute("references", "doi:10.1038/s41598-020-72593-4")
    try root.setAttribute("format_version", .int(Self.formatVersion))
    try root.setAttribute("scenario_name", .text(scenario.name))
    try root.setAttribute("scenario", .text(scenario.resolvedYAML))
    // An attribute holds at most a signed 64-bit integer; larger seeds are written as text.
    try root.setAttribute("seed", Int(exactly: scenario.seed).map { .int($0) } ?? .text("\(scenario.seed)"))
    try root.setAttribute("model_kind", .text(model.model == nil ? "hopfield" : "vae"))
    try root.setAttribute("model_sha256", .text(model.sha256))
    for (key, value) in (model.model?.metadata ?? [:]).sorted(by: { $0.key < $1.key })
    where ["epochs", "not_finite_in_epoch"].contains(key) {
      try root.setAttribute("model_" + key, .text(value))
    }
    try root.setAttribute("dataset", .text(dataset.name))
    try root.setAttribute("dataset_sha256", .text(dataset.contentHash))
  }
}
