import Datasets
import Dynamics
import VAE

/// The rows of a split as the engine reads them.
struct SplitSource: ItemSource {
  let split: ItemSplit

  func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>) {
    split.copy(item: item, into: row)
  }

  func copy(item: Int, into row: UnsafeMutableBufferPointer<Float>) {
    split.copy(item: item, into: row)
  }
}

extension Scenario {
  /// Generates or reads the scenario's data set, or the first items of each class, and sets validation items
  /// apart.
  ///
  /// The latter are drawn by the true labels, so that models do not depend on `dataset.shuffle-labels`.
  ///
  /// - Throws: `DatasetError`.
  func loadDataset() throws -> Dataset {
    var result = try loadSource().keepingFirst(
      trainItemsPerClass: trainItems, testItemsPerClass: testItems)
    if validation > 0 { result = result.holdingOut(validation: validation, seed: seed) }
    return shufflesLabels ? result.shufflingLabels(seed: seed) : result
  }

  private func loadSource() throws -> Dataset {
    func pairs(_ superclasses: [DatasetSpecification.Superclass]) -> [(name: String, labels: [Int])] {
      superclasses.map { ($0.name, $0.labels) }
    }
    switch dataset {
    case .hierarchicalPatterns(let p):
      return try Datasets.HierarchicalPatterns(
        dimension: p.dimension, superclasses: p.superclasses, classes: p.classes, memories: p.memories,
        test: p.test, correlation: p.correlation, seed: seed
      ).makeDataset()
    case .idx(let files):
      return try Dataset.idx(
        trainImages: files.trainImages, trainLabels: files.trainLabels, testImages: files.testImages,
        testLabels: files.testLabels, superclasses: pairs(files.superclasses))
    case .fashionMNIST(let source):
      return try Dataset.fashionMNIST(directory: source.directory, superclasses: pairs(source.superclasses))
    }
  }
}
