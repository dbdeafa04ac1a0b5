import Datasets
import Dynamics
import Numerics

extension RunLayout {
  /// The group of the memories' centres and axes.
  var geometry: [RunSection<RunResults>] {
    let group = "geometry"
    var centres = RunSection<RunResults>(
      group: group, dimensions: [RunDimension("latent", latentDimension)], columns: [])
    if hierarchy.hasClasses, !groupings.contains(.class) {
      centres.dimensions.append(groupDimension(.class))
      centres.columns += groupCoordinates(.class)
    }
    if hierarchy.hasClasses { centres.columns += concepts }
    centres.columns += [
      real("root_position", ["latent"], "root: mean of all training memories") {
        Array($0.geometry.root.storage.buffer)
      },
      real("latent_activity", ["latent"], "variance of the posterior mean over the training items") {
        $0.geometry.latentActivity
      },
    ]
    if nearestConcepts?.hasRadii ?? false { centres.columns.append(conceptRadii) }
    var result = [centres]
    if let standardization { result.append(components(standardization, group)) }
    if clusteredItems > 0 { result.append(clusters(group)) }
    if principalAxes > 0 { result.append(axes(group)) }
    if hierarchy.hasSuperclasses { result.append(superconcepts(group)) }
    return result
  }

  /// The centres of the classes.
  private var concepts: [RunColumn<RunResults>] {
    [
      real("concept_position", ["concept", "latent"], "concept: mean memory of the class") {
        Array($0.geometry.concepts.storage.buffer)
      },
      .integers(
        RunVariable("concept_size", .integer, ["concept"], .count, "number of training items of the class")
      ) { $0.geometry.classSizes.map { Int32(clamping: $0) } },
    ]
  }

  /// How the data were standardized.
  private func components(_ scale: Standardization, _ group: String) -> RunSection<RunResults> {
    RunSection(
      group: group, dimensions: [RunDimension("component", scale.means.count)],
      columns: [
        real(
          "component_mean", ["component"],
          "mean over the training items, which was subtracted from the component"
        ) { _ in scale.means },
        real(
          "component_deviation", ["component"],
          "standard deviation over the training items, by which the component was divided"
        ) { _ in scale.deviations },
      ])
  }

  /// Clusters of the training memories, where they stand in the place of classes.
  private func clusters(_ group: String) -> RunSection<RunResults> {
    RunSection(
      group: group, dimensions: [RunDimension("training_item", clusteredItems)],
      columns: [
        .integers(
          RunVariable(
            "cluster", .integer, ["training_item"], .address, "cluster of the training item's memory")
        ) { $0.clusters?.ofItems ?? [] },
        real(
          "cluster_inertia", [],
          "sum of the training memories' squared distances to the centres of their clusters"
        ) { [$0.clusters?.inertia ?? .nan] },
        real(
          "cluster_silhouette", [],
          "mean silhouette of the training memories in their clusters, of at most 4096 of them"
        ) { [$0.clusters?.silhouette ?? .nan] },
      ])
  }

  private func axes(_ group: String) -> RunSection<RunResults> {
    RunSection(
      group: group, dimensions: [RunDimension("principal_component", principalAxes)],
      columns: [
        .integers(
          RunVariable(
            "principal_component", .integer, ["principal_component"], .coordinate,
            "number of the principal axis, by descending variance")
        ) { results in Array(1...max(results.principalAxes?.rows ?? 1, 1)) },
        real(
          "principal_axis", ["principal_component", "latent"],
          "principal axes of the training memories, of length 1"
        ) { results in results.principalAxes.map { Array($0.storage.buffer) } ?? [] },
      ])
  }

  private func superconcepts(_ group: String) -> RunSection<RunResults> {
    let isKnown = groupings.contains(.superclass)
    let parents = hierarchy.superclassOfClass
    return RunSection(
      group: group, dimensions: isKnown ? [] : [groupDimension(.superclass)],
      columns: (isKnown ? [] : groupCoordinates(.superclass)) + [
        real(
          "superconcept_position", ["superconcept", "latent"], "superconcept: mean memory of the superclass"
        ) { results in results.geometry.superconcepts.map { Array($0.storage.buffer) } ?? [] },
        .integers(
          RunVariable(
            "concept_parent", .integer, ["concept"], .address, "index of the class's superclass")
        ) { _ in parents },
      ])
  }

  /// A variable of real numbers.
  func real(
    _ name: String, _ dimensions: [String], _ words: String, _ values: @escaping (RunResults) -> [Double]
  ) -> RunColumn<RunResults> { .reals(RunVariable(name, .real, dimensions, .value, words), values) }
}
