import Datasets
import Testing

@Suite struct SplittingTests {
  /// Six classes of 2 ... 7 items; every item is a picture of its own number.
  static let dataset: Dataset = {
    let classes = (0..<6).flatMap { k in [Int32](repeating: Int32(k), count: k + 2) }
    func split(_ classes: [Int32], offset: UInt8) -> ItemSplit {
      ItemSplit(
        dimension: 1, codes: classes.indices.map { offset + UInt8($0) }, values: ItemSplit.greyLevels,
        classes: classes)
    }
    return Dataset(
      name: "numbers", imageShape: nil, train: split(classes, offset: 0),
      test: split([0, 1, 2, 3, 4, 5, 0, 1, 2], offset: 100),
      hierarchy: ConceptHierarchy(classNames: (0..<6).map { "\($0)" }, classLabels: Array(0..<6)))
  }()

  @Test(arguments: [0.1, 0.25, 0.5, 0.9])
  func sharesOfEachClassAreHeldOut(fraction: Double) {
    let parts = Self.dataset.holdingOut(validation: fraction, seed: 3)
    for k in 0..<6 {
      let held = parts.validation.items(ofClass: k).count
      #expect(held == min(Int((fraction * Double(k + 2)).rounded()), k + 1))
      #expect(parts.train.items(ofClass: k).count == k + 2 - held)
      #expect(held == Dataset.validationCount(of: k + 2, fraction: fraction))
    }
    // Every item is in exactly one of them, in order, with its class.
    #expect((parts.train.codes + parts.validation.codes).sorted() == Self.dataset.train.codes)
    for split in [parts.train, parts.validation] {
      #expect(split.codes == split.codes.sorted())
      #expect(split.classes == split.codes.map { Self.dataset.train.classes[Int($0)] })
    }
    #expect(parts.test.codes == Self.dataset.test.codes)
    #expect(parts.contentHash != Self.dataset.contentHash)
    #expect(parts.trainingHash == parts.contentHash)
    let other = Self.dataset.holdingOut(validation: fraction, seed: 4)
    #expect(other.validation.codes != parts.validation.codes || fraction == 0.9)
  }

  @Test func withoutValidationNothingChanges() {
    #expect(Self.dataset.validation.count == 0)
    #expect(Self.dataset.holdingOut(validation: 0, seed: 3).contentHash == Self.dataset.contentHash)
    #expect(Dataset.validationCount(of: 1, fraction: 0.9) == 0)
    #expect(Dataset.validationCount(of: 10, fraction: 0.25) == 3, "rounded")
  }

  @Test func firstItemsOfEachClassAreKept() throws {
    let some = try Self.dataset.keepingFirst(trainItemsPerClass: 2, testItemsPerClass: 1)
    // Class k's training items are the numbers from the sum of 2 ... k + 1 on.
    #expect(some.train.codes == [0, 1, 2, 3, 5, 6, 9, 10, 14, 15, 20, 21])
    #expect(some.train.classes == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    #expect(some.test.codes == [100, 101, 102, 103, 104, 105])
    #expect(some.contentHash != Self.dataset.contentHash && some.trainingHash == some.contentHash)
    let one = try Self.dataset.keepingFirst(trainItemsPerClass: nil, testItemsPerClass: 1)
    #expect(one.train.codes == Self.dataset.train.codes && one.test.codes == some.test.codes)
    #expect(
      try Self.dataset.keepingFirst(trainItemsPerClass: nil, testItemsPerClass: nil).contentHash
        == Self.dataset.contentHash)
  }

  @Test func moreItemsThanAClassHoldsAreAnError() {
    // The first class has two training items, the fourth one held-out item.
    let train = #expect(throws: DatasetError.self) {
      _ = try Self.dataset.keepingFirst(trainItemsPerClass: 3, testItemsPerClass: nil)
    }
    #expect(
      train?.description == "dataset.train-items: 3 items of each class are asked for; expected at most 2, "
        + "as many as 0 has in numbers; lower it, or leave it out for all")
    let test = #expect(throws: DatasetError.self) {
      _ = try Self.dataset.keepingFirst(trainItemsPerClass: nil, testItemsPerClass: 2)
    }
    #expect(test?.path == "dataset.test-items" && test?.expected.contains("at most 1") == true)
  }

  @Test func shuffledLabelsArePermuted() {
    let parts = Self.dataset.holdingOut(validation: 0.25, seed: 3)
    let shuffled = parts.shufflingLabels(seed: 3)
    for (after, before) in [
      (shuffled.train, parts.train), (shuffled.test, parts.test), (shuffled.validation, parts.validation),
    ] {
      #expect(after.codes == before.codes)
      #expect(after.classes.sorted() == before.classes.sorted())
    }
    #expect(shuffled.train.classes != parts.train.classes)
    #expect(shuffled.contentHash != parts.contentHash)
    #expect(shuffled.trainingHash == parts.contentHash)
    #expect(parts.shufflingLabels(seed: 3).contentHash == shuffled.contentHash)
    #expect(parts.shufflingLabels(seed: 4).contentHash != shuffled.contentHash)
  }
}
