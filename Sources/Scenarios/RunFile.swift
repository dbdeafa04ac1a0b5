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
  private var members: MemberVariables?

  /// Creates the file under a temporary name.
  init(path: String, overwrite: Bool, scenario: Scenario, dataset: Dataset) throws {
    writer = try NetCDFWriter(path: path, overwrite: overwrite)
    self.scenario = scenario
    self.dataset = dataset
  }

  /// Removes the unfinished file.
  func abandon() { writer.abandon() }

  // MARK: Definitions

  private struct MemberVariables {
    var level: NetCDFVariable
    var levelIndex: NetCDFVariable
    var item: NetCDFVariable
    var realization: NetCDFVariable
    var label: NetCDFVariable?
    var series: [NetCDFVariable]
    var latentState: NetCDFVariable?
    var closestTime: NetCDFVariable
    var closestDistance: NetCDFVariable
    var closestMemoryTime: NetCDFVariable
    var closestMemoryDistance: NetCDFVariable
    var chordDistance: NetCDFVariable
    var chordExcess: NetCDFVariable
    var convergenceTime: NetCDFVariable
    var outcome: NetCDFVariable
  }

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
      try defineGroupDimension(grouping.name == "class" ? "concept" : "superconcept", in: root)
    }
    if plan.recordsMembers || plan.recordsLatentStates {
      try defineMembers(
        plan: plan, visibleObservables: visibleObservables, own: own, latentDimension: latentDimension)
    }
  }

  private func defineGroupDimension(_ name: String, in group: NetCDFGroup) throws {
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

  private func defineMembers(
    plan: EnsemblePlan, visibleObservables: Int, own: OwnItems?, latentDimension: Int
  ) throws {
    let group = try writer.root.defineGroup("members")
    try group.defineDimension("member", length: plan.memberCount)
    func variable(
      _ name: String, _ type: NetCDFType, _ longName: String, units: String? = "1", fill: Double? = nil,
      more: [(String, NetCDFAttribute)] = []
    ) throws -> NetCDFVariable {
      try group.defineVariable(
        name, type: type, dimensions: ["member"],
        attributes: [("long_name", .text(longName))] + (units.map { [("units", .text($0))] } ?? []) + more,
        fillValue: fill, compression: false)
    }
    let level = try variable("level", .double, "corruption level of the member")
    // For readers that merge groups: there the root's coordinate `level` hides the member's level.
    let levelIndex = try variable("level_index", .int32, "index of the member's level in the dimension level")
    let item = try variable("item", .int32, "index of the source item in its split")
    let realization = try variable("realization", .int32, "number of the item's noisy copy")
    let label = try own.map { _ in try variable("class", .int32, "class label of the source item") }
    var series: [NetCDFVariable] = []
    if plan.recordsMembers {
      series = try plan.observables.prefix(visibleObservables).map { observable in
        try group.defineVariable(
          observable.variableName, type: .double, dimensions: ["member", "time"],
          attributes: [("long_name", .text(observable.longName)), ("units", .text(observable.units))],
          fillValue: NetCDFWriter.missing, compression: false)
      }
    }
    var latentState: NetCDFVariable?
    if plan.recordsLatentStates {
      try group.defineDimension("latent", length: latentDimension)
      latentState = try group.defineVariable(
        "latent_state", type: .double, dimensions: ["member", "time", "latent"],
        attributes: [("long_name", "latent state z(t)"), ("units", "1")], fillValue: NetCDFWriter.missing,
        compression: false)
    }
    members = MemberVariables(
      level: level, levelIndex: levelIndex, item: item, realization: realization, label: label,
      series: series,
      latentState: latentState,
      closestTime: try variable(
        "time_of_closest_concept", .int32,
        "first time of the smallest distance to the own concept, -1 for none"),
      closestDistance: try variable(
        "closest_concept_distance", .double, "smallest distance to the own concept",
        fill: NetCDFWriter.missing),
      closestMemoryTime: try variable(
        "time_of_closest_memory", .int32,
        "first time of the smallest distance to the own memory, -1 for none"),
      closestMemoryDistance: try variable(
        "closest_memory_distance", .double, "smallest distance to the own memory", fill: NetCDFWriter.missing),
      chordDistance: try variable(
        "chord_concept_distance", .double,
        "distance of the own concept to the straight segment from first to last latent state",
        fill: NetCDFWriter.missing),
      chordExcess: try variable(
        "chord_excess", .double,
        "chord_concept_distance minus closest_concept_distance: positive where the path came nearer",
        fill: NetCDFWriter.missing),
      convergenceTime: try variable(
        "convergence_time", .int32, "first time from which every step is below the tolerance, -1 for none",
        more: plan.tolerance.map { [("tolerance", .double($0))] } ?? []),
      outcome: try variable(
        "outcome", .int32, "how the member ended, -1 where it is not asked (mode sample)", units: nil,
        more: [
          ("flag_values", .ints(Outcome.allCases.map(\.rawValue))),
          ("flag_meanings", .text(Outcome.allCases.map { "\($0)" }.joined(separator: " "))),
        ]))
  }

  // MARK: Members

  /// Appends one unit's members.
  func write(_ records: borrowing MemberRecords, plan: EnsemblePlan, own: OwnItems?) throws {
    guard let members else { return }
    let start = [records.firstMember]
    let count = [records.members.count]
    let addresses = records.members
    try members.level.write(addresses.map(\.level), start: start, count: count)
    try members.levelIndex.write(
      addresses.map { address in Int32(plan.levels.firstIndex(of: address.level) ?? -1) }, start: start,
      count: count)
    try members.item.write(addresses.map(\.item), start: start, count: count)
    try members.realization.write(addresses.map(\.realization), start: start, count: count)
    if let own, let label = members.label {
      let labels = dataset.hierarchy.classLabels
      try label.write(
        addresses.map { Int32(labels[Int(own.classes[Int($0.item)])]) }, start: start, count: count)
    }
    for (variable, values) in zip(members.series, records.series) {
      try variable.write(values, start: start + [0], count: count + [plan.times])
    }
    if let latentState = members.latentState {
      let width = records.latentStates.count / (count[0] * plan.times)
      try latentState.write(
        records.latentStates, start: start + [0, 0], count: count + [plan.times, width])
    }
    try members.closestTime.write(records.closestTime, start: start, count: count)
    try members.closestDistance.write(records.closestDistance, start: start, count: count)
    try members.closestMemoryTime.write(records.closestMemoryTime, start: start, count: count)
    try members.closestMemoryDistance.write(records.closestMemoryDistance, start: start, count: count)
    try members.chordDistance.write(records.chordDistance, start: start, count: count)
    try members.chordExcess.write(records.chordExcess, start: start, count: count)
    try members.convergenceTime.write(records.convergenceTime, start: start, count: count)
    try members.outcome.write(
      plan.tolerance == nil ? records.outcomes.map { _ in Int32(-1) } : records.outcomes.map(\.rawValue),
      start: start, count: count)
  }

  // MARK: Averages

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
        let dimension = grouping.name == "class" ? "concept" : "superconcept"
        try writeSeries(
          observable.variableName + "_by_" + grouping.name, observable,
          among: "members of one \(grouping.name)",
          dimensions: ["level", dimension, "time"], results.map { $0.grouped[g][o] })
      }
      if plan.splitting != nil {
        try writeSeries(
          observable.variableName + "_retained", observable, among: "members nearest to their own concept",
          dimensions: ["level", "time"], results.map { [$0.retained[o]] })
        try writeSeries(
          observable.variableName + "_lost", observable, among: "members nearest to another concept",
          dimensions: ["level", "time"], results.map { [$0.lost[o]] })
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

  /// Mean, standard deviation, standard error and count of one observable; `series[level][group]`.
  private func writeSeries(
    _ name: String, _ observable: any Observable, among: String? = nil, dimensions: [String],
    _ series: [[SeriesStatistics]]
  ) throws {
    let whose = among.map { " of \($0)" } ?? ""
    let all = series.flatMap { $0 }
    func write(_ suffix: String, _ words: String, _ values: [Double], more: [(String, NetCDFAttribute)] = [])
      throws
    {
      try writer.root.defineVariable(
        name + suffix, type: .double, dimensions: dimensions,
        attributes: [
          ("long_name", .text("\(words)\(observable.longName)\(whose)")), ("units", .text(observable.units)),
        ] + more, fillValue: NetCDFWriter.missing
      ).write(values)
    }
    try write(
      "", "mean ", all.flatMap(\.mean),
      more: [
        ("ancillary_variables", .text("\(name)_standard_deviation \(name)_standard_error \(name)_count"))
      ])
    try write("_standard_deviation", "standard deviation over members of ", all.flatMap(\.standardDeviation))
    try write("_standard_error", "standard error over items of the mean ", all.flatMap(\.standardError))
    try writeIntegers(name + "_count", dimensions, "members averaged in \(name)", all.flatMap(\.count))
  }

  private func writeIntegers(_ name: String, _ dimensions: [String], _ longName: String, _ values: [Int])
    throws
  {
    let isWide = values.contains { Int32(exactly: $0) == nil }
    let variable = try writer.root.defineVariable(
      name, type: isWide ? .int64 : .int32, dimensions: dimensions,
      attributes: [("long_name", .text(longName)), ("units", "1")]
    )
    try variable.write(values)
  }

  private func writeDoubles(
    _ name: String, _ dimensions: [String], _ longName: String, units: String = "1", _ values: [Double],
    in group: NetCDFGroup? = nil, more: [(String, NetCDFAttribute)] = []
  ) throws {
    try (group ?? writer.root).defineVariable(
      name, type: .double, dimensions: dimensions,
      attributes: [("long_name", .text(longName)), ("units", .text(units))] + more,
      fillValue: NetCDFWriter.missing
    ).write(values)
  }

  /// `level_fraction(level, time, tree_level)` from the indicators that follow the user's observables.
  private func writeLevelFractions(_ results: [LevelStatistics], plan: EnsemblePlan, first: Int) throws {
    let levels = plan.observables.count - first
    func gather(_ value: (SeriesStatistics, Int) -> Double) -> [Double] {
      results.flatMap { result in
        (0..<plan.times).flatMap { time in (0..<levels).map { value(result.overall[first + $0], time) } }
      }
    }
    try writeDoubles(
      "level_fraction", ["level", "time", "tree_level"], "fraction of members nearest to each tree level",
      gather { $0.mean[$1] }, more: [("ancillary_variables", "level_fraction_standard_error")])
    try writeDoubles(
      "level_fraction_standard_error", ["level", "time", "tree_level"],
      "standard error over items of the fraction of members nearest to each tree level",
      gather { $0.standardError[$1] })
  }

  /// The approaches: own levels first, then siblings', then shuffled centres'.
  private func writeApproaches(_ results: [LevelStatistics], levels: Int) throws {
    let dimensions = ["level", "tree_level"]
    func gather<T>(_ part: Int, _ value: (Approach) -> T) -> [T] {
      results.flatMap { result in (0..<levels).map { value(result.approaches[part * levels + $0]) } }
    }
    let names = ["approach", "approach_sibling", "approach_shuffled"]
    let words = ["own centre", "sibling's centre", "centre under shuffled labels"]
    for part in 0..<3 {
      try writeDoubles(
        names[part], dimensions, "approach 1 - min_t <d(t)> / <d(0)> to the \(words[part])",
        gather(part) { $0.value },
        more: [("ancillary_variables", .text("\(names[part])_lower \(names[part])_upper"))])
      for (suffix, quantile) in [("lower", "2.5"), ("upper", "97.5")] {
        try writeDoubles(
          "\(names[part])_\(suffix)", dimensions,
          "\(quantile) % quantile of the approach to the \(words[part]), bootstrap over items",
          gather(part) { suffix == "lower" ? $0.lower : $0.upper })
      }
      try writeIntegers(
        names[part] + "_time", dimensions,
        "first time of the smallest mean distance to the \(words[part]), -1 for none",
        gather(part) { $0.time ?? -1 })
      try writeIntegers(
        names[part] + "_censored", dimensions,
        "1 where that time is the first or the last of the run, else 0",
        gather(part) { $0.isCensored ? 1 : 0 })
    }
    let concept = results.map { $0.approaches[1] }
    try writeIntegers(
      "closest_concept_time", ["level"],
      "first time of the smallest mean distance to the own concept, -1 for none",
      concept.map { $0.time ?? -1 })
    try writeDoubles(
      "closest_concept_distance", ["level"], "smallest mean distance to the own concept",
      concept.map { approach in approach.time.map { approach.meanDistance[$0] } ?? .nan })
  }

  /// Averages of the members' scalars.
  private func writeScalars(_ results: [LevelStatistics]) throws {
    let words: [MemberScalar: (name: String, longName: String)] = [
      .timeOfClosestConcept: (
        "time_of_closest_concept_mean", "mean time of the smallest distance to the own concept"
      ),
      .closestConceptDistance: ("closest_concept_distance_mean", "mean smallest distance to the own concept"),
      .timeOfClosestMemory: (
        "time_of_closest_memory_mean", "mean time of the smallest distance to the own memory"
      ),
      .closestMemoryDistance: ("closest_memory_distance_mean", "mean smallest distance to the own memory"),
      .chordConceptDistance: (
        "chord_concept_distance_mean",
        "mean distance of the own concept to the straight segment from first to last latent state"
      ),
      .chordExcess: (
        "chord_excess_mean", "mean of how much nearer the path came to the own concept than that segment"
      ),
      .memoryAfterConcept: (
        "memory_after_concept",
        "fraction of members that were closest to the own memory later than to the own concept"
      ),
    ]
    for scalar in MemberScalar.allCases {
      guard let (name, longName) = words[scalar] else { continue }
      let all = results.map { $0.scalars[scalar.rawValue] }
      try writeDoubles(
        name, ["level"], longName, all.map(\.mean),
        more: [("ancillary_variables", .text("\(name)_standard_error \(name)_count"))])
      try writeDoubles(
        name + "_standard_error", ["level"], "standard error over items of \(name)", all.map(\.standardError))
      try writeIntegers(name + "_count", ["level"], "members averaged in \(name)", all.map(\.count))
    }
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

  /// The group `/films`. Its times are a dimension of another name than the run's, for readers that merge
  /// groups.
  private func write(_ films: Films) throws {
    guard let shape = dataset.imageShape else { preconditionFailure("checked before the run") }
    let group = try writer.root.defineGroup("films")
    try group.defineDimension("item", length: films.items.count)
    try group.defineDimension("film_time", length: films.times.count)
    try group.defineDimension("pixel", length: dataset.dimension)
    func column(_ name: String, _ dimension: String, _ longName: String, _ values: [Int]) throws {
      try group.defineVariable(
        name, type: .int32, dimensions: [dimension],
        attributes: [("long_name", .text(longName)), ("units", "1")]
      ).write(values)
    }
    try column("item", "item", "index of the source item in its split", films.items.map(Int.init))
    if let classes = films.classes {
      let labels = dataset.hierarchy.classLabels
      try column("class", "item", "class label of the source item", classes.map { labels[Int($0)] })
    }
    try column("film_time", "film_time", "number of inference steps", films.times)
    try group.defineVariable(
      "picture", type: .float, dimensions: ["level", "item", "film_time", "pixel"],
      attributes: [
        ("long_name", "data-space state x(t) of the item's first realization, row by row"), ("units", "1"),
        ("image_height", .int(shape.rows)), ("image_width", .int(shape.columns)),
      ], fillValue: NetCDFWriter.missing
    ).write(films.pictures)
  }

  private func writeGeometry(
    _ geometry: LatentGeometry, groupings: [ItemGrouping], principalAxes: RowTable?
  ) throws {
    let group = try writer.root.defineGroup("geometry")
    let hierarchy = dataset.hierarchy
    let known = Set(groupings.map(\.name))
    try group.defineDimension("latent", length: geometry.dimension)
    if !known.contains("class") { try defineGroupDimension("concept", in: group) }
    try writeDoubles(
      "concept_position", ["concept", "latent"], "concept: mean memory of the class",
      Array(geometry.concepts.storage.buffer), in: group)
    try writeDoubles(
      "root_position", ["latent"], "root: mean of all training memories", Array(geometry.root.storage.buffer),
      in: group)
    try writeDoubles(
      "latent_activity", ["latent"], "variance of the posterior mean over the training items",
      geometry.latentActivity, in: group)
    if let principalAxes {
      try group.defineDimension("principal_component", length: principalAxes.rows)
      try group.defineVariable(
        "principal_component", type: .int32, dimensions: ["principal_component"],
        attributes: [("long_name", "number of the principal axis, by descending variance"), ("units", "1")]
      ).write((0..<principalAxes.rows).map { Int32($0 + 1) })
      try writeDoubles(
        "principal_axis", ["principal_component", "latent"],
        "principal axes of the training memories, of length 1", Array(principalAxes.storage.buffer),
        in: group)
    }
    guard let superconcepts = geometry.superconcepts else { return }
    if !known.contains("superclass") { try defineGroupDimension("superconcept", in: group) }
    try writeDoubles(
      "superconcept_position", ["superconcept", "latent"], "superconcept: mean memory of the superclass",
      Array(superconcepts.storage.buffer), in: group)
    try group.defineVariable(
      "concept_parent", type: .int32, dimensions: ["concept"],
      attributes: [("long_name", "index of the class's superclass"), ("units", "1")]
    ).write(hierarchy.superclassOfClass.map { Int32($0) })
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
