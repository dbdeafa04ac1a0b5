import Datasets
import Dynamics
import Numerics
import Observables
import VAE

/// An ensemble that is ready to run: the plan, its start, and the geometry that it is measured in.
struct PreparedEnsemble<Map: EncodingMap> {
  let map: Map
  let start: AnyStart
  var plan: EnsemblePlan
  let geometry: LatentGeometry
  let own: OwnItems?
  /// Of the memories, by descending variance, `[axes, N]`; computed where the run file needs them.
  let principalAxes: RowTable?
  /// How many of the plan's observables are the user's; level indicators follow.
  let visibleObservables: Int
}

/// An initial condition of whichever kind.
struct AnyStart: InitialCondition {
  let base: any InitialCondition
  var space: StateSpace { base.space }
  var hasRegion: Bool { base.hasRegion }
  func prepare(
    _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource
  ) {
    base.prepare(member, into: state, region: region, noise: noise)
  }
}

extension Experiment {
  /// The map that the scenario iterates, in its precision.
  ///
  /// - Parameter network: Nil for a Hopfield network of the training items.
  func map(of network: Autoencoder?) -> any EncodingMap {
    switch (network, scenario.dynamics.precision) {
    case (let network?, .single):
      return InferenceMap<DenseNetwork<Float>>(network, mode: scenario.dynamics.inferenceMode)
    case (let network?, .double):
      return InferenceMap<DenseNetwork<Double>>(network, mode: scenario.dynamics.inferenceMode)
    case (nil, let precision):
      let train = dataset.train
      let patterns = HopfieldPatterns.signs(
        of: SplitSource(split: train), count: train.count, dimension: train.dimension,
        threads: options.threads)
      // Fields are exact in both precisions; where single precision has too few digits, double is taken.
      return precision == .single && HopfieldMap<Float>.isExact(patterns: train.count, units: train.dimension)
        ? HopfieldMap<Float>(patterns: patterns) : HopfieldMap<Double>(patterns: patterns)
    }
  }

  /// Encodes the data set and builds the plan.
  ///
  /// - Parameter network: What the map was made of; nil for a Hopfield network.
  func prepareEnsemble<Map: EncodingMap>(_ map: Map, of network: Autoencoder?) throws -> PreparedEnsemble<Map>
  {
    let latent = map.dimension
    try checkObservables(latentDimension: latent)
    let memories = map.memories(
      of: SplitSource(split: dataset.train), count: dataset.train.count, threads: options.threads)
    let hierarchy = dataset.hierarchy
    let geometry = LatentGeometry(
      memories: memories, classes: dataset.train.classes, classCount: hierarchy.numberOfClasses,
      superclassOfClass: hierarchy.superclassOfClass)

    var own: OwnItems?
    var source: (any ItemSource)?
    let start: AnyStart
    let items: [Int32]
    if let corruption = CorruptionRegistry.corruption(named: scenario.initial.corruption) {
      items = try itemIndices(available: nil)
      if hasSourceItems {
        let clean = SplitSource(split: split)
        let ownMemories =
          scenario.initial.split == .train
          ? memories : map.memories(of: clean, count: split.count, threads: options.threads)
        own = OwnItems(memories: ownMemories, classes: split.classes)
        source = clean
      }
      let origin = type(of: corruption).origin
      start = AnyStart(
        base: CorruptedStart(
          corruption, source: origin == .memory ? own?.memories : source,
          imageShape: dataset.imageShape))
    } else {
      guard let file = scenario.initial.file else { preconditionFailure("the loader demands initial.file") }
      let given = try GivenStates(
        file, scenario: scenario, dataset: dataset, latentDimension: latent,
        likelihood: network?.architecture.likelihood)
      items = try itemIndices(available: given.rows.rows)
      start = AnyStart(base: GivenStart(given.rows, space: given.space))
      if let classes = given.classes {
        let isData = given.space == .data
        own = OwnItems(
          memories: isData
            ? map.memories(of: given.rows, count: given.rows.rows, threads: options.threads) : given.rows,
          classes: classes)
        source = isData ? given.rows : nil
      }
    }

    var context = ObservableContext(
      geometry: geometry, own: own, source: source,
      overlapOrigin: scenario.overlapOrigin == .root ? geometry.root : nil)
    context.siblingOfClass = siblingOfClass
    context.startsFromTraining = hasSourceItems && scenario.initial.split == .train
    let needs = scenario.observables.map { self.needs(of: $0) }
    if needs.contains(where: { $0.contains(.classPictures) }) { context.classPictures = classPictures() }
    if needs.contains(where: { $0.contains(.heldOutItems) }) {
      let isTest = scenario.initial.split == .test
      let heldOut =
        own.flatMap { hasSourceItems && isTest ? $0.memories : nil }
        ?? map.memories(
          of: SplitSource(split: dataset.test), count: dataset.test.count, threads: options.threads)
      context.samples = MemorySamples(
        training: OwnItems(memories: memories, classes: dataset.train.classes),
        heldOut: OwnItems(memories: heldOut, classes: dataset.test.classes),
        classCount: hierarchy.numberOfClasses,
        origin: hasSourceItems ? (isTest ? .heldOut : .training) : .elsewhere, seed: scenario.seed)
    }
    let components = scenario.observables.compactMap { PrincipalComponent.number(in: $0) }
    if !components.isEmpty || scenario.output.latents {
      context.principalAxes = geometry.principalAxes().axes
    }
    var observables = try scenario.observables.map { [context] name in
      guard let observable = ObservableRegistry.observable(named: name, in: context) else {
        throw scenario.error(
          key: "observables", value: name,
          expected: "observables that these initial states and this data set have",
          remedy: "remove it ('simulate list observables' says what each needs)")
      }
      return observable
    }
    let visible = observables.count
    if own != nil {
      observables += (0..<geometry.treeLevelCount).compactMap { LevelIndicator(level: $0, context) }
    }

    var plan = EnsemblePlan(
      levels: scenario.initial.levels, items: items, realizations: scenario.initial.realizations,
      steps: scenario.dynamics.steps, seed: scenario.seed, observables: observables)
    if let own {
      plan.approaches = approachDistances(geometry: geometry, own: own)
      if scenario.splitBy.contains(.retention) { plan.splitting = ConceptAccuracy(context) }
      plan.groupings = scenario.groupBy.map { grouping(by: $0, own: own, items: items) }
    }
    if scenario.dynamics.mode != .sample {
      let tolerance = scenario.attractors?.tolerance ?? 1e-10
      plan.convergence = .steps(below: tolerance)
      if let network, scenario.dynamics.mode == .mean, scenario.output.members {
        plan.convergence = .confirmed(
          stepsBelow: tolerance, by: FixedPointConfirmation(DifferentiableInferenceMap(network)))
      }
      plan.conceptDistance = DistanceConcept(context)
      plan.memoryDistance = DistanceMemory(context)
    }
    // The plane of the first two is what plots show.
    let shownAxes = context.principalAxes.map { axes in
      let count = min(latent, max(2, components.max() ?? 0))
      return RowTable(
        rows: count, columns: latent, elements: Array(axes.storage.buffer.prefix(count * latent)))
    }
    plan.recordedObservables = visible
    plan.recordsMembers = scenario.output.members
    plan.recordsLatentStates = scenario.output.latents
    return PreparedEnsemble(
      map: map, start: start, plan: plan, geometry: geometry, own: own,
      principalAxes: shownAxes, visibleObservables: visible)
  }

  /// The control of each class: the next one of its superclass, -1 where there is none.
  private var siblingOfClass: [Int32] {
    (0..<dataset.hierarchy.numberOfClasses).map { Int32(dataset.hierarchy.sibling(ofClass: $0) ?? -1) }
  }

  /// The mean training item of each class, `[classes, D]`.
  private func classPictures() -> RowTable {
    let split = dataset.train
    let result = RowTable(rows: dataset.hierarchy.numberOfClasses, columns: split.dimension)
    var counts = [Double](repeating: 0, count: result.rows)
    let row = AlignedBuffer<Double>(count: split.dimension)
    for item in 0..<split.count {
      let k = Int(split.classes[item])
      split.copy(item: item, into: row.buffer)
      for i in 0..<split.dimension { result.row(k)[i] += row.pointer[i] }
      counts[k] += 1
    }
    for k in 0..<result.rows {
      for i in 0..<split.dimension { result.row(k)[i] /= counts[k] }
    }
    return result
  }

  private func grouping(by grouping: Grouping, own: OwnItems, items: [Int32]) -> ItemGrouping {
    let hierarchy = dataset.hierarchy
    switch grouping {
    case .class:
      return ItemGrouping(
        by: .class, count: hierarchy.numberOfClasses, groupOfPosition: items.map { own.classes[Int($0)] })
    case .superclass:
      return ItemGrouping(
        by: .superclass, count: hierarchy.numberOfSuperclasses,
        groupOfPosition: items.map { Int32(hierarchy.superclassOfClass[Int(own.classes[Int($0)])]) })
    }
  }

  /// Distances to the centres of the own branch, to siblings' and to shuffled centres, level by level.
  ///
  /// Siblings: another item of the class, another class of the superclass, another superclass. Shuffled:
  /// the memory of another item drawn at random, and the centres of the training memories under permuted
  /// labels. The root has neither.
  private func approachDistances(geometry: LatentGeometry, own: OwnItems) -> ApproachTable<any Observable> {
    let hierarchy = dataset.hierarchy
    let itemCount = own.classes.count
    var random = RandomField(seed: scenario.seed, purpose: .controls).stream(0)
    let labels = random.permutation(geometry.classes.count).map { Int(geometry.classes[$0]) }
    var otherRandom = RandomField(seed: scenario.seed, purpose: .controls).stream(1)
    let order = otherRandom.permutation(itemCount)
    // The successor in a random cyclic order: never the item itself, where there is more than one.
    var other = [Int32](repeating: -1, count: itemCount)
    if itemCount > 1 {
      for k in 0..<itemCount { other[order[k]] = Int32(order[(k + 1) % itemCount]) }
    }

    typealias Level = (name: String, centres: RowTable, row: (Int) -> Int?)
    var ownLevels: [Level] = [("own memory", own.memories, { $0 })]
    var siblings: [Level] = [("sibling memory", own.memories, Self.siblingItems(own.classes))]
    var shuffled: [Level] = [("shuffled memory", own.memories, { other[$0] < 0 ? nil : Int(other[$0]) })]

    let classOf = { (item: Int) in Int(own.classes[item]) }
    ownLevels.append(("own concept", geometry.concepts, classOf))
    let siblingClass = siblingOfClass
    siblings.append(
      (
        "sibling concept", geometry.concepts,
        { siblingClass[classOf($0)] < 0 ? nil : Int(siblingClass[classOf($0)]) }
      ))
    let shuffledConcepts = LatentGeometry.centres(
      geometry.memories, groups: labels, count: hierarchy.numberOfClasses)
    shuffled.append(("shuffled concept", shuffledConcepts, classOf))

    if let superconcepts = geometry.superconcepts {
      let superclassOf = { (item: Int) in hierarchy.superclassOfClass[classOf(item)] }
      ownLevels.append(("own superconcept", superconcepts, superclassOf))
      siblings.append(
        ("sibling superconcept", superconcepts, { hierarchy.sibling(ofSuperclass: superclassOf($0)) }))
      let shuffledSuperconcepts = LatentGeometry.centres(
        geometry.memories, groups: labels.map { hierarchy.superclassOfClass[$0] },
        count: hierarchy.numberOfSuperclasses)
      shuffled.append(("shuffled superconcept", shuffledSuperconcepts, superclassOf))
    }
    ownLevels.append(("root", geometry.root, { _ in 0 }))
    siblings.append(("no sibling of the root", geometry.root, { _ in nil }))
    shuffled.append(("no shuffled root", geometry.root, { _ in nil }))
    func distances(_ levels: [Level]) -> [any Observable] {
      levels.map { level in
        CentreDistance(
          name: level.name, centres: level.centres,
          rowOfItem: (0..<itemCount).map { level.row($0).map(Int32.init) ?? -1 })
      }
    }
    return ApproachTable(
      own: distances(ownLevels), sibling: distances(siblings), shuffled: distances(shuffled))
  }

  /// The next item of the same class, cyclically; nil for the only one of its class.
  private static func siblingItems(_ classes: [Int32]) -> (Int) -> Int? {
    var byClass: [Int32: [Int]] = [:]
    for (item, label) in classes.enumerated() { byClass[label, default: []].append(item) }
    var next = [Int32](repeating: -1, count: classes.count)
    for items in byClass.values where items.count > 1 {
      for (k, item) in items.enumerated() { next[item] = Int32(items[(k + 1) % items.count]) }
    }
    return { next[$0] < 0 ? nil : Int(next[$0]) }
  }
}

extension DynamicsSpecification {
  /// The map's mode.
  var inferenceMode: InferenceMode {
    switch mode {
    case .mean: .mean
    case .sample: .sample(temperature: temperature, decoder: sampleDecoder)
    case .clamped: .clamped
    }
  }
}
