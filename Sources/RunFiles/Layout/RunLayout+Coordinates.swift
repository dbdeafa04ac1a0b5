import Vocabulary
import Datasets
import Dynamics

extension RunLayout {
  /// The root's dimensions with their coordinates.
  var coordinates: RunSection<RunResults> {
    var result = RunSection<RunResults>(
      dimensions: [RunDimension("level", levels), RunDimension("time", times)],
      columns: [
        .reals(levelCoordinate) { $0.plan.levels },
        .integers(RunVariable("time", .integer, ["time"], .coordinate, "number of inference steps")) {
          Array(0..<$0.plan.times)
        },
      ])
    if hasOwnItems {
      let names = hierarchy.treeLevelNames
      result.dimensions.append(RunDimension("tree_level", names.count))
      result.columns.append(
        .integers(
          RunVariable(
            "tree_level", .integer, ["tree_level"], .coordinate, "level of the concept tree",
            more: [
              ("flag_values", .ints(names.indices.map { Int32($0) })),
              ("flag_meanings", .text(names.joined(separator: " "))),
            ])
        ) { _ in Array(names.indices) })
    }
    for criterion in groupings {
      result.dimensions.append(groupDimension(criterion))
      result.columns += groupCoordinates(criterion)
    }
    return result
  }

  /// The coordinate of the levels, which groups repeat, because readers such as `xarray.open_dataset` see one group at a
  /// time.
  var levelCoordinate: RunVariable {
    RunVariable("level", .real, ["level"], .coordinate, "corruption level (\(corruption))")
  }

  /// The dimension of the classes or superclasses.
  func groupDimension(_ criterion: Grouping) -> RunDimension {
    switch criterion {
    case .class: RunDimension(criterion.dimension, hierarchy.numberOfClasses)
    case .superclass: RunDimension(criterion.dimension, hierarchy.numberOfSuperclasses)
    }
  }

  /// The numbers and names of the classes or superclasses.
  func groupCoordinates(_ criterion: Grouping) -> [RunColumn<RunResults>] {
    let dimension = criterion.dimension
    let (words, labels, names) =
      switch criterion {
      case .class: ("class label", hierarchy.classLabels, hierarchy.classNames)
      case .superclass:
        ("superclass index", Array(0..<hierarchy.numberOfSuperclasses), hierarchy.superclassNames)
      }
    return [
      .integers(RunVariable(dimension, .integer, [dimension], .coordinate, words)) { _ in
        labels.map { Int32($0) }
      },
      .texts(
        RunVariable(
          criterion.nameVariable, .text, [dimension], .label, "name of the \(criterion.rawValue)")
      ) { _ in names },
    ]
  }
}
