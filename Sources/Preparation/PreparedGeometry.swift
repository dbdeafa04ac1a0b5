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
