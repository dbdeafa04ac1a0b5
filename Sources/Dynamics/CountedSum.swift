/// A sum of finite values, and their number.
struct CountedSum: BitwiseCopyable, Sendable {
  var sum = 0.0
  var count = 0

  /// Adds one value.
  @inline(__always)
  mutating func add(_ value: Double) {
    sum += value
    count += 1
  }

  /// Adds all of `other`'s values.
  mutating func merge(_ other: CountedSum) {
    sum += other.sum
    count += other.count
  }

  /// The mean; nil where nothing was added.
  var mean: Double? { count > 0 ? sum / Double(count) : nil }
}
