import Attractors
import Datasets
import Dynamics
import Foundation
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// The 14 attractors that PyTorch found from the first 500 test images of Fashion-MNIST (Fixtures/fashion-small).
@Suite struct AttractorsFashionTests {
  typealias Search = AttractorSearch<DifferentiableInferenceMap<DenseNetwork<Double>>, GivenStart>

  static func pictures() throws -> RowTable {
    let path = SourceTree.fixtures + "/fashion-small/t10k-500-images-idx3-ubyte.gz"
    let array = try IDXReader.read(path: path)
    #expect(array.shape == [500, 28, 28])
    return RowTable(
      rows: 500, columns: 784, elements: array.elements.map { Double(ItemSplit.greyLevels[Int($0)]) })
  }

  static func run(threads: Int, usesTrappingBalls: Bool, reversed: Bool = false) throws -> (
    Search, [Search.Decision]
  ) {
    let reference = try ReferenceFile(
      model: "fashion-small/model.safetensors", numbers: "fashion-small/expected.nc")
    var settings = Search.Settings()
    settings.usesTrappingBalls = usesTrappingBalls
    let search = Search(
      map: DifferentiableInferenceMap(reference.model), start: GivenStart(try pictures(), space: .data),
      seed: 1,
      threads: threads, settings: settings)
    let members = (0..<500).map { Member(level: 0, item: $0, realization: 0) }
    let decisions = try search.decide(reversed ? members.reversed() : members)
    return (search, reversed ? decisions.reversed() : decisions)
  }

  @Test(arguments: [true, false])
  func positionsEigenvaluesAndLabelsArePyTorchs(usesTrappingBalls: Bool) throws {
    let reference = try ReferenceFile(
      model: "fashion-small/model.safetensors", numbers: "fashion-small/expected.nc")
    // The first images are those of PyTorch's trajectories.
    let input = try reference.rows("input")
    let pictures = try Self.pictures()
    for m in input.indices { #expect(values(pictures, row: m) == input[m]) }

    let (search, decisions) = try Self.run(threads: 2, usesTrappingBalls: usesTrappingBalls)
    let positions = try reference.rows("attractor_position")
    let real = try reference.rows("attractor_eigenvalue_real")
    let imaginary = try reference.rows("attractor_eigenvalue_imaginary")
    let expected = try reference.reader.variable("attractor_index").readInts()
    #expect(Set(decisions.map(\.set)).count == 14)
    // Which of ours is which of theirs: both roots are known to residual / (1 - radius), some 1e-13.
    var numberOf: [Int32: Int] = [:]
    for set in Set(decisions.map(\.set)) where set >= 0 {
      let own = search.sets[Int(set)]
      let near = positions.indices.filter { norm(difference(positions[$0], own.points[0])) < 1e-9 }
      try #require(near.count == 1)
      numberOf[set] = near[0]
      #expect(own.kind == .stableFixedPoint && own.residual < 1e-12)
      func sorted(_ values: [(Double, Double)]) -> [(Double, Double)] {
        values.sorted { abs($0.0 - $1.0) > 1e-7 ? $0.0 > $1.0 : $0.1 > $1.1 }
      }
      let ours = sorted(own.eigenvalues.map { ($0.real, $0.imaginary) })
      let theirs = sorted(Array(zip(real[near[0]], imaginary[near[0]])))
      for (a, b) in zip(ours, theirs) { #expect(abs(a.0 - b.0) < 1e-8 && abs(a.1 - b.1) < 1e-8) }
    }
    #expect(numberOf.count == 14)
    for (k, decision) in decisions.enumerated() {
      #expect(decision.outcome == .converged)
      #expect(numberOf[decision.set] == expected[k], "image \(k)")
      #expect(decision.time > 0)
    }
    #expect((search.decidedByBall > 400) == usesTrappingBalls)
  }

  @Test func threadsAndOrderDoNotMatter() throws {
    let (first, one) = try Self.run(threads: 1, usesTrappingBalls: true)
    for threads in [2, 3] {
      let (second, other) = try Self.run(threads: threads, usesTrappingBalls: true)
      #expect(other == one)
      #expect(
        second.sets.map { $0.points[0].map(\.bitPattern) }
          == first.sets.map { $0.points[0].map(\.bitPattern) })
      #expect(second.iterations == first.iterations && second.decidedByBall == first.decidedByBall)
    }
    let (third, reversed) = try Self.run(threads: 2, usesTrappingBalls: true, reversed: true)
    for (a, b) in zip(one, reversed) {
      #expect(a.outcome == b.outcome)
      #expect(norm(difference(first.sets[Int(a.set)].points[0], third.sets[Int(b.set)].points[0])) < 1e-9)
    }
  }
}
