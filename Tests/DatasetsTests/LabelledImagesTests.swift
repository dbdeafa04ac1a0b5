import Datasets
import Foundation
import Numerics
import TestSupport
import Testing

@Suite struct LabelledImagesTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The four files of a data set: 4 training and 2 test items of 2 x 2, labels 3, 7 and 9.
  struct Files {
    var trainImages = idxHeader([4, 2, 2]) + (0..<16).map { UInt8(16 * $0) }
    var trainLabels = idxHeader([4]) + [7, 3, 9, 7]
    var testImages = idxHeader([2, 2, 2]) + (0..<8).map { UInt8($0) }
    var testLabels = idxHeader([2]) + [9, 3]
    var superclasses: [(name: String, labels: [Int])] = []
    var classNames: [Int: String] = [:]
  }

  func read(_ files: Files) throws -> Dataset {
    try Dataset.idx(
      trainImages: folder.put(files.trainImages, at: "train-images"),
      trainLabels: folder.put(files.trainLabels, at: "train-labels"),
      testImages: folder.put(files.testImages, at: "test-images"),
      testLabels: folder.put(files.testLabels, at: "test-labels"),
      superclasses: files.superclasses, name: "tiny", classNames: files.classNames)
  }

  func error(_ change: (inout Files) -> Void) throws -> DatasetError {
    var files = Files()
    change(&files)
    let error = try #require(throws: DatasetError.self) { try read(files) }
    #expect(error.kind == .invalid)
    return error
  }

  @Test func classesAreTheSortedLabels() throws {
    let dataset = try read(Files())
    #expect(dataset.name == "tiny")
    #expect(dataset.dimension == 4)
    #expect(dataset.imageShape == ImageShape(rows: 2, columns: 2))
    #expect(dataset.train.classes == [1, 0, 2, 1])
    #expect(dataset.test.classes == [2, 0])
    #expect(dataset.train.components(ofItem: 1) == [64, 80, 96, 112].map { Float($0) / 255 })
    #expect(dataset.test.components(ofItem: 1) == [4, 5, 6, 7].map { Float($0) / 255 })
    #expect(dataset.hierarchy.classLabels == [3, 7, 9])
    #expect(dataset.hierarchy.classNames == ["class 3", "class 7", "class 9"])
    #expect(!dataset.hierarchy.hasSuperclasses)
  }

  @Test func givenSuperclassesAndNamesAreTaken() throws {
    var files = Files()
    files.superclasses = [("odd one", [7]), ("others", [9, 3])]
    files.classNames = [7: "seven"]
    let hierarchy = try read(files).hierarchy
    #expect(hierarchy.superclassNames == ["odd one", "others"])
    #expect(hierarchy.superclassOfClass == [1, 0, 1])
    #expect(hierarchy.classNames == ["class 3", "seven", "class 9"])
    #expect(hierarchy.sibling(ofClass: 0) == 2)
  }

  @Test func flatImagesAreSquaresAndDeepOnesShapeless() throws {
    var files = Files()
    files.trainImages = idxHeader([4, 4]) + files.trainImages[16...]
    files.testImages = idxHeader([2, 4]) + files.testImages[16...]
    #expect(try read(files).imageShape == ImageShape(rows: 2, columns: 2))
    files.trainImages = idxHeader([4, 1, 2, 2]) + files.trainImages[12...]
    files.testImages = idxHeader([2, 1, 2, 2]) + files.testImages[12...]
    let deep = try read(files)
    #expect(deep.imageShape == nil)
    #expect(deep.train.codes == (0..<16).map { UInt8(16 * $0) })
  }

  @Test func labelsMayHaveSixteenOrThirtyTwoBits() throws {
    var files = Files()
    files.trainLabels = idxHeader([4], type: 0x0B) + [0, 7, 0xff, 0xff, 1, 0, 0, 7]
    files.testLabels = idxHeader([2], type: 0x0C) + [0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff]
    let dataset = try read(files)
    #expect(dataset.hierarchy.classLabels == [-1, 7, 256])
    #expect(dataset.train.classes == [1, 0, 2, 1])
    #expect(dataset.test.classes == [2, 0])
  }

  @Test func theHashTellsContentsApart() throws {
    let base = try read(Files())
    #expect(base.contentHash.count == 64)
    #expect(try read(Files()).contentHash == base.contentHash)
    let changes: [(inout Files) -> Void] = [
      { $0.trainImages[20] ^= 1 }, { $0.testImages[20] ^= 1 },
      { $0.trainLabels.swapAt(8, 9) }, { $0.testLabels.swapAt(8, 9) },
      { $0.classNames = [3: "three"] }, { $0.superclasses = [("all", [3, 7, 9])] },
      { $0.superclasses = [("all", [3, 7]), ("rest", [9])] },
      {
        $0.trainImages = idxHeader([4, 1, 4]) + $0.trainImages[16...]
        $0.testImages = idxHeader([2, 1, 4]) + $0.testImages[16...]
      },
    ]
    var hashes = [base.contentHash]
    for change in changes {
      var files = Files()
      change(&files)
      hashes.append(try read(files).contentHash)
    }
    #expect(Set(hashes).count == changes.count + 1)
    let renamed = Dataset(
      name: "other", imageShape: base.imageShape, train: base.train, test: base.test,
      hierarchy: base.hierarchy)
    #expect(renamed.contentHash == base.contentHash)
  }

  @Test func countsMustAgree() throws {
    let train = try error { $0.trainLabels = idxHeader([3]) + [7, 3, 9] }
    #expect(train.path.hasSuffix("/train-labels"))
    #expect(train.description.contains("there are 3 labels; expected 4"))
    let test = try error { $0.testLabels = idxHeader([3]) + [7, 3, 9] }
    #expect(test.path.hasSuffix("/test-labels"))
  }

  @Test func dimensionsMustAgree() throws {
    let error = try error { $0.testImages = idxHeader([2, 2, 3]) + [UInt8](repeating: 0, count: 12) }
    #expect(error.path.hasSuffix("/test-images"))
    #expect(error.description.contains("2 x 3; expected 2 x 2"))
  }

  @Test func emptySetsAreErrors() throws {
    let train = try error {
      $0.trainImages = idxHeader([0, 2, 2])
      $0.trainLabels = idxHeader([0])
    }
    #expect(train.path.hasSuffix("/train-images"))
    #expect(train.description.contains("at least one item"))
    let test = try error {
      $0.testImages = idxHeader([0, 2, 2])
      $0.testLabels = idxHeader([0])
    }
    #expect(test.path.hasSuffix("/test-images"))
    #expect(try error { $0.testImages = idxHeader([2, 0, 2]) }.description.contains("no elements"))
  }

  @Test func exchangedFilesAreRecognized() throws {
    let both = try error { swap(&$0.trainImages, &$0.trainLabels) }
    #expect(both.description.contains("the labels have 3 sizes (4 x 2 x 2)"))
    #expect(both.description.contains("not exchanged"))
    let images = try error { $0.trainImages = $0.trainLabels }
    #expect(images.path.hasSuffix("/train-images"))
    #expect(images.description.contains("one size"))
  }

  @Test func aTestLabelMustOccurInTraining() throws {
    let error = try error { $0.testLabels = idxHeader([2]) + [9, 4] }
    #expect(error.path.hasSuffix("/test-labels"))
    #expect(error.description.contains("item 1 has label 4"))
  }

  @Test func superclassesMustCoverEachLabelOnce() throws {
    func message(_ superclasses: [(name: String, labels: [Int])]) throws -> String {
      let error = try error { $0.superclasses = superclasses }
      #expect(error.path == "dataset.superclasses")
      return error.description
    }
    #expect(try message([("a", [3]), ("b", [7])]).contains("label 9 is in no superclass"))
    #expect(
      try message([("a", [3, 7]), ("b", [7, 9])]).contains("label 7 is in superclass a and in b"))
    #expect(try message([("a", [3, 3, 7, 9])]).contains("label 3 is in superclass a and in a"))
    #expect(try message([("a", [3, 7, 9, 5])]).contains("label 5, which no training item has"))
    #expect(try message([("a", [3, 7, 9]), ("b", [])]).contains("superclass b has no labels"))
    #expect(try message([("a", [3, 7]), ("a", [9])]).contains("two superclasses named a"))
  }

  @Test func aMissingFileIsMissing() throws {
    let images = try folder.put(Files().trainImages, at: "images")
    let labels = try folder.put(Files().trainLabels, at: "labels")
    let error = try #require(throws: DatasetError.self) {
      try Dataset.idx(
        trainImages: images, trainLabels: labels, testImages: folder.path + "/absent", testLabels: labels)
    }
    #expect(error.kind == .missing)
    #expect(error.path == folder.path + "/absent")
  }

  @Test func theByteLimitReachesTheFiles() throws {
    let images = try folder.put(Files().trainImages, at: "images")
    let labels = try folder.put(Files().trainLabels, at: "labels")
    #expect(throws: DatasetError.self) {
      try Dataset.idx(
        trainImages: images, trainLabels: labels, testImages: images, testLabels: labels, byteLimit: 15)
    }
  }

  @Test func missingFashionMNISTSaysHowToInstallIt() throws {
    let error = try #require(throws: DatasetError.self) {
      try Dataset.fashionMNIST(directory: folder.path)
    }
    #expect(error.kind == .missing)
    #expect(error.path == folder.path + "/train-images-idx3-ubyte.gz")
    #expect(error.description.contains("apt-get install dataset-fashion-mnist"))
    #expect(error.description.contains("make deps"))
  }

  @Test func fashionMNISTMayBePlainOrGzip() throws {
    _ = try folder.put(Files().trainImages, at: "train-images-idx3-ubyte")
    _ = try folder.writeGzip([Files().trainLabels], to: "train-labels-idx1-ubyte.gz")
    _ = try folder.writeGzip([Files().testImages], to: "t10k-images-idx3-ubyte.gz")
    _ = try folder.put(Files().testLabels, at: "t10k-labels-idx1-ubyte")
    let dataset = try Dataset.fashionMNIST(directory: folder.path)
    #expect(dataset.hierarchy.classNames == ["Dress", "Sneaker", "Ankle boot"])
    #expect(dataset.train.count == 4)
  }
}

@Suite(.enabled(if: FileManager.default.fileExists(atPath: Dataset.fashionMNISTDirectory)))
struct FashionMNISTTests {
  @Test func hasTheDocumentedItems() throws {
    let dataset = try Dataset.fashionMNIST(superclasses: [
      ("tops", [0, 2, 4, 6]), ("shoes", [5, 7, 9]), ("others", [1, 3, 8]),
    ])
    #expect(dataset.train.count == 60_000)
    #expect(dataset.test.count == 10_000)
    #expect(dataset.dimension == 784)
    #expect(dataset.imageShape == ImageShape(rows: 28, columns: 28))
    #expect(dataset.hierarchy.classNames == Dataset.fashionMNISTClassNames)
    #expect(dataset.hierarchy.classLabels == Array(0..<10))
    #expect(dataset.hierarchy.superclassOfClass == [0, 2, 0, 2, 0, 1, 0, 1, 2, 1])
    for classIndex in 0..<10 {
      #expect(dataset.train.items(ofClass: classIndex).count == 6000)
      #expect(dataset.test.items(ofClass: classIndex).count == 1000)
    }
    // The first item is an ankle boot, the second a T-shirt.
    #expect(dataset.train.classes[..<2] == [9, 0])
    // The mean grey level that is widely used to normalize the training set is 0.2860 (four digits).
    let sum = dataset.train.codes.reduce(0) { $0 + Int($1) }
    #expect(abs(Double(sum) / (255 * 784 * 60_000) - 0.2860) < 0.00005)
  }
}
