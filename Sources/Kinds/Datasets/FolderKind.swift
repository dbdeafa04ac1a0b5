import Datasets
import Pictures
import Scenarios
import Vocabulary

/// PNG files in folders, one folder per class.
struct FolderKind: DatasetKind {
  static let name = "folder"
  static let summary = "PNG files in folders, one folder per class"
  static let example = """
    dataset: {kind: folder, directory: pictures, resize: [28, 28]}
    """
  static let keys =
    [
      ScenarioKey(
        "directory", .path, "folder of the folders of pictures: train/CLASS and test/CLASS, or CLASS",
        required: true, influence: .fileContents),
      ScenarioKey(
        "test",
        .fields([ScenarioField("fraction", .number(.init(0, 0.9, excludesLower: true)), required: true)]),
        "held-out items: a share of each class's, drawn by the seed; by default those of the folder test, or none",
        influence: .fileContents),
      ScenarioKey(
        "resize", .integers(1...4096, count: 2...2),
        "height and width that all pictures are brought to, by the mean over areas; by default as they are",
        influence: .numbersAndCost),
      LabelledFiles.superclassKey(labels: 0...9999),
    ] + LabelledFiles.itemKeys

  private let values: KindValues

  init(_ values: KindValues) { self.values = values }

  func traits(validation: Double) -> DatasetTraits { LabelledFiles.traits(values) }

  func load(seed: UInt64) throws -> Dataset {
    var folder = PictureFolder(directory: values.path("directory"))
    if case .number(let fraction)? = values.field("fraction", of: "test") { folder.testFraction = fraction }
    folder.resize = values.optionalIntegers("resize").map { ($0[0], $0[1]) }
    folder.superclasses = LabelledFiles.superclasses(values)
    return try LabelledFiles.chosen(folder.load(seed: seed), values)
  }
}
