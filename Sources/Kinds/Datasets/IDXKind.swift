import Datasets
import Scenarios

/// Four IDX files of images and labels.
struct IDXKind: DatasetKind {
  static let name = "idx"
  static let summary = "IDX files of images and labels, plain or gzip"
  static let example = """
    dataset:
      kind: idx
      train-images: train-images-idx3-ubyte.gz
      train-labels: train-labels-idx1-ubyte.gz
      test-images: t10k-images-idx3-ubyte.gz
      test-labels: t10k-labels-idx1-ubyte.gz
      superclasses: {round: [0, 3, 6, 8, 9], straight: [1, 4, 7], mixed: [2, 5]}
    """
  static let keys =
    [LabelledFiles.superclassKey(labels: 0...255)]
    + ["train-images", "train-labels", "test-images", "test-labels"].map {
      ScenarioKey($0, .path, "IDX file", required: true, influence: .fileContents)
    } + LabelledFiles.itemKeys

  private let values: KindValues

  init(_ values: KindValues) { self.values = values }

  func traits(validation: Double) -> DatasetTraits { LabelledFiles.traits(values) }

  func load(seed: UInt64) throws -> Dataset {
    try LabelledFiles.chosen(
      Dataset.idx(
        trainImages: values.path("train-images"), trainLabels: values.path("train-labels"),
        testImages: values.path("test-images"), testLabels: values.path("test-labels"),
        superclasses: LabelledFiles.superclasses(values)), values)
  }
}
