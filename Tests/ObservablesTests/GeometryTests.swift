import Dynamics
import Numerics
import Observables
import TestSupport
import Testing

@Suite struct GeometryTests {
  /// Two superclasses of two and one classes, with 5, 9 and 16 memories: sizes differ.
  static let memories = normalRows(30, 4, seed: 60)
  static let classes: [Int32] = (0..<30).map { $0 < 5 ? 0 : $0 < 14 ? 1 : 2 }
  static var geometry: LatentGeometry {
    LatentGeometry(
      memories: RowTable(memories), classes: classes, classCount: 3, superclassOfClass: [1, 0, 1])
  }

  static func mean(_ isMember: (Int32) -> Bool) -> [Double] {
    plainMean(memories.indices.filter { isMember(classes[$0]) }.map { memories[$0] })
  }

  /// The rounding bound of a mean of 30 numbers of order 1.
  static let bound = 30 * 0x1p-53 * 4

  @Test func centresAreMeansOfAllMemoriesBelow() throws {
    let g = Self.geometry
    #expect(g.treeLevelCount == 4)
    for k in 0..<3 {
      #expect(plainDistance(values(g.concepts, row: k), Self.mean { $0 == Int32(k) }) <= Self.bound)
    }
    let superconcepts = try #require(g.superconcepts)
    #expect(superconcepts.rows == 2)
    #expect(plainDistance(values(superconcepts, row: 0), Self.mean { $0 == 1 }) <= Self.bound)
    #expect(plainDistance(values(superconcepts, row: 1), Self.mean { $0 != 1 }) <= Self.bound)
    let root = values(g.root, row: 0)
    #expect(plainDistance(root, Self.mean { _ in true }) <= Self.bound)
    // The size-weighted mean of the concepts, and of the superconcepts.
    let sizes = [5.0, 9, 16]
    let weighted = (0..<4).map { j in
      (0..<3).reduce(0) { $0 + sizes[$1] * values(g.concepts, row: $1)[j] } / 30
    }
    #expect(plainDistance(root, weighted) <= Self.bound)
    let above = (0..<4).map { j in
      (9 * values(superconcepts, row: 0)[j] + 21 * values(superconcepts, row: 1)[j]) / 30
    }
    #expect(plainDistance(root, above) <= Self.bound)
    let plain = plainMean((0..<3).map { values(g.concepts, row: $0) })
    #expect(plainDistance(root, plain) > 0.01, "the sizes must matter in this test")
  }

  @Test func withoutSuperclassesThereAreThreeLevels() {
    let g = LatentGeometry(
      memories: RowTable(Self.memories), classes: Self.classes, classCount: 3, superclassOfClass: [])
    #expect(g.treeLevelCount == 3 && g.superconcepts == nil)
  }

  @Test func groupsWithoutRowsAreMissing() {
    let centres = LatentGeometry.centres(RowTable([[1, 2], [3, 4]]), groups: [2, 2], count: 3)
    #expect(values(centres, row: 2) == [2, 3])
    #expect(values(centres, row: 0).allSatisfy { $0.isNaN })
  }

  @Test(arguments: [1, 2, 7, 40])
  func principalAxesSolveTheEigenvalueProblem(_ n: Int) throws {
    // Stretched and mixed, far from the origin.
    let raw = normalRows(300, n, seed: 61)
    func mixed(_ row: [Double], _ j: Int) -> Double {
      let own: Double = Double(j + 1) * row[j]
      return 3 + own + 0.5 * row[(j + 1) % n]
    }
    let rows: [[Double]] = raw.map { row in (0..<n).map { mixed(row, $0) } }
    let geometry = LatentGeometry(
      memories: RowTable(rows), classes: rows.map { _ in 0 }, classCount: 1, superclassOfClass: [])
    let (axes, variances) = geometry.principalAxes()
    let mean = plainMean(rows)
    let centred: [[Double]] = rows.map { difference($0, mean) }
    let covariance: [[Double]] = (0..<n).map { i in
      (0..<n).map { j in
        var sum = 0.0
        for row in centred { sum += row[i] * row[j] }
        return sum / 299
      }
    }
    let v = (0..<n).map { values(axes, row: $0) }
    // Backward stable: errors of some n units times the largest variance.
    let bound = 100 * Double(n) * 0x1p-53
    for a in 0..<n {
      for b in 0..<n {
        let product = zip(v[a], v[b]).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(product - (a == b ? 1 : 0)) <= bound)
      }
      let image = covariance.map { row in zip(row, v[a]).reduce(0) { $0 + $1.0 * $1.1 } }
      #expect(norm(difference(image, v[a].map { variances[a] * $0 })) <= bound * variances[0])
      if a > 0 { #expect(variances[a] <= variances[a - 1]) }
      let largest = try #require(v[a].max { abs($0) < abs($1) })
      #expect(largest > 0)
    }
    let trace = (0..<n).map { covariance[$0][$0] }.reduce(0, +)
    #expect(abs(variances.reduce(0, +) - trace) <= bound * trace)

    // Projections: mean 0, the axis's variance, and uncorrelated.
    let context = ObservableContext(geometry: geometry, own: nil, source: nil)
    let numbers = Array(1...min(n, 3))
    let observables = try numbers.map { try #require(PrincipalComponent(number: $0, context)) }
    let projections = try measure(observables, at: rows)
    for (k, p) in projections.enumerated() {
      #expect(abs(p.reduce(0, +)) / 300 <= bound * variances[0].squareRoot() * 10)
      let variance = p.reduce(0) { $0 + $1 * $1 } / 299
      #expect(abs(variance - variances[k]) <= bound * variances[0] * 10)
      let direct = zip(difference(rows[7], mean), v[k]).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(p[7] - direct) <= bound * norm(rows[7]))
    }
    if projections.count > 1 {
      let cross = zip(projections[0], projections[1]).reduce(0) { $0 + $1.0 * $1.1 } / 299
      #expect(abs(cross) <= bound * variances[0] * 10)
    }
    #expect(PrincipalComponent(number: n + 1, context) == nil)
  }

  @Test func principalComponentsAreNumberedFromOne() {
    #expect(PrincipalComponent.number(in: "principal-component-1") == 1)
    #expect(PrincipalComponent.number(in: "principal-component-120") == 120)
    for name in [
      "principal-component-", "principal-component-0", "principal-component-01", "principal-component--1",
      "principal-component-+1", "principal-component-1 ", "principal-component-99999999999999999999",
      "principal-component", "Principal-component-1",
    ] {
      #expect(PrincipalComponent.number(in: name) == nil, "\(name)")
    }
  }

  @Test func oneMemoryHasNoVariance() {
    let geometry = LatentGeometry(
      memories: RowTable([[1, 2]]), classes: [0], classCount: 1, superclassOfClass: [])
    #expect(geometry.principalAxes().variances == [0, 0])
    #expect(values(geometry.root, row: 0) == [1, 2])
  }

  @Test func memoriesThatAreNotFiniteHaveNoPrincipalComponents() throws {
    let geometry = LatentGeometry(
      memories: RowTable([[1, 2], [.nan, 1], [0, 0]]), classes: [0, 0, 0], classCount: 1,
      superclassOfClass: [])
    let context = ObservableContext(geometry: geometry, own: nil, source: nil)
    let observable = try #require(PrincipalComponent(number: 1, context))
    #expect(try measure([observable], at: [[1, 1], [2, 0]])[0].allSatisfy { $0.isNaN })
  }
}
