import Arrays
import Datasets
import Foundation
import Testing

/// Items are what numpy, netCDF4 and h5py make of the same files (`make_arrays.py`).
@Suite struct ArrayReadingTests {
  @Test func thereAreGoldens() { #expect(ArrayFixtures.goldens.count >= 50) }

  @Test(arguments: ArrayFixtures.goldens)
  func itemsAreThoseOfNumpyBitForBit(_ golden: ArrayFixtures.Golden) throws {
    var arrays = ArrayFixtures.dataset(golden.file)
    if let range = golden.range { arrays.scale = .from(lower: range[0], upper: range[1]) }
    if golden.keeps == true { arrays.scale = .none }
    if let channels = golden.channels.flatMap({ ItemShape.Channels(rawValue: $0) }) {
      arrays.channels = channels
    }
    let dataset = try arrays.load(seed: 1)
    #expect(dataset.train.count == golden.shape[0])
    #expect(dataset.dimension == golden.shape.dropFirst().reduce(1, *))
    #expect(dataset.train.componentHash() == golden.hash)
    if golden.shape.count == 3 {
      #expect(dataset.imageShape?.rows == golden.shape[1] && dataset.imageShape?.columns == golden.shape[2])
    }
    if golden.shape.count == 4 {
      #expect(dataset.imageShape?.channels == golden.shape[1] && dataset.imageShape?.rows == golden.shape[2])
    }
  }

  @Test func bytesStayBytesAndAreDecodedAsGreyLevels() throws {
    let split = try ArrayFixtures.dataset("stored.npz:images").load(seed: 1).train
    guard case .bytes(_, let values) = split.storage else {
      Issue.record("the items are no bytes")
      return
    }
    #expect(values == ItemSplit.greyLevels)
    // The table's own bits: a division in single precision.
    #expect((0..<256).allSatisfy { values[$0].bitPattern == (Float($0) / 255).bitPattern })
  }

  @Test func storedAndDeflatedArchivesHoldTheSame() throws {
    let stored = try ArrayFixtures.dataset("stored.npz:images", labels: "stored.npz:labels").load(seed: 1)
    let deflated = try ArrayFixtures.dataset("deflated.npz:images", labels: "deflated.npz:labels").load(
      seed: 1)
    #expect(stored.contentHash == deflated.contentHash)
  }

  @Test func anArchiveOfSeveralArraysNeedsAName() {
    let message = ArrayFixtures.message(ArrayFixtures.dataset("stored.npz"))
    #expect(message.contains("the archive has 5 arrays") && message.contains("choose one of images, labels"))
  }

  @Test func aShapeThatIsGivenMakesPictures() throws {
    var arrays = ArrayFixtures.dataset("three.npy")
    #expect(try arrays.load(seed: 1).imageShape == nil)
    arrays.shape = [1, 4]
    let shape = try arrays.load(seed: 1).imageShape
    #expect(shape?.rows == 1 && shape?.columns == 4 && shape?.channels == 1)
    arrays.shape = [1, 2, 2]
    #expect(try arrays.load(seed: 1).imageShape?.channels == 2)
    // Numbers that are kept are no pictures.
    arrays.scale = .none
    #expect(try arrays.load(seed: 1).imageShape == nil)
  }

  @Test func packedNumbersAreScaledAndFillValuesAreMissing() throws {
    // The golden of packed.nc has the numbers; here the message about the missing one.
    let message = ArrayFixtures.message(ArrayFixtures.dataset("packed.nc:holes"))
    #expect(message.contains("packed.nc:holes: item 3, component 6 is missing"))
  }
}

/// Labels, and what is held out by them.
@Suite struct ArrayLabelTests {
  @Test func labelsAreNumbersOrTextsOrAColumnOfATable() throws {
    let numbers = try ArrayFixtures.dataset("stored.npz:images", labels: "stored.npz:labels").load(seed: 1)
    #expect(numbers.hierarchy.classLabels == [0, 1, 2, 3])
    #expect(numbers.hierarchy.classNames == ["class 0", "class 1", "class 2", "class 3"])
    #expect(numbers.train.classes == (0..<40).map { Int32($0 / 10) })

    let texts = try ArrayFixtures.dataset("stored.npz:images", labels: "stored.npz:names").load(seed: 1)
    #expect(texts.hierarchy.classNames == ["ash", "birch", "cedar", "ébène"])
    #expect(texts.train.classes == numbers.train.classes)
    let bytes = try ArrayFixtures.dataset("stored.npz:images", labels: "stored.npz:byte_names").load(seed: 1)
    #expect(bytes.hierarchy.classNames == ["a", "b", "c", "d"])

    let column = try ArrayFixtures.dataset("stored.npz:images", labels: "stored.npz:table:2").load(seed: 1)
    #expect(column.train.classes == (0..<40).map { Int32($0 % 5) })
    let netCDF = try ArrayFixtures.dataset("packed.nc:plain", labels: "packed.nc:labels").load(seed: 1)
    #expect(netCDF.hierarchy.classLabels == [1, 3] && netCDF.train.classes == [1, 0, 1, 0, 1])
  }

  @Test func classesHaveTheGivenNamesAndSuperclasses() throws {
    var arrays = ArrayFixtures.dataset("stored.npz:images", labels: "stored.npz:labels")
    arrays.classNames = ["zero", "one", "two", "three"]
    arrays.superclasses = [("even", [0, 2]), ("odd", [1, 3])]
    let dataset = try arrays.load(seed: 1)
    #expect(dataset.hierarchy.classNames[3] == "three")
    #expect(dataset.hierarchy.superclassOfClass == [0, 1, 0, 1])
  }

  @Test func itemsWithoutLabelsHaveMemoryAndRoot() throws {
    let dataset = try ArrayFixtures.dataset("stored.npz:images").load(seed: 1)
    #expect(dataset.hierarchy.treeLevelNames == ["memory", "root"] && !dataset.hierarchy.hasClasses)
  }

  @Test(arguments: [0.1, 0.25, 0.5]) func aFractionIsDrawnOfEachClassAndKeepsTheOrder(_ fraction: Double)
    throws
  {
    func load(_ seed: UInt64) throws -> Dataset {
      try ArrayFixtures.dataset(
        "stored.npz:images", labels: "stored.npz:labels", test: .fraction(fraction)
      ).load(seed: seed)
    }
    let whole = try ArrayFixtures.dataset("stored.npz:images", labels: "stored.npz:labels").load(seed: 1)
    let (one, again, other) = (try load(1), try load(1), try load(2))
    let expected = Int((fraction * 10).rounded())
    for label in 0..<4 {
      #expect(one.test.items(ofClass: label).count == expected)
      #expect(one.train.items(ofClass: label).count == 10 - expected)
    }
    #expect(one.contentHash == again.contentHash && one.contentHash != other.contentHash)
    // Both parts, merged in the file's order, are the file.
    func rows(_ split: ItemSplit) -> [[Float]] { (0..<split.count).map { split.components(ofItem: $0) } }
    let all = rows(whole.train)
    let places = { (split: ItemSplit) in rows(split).map { row in all.firstIndex(of: row) ?? -1 } }
    let (train, test) = (places(one.train), places(one.test))
    #expect(train == train.sorted() && test == test.sorted())
    #expect((train + test).sorted() == Array(0..<40))
  }
}
