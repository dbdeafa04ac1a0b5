import Numerics

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

extension Dataset {
  /// Reads a data set from four IDX files, plain or gzip.
  ///
  /// Components are `code / 255`. The classes are the distinct labels of the training set, in ascending order.
  /// Images have at least two dimensions, and the first one is the number of items. With three dimensions, the
  /// other two are rows and columns. With two dimensions, items are square pictures if that is possible.
  ///
  /// - Parameters:
  ///   - trainImages: The training images, unsigned bytes. Shape `[count, ...]`.
  ///   - trainLabels: The training labels, whole numbers of one, two or four bytes. Shape `[count]`.
  ///   - testImages: The held-out images. Shape `[testCount, ...]`.
  ///   - testLabels: The held-out labels. Shape `[testCount]`.
  ///   - superclasses: The labels of each superclass, which must contain each label exactly once; empty for no
  ///     superclasses.
  ///   - name: The data set's name.
  ///   - classNames: The names of the labels; a label without one is called `class LABEL`.
  ///   - byteLimit: The largest number of bytes of elements in one file.
  /// - Throws: `DatasetError`: missing, if a file does not exist; invalid, if a file is damaged or empty, if files
  ///   do not fit together, or if the superclasses do not fit the labels (the error's path is then
  ///   `dataset.superclasses`); unreadable, if reading fails.
  /// - Complexity: O(bytes) in time and memory.
  public static func idx(
    trainImages: String, trainLabels: String, testImages: String, testLabels: String,
    superclasses: [(name: String, labels: [Int])] = [], name: String = "idx",
    classNames: [Int: String] = [:], byteLimit: Int = IDXReader.defaultByteLimit
  ) throws(DatasetError) -> Dataset {
    let train = try LabelledImages(images: trainImages, labels: trainLabels, byteLimit: byteLimit)
    let test = try LabelledImages(images: testImages, labels: testLabels, byteLimit: byteLimit)
    let itemShape = train.images.shape.dropFirst()
    guard test.images.shape.dropFirst() == itemShape else {
      throw DatasetError(
        kind: .invalid, path: testImages,
        problem: "the test images have sizes \(IDXReader.text(Array(test.images.shape.dropFirst())))",
        expected: "\(IDXReader.text(Array(itemShape))) as the training images in \(trainImages)",
        remedy: "check that the four files belong together")
    }
    let labels = train.distinctLabels()
    let hierarchy = ConceptHierarchy(
      classNames: labels.map { classNames[$0] ?? "class \($0)" }, classLabels: labels,
      superclassNames: superclasses.map(\.name),
      superclassOfClass: try superclassOfClass(superclasses, labels: labels))
    let dimension = itemShape.reduce(1, *)
    let imageShape: ImageShape? =
      switch itemShape.count {
      case 1: ImageShape(squareOf: dimension)
      case 2: ImageShape(rows: train.images.shape[1], columns: train.images.shape[2])
      default: nil
      }
    let classOfLabel = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, Int32($0)) })
    return Dataset(
      name: name, imageShape: imageShape,
      train: try train.split(classOfLabel, dimension: dimension),
      test: try test.split(classOfLabel, dimension: dimension), hierarchy: hierarchy)
  }

  /// The folder where Debian's package `dataset-fashion-mnist` puts its files.
  public static let fashionMNISTDirectory = "/usr/share/datasets/fashion-mnist"

  /// The names of Fashion-MNIST's classes, by label.
  ///
  /// Source: <https://github.com/zalandoresearch/fashion-mnist#labels>.
  public static let fashionMNISTClassNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
  ]

  /// Reads Fashion-MNIST: 60,000 + 10,000 pictures of clothes, 28 x 28, in ten classes.
  ///
  /// Source: Xiao, Rasul, Vollgraf, *Fashion-MNIST: a novel image dataset for benchmarking machine
  /// learning algorithms*, arXiv:1708.07747.
  ///
  /// - Parameters:
  ///   - directory: The folder of `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`
  ///     and `t10k-labels-idx1-ubyte`, each with or without the ending `.gz`.
  ///   - superclasses: The labels of each superclass, which must contain 0 to 9 exactly once; empty for no
  ///     superclasses.
  /// - Throws: `DatasetError`, like `idx`. If a file is missing, the error says how to install the data.
  public static func fashionMNIST(
    directory: String = Dataset.fashionMNISTDirectory, superclasses: [(name: String, labels: [Int])] = []
  ) throws(DatasetError) -> Dataset {
    func find(_ file: String) throws(DatasetError) -> String {
      let plain = "\(directory)/\(file)"
      for path in [plain, plain + ".gz"] where access(path, F_OK) == 0 { return path }
      throw DatasetError(
        kind: .missing, path: plain + ".gz", problem: "Fashion-MNIST is not there",
        expected: "\(file) or \(file).gz in \(directory)",
        remedy: "run `apt-get install dataset-fashion-mnist` (or `make deps`)")
    }
    return try idx(
      trainImages: find("train-images-idx3-ubyte"), trainLabels: find("train-labels-idx1-ubyte"),
      testImages: find("t10k-images-idx3-ubyte"), testLabels: find("t10k-labels-idx1-ubyte"),
      superclasses: superclasses, name: "fashion-mnist",
      classNames: Dictionary(uniqueKeysWithValues: fashionMNISTClassNames.enumerated().map { ($0, $1) }))
  }

  /// Reads MNIST: pictures of handwritten digits, 28 x 28, in ten classes.
  ///
  /// Source: LeCun, Bottou, Bengio, Haffner, *Gradient-based learning applied to document recognition*, 1998,
  /// doi:10.1109/5.726791.
  ///
  /// - Parameters:
  ///   - directory: The folder of `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
  ///     `t10k-labels-idx1-ubyte`, each as it is or with `.gz`, and with `.` or `-` before `idx`.
  ///   - superclasses: The labels of each superclass, together 0 to 9 exactly once; or nothing.
  /// - Throws: `DatasetError`, as `idx`; a missing file's error says how to get the data.
  public static func mnist(
    directory: String, superclasses: [(name: String, labels: [Int])] = []
  ) throws(DatasetError) -> Dataset {
    func find(_ part: String, _ form: String) throws(DatasetError) -> String {
      for name in ["\(part)-\(form)", "\(part).\(form)"] {
        for path in ["\(directory)/\(name)", "\(directory)/\(name).gz"] where access(path, F_OK) == 0 {
          return path
        }
      }
      throw DatasetError(
        kind: .missing, path: "\(directory)/\(part)-\(form)", problem: "MNIST is not there",
        expected: "\(part)-\(form) or \(part).\(form), plain or with .gz",
        remedy: "run `make mnist`, or give dataset.directory")
    }
    return try idx(
      trainImages: find("train-images", "idx3-ubyte"), trainLabels: find("train-labels", "idx1-ubyte"),
      testImages: find("t10k-images", "idx3-ubyte"), testLabels: find("t10k-labels", "idx1-ubyte"),
      superclasses: superclasses, name: "mnist",
      classNames: Dictionary(uniqueKeysWithValues: (0...9).map { ($0, "\($0)") }))
  }

  /// The superclass index of each class; empty if there are no superclasses.
  ///
  /// - Parameter labels: The label of each class.
  /// - Throws: `DatasetError`, whose path is `dataset.superclasses`.
  package static func superclassOfClass(
    _ superclasses: [(name: String, labels: [Int])], labels: [Int]
  ) throws(DatasetError) -> [Int] {
    func invalid(_ problem: String, _ expected: String, _ remedy: String) -> DatasetError {
      DatasetError(
        kind: .invalid, path: "dataset.superclasses", problem: problem, expected: expected, remedy: remedy)
    }
    if superclasses.isEmpty { return [] }
    let known = Set(labels)
    var result: [Int: Int] = [:]
    var names = Set<String>()
    for (index, superclass) in superclasses.enumerated() {
      guard names.insert(superclass.name).inserted else {
        throw invalid(
          "there are two superclasses named \(superclass.name)", "distinct names", "rename one of them")
      }
      guard !superclass.labels.isEmpty else {
        throw invalid(
          "superclass \(superclass.name) has no labels", "at least one label", "add a label or remove it")
      }
      for label in superclass.labels {
        guard known.contains(label) else {
          let listed = labels.prefix(20).map(String.init).joined(separator: ", ")
          throw invalid(
            "superclass \(superclass.name) has label \(label), which no training item has",
            "labels among \(listed)\(labels.count > 20 ? ", ..." : "")", "remove label \(label)")
        }
        if let other = result.updateValue(index, forKey: label) {
          throw invalid(
            "label \(label) is in superclass \(superclasses[other].name) and in \(superclass.name)",
            "each label exactly once", "remove label \(label) from one of them")
        }
      }
    }
    return try labels.map { (label) throws(DatasetError) -> Int in
      guard let index = result[label] else {
        throw invalid(
          "label \(label) is in no superclass", "each label exactly once",
          "add label \(label) to a superclass")
      }
      return index
    }
  }
}

/// The images and the labels of one split, checked against each other.
private struct LabelledImages {
  let images: IDXArray
  let labels: IDXArray
  let labelsPath: String

  init(images imagesPath: String, labels labelsPath: String, byteLimit: Int) throws(DatasetError) {
    // Labels are read first, because their file is small and shows at once whether the two files were exchanged.
    let labels = try IDXReader.read(
      path: labelsPath, types: Set(IDXElementType.allCases), byteLimit: byteLimit)
    guard labels.shape.count == 1 else {
      throw DatasetError.invalid(
        labelsPath, "the labels have \(labels.shape.count) sizes (\(IDXReader.text(labels.shape)))",
        "one size, the number of items", "check that image and label files are not exchanged")
    }
    let images = try IDXReader.read(path: imagesPath, byteLimit: byteLimit)
    guard images.shape.count >= 2 else {
      throw DatasetError.invalid(
        imagesPath, "the images have one size (\(IDXReader.text(images.shape)))",
        "the number of items and the sizes of an item",
        "check that image and label files are not exchanged")
    }
    guard images.count > 0 else {
      throw DatasetError.invalid(
        imagesPath, "the sizes \(IDXReader.text(images.shape)) leave no elements", "at least one item",
        "give a file with items")
    }
    guard images.shape[0] == labels.shape[0] else {
      throw DatasetError.invalid(
        labelsPath, "there are \(labels.shape[0]) labels",
        "\(images.shape[0]), the number of images in \(imagesPath)",
        "check that the two files belong together")
    }
    self.images = images
    self.labels = labels
    self.labelsPath = labelsPath
  }

  func distinctLabels() -> [Int] {
    Set((0..<labels.count).lazy.map { labels.integer(at: $0) }).sorted()
  }

  func split(_ classOfLabel: [Int: Int32], dimension: Int) throws(DatasetError) -> ItemSplit {
    var classes = [Int32]()
    classes.reserveCapacity(labels.count)
    for item in 0..<labels.count {
      let label = labels.integer(at: item)
      guard let classIndex = classOfLabel[label] else {
        throw DatasetError(
          kind: .invalid, path: labelsPath,
          problem: "item \(item) has label \(label), which no training item has",
          expected: "labels that occur in the training set",
          remedy: "remove the item, or check that the four files belong together")
      }
      classes.append(classIndex)
    }
    return ItemSplit(
      dimension: dimension, codes: images.elements, values: ItemSplit.greyLevels, classes: classes)
  }
}
