import Dynamics
import Foundation
import Numerics
import Observables
import TestSupport
import Testing

/// Observables that know how a path will end, against plain loops over whole paths.
@Suite struct PathObservableTests {
  /// States circle about the origin, and come back near to where they began after about twelve steps: at their own memory, at
  /// another, or between them.
  private struct Turning: DiscreteMap {
    let dimension = 2

    func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
      for m in 0..<block.count {
        let z = block.states.pointer + 2 * m
        let (x, y) = (z[0], z[1])
        let square = x * x + y * y
        // Half the angle's tangent, for a rotation by rational numbers.
        let h = 0.5 * (0.42 + 0.2 * square / (1 + square))
        let (c, s) = ((1 - h * h) / (1 + h * h), 2 * h / (1 + h * h))
        z[0] = c * x - s * y
        z[1] = s * x + c * y
      }
    }
  }

  private static let (members, steps) = (96, 12)
  private static let classes = (0..<members).map { Int32($0 % 3) }
  private static let memories = normalRows(members, 2, seed: 61).map { $0.map { 1.3 * $0 } }
  private static let starts = zip(memories, normalRows(members, 2, seed: 62)).map { memory, noise in
    zip(memory, noise).map { $0 + 0.4 * $1 }
  }
  private static let names = [
    "chord-excess-contrast", "distance-reached-memory", "ends-at-own-memory", "ends-at-memory-of-class",
    "ends-at-memory-of-other-class", "ends-at-no-memory", "interior-concept-minimum", "closest-memory-later",
    "closest-memory-earlier", "closest-memory-tied",
  ]

  private static func context(areTraining: Bool = true) -> ObservableContext {
    let table = RowTable(memories)
    return ObservableContext(
      geometry: LatentGeometry(memories: table, classes: classes, classCount: 3, superclassOfClass: []),
      own: OwnItems(memories: table, classes: classes), source: nil, startsFromTraining: areTraining)
  }

  /// `[observable][member][time]`, and the states.
  private func measured(
    _ observables: [any Observable], _ context: ObservableContext = context(), threads: Int = 2,
    blockSize: Int = 7
  ) throws -> RecordedEnsemble {
    let map = try #require(Foresight(in: Turning(), steps: Self.steps, context, threads: threads))
    return try measure(
      observables, map, from: GivenStart(RowTable(Self.starts), space: .latent), items: Self.members,
      steps: Self.steps, threads: threads, blockSize: blockSize)
  }

  private func observables(_ context: ObservableContext = context()) throws -> [any Observable] {
    try Self.names.map { try #require(ObservableRegistry.observable(named: $0, in: context)) }
  }

  /// The distance of a point from a segment, by projection: another formula than the program's.
  private func distance(of point: [Double], from a: [Double], to b: [Double]) -> Double {
    let (along, beside) = (difference(b, a), difference(point, a))
    let square = along.reduce(0) { $0 + $1 * $1 }
    let share = min(max(zip(along, beside).reduce(0) { $0 + $1.0 * $1.1 } / square, 0), 1)
    return plainDistance(point, zip(a, along).map { $0 + share * $1 })
  }

  /// Looking ahead moves no state.
  @Test func pathsStayAsTheyAre() throws {
    let plain = try measure(
      [], Turning(), from: GivenStart(RowTable(Self.starts), space: .latent), items: Self.members,
      steps: Self.steps
    ).states
    #expect(try measured([]).states == plain)
  }

  @Test(arguments: [true, false]) func valuesAreThoseOfWholePaths(_ areTraining: Bool) throws {
    let context = Self.context(areTraining: areTraining)
    let found = try measured(try observables(context), context)
    let concepts = (0..<3).map { k in
      plainMean(stride(from: k, to: Self.members, by: 3).map { Self.memories[$0] })
    }
    var states: Set<Int> = []
    var orders: Set<Int> = []
    for m in 0..<Self.members {
      let path = found.states[m]
      let (k, last) = (m % 3, path[Self.steps])
      let own = plainMean(
        stride(from: k, to: Self.members, by: 3).filter { $0 != m || !areTraining }.map { Self.memories[$0] })
      func excess(_ centre: [Double]) -> Double {
        distance(of: centre, from: path[0], to: last) - (path.map { plainDistance($0, centre) }.min() ?? .nan)
      }
      let others = (0..<3).filter { $0 != k }.map { excess(concepts[$0]) }.reduce(0, +) / 2
      let contrast = (excess(own) - others) / plainDistance(path[0], own)
      // Heron's formula has an absolute error of the square root of a rounding at worst, where the chord nearly meets a centre.
      #expect(found.series[0][m].allSatisfy { abs($0 - contrast) < 1e-10 }, "member \(m)")

      let distances = Self.memories.map { plainDistance(last, $0) }
      let nearest = distances.indices.min { distances[$0] < distances[$1] } ?? 0
      let radius =
        0.5 * (0..<Self.members).filter { $0 != nearest }.map {
          plainDistance(Self.memories[nearest], Self.memories[$0])
        }
        .min()!
      let isReached = distances[nearest] <= radius
      for t in 0...Self.steps {
        let value = found.series[1][m][t]
        #expect(isReached ? value == plainDistance(path[t], Self.memories[nearest]) : value.isNaN)
      }
      let state =
        !isReached ? 3 : nearest == m && areTraining ? 0 : Self.classes[nearest] == Self.classes[m] ? 1 : 2
      states.insert(state)
      for s in 0..<4 { #expect(found.series[2 + s][m].allSatisfy { $0 == (s == state ? 1 : 0) }) }

      func first(_ point: [Double]) -> Int {
        let all = path.map { plainDistance($0, point) }
        return all.firstIndex(of: all.min() ?? .nan) ?? -1
      }
      let (concept, memory) = (first(own), first(Self.memories[m]))
      let isInterior = concept > 0 && concept < Self.steps
      #expect(found.series[6][m][5] == (isInterior ? 1 : 0))
      let order = memory > concept ? 0 : memory < concept ? 1 : 2
      if isInterior { orders.insert(order) }
      for s in 0..<3 {
        let value = found.series[7 + s][m][5]
        #expect(isInterior ? value == (s == order ? 1 : 0) : value.isNaN)
      }
    }
    // The example shows every end, and both orders; ties are rare.
    #expect(states == (areTraining ? [0, 1, 2, 3] : [1, 2, 3]), "\(states)")
    #expect(orders.isSuperset(of: [0, 1]), "\(orders)")
  }

  @Test func averagesByEndStateAreThoseOfTheirMembers() throws {
    let base = try #require(ObservableRegistry.observable(named: "distance-root", in: Self.context()))
    let parts = EndStatePart.allCases.map { EndStateSelection(base, $0) }
    let found = try measured([base] + parts + (try observables()))
    for m in 0..<Self.members {
      let state = (0..<4).first { found.series[8 + $0][m][0] == 1 }
      for (p, part) in EndStatePart.allCases.enumerated() {
        let belongs =
          part == .memory
          ? state != 3
          : state == [.ownMemory, .memoryOfClass, .memoryOfOtherClass, .noMemory].firstIndex(of: part)
        for t in 0...Self.steps {
          let value = found.series[1 + p][m][t]
          #expect(belongs ? value == found.series[0][m][t] : value.isNaN)
        }
      }
    }
    #expect(EndStatePart.parts(of: "distance-root-ending-at-no-memory")?.observable == "distance-root")
    #expect(EndStatePart.parts(of: "distance-root-ending-at-memory")?.part == .memory)
    #expect(
      EndStatePart.parts(of: "distance-root") == nil && EndStatePart.parts(of: "-ending-at-memory") == nil)
  }

  @Test func bitsDoNotDependOnThreadsAndBlocks() throws {
    let a = try measured(try observables(), threads: 1, blockSize: 96)
    let b = try measured(try observables(), threads: 3, blockSize: 5)
    #expect(
      a.series.map { $0.map { $0.map(\.bitPattern) } } == b.series.map { $0.map { $0.map(\.bitPattern) } })
  }

  /// Without a map that looks ahead there is nothing to know.
  @Test func withoutForesightAllIsMissing() throws {
    let found = try measure(
      try observables(), Turning(), from: GivenStart(RowTable(Self.starts), space: .latent),
      items: Self.members
    )
    #expect(found.series.allSatisfy { $0.allSatisfy { $0[0].isNaN } })
  }
}
