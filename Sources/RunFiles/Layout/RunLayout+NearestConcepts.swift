extension RunLayout {
  /// The variable of the numbers of members by the class of their item and by the concept nearest to them.
  package static let nearestConceptCount = "nearest_concept_count"

  /// The label of members that are near to no concept: -1, or less if classes have negative labels.
  package var noConcept: Int { min(0, hierarchy.classLabels.min() ?? 0) - 1 }

  /// The classes of members' own items along `source_class`: all classes, or `noConcept` if members have no items.
  var sourceClasses: [Int] { hasOwnItems ? hierarchy.classLabels : [noConcept] }

  /// The dimension of the classes of members' own items.
  var sourceClassDimension: RunDimension { RunDimension("source_class", sourceClasses.count) }

  /// The coordinate of that dimension.
  func sourceClassColumn<Source>() -> RunColumn<Source> {
    let labels = sourceClasses
    return .integers(
      RunVariable(
        "source_class", .integer, ["source_class"], .coordinate,
        "class label of the source item, \(noConcept) where members have none")
    ) { _ in labels }
  }

  /// The numbers of members by the class of their item and by the concept nearest to them.
  func nearestConceptCounts(_ concepts: NearestConcepts) -> RunSection<RunResults> {
    let labels = [noConcept] + hierarchy.classLabels
    return RunSection(
      dimensions: [sourceClassDimension, RunDimension("nearest_class", labels.count)],
      columns: [
        sourceClassColumn(),
        .integers(
          RunVariable(
            "nearest_class", .integer, ["nearest_class"], .coordinate,
            "class label of the nearest concept, \(noConcept) beyond its radius")
        ) { _ in labels },
        .integers(
          RunVariable(
            Self.nearestConceptCount, .integer, ["level", "time", "source_class", "nearest_class"], .count,
            "number of members by the class of their item and of the concept nearest to them, diverged ones left out"
          )
        ) { $0.levels.flatMap(\.labelCounts) },
      ])
  }

  /// The class of the concept nearest to each member.
  var nearestConceptColumn: RunColumn<MemberPage> {
    let labels = ([noConcept] + hierarchy.classLabels).map { Int32(clamping: $0) }
    return .integers(
      RunVariable(
        "nearest_concept", .integer, ["member", "time"], .address,
        "class label of the nearest concept, \(noConcept) beyond its radius and for diverged members")
    ) { $0.records.labels.map { labels[Int($0) + 1] } }
  }

  /// The radius of each concept.
  var conceptRadii: RunColumn<RunResults> {
    real(
      "concept_radius", ["concept"],
      "quantile of the distances of the class's training memories to the concept"
    ) { $0.conceptRadii ?? [] }
  }
}
