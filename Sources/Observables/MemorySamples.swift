import Dynamics
import Numerics

/// Samples of equally many memories of training items and of held-out items, in each class.
///
/// The nearest of many memories is nearer than the nearest of few, and classes differ in how close their memories
/// lie. So only equal numbers in each class can show whether states come nearer to what was trained on. If a
/// member's own item is in a sample, its memory does not count for that member. Neither does the memory in the same
/// place of the other sample, which is of the same class. So both numbers stay equal for every member.
public struct MemorySamples: Sendable {
  let training: Side
  let heldOut: Side

  /// The memories of some items of one split.
  struct Side: Sendable {
    let search: NearestMemorySearch
    /// The row that does not count for each own item, or -1; empty if members start elsewhere.
    let rowOfItem: [Int32]

    func distances<Owner>(
      _ snapshot: Snapshot, for owner: Owner.Type, into values: UnsafeMutablePointer<Double>
    ) {
      let nearest = search.nearest(snapshot, for: owner) { rowOfItem.isEmpty ? -1 : Int(rowOfItem[$0]) }
      for m in 0..<snapshot.count { values[m] = nearest[2 * m] }
    }
  }

  /// The split that members' source items come from.
  public enum Origin: Sendable {
    /// The training items.
    case training
    /// The held-out items.
    case heldOut
    /// Neither of the two.
    case elsewhere
  }

  /// The largest number of memories in each sample.
  public static let limit = 2000

  /// Draws the samples.
  ///
  /// Each class has as many memories in each sample as the smaller of its numbers of training and of held-out
  /// items. If these add up to more than `limit`, they are reduced in proportion, by the method of largest
  /// remainders.
  ///
  /// - Parameters:
  ///   - training: The memories and classes of all training items.
  ///   - heldOut: The memories and classes of all held-out items.
  ///   - classCount: The number of classes.
  ///   - origin: The split that members' source items come from.
  ///   - seed: The scenario's seed.
  /// - Returns: The samples; nil if no class has items in both splits.
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
    func sample(_ number: Int) -> [Int] {
      sides[number].enumerated().flatMap { k, all in
        var random = field.stream(UInt32(k), UInt32(number))
        return random.permutation(all.count).prefix(counts[k]).map { all[$0] }.sorted()
      }
    }
    let chosen = [sample(0), sample(1)]
    var rowOfItem: [Int32] = []
    if origin != .elsewhere {
      let isTraining = origin == .training
      rowOfItem = [Int32](repeating: -1, count: (isTraining ? training : heldOut).classes.count)
      for (row, item) in chosen[isTraining ? 0 : 1].enumerated() { rowOfItem[item] = Int32(row) }
    }
    func side(_ items: OwnItems, _ chosen: [Int]) -> Side {
      let n = items.memories.columns
      let table = RowTable(rows: chosen.count, columns: n)
      for (row, item) in chosen.enumerated() {
        table.row(row).update(from: items.memories.row(item), count: n)
      }
      return Side(search: NearestMemorySearch(table), rowOfItem: rowOfItem)
    }
    self.training = side(training, chosen[0])
    self.heldOut = side(heldOut, chosen[1])
  }

  /// Reduces whole numbers in proportion, so that their sum is at most `limit`.
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
