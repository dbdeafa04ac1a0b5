import Corruptions
import Dynamics
import Foundation
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// The observables that leave the member's own item out of its class's centre, each against its definition written out.
@Suite struct OwnCentreTests {
  static let memories = (0..<50).map { values(ConformanceTests.context().geometry.memories, row: $0) }

  private func measured(
    _ names: [String], at states: [[Double]], _ context: ObservableContext = ConformanceTests.context()
  ) throws -> [[Double]] {
    try measure(
      names.map { try #require(ObservableRegistry.observable(named: $0, in: context)) }, at: states)
  }

  private static let names = [
    "distance-own-centre", "distance-other-centres", "log-ratio-others-to-own", "log-ratio-own-to-root",
    "log-distance-own-centre", "overlap-about-root-own-centre", "overlap-about-root-siblings",
  ]

  /// Item m is of class m mod 3; classes 1 and 2 are siblings, and class 0 has none.
  @Test(arguments: [true, false]) func valuesAreThoseOfPlainLoops(_ areTraining: Bool) throws {
    let states = normalRows(50, 3, seed: 91)
    var context = ConformanceTests.context()
    context.startsFromTraining = areTraining
    let found = try measured(Self.names, at: states, context)
    let root = plainMean(Self.memories)
    let concepts = (0..<3).map { k in plainMean(stride(from: k, to: 50, by: 3).map { Self.memories[$0] }) }
    for m in 0..<50 {
      let others = stride(from: m % 3, to: 50, by: 3).filter { $0 != m || !areTraining }
      let own = plainMean(others.map { Self.memories[$0] })
      let toOwn = plainDistance(states[m], own)
      let toOthers =
        (0..<3).filter { $0 != m % 3 }.map { plainDistance(states[m], concepts[$0]) }
        .reduce(0, +) / 2
      let toRoot = plainDistance(states[m], root)
      let siblings = m % 3 == 0 ? nil : plainCosine(states[m], concepts[3 - m % 3], origin: root)
      let expected: [Double?] = [
        toOwn, toOthers, log(toOthers / toOwn), log(toOwn / toRoot), log(toOwn),
        plainCosine(states[m], own, origin: root), siblings,
      ]
      for (k, expected) in expected.enumerated() {
        guard let expected else {
          #expect(found[k][m].isNaN)
          continue
        }
        // Means of 17 numbers of order 1, of which one is taken out again; a logarithm divides the error by a distance.
        #expect(abs(found[k][m] - expected) <= 1e-12, "\(Self.names[k]), member \(m)")
      }
    }
  }

  /// The only training item of a class has no centre of its own; a held-out item has.
  @Test func aClassOfOneItemHasNoOwnCentre() throws {
    let memories = RowTable([[0, 0], [2, 0], [1, 3]])
    func context(_ areTraining: Bool) -> ObservableContext {
      ObservableContext(
        geometry: LatentGeometry(
          memories: memories, classes: [0, 0, 1], classCount: 2, superclassOfClass: []),
        own: OwnItems(memories: memories, classes: [0, 0, 1]), source: nil, startsFromTraining: areTraining)
    }
    let states = [[0.0, 0], [2, 0], [1, 1]]
    let training = try measured(
      ["distance-own-centre", "log-ratio-others-to-own"], at: states, context(true))
    // The centre of item 0 is item 1, at distance 2, and the other concept is at sqrt(10).
    #expect(training[0][0] == 2 && training[0][2].isNaN && training[1][2].isNaN)
    #expect(abs(training[1][0] - 0.5 * log(10 / 4)) <= 4 * 0x1p-53)
    let heldOut = try measured(["distance-own-centre"], at: states, context(false))
    #expect(heldOut[0] == [1, 1, 2])
    // A state on its centre has no logarithm, however the others lie.
    let on = try measured(
      ["log-distance-own-centre", "log-ratio-own-to-root"], at: [[2, 0], [0, 0], [1, 1]], context(true))
    #expect(on[0][0].isNaN && on[1][0].isNaN && on[0][1].isNaN)
  }

  /// L does not see how the latent space is stretched and turned, nor variables that have collapsed; for memories of covariance I
  /// it is the plain one.
  @Test func whitenedDistancesForgetTheScale() throws {
    let (count, classes) = (60, (0..<60).map { Int32($0 % 3) })
    let (memories, states) = (normalRows(count, 3, seed: 31), normalRows(count, 3, seed: 32))
    func value(_ change: ([Double]) -> [Double], _ name: String = "log-ratio-others-to-own-whitened") throws
      -> [Double]
    {
      let own = OwnItems(memories: RowTable(memories.map(change)), classes: classes)
      let context = ObservableContext(
        geometry: LatentGeometry(
          memories: own.memories, classes: classes, classCount: 3, superclassOfClass: []),
        own: own, source: nil, startsFromTraining: true)
      return try measured([name], at: states.map(change), context)[0]
    }
    let plain = try value { $0 }
    // A shear, a scale and a shift; and a fourth variable that is not active.
    let sheared = try value { [5 * $0[0] + 2 * $0[1] + 1, 0.5 * $0[1] - $0[2], 3 * $0[2] + $0[0]] }
    let collapsed = try value { $0 + [0.01 * $0[0] * $0[1]] }
    for m in 0..<count {
      // A condition number of about 30.
      #expect(abs(sheared[m] - plain[m]) < 1e-12 && abs(collapsed[m] - plain[m]) < 1e-12)
    }
    #expect(try value({ $0.map { 0.01 * $0 } }).allSatisfy(\.isNaN), "no variable is active")
    #expect(try value({ [$0[0], $0[1], $0[0] + $0[1]] }).allSatisfy(\.isNaN), "a plane")
    // Corners of a cube have the covariance I.
    let cube = (0..<8).map { corner in (0..<3).map { corner >> $0 & 1 == 0 ? 1.0 : -1 } }
    let own = OwnItems(memories: RowTable(cube), classes: (0..<8).map { Int32($0 / 4) })
    let geometry = LatentGeometry(
      memories: own.memories, classes: own.classes, classCount: 2, superclassOfClass: [])
    let context = ObservableContext(geometry: geometry, own: own, source: nil, startsFromTraining: true)
    let both = try measured(
      ["log-ratio-others-to-own", "log-ratio-others-to-own-whitened"], at: normalRows(8, 3, seed: 33), context
    )
    for m in 0..<8 { #expect(abs(both[0][m] - both[1][m]) < 1e-14) }
    #expect(geometry.participationRatio == 3)
    // Variances 4 and 1 in two directions: 25 / 17.
    let flat = RowTable([[2, 1], [2, -1], [-2, 1], [-2, -1]])
    let of = LatentGeometry(memories: flat, classes: [0, 0, 0, 0], classCount: 1, superclassOfClass: [])
    #expect(abs(of.participationRatio - 25 / 17.0) < 1e-15)
  }

  /// Two classes of two memories, a third variable that is not active, and variances 1/4 and 4 of the other two: by hand.
  @Test func thePosteriorsMetricCountsStandardDeviations() throws {
    let memories = RowTable([[0, 0, 0], [2, 0, 0], [0, 4, 0], [2, 4, 0]])
    let names = ["distance-own-centre-posterior", "log-ratio-others-to-own-posterior"]
    func found(_ variances: [Double]?, areTraining: Bool = true) throws -> [[Double]] {
      let classes: [Int32] = [0, 0, 1, 1]
      var context = ObservableContext(
        geometry: LatentGeometry(
          memories: memories, classes: classes, classCount: 2, superclassOfClass: []),
        own: OwnItems(memories: memories, classes: classes), source: nil, startsFromTraining: areTraining)
      context.posteriorVariances = variances
      return try measured(names, at: [[1, 2, 9], [1, 2, 9], [2, 4, -5], [1, 4, 0]], context)
    }
    let training = try found([0.25, 4, 1])
    // Item 0's centre is item 1: 1/0.25 + 4/4. The other concept (1, 4, 0): 4/4. Item 2's is item 3, at the state's active place.
    #expect(abs(training[0][0] - 5.0.squareRoot()) < 1e-15 && training[0][2] == 0)
    #expect(abs(training[1][0] + 0.5 * log(5)) < 1e-15 && training[1][2].isNaN)
    // Held-out items keep (1, 0, 0) and (1, 4, 0): the latter is where the last state is.
    let heldOut = try found([0.25, 4, 1], areTraining: false)
    #expect(heldOut[0] == [1, 1, 2, 0] && heldOut[1][0] == 0)
    // (2, 4) is at 2 from (1, 4), and at sqrt(4 + 4) from (1, 0).
    #expect(abs(heldOut[1][2] - 0.5 * log(2)) < 1e-15)
    for variances in [nil, [0.25, 0, 1], [.infinity, 4, 1]] {
      #expect(try found(variances).joined().allSatisfy(\.isNaN))
    }
  }

  /// The variance is that of q(z|x) at the corrupted picture, and is missing at t = 0 of latent starts.
  @Test func posteriorVariancesAreTheEncoders() throws {
    let network = DenseNetwork<Double>(ConformanceTests.model)
    let map = InferenceMap<DenseNetwork<Double>>(ConformanceTests.model)
    let source = RowTable(ConformanceTests.items)
    let found = try measure(
      [PosteriorVariance(0), PosteriorVariance(2)], map,
      from: CorruptedStart(UniformReplacement(), source: source, imageShape: nil), items: 50)
    var workspace = network.makeWorkspace(capacity: 50)
    let (x, mean, logVariance) = (
      Rows<Double>(capacity: 50, width: 9), Rows<Double>(capacity: 50, width: 3),
      Rows<Double>(capacity: 50, width: 3)
    )
    x.load(ConformanceTests.items.flatMap { $0 }, rows: 50)
    network.encode(x, to: mean, rows: 50, workspace: &workspace)
    network.logVariance(to: logVariance, rows: 50, workspace: &workspace)
    for m in 0..<50 {
      for (k, j) in [0, 2].enumerated() {
        #expect(abs(found.series[k][m][0] / exp(logVariance.row(m)[j]) - 1) < 4 * 0x1p-52)
      }
    }
    #expect(Set(found.series[0].map { $0[0] }).count == 50)
    let latent = try measure(
      [PosteriorVariance(0)], map, from: GivenStart(RowTable(normalRows(5, 3, seed: 82)), space: .latent),
      items: 5, steps: 1
    ).series[0]
    #expect(latent.allSatisfy { $0[0].isNaN && $0[1] > 0 })
  }

  /// Gaussian clusters in which each state forgets its memory and moves to another place of the same cluster, and so not
  /// towards the centre at all. With the own item in the concept the contrast ln(d_other / d_own) seems to fall by
  /// ln((1 + 1/n) / (1 - 1/n)) / 2, which is 1/n to first order: the memory is nearer to a mean that it helped to make.
  /// Without it nothing is left.
  @Test(arguments: [(5, -0.2027), (20, -0.0500), (100, -0.0100)])
  func theOwnItemPullsItsConcept(_ size: Int, _ expected: Double) throws {
    let (classes, dimension, members) = (10, 400, 10_000)
    let repetitions = members / (classes * size)
    var (withOwn, without) = (0.0, 0.0)
    for repetition in 0..<repetitions {
      let seed = UInt64(1000 * size + repetition)
      let centres = normalRows(classes, dimension, seed: 7).map { $0.map { 5 * $0 } }
      func draw(_ seed: UInt64) -> [[Double]] {
        zip(0..., normalRows(classes * size, dimension, seed: seed)).map { m, row in
          zip(row, centres[m % classes]).map(+)
        }
      }
      let (memories, later) = (draw(2 * seed), draw(2 * seed + 1))
      let own = OwnItems(
        memories: RowTable(memories), classes: memories.indices.map { Int32($0 % classes) })
      let context = ObservableContext(
        geometry: LatentGeometry(
          memories: own.memories, classes: own.classes, classCount: classes, superclassOfClass: []),
        own: own, source: nil, startsFromTraining: true)
      func contrast(_ states: [[Double]]) throws -> (withOwn: Double, without: Double) {
        let found = try measured(
          ["distance-concept", "distance-other-centres", "log-ratio-others-to-own"], at: states, context)
        return (zip(found[1], found[0]).reduce(0) { $0 + log($1.0 / $1.1) }, found[2].reduce(0, +))
      }
      let (before, after) = (try contrast(memories), try contrast(later))
      withOwn += (after.withOwn - before.withOwn) / Double(members)
      without += (after.without - before.without) / Double(members)
    }
    // A distance in 400 dimensions has a logarithm with standard deviation 1/sqrt(800) = 0.035; of the difference of two, over
    // 10,000 members, the error is 0.0005, and four of these are 0.002.
    #expect(abs(withOwn - expected) < 0.002, "\(withOwn)")
    #expect(abs(without) < 0.002, "\(without)")
  }
}
