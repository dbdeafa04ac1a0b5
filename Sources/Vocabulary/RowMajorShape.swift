/// The lengths of an array's dimensions. The array's elements are numbered with the last dimension fastest.
///
///     number = (...(i_0 n_1 + i_1) n_2 + ...) n_k + i_k
///
/// An array without dimensions has one element, number 0.
public struct RowMajorShape: Sendable, Equatable {
  /// The dimensions' lengths, slowest dimension first.
  public let lengths: [Int]

  /// - Precondition: No length is negative.
  public init(_ lengths: [Int]) {
    precondition(lengths.allSatisfy { $0 >= 0 }, "lengths are not negative")
    self.lengths = lengths
  }

  /// The number of elements.
  ///
  /// - Precondition: The product of the lengths fits in an `Int`.
  public var count: Int { lengths.reduce(1, *) }

  /// An element's index along each dimension.
  ///
  /// - Parameter number: The element's number.
  /// - Precondition: The number is at least 0 and below `count`.
  /// - Complexity: O(dimensions).
  public func indices(of number: Int) -> [Int] {
    precondition(number >= 0, "numbers begin at 0")
    var result = lengths
    var rest = number
    for axis in lengths.indices.reversed() {
      precondition(lengths[axis] > 0, "an array with an empty dimension has no elements")
      result[axis] = rest % lengths[axis]
      rest /= lengths[axis]
    }
    precondition(rest == 0, "the number is that of an element")
    return result
  }

  /// The number of the element that has the given index along each dimension.
  ///
  /// - Precondition: One index per dimension, each at least 0 and below the dimension's length.
  /// - Complexity: O(dimensions).
  public func number(of indices: [Int]) -> Int {
    precondition(indices.count == lengths.count, "one index per dimension")
    return zip(indices, lengths).reduce(0) { number, part in
      precondition(part.0 >= 0 && part.0 < part.1, "indices are within the dimensions")
      return number * part.1 + part.0
    }
  }
}
