import Dynamics
import Numerics
import Observables
import TestSupport
import Testing

/// The fast search against all distances in double precision, bit for bit.
@Suite struct NearestMemoryTests {
  /// Compares at many queries; returns how many were compared.
  func compare(_ memories: [[Double]], _ queries: [[Double]], _ what: String) throws {
    let geometry = LatentGeometry(
      memories: RowTable(memories), classes: memories.map { _ in 0 }, classCount: 1, superclassOfClass: [])
    let context = ObservableContext(geometry: geometry, own: nil, source: nil)
    let observable = try #require(DistanceNearestMemory(context))
    let found = try measure([observable], at: queries)[0]
    #expect(found.count == queries.count)
    for (q, query) in queries.enumerated() {
      var best = Double.infinity
      for memory in memories {
        var sum = 0.0
        for j in query.indices {
          let delta = query[j] - memory[j]
          sum += delta * delta
        }
        best = min(best, sum)
      }
      #expect(found[q] == best.squareRoot(), "\(what), query \(q)")
    }
  }

  @Test(arguments: [1, 2, 20, 100])
  func agreesWithAllDistances(_ n: Int) throws {
    let memories = normalRows(5000, n, seed: 40)
    var queries = normalRows(60, n, seed: 41)
    // On memories (distance exactly 0), next to them, in the middle between two, and far away.
    for k in 0..<60 {
      queries.append(memories[83 * k])
      queries.append(memories[83 * k].map { $0 + 1e-9 })
      queries.append(zip(memories[k], memories[k + 1]).map { ($0 + $1) / 2 })
    }
    for k in 0..<20 { queries.append(memories[k].map { 1000 * $0 }) }
    try compare(memories, queries, "N = \(n)")
  }

  @Test func distancesOnMemoriesAreExactlyZero() throws {
    let memories = normalRows(3000, 20, seed: 42)
    let geometry = LatentGeometry(
      memories: RowTable(memories), classes: memories.map { _ in 0 }, classCount: 1, superclassOfClass: [])
    let observable = try #require(
      DistanceNearestMemory(ObservableContext(geometry: geometry, own: nil, source: nil)))
    #expect(try measure([observable], at: memories)[0].allSatisfy { $0 == 0 })
  }

  @Test(arguments: [1, 2, 1023, 1024, 1025, 2048, 2049])
  func anyNumberOfMemoriesIsSearched(_ count: Int) throws {
    let memories = normalRows(count, 3, seed: 43)
    try compare(
      memories, normalRows(40, 3, seed: 44) + [memories[count - 1], memories[0]], "\(count) memories")
  }

  @Test func duplicatesAndTiesAreExact() throws {
    let some = normalRows(700, 4, seed: 45)
    try compare(some + some + some, some.map { $0.map { $0 + 0.25 } }, "duplicates")
    // A grid, of which every midpoint has ties.
    var grid: [[Double]] = []
    for k in 0..<2000 {
      let column = Double(k % 50)
      let row = Double(k / 50)
      grid.append([column, row])
    }
    let middles = grid.prefix(300).map { $0.map { $0 + 0.5 } }
    try compare(grid, middles, "grid")
  }

  @Test(arguments: [1e2, 1e4, 1e6])
  func clustersFarFromTheOriginAreExact(_ offset: Double) throws {
    // |z|^2 - 2 z . xi + |xi|^2 cancels: in single precision nothing is left of the spread.
    let memories = normalRows(2500, 5, seed: 46).map { $0.map { offset + 1e-3 * $0 } }
    let queries = normalRows(50, 5, seed: 47).map { $0.map { offset + 1e-3 * $0 } }
    try compare(memories, queries + memories.prefix(10), "offset \(offset)")
  }

  @Test func nearlyEqualMemoriesAreToldApart() throws {
    // Differences far below single precision's resolution.
    var memories: [[Double]] = []
    for k in 0..<3000 {
      let up = Double(k) * 0x1p-50
      let down = Double(k % 7) * 0x1p-51
      memories.append([1 + up, 1 - down])
    }
    let queries = (0..<50).map { [memories[59 * $0][0], 1.0] }
    try compare(memories, queries, "nearly equal")
  }

  @Test func memoriesOfVeryDifferentLengthsAreExact() throws {
    let scales: [Double] = [1e-12, 1e-6, 1, 1e6, 1e9]
    let memories: [[Double]] = normalRows(2500, 4, seed: 48).enumerated().map { k, row in
      row.map { $0 * scales[k % 5] }
    }
    try compare(memories, normalRows(50, 4, seed: 49) + memories.prefix(50), "lengths")
    try compare(
      memories, normalRows(50, 4, seed: 50).map { $0.map { $0 * 1e-9 } }, "lengths, small queries")
  }

  @Test func memoriesAtTheOriginAreFound() throws {
    try compare([[0, 0], [0, 0]], [[0, 0], [1, 2], [-3e-5, 4e5]], "origin")
  }

  /// Collapsed latents: squares below single precision's range.
  @Test(arguments: [1e-15, 1e-20, 1e-22, 1e-25])
  func tinyMemoriesAreExact(_ scale: Double) throws {
    let memories = normalRows(2500, 3, seed: 51).map { $0.map { scale * $0 } }
    try compare(memories, normalRows(60, 3, seed: 52).map { $0.map { scale * $0 } }, "scale \(scale)")
  }

  /// A diverging trajectory on its way out, while finite in double precision.
  @Test(arguments: [1e6, 1e9, 1e12, 1e13, 1e14, 1e15, 1e18, 1e25, 1e38, 1e50, 1e150])
  func statesFarFromAllMemoriesAreExact(_ scale: Double) throws {
    let memories = normalRows(2500, 3, seed: 53)
    try compare(memories, normalRows(60, 3, seed: 54).map { $0.map { scale * $0 } }, "scale \(scale)")
  }
}
