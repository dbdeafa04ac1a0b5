import Expressions
import ArgumentParser
import Dynamics
import Kinds
import Observables
import Scenarios
import Vocabulary

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists what scenarios can name.")

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case observables, corruptions, datasets, models, maps, keys, controls, functions
  }

  @Argument(
    help: "What to list; functions are those of claims. (default: all but keys, controls, functions)")
  var kind: Kind?

  func run() {
    let kinds = kind.map { [$0] } ?? [.observables, .corruptions, .datasets, .models, .maps]
    for (k, kind) in kinds.enumerated() {
      if kinds.count > 1 { printResult("\(k > 0 ? "\n" : "")\(kind.rawValue):") }
      printResult(TextTable.rows(rows(kind)))
    }
  }

  private func rows(_ kind: Kind) -> [[String]] {
    let registry = Program.registry
    switch kind {
    case .observables:
      return registry.observables.map { observable in
        let needs = Self.needs(observable.needs)
        return [
          observable.name, observable.units, observable.longName,
          needs.isEmpty ? "" : "needs " + needs.joined(separator: " and "),
        ]
      } + [
        [
          "\(PrincipalComponent.familyName)-1..N", "1", "projection on a principal axis of the memories", "",
        ]
      ]
    case .corruptions:
      return registry.corruptions.map { [$0.name, $0.summary, $0.hasRegion ? "has a region" : ""] }
        + [["file", "initial states from a NetCDF variable or an IDX file (initial.file)", ""]]
    case .datasets: return registry.datasets.map { [$0.name, $0.summary] }
    case .models: return registry.models.map { [$0.name, $0.summary] }
    case .maps:
      return InferenceMode.Kind.allCases.map { [$0.rawValue, $0.summary] }
        + registry.models.filter { !$0.iteration.isEmpty }.map {
          [$0.name, "with model.kind: \($0.name), \($0.iteration)"]
        }
    case .controls: return Control.allCases.map { [$0.rawValue, $0.meaning] }
    case .functions:
      return ClaimExpression.SeriesFunction.allCases.map { ["\($0.rawValue)(OBSERVABLE)", $0.meaning] }
        + ClaimExpression.NumberFunction.allCases.map { ["\($0.rawValue)(NUMBER)", $0.meaning] }
    case .keys:
      // One line per key, for grep; only the names are padded, since some values and defaults are long.
      return registry.vocabulary.keys.all.map { key in
        if key.type == .section { return [key.name, key.meaning] }
        let fallback =
          key.defaultValue.map { "default \($0)" } ?? (key.isRequired ? "required" : "no default")
        // Which one it is, where kinds give a name different types.
        let isShared = registry.vocabulary.keys.declarations(of: key.name).count > 1
        let kinds = isShared ? key.condition.map { " (\($0.description))" } ?? "" : ""
        return [key.name, "\(key.meaning): \(key.type.description) (\(fallback))\(kinds)"]
      }
    }
  }

  private static func needs(_ needs: ObservableNeeds) -> [String] {
    var words: [String] = []
    if needs.contains(.trainingItem) {
      words.append("an own training item")
    } else if needs.contains(.ownItem) {
      words.append("an own item")
    }
    if needs.contains(.superclass) { words.append("superclasses") }
    if needs.contains(.heldOutItems) { words.append("held-out items") }
    if needs.contains(.posterior) { words.append("model.kind: \(Program.registry.models[0].name)") }
    return words
  }
}
