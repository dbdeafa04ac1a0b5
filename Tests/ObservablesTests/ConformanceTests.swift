import Corruptions
import Dynamics
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// What every observable of the registry must do.
@Suite struct ConformanceTests {
  /// A small network whose latent states the test can choose. Its weights are so large that all latent variables are active.
  static var model: Autoencoder {
    let architecture = Architecture(
      dataDimension: 9, latentDimension: 3, hidden: [6], activation: .tanh, likelihood: .bernoulli)
    var layers = Autoencoder(initializing: architecture, seed: 80).layers
    for k in layers.indices { layers[k].weight = layers[k].weight.map { 3 * $0 } }
    return Autoencoder(architecture: architecture, layers: layers)
  }

  static let items = randomRows(50, 9, seed: 81)

  static func context(own: Bool = true, superclasses: Bool = true) -> ObservableContext {
    let source = RowTable(items)
    let memories = InferenceMap<DenseNetwork<Double>>(model).memories(of: source, count: 50, threads: 1)
    let classes = (0..<50).map { Int32($0 % 3) }
    var context = ObservableContext(
      geometry: LatentGeometry(
        memories: memories, classes: classes, classCount: 3,
        superclassOfClass: superclasses ? [0, 1, 1] : []),
      own: own ? OwnItems(memories: memories, classes: classes) : nil, source: own ? source : nil)
    context.siblingOfClass = [1, 2, 0]
    context.startsFromTraining = own
    context.classPictures = RowTable(
      (0..<3).map { k in plainMean(items.indices.filter { $0 % 3 == k }.map { items[$0] }) })
    context.samples = MemorySamples(
      training: OwnItems(memories: memories, classes: classes),
      heldOut: OwnItems(
        memories: RowTable(normalRows(30, 3, seed: 84)), classes: (0..<30).map { Int32($0 % 3) }),
      classCount: 3, origin: own ? .training : .elsewhere, seed: 1)
    context.posteriorVariances = [0.25, 1, 0.5]
    context.derivative = MapDerivative(DifferentiableInferenceMap(DenseNetwork<Double>(model)))
    return context
  }

  static let names = ObservableRegistry.all.map { $0.name } + (1...3).map { "principal-component-\($0)" }

  @Test func namesAreThoseOfTheContract() {
    #expect(Set(Self.names).count == Self.names.count)
    let contract: Set<String> = [
      "overlap-memory", "overlap-concept", "overlap-root", "distance-memory", "distance-concept",
      "distance-superconcept", "distance-root", "distance-nearest-memory", "distance-nearest-concept",
      "concept-accuracy", "abstraction-level", "step-length", "data-overlap", "reconstruction-error",
      "energy", "input-entropy", "reconstruction-excess", "kullback-leibler", "displacement",
      "distance-sibling-concept", "memory-recovered", "distance-training-sample", "distance-held-out",
      "data-distance-memory", "data-distance-concept", "data-distance-sibling-concept", "nearest-concept",
      "spectral-radius", "largest-singular-value", "second-singular-value", "jacobian-asymmetry",
      "gain-within-classes", "gain-between-classes",
      "distance-own-centre", "distance-other-centres", "log-ratio-others-to-own", "log-ratio-own-to-root",
      "log-ratio-others-to-own-whitened", "log-ratio-others-to-own-posterior",
      "distance-own-centre-posterior",
      "log-distance-own-centre", "overlap-about-root-own-centre", "overlap-about-root-siblings",
      "chord-excess-contrast", "distance-reached-memory", "ends-at-own-memory", "ends-at-memory-of-class",
      "ends-at-memory-of-other-class", "ends-at-no-memory", "interior-concept-minimum",
      "closest-memory-later",
      "closest-memory-earlier", "closest-memory-tied", "class-spread", "common-motion",
    ]
    #expect(Set(ObservableRegistry.all.map { $0.name }) == contract)
    let nats: Set<String> = ["energy", "input-entropy", "reconstruction-excess", "kullback-leibler"]
    for type in ObservableRegistry.all {
      #expect(type.units == (nats.contains(type.name) ? "nats" : "1"))
      #expect(type.needs.contains(.superclass) == (type.name == "distance-superconcept"))
    }
    #expect(ObservableRegistry.observable(named: "no-such-thing", in: Self.context()) == nil)
    #expect(ObservableRegistry.observable(named: "principal-component-4", in: Self.context()) == nil)
  }

  @Test(arguments: names)
  func describesItself(_ name: String) throws {
    let observable = try #require(ObservableRegistry.observable(named: name, in: Self.context()))
    #expect(observable.name == name)
    #expect(observable.variableName == name.split(separator: "-").joined(separator: "_"))
    #expect(observable.longName.count > 15 && !observable.longName.contains("\n"))
    #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
    let available = InferenceMap<DenseNetwork<Double>>(Self.model).availableFields.union(.kept)
    #expect(available.isSuperset(of: observable.requiredFields))
  }

  @Test func longNamesDiffer() {
    let texts = Self.names.compactMap {
      ObservableRegistry.observable(named: $0, in: Self.context())?.longName
    }
    #expect(Set(texts).count == Self.names.count)
  }

  @Test func needsSayWhatAContextMustHold() {
    for type in ObservableRegistry.all {
      let lacksOwn = type.init(Self.context(own: false)) == nil
      #expect(lacksOwn == type.needs.contains(.ownItem), "\(type.name)")
      let lacksSuperclass = type.init(Self.context(superclasses: false)) == nil
      #expect(lacksSuperclass == type.needs.contains(.superclass), "\(type.name)")
    }
    #expect(LevelIndicator(level: 0, Self.context(own: false)) == nil)
  }

  /// Those that single members have whatever map there is: neither collective ones nor those of whole paths, which
  /// `CommonMotionTests` and `PathObservableTests` test.
  static let ownNames = names.filter { name in
    let type = ObservableRegistry.all.first { $0.name == name }
    return !(type is any CollectiveObservable.Type || type is any PathReading.Type)
  }

  /// Whether an observable is missing for an item: class 0 has no sibling in its superclass.
  private static func isMissing(_ name: String, item: Int) -> Bool {
    name == "overlap-about-root-siblings" && item % 3 == 0
  }

  /// Data starts: defined everywhere but for the step length at first.
  @Test(arguments: ownNames)
  func isDefinedAlongTrajectories(_ name: String) throws {
    let observable = try #require(ObservableRegistry.observable(named: name, in: Self.context()))
    let result = try measure(
      [observable], InferenceMap<DenseNetwork<Double>>(Self.model),
      from: CorruptedStart(UniformReplacement(), source: RowTable(Self.items), imageShape: nil), items: 50,
      levels: [0.4], steps: 3)
    #expect(result.series[0].count == 50)
    for (item, series) in result.series[0].enumerated() {
      for t in 0...3 {
        #expect(series[t].isNaN == (name == "step-length" && t == 0 || Self.isMissing(name, item: item)))
      }
    }
    if !["concept-accuracy", "abstraction-level", "memory-recovered", "nearest-concept"].contains(name) {
      #expect(Set(result.series[0].flatMap { $0[1...] }).count > 50, "a constant?")
    }
  }

  /// Latent starts: what is read from x(0) is missing at t = 0.
  @Test(arguments: ownNames)
  func isMissingAtFirstWhereItNeedsData(_ name: String) throws {
    let observable = try #require(ObservableRegistry.observable(named: name, in: Self.context()))
    let result = try measure(
      [observable], InferenceMap<DenseNetwork<Double>>(Self.model),
      from: GivenStart(RowTable(normalRows(50, 3, seed: 82)), space: .latent), items: 50, steps: 3)
    let fromData: Set<String> = [
      "data-overlap", "reconstruction-error", "energy", "input-entropy", "reconstruction-excess",
      "kullback-leibler", "step-length", "data-distance-memory", "data-distance-concept",
      "data-distance-sibling-concept",
    ]
    for (item, series) in result.series[0].enumerated() {
      for t in 0...3 {
        #expect(series[t].isNaN == (fromData.contains(name) && t == 0 || Self.isMissing(name, item: item)))
      }
    }
  }

  @Test(arguments: names)
  func doesNotDependOnTheBlock(_ name: String) throws {
    let context = Self.context()
    let observable = try #require(ObservableRegistry.observable(named: name, in: context))
    let others = Self.names.compactMap { ObservableRegistry.observable(named: $0, in: context) }
    func run<Scalar: NetworkScalar>(_ precision: Scalar.Type) throws {
      func values(_ observables: [any Observable], blockSize: Int, threads: Int) throws -> [UInt64] {
        try measure(
          observables, InferenceMap<DenseNetwork<Scalar>>(Self.model),
          from: CorruptedStart(UniformReplacement(), source: RowTable(Self.items), imageShape: nil),
          items: 50, realizations: 3, levels: [0.2, 0.4], steps: 3, threads: threads, blockSize: blockSize
        ).series[0].flatMap { $0.map(\.bitPattern) }
      }
      let alone = try values([observable], blockSize: BlockSize.standard, threads: 1)
      #expect(alone.count == 50 * 3 * 2 * 4)
      #expect(try values([observable], blockSize: 1, threads: 1) == alone)
      #expect(try values([observable], blockSize: 43, threads: 2) == alone)
      // Nor on the company: shared scratch memory and other fields.
      #expect(try values([observable] + others, blockSize: 17, threads: 2) == alone)
      #expect(
        try values([observable] + others.reversed(), blockSize: BlockSize.standard, threads: 3) == alone)
    }
    try run(Float.self)
    try run(Double.self)
  }

  /// States that are not finite have no values, now and later, and do not disturb the others.
  @Test(arguments: names)
  func isMissingForStatesThatAreNotFinite(_ name: String) throws {
    let observable = try #require(ObservableRegistry.observable(named: name, in: Self.context()))
    let clean = normalRows(50, 3, seed: 83)
    var spoilt = clean
    spoilt[3][0] = .nan
    spoilt[17][2] = .infinity
    spoilt[40][1] = -.infinity
    func values(_ rows: [[Double]]) throws -> [[Double]] {
      try measure(
        [observable], InferenceMap<DenseNetwork<Double>>(Self.model),
        from: GivenStart(RowTable(rows), space: .latent),
        items: 50, steps: 2
      ).series[0]
    }
    let expected = try values(clean)
    let found = try values(spoilt)
    for m in 0..<50 {
      if [3, 17, 40].contains(m) {
        #expect(found[m].allSatisfy { $0.isNaN })
      } else {
        #expect(found[m].map(\.bitPattern) == expected[m].map(\.bitPattern))
      }
    }
  }
}
