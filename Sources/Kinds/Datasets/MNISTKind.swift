import Datasets
import Scenarios

/// MNIST from a folder with its four files.
struct MNISTKind: DatasetKind {
  static let name = "mnist"
  static let summary = "handwritten digits, 28 x 28; 'make mnist' puts 4,000 + 1,000 of them in place"
  static let example = """
    dataset:
      kind: mnist
      train-items: 100
      superclasses: {round: [0, 3, 6, 8, 9], straight: [1, 4, 7], mixed: [2, 5]}
    """
  static let keys =
    [LabelledFiles.superclassKey(labels: 0...9)] + LabelledFiles.itemKeys + [
      ScenarioKey(
        "directory", .path,
        "folder of the four files, plain or gzip; by default where 'make mnist' puts them: repeated-inference/mnist "
          + "under $XDG_DATA_HOME, or under ~/.local/share", influence: .fileContents)
    ]

  private let values: KindValues

  init(_ values: KindValues) { self.values = values }

  func traits(validation: Double) -> DatasetTraits { LabelledFiles.traits(values) }

  /// Where 'make mnist' puts the files.
  static var standardDirectory: String {
    UserFolder.path("XDG_DATA_HOME", fallback: ".local/share") + "/mnist"
  }

  func load(seed: UInt64) throws -> Dataset {
    try LabelledFiles.chosen(
      Dataset.mnist(
        directory: values.contains("directory") ? values.path("directory") : Self.standardDirectory,
        superclasses: LabelledFiles.superclasses(values)), values)
  }
}
