import Dynamics
import Foundation
import Numerics
import Observables
import TestSupport
import Testing
import Vocabulary

/// A map that moves, contracts and bends, so that states do not all move alike; with `bend` 0 and `mixing` 0 they do.
private struct Bending: DiscreteMap {
  let dimension = 3
  var bend = 0.2
  var mixing = 0.3

  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    for m in 0..<block.count {
      let z = block.states.pointer + 3 * m
      let (a, b, c) = (z[0], z[1], z[2])
      z[0] = 0.9 * a + mixing * b + 0.25
      z[1] = 0.9 * b + bend * a * a - 0.5
      z[2] = 0.9 * c - mixing * a
    }
  }
}

/// The common motion and the spreads of states, against plain loops over the members' states.
@Suite struct CommonMotionTests {
  private static let members = 60
  private static let steps = 4
  private static let starts = normalRows(members, 3, seed: 23)
  private static let classes = (0..<members).map { Int32($0 % 4 == 3 ? 0 : $0 % 4) }
  private static let names = ["distance-root", "log-ratio-others-to-own", "log-ratio-own-to-root"]

  private static var context: ObservableContext {
    let memories = RowTable(normalRows(members, 3, seed: 24))
    return ObservableContext(
      geometry: LatentGeometry(
        memories: memories, classes: classes, classCount: 3, superclassOfClass: []),
      own: OwnItems(memories: memories, classes: classes), source: nil, startsFromTraining: true)
  }

  private static func plan(_ observables: [any Observable], levels: [Double] = [0]) -> EnsemblePlan {
    var plan = EnsemblePlan(
      levels: levels, items: (0..<Int32(members)).map { $0 }, steps: steps, seed: 1, observables: observables)
    plan.groupings = [ItemGrouping(by: .class, count: 3, groupOfPosition: classes)]
    return plan
  }

  private func moments(
    of map: some DiscreteMap, levels: [Double] = [0], threads: Int = 2, blockSize: Int = 7
  ) throws -> [StateMoments] {
    let results = try Ensemble(
      map: map, start: GivenStart(RowTable(Self.starts), space: .latent),
      plan: Self.plan((0..<3).map(LatentComponent.init), levels: levels), threads: threads,
      blockSize: blockSize
    ).run()
    return results.map { StateMoments($0, components: 0..<3, classGrouping: 0) }
  }

  /// `[time][member]` of the states.
  private func states(of map: some DiscreteMap) throws -> [[[Double]]] {
    let recorded = try measure(
      [], map, from: GivenStart(RowTable(Self.starts), space: .latent), items: Self.members,
      steps: Self.steps
    ).states
    return (0...Self.steps).map { t in recorded.map { $0[t] } }
  }

  private func square(_ a: [Double], _ b: [Double]) -> Double { pow(plainDistance(a, b), 2) }

  @Test func momentsAreThoseOfAllStates() throws {
    let found = try moments(of: Bending())[0]
    let all = try states(of: Bending())
    let first = all[0].reduce(0) { $0 + square($1, plainMean(all[0])) }
    for t in 0...Self.steps {
      let mean = plainMean(all[t])
      let total = all[t].reduce(0) { $0 + square($1, mean) }
      var (between, within) = (0.0, 0.0)
      for k in 0..<3 {
        let own = (0..<Self.members).filter { Self.classes[$0] == k }.map { all[t][$0] }
        between += Double(own.count) * square(plainMean(own), mean) / Double(Self.members)
        within += own.reduce(0) { $0 + square($1, plainMean(own)) } / Double(Self.members)
      }
      // Sums of 60 squares of order 1.
      for j in 0..<3 { #expect(abs(found.mean.row(t)[j] - mean[j]) < 1e-13) }
      #expect(abs(found.scale[t] - (total / first).squareRoot()) < 1e-13)
      #expect(abs(found.betweenClasses[t] - between) < 1e-13)
      #expect(abs(found.withinClasses[t] - within) < 1e-13)
      // Steiner: the parts add up to the whole.
      #expect(abs(found.betweenClasses[t] + found.withinClasses[t] - total / Double(Self.members)) < 1e-13)
      #expect(abs(found.classSeparation[t] - 0.5 * log(between / within)) < 1e-12)
    }
    #expect(found.scale[0] == 1 && found.counts == Array(repeating: Self.members, count: Self.steps + 1))
  }

  private func averages(
    _ map: some DiscreteMap, levels: [Double] = [0], threads: Int = 2, blockSize: Int = 7
  ) throws -> [LevelStatistics] {
    let observables = try Self.names.map {
      try #require(ObservableRegistry.observable(named: $0, in: Self.context))
    }
    return try Ensemble(
      map: map, start: GivenStart(RowTable(Self.starts), space: .latent),
      plan: Self.plan(observables, levels: levels), threads: threads, blockSize: blockSize
    ).run()
  }

  /// m(t) + b(t) (z(0) - m(0)) of each member, put on a resting map.
  @Test func averagesOnTheCommonMotionAreThoseOfPlainLoops() throws {
    let all = try states(of: Bending())
    let found = try averages(
      CommonMotion(of: Bending(), levels: [0], moments: try moments(of: Bending())))[0]
    let observables = Self.names.compactMap { ObservableRegistry.observable(named: $0, in: Self.context) }
    func spread(_ t: Int) -> Double { all[t].reduce(0) { $0 + square($1, plainMean(all[t])) } }
    for t in 0...Self.steps {
      let scale = (spread(t) / spread(0)).squareRoot()
      let (first, mean) = (plainMean(all[0]), plainMean(all[t]))
      let null = all[0].map { z in zip(mean, zip(z, first)).map { $0 + scale * ($1.0 - $1.1) } }
      let expected = try measure(observables, at: null).map { $0.reduce(0, +) / Double(Self.members) }
      for o in Self.names.indices { #expect(abs(found.overall[o].mean[t] - expected[o]) < 1e-12) }
    }
    // At t = 0 the null is where members are.
    let real = try averages(Bending())[0]
    for o in Self.names.indices { #expect(found.overall[o].mean[0] == real.overall[o].mean[0]) }
    // Later it is not, because the map bends.
    #expect(abs(found.overall[1].mean[3] - real.overall[1].mean[3]) > 0.001)
  }

  /// Where every state is shifted and scaled alike, the null is the motion, and the separation of classes stays.
  @Test func aMotionThatAllShareIsItsOwnNull() throws {
    let map = Bending(bend: 0, mixing: 0)
    let moments = try moments(of: map)
    let null = try averages(CommonMotion(of: map, levels: [0], moments: moments))[0]
    let real = try averages(map)[0]
    for o in Self.names.indices {
      for t in 0...Self.steps { #expect(abs(null.overall[o].mean[t] - real.overall[o].mean[t]) < 1e-13) }
    }
    for x in moments[0].classSeparation { #expect(abs(x - moments[0].classSeparation[0]) < 1e-13) }
  }

  /// Threads and blocks change no bit; each level moves by its own moments.
  @Test func bitsDoNotDependOnThreadsAndBlocks() throws {
    let levels = [0, 0.5]
    let one = try moments(of: Bending(), levels: levels, threads: 1, blockSize: 60)
    let two = try moments(of: Bending(), levels: levels, threads: 3, blockSize: 5)
    #expect(one.map(\.scale) == two.map(\.scale) && one.map(\.betweenClasses) == two.map(\.betweenClasses))
    #expect(one.map(\.withinClasses) == two.map(\.withinClasses))
    let null = CommonMotion(of: Bending(), levels: levels, moments: one)
    let a = try averages(null, levels: levels, threads: 1, blockSize: 60)
    let b = try averages(null, levels: levels, threads: 3, blockSize: 5)
    for (x, y) in zip(a, b) {
      #expect(x.overall.map(\.mean) == y.overall.map(\.mean))
      #expect(x.overall.map(\.standardError) == y.overall.map(\.standardError))
    }
  }

  /// A member whose state is not finite any more: what remains would be compared with what all were.
  @Test func momentsAreMissingOnceAMemberHasDiverged() throws {
    struct Lost: DiscreteMap {
      let dimension = 3
      func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
        for m in 0..<block.count where time == 1 && block.members.pointer[m].item == 17 {
          block.states.pointer[3 * m] = .infinity
        }
      }
    }
    let found = try moments(of: Lost())[0]
    #expect(found.counts == [60, 60, 59, 59, 59])
    #expect(found.scale.map(\.isNaN) == [false, false, true, true, true])
    #expect(found.betweenClasses.map(\.isNaN) == [false, false, true, true, true])
    let null = try averages(CommonMotion(of: Lost(), levels: [0], moments: [found]))[0]
    #expect(null.overall[0].count == [60, 60, 0, 0, 0])
  }
}
