import Numerics

/// A labelled data set: training items, held-out test items, and the tree of concepts above them.
public struct Dataset: Sendable {
  /// The data set's name, which is meant for people and not part of `contentHash`.
  public let name: String
  /// The dimension D of the data space.
  public let dimension: Int
  /// The rows and columns of an item as a picture (row-major); nil if items are not pictures.
  public let imageShape: ImageShape?
  /// Where components lie.
  public let domain: Domain
  /// How items were standardized; nil where they were not.
  public let standardization: Standardization?
  /// The training items.
  public let train: ItemSplit
  /// The held-out items. Generated data may have none.
  public let test: ItemSplit
  /// Items on which training is watched; empty unless the scenario holds some out.
  public let validation: ItemSplit
  /// The classes, and the superclasses if there are any.
  public let hierarchy: ConceptHierarchy
  /// The SHA-256 of the contents, as 64 hexadecimal digits.
  ///
  /// It covers the bytes described here. Whole numbers are 64-bit little-endian integers, and each text follows its
  /// number of UTF-8 bytes. First comes the line `dataset 1`, then dimension, rows and columns (0 and 0 without an
  /// image shape). Then come, for the training and then the test items, their count, the decoding table (256
  /// little-endian IEEE 754 binary32) and codes, and class indices (32-bit little-endian). Items that are not bytes
  /// have the line `numbers` and the components (binary32) in the place of table and codes. The number of classes,
  /// their names and their labels follow, then the number of superclasses, their names, and each class's
  /// superclass. If there are validation items, the line `validation` and that split follow; for colour pictures the
  /// line `channels` and their number; for data that are not kept to [0, 1] the line `unbounded`.
  public let contentHash: String
  /// The `contentHash` under the true labels. Training depends only on this, because it does not see labels.
  public let trainingHash: String

  /// Where components lie.
  public enum Domain: Sendable, Hashable {
    /// In [0, 1].
    case unitInterval
    /// Anywhere: they are numbers as the data have them, or standardized.
    case unbounded
  }

  /// Creates a data set from its parts, and hashes it.
  ///
  /// - Precondition: All splits and the image shape have the same dimension, and each class index is
  ///   in `0..<hierarchy.numberOfClasses`.
  /// - Complexity: O(items * dimension).
  public init(
    name: String, imageShape: ImageShape?, train: ItemSplit, test: ItemSplit, validation: ItemSplit? = nil,
    hierarchy: ConceptHierarchy, domain: Domain = .unitInterval
  ) {
    self.init(
      name: name, imageShape: imageShape, train: train, test: test, validation: validation,
      hierarchy: hierarchy, domain: domain, standardization: nil, trainingHash: nil)
  }

  /// - Parameters:
  ///   - contentHash: The hash of the contents; nil if it is to be computed.
  ///   - trainingHash: The hash under the true labels; nil if the labels are the true ones.
  private init(
    name: String, imageShape: ImageShape?, train: ItemSplit, test: ItemSplit, validation: ItemSplit?,
    hierarchy: ConceptHierarchy, domain: Domain, standardization: Standardization?,
    contentHash: String? = nil, trainingHash: String?
  ) {
    let validation = validation ?? train.selecting([])
    precondition(
      train.dimension == test.dimension && train.dimension == validation.dimension,
      "all items have one dimension")
    if let imageShape {
      precondition(imageShape.count == train.dimension, "channels times rows times columns is D")
    }
    let classes = 0..<Int32(hierarchy.numberOfClasses)
    precondition(train.classes.allSatisfy { classes.contains($0) }, "no such class")
    precondition((test.classes + validation.classes).allSatisfy { classes.contains($0) }, "no such class")
    self.name = name
    self.dimension = train.dimension
    self.imageShape = imageShape
    self.domain = domain
    self.standardization = standardization
    self.train = train
    self.test = test
    self.validation = validation
    self.hierarchy = hierarchy
    self.contentHash = contentHash ?? Self.hash(imageShape, [train, test], validation, hierarchy, domain)
    self.trainingHash = trainingHash ?? self.contentHash
  }

  /// The data set with only the first items of each class, in the order of the items.
  ///
  /// - Parameters:
  ///   - trainItemsPerClass: How many training items of each class are kept; nil for all.
  ///   - testItemsPerClass: How many held-out items of each class are kept; nil for all.
  /// - Throws: `DatasetError` (invalid) if a class has fewer. Its path is the scenario's key (`dataset.train-items`
  ///   or `dataset.test-items`).
  /// - Complexity: O(items * dimension).
  public func keepingFirst(
    trainItemsPerClass: Int?, testItemsPerClass: Int?
  ) throws(DatasetError) -> Dataset {
    if trainItemsPerClass == nil, testItemsPerClass == nil { return self }
    return Dataset(
      name: name, imageShape: imageShape,
      train: try first(trainItemsPerClass, of: train, key: "dataset.train-items"),
      test: try first(testItemsPerClass, of: test, key: "dataset.test-items"),
      validation: validation, hierarchy: hierarchy, domain: domain)
  }

  private func first(
    _ perClass: Int?, of split: ItemSplit, key: String
  ) throws(DatasetError) -> ItemSplit {
    guard let perClass else { return split }
    var counts = [Int](repeating: 0, count: hierarchy.numberOfClasses)
    let kept = split.classes.indices.filter { item in
      counts[Int(split.classes[item])] += 1
      return counts[Int(split.classes[item])] <= perClass
    }
    if let poor = counts.indices.first(where: { counts[$0] < perClass }) {
      throw DatasetError(
        kind: .invalid, path: key, problem: "\(perClass) items of each class are asked for",
        expected: "at most \(counts[poor]), as many as \(hierarchy.classNames[poor]) has in \(name)",
        remedy: "lower it, or leave it out for all")
    }
    return split.selecting(kept)
  }

  /// The number of validation items among the items of one class. It is their share, rounded, but at least one item
  /// stays for training.
  public static func validationCount(of items: Int, fraction: Double) -> Int {
    max(0, min(Int((fraction * Double(items)).rounded()), items - 1))
  }

  /// The data set with a share of each class's training items moved into the validation split.
  ///
  /// The seed decides which items are moved. Both splits keep the order of the items.
  ///
  /// - Parameters:
  ///   - fraction: In [0, 1).
  ///   - seed: The scenario's seed.
  /// - Precondition: There are no validation items yet.
  public func holdingOut(validation fraction: Double, seed: UInt64) -> Dataset {
    precondition(validation.count == 0 && (0..<1).contains(fraction))
    let chosen = HeldOutItems.choose(
      classes: train.classes, classCount: hierarchy.numberOfClasses, fraction: fraction, seed: seed,
      purpose: .validation)
    guard !chosen.taken.isEmpty else { return self }
    return Dataset(
      name: name, imageShape: imageShape, train: train.selecting(chosen.train), test: test,
      validation: train.selecting(chosen.taken), hierarchy: hierarchy,
      domain: domain)
  }

  /// The data set with the labels of each split permuted among its items. This is a control that keeps the sizes of
  /// the classes but not their meaning.
  public func shufflingLabels(seed: UInt64) -> Dataset {
    let field = RandomField(seed: seed, purpose: .labelShuffle)
    func shuffled(_ split: ItemSplit, _ number: UInt32) -> ItemSplit {
      var random = field.stream(number)
      return split.relabelled(random.permutation(split.count).map { split.classes[$0] })
    }
    return Dataset(
      name: name, imageShape: imageShape, train: shuffled(train, 0), test: shuffled(test, 1),
      validation: shuffled(validation, 2), hierarchy: hierarchy, domain: domain,
      standardization: standardization, trainingHash: trainingHash)
  }

  /// The same items in clusters instead of classes; the hashes stay those of the data, because clusters belong to a model.
  ///
  /// - Parameters:
  ///   - count: The number of clusters.
  ///   - train: The cluster of each training item.
  ///   - test: The cluster of each held-out item.
  public func clustered(count: Int, train: [Int32], test: [Int32]) -> Dataset {
    Dataset(
      name: name, imageShape: imageShape, train: self.train.relabelled(train),
      test: self.test.relabelled(test),
      validation: validation.relabelled([Int32](repeating: 0, count: validation.count)),
      hierarchy: .clusters(count), domain: domain, standardization: standardization, contentHash: contentHash,
      trainingHash: trainingHash)
  }

  /// The data set with the mean of each component over the training items subtracted, and divided by the deviation.
  ///
  ///     y = (x - mean) / deviation
  ///
  /// Numbers are subtracted and divided in double precision, and rounded to single precision.
  ///
  /// - Precondition: It is not standardized yet.
  /// - Complexity: O(items * dimension).
  public func standardized() -> Dataset {
    precondition(standardization == nil, "data are standardized once")
    let scale = Standardization(of: train)
    return Dataset(
      name: name, imageShape: nil, train: scale.applied(to: train), test: scale.applied(to: test),
      validation: scale.applied(to: validation), hierarchy: hierarchy, domain: .unbounded,
      standardization: scale, trainingHash: nil)
  }

  private static func hash(
    _ imageShape: ImageShape?, _ splits: [ItemSplit], _ validation: ItemSplit, _ hierarchy: ConceptHierarchy,
    _ domain: Domain
  ) -> String {
    var hash = ContentHash()
    func integers(_ numbers: [Int]) -> [Int64] { numbers.map { Int64($0).littleEndian } }
    hash.update("dataset 1\n")
    hash.update(integers([splits[0].dimension, imageShape?.rows ?? 0, imageShape?.columns ?? 0]))
    func update(_ split: ItemSplit) {
      hash.update(integers([split.count]))
      switch split.storage {
      case .bytes(let codes, let values):
        hash.update(values.map { $0.bitPattern.littleEndian })
        hash.update(codes)
      case .numbers(let numbers):
        hash.update("numbers\n")
        hash.update(numbers.map { $0.bitPattern.littleEndian })
      }
      hash.update(split.classes.map { $0.littleEndian })
    }
    for split in splits { update(split) }
    for (names, numbers) in [
      (hierarchy.classNames, hierarchy.classLabels),
      (hierarchy.superclassNames, hierarchy.superclassOfClass),
    ] {
      hash.update(integers([names.count]))
      for name in names {
        hash.update(integers([name.utf8.count]))
        hash.update(name)
      }
      hash.update(integers(numbers))
    }
    if validation.count > 0 {
      hash.update("validation\n")
      update(validation)
    }
    if let imageShape, imageShape.channels > 1 {
      hash.update("channels\n")
      hash.update(integers([imageShape.channels]))
    }
    if domain == .unbounded { hash.update("unbounded\n") }
    return hash.hexadecimalSoFar()
  }
}
