import Numerics

/// Which items of one file are held out of training, where the file does not say.
package enum HeldOutItems {
  /// Draws a share of each class's items by the seed; both parts keep the order of the items.
  ///
  /// - Parameters:
  ///   - classes: The class index of each item.
  ///   - classCount: The number of classes.
  ///   - fraction: In [0, 1); of each class the share is rounded, but at least one item stays for training.
  /// - Complexity: O(items).
  package static func choose(
    classes: [Int32], classCount: Int, fraction: Double, seed: UInt64
  ) -> (train: [Int], test: [Int]) {
    let field = RandomField(seed: seed, purpose: .heldOutItems)
    var items = [[Int]](repeating: [], count: classCount)
    for (item, label) in classes.enumerated() { items[Int(label)].append(item) }
    var isHeld = [Bool](repeating: false, count: classes.count)
    for (index, items) in items.enumerated() {
      let count = Dataset.validationCount(of: items.count, fraction: fraction)
      guard count > 0 else { continue }
      var random = field.stream(UInt32(index))
      for place in random.permutation(items.count).prefix(count) { isHeld[items[place]] = true }
    }
    return (isHeld.indices.filter { !isHeld[$0] }, isHeld.indices.filter { isHeld[$0] })
  }
}
