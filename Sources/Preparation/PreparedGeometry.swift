import Corruptions
import Dynamics
import Kinds
import Observables

/// The memories of the training items, and the tree of their centres.
package struct PreparedGeometry {
  package let memories: RowTable
  package let centres: LatentGeometry

  /// Encodes the training items.
  package init(of map: some EncodingMap, _ experiment: Experiment) {
    let dataset = experiment.dataset
    memories = map.memories(
      of: SplitSource(split: dataset.train), count: dataset.train.count, threads: experiment.options.threads)
    centres = LatentGeometry(
      memories: memories, classes: dataset.train.classes, classCount: dataset.hierarchy.numberOfClasses,
      superclassOfClass: dataset.hierarchy.superclassOfClass, hasConcepts: dataset.hierarchy.hasClasses)
  }
}

extension Experiment {
  /// The mean of each latent variable's posterior variance over the training items, `[N]`; nil if the map has no variances.
  ///
  /// - Throws: `CancellationError`.
  /// - Complexity: One encoding of each item.
  func posteriorVariances(of map: some EncodingMap) throws -> [Double]? {
    guard map.availableFields.contains(.encoderLogVariance) else { return nil }
    let train = dataset.train
    let plan = EnsemblePlan(
      levels: [0], items: (0..<Int32(train.count)).map { $0 }, steps: 0, seed: scenario.seed,
      observables: (0..<map.dimension).map(PosteriorVariance.init))
    // Noise at level 0 leaves the items as they are.
    let start = CorruptedStart(UniformReplacement(), source: SplitSource(split: train), imageShape: nil)
    let results = try Ensemble(
      map: map, start: start, plan: plan, threads: options.threads, blockSize: options.blockSize
    ).run()
    return results[0].overall.map { $0.mean[0] }
  }
}
