import Datasets
import Scenarios

/// Binary patterns on a tree: root, superclass, class, memory.
struct HierarchicalPatternsKind: DatasetKind {
  static let name = "hierarchical-patterns"
  static let summary = "binary patterns on a tree: root, superclass, class, memory"
  static let example = """
    dataset:
      kind: hierarchical-patterns
      superclasses: 4
      classes: 3
      memories: 80
      correlation: [0.6, 0.8]
    """
  static let keys = [
    ScenarioKey("dimension", .integer(1...100_000), default: "784", "components of an item, D"),
    ScenarioKey(
      "superclasses", .integer(1...1000), default: "4",
      "how many superclasses; with the other kinds instead a mapping NAME: [labels], by default none"
    ),
    ScenarioKey("classes", .integer(1...1000), default: "3", "classes per superclass"),
    ScenarioKey("memories", .integer(1...1_000_000), default: "80", "training items per class"),
    ScenarioKey("test", .integer(0...1_000_000), default: "20", "held-out items per class"),
    ScenarioKey(
      "correlation", .numbers(.init(0, 1), count: 2...2), default: "[0.6, 0.8]",
      "correlation of superclass and class, of class and memory", influence: .numbers),
  ]

  private let values: KindValues

  init(_ values: KindValues) { self.values = values }

  private var classes: Int { values.integer("superclasses") * values.integer("classes") }

  func traits(validation: Double) -> DatasetTraits {
    let memories = values.integer("memories")
    let held = Dataset.validationCount(of: memories, fraction: validation)
    return DatasetTraits(
      hasSuperclasses: true,
      itemCounts: .known(
        train: classes * (memories - held), test: classes * values.integer("test"), testKey: "dataset.test"))
  }

  func load(seed: UInt64) throws -> Dataset {
    try HierarchicalPatterns(
      dimension: values.integer("dimension"), superclasses: values.integer("superclasses"),
      classes: values.integer("classes"), memories: values.integer("memories"),
      test: values.integer("test"), correlation: values.numbers("correlation"), seed: seed
    ).makeDataset()
  }
}
