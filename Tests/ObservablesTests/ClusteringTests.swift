import Arrays
import Dynamics
import Foundation
import Numerics
import Observables
import TestSupport
import Testing
import Vocabulary

/// k-means against scikit-learn's (`make_clusters.py`).
@Suite struct ClusteringTests {
  static let folder = SourceTree.fixtures + "/clusters"

  struct Golden: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let count: Int
    let inertia: Double
    let silhouette: Double
    let labels: [Int]
    var testDescription: String { name }
  }

  static let goldens: [Golden] =
    FileManager.default.contents(atPath: folder + "/goldens.json").flatMap {
      try? JSONDecoder().decode([Golden].self, from: $0)
    } ?? []

  static func points(_ name: String) throws -> RowTable {
    let array = try NumberArray(ArrayReference(file: folder + "/" + name + ".npy", variable: nil))
    return RowTable(rows: array.shape[0], columns: array.shape[1], elements: try array.numbers())
  }

  @Test func thereAreFourSets() {
    #expect(Self.goldens.map(\.name) == ["separate", "digits", "uniform", "overlapping"])
  }

  @Test(arguments: goldens) func theInertiaIsNoWorseThanScikitLearnsBestOfTen(_ golden: Golden) throws {
    let points = try Self.points(golden.name)
    let found = Clustering(of: points, count: golden.count, restarts: 10, seed: 1, threads: 2)
    // Both are local minima; the bound.
    #expect(found.inertia <= 1.001 * golden.inertia)
    // The inertia is that of clusters and centres, summed another way.
    var sum = 0.0
    for i in 0..<points.rows {
      let centre = found.centres.row(Int(found.clusters[i]))
      for j in 0..<points.columns { sum += pow(points.row(i)[j] - centre[j], 2) }
    }
    // Some 1e5 additions of positive numbers.
    #expect(abs(sum - found.inertia) <= 1e5 * 0x1p-53 * sum)
    let sizes = (0..<golden.count).map { k in found.clusters.count { Int($0) == k } }
    #expect(sizes == sizes.sorted(by: >) && sizes.allSatisfy { $0 > 0 })
  }

  @Test func separateClustersAreScikitLearnsUpToNames() throws {
    let golden = try #require(Self.goldens.first)
    let points = try Self.points(golden.name)
    let found = Clustering(of: points, count: golden.count, restarts: 10, seed: 7, threads: 1)
    let pairs = Set(zip(found.clusters, golden.labels).map { "\($0) \($1)" })
    #expect(pairs.count == golden.count)
    let silhouette = try #require(found.silhouette(of: points, threads: 2))
    // The same formula in another program: some thousand roundings.
    #expect(abs(silhouette - golden.silhouette) <= 1e4 * 0x1p-53)
  }

  @Test(arguments: goldens) func theBitsDoNotDependOnThreads(_ golden: Golden) throws {
    let points = try Self.points(golden.name)
    let one = Clustering(of: points, count: golden.count, restarts: 3, seed: 5, threads: 1)
    let three = Clustering(of: points, count: golden.count, restarts: 3, seed: 5, threads: 3)
    #expect(one.clusters == three.clusters && one.inertia.bitPattern == three.inertia.bitPattern)
    #expect(
      one.silhouette(of: points, threads: 1)?.bitPattern
        == three.silhouette(of: points, threads: 3)?.bitPattern)
    let count = golden.count * points.columns
    #expect(
      Array(one.centres.storage.buffer.prefix(count)) == Array(three.centres.storage.buffer.prefix(count)))
  }

  @Test func asManyClustersAsPointsLeaveNothing() {
    let points = RowTable(rows: 4, columns: 1, elements: [0, 1, 5, 9])
    let found = Clustering(of: points, count: 4, restarts: 2, seed: 1, threads: 1)
    #expect(found.inertia == 0 && Set(found.clusters).count == 4)
    // Equal points: clusters are filled all the same.
    let equal = Clustering(
      of: RowTable(rows: 5, columns: 1, elements: [2, 2, 2, 2, 2]), count: 3, restarts: 1, seed: 1, threads: 1
    )
    #expect(equal.inertia == 0 && Set(equal.clusters).count == 3)
    #expect(found.nearest(to: RowTable(rows: 2, columns: 1, elements: [4.9, 8]), threads: 1).count == 2)
  }
}
