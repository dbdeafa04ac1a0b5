import Numerics

/// Which items of a set are taken out of training: those held out of a file that does not say, and validation items.
package enum HeldOutItems {
  /// Draws a share of each class's items by the seed; both parts keep the order of the items.
  ///
  /// - Parameters:
  ///   - classes: The class index of each item.
  ///   - classCount: The number of classes.
  ///   - fraction: In [0, 1); of each class the share is rounded, but at least one item stays for training.
  ///   - seed: The scenario's seed.
  ///   - purpose: What the items are for, so that draws for different purposes do not depend on each other.
  /// - Complexity: O(items).
  package static func choose(
    classes: [Int32], classCount: Int, fraction: Double, seed: UInt64, purpose: RandomPurpose
  ) -> (train: [Int], taken: [Int]) {
    let field = RandomField(seed: seed, purpose: purpose)
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

  /// Draws the test items of a set by `dataset.test.fraction`, as `choose`.
  ///
  /// - Throws: `DatasetError` where the share of small classes is no item.
  package static func chooseTest(
    classes: [Int32], classCount: Int, fraction: Double, seed: UInt64
  ) throws(DatasetError) -> (train: [Int], test: [Int]) {
    let chosen = choose(
      classes: classes, classCount: classCount, fraction: fraction, seed: seed, purpose: .heldOutItems)
    guard !chosen.taken.isEmpty || fraction == 0 else {
      throw DatasetError(
        kind: .invalid, path: "dataset.test.fraction", problem: "of these small classes no item is held out",
        expected: "a larger fraction, or larger classes", remedy: "raise it, or leave dataset.test out")
    }
    return (chosen.train, chosen.taken)
  }
}
