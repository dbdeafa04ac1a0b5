import Attractors
import Dynamics
import Kinds
import Observables
import Scenarios
import Vocabulary

/// An ensemble that is ready to run: its map, its start, and the geometry that it is measured in.
///
/// It is the last of a sequence of values, each made from those before it: the data set (`Experiment`), the
/// model (`PreparedModel`), memories and centres (`PreparedGeometry`), initial states (`PreparedStart`), what
/// is measured (`Measurements`), and the plan.
package struct PreparedEnsemble<Map: EncodingMap> {
  package let map: Map
  package let start: PreparedStart
  package let plan: EnsemblePlan
  package let geometry: LatentGeometry
  /// Of the memories, by descending variance, `[axes, N]`; computed where the run file needs them.
  package let principalAxes: RowTable?
  /// How many of the plan's observables the scenario asks for; level indicators follow them.
  package let visibleObservables: Int
  /// The places of the components of states among the plan's observables; empty if nothing needs them.
  package let components: Range<Int>
  /// What observables are made from.
  package let context: ObservableContext

  /// How far each concept reaches, `[classes]`; nil if nothing needs it, or if concepts have no radius.
  package var conceptRadii: [Double]? { context.conceptRadii }

  /// Whether an observable has to know how paths end.
  package var looksAhead: Bool { plan.observables.contains { $0 is any PathReading } }

  /// The members' own items; nil for starts without one.
  package var own: OwnItems? { start.own }
}

extension Experiment {
  /// Encodes the data set and builds the plan.
  ///
  /// - Parameters:
  ///   - map: What is iterated.
  ///   - model: What the map was made of.
  /// - Throws: `ScenarioError`, and what reading initial states throws.
  package func prepareEnsemble<Map: EncodingMap>(
    _ map: Map, of model: any PreparedModel
  ) throws -> PreparedEnsemble<Map> {
    try checkObservables(latentDimension: map.dimension)
    let geometry = PreparedGeometry(of: map, self)
    let start = try PreparedStart(of: map, model, geometry, self)
    let measurements = try Measurements(of: map, model, geometry, start, self)
    return PreparedEnsemble(
      map: map, start: start, plan: plan(measurements, geometry, start, of: model),
      geometry: geometry.centres, principalAxes: measurements.principalAxes,
      visibleObservables: measurements.visibleCount, components: measurements.components,
      context: measurements.context)
  }

  /// Which members there are, and what is kept of them.
  private func plan(
    _ measurements: Measurements, _ geometry: PreparedGeometry, _ start: PreparedStart,
    of model: any PreparedModel
  ) -> EnsemblePlan {
    let context = measurements.context
    var plan = EnsemblePlan(
      levels: scenario.initial.levels, items: start.items, realizations: scenario.initial.realizations,
      steps: scenario.dynamics.steps, seed: scenario.seed, observables: measurements.observables)
    if let realizations = start.realizations { plan.setRealizations(realizations) }
    plan.labelling = measurements.conceptLabel.map { labelling(by: $0, start) }
    if let own = start.own {
      plan.approaches =
        ApproachCentres(geometry.centres, own, dataset.hierarchy, seed: scenario.seed).distances
      if scenario.splitBy.contains(.retention) { plan.splitting = ConceptAccuracy(context) }
      let hidden: [Grouping] =
        scenario.asksForClassSpread && !scenario.groupBy.contains(.class) ? [.class] : []
      plan.groupings = (scenario.groupBy + hidden).map { grouping(by: $0, own: own, items: start.items) }
    }
    if scenario.dynamics.mode.kind != .sample {
      plan.convergence = convergence(of: model)
      if dataset.hierarchy.hasClasses { plan.conceptDistance = DistanceConcept(context) }
      plan.memoryDistance = DistanceMemory(context)
    }
    plan.recordedObservables = measurements.visibleCount
    plan.recordsMembers = scenario.output.members
    plan.recordsLatentStates = scenario.output.latents
    return plan
  }

  /// Counts of members by the class of their item, or of all together where they have none.
  private func labelling(by label: any Observable, _ start: PreparedStart) -> Labelling {
    let classes = dataset.hierarchy.numberOfClasses
    return Labelling(
      by: label, count: classes, groupCount: start.own == nil ? 1 : classes,
      groupOfPosition: start.items.map { item in start.own?.classes[Int(item)] ?? 0 })
  }

  private func convergence(of model: any PreparedModel) -> ConvergenceRule {
    let tolerance = scenario.attractors?.tolerance ?? AttractorSpecification.standardTolerance
    guard scenario.dynamics.mode == .mean, scenario.output.members,
      let model = model as? any DifferentiableModel
    else { return .steps(below: tolerance) }
    return .confirmed(stepsBelow: tolerance, by: Self.confirmation(model.differentiableMap))
  }

  private static func confirmation(_ map: some DifferentiableMap) -> any SettledStateClassifier {
    FixedPointConfirmation(map)
  }

  private func grouping(by grouping: Grouping, own: OwnItems, items: [Int32]) -> ItemGrouping {
    let hierarchy = dataset.hierarchy
    let classes = items.map { own.classes[Int($0)] }
    switch grouping {
    case .class:
      return ItemGrouping(by: .class, count: hierarchy.numberOfClasses, groupOfPosition: classes)
    case .superclass:
      return ItemGrouping(
        by: .superclass, count: hierarchy.numberOfSuperclasses,
        groupOfPosition: classes.map { Int32(hierarchy.superclassOfClass[Int($0)]) })
    }
  }
}
