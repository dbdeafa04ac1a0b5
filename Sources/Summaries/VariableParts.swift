import Output

/// The parts of a variable that are read one after another, so that memory does not grow with the file: whole rows along
/// its first dimension.
package struct VariableParts: Sequence {
  /// A rectangle in the index space.
  package struct Part {
    package let start: [Int]
    package let count: [Int]
  }

  /// The most elements of a part of more than one row.
  private static let largest = 1 << 20

  private let shape: [Int]

  /// - Parameter shape: The variable's shape; empty for a scalar.
  package init(_ shape: [Int]) { self.shape = shape }

  package func makeIterator() -> AnyIterator<Part> {
    guard let rows = shape.first else {
      var isGiven = false
      return AnyIterator {
        defer { isGiven = true }
        return isGiven ? nil : Part(start: [], count: [])
      }
    }
    let inner = Array(shape.dropFirst())
    // A row of more elements than a number can count is read by itself, and the reader refuses it.
    let row = product(inner) ?? Int.max
    let step = Swift.max(1, Self.largest / Swift.max(1, row))
    let zeros = inner.map { _ in 0 }
    var rowsDone = 0
    return AnyIterator {
      guard rowsDone < rows else { return nil }
      defer { rowsDone += step }
      return Part(start: [rowsDone] + zeros, count: [Swift.min(step, rows - rowsDone)] + inner)
    }
  }
}
