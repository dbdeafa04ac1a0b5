import Vocabulary
import Attractors
import Datasets
import Dynamics
import Foundation
import Numerics
import Observables
import Output

/// Writes the run file: NetCDF-4, laid out as NOTATION.md describes under "Run files".
///
/// It is created when the ensemble is done, because NetCDF files cannot be relied upon after a process was killed.
/// Until then members' records are kept elsewhere. It takes its name when it is complete.
package final class RunFile: @unchecked Sendable {
  /// The number of the layout, which is raised by changes that can break a reader.
  ///
  /// In version 2, information has the unit "1" instead of "nats". Coordinates are strictly ascending numbers (swept
  /// texts and controls are numbered, and their names are auxiliary coordinates). Members' levels are called
  /// `corruption_level`.
  package static let formatVersion = 2

  /// The versions that this program reads.
  package static let readableVersions = 1...formatVersion

  private let writer: NetCDFWriter
  private let description: RunDescription
  private let dataset: Dataset
  private let results: RunResults
  private let model: ModelFacts
  private let layout: RunLayout
  /// The class label of each item; empty for starts without items.
  private let labels: [Int32]
  private var members: [(column: RunColumn<MemberPage>, variable: NetCDFVariable)] = []

  /// Creates the file under a temporary name, with its dimensions, coordinates, and members' variables.
  package init(
    path: String, overwrite: Bool, description: RunDescription, dataset: Dataset, results: RunResults,
    model: ModelFacts
  ) throws {
    writer = try NetCDFWriter(path: path, overwrite: overwrite)
    self.description = description
    self.dataset = dataset
    self.results = results
    self.model = model
    layout = RunLayout(description, dataset, results, model)
    let classLabels = dataset.hierarchy.classLabels.map { Int32($0) }
    labels = (results.own?.classes ?? []).map { classLabels[Int($0)] }
    do {
      try writer.root.write(layout.coordinates, of: results)
      if let members = layout.members { try define(layout.members(members)) }
    } catch {
      writer.abandon()
      throw error
    }
  }

  /// Removes the unfinished file.
  package func abandon() { writer.abandon() }

  private func define(_ section: RunSection<MemberPage>) throws {
    let group = try writer.root.defineGroup(section.group)
    for dimension in section.dimensions {
      try group.defineDimension(dimension.name, length: dimension.length)
    }
    members = try section.columns.map { ($0, try group.define($0.variable)) }
  }

  /// Appends one unit's members.
  package func append(_ records: borrowing MemberRecords) throws {
    let page = MemberPage(
      records: copy records, plan: results.plan, labels: labels, starts: results.initialStates?.source)
    let (first, count) = (page.records.firstMember, page.records.members.count)
    for (column, variable) in members {
      let inner = variable.lengths.dropFirst().map { $0 ?? 0 }
      try variable.write(
        column.values(page), start: [first] + inner.map { _ in 0 }, count: [count] + inner)
    }
  }

  /// Writes averages, geometry and attributes, and gives the file its name.
  package func finish() throws {
    let root = writer.root
    for section in layout.averages + layout.collectiveAverages + [layout.counts] {
      try root.write(section, of: results)
    }
    if let concepts = layout.nearestConcepts {
      try root.write(layout.nearestConceptCounts(concepts), of: results)
    }
    if layout.hasOwnItems {
      for section in [layout.fractions, layout.approaches, layout.changes, layout.scalars] {
        try root.write(section, of: results)
      }
    }
    try root.write(layout.modelFacts, of: results)
    let geometry = try root.defineGroup("geometry")
    for section in layout.geometry { try geometry.write(section, of: results) }
    if let attractors = results.attractors { try write(attractors) }
    if let films = results.films, let shape = layout.films {
      try root.defineGroup("films").write(layout.films(shape), of: films)
    }
    try writeAttributes()
    try writer.commit()
  }

  private func write(_ study: AttractorStudy) throws {
    try writer.root.write(layout.attractorNumbers, of: study)
    let group = try writer.root.defineGroup("attractors")
    let page = AttractorPage(study)
    for section in layout.attractors(RunLayout.Attractors(study)) { try group.write(section, of: page) }
    try group.setAttribute("realizations", .int(study.realizations))
    try group.setAttribute("steps_of_plain_iteration", .int(study.iterations))
    try group.setAttribute("starts_decided_by_contraction", .int(study.decidedByBall))
  }

  private func writeAttributes() throws {
    let root = writer.root
    let date = ISO8601DateFormatter().string(from: Date())
    try root.setAttribute("Conventions", "CF-1.10")
    try root.setAttribute("title", .text(description.title))
    try root.setAttribute("history", .text("\(date) \(description.command)"))
    try root.setAttribute("source", .text(description.source))
    try root.setAttribute("program_commit", .text(description.commit))
    try root.setAttribute("references", "doi:10.1038/s41598-020-72593-4")
    try root.setAttribute("format_version", .int(Self.formatVersion))
    try root.setAttribute("scenario_name", .text(description.scenarioName))
    try root.setAttribute("scenario", .text(description.scenario))
    try root.setAttribute("initial_states_command", .text(description.statesCommand))
    if !description.warnings.isEmpty {
      try root.setAttribute("warnings", .text(description.warnings.joined(separator: "\n")))
    }
    // An attribute can hold at most a signed 64-bit integer, so larger seeds are written as text.
    try root.setAttribute(
      "seed", Int(exactly: description.seed).map { .int($0) } ?? .text("\(description.seed)"))
    for (name, value) in model.attributes { try root.setAttribute(name, value) }
    try root.setAttribute("dataset", .text(dataset.name))
    try root.setAttribute("dataset_sha256", .text(dataset.contentHash))
    for (name, value) in VariableRoles.attributes(layout) { try root.setAttribute(name, value) }
  }
}

extension RunLayout {
  /// The layout of a finished run's file.
  package init(
    _ description: RunDescription, _ dataset: Dataset, _ results: RunResults, _ model: ModelFacts
  ) {
    let plan = results.plan
    self.init(
      corruption: description.corruption, levels: plan.levels.count, times: plan.times,
      observables: plan.observables.prefix(results.visibleObservables).map { AveragedObservable($0) },
      groupings: results.groupings, isSplit: plan.splitting != nil,
      hasOwnItems: results.own != nil, hierarchy: dataset.hierarchy, dataDimension: dataset.dimension,
      imageShape: dataset.imageShape, latentDimension: results.geometry.dimension,
      principalAxes: results.principalAxes?.rows ?? 0, facts: model.facts)
    if let collective = results.collective {
      self.collective = Collective(
        hasClassSpread: collective.hasClassSpread, hasCommonMotion: !collective.onCommonMotion.isEmpty)
    }
    standardization = dataset.standardization
    clusteredItems = results.clusters?.ofItems.count ?? 0
    nearestConcepts = plan.labelling.map { _ in NearestConcepts(hasRadii: results.conceptRadii != nil) }
    if plan.recordsMembers || plan.recordsLatentStates {
      members = Members(
        count: plan.memberCount, hasSeries: plan.recordsMembers, hasLatentStates: plan.recordsLatentStates,
        tolerance: plan.convergence.tolerance)
      members?.startsAtMemories = results.startsAtMemories
      members?.initialStates = results.initialStates.map {
        InitialStates(isLatent: $0.source.isLatent, isSingle: $0.isSingle)
      }
    }
    attractors = results.attractors.map(Attractors.init)
    films = results.films.map { Films(items: $0.items.count, times: $0.times.count) }
  }
}
