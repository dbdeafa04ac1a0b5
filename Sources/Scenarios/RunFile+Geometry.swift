import Dynamics
import Numerics
import Observables
import Output

extension RunFile {
  /// The group `/geometry`.
  func writeGeometry(
    _ geometry: LatentGeometry, groupings: [ItemGrouping], principalAxes: RowTable?
  ) throws {
    let group = try writer.root.defineGroup("geometry")
    let hierarchy = dataset.hierarchy
    let known = Set(groupings.map(\.criterion))
    try group.defineDimension("latent", length: geometry.dimension)
    if !known.contains(.class) { try defineGroupDimension("concept", in: group) }
    try writeDoubles(
      "concept_position", ["concept", "latent"], "concept: mean memory of the class",
      Array(geometry.concepts.storage.buffer), in: group)
    try writeDoubles(
      "root_position", ["latent"], "root: mean of all training memories", Array(geometry.root.storage.buffer),
      in: group)
    try writeDoubles(
      "latent_activity", ["latent"], "variance of the posterior mean over the training items",
      geometry.latentActivity, in: group)
    if let principalAxes {
      try group.defineDimension("principal_component", length: principalAxes.rows)
      try group.defineVariable(
        "principal_component", type: .int32, dimensions: ["principal_component"],
        attributes: [("long_name", "number of the principal axis, by descending variance"), ("units", "1")]
      ).write((0..<principalAxes.rows).map { Int32($0 + 1) })
      try writeDoubles(
        "principal_axis", ["principal_component", "latent"],
        "principal axes of the training memories, of length 1", Array(principalAxes.storage.buffer),
        in: group)
    }
    guard let superconcepts = geometry.superconcepts else { return }
    if !known.contains(.superclass) { try defineGroupDimension("superconcept", in: group) }
    try writeDoubles(
      "superconcept_position", ["superconcept", "latent"], "superconcept: mean memory of the superclass",
      Array(superconcepts.storage.buffer), in: group)
    try group.defineVariable(
      "concept_parent", type: .int32, dimensions: ["concept"],
      attributes: [("long_name", "index of the class's superclass"), ("units", "1")]
    ).write(hierarchy.superclassOfClass.map { Int32($0) })
  }
}
