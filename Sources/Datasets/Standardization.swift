/// The mean and the standard deviation of each component over the training items.
public struct Standardization: Sendable, Hashable {
  /// Shape `[dimension]`.
  public let means: [Double]
  /// With the divisor n, the number of items; 1 of a component that is the same in all items. Shape `[dimension]`.
  public let deviations: [Double]

  /// Means and deviations of the items of a split, the deviations about the means that were found first.
  ///
  /// - Precondition: There are items.
  /// - Complexity: O(items * dimension).
  public init(of split: ItemSplit) {
    precondition(split.count > 0, "means need items")
    let count = Double(split.count)
    var sums = [Double](repeating: 0, count: split.dimension)
    for item in 0..<split.count {
      for (i, x) in split.components(ofItem: item).enumerated() { sums[i] += Double(x) }
    }
    let means = sums.map { $0 / count }
    var squares = [Double](repeating: 0, count: split.dimension)
    for item in 0..<split.count {
      for (i, x) in split.components(ofItem: item).enumerated() {
        let delta = Double(x) - means[i]
        squares[i] += delta * delta
      }
    }
    self.means = means
    // Where rounding alone makes a constant component vary, it is constant.
    deviations = zip(squares, means).map { sum, mean in
      let deviation = (sum / count).squareRoot()
      return deviation > 1e-12 * abs(mean) ? deviation : 1
    }
  }

  /// The standardized items.
  func applied(to split: ItemSplit) -> ItemSplit {
    var numbers: [Float] = []
    numbers.reserveCapacity(split.count * split.dimension)
    for item in 0..<split.count {
      for (i, x) in split.components(ofItem: item).enumerated() {
        numbers.append(Float((Double(x) - means[i]) / deviations[i]))
      }
    }
    return ItemSplit(dimension: split.dimension, numbers: numbers, classes: split.classes)
  }
}
