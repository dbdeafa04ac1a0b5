import Dynamics
import Observables
import Statistics

/// The variables of the approach to one kind of centres.
package struct ApproachVariables: Sendable {
  /// The approach.
  package let value: RunVariable
  let lower: RunVariable
  let upper: RunVariable
  let count: RunVariable
  let time: RunVariable
  let isCensored: RunVariable
  /// The change of the same distance.
  package let change: ChangeVariables

  /// The variables of a reference.
  package init(_ reference: ApproachReference) {
    let (name, words) =
      switch reference {
      case .own: ("approach", "own centre")
      case .sibling: ("approach_sibling", "sibling's centre")
      case .shuffled: ("approach_shuffled", "centre under shuffled labels")
      }
    let dimensions = ["level", "tree_level"]
    let value = RunVariable(
      name, .real, dimensions, .value, "approach 1 - min_t <d(t)> / <d(0)> to the \(words)")
    let condition = "where there are \(Approach.leastItems) items and the minimum is at neither end"
    (lower, upper) = value.bounds(
      "2.5 % quantile of the approach to the \(words), bootstrap over items; \(condition)",
      "97.5 % quantile of the approach to the \(words), bootstrap over items; \(condition)")
    count = RunVariable(
      name + "_count", .integer, dimensions, .sampleSize(of: name),
      "members averaged in \(name), the same at all times: those that never diverge")
    self.value = value.with([lower, upper, count])
    change = ChangeVariables(name + "_change", of: words)
    time = RunVariable(
      name + "_time", .integer, dimensions, .time(of: name),
      "first time of the smallest mean distance to the \(words), -1 for none")
    isCensored = RunVariable(
      name + "_censored", .integer, dimensions, .indicator(of: name),
      "1 where that time is the first or the last of the run, else 0")
  }
}

/// The variables of the change of a mean distance since the start.
package struct ChangeVariables: Sendable {
  /// The dimension of the times at which the change is known.
  static let dimension = "change_time"
  /// The change.
  package let value: RunVariable
  let standardError: RunVariable
  let lower: RunVariable
  let upper: RunVariable

  init(_ name: String, of words: String) {
    let value = RunVariable(
      name, .real, ["level", "tree_level", Self.dimension], .value,
      "signed change ln(<d(t)> / <d(0)>) of the distance to the \(words)")
    standardError = value.standardError("standard error over items of \(name), linearized")
    (lower, upper) = value.bounds(
      "lower end of Student's 95 % interval over items of \(name)",
      "upper end of Student's 95 % interval over items of \(name)")
    self.value = value.with([standardError, lower, upper])
  }
}

/// The variables of the place where the averaged distance to the own concept is smallest.
package struct ClosestConceptVariables {
  package let time: RunVariable
  package let distance: RunVariable

  private init(time words: String, distance: String) {
    let name = "closest_concept_distance"
    time = RunVariable("closest_concept_time", .integer, ["level"], .time(of: name), words)
    self.distance = RunVariable(name, .real, ["level"], .minimum(of: "distance_concept"), distance)
  }

  /// The variables of one run.
  package static let ofRun = ClosestConceptVariables(
    time: "first time of the smallest mean distance to the own concept, -1 for none",
    distance: "smallest mean distance to the own concept")

  /// The variables of the series averaged over models.
  package static let ofModels = ClosestConceptVariables(
    time: "first time of the smallest distance to the own concept, averaged over models; -1 for none",
    distance: "smallest distance to the own concept, averaged over models")
}

extension RunLayout {
  /// The approaches to the own branch's centres, to siblings' and to shuffled centres, and the closest concept.
  var approaches: RunSection<RunResults> {
    let levels = hierarchy.treeLevelNames.indices
    func all<Value>(
      _ results: RunResults, _ reference: ApproachReference, _ value: (Approach) -> Value
    ) -> [Value] {
      results.levels.flatMap { level in levels.map { value(level.approaches[reference, $0]) } }
    }
    let closest = ClosestConceptVariables.ofRun
    func concepts<Value>(_ results: RunResults, _ value: (Approach) -> Value) -> [Value] {
      results.levels.map { value($0.approaches[.own, TreeLevel.concept]) }
    }
    return RunSection(
      columns: ApproachReference.allCases.flatMap { reference -> [RunColumn<RunResults>] in
        let variables = ApproachVariables(reference)
        return [
          .reals(variables.value) { all($0, reference, \.value) },
          .reals(variables.lower) { all($0, reference, \.lower) },
          .reals(variables.upper) { all($0, reference, \.upper) },
          .integers(variables.count) { all($0, reference, \.memberCount) },
          .integers(variables.time) { all($0, reference) { $0.time ?? -1 } },
          .integers(variables.isCensored) { all($0, reference) { $0.isCensored ? 1 : 0 } },
        ]
      }
        + (hierarchy.hasClasses
          ? [
            .integers(closest.time) { concepts($0) { $0.time ?? -1 } },
            .reals(closest.distance) {
              concepts($0) { approach in approach.time.map { approach.meanDistance[$0] } ?? .nan }
            },
          ] : []))
  }
  /// The changes of the same distances, and the times at which they are known; empty in a run without steps.
  var changes: RunSection<RunResults> {
    let times = EnsemblePlan.changeTimes(steps: times - 1)
    guard !times.isEmpty else { return RunSection(columns: []) }
    let levels = hierarchy.treeLevelNames.indices
    let dimension = ChangeVariables.dimension
    func column(
      _ variable: RunVariable, _ reference: ApproachReference,
      _ value: @escaping (DistanceChange, Approach) -> Double
    ) -> RunColumn<RunResults> {
      .reals(variable) { results in
        results.levels.flatMap { level in
          levels.flatMap { treeLevel in
            let approach = level.approaches[reference, treeLevel]
            return approach.changes.map { value($0, approach) }
          }
        }
      }
    }
    let time = RunVariable(
      dimension, .integer, [dimension], .coordinate,
      "number of inference steps after which distances are compared: 1, 2 and all")
    return RunSection(
      dimensions: [RunDimension(dimension, times.count)],
      columns: [.integers(time) { _ in times }]
        + ApproachReference.allCases.flatMap { reference -> [RunColumn<RunResults>] in
          let variables = ApproachVariables(reference).change
          return [
            column(variables.value, reference) { change, _ in change.value },
            column(variables.standardError, reference) { change, _ in change.standardError },
            column(variables.lower, reference) { $0.interval(items: $1.itemCount).lower },
            column(variables.upper, reference) { $0.interval(items: $1.itemCount).upper },
          ]
        })
  }
}
