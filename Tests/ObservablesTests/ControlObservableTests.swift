import Corruptions
import Dynamics
import Foundation
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// The observables of controls and of data space, each against its definition written out.
@Suite struct ControlObservableTests {
  static let context = ConformanceTests.context()
  static let memories = (0..<50).map { values(context.geometry.memories, row: $0) }

  func observable(_ name: String, _ context: ObservableContext = context) throws -> any Observable {
    try #require(ObservableRegistry.observable(named: name, in: context))
  }

  /// g(z) of the model: one hidden layer of tanh, the logistic function at the end.
  static func decoded(_ z: [Double]) -> [Double] {
    let model = ConformanceTests.model
    let layers = Dictionary(
      uniqueKeysWithValues: zip(model.architecture.layers.map(\.name), model.layers))
    func affine(_ name: String, _ x: [Double]) -> [Double] {
      let layer = layers[name]!
      return layer.bias.indices.map { i in
        x.indices.reduce(Double(layer.bias[i])) { $0 + Double(layer.weight[i * x.count + $1]) * x[$1] }
      }
    }
    return affine("decoder.output", affine("decoder.0", z).map { tanh($0) }).map { 1 / (1 + exp(-$0)) }
  }

  /// `[member][time]` of an observable, and the latent states, along trajectories from corrupted items.
  func trajectories(_ names: [String]) throws -> RecordedEnsemble {
    try measure(
      try names.map { try observable($0) }, InferenceMap<DenseNetwork<Double>>(ConformanceTests.model),
      from: CorruptedStart(UniformReplacement(), source: RowTable(ConformanceTests.items), imageShape: nil),
      items: 50, levels: [0.4], steps: 4, threads: 2, blockSize: 7)
  }

  @Test func displacementAndSiblingsAgreeWithPlainLoops() throws {
    let result = try trajectories(["displacement", "distance-sibling-concept"])
    let concepts = (0..<3).map { k in plainMean((0..<50).filter { $0 % 3 == k }.map { Self.memories[$0] }) }
    for m in 0..<50 {
      for t in 0...4 {
        let z = result.states[m][t]
        #expect(result.series[0][m][t] == plainDistance(z, result.states[m][0]))
        // Means of 17 numbers of order 1.
        let sibling = concepts[[1, 2, 0][m % 3]]
        #expect(abs(result.series[1][m][t] - plainDistance(z, sibling)) <= 100 * 0x1p-53)
      }
      #expect(result.series[0][m][0] == 0)
    }
  }

  @Test func classesWithoutSiblingsAreMissing() throws {
    var context = Self.context
    context.siblingOfClass = [-1, 2, 1]
    for name in ["distance-sibling-concept", "data-distance-sibling-concept"] {
      let result = try measure(
        [try observable(name, context)], InferenceMap<DenseNetwork<Double>>(ConformanceTests.model),
        from: CorruptedStart(UniformReplacement(), source: RowTable(ConformanceTests.items), imageShape: nil),
        items: 50, levels: [0.4], steps: 1)
      for m in 0..<50 { #expect(result.series[0][m].allSatisfy { $0.isNaN == (m % 3 == 0) }) }
    }
    context.siblingOfClass = []
    #expect(ObservableRegistry.observable(named: "distance-sibling-concept", in: context) == nil)
  }

  /// x(t + 1) = g(z(t)) from the latent states, with the network written out.
  @Test func dataSpaceDistancesAreThoseOfDecodedStates() throws {
    let result = try trajectories([
      "data-distance-memory", "data-distance-concept", "data-distance-sibling-concept",
    ])
    let items = ConformanceTests.items
    let means = (0..<3).map { k in plainMean((0..<50).filter { $0 % 3 == k }.map { items[$0] }) }
    let network = InferenceMap<DenseNetwork<Double>>(ConformanceTests.model)
    for m in 0..<50 {
      for t in 1...4 {
        let x = Self.decoded(result.states[m][t - 1])
        let expected = [
          plainDistance(x, items[m]), plainDistance(x, means[m % 3]),
          plainDistance(x, means[[1, 2, 0][m % 3]]),
        ]
        // Nine pixels in [0, 1]; the network's double precision agrees to some units.
        for k in 0..<3 { #expect(abs(result.series[k][m][t] - expected[k]) <= 1000 * 0x1p-53) }
      }
    }
    // Uncorrupted items: x(0) is the item.
    let clean = try measure(
      [try observable("data-distance-memory")], network,
      from: CorruptedStart(UniformReplacement(), source: RowTable(items), imageShape: nil), items: 50)
    #expect(clean.series[0].allSatisfy { $0 == [0] })
  }

  @Test func aRecoveredMemoryIsTheNearestOfAll() throws {
    let recovered = try observable("memory-recovered")
    // On the own memory, on another's, and in between.
    let states = (0..<50).map { m -> [Double] in
      let other = Self.memories[(m + 7) % 50]
      let share = [0.0, 1, 0.3, 0.6][m % 4]
      return zip(Self.memories[m], other).map { (1 - share) * $0 + share * $1 }
    }
    let found = try measure([recovered], at: states)[0]
    for m in 0..<50 {
      let all = Self.memories.map { plainDistance(states[m], $0) }
      #expect(found[m] == (all[m] == all.min() ? 1 : 0))
    }
    #expect(Set(found) == [0, 1])
    var context = Self.context
    context.startsFromTraining = false
    #expect(ObservableRegistry.observable(named: "memory-recovered", in: context) == nil)
  }

  /// Two equal memories: either is recovered by the state on them.
  @Test func equalMemoriesAreBothRecovered() throws {
    let memories = RowTable([[1, 2], [1, 2], [3, 3]])
    var context = ObservableContext(
      geometry: LatentGeometry(
        memories: memories, classes: [0, 0, 0], classCount: 1, superclassOfClass: []),
      own: OwnItems(memories: memories, classes: [0, 0, 0]), source: nil)
    context.startsFromTraining = true
    #expect(
      try measure([try observable("memory-recovered", context)], at: [[1, 2], [1, 2], [1, 2]])[0] == [
        1, 1, 0,
      ])
  }

  @Test func activeVariablesVary() {
    // Variances 0.25 (over +-1/2), 0.01 exactly (+-0.1 is not exact: one ulp), 0.0025, 0.
    let rows = (0..<4).map { k in
      [k % 2 == 0 ? 0.5 : -0.5, k < 2 ? 0.125 : -0.125, k < 2 ? 0.0625 : -0.0625, 3]
    }
    let geometry = LatentGeometry(
      memories: RowTable(rows), classes: [0, 0, 0, 0], classCount: 1, superclassOfClass: [])
    #expect(geometry.latentActivity == [0.25, 0.015625, 0.00390625, 0])
    #expect(geometry.activeLatentVariables == 2)
  }
}

/// Samples of training and held-out memories.
@Suite struct MemorySampleTests {
  static func side(_ classes: [Int32], seed: UInt64) -> (rows: [[Double]], items: OwnItems) {
    let rows = normalRows(classes.count, 3, seed: seed)
    return (rows, OwnItems(memories: RowTable(rows), classes: classes))
  }

  /// All items of both sides, so that brute force knows which are in the samples.
  @Test(arguments: [MemorySamples.Origin.training, .heldOut, .elsewhere])
  func ownItemsDoNotCount(_ origin: MemorySamples.Origin) throws {
    let classes = (0..<40).map { Int32($0 / 10) }
    let training = Self.side(classes, seed: 91)
    let heldOut = Self.side(classes, seed: 92)
    var context = ConformanceTests.context(own: false)
    context.samples = MemorySamples(
      training: training.items, heldOut: heldOut.items, classCount: 4, origin: origin, seed: 5)
    let observables = try ["distance-training-sample", "distance-held-out"].map {
      try #require(ObservableRegistry.observable(named: $0, in: context))
    }
    // On own memories, which would be at distance 0, close to them, and anywhere.
    let start = origin == .heldOut ? heldOut.rows : training.rows
    for shift in [0, 1e-9, 0.3] {
      let states = start.map { $0.map { $0 + shift } }
      let found = try measure(observables, at: states)
      for m in 0..<40 {
        for (k, rows) in [training.rows, heldOut.rows].enumerated() {
          // Everything is in both samples, sorted by class and index: the partner has the same number.
          let others = rows.indices.filter { origin == .elsewhere || $0 != m }.map { rows[$0] }
          #expect(found[k][m] == others.map { plainDistance(states[m], $0) }.min())
        }
      }
    }
  }

  @Test func numbersAreEqualClassByClass() throws {
    // 3 held-out items of class 0, 5 of class 1, none of class 2; 10, 4 and 6 for training.
    func classes(_ counts: [Int]) -> [Int32] {
      counts.enumerated().flatMap { k, count in [Int32](repeating: Int32(k), count: count) }
    }
    let training = Self.side(classes([10, 4, 6]), seed: 93)
    let heldOut = Self.side(classes([3, 5, 0]), seed: 94)
    var context = ConformanceTests.context(own: false)
    context.samples = MemorySamples(
      training: training.items, heldOut: heldOut.items, classCount: 3, origin: .elsewhere, seed: 5)
    // A memory is in its sample if a state on it has distance 0.
    func included(_ name: String, _ side: (rows: [[Double]], items: OwnItems)) throws -> [Int] {
      let observable = try #require(ObservableRegistry.observable(named: name, in: context))
      let found = try measure([observable], at: side.rows)[0]
      return (0..<3).map { k in found.indices.count { found[$0] == 0 && side.items.classes[$0] == Int32(k) } }
    }
    #expect(try included("distance-training-sample", training) == [3, 4, 0])
    #expect(try included("distance-held-out", heldOut) == [3, 4, 0])
    #expect(
      MemorySamples(
        training: Self.side([0, 0], seed: 1).items, heldOut: Self.side([1], seed: 2).items, classCount: 2,
        origin: .elsewhere, seed: 5) == nil)
  }

  @Test func manyItemsAreSampledInProportion() throws {
    let classes = (0..<6000).map { Int32($0 % 6 < 3 ? 0 : $0 % 6 < 5 ? 1 : 2) }
    let training = Self.side(classes, seed: 95)
    let heldOut = Self.side(classes, seed: 96)
    var context = ConformanceTests.context(own: false)
    context.samples = MemorySamples(
      training: training.items, heldOut: heldOut.items, classCount: 3, origin: .elsewhere, seed: 5)
    let observable = try #require(
      ObservableRegistry.observable(named: "distance-held-out", in: context))
    let found = try measure([observable], at: heldOut.rows)[0]
    let counts = (0..<3).map { k in found.indices.count { found[$0] == 0 && classes[$0] == Int32(k) } }
    // 2000 in the ratio 3 : 2 : 1.
    #expect(counts == [1000, 667, 333])
  }

  /// The nearest of many but one: bit for bit that of a full search, with ties and in every bucket.
  @Test(arguments: [1, 2, 15, 16, 17, 255, 256, 257, 700])
  func leavingOneOutIsExact(_ count: Int) throws {
    let classes = [Int32](repeating: 0, count: count)
    // A third of them twice.
    let plain = normalRows(count, 4, seed: 97)
    let rows = plain.indices.map { plain[$0 % 3 == 2 ? $0 - 1 : $0] }
    let items = OwnItems(memories: RowTable(rows), classes: classes)
    var context = ConformanceTests.context(own: false)
    context.samples = MemorySamples(
      training: items, heldOut: items, classCount: 1, origin: .training, seed: 5)
    let observable = try #require(
      ObservableRegistry.observable(named: "distance-training-sample", in: context))
    for scale in [1, 1e-3, 1e30] {
      let states = rows.map { $0.map { $0 + 0.01 } }.map { $0.map { $0 * scale } }
      let found = try measure([observable], at: states)[0]
      for m in 0..<count {
        let others = rows.indices.filter { $0 != m }.map { plainDistance(states[m], rows[$0]) }
        if let nearest = others.min() { #expect(found[m] == nearest) } else { #expect(found[m].isNaN) }
      }
    }
  }
}
