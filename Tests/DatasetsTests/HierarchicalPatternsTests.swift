import Datasets
import Numerics
import Testing

@Suite struct HierarchicalPatternsTests {
  static func patterns(
    dimension: Int = 64, superclasses: Int = 2, classes: Int = 2, memories: Int = 3, test: Int = 2,
    correlation: [Double] = [0.6, 0.8], seed: UInt64 = 20_171_204
  ) throws -> HierarchicalPatterns {
    try HierarchicalPatterns(
      dimension: dimension, superclasses: superclasses, classes: classes, memories: memories, test: test,
      correlation: correlation, seed: seed)
  }

  static func row(_ split: ItemSplit, _ item: Int) -> [UInt8] {
    Array(split.codes[item * split.dimension..<(item + 1) * split.dimension])
  }

  @Test func agreesWithThePythonGolden() throws {
    let dataset = try Self.patterns(dimension: 9, memories: 2, test: 1).makeDataset()
    func texts(_ split: ItemSplit) -> [String] {
      (0..<split.count).map { Self.row(split, $0).map(String.init).joined() }
    }
    #expect(texts(dataset.train) == PatternGolden.train)
    #expect(texts(dataset.test) == PatternGolden.test)
    #expect(dataset.contentHash == PatternGolden.contentHash)
  }

  @Test func itemsAreOrderedAndNamedAfterTheTree() throws {
    let dataset = try Self.patterns().makeDataset()
    #expect(dataset.name == "hierarchical-patterns")
    #expect(dataset.dimension == 64)
    #expect(dataset.imageShape == ImageShape(rows: 8, columns: 8))
    #expect(dataset.train.classes == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    #expect(dataset.test.classes == [0, 0, 1, 1, 2, 2, 3, 3])
    #expect(dataset.hierarchy.classNames == ["class 0.0", "class 0.1", "class 1.0", "class 1.1"])
    #expect(dataset.hierarchy.classLabels == [0, 1, 2, 3])
    #expect(dataset.hierarchy.superclassNames == ["superclass 0", "superclass 1"])
    #expect(dataset.hierarchy.superclassOfClass == [0, 0, 1, 1])
    #expect(dataset.train.codes.allSatisfy { $0 <= 1 })
    #expect(try Self.patterns(dimension: 65).makeDataset().imageShape == nil)
  }

  @Test func aMemoryDoesNotDependOnTheNumbersOfOthers() throws {
    let small = try Self.patterns().makeDataset()
    let large = try Self.patterns(superclasses: 4, classes: 5, memories: 9, test: 6).makeDataset()
    for superclass in 0..<2 {
      for classIndex in 0..<2 {
        for memory in 0..<3 {
          #expect(
            Self.row(small.train, (superclass * 2 + classIndex) * 3 + memory)
              == Self.row(large.train, (superclass * 5 + classIndex) * 9 + memory))
        }
        for item in 0..<2 {
          #expect(
            Self.row(small.test, (superclass * 2 + classIndex) * 2 + item)
              == Self.row(large.test, (superclass * 5 + classIndex) * 6 + item))
        }
      }
    }
    let wide = try Self.patterns(dimension: 100).makeDataset()
    #expect(Array(Self.row(wide.train, 11)[..<64]) == Self.row(small.train, 11))
    let other = try Self.patterns(seed: 1).makeDataset()
    #expect(other.train.codes != small.train.codes)
    #expect(other.contentHash != small.contentHash)
  }

  @Test func trainingAndTestItemsAreDistinct() throws {
    let dataset = try Self.patterns(dimension: 784).makeDataset()
    let rows = (0..<12).map { Self.row(dataset.train, $0) } + (0..<8).map { Self.row(dataset.test, $0) }
    #expect(Set(rows).count == 20)
  }

  @Test func extremeCorrelationsCopyOrForget() throws {
    let patterns = try Self.patterns(correlation: [1, 1])
    let dataset = patterns.makeDataset()
    for item in 0..<12 {
      #expect(Self.row(dataset.train, item) == patterns.pattern(superclass: item / 6))
    }
    #expect(patterns.pattern(superclass: 1, class: 1) == patterns.pattern(superclass: 1))
  }

  /// Sums of products of corresponding bits as -1 and +1.
  struct Overlap {
    var sum = 0
    var count = 0

    mutating func add(_ first: [UInt8], _ second: [UInt8]) {
      sum += zip(first, second).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : -1) }
      count += first.count
    }

    /// Whether the mean is within 5 standard errors of `expected`.
    ///
    /// Each product is -1 or +1 with that mean, so its variance is `1 - expected^2`; the products that are
    /// added here are independent of each other. With a fixed seed the test is deterministic; a right
    /// generator would fail for 6 seeds in ten million.
    func agrees(with expected: Double) -> Bool {
      let standardError = ((1 - expected * expected) / Double(count)).squareRoot()
      return abs(Double(sum) / Double(count) - expected) < 5 * standardError
    }
  }

  @Test(arguments: [[0.6, 0.8], [0.3, 0.95], [0.0, 0.5]])
  func overlapsAreThoseOfTheTree(correlation: [Double]) throws {
    let patterns = try Self.patterns(
      dimension: 784, superclasses: 100, classes: 2, memories: 6, test: 2, correlation: correlation)
    let dataset = patterns.makeDataset()
    func memory(_ superclass: Int, _ classIndex: Int, _ index: Int) -> [UInt8] {
      Self.row(dataset.train, (2 * superclass + classIndex) * 6 + index)
    }
    func held(_ superclass: Int, _ classIndex: Int, _ index: Int) -> [UInt8] {
      Self.row(dataset.test, (2 * superclass + classIndex) * 2 + index)
    }
    var fairness = Overlap()
    var classToSuperclass = Overlap()
    var memoryToClass = Overlap()
    var testToClass = Overlap()
    var withinClass = Overlap()
    var memoryToTest = Overlap()
    var withinSuperclass = Overlap()
    var acrossSuperclasses = Overlap()
    let zeros = [UInt8](repeating: 0, count: 784)
    for superclass in 0..<100 {
      let top = patterns.pattern(superclass: superclass)
      fairness.add(top, zeros)
      for classIndex in 0..<2 {
        let center = patterns.pattern(superclass: superclass, class: classIndex)
        // A product of a node with its parent is the node's own flip, and flips are independent.
        classToSuperclass.add(center, top)
        for index in 0..<6 { memoryToClass.add(memory(superclass, classIndex, index), center) }
        for index in 0..<2 { testToClass.add(held(superclass, classIndex, index), center) }
        // A product of two memories of one class is that of their two flips; no memory is used twice.
        withinClass.add(memory(superclass, classIndex, 0), memory(superclass, classIndex, 1))
        withinClass.add(memory(superclass, classIndex, 2), memory(superclass, classIndex, 3))
        memoryToTest.add(memory(superclass, classIndex, 4), held(superclass, classIndex, 0))
      }
      // One pair of memories for each pair of classes: the four flips on its path occur in no other pair.
      withinSuperclass.add(memory(superclass, 0, 0), memory(superclass, 1, 0))
      if superclass.isMultiple(of: 2) {
        acrossSuperclasses.add(memory(superclass, 0, 0), memory(superclass + 1, 0, 0))
      }
    }
    let (b1, b2) = (correlation[0], correlation[1])
    #expect(fairness.agrees(with: 0))
    #expect(classToSuperclass.agrees(with: b1))
    #expect(memoryToClass.agrees(with: b2))
    #expect(testToClass.agrees(with: b2))
    #expect(withinClass.agrees(with: b2 * b2))
    #expect(memoryToTest.agrees(with: b2 * b2))
    #expect(withinSuperclass.agrees(with: b1 * b1 * b2 * b2))
    #expect(acrossSuperclasses.agrees(with: 0))
  }

  @Test func heldOutItemsAreOptional() throws {
    let dataset = try Self.patterns(test: 0).makeDataset()
    #expect(dataset.test.count == 0)
    #expect(dataset.train.count == 12)
  }

  @Test func wrongParametersAreNamed() throws {
    func path(_ make: () throws -> HierarchicalPatterns) throws -> String {
      let error = try #require(throws: DatasetError.self) { try make() }
      #expect(error.kind == .invalid)
      return error.path
    }
    #expect(try path { try Self.patterns(dimension: 0) } == "dataset.dimension")
    #expect(try path { try Self.patterns(superclasses: 0) } == "dataset.superclasses")
    #expect(try path { try Self.patterns(classes: -1) } == "dataset.classes")
    #expect(try path { try Self.patterns(memories: 0) } == "dataset.memories")
    #expect(try path { try Self.patterns(memories: 1 << 40) } == "dataset.memories")
    #expect(try path { try Self.patterns(test: -1) } == "dataset.test")
    #expect(try path { try Self.patterns(correlation: [0.5]) } == "dataset.correlation")
    #expect(try path { try Self.patterns(correlation: [0.5, 1.5]) } == "dataset.correlation")
    #expect(try path { try Self.patterns(correlation: [-0.5, 0.5]) } == "dataset.correlation")
    #expect(try path { try Self.patterns(correlation: [.nan, 0.5]) } == "dataset.correlation")
    let large = 1 << 30
    let error = try #require(throws: DatasetError.self) {
      try Self.patterns(dimension: large, superclasses: large, classes: large, memories: large)
    }
    #expect(error.description.contains("at most 8589934592 bytes"))
  }
}
