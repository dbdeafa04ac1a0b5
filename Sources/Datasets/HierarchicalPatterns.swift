import Numerics

/// Binary patterns on a tree: root -> superclass -> class -> memory.
///
/// Each bit of a superclass's pattern is a fair coin. A class's pattern is its superclass's pattern with each bit
/// flipped with probability `(1 - b1) / 2`. A memory, and likewise a held-out test item, is its class's pattern
/// with each bit flipped with probability `(1 - b2) / 2`. All coins and flips are independent. So the expected
/// overlaps of patterns of -1 and +1, divided by D, are:
///
///     <class, superclass> = b1                <memory, memory'> = b2^2        in one class
///     <memory, class>     = b2                <memory, memory'> = b1^2 b2^2   in one superclass
///                                             <memory, memory'> = 0           otherwise
///
/// Each random number is addressed by the kind of node and by the node's indices on the path from the root. So a
/// pattern does not depend on how many superclasses, classes, memories or test items there are, and a pattern of
/// fewer dimensions is the beginning of one with more dimensions.
///
/// The idea of a branching process down the tree is due to Parga and Virasoro, *The ultrametric organization of
/// memories in a neural network*, J. Physique 47, 1857 (1986).
public struct HierarchicalPatterns: Sendable, Hashable {
  /// The dimension D of the patterns.
  public let dimension: Int
  /// The number of superclasses.
  public let superclasses: Int
  /// The number of classes in each superclass.
  public let classes: Int
  /// The number of memories (training items) in each class.
  public let memories: Int
  /// The number of held-out test items in each class; may be 0.
  public let test: Int
  /// The correlations `[b1, b2]`: superclass to class, and class to memory. Dimensionless, in [0, 1].
  public let correlation: [Double]
  /// The seed of the random numbers.
  public let seed: UInt64

  /// The default limit on the bytes of all patterns, 2^33.
  public static let defaultByteLimit = 1 << 33

  /// Checks the parameters. No patterns are made yet.
  ///
  /// - Parameters:
  ///   - dimension: The dimension D of the patterns, at least 1.
  ///   - superclasses: The number of superclasses, at least 1.
  ///   - classes: The number of classes in each superclass, at least 1.
  ///   - memories: The number of memories in each class, at least 1.
  ///   - test: The number of held-out test items in each class, at least 0.
  ///   - correlation: `[b1, b2]`, each in [0, 1].
  ///   - seed: The seed of the random numbers.
  ///   - byteLimit: The largest number of bytes of all patterns. Each bit of an item takes one byte.
  /// - Throws: `DatasetError` (invalid) that names the parameter as `dataset.NAME`.
  public init(
    dimension: Int, superclasses: Int, classes: Int, memories: Int, test: Int, correlation: [Double],
    seed: UInt64, byteLimit: Int = HierarchicalPatterns.defaultByteLimit
  ) throws(DatasetError) {
    let counts = [
      ("dimension", dimension, 1), ("superclasses", superclasses, 1), ("classes", classes, 1),
      ("memories", memories, 1), ("test", test, 0),
    ]
    for (name, value, least) in counts where value < least || value > Int(Int32.max) {
      throw DatasetError(
        kind: .invalid, path: "dataset.\(name)", problem: "the number is \(value)",
        expected: "a whole number from \(least) to \(Int32.max)", remedy: "change dataset.\(name)")
    }
    guard correlation.count == 2, correlation.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw DatasetError(
        kind: .invalid, path: "dataset.correlation", problem: "the correlations are \(correlation)",
        expected: "two numbers from 0 to 1 (superclass to class, class to memory)",
        remedy: "write for example [0.6, 0.8]")
    }
    var bytes = 1
    for factor in [memories + test, classes, superclasses, dimension] {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: factor)
      bytes = overflow ? Int.max : product
    }
    guard bytes <= byteLimit, superclasses * classes <= Int(Int32.max) else {
      throw DatasetError(
        kind: .invalid, path: "dataset.dimension",
        problem:
          "\(superclasses) x \(classes) x (\(memories) + \(test)) patterns of \(dimension) bits are too many",
        expected: "at most \(byteLimit) bytes in all, one per bit",
        remedy: "lower dataset.memories or dataset.dimension")
    }
    self.dimension = dimension
    self.superclasses = superclasses
    self.classes = classes
    self.memories = memories
    self.test = test
    self.correlation = correlation
    self.seed = seed
  }

  /// The pattern of a superclass, whose bits are fair coins. Shape `[dimension]`, each 0 or 1.
  ///
  /// - Precondition: `superclass` is in `0..<superclasses`.
  public func pattern(superclass: Int) -> [UInt8] {
    precondition(superclass >= 0 && superclass < superclasses, "no such superclass")
    var stream = field(.superclass).stream(UInt32(superclass))
    return (0..<dimension).map { _ in UInt8(truncatingIfNeeded: stream.nextWord() >> 31) }
  }

  /// The pattern of a class, numbered within its superclass. Shape `[dimension]`, each 0 or 1.
  ///
  /// - Precondition: Both indices are in range.
  public func pattern(superclass: Int, class classIndex: Int) -> [UInt8] {
    precondition(classIndex >= 0 && classIndex < classes, "no such class")
    var stream = field(.classNode).stream(UInt32(superclass), UInt32(classIndex))
    var result = [UInt8]()
    Self.append(
      pattern(superclass: superclass), flippedWith: correlation[0], stream: &stream, to: &result)
    return result
  }

  /// Makes the training items, the test items and the tree.
  ///
  /// Items are ordered by class: first the memories of class 0.0, then those of class 0.1, and so on. Classes are
  /// numbered consecutively, so class c of superclass s has the index and the label `s * classes + c`.
  ///
  /// - Parameter name: The data set's name.
  /// - Complexity: O(items * dimension), about 15 ns per bit.
  public func makeDataset(name: String = "hierarchical-patterns") -> Dataset {
    var train = [UInt8]()
    var held = [UInt8]()
    train.reserveCapacity(superclasses * classes * memories * dimension)
    held.reserveCapacity(superclasses * classes * test * dimension)
    let memoryField = field(.memory)
    let testField = field(.testItem)
    var classNames = [String]()
    var superclassOfClass = [Int]()
    for superclass in 0..<superclasses {
      for classIndex in 0..<classes {
        let center = pattern(superclass: superclass, class: classIndex)
        for memory in 0..<memories {
          var stream = memoryField.stream(UInt32(superclass), UInt32(classIndex), UInt32(memory))
          Self.append(center, flippedWith: correlation[1], stream: &stream, to: &train)
        }
        for item in 0..<test {
          var stream = testField.stream(UInt32(superclass), UInt32(classIndex), UInt32(item))
          Self.append(center, flippedWith: correlation[1], stream: &stream, to: &held)
        }
        classNames.append("class \(superclass).\(classIndex)")
        superclassOfClass.append(superclass)
      }
    }
    let hierarchy = ConceptHierarchy(
      classNames: classNames, classLabels: Array(classNames.indices),
      superclassNames: (0..<superclasses).map { "superclass \($0)" },
      superclassOfClass: superclassOfClass)
    func split(_ codes: [UInt8], perClass: Int) -> ItemSplit {
      ItemSplit(
        dimension: dimension, codes: codes, values: ItemSplit.binaryLevels,
        classes: classNames.indices.flatMap { repeatElement(Int32($0), count: perClass) })
    }
    return Dataset(
      name: name, imageShape: ImageShape(squareOf: dimension), train: split(train, perClass: memories),
      test: split(held, perClass: test), hierarchy: hierarchy)
  }

  /// The kinds of nodes. The raw values are part of the address of every random number.
  private enum Node: UInt64 {
    case superclass = 0
    case classNode = 1
    case memory = 2
    case testItem = 3
  }

  private func field(_ node: Node) -> RandomField {
    RandomField(seed: seed, purpose: .patterns, context: node.rawValue)
  }

  private static func append(
    _ parent: [UInt8], flippedWith correlation: Double, stream: inout RandomStream,
    to result: inout [UInt8]
  ) {
    let probability = (1 - correlation) / 2
    for bit in parent {
      result.append(stream.uniform() < probability ? 1 - bit : bit)
    }
  }
}
