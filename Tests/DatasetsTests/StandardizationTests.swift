import Datasets
import Numerics
import TestSupport
import Testing

/// Data that are no pictures.
@Suite struct StandardizationTests {
  static let train = ItemSplit(
    dimension: 3, numbers: [1, 5, -2, 3, 5, 0, 5, 5, 2, 7, 5, 4], classes: [0, 0, 1, 1])

  @Test func componentsHaveMeanZeroAndDeviationOne() throws {
    let dataset = Dataset(
      name: "three", imageShape: nil, train: Self.train,
      test: ItemSplit(dimension: 3, numbers: [4, 6, 1], classes: [1]),
      hierarchy: ConceptHierarchy(classNames: ["a", "b"], classLabels: [0, 1]), domain: .unbounded
    ).standardized()
    let scale = try #require(dataset.standardization)
    let root = 5.0.squareRoot()
    // Means 4, 5, 1; variances with the divisor 4: 5, none, 5.
    #expect(scale.means == [4, 5, 1])
    #expect(scale.deviations == [root, 1, root])
    #expect(dataset.test.components(ofItem: 0) == [0, 1, 0])
    #expect(
      dataset.train.components(ofItem: 0) == [Float(-3 / root), 0, Float(-3 / root)])
    #expect(dataset.domain == .unbounded)
  }

  @Test func numbersAreSelectedRelabelledAndHashed() {
    let part = Self.train.selecting([2, 0])
    #expect(part.components(ofItem: 0) == [5, 5, 2] && part.classes == [1, 0])
    #expect(Self.train.relabelled([1, 1, 1, 1]).classes == [1, 1, 1, 1])
    var doubles = [Double](repeating: 0, count: 3)
    doubles.withUnsafeMutableBufferPointer { Self.train.copy(item: 1, into: $0) }
    #expect(doubles == [3, 5, 0] && Self.train[3, 2] == 4)
    // hashlib.sha256(numpy.array([1, 5, -2, ..., 4], "<f4").tobytes())
    #expect(
      Self.train.componentHash() == "facb942d77e10233ec0cd2d3fb7a2ac3d9bc9e72bceb67dc138d1b6414a9dc11")
    let bytes = ItemSplit(dimension: 1, codes: [0, 255], values: ItemSplit.greyLevels, classes: [0, 0])
    #expect(
      bytes.componentHash() == ItemSplit(dimension: 1, numbers: [0, 1], classes: [0, 0]).componentHash())
  }
}
