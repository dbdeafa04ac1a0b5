import Datasets
import Expressions
import Observables
import Preparation
import RunFiles
import Scenarios

extension Experiment {
  /// Checks that the estimates of claims can have values with these data, before hours are spent.
  ///
  /// - Parameter claims: The claims that the run serves.
  /// - Throws: `ScenarioError`.
  func checkClaims(_ claims: [ClaimSpecification]) throws {
    let obstacles = ClaimObstacles(dataset, scenario)
    for claim in claims {
      let readings =
        [claim.estimate] + (claim.controls + claim.compare).compactMap { $0.expression(claim.estimate) }
      for expression in readings {
        let names = expression.names
        let reasons = names.series.sorted().compactMap { name in
          obstacles.reason(series: name).map { (name, $0) }
        }
        guard
          let (name, reason) = reasons.first
            ?? names.numbers.sorted().lazy.compactMap({ name in
              obstacles.reason(number: name).map { (name, $0) }
            }).first
        else { continue }
        throw scenario.error(
          key: "claims.\(claim.name).estimate", value: expression.text,
          expected: "an estimate that has a value; \(name) is always missing, because \(reason)",
          remedy: "leave \(name) out, or choose other data")
      }
    }
  }
}

/// Why names have no value with some data, whatever the model.
private struct ClaimObstacles {
  let hierarchy: ConceptHierarchy
  let splits: (test: Int, validation: Int)
  /// Whether own items are training items, each the only one of its class.
  let isAloneInClass: Bool
  let originIsRoot: Bool

  init(_ dataset: Dataset, _ scenario: Scenario) {
    hierarchy = dataset.hierarchy
    splits = (dataset.test.count, dataset.validation.count)
    originIsRoot = scenario.overlapOrigin == .root
    var sizes = [Int](repeating: 0, count: dataset.hierarchy.numberOfClasses)
    for k in dataset.train.classes { sizes[Int(k)] += 1 }
    // Which items clusters hold is known with the model only.
    isAloneInClass =
      scenario.clusters == nil && scenario.initial.split == .train && sizes.allSatisfy { $0 == 1 }
  }

  /// Why a series is always missing; nil if it need not be.
  func reason(series: String) -> String? {
    let name = ClaimNames.observable(ofSeries: series)
    let ofSiblings = [
      DistanceSiblingConcept.name, DataDistanceSiblingConcept.name, OverlapAboutRootSiblings.name,
    ]
    let ofOthers = [DistanceOtherCentres.name, LogRatioOthersToOwn.name, ChordExcessContrast.name]
    let ofOwnCentre = [
      DistanceOwnCentre.name, LogRatioOthersToOwn.name, LogRatioOwnToRoot.name, LogDistanceOwnCentre.name,
      OverlapAboutRootOwnCentre.name, ChordExcessContrast.name,
    ]
    if ofSiblings.contains(name), !hasSiblings { return "no class has a sibling" }
    if (ofOthers + ClassSpread.series).contains(name), hierarchy.numberOfClasses < 2 {
      return "there is only one class"
    }
    if ofOwnCentre.contains(name), isAloneInClass { return "every class has only one training item" }
    if name == OverlapRoot.name, originIsRoot { return "the origin of overlaps is the root itself" }
    return nil
  }

  /// Why a number is always missing; nil if it need not be.
  func reason(number: String) -> String? {
    switch number {
    case "negative-elbo-test": splits.test == 0 ? "there are no test items" : nil
    case "negative-elbo-validation": splits.validation == 0 ? "there are no validation items" : nil
    default: nil
    }
  }

  private var hasSiblings: Bool {
    (0..<hierarchy.numberOfClasses).contains { hierarchy.sibling(ofClass: $0) != nil }
  }
}
