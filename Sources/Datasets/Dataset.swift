import Numerics

/// A labelled data set: training items, held-out test items, and the tree of concepts above them.
public struct Dataset: Sendable {
  /// The name, for people; not part of `contentHash`.
  public let name: String
  /// The dimension D of the data space.
  public let dimension: Int
  /// How to look at an item as a picture (row-major), if it is one.
  public let imageShape: ImageShape?
  /// The training items.
  public let train: ItemSplit
  /// The held-out items; may be empty in generated data.
  public let test: ItemSplit
  /// The classes, and the superclasses if there are any.
  public let hierarchy: ConceptHierarchy
  /// The SHA-256 of the contents, as 64 hexadecimal digits.
  ///
  /// Over these bytes, with whole numbers as 64-bit little-endian integers and each text after its number
  /// of UTF-8 bytes: the line `dataset 1`; dimension, rows, columns (0 and 0 without an image shape);
  /// for the training and then the test items their count, the decoding table (256 little-endian
  /// IEEE 754 binary32), codes, and class indices (32-bit little-endian); the number of classes, their
  /// names, their labels; the number of superclasses, their names, and each class's superclass.
  public let contentHash: String

  /// Creates a data set from its parts, and hashes it.
  ///
  /// - Precondition: Both splits and the image shape have the same dimension, and each class index is
  ///   in `0..<hierarchy.numberOfClasses`.
  /// - Complexity: O(items * dimension).
  public init(
    name: String, imageShape: ImageShape?, train: ItemSplit, test: ItemSplit, hierarchy: ConceptHierarchy
  ) {
    precondition(train.dimension == test.dimension, "training and test items have one dimension")
    if let imageShape {
      precondition(imageShape.rows * imageShape.columns == train.dimension, "rows times columns is D")
    }
    let classes = 0..<Int32(hierarchy.numberOfClasses)
    precondition(train.classes.allSatisfy { classes.contains($0) }, "no such class")
    precondition(test.classes.allSatisfy { classes.contains($0) }, "no such class")
    self.name = name
    self.dimension = train.dimension
    self.imageShape = imageShape
    self.train = train
    self.test = test
    self.hierarchy = hierarchy
    self.contentHash = Self.hash(imageShape, [train, test], hierarchy)
  }

  private static func hash(
    _ imageShape: ImageShape?, _ splits: [ItemSplit], _ hierarchy: ConceptHierarchy
  ) -> String {
    var hash = ContentHash()
    func integers(_ numbers: [Int]) -> [Int64] { numbers.map { Int64($0).littleEndian } }
    hash.update("dataset 1\n")
    hash.update(integers([splits[0].dimension, imageShape?.rows ?? 0, imageShape?.columns ?? 0]))
    for split in splits {
      hash.update(integers([split.count]))
      hash.update(split.values.map { $0.bitPattern.littleEndian })
      hash.update(split.codes)
      hash.update(split.classes.map { $0.littleEndian })
    }
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
    return hash.hexadecimal()
  }
}
