import Datasets
import Dynamics
import Kinds
import Numerics
import Observables
import Scenarios

/// What is measured of members at each time.
struct Measurements {
  /// What observables are made from.
  let context: ObservableContext
  /// The observables that the scenario asks for, then the indicators of the tree's levels, then `components`.
  let observables: [any Observable]
  /// The places of the components of states, whose averages are means of states; empty if nothing needs them.
  let components: Range<Int>
  /// How many of them the scenario asks for.
  let visibleCount: Int
  /// The class of the nearest concept, which is counted; nil if the scenario does not ask for it.
  let conceptLabel: (any Observable)?
  /// The principal axes for the run file, `[axes, N]`; nil if nothing needs them.
  let principalAxes: RowTable?

  /// Makes the scenario's observables.
  ///
  /// - Throws: `ScenarioError` where the context lacks what one of them needs.
  init(
    of map: some EncodingMap, _ model: any PreparedModel, _ geometry: PreparedGeometry,
    _ start: PreparedStart,
    _ experiment: Experiment
  ) throws {
    let scenario = experiment.scenario
    let components = scenario.observables.compactMap { PrincipalComponent.number(in: $0) }
    let axes =
      components.isEmpty && !scenario.output.latents ? nil : geometry.centres.principalAxes().axes
    var context = Self.context(of: map, geometry, start, axes: axes, experiment)
    if scenario.observables.contains(where: { experiment.needs(of: $0).contains(.derivative) }) {
      context.derivative = (model as? any DifferentiableModel).map { Self.derivative($0.differentiableMap) }
    }
    if scenario.observables.contains(where: { experiment.needs(of: $0).contains(.posteriorVariances) }) {
      context.posteriorVariances = try experiment.posteriorVariances(of: map)
    }
    let known = context
    func observable(_ name: String) throws -> any Observable {
      if scenario.splitBy.contains(.endState), let (base, part) = EndStatePart.parts(of: name) {
        return EndStateSelection(try observable(base), part)
      }
      guard let observable = experiment.options.registry.observable(named: name, in: known) else {
        throw scenario.error(
          key: "observables", value: name,
          expected: "observables that these initial states and this data set have",
          remedy: "remove it ('simulate list observables' says what each needs)")
      }
      return observable
    }
    let visible = try scenario.averagedObservables.map { try observable($0) }
    conceptLabel = try scenario.asksForNearestConcept ? observable(ConceptLabel.name) : nil
    let indicators: [any Observable] =
      start.own == nil
      ? [] : (0..<geometry.centres.treeLevelCount).compactMap { LevelIndicator(level: $0, context) }
    self.context = context
    let states: [any Observable] =
      scenario.asksForStateMoments ? (0..<map.dimension).map(LatentComponent.init) : []
    observables = visible + indicators + states
    self.components = observables.count - states.count..<observables.count
    visibleCount = visible.count
    // The plane of the first two is what plots show.
    principalAxes = axes.map { axes in
      let count = min(map.dimension, max(2, components.max() ?? 0))
      return RowTable(
        rows: count, columns: map.dimension,
        elements: Array(axes.storage.buffer.prefix(count * map.dimension)))
    }
  }

  private static func derivative(_ map: some DifferentiableMap) -> MapDerivative { MapDerivative(map) }

  private static func context(
    of map: some EncodingMap, _ geometry: PreparedGeometry, _ start: PreparedStart, axes: RowTable?,
    _ experiment: Experiment
  ) -> ObservableContext {
    let (scenario, dataset) = (experiment.scenario, experiment.dataset)
    let needs = scenario.observables.map { experiment.needs(of: $0) }
    func isNeeded(_ need: ObservableNeeds) -> Bool { needs.contains { $0.contains(need) } }
    return ObservableContext(
      geometry: geometry.centres, own: start.own, source: start.source,
      overlapOrigin: scenario.overlapOrigin == .root ? geometry.centres.root : nil, principalAxes: axes,
      siblingOfClass: dataset.hierarchy.siblingOfClass,
      classPictures: isNeeded(.classPictures) ? dataset.classPictures() : nil,
      startsFromTraining: experiment.hasSourceItems && scenario.initial.split == .train,
      samples: isNeeded(.heldOutItems) ? samples(of: map, geometry, start, experiment) : nil,
      conceptRadii: scenario.asksForNearestConcept
        ? scenario.conceptRadiusQuantile.map { geometry.centres.conceptRadii(quantile: $0) } : nil)
  }

  /// Equally many memories of training and of held-out items.
  private static func samples(
    of map: some EncodingMap, _ geometry: PreparedGeometry, _ start: PreparedStart, _ experiment: Experiment
  ) -> MemorySamples? {
    let dataset = experiment.dataset
    let isTest = experiment.scenario.initial.split == .test
    let heldOut =
      start.own.flatMap { experiment.hasSourceItems && isTest ? $0.memories : nil }
      ?? map.memories(
        of: SplitSource(split: dataset.test), count: dataset.test.count, threads: experiment.options.threads)
    return MemorySamples(
      training: OwnItems(memories: geometry.memories, classes: dataset.train.classes),
      heldOut: OwnItems(memories: heldOut, classes: dataset.test.classes),
      classCount: dataset.hierarchy.numberOfClasses,
      origin: experiment.hasSourceItems ? (isTest ? .heldOut : .training) : .elsewhere,
      seed: experiment.scenario.seed)
  }
}

extension ConceptHierarchy {
  /// The control of each class: the next one of its superclass, -1 where there is none.
  var siblingOfClass: [Int32] { (0..<numberOfClasses).map { Int32(sibling(ofClass: $0) ?? -1) } }
}

extension Dataset {
  /// The mean training item of each class, `[classes, D]`.
  fileprivate func classPictures() -> RowTable {
    let result = RowTable(rows: hierarchy.numberOfClasses, columns: train.dimension)
    var counts = [Double](repeating: 0, count: result.rows)
    let row = AlignedBuffer<Double>(count: train.dimension)
    for item in 0..<train.count {
      let k = Int(train.classes[item])
      train.copy(item: item, into: row.buffer)
      for i in 0..<train.dimension { result.row(k)[i] += row.pointer[i] }
      counts[k] += 1
    }
    for k in 0..<result.rows {
      for i in 0..<train.dimension { result.row(k)[i] /= counts[k] }
    }
    return result
  }
}
