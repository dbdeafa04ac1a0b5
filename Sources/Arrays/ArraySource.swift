import Datasets

/// The type of an array's elements, in the words of numpy.
public enum ArrayElementType: Sendable, Hashable, CustomStringConvertible {
  /// True or false, in one byte.
  case boolean
  /// A whole number from 0 to 255.
  case byte
  /// Another whole number, of 8, 16, 32 or 64 bits.
  case integer(bits: Int, isSigned: Bool)
  /// A floating-point number of 16, 32 or 64 bits.
  case real(bits: Int)
  /// A text.
  case text

  /// numpy's name.
  public var description: String {
    switch self {
    case .boolean: "bool"
    case .byte: "uint8"
    case .integer(let bits, let isSigned): (isSigned ? "int" : "uint") + "\(bits)"
    case .real(let bits): "float\(bits)"
    case .text: "text"
    }
  }

  /// Whether elements are bytes as they are.
  var isOneByte: Bool { self == .boolean || self == .byte }
}

/// Consecutive elements of an array, in the order of the file.
enum ArrayChunk {
  /// Of types `boolean` and `byte`.
  case bytes([UInt8])
  /// Of the other types of numbers. Whole numbers beyond 2^53 are rounded.
  case numbers([Double])
  /// Of type `text`.
  case texts([String])
}

/// An array in a file whose header has been read and checked; its values are read when asked for.
protocol ArraySource {
  /// The file, and the variable in it, for messages.
  var place: String { get }
  /// The type of the elements.
  var elementType: ArrayElementType { get }
  /// The sizes.
  var shape: [Int] { get }
  /// Whether the first index varies fastest in the file (Fortran's order).
  var isColumnMajor: Bool { get }

  /// Hands over the elements in the order of the file, in chunks of a few ten thousand.
  ///
  /// - Throws: `DatasetError`, and what `body` throws.
  func forEachChunk(_ body: (_ first: Int, ArrayChunk) throws -> Void) throws
}

extension ArraySource {
  /// The number of elements.
  var count: Int { shape.reduce(1, *) }

  /// The array for messages: its type and its shape as numpy writes them.
  var summary: String { "\(elementType) \(ArrayShape.text(shape))" }

  /// An error about this array.
  func invalid(_ problem: String, expected: String, remedy: String) -> DatasetError {
    .invalid(place, problem, expected, remedy)
  }
}

/// Shapes: their texts and their products.
enum ArrayShape {
  /// A shape as numpy writes it, such as `(60000, 28, 28)`; the middle left out of a long one.
  static func text(_ shape: [Int]) -> String {
    let sizes = shape.map(String.init)
    let shown = sizes.count > 8 ? sizes.prefix(4) + ["..."] + sizes.suffix(2) : sizes[...]
    return "(" + shown.joined(separator: ", ") + (sizes.count == 1 ? ",)" : ")")
  }

  /// The place in row-major order of the element at a place in column-major order, where the first index is the fastest.
  ///
  /// - Precondition: No size is 0.
  /// - Complexity: O(sizes).
  static func rowMajorPlace(ofColumnMajor place: Int, in shape: [Int]) -> Int {
    var rest = place
    var stride = shape.reduce(1, *)
    var result = 0
    for size in shape {
      stride /= size
      result += rest % size * stride
      rest /= size
    }
    return result
  }

  /// The number of elements times a width; nil where it overflows.
  static func size(_ shape: [Int], width: Int = 1) -> Int? {
    if shape.contains(0) { return 0 }
    var result = width
    for length in shape {
      let (product, overflow) = result.multipliedReportingOverflow(by: length)
      if overflow || length < 0 { return nil }
      result = product
    }
    return result
  }
}
