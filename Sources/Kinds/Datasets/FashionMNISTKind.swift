import Datasets
import Scenarios

/// Fashion-MNIST as installed on the system.
struct FashionMNISTKind: DatasetKind {
  static let name = "fashion-mnist"
  static let summary = "60,000 + 10,000 pictures of clothes, from Debian's dataset-fashion-mnist"
  static let example = """
    dataset:
      kind: fashion-mnist
      train-items: 1000
      superclasses: {tops: [0, 2, 3, 4, 6], trousers: [1], shoes: [5, 7, 9], bags: [8]}
    """
  static let keys =
    [LabelledFiles.superclassKey(labels: 0...9)] + LabelledFiles.itemKeys + [
      ScenarioKey(
        "directory", .path, default: Dataset.fashionMNISTDirectory,
        "folder of the four files; the default is where Debian's dataset-fashion-mnist puts them",
        influence: .fileContents)
    ]

  private let values: KindValues

  init(_ values: KindValues) { self.values = values }

  func traits(validation: Double) -> DatasetTraits { LabelledFiles.traits(values) }

  func load(seed: UInt64) throws -> Dataset {
    try LabelledFiles.chosen(
      Dataset.fashionMNIST(
        directory: values.path("directory"), superclasses: LabelledFiles.superclasses(values)), values)
  }
}
