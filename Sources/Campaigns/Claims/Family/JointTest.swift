/// Tests of the parts of a cell, all of which have to hold.
struct JointTest {
  /// At least one.
  let parts: [LocationTest]

  init(_ parts: [LocationTest]) {
    precondition(!parts.isEmpty)
    self.parts = parts
  }

  /// The direction, and its p-value on two sides: positive where all means are, else negative.
  var sign: (isPositive: Bool, probability: Double) {
    let isPositive = parts.allSatisfy(\.isMeanPositive)
    let values = parts.map { isPositive ? $0.above(0) : Double(parts.count) * $0.below(0) }
    return (isPositive, min(1, 2 * ((isPositive ? values.max() : values.min()) ?? 1)))
  }

  /// The p-value of "some part is not above `value`".
  func above(_ value: Double) -> Double { parts.map { $0.above(value) }.max() ?? 1 }

  /// The p-value of "some part is not within `value` of zero".
  func within(_ value: Double) -> Double {
    parts.map { max($0.above(-value), $0.below(value)) }.max() ?? 1
  }
}
