import Datasets
import Scenarios

/// What kinds share if their items come from labelled files.
enum LabelledFiles {
  /// The keys that choose some items of each class.
  static let itemKeys = [
    ScenarioKey(
      "train-items", .integer(1...1_000_000_000),
      "training items per class, the files' first ones; by default all"),
    ScenarioKey(
      "test-items", .integer(1...1_000_000_000),
      "held-out items per class, the files' first ones; by default all"),
  ]

  /// The key of superclasses.
  ///
  /// - Parameter labels: The labels that there may be.
  static func superclassKey(labels: ClosedRange<Int>) -> ScenarioKey {
    ScenarioKey(
      "superclasses", .labelGroups(labels), default: "{}",
      "superclasses, NAME: [labels of its classes]; each label belongs to one of them")
  }

  /// Superclasses as data sets take them.
  static func superclasses(_ values: KindValues) -> [(name: String, labels: [Int])] {
    values.labelGroups("superclasses").map { ($0.name, $0.labels) }
  }

  /// The traits of labelled files.
  static func traits(_ values: KindValues) -> DatasetTraits {
    DatasetTraits(hasSuperclasses: !values.labelGroups("superclasses").isEmpty)
  }

  /// The chosen items of each class.
  ///
  /// - Throws: `DatasetError`.
  static func chosen(_ dataset: Dataset, _ values: KindValues) throws -> Dataset {
    try dataset.keepingFirst(
      trainItemsPerClass: values.optionalInteger("train-items"),
      testItemsPerClass: values.optionalInteger("test-items"))
  }
}
