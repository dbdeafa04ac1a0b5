import Dynamics
import Numerics

/// Equally many memories of training items and of held-out items, class by class.
///
/// The nearest of many memories is nearer than that of few, and classes differ in how close their memories
/// lie: only equal numbers of each class can show whether states come nearer to what was trained on.
public struct MemorySamples: Sendable {
  let training: Side
  let heldOut: Side

  /// The memories of some items of one split.
  struct Side: Sendable {
    let search: NearestMemorySearch
    /// The row of each own item that is among them, else -1; empty where members start elsewhere.
    let rowOfItem: [Int32]

    func distances<Owner>(
      _ snapshot: Snapshot, for owner: Owner.Type, into values: UnsafeMutablePointer<Double>
    ) {
      let nearest = search.nearest(snapshot, for: owner) { rowOfItem.isEmpty ? -1 : Int(rowOfItem[$0]) }
      for m in 0..<snapshot.count { values[m] = nearest[2 * m] }
    }
  }

  /// Members start from items of this split.
  public enum Origin: Sendable {
    /// The training items.
    case training
    /// The held-out items.
    case heldOut
    /// Neither.
    case elsewhere
  }

  /// The most memories on each side.
  public static let limit = 2000

  /// Draws the samples.
  ///
  /// Of each class the smaller of the two numbers of items; where these are more than `limit` in all, so
  /// many in proportion (largest remainders).
  ///
  /// - Parameters:
  ///   - training, heldOut: Memories and classes of all items.
  ///   - origin: Where members start: their own item does not count on its side.
  /// - Returns: nil where no class has items on both sides.
  public init?(training: OwnItems, heldOut: OwnItems, classCount: Int, origin: Origin, seed: UInt64) {
    func byClass(_ items: OwnItems) -> [[Int]] {
      var result = [[Int]](repeating: [], count: classCount)
      for (i, k) in items.classes.enumerated() { result[Int(k)].append(i) }
      return result
    }
    let sides = [byClass(training), byClass(heldOut)]
    let counts = Self.counts(zip(sides[0], sides[1]).map { min($0.count, $1.count) })
    guard counts.contains(where: { $0 > 0 }) else { return nil }
    let field = RandomField(seed: seed, purpose: .memorySample)
    func side(_ number: Int, _ items: OwnItems, isOwn: Bool) -> Side {
      var chosen: [Int] = []
      for (k, all) in sides[number].enumerated() {
        var random = field.stream(UInt32(k), UInt32(number))
        chosen += random.permutation(all.count).prefix(counts[k]).map { all[$0] }.sorted()
      }
      let n = items.memories.columns
      let table = RowTable(rows: chosen.count, columns: n)
      var rowOfItem = [Int32](repeating: -1, count: isOwn ? items.classes.count : 0)
      for (row, item) in chosen.enumerated() {
        table.row(row).update(from: items.memories.row(item), count: n)
        if isOwn { rowOfItem[item] = Int32(row) }
      }
      return Side(search: NearestMemorySearch(table), rowOfItem: rowOfItem)
    }
    self.training = side(0, training, isOwn: origin == .training)
    self.heldOut = side(1, heldOut, isOwn: origin == .heldOut)
  }

  /// Numbers of at most `limit` in all, in proportion to those given.
  static func counts(_ available: [Int]) -> [Int] {
    let total = available.reduce(0, +)
    guard total > limit else { return available }
    var counts = available.map { $0 * limit / total }
    let remainders = available.map { $0 * limit % total }
    let order = available.indices.sorted { (remainders[$0], $1) > (remainders[$1], $0) }
    for k in order.prefix(limit - counts.reduce(0, +)) { counts[k] += 1 }
    return counts
  }
}
