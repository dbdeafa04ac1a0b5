import Datasets
import Dynamics
import Kinds
import Observables
import Scenarios

/// Clusters of the training memories, whose centres are the concepts (`concepts.clusters`).
package struct ConceptClusters: Sendable {
  /// The number of clusters.
  package let count: Int
  /// The cluster of each training item.
  package let clusters: [Int32]
  /// The sum of the memories' squared distances to their centres.
  package let inertia: Double
  /// The mean silhouette; NaN where there is one cluster.
  package let silhouette: Double
}

extension Experiment {
  /// The same data under as many classes as there will be clusters: which item is in which is known with the model.
  ///
  /// - Throws: `ScenarioError` where there are fewer training items than clusters.
  static func expectingClusters(_ dataset: Dataset, _ scenario: Scenario) throws -> Dataset {
    guard let clusters = scenario.clusters else { return dataset }
    guard clusters.count <= dataset.train.count else {
      throw scenario.error(
        key: "concepts.clusters", value: "\(clusters.count)",
        expected: "at most \(dataset.train.count), as many as there are training items", remedy: "lower it")
    }
    return dataset.clustered(
      count: clusters.count, train: [Int32](repeating: 0, count: dataset.train.count),
      test: [Int32](repeating: 0, count: dataset.test.count))
  }

  /// The same experiment with the classes that the model's memories tell; itself where no clusters are asked for.
  ///
  /// - Throws: `ScenarioError` where memories are not finite.
  package func clustered(by map: some EncodingMap) throws -> Experiment {
    guard let wanted = scenario.clusters else { return self }
    func encoded(_ split: ItemSplit) -> RowTable {
      map.memories(of: SplitSource(split: split), count: split.count, threads: options.threads)
    }
    let memories = encoded(dataset.train)
    guard memories.storage.buffer.prefix(memories.rows * memories.columns).allSatisfy(\.isFinite) else {
      throw scenario.error(
        key: "concepts.clusters", value: "\(wanted.count)",
        expected: "a model whose memories are finite numbers", remedy: "train the model differently")
    }
    let found = Clustering(
      of: memories, count: wanted.count, restarts: wanted.restarts, seed: scenario.seed,
      threads: options.threads)
    let test = dataset.test
    let held = test.count == 0 ? [] : found.nearest(to: encoded(test), threads: options.threads)
    var result = self
    result.dataset = dataset.clustered(count: wanted.count, train: found.clusters, test: held)
    result.clusters = ConceptClusters(
      count: wanted.count, clusters: found.clusters, inertia: found.inertia,
      silhouette: found.silhouette(of: memories, threads: options.threads) ?? .nan)
    return result
  }
}
