import Dynamics
import Numerics

/// Clusters of rows: k-means by Lloyd's iteration and moves of single rows, from starts of k-means++, the best of several.
///
///     inertia = sum_i |x_i - c_k(i)|^2,   c_k = mean of the rows of cluster k
///
/// Starts are greedy: each further centre is the best of 2 + ln k candidates, drawn with probability proportional to the
/// squared distance to the nearest centre so far. Where Lloyd's iteration ends, single rows are moved to other clusters as
/// long as that lowers the inertia, with both centres moving along; then all rows are nearest to their own centre as well.
/// A cluster that loses its rows takes the row that is farthest from its centre. Clusters are numbered by falling size, of
/// equal ones by their first row. All draws are addressed by (restart, centre), and all sums are in the order of the rows:
/// the result does not depend on the number of threads.
///
/// Source: Arthur and Vassilvitskii 2007, doi:10.5555/1283383.1283494; Lloyd 1982, doi:10.1109/TIT.1982.1056489;
/// Hartigan and Wong 1979, doi:10.2307/2346830.
public struct Clustering: Sendable {
  /// c_k, `[clusters, N]`.
  public let centres: RowTable
  /// The cluster of each row.
  public let clusters: [Int32]
  /// The sum of the squared distances of rows to their centres.
  public let inertia: Double

  /// The most iterations of one restart.
  public static let iterationLimit = 1000

  /// Finds clusters.
  ///
  /// - Parameters:
  ///   - rows: Shape `[rows, N]`.
  ///   - count: The number of clusters.
  ///   - restarts: Of them the one of the least inertia is kept, of equal ones the first.
  ///   - seed: The scenario's seed, which addresses the random numbers.
  ///   - threads: The number of workers, which changes no number.
  /// - Precondition: `count` is in `1...rows.rows`, `restarts >= 1`, and all numbers are finite.
  /// - Complexity: O(restarts x iterations x rows x clusters x N).
  public init(of rows: RowTable, count: Int, restarts: Int, seed: UInt64, threads: Int) {
    precondition((1...rows.rows).contains(count) && restarts >= 1)
    let field = RandomField(seed: seed, purpose: .clusterStart)
    var best = ClusterDescent(rows, count, threads)
    for restart in 0..<restarts {
      var descent = ClusterDescent(rows, count, threads)
      descent.start(field, restart: UInt32(restart))
      descent.run()
      if restart == 0 || descent.inertia < best.inertia { best = descent }
    }
    let order = Self.order(best.clusters, count: count)
    var place = [Int32](repeating: 0, count: count)
    centres = RowTable(rows: count, columns: rows.columns)
    for (k, former) in order.enumerated() {
      place[former] = Int32(k)
      centres.row(k).update(from: best.centres.row(former), count: rows.columns)
    }
    clusters = best.clusters.map { place[Int($0)] }
    inertia = best.inertia
  }

  /// Clusters by falling size, of equal ones by their first row.
  private static func order(_ clusters: [Int32], count: Int) -> [Int] {
    var sizes = [Int](repeating: 0, count: count)
    var first = [Int](repeating: Int.max, count: count)
    for (row, k) in clusters.enumerated() {
      sizes[Int(k)] += 1
      first[Int(k)] = min(first[Int(k)], row)
    }
    return (0..<count).sorted { (-sizes[$0], first[$0]) < (-sizes[$1], first[$1]) }
  }

  /// The cluster of the nearest centre of each row; ties go to the lower number.
  ///
  /// - Complexity: O(rows x clusters x N).
  public func nearest(to rows: RowTable, threads: Int) -> [Int32] {
    ClusterDescent.assign(rows, centres, threads: threads).map(\.cluster)
  }

  /// The most rows that the silhouette is computed over.
  public static let silhouetteLimit = 4096

  /// The mean silhouette of the rows, or of `silhouetteLimit` of them at equal distances in their order.
  ///
  ///     s_i = (b_i - a_i) / max(a_i, b_i)
  ///
  /// a_i is the mean distance to the other rows of the same cluster, b_i the least mean distance to the rows of another
  /// one; 0 for the only row of a cluster. Source: Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7.
  ///
  /// - Returns: Nil where there is one cluster only.
  /// - Complexity: O(n^2 x N) for n rows, at most `silhouetteLimit`.
  public func silhouette(of rows: RowTable, threads: Int) -> Double? {
    let count = min(rows.rows, Self.silhouetteLimit)
    let chosen = (0..<count).map { $0 * rows.rows / count }
    guard Set(chosen.map { clusters[$0] }).count > 1 else { return nil }
    var sizes = [Double](repeating: 0, count: centres.rows)
    for row in chosen { sizes[Int(clusters[row])] += 1 }
    let values = AlignedBuffer<Double>(count: count)
    Parallel.forEach(pieces: count, threads: threads) { [sizes] _, piece in
      values.pointer[piece] = silhouette(ofRow: chosen[piece], rows, chosen, sizes)
    }
    return values.buffer.reduce(0, +) / Double(count)
  }

  private func silhouette(ofRow row: Int, _ rows: RowTable, _ chosen: [Int], _ sizes: [Double]) -> Double {
    var sums = [Double](repeating: 0, count: sizes.count)
    for other in chosen {
      sums[Int(clusters[other])] += distance(rows.row(row), rows.row(other), rows.columns)
    }
    let own = Int(clusters[row])
    guard sizes[own] > 1 else { return 0 }
    let inside = sums[own] / (sizes[own] - 1)
    var outside = Double.infinity
    for k in sizes.indices where k != own && sizes[k] > 0 { outside = min(outside, sums[k] / sizes[k]) }
    let larger = max(inside, outside)
    return larger == 0 ? 0 : (outside - inside) / larger
  }
}

/// One restart.
private struct ClusterDescent {
  let rows: RowTable
  let count: Int
  let threads: Int
  var centres: RowTable
  var clusters: [Int32] = []
  var inertia = Double.infinity

  init(_ rows: RowTable, _ count: Int, _ threads: Int) {
    self.rows = rows
    self.count = count
    self.threads = threads
    centres = RowTable(rows: count, columns: rows.columns)
  }

  private static let grain = 1024

  /// The squared Euclidean distance, summed in order.
  @inline(__always)
  private static func square(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ n: Int) -> Double {
    var sum = 0.0
    for i in 0..<n { sum += (a[i] - b[i]) * (a[i] - b[i]) }
    return sum
  }

  /// The nearest centre of each row, and the squared distance to it.
  static func assign(
    _ rows: RowTable, _ centres: RowTable, threads: Int
  ) -> [(cluster: Int32, square: Double)] {
    let clusters = AlignedBuffer<Int32>(count: max(rows.rows, 1))
    let squares = AlignedBuffer<Double>(count: max(rows.rows, 1))
    let n = rows.columns
    Parallel.forEach(pieces: (rows.rows + grain - 1) / grain, threads: threads) { _, piece in
      for row in piece * grain..<min((piece + 1) * grain, rows.rows) {
        var best = (cluster: Int32(0), square: Double.infinity)
        for k in 0..<centres.rows {
          let square = square(rows.row(row), centres.row(k), n)
          if square < best.square { best = (Int32(k), square) }
        }
        clusters.pointer[row] = best.cluster
        squares.pointer[row] = best.square
      }
    }
    return (0..<rows.rows).map { (clusters.pointer[$0], squares.pointer[$0]) }
  }

  /// The squared distances to one row, where they are less than those so far.
  private func lessened(_ squares: [Double], by centre: Int) -> [Double] {
    let result = AlignedBuffer<Double>(count: squares.count)
    Parallel.forEach(pieces: (rows.rows + Self.grain - 1) / Self.grain, threads: threads) { _, piece in
      for row in piece * Self.grain..<min((piece + 1) * Self.grain, rows.rows) {
        result.pointer[row] = min(squares[row], Self.square(rows.row(row), rows.row(centre), rows.columns))
      }
    }
    return Array(result.buffer.prefix(squares.count))
  }

  /// The first centres.
  mutating func start(_ field: RandomField, restart: UInt32) {
    var stream = field.stream(restart, 0)
    let first = stream.below(rows.rows)
    put(first, as: 0)
    var squares = lessened([Double](repeating: .infinity, count: rows.rows), by: first)
    let candidates = 2 + Int(logarithm(Double(count)))
    for k in 1..<max(count, 1) {
      var stream = field.stream(restart, UInt32(k))
      var best: (row: Int, squares: [Double], sum: Double)?
      for _ in 0..<candidates {
        let row = Self.draw(squares, &stream)
        let next = lessened(squares, by: row)
        let sum = next.reduce(0, +)
        if sum < best?.sum ?? .infinity { best = (row, next, sum) }
      }
      guard let best else { continue }
      put(best.row, as: k)
      squares = best.squares
    }
  }

  /// A row with a probability proportional to its weight; a uniform one where all weights are 0.
  private static func draw(_ weights: [Double], _ stream: inout RandomStream) -> Int {
    let total = weights.reduce(0, +)
    let target = stream.uniform() * total
    guard total > 0 else { return stream.below(weights.count) }
    var sum = 0.0
    for (row, weight) in weights.enumerated() {
      sum += weight
      if sum > target { return row }
    }
    return weights.lastIndex { $0 > 0 } ?? 0
  }

  /// Makes a row a centre.
  private func put(_ row: Int, as k: Int) {
    centres.row(k).update(from: rows.row(row), count: rows.columns)
  }

  /// Descends until neither all rows together nor a single row would change its cluster.
  mutating func run() {
    for _ in 0..<Clustering.iterationLimit {
      iterate()
      if !moveSingleRows() { return }
    }
  }

  /// Moves rows one by one to clusters where they lower the inertia: from a of n_a rows to b of n_b where
  /// n_b / (n_b + 1) |x - c_b|^2 < n_a / (n_a - 1) |x - c_a|^2.
  ///
  /// - Returns: Whether a row was moved.
  private mutating func moveSingleRows() -> Bool {
    let n = rows.columns
    var sizes = [Double](repeating: 0, count: count)
    for k in clusters { sizes[Int(k)] += 1 }
    var isMoved = false
    for row in clusters.indices where sizes[Int(clusters[row])] > 1 {
      let x = rows.row(row)
      let own = Int(clusters[row])
      // Less by more than rounding, so that no row goes back and forth.
      let gain = (1 - 1e-12) * sizes[own] / (sizes[own] - 1) * Self.square(x, centres.row(own), n)
      var best = (cluster: own, cost: gain)
      for k in 0..<count where k != own {
        let cost = sizes[k] / (sizes[k] + 1) * Self.square(x, centres.row(k), n)
        if cost < best.cost { best = (k, cost) }
      }
      guard best.cluster != own else { continue }
      let (from, to) = (centres.row(own), centres.row(best.cluster))
      for i in 0..<n {
        from[i] -= (x[i] - from[i]) / (sizes[own] - 1)
        to[i] += (x[i] - to[i]) / (sizes[best.cluster] + 1)
      }
      sizes[own] -= 1
      sizes[best.cluster] += 1
      clusters[row] = Int32(best.cluster)
      isMoved = true
    }
    if isMoved { move() }
    return isMoved
  }

  /// Lloyd's iteration: moves centres until no row changes its cluster.
  private mutating func iterate() {
    for _ in 0..<Clustering.iterationLimit {
      let found = Self.assign(rows, centres, threads: threads)
      var next = found.map(\.cluster)
      inertia = found.reduce(0) { $0 + $1.square }
      fillEmpty(&next, found.map(\.square))
      if next == clusters { return }
      clusters = next
      move()
    }
  }

  /// Gives each empty cluster the row that is farthest from its centre, of those whose clusters keep another.
  private func fillEmpty(_ clusters: inout [Int32], _ squares: [Double]) {
    var sizes = [Int](repeating: 0, count: count)
    for k in clusters { sizes[Int(k)] += 1 }
    guard sizes.contains(0) else { return }
    var squares = squares
    for k in 0..<count where sizes[k] == 0 {
      var far = -1
      for row in squares.indices where sizes[Int(clusters[row])] > 1 {
        if far < 0 || squares[row] > squares[far] { far = row }
      }
      guard far >= 0 else { return }
      sizes[Int(clusters[far])] -= 1
      sizes[k] = 1
      clusters[far] = Int32(k)
      squares[far] = 0
    }
  }

  private mutating func move() {
    centres = LatentGeometry.centres(rows, groups: clusters.map(Int.init), count: count)
  }
}
