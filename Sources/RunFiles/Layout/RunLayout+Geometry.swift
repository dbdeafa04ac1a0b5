import Dynamics
import Numerics

extension RunLayout {
  /// The group of the memories' centres and axes.
  var geometry: [RunSection<RunResults>] {
    let group = "geometry"
    var centres = RunSection<RunResults>(
      group: group, dimensions: [RunDimension("latent", latentDimension)], columns: [])
    if !groupings.contains(.class) {
      centres.dimensions.append(groupDimension(.class))
      centres.columns += groupCoordinates(.class)
    }
    centres.columns += [
      .reals(
        RunVariable(
          "concept_position", .real, ["concept", "latent"], .value, "concept: mean memory of the class")
      ) { Array($0.geometry.concepts.storage.buffer) },
      .reals(
        RunVariable("root_position", .real, ["latent"], .value, "root: mean of all training memories")
      ) { Array($0.geometry.root.storage.buffer) },
      .integers(
        RunVariable("concept_size", .integer, ["concept"], .count, "number of training items of the class")
      ) { $0.geometry.classSizes.map { Int32(clamping: $0) } },
      .reals(
        RunVariable(
          "latent_activity", .real, ["latent"], .value,
          "variance of the posterior mean over the training items")
      ) { $0.geometry.latentActivity },
    ]
    if nearestConcepts?.hasRadii ?? false { centres.columns.append(conceptRadii) }
    var result = [centres]
    if principalAxes > 0 { result.append(axes(group)) }
    if hierarchy.hasSuperclasses { result.append(superconcepts(group)) }
    return result
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
        .reals(
          RunVariable(
            "principal_axis", .real, ["principal_component", "latent"], .value,
            "principal axes of the training memories, of length 1")
        ) { results in results.principalAxes.map { Array($0.storage.buffer) } ?? [] },
      ])
  }

  private func superconcepts(_ group: String) -> RunSection<RunResults> {
    let isKnown = groupings.contains(.superclass)
    let parents = hierarchy.superclassOfClass
    return RunSection(
      group: group, dimensions: isKnown ? [] : [groupDimension(.superclass)],
      columns: (isKnown ? [] : groupCoordinates(.superclass)) + [
        .reals(
          RunVariable(
            "superconcept_position", .real, ["superconcept", "latent"], .value,
            "superconcept: mean memory of the superclass")
        ) { results in results.geometry.superconcepts.map { Array($0.storage.buffer) } ?? [] },
        .integers(
          RunVariable(
            "concept_parent", .integer, ["concept"], .address, "index of the class's superclass")
        ) { _ in parents },
      ])
  }
}
