import Numerics

/// The items of one part (training, test or validation) of a data set. They take one byte per component if a table of
/// 256 numbers has all of them, and else single precision.
///
///     x[item, component] = values[codes[item, component]]    or    numbers[item, component]
///
/// Components are dimensionless; those of pictures lie in [0, 1]. 60,000 items of 784 bytes take 47 MB.
public struct ItemSplit: Sendable {
  /// Where the components are.
  public enum Storage: Sendable {
    /// Codes, `[count, dimension]`, row-major, and the number that each code stands for, `[256]`.
    case bytes(codes: [UInt8], values: [Float])
    /// The components themselves, `[count, dimension]`, row-major.
    case numbers([Float])
  }

  /// The number of items.
  public let count: Int
  /// The dimension D of the data space.
  public let dimension: Int
  /// Where the components are.
  public let storage: Storage
  /// The class index of each item, in `0..<numberOfClasses`. Shape `[count]`.
  public let classes: [Int32]

  /// The decoding table of grey levels: `code / 255`, rounded to the nearest `Float`.
  public static let greyLevels: [Float] = (0..<256).map { Float($0) / 255 }
  /// The decoding table of binary patterns: code 0 stands for 0, and any other code for 1.
  public static let binaryLevels: [Float] = (0..<256).map { $0 == 0 ? 0 : 1 }

  /// Creates a split from its codes.
  ///
  /// - Parameters:
  ///   - dimension: The dimension D of the data space.
  ///   - codes: Shape `[count, dimension]`, row-major.
  ///   - values: The decoding table. Shape `[256]`.
  ///   - classes: The class index of each item. Shape `[count]`.
  /// - Precondition: The shapes agree, and `dimension > 0`.
  public init(dimension: Int, codes: [UInt8], values: [Float], classes: [Int32]) {
    precondition(dimension > 0, "a data space has at least one dimension")
    precondition(values.count == 256, "a decoding table has 256 entries")
    precondition(codes.count == classes.count * dimension, "codes and classes disagree")
    self.init(dimension: dimension, storage: .bytes(codes: codes, values: values), classes: classes)
  }

  /// Creates a split from its components.
  ///
  /// - Parameters:
  ///   - dimension: The dimension D of the data space.
  ///   - numbers: Shape `[count, dimension]`, row-major.
  ///   - classes: The class index of each item. Shape `[count]`.
  /// - Precondition: The shapes agree, and `dimension > 0`.
  public init(dimension: Int, numbers: [Float], classes: [Int32]) {
    precondition(dimension > 0, "a data space has at least one dimension")
    precondition(numbers.count == classes.count * dimension, "numbers and classes disagree")
    self.init(dimension: dimension, storage: .numbers(numbers), classes: classes)
  }

  private init(dimension: Int, storage: Storage, classes: [Int32]) {
    self.count = classes.count
    self.dimension = dimension
    self.storage = storage
    self.classes = classes
  }

  /// The components before decoding. Shape `[count, dimension]`, row-major.
  ///
  /// - Precondition: The items are bytes.
  public var codes: [UInt8] {
    guard case .bytes(let codes, _) = storage else { preconditionFailure("the items are no bytes") }
    return codes
  }

  /// The component that each code stands for. Shape `[256]`.
  ///
  /// - Precondition: The items are bytes.
  public var values: [Float] {
    guard case .bytes(_, let values) = storage else { preconditionFailure("the items are no bytes") }
    return values
  }

  /// SHA-256 of the components in single precision, little-endian, item by item, as 64 hexadecimal digits.
  ///
  /// In numpy `hashlib.sha256(x.astype("<f4").tobytes()).hexdigest()` for the array `x` of the items.
  ///
  /// - Complexity: O(count * dimension).
  public func componentHash() -> String {
    var hash = ContentHash()
    let row = AlignedBuffer<Float>(count: dimension)
    for item in 0..<count {
      copy(item: item, into: row.buffer)
      hash.update(row.buffer.prefix(dimension).map { $0.bitPattern.littleEndian })
    }
    return hash.hexadecimal()
  }

  /// One component of one item.
  ///
  /// - Precondition: `item` and `component` are in range.
  public subscript(item: Int, component: Int) -> Float {
    precondition(component >= 0 && component < dimension, "no such component")
    switch storage {
    case .bytes(let codes, let values): return values[Int(codes[item * dimension + component])]
    case .numbers(let numbers): return numbers[item * dimension + component]
    }
  }

  /// The components of one item. Shape `[dimension]`.
  ///
  /// - Precondition: `item` is in `0..<count`.
  /// - Complexity: O(dimension). Allocates the result.
  public func components(ofItem item: Int) -> [Float] {
    precondition(item >= 0 && item < count, "no such item")
    let places = item * dimension..<(item + 1) * dimension
    switch storage {
    case .bytes(let codes, let values): return codes[places].map { values[Int($0)] }
    case .numbers(let numbers): return Array(numbers[places])
    }
  }

  /// Decodes one item in double precision, to exactly the numbers of the `Float` version.
  ///
  /// - Parameters:
  ///   - item: The item's index.
  ///   - destination: Receives the components in its first `dimension` elements. The others are not changed.
  /// - Precondition: `item` is in `0..<count`, and `destination` has room.
  /// - Complexity: O(dimension). Allocates nothing.
  public func copy(item: Int, into destination: UnsafeMutableBufferPointer<Double>) {
    decode(item, into: destination) { Double($0) }
  }

  /// Decodes one item in single precision.
  ///
  /// - Parameters:
  ///   - item: The item's index.
  ///   - destination: Receives the components in its first `dimension` elements. The others are not changed.
  /// - Precondition: `item` is in `0..<count`, and `destination` has room.
  /// - Complexity: O(dimension). Allocates nothing.
  public func copy(item: Int, into destination: UnsafeMutableBufferPointer<Float>) {
    decode(item, into: destination) { $0 }
  }

  /// Decodes several items into consecutive rows, in double precision.
  ///
  /// - Parameters:
  ///   - items: The items' indices; an item may occur more than once.
  ///   - destination: Shape `[items, dimension]`, row-major. Rows beyond the last item are not changed.
  /// - Precondition: Each item is in `0..<count`, and `destination` has room.
  /// - Complexity: O(items * dimension). Allocates nothing.
  @inlinable
  public func copy(items: some Sequence<Int>, into destination: UnsafeMutableBufferPointer<Double>) {
    var row = 0
    for item in items {
      copy(item: item, into: UnsafeMutableBufferPointer(rebasing: destination[row...]))
      row += dimension
    }
  }

  /// Decodes several items into consecutive rows, in single precision.
  ///
  /// - Parameters:
  ///   - items: The items' indices; an item may occur more than once.
  ///   - destination: Shape `[items, dimension]`, row-major. Rows beyond the last item are not changed.
  /// - Precondition: Each item is in `0..<count`, and `destination` has room.
  /// - Complexity: O(items * dimension). Allocates nothing.
  @inlinable
  public func copy(items: some Sequence<Int>, into destination: UnsafeMutableBufferPointer<Float>) {
    var row = 0
    for item in items {
      copy(item: item, into: UnsafeMutableBufferPointer(rebasing: destination[row...]))
      row += dimension
    }
  }

  /// A split that has only some of the items, in the given order.
  ///
  /// - Precondition: Each item is in `0..<count`.
  /// - Complexity: O(items * dimension).
  public func selecting(_ items: [Int]) -> ItemSplit {
    func rows<Component>(_ all: [Component]) -> [Component] {
      var chosen = [Component]()
      chosen.reserveCapacity(items.count * dimension)
      for item in items { chosen += all[item * dimension..<(item + 1) * dimension] }
      return chosen
    }
    let chosen: Storage =
      switch storage {
      case .bytes(let codes, let values): .bytes(codes: rows(codes), values: values)
      case .numbers(let numbers): .numbers(rows(numbers))
      }
    return ItemSplit(dimension: dimension, storage: chosen, classes: items.map { classes[$0] })
  }

  /// The same items with other labels.
  ///
  /// - Precondition: There is one class per item.
  public func relabelled(_ classes: [Int32]) -> ItemSplit {
    precondition(classes.count == count, "one class per item")
    return ItemSplit(dimension: dimension, storage: storage, classes: classes)
  }

  /// The indices of the items of one class, in ascending order.
  ///
  /// - Complexity: O(count).
  public func items(ofClass classIndex: Int) -> [Int] {
    classes.indices.filter { Int(classes[$0]) == classIndex }
  }

  @inline(__always)
  private func decode<Component>(
    _ item: Int, into destination: UnsafeMutableBufferPointer<Component>,
    _ convert: (Float) -> Component
  ) {
    precondition(item >= 0 && item < count, "no such item")
    precondition(destination.count >= dimension, "no room for an item")
    let offset = item * dimension
    switch storage {
    case .bytes(let codes, let values):
      codes.withUnsafeBufferPointer { codes in
        values.withUnsafeBufferPointer { values in
          for component in 0..<dimension {
            destination[component] = convert(values[Int(codes[offset + component])])
          }
        }
      }
    case .numbers(let numbers):
      numbers.withUnsafeBufferPointer { numbers in
        for component in 0..<dimension { destination[component] = convert(numbers[offset + component]) }
      }
    }
  }
}
