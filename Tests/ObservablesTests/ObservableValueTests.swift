import Dynamics
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// Each observable against its definition written out.
@Suite struct ObservableValueTests {
  /// 30 memories in three classes of two superclasses; 12 own items that are not memories.
  let memories = GeometryTests.memories
  let own = normalRows(12, 4, seed: 70)
  let ownClasses: [Int32] = (0..<12).map { Int32($0 % 3) }
  let states = normalRows(12, 4, seed: 71)
  /// Four-dimensional sums of numbers of order 1, means of 30.
  let bound = 100 * 0x1p-53

  func context(origin: Bool = false) -> ObservableContext {
    let geometry = GeometryTests.geometry
    return ObservableContext(
      geometry: geometry, own: OwnItems(memories: RowTable(own), classes: ownClasses), source: nil,
      overlapOrigin: origin ? geometry.root : nil)
  }

  func measured(_ name: String, origin: Bool = false, at states: [[Double]]? = nil) throws -> [Double] {
    let observable = try #require(ObservableRegistry.observable(named: name, in: context(origin: origin)))
    #expect(observable.name == name)
    return try measure([observable], at: states ?? self.states)[0]
  }

  /// The centres of an item's branch: memory, class, superclass, root.
  func branch(_ item: Int) -> [[Double]] {
    let c = ownClasses[item]
    return [
      own[item], GeometryTests.mean { $0 == c },
      GeometryTests.mean { c == 1 ? $0 == 1 : $0 != 1 }, GeometryTests.mean { _ in true },
    ]
  }

  @Test func distancesAreThoseToTheOwnBranch() throws {
    let names = ["distance-memory", "distance-concept", "distance-superconcept", "distance-root"]
    for (level, name) in names.enumerated() {
      for (m, value) in try measured(name).enumerated() {
        #expect(abs(value - plainDistance(states[m], branch(m)[level])) <= bound)
      }
    }
    #expect(try measured("distance-memory", at: own).allSatisfy { $0 == 0 })
  }

  @Test func overlapsAreCosinesAboutTheChosenOrigin() throws {
    for (name, level) in [("overlap-memory", 0), ("overlap-concept", 1), ("overlap-root", 3)] {
      for (m, value) in try measured(name).enumerated() {
        #expect(abs(value - plainCosine(states[m], branch(m)[level], origin: [0, 0, 0, 0])) <= bound)
      }
    }
    let root = GeometryTests.mean { _ in true }
    for (name, level) in [("overlap-memory", 0), ("overlap-concept", 1)] {
      for (m, value) in try measured(name, origin: true).enumerated() {
        #expect(abs(value - plainCosine(states[m], branch(m)[level], origin: root)) <= bound)
      }
    }
    #expect(try measured("overlap-root", origin: true).allSatisfy { $0.isNaN })
  }

  @Test func overlapsOfShortVectorsAreMissing() throws {
    func along(_ length: Double) -> [[Double]] { own.map { row in row.map { length * $0 / norm(row) } } }
    #expect(try measured("overlap-memory", at: along(0)).allSatisfy { $0.isNaN })
    #expect(try measured("overlap-memory", at: along(0.99e-12)).allSatisfy { $0.isNaN })
    // The state is parallel to the memory: 1 but for rounding, and never above.
    for length in [1.01e-12, 1, 1e100] {
      for value in try measured("overlap-memory", at: along(length)) {
        #expect(abs(value - 1) <= 4 * 0x1p-53 && value <= 1)
      }
      for value in try measured("overlap-memory", at: along(-length)) {
        #expect(abs(value + 1) <= 4 * 0x1p-53 && value >= -1)
      }
    }
  }

  /// Squares overflow beyond 1e154: a wrong number would be worse than none.
  @Test func overlapsOfHugeStatesAreNotWrong() throws {
    let huge = states.map { $0.map { 1e160 * $0 } }
    for (m, value) in try measured("overlap-memory", at: huge).enumerated() {
      let expected = plainCosine(states[m], own[m], origin: [0, 0, 0, 0])
      #expect(value.isNaN || abs(value - expected) <= bound, "\(value) for \(expected)")
    }
  }

  @Test func theNearestConceptDecidesOnAccuracy() throws {
    let concepts = (0..<3).map { k in GeometryTests.mean { $0 == Int32(k) } }
    let queries = states.map { $0.map { 0.5 * $0 } }
    let distance = try measured("distance-nearest-concept", at: queries)
    let accuracy = try measured("concept-accuracy", at: queries)
    for m in queries.indices {
      let all = concepts.map { plainDistance(queries[m], $0) }
      let best = try #require(all.min())
      #expect(abs(distance[m] - best) <= bound)
      #expect(accuracy[m] == (all[Int(ownClasses[m])] == best ? 1 : 0))
    }
    #expect(Set(accuracy) == [0, 1], "the states must be of both kinds")
  }

  /// The nearest concept's class, none where it is further away than the quantile of its own memories' distances.
  @Test func statesBeyondTheirConceptsRadiusHaveNoLabel() throws {
    let concepts = (0..<3).map { k in GeometryTests.mean { $0 == Int32(k) } }
    let geometry = GeometryTests.geometry
    for quantile in [0, 0.5, 0.95, 1] {
      let radii = geometry.conceptRadii(quantile: quantile)
      for k in 0..<3 {
        let own = zip(memories, geometry.classes).filter { $0.1 == Int32(k) }
          .map { plainDistance($0.0, concepts[k]) }.sorted()
        // Type 7: at q (n - 1) among the order statistics, linearly between two.
        let place = quantile * Double(own.count - 1)
        let (low, high) = (own[Int(place)], own[min(Int(place) + 1, own.count - 1)])
        #expect(abs(radii[k] - (low + (place - place.rounded(.down)) * (high - low))) <= bound)
      }
      var context = context()
      context.conceptRadii = radii
      let queries = states.map { $0.map { 0.5 * $0 } } + states.map { $0.map { 2 * $0 } }
      let label = try #require(ObservableRegistry.observable(named: "nearest-concept", in: context))
      var found: Set<Double> = []
      for part in [queries.prefix(12), queries.suffix(12)] {
        let labels = try measure([label], at: Array(part))[0]
        for (query, value) in zip(part, labels) {
          let all = concepts.map { plainDistance(query, $0) }
          let best = try #require(all.indices.min { all[$0] < all[$1] })
          #expect(value == (all[best] > radii[best] ? -1 : Double(best)))
          found.insert(value)
        }
      }
      if quantile == 0.95 { #expect(found.contains(-1) && found.count > 2, "\(found)") }
    }
    // Without radii everything is within, however far.
    let label = try #require(ObservableRegistry.observable(named: "nearest-concept", in: context()))
    let far = states.map { $0.map { 1e6 * $0 } }
    #expect(try measure([label], at: far)[0].allSatisfy { (0...2).contains($0) })
  }

  @Test func abstractionIsTheLevelOfTheNearestCentre() throws {
    // From the memory along the branch to the root, and far beyond.
    var queries: [[Double]] = []
    for m in own.indices { queries.append(branch(m)[m % 4]) }
    // Class 1 is alone in its superclass: their centres are one point, and the lower level has it.
    let expected = own.indices.map { $0 % 4 == 2 && ownClasses[$0] == 1 ? 1 : $0 % 4 }
    #expect(expected.contains(2) && expected[10] == 1)
    #expect(try measured("abstraction-level", at: queries) == expected.map(Double.init))
    for (m, level) in try measured("abstraction-level").enumerated() {
      let all = branch(m).map { plainDistance(states[m], $0) }
      let best = try #require(all.min())
      #expect(level == Double(try #require(all.firstIndex(of: best))))
    }
    let indicators = try (0..<4).map { try #require(LevelIndicator(level: $0, context())) }
    let shares = try measure(indicators, at: queries)
    for m in queries.indices {
      #expect((0..<4).map { shares[$0][m] } == (0..<4).map { $0 == expected[m] ? 1 : 0 })
    }
  }

  @Test func abstractionTiesTakeTheLowerLevel() throws {
    // One class: concept and root are the same point; and a state in the middle of memory and concept.
    let geometry = LatentGeometry(
      memories: RowTable([[2, 0], [-2, 0]]), classes: [0, 0], classCount: 1, superclassOfClass: [0])
    let context = ObservableContext(
      geometry: geometry,
      own: OwnItems(memories: RowTable([[2, 0], [2, 0], [0, 0]]), classes: [0, 0, 0]), source: nil)
    let level = try #require(AbstractionLevel(context))
    #expect(try measure([level], at: [[1, 0], [0.25, 1], [5, 5]])[0] == [0, 1, 0])
  }

  @Test func nearestConceptTiesTakeTheLowerIndex() throws {
    let geometry = LatentGeometry(
      memories: RowTable([[1, 0], [-1, 0]]), classes: [0, 1], classCount: 2, superclassOfClass: [])
    let context = ObservableContext(
      geometry: geometry, own: OwnItems(memories: RowTable([[1, 0], [-1, 0]]), classes: [0, 1]), source: nil)
    let accuracy = try #require(ConceptAccuracy(context))
    #expect(try measure([accuracy], at: [[0, 3], [0, 3]])[0] == [1, 0])
  }

  @Test func eachItemHasItsFixedCentreOrNone() throws {
    let centres = RowTable([[0, 0, 0, 0], [1, 1, 1, 1]])
    let observable = CentreDistance(
      name: "shuffled", centres: centres, rowOfItem: (0..<12).map { Int32($0 % 3) - 1 })
    for (m, value) in try measure([observable], at: states)[0].enumerated() {
      switch m % 3 {
      case 0: #expect(value.isNaN)
      case 1: #expect(abs(value - norm(states[m])) <= bound)
      default: #expect(abs(value - plainDistance(states[m], [1, 1, 1, 1])) <= bound)
      }
    }
  }

  /// Energies, errors and overlaps along trajectories, against PyTorch.
  @Test(arguments: ReferenceFile.tiny)
  func dataSpaceObservablesArePyTorchs(_ name: String) throws {
    let reference = try ReferenceFile(tiny: name)
    let a = reference.model.architecture
    let input = try reference.rows("input")
    let map = InferenceMap<DenseNetwork<Double>>(reference.model)
    let memories = map.memories(of: RowTable(input), count: 7, threads: 1)
    let geometry = LatentGeometry(
      memories: memories, classes: Array(repeating: 0, count: 7), classCount: 1, superclassOfClass: [])
    let context = ObservableContext(
      geometry: geometry, own: OwnItems(memories: memories, classes: Array(repeating: 0, count: 7)),
      source: RowTable(input))
    let names = [
      "energy", "input-entropy", "reconstruction-excess", "kullback-leibler", "reconstruction-error",
      "data-overlap", "step-length",
    ]
    let observables = try names.map { try #require(ObservableRegistry.observable(named: $0, in: context)) }
    let result = try measure(
      observables, map, from: GivenStart(RowTable(input), space: .data), items: 7, steps: 5)
    let values = Dictionary(uniqueKeysWithValues: zip(names, result.series))
    let isBernoulli = a.likelihood == .bernoulli
    for name in names {
      guard isBernoulli || !["input-entropy", "reconstruction-excess"].contains(name) else { continue }
      let variable =
        name == "kullback-leibler"
        ? "kullback_leibler_series" : String(name.map { $0 == "-" ? "_" : $0 })
      let expected = try reference.rows(variable)
      let series = try #require(values[name])
      for m in 0..<7 {
        for t in 0...5 where !(name == "step-length" && t == 0) {
          // Sums of 36 numbers at states that agree to about 1e-13; excess is a difference of up to 114.
          #expect(abs(series[m][t] - expected[m][t]) <= 1e-13 * 114, "\(name) at \(m), \(t)")
        }
      }
    }
    let energy = try #require(values["energy"])
    let entropy = try #require(values["input-entropy"])
    let excess = try #require(values["reconstruction-excess"])
    let divergence = try #require(values["kullback-leibler"])
    let step = try #require(values["step-length"])
    for m in 0..<7 {
      #expect(step[m][0].isNaN)
      for t in 0...5 {
        if isBernoulli {
          let sum = entropy[m][t] + excess[m][t] + divergence[m][t]
          #expect(abs(energy[m][t] - sum) <= 4 * 0x1p-53 * energy[m][t])
          #expect(excess[m][t] >= 0 && entropy[m][t] >= 0)
        } else {
          #expect(entropy[m][t].isNaN)
          #expect(abs(energy[m][t] - excess[m][t] - divergence[m][t]) <= 4 * 0x1p-53 * energy[m][t])
        }
      }
    }
  }
}
